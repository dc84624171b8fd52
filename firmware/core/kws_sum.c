/* The sum of two tensors. */
#include <stddef.h>

#include "kws_network.h"
#include "kws_requantize.h"

/* Of a sum's two factors that of the larger scale is a half, which leaves nothing to round: `a`'s here. All shift right,
 * and outputs take all of int8. The assembly loads this in order. */
typedef struct {
    int32_t minus_zero_b, multiplier_b, half_b, offset, doubled, power, zero_point, right_b;
} half_scales;

KWS_CHECK(minus_zero_b, offsetof(half_scales, minus_zero_b) == 0);
KWS_CHECK(multiplier_b, offsetof(half_scales, multiplier_b) == 4);
KWS_CHECK(half_b, offsetof(half_scales, half_b) == 8);
KWS_CHECK(offset, offsetof(half_scales, offset) == 12);
KWS_CHECK(doubled, offsetof(half_scales, doubled) == 16);
KWS_CHECK(power, offsetof(half_scales, power) == 20);
KWS_CHECK(zero_point, offsetof(half_scales, zero_point) == 24);
KWS_CHECK(right_b, offsetof(half_scales, right_b) == 28);

static int8_t half_sum(half_scales scales, int32_t a, int32_t b) {
    const int32_t other = b * (1 << 21) + scales.minus_zero_b; /* its sign is that of its product */
    const int32_t y = kws_smmlar(other, scales.multiplier_b, scales.half_b) + (other >> 31);
    const int32_t sum = a * (1 << 19) + scales.offset + (y >> scales.right_b);
    return kws_scaled_by(scales.doubled, scales.power, scales.zero_point, sum);
}

/* Values by fours, from `a` to `end`. */
#if defined(__ARM_FEATURE_DSP)
void kws_sum_fours(const int8_t *a, const int8_t *b, int8_t *output, const int8_t *end, const half_scales *scales);
#else
static void kws_sum_fours(const int8_t *a, const int8_t *b, int8_t *output, const int8_t *end,
                          const half_scales *scales) {
    while (a < end) *output++ = half_sum(*scales, *a++, *b++);
}
#endif

static void half_and_other(const kws_sum *layer, const int8_t *a, const int8_t *b, int8_t *output) {
    const half_scales scales = {-layer->zero_point_b * (1 << 21),
                                layer->multiplier_b,
                                1 << (-layer->shift_b - 1),
                                -layer->zero_point_a * (1 << 19),
                                kws_doubled(layer->multiplier),
                                kws_power(layer->shift),
                                layer->zero_point,
                                -layer->shift_b};
    const int32_t fours = layer->size & ~3;
    if (fours) kws_sum_fours(a, b, output, a + fours, &scales);
    for (int32_t i = fours; i < layer->size; i++) output[i] = half_sum(scales, a[i], b[i]);
}

static int32_t half_first(const kws_sum *layer) {
    const int32_t whole = layer->min == -128 && layer->max == 127;
    const int32_t right = layer->shift_a == 0 && layer->shift_b < 0 && layer->shift_b >= -4 && layer->shift < 0;
    return whole && right && layer->shift <= -2 && layer->multiplier >= 1 << 30 && layer->multiplier_a == 1 << 30;
}

void kws_sum_layer(const kws_sum *layer, const int8_t *a, const int8_t *b, int8_t *output) {
    kws_sum scales = *layer;
    if (half_first(&scales)) {
        half_and_other(&scales, a, b, output);
        return;
    }
    scales.zero_point_a = layer->zero_point_b, scales.multiplier_a = layer->multiplier_b,
    scales.shift_a = layer->shift_b;
    scales.zero_point_b = layer->zero_point_a, scales.multiplier_b = layer->multiplier_a,
    scales.shift_b = layer->shift_a;
    if (half_first(&scales)) {
        half_and_other(&scales, b, a, output);
        return;
    }
    for (int32_t i = 0; i < scales.size; i++) {
        const int32_t x = kws_rescale((b[i] - scales.zero_point_a) * (1 << 20), scales.multiplier_a, scales.shift_a);
        const int32_t y = kws_rescale((a[i] - scales.zero_point_b) * (1 << 20), scales.multiplier_b, scales.shift_b);
        const int32_t sum = kws_rescale(x + y, scales.multiplier, scales.shift) + scales.zero_point;
        output[i] = kws_clamp(sum, scales.min, scales.max);
    }
}
