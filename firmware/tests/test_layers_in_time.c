/* See test_layers_in_time.h. Also run on the virtual board, whose kernels are in assembly (tests/firmware). */
#include "test_layers_in_time.h"

#include <stdlib.h>

#include "packing.h"
#include "random_layers.h"
#include "reference.h"

/* Of one row, its zeros where they fall. */
static kws_window window(int32_t in_channels, int32_t out_channels, int32_t longest) {
    kws_window layer = {0};
    layer.in_height = layer.out_height = layer.kernel_height = layer.stride_height = 1;
    layer.in_channels = (int16_t)in_channels, layer.out_channels = (int16_t)out_channels;
    layer.in_width = (int16_t)between(1, 30), layer.kernel_width = (int16_t)between(1, longest);
    layer.stride_width = (int16_t)(between(0, 2) ? 1 : between(2, 3));
    layer.pad_left = (int16_t)between(0, layer.kernel_width - 1);
    const int32_t last = (layer.in_width - 1 + layer.pad_left) / layer.stride_width; /* begins inside of the row */
    layer.out_width = (int16_t)between(1, between(0, 1) && last > 2 ? 3 : last + 1); /* few columns often */
    layer.input_zero_point = (int16_t)between(-128, 127);
    return layer;
}

/* Whether the kernels in assembly may take the layer, as kwslib/deployment/operators.py says. */
static int32_t plain(const kws_window *layer) {
    int32_t all = layer->out_channels % 4 == 0 && layer->output.min == -128 && layer->output.max == 127;
    for (int32_t c = 0; c < layer->out_channels; c++)
        all = all && layer->output.shift[c] <= -2 && layer->output.multiplier[c] >= 1 << 30;
    return all;
}

/* The reference's layer with the zero point's share in the bias; `weights` (C, count), or count apart. */
static kws_window with_shares(const kws_window *layer, const int8_t *weights, int32_t count, int32_t apart,
                              int32_t *bias) {
    kws_window shared = *layer;
    for (int32_t c = 0; c < layer->out_channels; c++) {
        bias[c] = layer->output.bias[c];
        for (int32_t i = 0; i < count; i++)
            bias[c] -= layer->input_zero_point * weights[apart ? i * apart + c : c * count + i];
    }
    shared.output.bias = bias, shared.band_rows = (int16_t)plain(layer);
    return shared;
}

static void test_run_convolution(void) {
    scales memory;
    int32_t bias[CHANNELS_MAX];
    kws_window layer = window(between(1, 20), between(0, 2) ? 4 * between(1, 3) : between(1, CHANNELS_MAX), 4);
    const int32_t depth = layer.out_channels, run = layer.kernel_width * layer.in_channels;
    int8_t *weights = numbers(depth * run), *input = numbers(layer.in_width * layer.in_channels);
    int8_t *fast = allocate(layer.out_width * depth), *slow = allocate(layer.out_width * depth);
    for (int32_t i = 0; i < depth * run; i++)
        if (weights[i] == -128) weights[i] = -127; /* which pairs cannot hold */
    layer.output = requantize(&memory, run), layer.weights = weights;
    reference_convolution(&layer, weights, input, slow);
    kws_window shared = with_shares(&layer, weights, run, 0, bias);
    int8_t *pairs = pairs_of_outputs(weights, run, depth);
    int16_t *scratch = allocate(kws_run_convolution_scratch(&shared));
    shared.weights = pairs;
    kws_run_convolution_layer(&shared, input, fast, scratch);
    compare("kws_run_convolution_layer", fast, slow, layer.out_width * depth, 0);
    free(weights), free(input), free(fast), free(slow), free(pairs), free(scratch);
}

static void test_run_depthwise(void) {
    scales memory;
    int32_t bias[CHANNELS_MAX];
    const int32_t depth = 4 * between(1, CHANNELS_MAX / 4);
    kws_window layer = window(depth, depth, 18);
    const int32_t taps = layer.kernel_width;
    int8_t *weights = numbers(taps * depth), *input = numbers(layer.in_width * depth);
    int8_t *fast = allocate(layer.out_width * depth), *slow = allocate(layer.out_width * depth);
    layer.output = requantize(&memory, taps), layer.weights = weights;
    reference_depthwise(&layer, input, slow);
    kws_window shared = with_shares(&layer, weights, taps, depth, bias);
    int8_t *pairs = pairs_of_taps(weights, taps, depth);
    int16_t *scratch = allocate(kws_run_depthwise_scratch(&layer));
    shared.weights = pairs;
    kws_run_depthwise_layer(&shared, input, fast, scratch);
    compare("kws_run_depthwise_layer", fast, slow, layer.out_width * depth, 0);
    free(weights), free(input), free(fast), free(slow), free(pairs), free(scratch);
}

