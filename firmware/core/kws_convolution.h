/* The convolution, to be inlined where the layer is a constant, so that its shapes become constants too.
 *
 * Weights are widened once, and the input band by band, to int16 with the zero point subtracted and zeros around:
 * then every output is a sum of kernel_height runs of kernel_width * in_channels products, two by one SMLAD.
 * Widening costs little because each value meets many others; a padded input is never kept whole.
 */
#ifndef KWS_CONVOLUTION_H
#define KWS_CONVOLUTION_H

#include "kws_dsp.h"
#include "kws_network.h"

#define KWS_INLINE static inline __attribute__((always_inline))
#if defined(__clang__)
#define KWS_UNROLL _Pragma("clang loop unroll(full)")
#elif defined(__GNUC__)
#define KWS_UNROLL _Pragma("GCC unroll 16")
#endif

/* round(round(sum * 2^left * multiplier / 2^31) / 2^right) + zero point: the first rounds halves up, the second
 * away from zero (gemmlowp's SaturatingRoundingDoublingHighMul and RoundingDivideByPOT). */
KWS_INLINE int32_t kws_rescale(int32_t sum, int32_t multiplier, int32_t shift) {
    const int32_t left = shift > 0 ? shift : 0, right = shift > 0 ? 0 : -shift;
    int32_t x = kws_smmulr(sum * (2 << left), multiplier);
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

/* A sum of convolution, bias included, as the output's int8. */
KWS_INLINE int8_t kws_requantized(const kws_requantize *to, int32_t channel, int32_t sum) {
    const int32_t x = kws_rescale(sum, to->multiplier[channel], to->shift[channel]);
    return kws_clamp(x + to->zero_point, to->min, to->max);
}

/* Widen int8 to int16 minus the zero point. */
KWS_INLINE void kws_widen(const int8_t *from, int32_t count, int32_t zero_point, int16_t *to) {
    for (int32_t i = 0; i < count; i++) to[i] = (int16_t)(from[i] - zero_point);
}

KWS_INLINE void kws_zero(int16_t *to, int32_t count) {
    for (int32_t i = 0; i < count; i++) to[i] = 0;
}

/* (C, height, run) int8 to int16, an odd run filled up with a zero. */
KWS_INLINE int16_t *kws_widen_weights(const kws_window *layer, int16_t *to) {
    const int32_t run = layer->kernel_width * layer->in_channels, runs = layer->out_channels * layer->kernel_height;
    const int8_t *from = layer->weights;
    for (int32_t r = 0; r < runs; r++, from += run, to += KWS_EVEN(run)) {
        kws_widen(from, run, 0, to);
        kws_zero(to + run, run & 1);
    }
    return to;
}

/* The input that `rows` rows of output from row `top` see, widened and padded: (height, row) int16. */
KWS_INLINE void kws_widen_band(const kws_window *layer, const int8_t *input, int32_t top, int32_t rows, int16_t *band) {
    const int32_t row = KWS_BAND_ROW(layer), width = layer->in_width * layer->in_channels;
    const int32_t left = layer->pad_left * layer->in_channels, inside = width < row - left ? width : row - left;
    const int32_t height = (rows - 1) * layer->stride_height + layer->kernel_height;
    int32_t y = top * layer->stride_height - layer->pad_top;
    for (const int16_t *end = band + height * row; band < end; band += row, y++) {
        const int32_t filled = y >= 0 && y < layer->in_height ? inside : 0;
        kws_zero(band, left);
        kws_widen(input + y * width, filled, layer->input_zero_point, band + left);
        kws_zero(band + left + filled, row - left - filled);
    }
}

/* Outputs of one channel whose windows are 4 words wide and start one word apart, as for one input channel, kernel
 * width 8 and stride 2: they share their words of input, and a run's weights stay in registers. */
KWS_INLINE void kws_sum_neighbours(const int16_t *in, int32_t row, const int16_t *w, int32_t height, int32_t columns,
                                   int32_t *sums) {
    KWS_UNROLL
    for (int32_t y = 0; y < height; y++, in += row, w += 8) {
        const uint32_t w0 = kws_load(w), w1 = kws_load(w + 2), w2 = kws_load(w + 4), w3 = kws_load(w + 6);
        KWS_UNROLL
        for (int32_t x = 0; x < columns + 3; x++) {
            const uint32_t pair = kws_load(in + 2 * x);
            if (x < columns) sums[x] = kws_smlad(pair, w0, sums[x]);
            if (x >= 1 && x < columns + 1) sums[x - 1] = kws_smlad(pair, w1, sums[x - 1]);
            if (x >= 2 && x < columns + 2) sums[x - 2] = kws_smlad(pair, w2, sums[x - 2]);
            if (x >= 3) sums[x - 3] = kws_smlad(pair, w3, sums[x - 3]);
        }
    }
}

/* Two outputs side by side of two channels, for any shape: each word loaded serves two products. */
KWS_INLINE void kws_sum_square(const int16_t *in, int32_t step, int32_t row, const int16_t *w, int32_t next,
                               int32_t height, int32_t run, int32_t *sums) {
    for (int32_t y = 0; y < height; y++, in += row, w += run)
        for (int32_t i = 0; i < run; i += 2) {
            const uint32_t a = kws_load(in + i), b = kws_load(in + step + i);
            const uint32_t v = kws_load(w + i), u = kws_load(w + next + i);
            sums[0] = kws_smlad(a, v, sums[0]);
            sums[1] = kws_smlad(b, v, sums[1]);
            sums[2] = kws_smlad(a, u, sums[2]);
            sums[3] = kws_smlad(b, u, sums[3]);
        }
}

/* One row of outputs of one channel, by neighbours. */
KWS_INLINE void kws_row_of_neighbours(const kws_window *layer, const int16_t *in, const int16_t *w, int32_t channel,
                                      int8_t *output) {
    enum { COLUMNS = 5 };
    const int32_t row = KWS_BAND_ROW(layer), height = layer->kernel_height, depth = layer->out_channels;
    const int32_t bias = layer->output.bias[channel];
    int32_t x = 0;
    for (; x + COLUMNS <= layer->out_width; x += COLUMNS, in += 2 * COLUMNS) {
        int32_t sums[COLUMNS] = {bias, bias, bias, bias, bias};
        kws_sum_neighbours(in, row, w, height, COLUMNS, sums);
        KWS_UNROLL
        for (int32_t i = 0; i < COLUMNS; i++, output += depth) *output = kws_requantized(&layer->output, channel, sums[i]);
    }
    for (; x < layer->out_width; x++, in += 2, output += depth) {
        int32_t sum = bias;
        kws_sum_neighbours(in, row, w, height, 1, &sum);
        *output = kws_requantized(&layer->output, channel, sum);
    }
}

/* One row of outputs of two channels, by squares; at the last odd column or channel half of a square is dropped. */
KWS_INLINE void kws_row_of_squares(const kws_window *layer, const int16_t *in, const int16_t *w, int32_t channel,
                                   int8_t *output) {
    const int32_t run = KWS_RUN(layer), row = KWS_BAND_ROW(layer), depth = layer->out_channels;
    const int32_t step = layer->stride_width * layer->in_channels, other = channel + 1 < depth;
    const kws_requantize *to = &layer->output;
    for (int32_t x = 0; x < layer->out_width; x += 2, in += 2 * step, output += 2 * depth) {
        const int32_t beside = x + 1 < layer->out_width;
        int32_t sums[4] = {to->bias[channel], to->bias[channel], to->bias[channel + other], to->bias[channel + other]};
        kws_sum_square(in, beside ? step : 0, row, w, other ? run * layer->kernel_height : 0, layer->kernel_height, run,
                       sums);
        output[0] = kws_requantized(to, channel, sums[0]);
        if (beside) output[depth] = kws_requantized(to, channel, sums[1]);
        if (other) output[1] = kws_requantized(to, channel + 1, sums[2]);
        if (beside && other) output[depth + 1] = kws_requantized(to, channel + 1, sums[3]);
    }
}

/* The whole layer; kws_network.h says what `scratch` holds. */
KWS_INLINE void kws_convolution(const kws_window *layer, const int8_t *input, int8_t *output, int16_t *scratch) {
    int16_t *band = kws_widen_weights(layer, scratch);
    const int32_t filter = KWS_RUN(layer) * layer->kernel_height, row = KWS_BAND_ROW(layer);
    const int32_t neighbours = KWS_RUN(layer) == 8 && layer->stride_width * layer->in_channels == 2;
    for (int32_t top = 0; top < layer->out_height; top += layer->band_rows) {
        const int32_t left = layer->out_height - top, rows = left < layer->band_rows ? left : layer->band_rows;
        kws_widen_band(layer, input, top, rows, band);
        for (int32_t channel = 0; channel < layer->out_channels; channel += neighbours ? 1 : 2)
            for (int32_t y = 0; y < rows; y++) {
                const int16_t *in = band + y * layer->stride_height * row, *w = scratch + channel * filter;
                int8_t *to = output + (top + y) * layer->out_width * layer->out_channels + channel;
                if (neighbours) kws_row_of_neighbours(layer, in, w, channel, to);
                else kws_row_of_squares(layer, in, w, channel, to);
            }
    }
}

#endif
