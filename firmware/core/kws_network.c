/* The layers of kws_network.h. */
#include "kws_network.h"

#include "kws_convolution.h"
#include "kws_dsp.h"

void kws_convolution_layer(const kws_window *layer, const int8_t *input, int8_t *output, int16_t *scratch) {
    kws_convolution(layer, input, output, scratch);
}

/* The part of a kernel's axis that lies inside the image, for a window that starts at `start`. */
static void inside(int32_t start, int32_t kernel, int32_t size, int32_t *from, int32_t *to) {
    *from = start < 0 ? -start : 0;
    *to = start + kernel > size ? size - start : kernel;
}

void kws_depthwise_layer(const kws_window *layer, const int8_t *input, int8_t *output) {
    const int32_t depth = layer->out_channels, in_depth = layer->in_channels, multiplier = depth / in_depth;
    for (int32_t y = 0; y < layer->out_height; y++)
        for (int32_t x = 0; x < layer->out_width; x++, output += depth) {
            const int32_t top = y * layer->stride_height - layer->pad_top;
            const int32_t left = x * layer->stride_width - layer->pad_left;
            int32_t y0, y1, x0, x1;
            inside(top, layer->kernel_height, layer->in_height, &y0, &y1);
            inside(left, layer->kernel_width, layer->in_width, &x0, &x1);
            for (int32_t c = 0; c < depth; c++) {
                int32_t sum = layer->output.bias[c];
                for (int32_t ky = y0; ky < y1; ky++) {
                    const int8_t *in = input + ((top + ky) * layer->in_width + left + x0) * in_depth + c / multiplier;
                    const int8_t *w = layer->weights + (ky * layer->kernel_width + x0) * depth + c;
                    for (int32_t kx = x0; kx < x1; kx++, in += in_depth, w += depth)
                        sum += (*in - layer->input_zero_point) * *w;
                }
                output[c] = kws_requantized(&layer->output, c, sum);
            }
        }
}

/* Quotient rounded to nearest, halves away from zero. */
static int32_t rounded_quotient(int32_t sum, int32_t count) {
    return (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
}

void kws_average_pool_layer(const kws_window *layer, const int8_t *input, int8_t *output) {
    const int32_t depth = layer->out_channels;
    for (int32_t y = 0; y < layer->out_height; y++)
        for (int32_t x = 0; x < layer->out_width; x++, output += depth) {
            const int32_t top = y * layer->stride_height - layer->pad_top;
            const int32_t left = x * layer->stride_width - layer->pad_left;
            int32_t y0, y1, x0, x1;
            inside(top, layer->kernel_height, layer->in_height, &y0, &y1);
            inside(left, layer->kernel_width, layer->in_width, &x0, &x1);
            for (int32_t c = 0; c < depth; c++) {
                int32_t sum = 0;
                for (int32_t ky = y0; ky < y1; ky++)
                    for (int32_t kx = x0; kx < x1; kx++)
                        sum += input[((top + ky) * layer->in_width + left + kx) * depth + c];
                output[c] = kws_clamp(rounded_quotient(sum, (y1 - y0) * (x1 - x0)), layer->output.min, layer->output.max);
            }
        }
}

/* Four outputs at a time, so that every four inputs are unpacked once for them. */
static void dense_four(const int8_t *weights, int32_t inputs, const int8_t *input, int32_t *sums) {
    const int8_t *w0 = weights, *w1 = w0 + inputs, *w2 = w1 + inputs, *w3 = w2 + inputs;
    int32_t s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3], i = 0;
    for (; i + 4 <= inputs; i += 4) {
        const uint32_t four = kws_load(input + i), even = kws_sxtb16(four), odd = kws_sxtb16_ror8(four);
        const uint32_t a = kws_load(w0 + i), b = kws_load(w1 + i), c = kws_load(w2 + i), d = kws_load(w3 + i);
        s0 = kws_smlad(odd, kws_sxtb16_ror8(a), kws_smlad(even, kws_sxtb16(a), s0));
        s1 = kws_smlad(odd, kws_sxtb16_ror8(b), kws_smlad(even, kws_sxtb16(b), s1));
        s2 = kws_smlad(odd, kws_sxtb16_ror8(c), kws_smlad(even, kws_sxtb16(c), s2));
        s3 = kws_smlad(odd, kws_sxtb16_ror8(d), kws_smlad(even, kws_sxtb16(d), s3));
    }
    for (; i < inputs; i++) {
        s0 += input[i] * w0[i];
        s1 += input[i] * w1[i];
        s2 += input[i] * w2[i];
        s3 += input[i] * w3[i];
    }
    sums[0] = s0, sums[1] = s1, sums[2] = s2, sums[3] = s3;
}

