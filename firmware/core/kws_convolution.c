/* The convolution, nine tenths of TinyConv's work.
 *
 * Weights are widened once, and the input band by band, to int16 with the zero point subtracted and zeros around: then
 * every output is a sum of kernel_height runs of kernel_width * in_channels products, two by one SMLAD. Widening
 * costs little because each value meets many others, and a widened, padded input is never kept whole.
 */
#include <stddef.h>

#include "kws_neighbours.h"
#include "kws_requantize.h"

/* Compilation fails where kws_neighbours.h does not describe the struct and the rows that the assembly reads. */
KWS_CHECK(multiplier, offsetof(kws_channel, multiplier) == 0);
KWS_CHECK(power, offsetof(kws_channel, power) == 4);
KWS_CHECK(zero_point, offsetof(kws_channel, zero_point) == 8);
KWS_CHECK(depth, offsetof(kws_channel, depth) == 12);
KWS_CHECK(bias, offsetof(kws_channel, bias) == KWS_CHANNEL_BIAS);
KWS_CHECK(run, sizeof(int16_t) * KWS_NEIGHBOUR_RUN == 1 << KWS_LOG2_RUN_BYTES);
KWS_CHECK(row, sizeof(int16_t) * KWS_NEIGHBOUR_ROW == 1 << KWS_LOG2_ROW_BYTES);

static int32_t even(int32_t count) { return (count + 1) & ~1; }

/* A layer at work on one band: rows `top` to `top + rows` of the output. In widened int16, `run` is a filter's part in
 * one row of input, filled up to words, and `row` a row of the band. */
typedef struct {
    const kws_window *layer;
    int32_t neighbours, run, row, top, rows;
    int16_t *weights, *band;
} convolution;

/* Whether kws_neighbours can compute the layer. */
static int32_t by_neighbours(const kws_window *layer, int32_t run) {
    if (run != KWS_NEIGHBOUR_RUN || layer->stride_width * layer->in_channels != 2) return 0;
    if (layer->kernel_height > KWS_NEIGHBOUR_ROWS || layer->out_width % KWS_NEIGHBOURS) return 0;
    if (2 * layer->out_width + KWS_NEIGHBOUR_RUN - 2 > KWS_NEIGHBOUR_ROW) return 0;
    for (int32_t c = 0; c < layer->out_channels; c++)
        if (layer->output.shift[c] > -2 || layer->output.multiplier[c] < 1 << 30) return 0;
    return layer->output.min == -128;
}

static convolution start_work(const kws_window *layer, int16_t *scratch) {
    convolution work = {layer, 0, even(layer->kernel_width * layer->in_channels), 0, 0, 0, scratch, scratch};
    work.neighbours = by_neighbours(layer, work.run);
    work.row = even(((layer->out_width - 1) * layer->stride_width + layer->kernel_width) * layer->in_channels);
    if (work.neighbours) work.row = KWS_NEIGHBOUR_ROW;
    work.band += layer->out_channels * layer->kernel_height * work.run;
    return work;
}

/* Widen int8 to int16 minus the zero point, four at a time, so that words are stored where words lie. */
static void widen(const int8_t *source, int32_t count, int32_t zero_point, int16_t *target) {
    const uint32_t minus = kws_pack(-zero_point, -zero_point);
    int32_t i = 0;
    if (((uintptr_t)target & 2) && count > 0) target[i++] = (int16_t)(source[0] - zero_point);
    for (; i + 4 <= count; i += 4) {
        const uint32_t four = kws_load(source + i);
        const uint32_t even = kws_sxtab16(minus, four), odd = kws_sxtab16_ror8(minus, four);
        kws_store(target + i, kws_pkhbt(even, odd, 16));
        kws_store(target + i + 2, kws_pkhtb(odd, even, 16));
    }
    for (; i < count; i++) target[i] = (int16_t)(source[i] - zero_point);
}

static void zero(int16_t *target, int32_t count) {
    for (int32_t i = 0; i < count; i++) target[i] = 0;
}

/* (C, height, run) int8 to int16, an odd run filled up with a zero. */
static void widen_weights(const convolution *work) {
    const kws_window *layer = work->layer;
    const int32_t run = layer->kernel_width * layer->in_channels, runs = layer->out_channels * layer->kernel_height;
    const int8_t *source = layer->weights;
    int16_t *target = work->weights;
    if (run == work->run) {
        widen(source, runs * run, 0, target);
        return;
    }
    for (int32_t r = 0; r < runs; r++, source += run, target += work->run) {
        widen(source, run, 0, target);
        target[run] = 0;
    }
}

