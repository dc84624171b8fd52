/* Convolutions of kernels one row high: pointwise ones, and all of a network whose only axis is time.
 *
 * What an output sees lies in memory as one run of int8, so every column of outputs is a dense layer over its run, with
 * the dense layer's weights: four outputs by four inputs at a time, zeros filled up, the zero point's share in the bias.
 */
#include "kws_network.h"

#include "kws_requantize.h"

/* `count` channels from `c` on, of sums that begin as biases. */
static void requantize(const kws_requantize *to, int32_t c, int32_t count, const int32_t *sums, int8_t *output) {
    for (int32_t k = 0; k < count; k++) output[k] = kws_scaled(kws_scale_of(to, c + k), sums[k]);
}

/* Biases of `count` channels from `c` on, zeros behind. */
static void begin_sums(const kws_requantize *to, int32_t c, int32_t count, int32_t *sums) {
    for (int32_t k = 0; k < 4; k++) sums[k] = k < count ? to->bias[c + k] : 0;
}

/* ---- Full convolutions ---- */

/* The run of column `x`; where it leaves the row, or is no multiple of four long, a copy filled up with the zero. */
static const int8_t *run_at(const kws_window *layer, const int8_t *row, int32_t x, int8_t *copy) {
    const int32_t run = layer->kernel_width * layer->in_channels, width = layer->in_width * layer->in_channels;
    const int32_t first = (x * layer->stride_width - layer->pad_left) * layer->in_channels;
    if (first >= 0 && first + run <= width && run % 4 == 0) return row + first;
    for (int32_t i = 0; i < ((run + 3) & ~3); i++) {
        const int32_t at = first + i;
        copy[i] = i < run && at >= 0 && at < width ? row[at] : (int8_t)layer->input_zero_point;
    }
    return copy;
}

/* A column of `depth` outputs over a run of `fours` words, of any scales. */
static void any_column(const int8_t *in, int32_t fours, const int8_t *w, const kws_requantize *to, int8_t *output,
                       int32_t depth) {
    for (int32_t c = 0; c < depth; c += 4) {
        const int32_t count = depth - c < 4 ? depth - c : 4;
        int32_t sums[4];
        begin_sums(to, c, count, sums);
        for (int32_t i = 0; i < fours; i++, w += 16) kws_four_by_four(kws_load(in + 4 * i), w, sums);
        requantize(to, c, count, sums, output + c);
    }
}

/* The same of 4 * `groups` outputs with plain scales. */
#if defined(__ARM_FEATURE_DSP)
void kws_run_column(const int8_t *in, int32_t fours, const int8_t *w, const kws_requantize *to, int8_t *output,
                    int32_t groups);
#else
static void kws_run_column(const int8_t *in, int32_t fours, const int8_t *w, const kws_requantize *to, int8_t *output,
                           int32_t groups) {
    any_column(in, fours, w, to, output, 4 * groups);
}
#endif

void kws_run_convolution_layer(const kws_window *layer, const int8_t *input, int8_t *output, int16_t *scratch) {
    const int32_t fours = (layer->kernel_width * layer->in_channels + 3) / 4, depth = layer->out_channels;
    const int32_t plain = layer->band_rows;
    for (int32_t y = 0; y < layer->out_height; y++) {
        const int8_t *row = input + y * layer->stride_height * layer->in_width * layer->in_channels;
        for (int32_t x = 0; x < layer->out_width; x++, output += depth) {
            const int8_t *in = run_at(layer, row, x, (int8_t *)scratch);
            if (plain) kws_run_column(in, fours, layer->weights, &layer->output, output, depth / 4);
            else any_column(in, fours, layer->weights, &layer->output, output, depth);
        }
    }
}

/* ---- Convolutions by depth ---- */

/* Four channels of two taps: sums += a * the first tap's weights + b * the second's. `w`: for channels 0 and 1, then for
 * 2 and 3, the first tap's weights of both and the second's. */
KWS_INLINE void two_taps(uint32_t a, uint32_t b, const int8_t *w, int32_t *sums) {
    const uint32_t v = kws_load(w), u = kws_load(w + 4);
    const uint32_t a02 = kws_sxtb16(a), a13 = kws_sxtb16_ror8(a), b02 = kws_sxtb16(b), b13 = kws_sxtb16_ror8(b);
    sums[0] = kws_smlad(kws_pkhbt(a02, b02, 16), kws_sxtb16(v), sums[0]);
    sums[1] = kws_smlad(kws_pkhbt(a13, b13, 16), kws_sxtb16_ror8(v), sums[1]);
    sums[2] = kws_smlad(kws_pkhtb(b02, a02, 16), kws_sxtb16(u), sums[2]);
    sums[3] = kws_smlad(kws_pkhtb(b13, a13, 16), kws_sxtb16_ror8(u), sums[3]);
}

/* A column whose window begins at `left`, of any scales; taps outside of the row see the zero. */
static void any_depth_column(const kws_window *layer, const int8_t *in, int32_t left, int8_t *output) {
    const uint32_t zero = (uint32_t)(layer->input_zero_point & 0xff) * 0x01010101u;
    const int32_t depth = layer->out_channels, past = layer->in_width - left;
    const int8_t *w = layer->weights;
    for (int32_t c = 0; c < depth; c += 4, in += 4) {
        int32_t sums[4];
        begin_sums(&layer->output, c, 4, sums);
        for (int32_t tap = 0; tap < layer->kernel_width; tap += 2, w += 8) {
            const uint32_t a = left + tap >= 0 && tap < past ? kws_load(in + tap * depth) : zero;
            const int32_t more = tap + 1 < layer->kernel_width && left + tap + 1 >= 0 && tap + 1 < past;
            two_taps(a, more ? kws_load(in + (tap + 1) * depth) : zero, w, sums);
        }
        requantize(&layer->output, c, 4, sums, output + c);
    }
}

/* The same of 4 * `groups` channels with plain scales, all taps inside of the row. */
#if defined(__ARM_FEATURE_DSP)
void kws_run_depth_column(const int8_t *in, int32_t depth, const int8_t *w, const kws_requantize *to, int8_t *output,
                          int32_t groups, int32_t taps);
#else
static void kws_run_depth_column(const int8_t *in, int32_t depth, const int8_t *w, const kws_requantize *to,
                                 int8_t *output, int32_t groups, int32_t taps) {
    for (int32_t c = 0; c < 4 * groups; c += 4, in += 4) {
        int32_t sums[4], tap = 0;
        begin_sums(to, c, 4, sums);
        for (; tap + 1 < taps; tap += 2, w += 8)
            two_taps(kws_load(in + tap * depth), kws_load(in + (tap + 1) * depth), w, sums);
        if (tap < taps) two_taps(kws_load(in + tap * depth), 0, w, sums), w += 8;
        requantize(to, c, 4, sums, output + c);
    }
}
#endif

void kws_run_depthwise_layer(const kws_window *layer, const int8_t *input, int8_t *output) {
    const int32_t depth = layer->out_channels, taps = layer->kernel_width, plain = layer->band_rows;
    for (int32_t x = 0; x < layer->out_width; x++, output += depth) {
        const int32_t left = x * layer->stride_width - layer->pad_left;
        const int8_t *in = input + left * depth;
        if (plain && left >= 0 && left + taps <= layer->in_width)
            kws_run_depth_column(in, depth, layer->weights, &layer->output, output, depth / 4, taps);
        else any_depth_column(layer, in, left, output);
    }
}
