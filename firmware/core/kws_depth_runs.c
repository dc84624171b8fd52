/* Convolutions by depth along one axis, of channels by fours.
 *
 * A column alone (a hop's) pairs the taps of four channels on the way. Where outputs lie side by side, each channel's
 * inputs are turned into a row of int16 in scratch, so that a word holds two neighbours in time: from it begin an output
 * of even time, by weights (0, 1), (2, 3), ..., and one of odd time, by (-, 0), (1, 2), ...
 */
#include "kws_network.h"
#include "kws_requantize.h"

enum { OUTPUTS = 6 }; /* that kws_run_taps computes at a time */

/* Biases of four channels, and their sums as int8. */
static void begin_sums(const kws_requantize *scales, int32_t c, int32_t *sums) {
    for (int32_t k = 0; k < 4; k++) sums[k] = scales->bias[c + k];
}

static void end_sums(const kws_requantize *scales, int32_t c, const int32_t *sums, int8_t *output) {
    for (int32_t k = 0; k < 4; k++) output[k] = kws_scaled(kws_scale_of(scales, c + k), sums[k]);
}

/* ---- Column by column ---- */

/* Of two words of four int8, one after the other in time, the pairs in time of each. */
KWS_INLINE void pairs_in_time(uint32_t a, uint32_t b, uint32_t *pairs) {
    const uint32_t a02 = kws_sxtb16(a), a13 = kws_sxtb16_ror8(a), b02 = kws_sxtb16(b), b13 = kws_sxtb16_ror8(b);
    pairs[0] = kws_pkhbt(a02, b02, 16), pairs[1] = kws_pkhbt(a13, b13, 16);
    pairs[2] = kws_pkhtb(b02, a02, 16), pairs[3] = kws_pkhtb(b13, a13, 16);
}

/* The weights of channel `k` of four at a pair of taps. `w`: for channels 0 and 1, then for 2 and 3, the first tap's
 * weights of both and the second's. */
KWS_INLINE uint32_t two_weights(const int8_t *w, int32_t k) {
    const uint32_t four = kws_load(w + 4 * (k >> 1));
    return k & 1 ? kws_sxtb16_ror8(four) : kws_sxtb16(four);
}

KWS_INLINE void two_taps(uint32_t a, uint32_t b, const int8_t *w, int32_t *sums) {
    uint32_t pairs[4];
    pairs_in_time(a, b, pairs);
    for (int32_t k = 0; k < 4; k++) sums[k] = kws_smlad(pairs[k], two_weights(w, k), sums[k]);
}

/* A column whose window begins at `left`, of any scales; taps outside of the row see the zero. */
static void any_depth_column(const kws_window *layer, const int8_t *in, int32_t left, int8_t *output) {
    const uint32_t zero = (uint32_t)(layer->input_zero_point & 0xff) * 0x01010101u;
    const int32_t depth = layer->out_channels, past = layer->in_width - left;
    const int8_t *w = layer->weights;
    for (int32_t c = 0; c < depth; c += 4, in += 4) {
        int32_t sums[4];
        begin_sums(&layer->output, c, sums);
        for (int32_t tap = 0; tap < layer->kernel_width; tap += 2, w += 8) {
            const uint32_t a = left + tap >= 0 && tap < past ? kws_load(in + tap * depth) : zero;
            const int32_t more = tap + 1 < layer->kernel_width && left + tap + 1 >= 0 && tap + 1 < past;
            two_taps(a, more ? kws_load(in + (tap + 1) * depth) : zero, w, sums);
        }
        end_sums(&layer->output, c, sums, output + c);
    }
}

#if !defined(__ARM_FEATURE_DSP)
void kws_depth_column_layer(const kws_column *layer, const int8_t *input, int8_t *output) {
    const int32_t depth = 4 * layer->groups, taps = layer->length;
    const int8_t *w = layer->weights;
    for (int32_t c = 0; c < depth; c += 4, input += 4) {
        int32_t sums[4], tap = 0;
        begin_sums(&layer->output, c, sums);
        for (; tap + 1 < taps; tap += 2, w += 8)
            two_taps(kws_load(input + tap * depth), kws_load(input + (tap + 1) * depth), w, sums);
        if (tap < taps) two_taps(kws_load(input + tap * depth), 0, w, sums), w += 8;
        end_sums(&layer->output, c, sums, output + c);
    }
}
#endif

static void by_columns(const kws_window *layer, const int8_t *input, int8_t *output) {
    const int32_t depth = layer->out_channels, taps = layer->kernel_width;
    const int32_t plain = layer->band_rows && taps <= 2 * KWS_TAP_PAIRS;
    const kws_column column = {taps, layer->weights, depth / 4, layer->output};
    for (int32_t x = 0; x < layer->out_width; x++, output += depth) {
        const int32_t left = x * layer->stride_width - layer->pad_left;
        const int8_t *in = input + left * depth;
        if (plain && left >= 0 && left + taps <= layer->in_width) kws_depth_column_layer(&column, in, output);
        else any_depth_column(layer, in, left, output);
    }
}

/* ---- Channel by channel ---- */

/* `count` outputs of one channel. `in`: its words, every fourth; `w`: of each pair of taps the weights of even and of odd
 * times. */
#if defined(__ARM_FEATURE_DSP)
void kws_run_taps(const uint32_t *in, const uint32_t *w, int32_t pairs, int32_t count, const kws_channel *scale,
                  int8_t *output);