/* The input that the band's outputs see, widened and padded at its sides: (height, row) int16. Rows outside the image
 * are left alone: no kernel is led there. */
static void widen_band(const convolution *work, const int8_t *input) {
    const kws_window *layer = work->layer;
    const int32_t width = layer->in_width * layer->in_channels, left = layer->pad_left * layer->in_channels;
    const int32_t inside = width < work->row - left ? width : work->row - left;
    const int32_t height = (work->rows - 1) * layer->stride_height + layer->kernel_height;
    int32_t y = work->top * layer->stride_height - layer->pad_top;
    int16_t *target = work->band;
    for (const int16_t *end = target + height * work->row; target < end; target += work->row, y++) {
        if (y < 0 || y >= layer->in_height) continue;
        zero(target, left);
        widen(input + y * width, inside, layer->input_zero_point, target + left);
        zero(target + left + inside, work->row - left - inside);
    }
}

/* The rows of a kernel that lie inside the image, for row `y` of the band's outputs. */
typedef struct {
    const int16_t *in;
    int32_t rows, skipped;
} kernel_rows;

static kernel_rows rows_inside(const convolution *work, int32_t y) {
    const kws_window *layer = work->layer;
    const int32_t first = (work->top + y) * layer->stride_height - layer->pad_top, skipped = first < 0 ? -first : 0;
    const int32_t below = first + layer->kernel_height - layer->in_height;
    const int16_t *in = work->band + (y * layer->stride_height + skipped) * work->row;
    return (kernel_rows){in, layer->kernel_height - skipped - (below > 0 ? below : 0), skipped};
}

/* A row of KWS_NEIGHBOURS * `fives` outputs of one channel, `depth` apart. `rows` rows of kernel are inside the image. */
#if defined(__ARM_FEATURE_DSP)
void kws_neighbours(const int16_t *in, const int16_t *w, int32_t rows, int32_t fives, const kws_channel *scale,
                    int8_t *out);
#else
static void kws_neighbours(const int16_t *in, const int16_t *w, int32_t rows, int32_t fives, const kws_channel *scale,
                           int8_t *out) {
    for (int32_t x = 0; x < KWS_NEIGHBOURS * fives; x++, out += scale->depth) {
        int32_t sum = scale->bias;
        for (int32_t y = 0; y < rows; y++)
            for (int32_t i = 0; i < KWS_NEIGHBOUR_RUN; i += 2)
                sum = kws_smlad(kws_load(in + y * KWS_NEIGHBOUR_ROW + 2 * x + i),
                                kws_load(w + KWS_NEIGHBOUR_RUN * y + i), sum);
        *out = kws_scaled_by(scale->multiplier, scale->power, scale->zero_point, sum);
    }
}
#endif

/* Of a row of outputs the runs of fives that are `read`, bit by bit; the others are left as they are. */
static void some_neighbours(const int16_t *in, const int16_t *w, int32_t rows, uint32_t read, const kws_channel *scale,
                            int8_t *out) {
    while (read) {
        int32_t first = 0, end;
        while (!(read >> first & 1)) first++;
        for (end = first; read >> end & 1;) end++;
        kws_neighbours(in + 2 * KWS_NEIGHBOURS * first, w, rows, end - first, scale,
                       out + KWS_NEIGHBOURS * first * scale->depth);
        in += 2 * KWS_NEIGHBOURS * end, out += KWS_NEIGHBOURS * end * scale->depth, read >>= end;
    }
}

/* The band's outputs of one channel, by neighbours. */
static void one_channel(const convolution *work, const int16_t *w, int32_t channel, int8_t *output) {
    const kws_window *layer = work->layer;
    const kws_requantize *requantize = &layer->output;
    const int32_t depth = layer->out_channels, fives = layer->out_width / KWS_NEIGHBOURS;
    const kws_channel scale = {kws_doubled(requantize->multiplier[channel]), kws_power(requantize->shift[channel]),
                               requantize->zero_point, depth, requantize->bias[channel]};
    const uint8_t *read = layer->read ? layer->read + work->top * depth + channel : 0;
    for (int32_t y = 0; y < work->rows; y++, output += layer->out_width * depth) {
        const kernel_rows kernel = rows_inside(work, y);
        const int16_t *v = w + KWS_NEIGHBOUR_RUN * kernel.skipped;
        if (read) some_neighbours(kernel.in, v, kernel.rows, read[y * depth], &scale, output);
        else kws_neighbours(kernel.in, v, kernel.rows, fives, &scale, output);
    }
}

