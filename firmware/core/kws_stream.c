/* See kws_stream.h. */
#include "kws_stream.h"

#include "kws_dsp.h"

void kws_keep(int8_t *to, int32_t by, int32_t size) {
    int32_t i = 0;
    if (by >= 16) /* four words are read before any is written where they lay */
        for (; i + 16 <= size; i += 16) {
            const uint32_t a = kws_load(to + by + i), b = kws_load(to + by + i + 4);
            const uint32_t c = kws_load(to + by + i + 8), d = kws_load(to + by + i + 12);
            kws_store(to + i, a), kws_store(to + i + 4, b), kws_store(to + i + 8, c), kws_store(to + i + 12, d);
        }
    for (; i < size; i++) to[i] = to[by + i];
}

void kws_fill(int8_t *to, int32_t value, int32_t size) {
    for (int32_t i = 0; i < size; i++) to[i] = (int8_t)value;
}
