/* From sums of products to int8, as TFLite does it. */
#ifndef KWS_REQUANTIZE_H
#define KWS_REQUANTIZE_H

#include "kws_dsp.h"
#include "kws_network.h"

/* round(round(sum * 2^left * multiplier / 2^31) / 2^right) + zero point: the first rounds halves up, the second
 * away from zero (gemmlowp's SaturatingRoundingDoublingHighMul and RoundingDivideByPOT). */
KWS_INLINE int32_t kws_rescale(int32_t sum, int32_t multiplier, int32_t shift) {
    const int32_t left = shift > 0 ? shift : 0, right = shift > 0 ? 0 : -shift;
    int32_t x = kws_smmulr((int32_t)((uint32_t)sum * (2u << left)), multiplier);
    if (right > 0) x = (x + (x >> 31) + (1 << (right - 1))) >> right;
    return x;
}

/* The same with one rounding, halves up: TFLite's fully connected layer. */
KWS_INLINE int32_t kws_rescale_once(int32_t sum, int32_t multiplier, int32_t shift) {
    return (int32_t)(((int64_t)sum * multiplier + ((int64_t)1 << (30 - shift))) >> (31 - shift));
}

KWS_INLINE int8_t kws_clamp(int32_t value, int32_t min, int32_t max) {
    if (min == -128 && max == 127) return (int8_t)kws_ssat8(value);
    return (int8_t)(value < min ? min : value > max ? max : value);
}

/* How one channel's sums become int8. `plain`: a factor below a half and all of int8, as in nearly every layer. */
typedef struct {
    int32_t multiplier, shift, half, zero_point, min, max, plain;
} kws_scale;

KWS_INLINE kws_scale kws_scale_of(const kws_requantize *requantize, int32_t channel) {
    const int32_t shift = requantize->shift[channel],
                  plain = shift < 0 && requantize->min == -128 && requantize->max == 127;
    const int32_t half = plain ? 1 << (-shift - 1) : 0;
    return (kws_scale){
        requantize->multiplier[channel], shift, half, requantize->zero_point, requantize->min, requantize->max, plain};
}

/* A sum of convolution, bias included, as the output's int8: eight instructions where the scale is plain. */
KWS_INLINE int8_t kws_scaled_plain(kws_scale scale, int32_t sum) {
    const int32_t x = kws_smmulr(sum * 2, scale.multiplier);
    return (int8_t)kws_ssat8(((x + (x >> 31) + scale.half) >> -scale.shift) + scale.zero_point);
}

/* The same by two multiplications whose roundings are those: with m = 2 multiplier - 2^32, 2 sum multiplier / 2^32 is
 * sum + sum m / 2^32, and a right shift is a multiplication by 2^(32 - shift). For multipliers of 2^30 or more and shifts
 * of -2 or less. */
KWS_INLINE int32_t kws_doubled(int32_t multiplier) { return (int32_t)((uint32_t)multiplier * 2); }
KWS_INLINE int32_t kws_power(int32_t shift) { return 1 << (32 + shift); }

KWS_INLINE int8_t kws_scaled_by(int32_t doubled, int32_t power, int32_t zero_point, int32_t sum) {
    const int32_t x = kws_smmlar(sum, doubled, sum);
    return (int8_t)kws_ssat8(kws_smmlar(x + (x >> 31), power, zero_point));
}

KWS_INLINE int8_t kws_scaled(kws_scale scale, int32_t sum) {
    if (scale.plain) return kws_scaled_plain(scale, sum);
    return kws_clamp(kws_rescale(sum, scale.multiplier, scale.shift) + scale.zero_point, scale.min, scale.max);
}

#endif