#else
static void kws_run_taps(const uint32_t *in, const uint32_t *w, int32_t pairs, int32_t count, const kws_channel *scale,
                         int8_t *output) {
    for (int32_t x = 0; x < count; x++, output += scale->depth) {
        int32_t sum = scale->bias;
        for (int32_t p = 0; p < pairs; p++) sum = kws_smlad(in[4 * ((x >> 1) + p)], w[2 * p + (x & 1)], sum);
        *output = kws_scaled_by(scale->multiplier, scale->power, scale->zero_point, sum);
    }
}
#endif

/* `count` words in time of four channels, from `x` on, where all lies inside of the row. */
static uint32_t *turn_inside(const int8_t *in, int32_t depth, int32_t count, uint32_t *target) {
    KWS_ROLLED
    for (uint32_t *end = target + 4 * count; target < end; target += 4, in += 2 * depth)
        pairs_in_time(kws_load(in), kws_load(in + depth), target);
    return target;
}

/* The same where it may not: there is the zero. */
static uint32_t *turn_beside(const kws_window *layer, const int8_t *in, int32_t x, int32_t count, uint32_t *target) {
    const uint32_t zero = (uint32_t)(layer->input_zero_point & 0xff) * 0x01010101u;
    const int32_t depth = layer->out_channels, width = layer->in_width;
    KWS_ROLLED
    for (uint32_t *end = target + 4 * count; target < end; target += 4, x += 2) {
        const uint32_t a = x >= 0 && x < width ? kws_load(in + x * depth) : zero;
        const uint32_t b = x + 1 >= 0 && x + 1 < width ? kws_load(in + (x + 1) * depth) : zero;
        pairs_in_time(a, b, target);
    }
    return target;
}

/* All that the outputs see of four channels, counted up to whole sixes: (words, 4). */
static void turn(const kws_window *layer, const int8_t *in, int32_t pairs, uint32_t *target) {
    const int32_t words = (layer->out_width + OUTPUTS - 1) / OUTPUTS * (OUTPUTS / 2) + pairs - 1;
    const int32_t left = layer->pad_left, before = (left + 1) / 2, first = 2 * before - left;
    const int32_t most = (layer->in_width - first) / 2, inside = most < words - before ? most : words - before;
    target = turn_beside(layer, in, -left, before, target);
    target = turn_inside(in + first * layer->out_channels, layer->out_channels, inside, target);
    turn_beside(layer, in, first + 2 * inside, words - before - inside, target);
}

/* The weights of two channels for kws_run_taps, the other's KWS_TAP_PAIRS pairs on: of pairs of taps from `w` on. */
static void unfold(const int8_t *w, int32_t pairs, int32_t odd, uint32_t *target) {
    uint32_t before = 0, other_before = 0;
    KWS_ROLLED
    for (int32_t p = 1 - odd; p < pairs; p++, w += 8, target += 2) {
        const uint32_t four = kws_load(w), now = kws_sxtb16(four), other = kws_sxtb16_ror8(four);
        target[0] = now, target[1] = kws_pkhtb(now << 16, before, 16);
        target[2 * KWS_TAP_PAIRS] = other, target[2 * KWS_TAP_PAIRS + 1] = kws_pkhtb(other << 16, other_before, 16);
        before = now, other_before = other;
    }
    if (odd) return;
    target[0] = 0, target[1] = before >> 16;
    target[2 * KWS_TAP_PAIRS] = 0, target[2 * KWS_TAP_PAIRS + 1] = other_before >> 16;
}

static void by_channels(const kws_window *layer, const int8_t *input, int8_t *output, uint32_t *turned) {
    const kws_requantize *scales = &layer->output;
    const int32_t depth = layer->out_channels, taps = layer->kernel_width, pairs = taps / 2 + 1;
    const int8_t *w = layer->weights;
    uint32_t weights[4][2 * KWS_TAP_PAIRS];
    kws_channel scale = {0, 0, scales->zero_point, depth, 0};
    KWS_ROLLED
    for (int32_t c = 0; c < depth; c += 4, w += 8 * ((taps + 1) / 2)) {
        turn(layer, input + c, pairs, turned);
        unfold(w, pairs, taps & 1, weights[0]);
        unfold(w + 4, pairs, taps & 1, weights[2]);
        KWS_ROLLED
        for (int32_t k = 0; k < 4; k++) {
            scale.multiplier = kws_doubled(scales->multiplier[c + k]), scale.power = kws_power(scales->shift[c + k]);
            scale.bias = scales->bias[c + k];
            kws_run_taps(turned + k, weights[k], pairs, layer->out_width, &scale, output + c + k);
        }
    }
}

/* What the outputs see of four channels, in whole sixes of outputs. */
int32_t kws_run_depthwise_scratch(const kws_window *layer) {
    return 16 * ((layer->out_width + OUTPUTS - 1) / OUTPUTS * (OUTPUTS / 2) + layer->kernel_width / 2);
}

void kws_run_depthwise_layer(const kws_window *layer, const int8_t *input, int8_t *output, int16_t *scratch) {
    const int32_t beside = layer->stride_width == 1 && layer->out_width >= OUTPUTS;
    if (layer->band_rows && beside && layer->kernel_width / 2 < KWS_TAP_PAIRS)
        by_channels(layer, input, output, (uint32_t *)(void *)scratch);
    else by_columns(layer, input, output);
}
