/* See kws_stream.h. */
#include "kws_stream.h"

#include "kws_move.h"

void kws_keep(int8_t *kept, int32_t distance, int32_t size) { kws_move(kept, kept + distance, size); }

void kws_fill(int8_t *tensor, int32_t value, int32_t size) {
    for (int32_t i = 0; i < size; i++) tensor[i] = (int8_t)value;
}