/* A hop's column: one of `taps` columns of input, with plain scales. */
static kws_window column(int32_t in_channels, int32_t out_channels, int32_t taps, scales *memory) {
    kws_window layer = {0};
    layer.in_height = layer.out_height = layer.kernel_height = layer.stride_height = 1;
    layer.in_channels = (int16_t)in_channels, layer.out_channels = (int16_t)out_channels;
    layer.in_width = layer.kernel_width = (int16_t)taps, layer.out_width = layer.stride_width = 1;
    layer.input_zero_point = (int16_t)between(-128, 127);
    do layer.output = requantize(memory, taps * in_channels);
    while (!plain(&layer));
    return layer;
}

static void test_run_column(void) {
    scales memory;
    int32_t bias[CHANNELS_MAX];
    const int32_t groups = between(1, CHANNELS_MAX / 4), depth = 4 * groups, words = between(1, 35), run = 4 * words;
    kws_window layer = column(run, depth, 1, &memory);
    int8_t *weights = numbers(depth * run), *input = numbers(run), *fast = allocate(depth), *slow = allocate(depth);
    for (int32_t i = 0; i < depth * run; i++)
        if (weights[i] == -128) weights[i] = -127; /* which pairs cannot hold */
    reference_convolution(&layer, weights, input, slow);
    int8_t *pairs = pairs_of_outputs(weights, run, depth);
    const kws_column columns = {words, pairs, groups, with_shares(&layer, weights, run, 0, bias).output};
    kws_run_column_layer(&columns, input, fast);
    compare("kws_run_column_layer", fast, slow, depth, 0);
    free(weights), free(input), free(fast), free(slow), free(pairs);
}

static void test_depth_column(void) {
    scales memory;
    int32_t bias[CHANNELS_MAX];
    const int32_t groups = between(1, CHANNELS_MAX / 4), depth = 4 * groups, taps = between(1, 2 * KWS_TAP_PAIRS);
    kws_window layer = column(depth, depth, taps, &memory);
    int8_t *weights = numbers(taps * depth), *input = numbers(taps * depth);
    int8_t *fast = allocate(depth), *slow = allocate(depth);
    layer.weights = weights;
    reference_depthwise(&layer, input, slow);
    int8_t *pairs = pairs_of_taps(weights, taps, depth);
    const kws_column columns = {taps, pairs, groups, with_shares(&layer, weights, taps, depth, bias).output};
    kws_depth_column_layer(&columns, input, fast);
    compare("kws_depth_column_layer", fast, slow, depth, 0);
    free(weights), free(input), free(fast), free(slow), free(pairs);
}

/* Often one of the two has a factor of a half, as one of a network's has. */
static void test_sum(void) {
    const int32_t size = between(1, 60), halved = between(0, 2);
    kws_sum layer = {size,
                     between(-128, 127),
                     between(1 << 30, INT32_MAX),
                     between(-6, 0),
                     between(-128, 127),
                     between(1 << 30, INT32_MAX),
                     between(-6, 0),
                     between(-128, 127),
                     between(1 << 30, INT32_MAX),
                     between(-21, -16),
                     halved ? -128 : between(-128, 0),
                     halved ? 127 : between(1, 127)};
    if (halved == 1) layer.multiplier_a = 1 << 30, layer.shift_a = 0, layer.shift_b = between(-4, -1);
    if (halved == 2) layer.multiplier_b = 1 << 30, layer.shift_b = 0, layer.shift_a = between(-4, -1);
    int8_t *a = numbers(size), *b = numbers(size), *fast = allocate(size), *slow = allocate(size);
    reference_sum(&layer, a, b, slow);
    kws_sum_layer(&layer, a, b, fast);
    compare("kws_sum_layer", fast, slow, size, 0);
    free(a), free(b), free(fast), free(slow);
}

static void test_mean(void) {
    kws_mean layer = {between(0, 8) ? between(1, 30) : between(200, 300),
                      between(1, CHANNELS_MAX),
                      between(-128, 127),
                      between(1 << 30, INT32_MAX),
                      between(0, 8) ? between(-8, 1) : between(-20, -15),
                      between(-128, 127)};
    int8_t *input = numbers(layer.positions * layer.channels);
    int8_t *fast = allocate(layer.channels), *slow = allocate(layer.channels);
    reference_mean(&layer, input, slow);
    kws_mean_layer(&layer, input, fast);
    compare("kws_mean_layer", fast, slow, layer.channels, 0);
    free(input), free(fast), free(slow);
}

void test_layers_in_time(void) {
    test_run_convolution();
    test_run_depthwise();
    test_run_column();
    test_depth_column();
    test_sum();
    test_mean();
}
