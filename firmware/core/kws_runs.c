/* Convolutions of kernels one row high: pointwise ones, and all of a network whose only axis is time.
 *
 * What an output sees lies in memory as one run of int8, so every column of outputs is a dense layer over its run: four
 * outputs by four inputs at a time, zeros filled up, the zero point's share in the bias. A word of weights is of two
 * outputs o and p: its halves are 256 p + o, so that one SMLAD sums for both at once. Sums for o alone, by the low bytes,
 * tell p's from theirs. Four columns at a time read each weight, which waits in flash, once for all.
 */
#include <stddef.h>

#include "kws_move.h"
#include "kws_network.h"
#include "kws_requantize.h"

enum { COLUMNS = 4 };

/* The run of column `x`; where it leaves the row, or is no multiple of four long, a copy filled up with the zero. */
static const int8_t *run_at(const kws_window *layer, const int8_t *row, int32_t x, int8_t *copy) {
    const int32_t run = layer->kernel_width * layer->in_channels, width = layer->in_width * layer->in_channels;
    const int32_t first = (x * layer->stride_width - layer->pad_left) * layer->in_channels;
    if (first >= 0 && first + run <= width && run % 4 == 0) return row + first;
    for (int32_t i = 0; i < ((run + 3) & ~3); i++) {
        const int32_t index = first + i;
        copy[i] = i < run && index >= 0 && index < width ? row[index] : (int8_t)layer->input_zero_point;
    }
    return copy;
}

/* Sums of four outputs begin as biases, the second and the fourth as 256 times theirs plus that of the one before. */
static void begin_sums(const int32_t *bias, int32_t count, int32_t *sums) {
    for (int32_t k = 0; k < 4; k++) sums[k] = k < count ? bias[k] : 0;
    sums[1] = sums[0] + sums[1] * 256, sums[3] = sums[2] + sums[3] * 256;
}

/* Four inputs, the first and third in `even`, the others in `odd`, meet the four words of weights at `w`. */
KWS_INLINE void four_inputs(uint32_t even, uint32_t odd, const int8_t *w, int32_t *sums) {
    for (int32_t k = 0; k < 4; k++) {
        const uint32_t in = k < 2 ? even : odd, weights = kws_load(w + 4 * k);
        int32_t *pair = sums + 2 * (k & 1);
        pair[0] = kws_smlad(in, kws_sxtb16(weights), pair[0]);
        pair[1] = kws_smlad(in, weights, pair[1]);
    }
}

static void end_sums(const kws_requantize *scales, int32_t c, int32_t count, int32_t *sums, int8_t *output) {
    sums[1] = (sums[1] - sums[0]) >> 8, sums[3] = (sums[3] - sums[2]) >> 8;
    for (int32_t k = 0; k < count; k++) output[k] = kws_scaled(kws_scale_of(scales, c + k), sums[k]);
}

/* A column of `depth` outputs over a run of `fours` words, of any scales. */
static void any_column(const int8_t *in, int32_t fours, const int8_t *w, const kws_requantize *scales, int8_t *output,
                       int32_t depth) {
    for (int32_t c = 0; c < depth; c += 4) {
        const int32_t count = depth - c < 4 ? depth - c : 4;
        int32_t sums[4];
        begin_sums(scales->bias + c, count, sums);
        for (int32_t i = 0; i < fours; i++, w += 16) {
            const uint32_t inputs = kws_load(in + 4 * i);
            four_inputs(kws_sxtb16(inputs), kws_sxtb16_ror8(inputs), w, sums);
        }
        end_sums(scales, c, count, sums, output + c);
    }
}

#if defined(__ARM_FEATURE_DSP)
KWS_CHECK(column_length, offsetof(kws_column, length) == 0);
KWS_CHECK(column_weights, offsetof(kws_column, weights) == 4);
KWS_CHECK(column_groups, offsetof(kws_column, groups) == 8);
KWS_CHECK(column_bias, offsetof(kws_column, output.bias) == 12);
KWS_CHECK(column_multiplier, offsetof(kws_column, output.multiplier) == 16);
KWS_CHECK(column_shift, offsetof(kws_column, output.shift) == 20);
KWS_CHECK(column_zero_point, offsetof(kws_column, output.zero_point) == 24);
#else
void kws_run_column_layer(const kws_column *layer, const int8_t *input, int8_t *output) {
    any_column(input, layer->length, layer->weights, &layer->output, output, 4 * layer->groups);
}
#endif

/* ---- Four columns ---- */

/* How sums of a pair of outputs begin, and how they become int8 (kws_scaled_by). The assembly loads this in order. */
typedef struct {
    int32_t bias, bias_of_both, multiplier, power, other_multiplier, other_power, zero_point;
} kws_pair;

KWS_CHECK(pair_bias, offsetof(kws_pair, bias) == 0);
KWS_CHECK(pair_bias_of_both, offsetof(kws_pair, bias_of_both) == 4);
KWS_CHECK(pair_multiplier, offsetof(kws_pair, multiplier) == 8);
KWS_CHECK(pair_power, offsetof(kws_pair, power) == 12);
KWS_CHECK(pair_other_multiplier, offsetof(kws_pair, other_multiplier) == 16);
KWS_CHECK(pair_other_power, offsetof(kws_pair, other_power) == 20);
KWS_CHECK(pair_zero_point, offsetof(kws_pair, zero_point) == 24);
KWS_CHECK(pair_size, sizeof(kws_pair) == 28);

