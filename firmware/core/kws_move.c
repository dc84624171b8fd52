/* See kws_move.h. */
#include "kws_move.h"

#include "kws_dsp.h"

/* `blocks` times KWS_MOVE_BLOCK bytes, eight words at a time. */
#if defined(__ARM_FEATURE_DSP)
void kws_move_blocks(int8_t *to, const int8_t *from, int32_t blocks);
#else
static void kws_move_blocks(int8_t *to, const int8_t *from, int32_t blocks) {
    for (; blocks > 0; blocks--, to += KWS_MOVE_BLOCK, from += KWS_MOVE_BLOCK) {
        uint32_t words[KWS_MOVE_BLOCK / 4];
        for (int32_t i = 0; i < KWS_MOVE_BLOCK; i += 4) words[i / 4] = kws_load(from + i);
        for (int32_t i = 0; i < KWS_MOVE_BLOCK; i += 4) kws_store(to + i, words[i / 4]);
    }
}
#endif

void kws_move(void *to, const void *from, int32_t size) {
    int8_t *low = to;
    const int8_t *high = from;
    const int32_t blocks = high - low < 0 || high - low >= KWS_MOVE_BLOCK ? size / KWS_MOVE_BLOCK : 0;
    if (blocks) kws_move_blocks(low, high, blocks);
    for (int32_t i = blocks * KWS_MOVE_BLOCK; i < size; i++) low[i] = high[i];
}
