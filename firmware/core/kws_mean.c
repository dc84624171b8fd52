/* The mean over positions: channels by fours, whose sums lie in 16 bits. */
#include <stddef.h>

#include "kws_network.h"
#include "kws_requantize.h"

enum { POSITIONS = 256 }; /* of int8 that 16 bits hold */

/* How sums become int8: sum * factor + offset, times multiplier / 2^32 rounded, plus `half`, which holds the zero point,
 * and less 1 below zero where `negative` is -1, shifted right. The assembly loads this in order. */
typedef struct {
    int32_t multiplier, factor, offset, negative, half, right;
} mean_scales;

KWS_CHECK(multiplier, offsetof(mean_scales, multiplier) == 0);
KWS_CHECK(factor, offsetof(mean_scales, factor) == 4);
KWS_CHECK(offset, offsetof(mean_scales, offset) == 8);
KWS_CHECK(negative, offsetof(mean_scales, negative) == 12);
KWS_CHECK(half, offsetof(mean_scales, half) == 16);
KWS_CHECK(right, offsetof(mean_scales, right) == 20);

/* Means of 4 * `groups` of `channels` channels; input (positions, channels). */
#if defined(__ARM_FEATURE_DSP)
void kws_mean_fours(const int8_t *input, int32_t positions, int32_t channels, const mean_scales *scales, int8_t *output,
                    int32_t groups);
#else
static int8_t mean_of(mean_scales scales, int32_t sum) {
    const int32_t x = kws_smmulr(sum * scales.factor + scales.offset, scales.multiplier);
    return (int8_t)kws_ssat8((x + (x >> 31 & scales.negative) + scales.half) >> scales.right);
}

static void kws_mean_fours(const int8_t *input, int32_t positions, int32_t channels, const mean_scales *scales,
                           int8_t *output, int32_t groups) {
    for (int32_t c = 0; c < 4 * groups; c += 4) {
        uint32_t even = 0, odd = 0;
        for (int32_t p = 0; p < positions; p++) {
            const uint32_t four = kws_load(input + p * channels + c);
            even = kws_sxtab16(even, four), odd = kws_sxtab16_ror8(odd, four);
        }
        output[c] = mean_of(*scales, kws_low(even)), output[c + 1] = mean_of(*scales, kws_low(odd));
        output[c + 2] = mean_of(*scales, kws_high(even)), output[c + 3] = mean_of(*scales, kws_high(odd));
    }
}
#endif

/* Where a zero point can be added before the shift. */
static int32_t shifts_little(const kws_mean *layer) { return layer->shift >= -16 && layer->shift < 8; }

void kws_mean_layer(const kws_mean *layer, const int8_t *input, int8_t *output) {
    const int32_t zeros = layer->positions * layer->input_zero_point, channels = layer->channels;
    int32_t c = 0;
    if (channels >= 4 && layer->positions <= POSITIONS && shifts_little(layer)) {
        const int32_t left = layer->shift > 0 ? layer->shift : 0, right = layer->shift < 0 ? -layer->shift : 0;
        const mean_scales scales = {layer->multiplier,
                                    2 << left,
                                    -zeros * (2 << left),
                                    right ? -1 : 0,
                                    layer->zero_point * (1 << right) + (right ? 1 << (right - 1) : 0),
                                    right};
        kws_mean_fours(input, layer->positions, channels, &scales, output, channels / 4);
        c = channels & ~3;
    }
    for (; c < channels; c++) {
        int32_t sum = -zeros;
        for (int32_t p = 0; p < layer->positions; p++) sum += input[p * channels + c];
        output[c] = kws_clamp(kws_rescale(sum, layer->multiplier, layer->shift) + layer->zero_point, -128, 127);
    }
}
