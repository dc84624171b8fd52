/* See kws_stream.h. */
#include "kws_stream.h"

#include "kws_move.h"

void kws_keep(int8_t *to, int32_t by, int32_t size) { kws_move(to, to + by, size); }

void kws_fill(int8_t *to, int32_t value, int32_t size) {
    for (int32_t i = 0; i < size; i++) to[i] = (int8_t)value;
}