/* The words of four columns' inputs as int16, word by word: first and third of four inputs of each column, then second
 * and fourth. And `depth` outputs of each column from these. */
#if defined(__ARM_FEATURE_DSP)
void kws_run_widen(const int8_t *const *in, int32_t fours, uint32_t *widened);
void kws_run_four_columns(const uint32_t *in, int32_t fours, const int8_t *w, const kws_pair *pairs, int8_t *output,
                          int32_t depth);
#else
static void kws_run_widen(const int8_t *const *in, int32_t fours, uint32_t *widened) {
    for (int32_t i = 0; i < fours; i++, widened += 2 * COLUMNS)
        for (int32_t x = 0; x < COLUMNS; x++) {
            const uint32_t inputs = kws_load(in[x] + 4 * i);
            widened[x] = kws_sxtb16(inputs), widened[COLUMNS + x] = kws_sxtb16_ror8(inputs);
        }
}

static void kws_run_four_columns(const uint32_t *in, int32_t fours, const int8_t *w, const kws_pair *pairs,
                                 int8_t *output, int32_t depth) {
    for (int32_t c = 0; c < depth; c += 4, w += 16 * fours, pairs += 2)
        for (int32_t x = 0; x < COLUMNS; x++) {
            int32_t sums[4] = {pairs[0].bias, pairs[0].bias_of_both, pairs[1].bias, pairs[1].bias_of_both};
            for (int32_t i = 0; i < fours; i++)
                four_inputs(in[2 * COLUMNS * i + x], in[2 * COLUMNS * i + COLUMNS + x], w + 16 * i, sums);
            for (int32_t k = 0; k < 4; k += 2) {
                const kws_pair *pair = pairs + k / 2;
                int8_t *two = output + x * depth + c + k;
                two[0] = kws_scaled_by(pair->multiplier, pair->power, pair->zero_point, sums[k]);
                two[1] = kws_scaled_by(pair->other_multiplier, pair->other_power, pair->zero_point,
                                       (sums[k + 1] - sums[k]) >> 8);
            }
        }
}
#endif

static void write_pairs(const kws_requantize *scales, int32_t depth, kws_pair *pairs) {
    KWS_ROLLED
    for (int32_t c = 0; c < depth; c += 2)
        *pairs++ = (kws_pair){scales->bias[c],
                              scales->bias[c] + scales->bias[c + 1] * 256,
                              kws_doubled(scales->multiplier[c]),
                              kws_power(scales->shift[c]),
                              kws_doubled(scales->multiplier[c + 1]),
                              kws_power(scales->shift[c + 1]),
                              scales->zero_point};
}

/* A row's columns from `x` on, one by one. */
static void columns_from(const kws_window *layer, const int8_t *row, int32_t x, const int8_t *weights, int8_t *copy,
                         int8_t *output) {
    const int32_t fours = (layer->kernel_width * layer->in_channels + 3) / 4, depth = layer->out_channels;
    const int32_t plain = layer->band_rows, width = layer->out_width;
    const kws_column column = {fours, weights, depth / 4, layer->output};
    KWS_ROLLED
    for (output += x * depth; x < width; x++, output += depth) {
        const int8_t *in = run_at(layer, row, x, copy);
        if (plain) kws_run_column_layer(&column, in, output);
        else any_column(in, fours, weights, &layer->output, output, depth);
    }
}

/* A run in whole words; or four of them, the same in int16, pairs, and the weights that are copied. */
int32_t kws_run_convolution_scratch(const kws_window *layer) {
    const int32_t run = (layer->kernel_width * layer->in_channels + 3) / 4 * 4, depth = layer->out_channels;
    const int32_t copied = run * depth <= KWS_RUN_KEPT ? run * depth : 0;
    if (!layer->band_rows || layer->out_width < COLUMNS) return run;
    return 3 * COLUMNS * run + depth / 2 * (int32_t)sizeof(kws_pair) + copied;
}

void kws_run_convolution_layer(const kws_window *layer, const int8_t *input, int8_t *output, int16_t *scratch) {
    const int32_t fours = (layer->kernel_width * layer->in_channels + 3) / 4, depth = layer->out_channels;
    const int32_t whole = layer->band_rows ? layer->out_width / COLUMNS * COLUMNS : 0, size = 4 * fours * depth;
    const int8_t *weights = layer->weights;
    int8_t *copies = (int8_t *)scratch;
    uint32_t *widened = (uint32_t *)(void *)scratch + COLUMNS * fours;
    kws_pair *pairs = (kws_pair *)(void *)(widened + 2 * COLUMNS * fours);
    if (whole) write_pairs(&layer->output, depth, pairs);
    if (whole && size <= KWS_RUN_KEPT) { /* in RAM, where they are read without waiting */
        kws_move(pairs + depth / 2, weights, size);
        weights = (int8_t *)(pairs + depth / 2);
    }
    for (int32_t y = 0; y < layer->out_height; y++, output += layer->out_width * depth) {
        const int8_t *row = input + y * layer->stride_height * layer->in_width * layer->in_channels;
        for (int32_t x = 0; x < whole; x += COLUMNS) {
            const int8_t *runs[COLUMNS];
            for (int32_t i = 0; i < COLUMNS; i++) runs[i] = run_at(layer, row, x + i, copies + 4 * fours * i);
            kws_run_widen(runs, fours, widened);
            kws_run_four_columns(widened, fours, weights, pairs, output + x * depth, depth);
        }
        columns_from(layer, row, whole, weights, copies, output);
    }
}