/* Outputs on fewer than eight bits, which kws_neighbours does not know: all above `max` become `max`. */
static void limit(int8_t *values, int32_t count, int32_t max) {
    const uint32_t most = kws_pack(max & 0xff, max & 0xff) * 0x101;
    int32_t i = 0;
    for (; i + 4 <= count; i += 4) kws_store(values + i, kws_min8(kws_load(values + i), most));
    for (; i < count; i++) values[i] = (int8_t)(values[i] < max ? values[i] : max);
}

/* Two outputs side by side of two channels, for any shape: each word loaded serves two products. */
static void square_sums(const int16_t *in, int32_t step, int32_t row, const int16_t *w, int32_t next, int32_t rows,
                        int32_t run, int32_t *sums) {
    int32_t s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3];
    for (; rows > 0; rows--, in += row, w += run) {
        const int16_t *a = in, *b = in + step, *v = w, *u = w + next;
        KWS_ROLLED
        for (const int16_t *end = in + run; a < end; a += 2, b += 2, v += 2, u += 2) {
            const uint32_t p = kws_load(a), q = kws_load(b), m = kws_load(v), n = kws_load(u);
            s0 = kws_smlad(p, m, s0);
            s1 = kws_smlad(q, m, s1);
            s2 = kws_smlad(p, n, s2);
            s3 = kws_smlad(q, n, s3);
        }
    }
    sums[0] = s0, sums[1] = s1, sums[2] = s2, sums[3] = s3;
}

/* The band's outputs of two channels, by squares; at the last odd column or channel half of a square is dropped. */
static void two_channels(const convolution *work, const int16_t *w, int32_t channel, int8_t *output) {
    const kws_window *layer = work->layer;
    const int32_t depth = layer->out_channels, other = channel + 1 < depth;
    const int32_t step = layer->stride_width * layer->in_channels, next = other ? work->run * layer->kernel_height : 0;
    const kws_scale scale = kws_scale_of(&layer->output, channel);
    const kws_scale scale_other = kws_scale_of(&layer->output, channel + other);
    const int32_t bias = layer->output.bias[channel], bias_other = layer->output.bias[channel + other];
    for (int32_t y = 0; y < work->rows; y++) {
        kernel_rows kernel = rows_inside(work, y);
        for (int32_t x = 0; x < layer->out_width; x++, kernel.in += step, output += depth) {
            const int32_t beside = x + 1 < layer->out_width;
            int32_t sums[4] = {bias, bias, bias_other, bias_other};
            square_sums(kernel.in, beside ? step : 0, work->row, w + work->run * kernel.skipped, next, kernel.rows,
                        work->run, sums);
            output[0] = kws_scaled(scale, sums[0]);
            if (other) output[1] = kws_scaled(scale_other, sums[2]);
            if (!beside) continue;
            x++, kernel.in += step, output += depth;
            output[0] = kws_scaled(scale, sums[1]);
            if (other) output[1] = kws_scaled(scale_other, sums[3]);
        }
    }
}

/* In int16: the weights, the rows that band_rows rows of output see, perhaps by neighbours, and two more. */
int32_t kws_convolution_scratch(const kws_window *layer) {
    const int32_t run = even(layer->kernel_width * layer->in_channels), step = layer->stride_width * layer->in_channels;
    const int32_t row = even((layer->out_width - 1) * step + layer->kernel_width * layer->in_channels);
    const int32_t longer = run == KWS_NEIGHBOUR_RUN && step == 2 && row < KWS_NEIGHBOUR_ROW;
    const int32_t rows = (layer->band_rows - 1) * layer->stride_height + layer->kernel_height;
    const int32_t weights = layer->out_channels * layer->kernel_height * run;
    return 2 * (weights + rows * (longer ? KWS_NEIGHBOUR_ROW : row) + 2);
}

void kws_convolution_layer(const kws_window *layer, const int8_t *input, int8_t *output, int16_t *scratch) {
    convolution work = start_work(layer, scratch);
    widen_weights(&work);
    for (; work.top < layer->out_height; work.top += work.rows) {
        const int32_t left = layer->out_height - work.top;
        work.rows = left < layer->band_rows ? left : layer->band_rows;
        widen_band(&work, input);
        int8_t *target = output + work.top * layer->out_width * layer->out_channels;
        for (int32_t channel = 0; channel < layer->out_channels; channel += work.neighbours ? 1 : 2) {
            const int16_t *w = work.weights + channel * layer->kernel_height * work.run;
            if (work.neighbours) one_channel(&work, w, channel, target + channel);
            else two_channels(&work, w, channel, target + channel);
        }
        if (work.neighbours && layer->output.max < 127)
            limit(target, work.rows * layer->out_width * layer->out_channels, layer->output.max);
    }
}
