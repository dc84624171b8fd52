/* Dense layers, pooling, softmax, and the convolution by depth over images, of kws_network.h. */
#include "kws_network.h"

#include "kws_requantize.h"

/* The part of a kernel's axis that lies inside the image, for a window that starts at `start`. */
static void inside(int32_t start, int32_t kernel, int32_t size, int32_t *from, int32_t *to) {
    *from = start < 0 ? -start : 0;
    *to = start + kernel > size ? size - start : kernel;
}

void kws_depthwise_layer(const kws_window *layer, const int8_t *input, int8_t *output) {
    const kws_window window = *layer;
    const int32_t depth = window.out_channels, in_depth = window.in_channels, multiplier = depth / in_depth;
    for (int32_t c = 0; c < depth; c++) {
        const kws_scale scale = kws_scale_of(&window.output, c);
        const int32_t bias = window.output.bias[c];
        int8_t *out = output + c;
        for (int32_t y = 0; y < window.out_height; y++)
            for (int32_t x = 0; x < window.out_width; x++, out += depth) {
                const int32_t top = y * window.stride_height - window.pad_top,
                              left = x * window.stride_width - window.pad_left;
                int32_t y0, y1, x0, x1, sum = bias;
                inside(top, window.kernel_height, window.in_height, &y0, &y1);
                inside(left, window.kernel_width, window.in_width, &x0, &x1);
                for (int32_t ky = y0; ky < y1; ky++) {
                    const int8_t *in = input + ((top + ky) * window.in_width + left + x0) * in_depth + c / multiplier;
                    const int8_t *w = window.weights + (ky * window.kernel_width + x0) * depth + c;
                    for (int32_t kx = x0; kx < x1; kx++, in += in_depth, w += depth)
                        sum += (*in - window.input_zero_point) * *w;
                }
                *out = kws_scaled(scale, sum);
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
                const int32_t mean = rounded_quotient(sum, (y1 - y0) * (x1 - x0));
                output[c] = kws_clamp(mean, layer->output.min, layer->output.max);
            }
        }
}

void kws_dense_layer(const kws_dense *layer, const int8_t *input, int8_t *output) {
    const kws_requantize *requantize = &layer->output;
    const int32_t inputs = layer->inputs, outputs = layer->outputs, whole = inputs & ~3;
    const int8_t *w = layer->weights;
    for (int32_t n = 0; n < outputs; n += 4) {
        int32_t sums[4] = {0, 0, 0, 0};
        KWS_ROLLED
        for (const int8_t *in = input; in < input + whole; in += 4, w += 16) kws_four_by_four(kws_load(in), w, sums);
        if (whole < inputs) {
            int8_t rest[4] = {0, 0, 0, 0};
            for (int32_t i = whole; i < inputs; i++) rest[i - whole] = input[i];
            kws_four_by_four(kws_load(rest), w, sums);
            w += 16;
        }
        for (int32_t k = 0; k < 4 && n + k < outputs; k++) {
            const int32_t x = kws_rescale_once(sums[k] + requantize->bias[n + k], requantize->multiplier[n + k],
                                               requantize->shift[n + k]);
            output[n + k] = kws_clamp(x + requantize->zero_point, requantize->min, requantize->max);
        }
    }
}

/* Product of numbers with 31 fractional bits; division by a power of two, halves away from zero; saturating shift. */
static int32_t product(int32_t a, int32_t b) { return (int32_t)(((int64_t)a * b + (1 << 30)) >> 31); }
static int32_t divided(int32_t a, int32_t bits) {
    const int32_t mask = (int32_t)((1u << bits) - 1);
    return (a >> bits) + ((a & mask) > (mask >> 1) + (a < 0));
}
static int32_t raised(int32_t a, int32_t bits) {
    const int32_t limit = INT32_MAX >> bits;
    return a > limit ? INT32_MAX : a < -limit - 1 ? INT32_MIN : a * (1 << bits);
}

/* 1 / (1 + a) for 0 <= a < 1 with 31 fractional bits: three steps of Newton's, in gemmlowp's order of rounding. */
static int32_t reciprocal(int32_t a) {
    const int32_t half = (int32_t)(((int64_t)a + INT32_MAX + 1) / 2);
    int32_t x = 1515870810 + product(half, -1010580540); /* 48/17 - 32/17 half, 29 fractional bits */
    for (int32_t i = 0; i < 3; i++) x += raised(product(x, (1 << 29) - product(half, x)), 2);
    return raised(x, 1);
}

void kws_softmax_layer(const kws_softmax *layer, const int8_t *input, int8_t *output) {
    const int32_t largest = input[kws_argmax(input, layer->classes)];
    int32_t total = 0; /* 19 fractional bits */
    for (int32_t i = 0; i < layer->classes; i++)
        if (largest - input[i] < layer->differences) total += divided(layer->exponentials[largest - input[i]], 12);
    const int32_t headroom = kws_clz((uint32_t)total);
    const int32_t scale = reciprocal((int32_t)(((uint32_t)total << headroom) - (1u << 31)));
    for (int32_t i = 0; i < layer->classes; i++) {
        const int32_t difference = largest - input[i];
        const int32_t share = difference < layer->differences ? product(scale, layer->exponentials[difference]) : 0;
        output[i] = kws_clamp(divided(share, 12 - headroom + 31 - 8) - 128, -128, 127);
    }
}

int32_t kws_argmax(const int8_t *values, int32_t n) {
    int32_t best = 0;
    for (int32_t i = 1; i < n; i++)
        if (values[i] > values[best]) best = i;
    return best;
}
