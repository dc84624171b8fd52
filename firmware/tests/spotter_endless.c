/* The spotter of a model whose outputs depend on all that it heard. See test_spotters.h. */
#include <string.h>

#include "kws_stream.h"
#include "small_network.h"
#include "test_spotters.h"

#define KWS_MODEL_CLASSES SMALL_CLASSES
#define KWS_MODEL_ARENA_BYTES SMALL_ARENA_BYTES
#define KWS_MODEL_HOP hop
#define KWS_MODEL_SEEN (network.convolution.in_height * KWS_CHANNELS)
#define KWS_MODEL_ENDLESS before

static small_network network;
static int32_t hop;
static int8_t before, row_before; /* what frames and rows before the stream hold */

static void kws_model_begin(int8_t *arena) { kws_fill(arena, row_before, network.rows * network.row_bytes); }

static void kws_model_hop(const int8_t *input, int8_t *output, int8_t *arena) {
    const int32_t fresh = network.convolution.out_height, kept = (network.rows - fresh) * network.row_bytes;
    kws_keep(arena, fresh * network.row_bytes, kept);
    small_network_rows(&network, 0, fresh, input, arena + kept, arena + KWS_MODEL_ARENA_BYTES / 2);
    small_network_scores(&network, arena, output);
}

#include "spotter_rounds.h"

static int8_t rows[SMALL_ARENA_BYTES];
static int32_t waiting; /* frames */

/* Whole hops only, and no more of them than fit the window. */
static void by_hand(const int8_t *window, int32_t fresh, int8_t *logits) {
    const int32_t bytes = network.rows * network.row_bytes, made = network.convolution.out_height * network.row_bytes;
    const int32_t seen = network.convolution.in_height;
    waiting = waiting + fresh < KWS_FRAMES - seen + hop ? waiting + fresh : KWS_FRAMES - seen + hop;
    for (; waiting >= hop; waiting -= hop) {
        memmove(rows, rows + made, (size_t)(bytes - made));
        reference_rows(&network, window + (KWS_FRAMES - waiting + hop - seen) * KWS_CHANNELS, rows + bytes - made);
        reference_scores(&network, rows, logits);
    }
}

void test_endless_spotter(void) {
    const int32_t stride = between(1, 2), made = between(1, 3);
    hop = stride * made, before = (int8_t)between(-128, 127), row_before = (int8_t)between(-128, 127);
    small_network_make(&network, 0, stride, 0, made + between(0, 20));
    network.convolution.in_height = (int16_t)((made - 1) * stride + network.convolution.kernel_height);
    network.convolution.out_height = (int16_t)made;
    memset(rows, row_before, sizeof rows), waiting = 0;
    test_spotter("an endless spotter", hop, before, by_hand);
    small_network_free(&network);
}