static int32_t dense_one(const int8_t *weights, int32_t inputs, const int8_t *input, int32_t sum) {
    int32_t i = 0;
    for (; i + 4 <= inputs; i += 4) {
        const uint32_t four = kws_load(input + i), w = kws_load(weights + i);
        sum = kws_smlad(kws_sxtb16(four), kws_sxtb16(w), sum);
        sum = kws_smlad(kws_sxtb16_ror8(four), kws_sxtb16_ror8(w), sum);
    }
    for (; i < inputs; i++) sum += input[i] * weights[i];
    return sum;
}

static int8_t dense_output(const kws_requantize *to, int32_t n, int32_t sum) {
    return kws_clamp(kws_rescale_once(sum, to->multiplier[n], to->shift[n]) + to->zero_point, to->min, to->max);
}

void kws_dense_layer(const kws_dense *layer, const int8_t *input, int8_t *output) {
    const kws_requantize *to = &layer->output;
    const int8_t *weights = layer->weights;
    int32_t n = 0;
    for (; n + 4 <= layer->outputs; n += 4, weights += 4 * layer->inputs) {
        int32_t sums[4] = {to->bias[n], to->bias[n + 1], to->bias[n + 2], to->bias[n + 3]};
        dense_four(weights, layer->inputs, input, sums);
        for (int32_t i = 0; i < 4; i++) output[n + i] = dense_output(to, n + i, sums[i]);
    }
    for (; n < layer->outputs; n++, weights += layer->inputs)
        output[n] = dense_output(to, n, dense_one(weights, layer->inputs, input, to->bias[n]));
}

void kws_mean_layer(const kws_mean *layer, const int8_t *input, int8_t *output) {
    for (int32_t c = 0; c < layer->channels; c++) {
        int32_t sum = 0;
        for (int32_t p = 0; p < layer->positions; p++) sum += input[p * layer->channels + c] - layer->input_zero_point;
        output[c] = kws_clamp(kws_rescale(sum, layer->multiplier, layer->shift) + layer->zero_point, -128, 127);
    }
}

void kws_sum_layer(const kws_sum *layer, const int8_t *a, const int8_t *b, int8_t *output) {
    for (int32_t i = 0; i < layer->size; i++) {
        const int32_t x = kws_rescale((a[i] - layer->zero_point_a) * (1 << 20), layer->multiplier_a, layer->shift_a);
        const int32_t y = kws_rescale((b[i] - layer->zero_point_b) * (1 << 20), layer->multiplier_b, layer->shift_b);
        const int32_t sum = kws_rescale(x + y, layer->multiplier, layer->shift) + layer->zero_point;
        output[i] = kws_clamp(sum, layer->min, layer->max);
    }
}

void kws_softmax_layer(const kws_softmax *layer, const int8_t *input, int8_t *output) {
    const int32_t largest = input[kws_argmax(input, layer->classes)];
    const float *exponentials = layer->exponentials + 255 - largest;
    float total = 0.0f;
    for (int32_t i = 0; i < layer->classes; i++) total += exponentials[input[i]];
    const float inverse = 1.0f / (total * layer->scale);
    for (int32_t i = 0; i < layer->classes; i++) {
        const float share = exponentials[input[i]] * inverse;
        output[i] = kws_clamp((int32_t)(share + 0.5f) + layer->zero_point, -128, 127);
    }
}

int32_t kws_argmax(const int8_t *values, int32_t n) {
    int32_t best = 0;
    for (int32_t i = 1; i < n; i++)
        if (values[i] > values[best]) best = i;
    return best;
}
