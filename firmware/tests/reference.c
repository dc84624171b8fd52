/* See reference.h. */
#include "reference.h"

#include <math.h>

int64_t floored(int64_t numerator, int32_t bits) {
    const int64_t divisor = (int64_t)1 << bits;
    return numerator >= 0 ? numerator / divisor : -((divisor - 1 - numerator) / divisor);
}

int64_t halves_up(int64_t numerator, int32_t bits) { return floored(numerator + ((int64_t)1 << bits) / 2, bits); }

static int64_t halves_away(int64_t numerator, int32_t bits) {
    const int64_t divisor = (int64_t)1 << bits;
    return (numerator >= 0 ? numerator + divisor / 2 : numerator - divisor / 2) / divisor;
}

/* sum * multiplier / 2^31 * 2^shift, rounded after each of its two steps as TFLite's convolutions do. */
static int64_t rescale(int64_t sum, int32_t multiplier, int32_t shift) {
    if (shift > 0) return halves_up(sum * (1 << shift) * multiplier, 31);
    return halves_away(halves_up(sum * multiplier, 31), -shift);
}

static int8_t clamp(int64_t value, int32_t min, int32_t max) {
    return (int8_t)(value < min ? min : value > max ? max : value);
}

/* A value of an image (height, width, channels); the zero point around it, so that padding counts as zero. */
static int32_t pixel(const kws_window *layer, const int8_t *input, int32_t y, int32_t x, int32_t channel) {
    if (y < 0 || y >= layer->in_height || x < 0 || x >= layer->in_width) return 0;
    return input[(y * layer->in_width + x) * layer->in_channels + channel] - layer->input_zero_point;
}

static int8_t scaled(const kws_requantize *requantize, int32_t channel, int64_t sum) {
    const int64_t steps =
        rescale(sum + requantize->bias[channel], requantize->multiplier[channel], requantize->shift[channel]);
    return clamp(steps + requantize->zero_point, requantize->min, requantize->max);
}

void reference_convolution(const kws_window *layer, const int8_t *weights, const int8_t *input, int8_t *output) {
    for (int32_t y = 0; y < layer->out_height; y++)
        for (int32_t x = 0; x < layer->out_width; x++)
            for (int32_t c = 0; c < layer->out_channels; c++) {
                int64_t sum = 0;
                const int8_t *weight = weights + c * layer->kernel_height * layer->kernel_width * layer->in_channels;
                for (int32_t ky = 0; ky < layer->kernel_height; ky++)
                    for (int32_t kx = 0; kx < layer->kernel_width; kx++)
                        for (int32_t i = 0; i < layer->in_channels; i++)
                            sum += *weight++ * pixel(layer, input, y * layer->stride_height - layer->pad_top + ky,
                                                     x * layer->stride_width - layer->pad_left + kx, i);
                *output++ = scaled(&layer->output, c, sum);
            }
}

void reference_depthwise(const kws_window *layer, const int8_t *input, int8_t *output) {
    const int32_t channels = layer->out_channels, multiplier = channels / layer->in_channels;
    for (int32_t y = 0; y < layer->out_height; y++)
        for (int32_t x = 0; x < layer->out_width; x++)
            for (int32_t c = 0; c < channels; c++) {
                int64_t sum = 0;
                for (int32_t ky = 0; ky < layer->kernel_height; ky++)
                    for (int32_t kx = 0; kx < layer->kernel_width; kx++)
                        sum += layer->weights[(ky * layer->kernel_width + kx) * channels + c] *
                               pixel(layer, input, y * layer->stride_height - layer->pad_top + ky,
                                     x * layer->stride_width - layer->pad_left + kx, c / multiplier);
                *output++ = scaled(&layer->output, c, sum);
            }
}

void reference_average_pool(const kws_window *layer, const int8_t *input, int8_t *output) {
    for (int32_t y = 0; y < layer->out_height; y++)
        for (int32_t x = 0; x < layer->out_width; x++)
            for (int32_t c = 0; c < layer->out_channels; c++) {
                double sum = 0, count = 0;
                for (int32_t ky = 0; ky < layer->kernel_height; ky++)
                    for (int32_t kx = 0; kx < layer->kernel_width; kx++) {
                        const int32_t row = y * layer->stride_height - layer->pad_top + ky;
                        const int32_t column = x * layer->stride_width - layer->pad_left + kx;
                        if (row < 0 || row >= layer->in_height || column < 0 || column >= layer->in_width) continue;
                        sum += input[(row * layer->in_width + column) * layer->in_channels + c];
                        count++;
                    }
                *output++ = clamp((int64_t)round(sum / count), layer->output.min, layer->output.max);
            }
}

void reference_dense(const kws_requantize *requantize, const int8_t *weights, int32_t inputs, int32_t outputs,
                     const int8_t *input, int8_t *output) {
    for (int32_t n = 0; n < outputs; n++) {
        int64_t sum = requantize->bias[n];
        for (int32_t i = 0; i < inputs; i++) sum += weights[n * inputs + i] * input[i];
        const int64_t steps = halves_up(sum * requantize->multiplier[n], 31 - requantize->shift[n]);
        output[n] = clamp(steps + requantize->zero_point, requantize->min, requantize->max);
    }
}

void reference_mean(const kws_mean *layer, const int8_t *input, int8_t *output) {
    for (int32_t c = 0; c < layer->channels; c++) {
        int64_t sum = 0;
        for (int32_t p = 0; p < layer->positions; p++) sum += input[p * layer->channels + c] - layer->input_zero_point;
        output[c] = clamp(rescale(sum, layer->multiplier, layer->shift) + layer->zero_point, -128, 127);
    }
}

void reference_sum(const kws_sum *layer, const int8_t *a, const int8_t *b, int8_t *output) {
    for (int32_t i = 0; i < layer->size; i++) {
        const int64_t x = rescale((a[i] - layer->zero_point_a) * (1 << 20), layer->multiplier_a, layer->shift_a);
        const int64_t y = rescale((b[i] - layer->zero_point_b) * (1 << 20), layer->multiplier_b, layer->shift_b);
        output[i] = clamp(rescale(x + y, layer->multiplier, layer->shift) + layer->zero_point, layer->min, layer->max);
    }
}

void reference_softmax(int32_t classes, double scale, const int8_t *input, int8_t *output) {
    double total = 0;
    for (int32_t c = 0; c < classes; c++) total += exp(scale * input[c]);
    for (int32_t c = 0; c < classes; c++)
        output[c] = clamp((int64_t)round(256 * exp(scale * input[c]) / total) - 128, -128, 127);
}
