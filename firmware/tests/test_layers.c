/* Layers of random shapes and numbers: the core's must equal those of reference.c, in exactly sized memory. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kws_packed.h"
#include "kws_sparse.h"
#include "packing.h"
#include "random_layers.h"
#include "reference.h"
#include "test_layers_in_time.h"

enum { ROUNDS = 400 };

static kws_window window(int32_t in_channels, int32_t out_channels, int32_t neighbours) {
    kws_window layer = {0};
    layer.in_height = (int16_t)between(1, 13), layer.in_width = (int16_t)(neighbours ? 20 : between(1, 12));
    layer.in_channels = (int16_t)in_channels, layer.out_channels = (int16_t)out_channels;
    layer.kernel_height = (int16_t)between(1, neighbours ? 10 : 4);
    layer.kernel_width = (int16_t)(neighbours ? KWS_NEIGHBOUR_RUN : between(1, 5));
    layer.stride_height = (int16_t)between(1, 2), layer.stride_width = (int16_t)(neighbours ? 2 : between(1, 3));
    layer.out_height = (int16_t)((layer.in_height + layer.stride_height - 1) / layer.stride_height);
    layer.out_width = (int16_t)((layer.in_width + layer.stride_width - 1) / layer.stride_width);
    const int32_t above = (layer.out_height - 1) * layer.stride_height + layer.kernel_height - layer.in_height;
    const int32_t beside = (layer.out_width - 1) * layer.stride_width + layer.kernel_width - layer.in_width;
    layer.pad_top = (int16_t)(above > 0 ? above / 2 : 0), layer.pad_left = (int16_t)(beside > 0 ? beside / 2 : 0);
    layer.input_zero_point = (int16_t)between(-128, 127);
    layer.band_rows = (int16_t)between(1, layer.out_height);
    return layer;
}

static int32_t in_size(const kws_window *layer) { return layer->in_height * layer->in_width * layer->in_channels; }
static int32_t out_size(const kws_window *layer) { return layer->out_height * layer->out_width * layer->out_channels; }

static void test_convolution(void) {
    scales memory;
    const int32_t neighbours = between(0, 1), in_channels = neighbours ? 1 : between(1, 5);
    kws_window layer = window(in_channels, between(1, CHANNELS_MAX), neighbours);
    const int32_t count = layer.out_channels * layer.kernel_height * layer.kernel_width * in_channels;
    int8_t *weights = numbers(count), *input = numbers(in_size(&layer));
    int8_t *fast = allocate(out_size(&layer)), *slow = allocate(out_size(&layer));
    int16_t *scratch = allocate(kws_convolution_scratch(&layer));
    layer.output = requantize(&memory, count / layer.out_channels), layer.weights = weights;
    reference_convolution(&layer, weights, input, slow);
    kws_convolution_layer(&layer, input, fast, scratch);
    compare("kws_convolution_layer", fast, slow, out_size(&layer), 0);
    free(weights), free(input), free(fast), free(slow), free(scratch);
}

/* Outputs that nothing reads may hold anything; the others must be right. */
static void test_convolution_that_skips(void) {
    scales memory;
    kws_window layer = window(1, between(1, CHANNELS_MAX), 1);
    const int32_t channels = layer.out_channels, count = channels * layer.kernel_height * layer.kernel_width;
    int8_t *weights = numbers(count), *input = numbers(in_size(&layer));
    int8_t *fast = allocate(out_size(&layer)), *slow = allocate(out_size(&layer));
    uint8_t *read = allocate(layer.out_height * channels);
    int16_t *scratch = allocate(kws_convolution_scratch(&layer));
    for (int32_t i = 0; i < layer.out_height * channels; i++) read[i] = (uint8_t)between(0, 3);
    layer.output = requantize(&memory, count / channels), layer.weights = weights, layer.read = read;
    reference_convolution(&layer, weights, input, slow);
    memset(fast, 0, (size_t)out_size(&layer));
    kws_convolution_layer(&layer, input, fast, scratch);
    for (int32_t y = 0; y < layer.out_height; y++)
        for (int32_t x = 0; x < layer.out_width; x++)
            for (int32_t c = 0; c < channels; c++)
                if (!(read[y * channels + c] >> x / KWS_NEIGHBOURS & 1))
                    fast[(y * layer.out_width + x) * channels + c] = slow[(y * layer.out_width + x) * channels + c];
    compare("kws_convolution_layer that skips", fast, slow, out_size(&layer), 0);
    free(weights), free(input), free(fast), free(slow), free(read), free(scratch);
}

static void test_packed_convolution(int32_t bits) {
    scales memory;
    const int32_t in_channels = between(1, 3);
    kws_packed_window layer = {window(in_channels, between(1, CHANNELS_MAX), 0), {0}};
    kws_window *shape = &layer.window;
    const int32_t count = shape->out_channels * shape->kernel_height * shape->kernel_width * in_channels;
    int8_t *weights = allocate(count), *input = numbers(in_size(shape));
    int8_t *fast = allocate(out_size(shape)), *slow = allocate(out_size(shape));
    int16_t *scratch = allocate(kws_packed_convolution_scratch(&layer));
    uint8_t *stored = allocate(count);
    layer.weights = packing_of(bits);
    for (int32_t i = 0; i < count; i++) {
        stored[i] = (uint8_t)between(0, highest(bits));
        weights[i] = (int8_t)(layer.weights.low + layer.weights.step * stored[i]);
    }
    uint32_t *words = pack(stored, count, bits);
    shape->output = requantize(&memory, count / shape->out_channels), layer.weights.words = words;
    reference_convolution(shape, weights, input, slow);
    kws_packed_convolution_layer(&layer, input, fast, scratch);
    compare("kws_packed_convolution_layer", fast, slow, out_size(shape), 0);
    free(weights), free(input), free(fast), free(slow), free(scratch), free(stored), free(words);
}

static void test_depthwise(void) {
    scales memory;
    const int32_t in_channels = between(1, 6);
    kws_window layer = window(in_channels, in_channels * between(1, CHANNELS_MAX / in_channels), 0);
    const int32_t kernel = layer.kernel_height * layer.kernel_width;
    int8_t *weights = numbers(kernel * layer.out_channels), *input = numbers(in_size(&layer));
    int8_t *fast = allocate(out_size(&layer)), *slow = allocate(out_size(&layer));
    layer.output = requantize(&memory, kernel), layer.weights = weights;
    reference_depthwise(&layer, input, slow);
    kws_depthwise_layer(&layer, input, fast);
    compare("kws_depthwise_layer", fast, slow, out_size(&layer), 0);
    free(weights), free(input), free(fast), free(slow);
}

static void test_average_pool(void) {
    const int32_t channels = between(1, CHANNELS_MAX);
    kws_window layer = window(channels, channels, 0);
    int8_t *input = numbers(in_size(&layer)), *fast = allocate(out_size(&layer)), *slow = allocate(out_size(&layer));
    layer.output.min = between(-128, 0), layer.output.max = between(1, 127);
    reference_average_pool(&layer, input, slow);
    kws_average_pool_layer(&layer, input, fast);
    compare("kws_average_pool_layer", fast, slow, out_size(&layer), 0);
    free(input), free(fast), free(slow);
}

static void test_dense(void) {
    scales memory;
    const int32_t inputs = between(1, 90), outputs = between(1, CHANNELS_MAX);
    int8_t *weights = numbers(inputs * outputs), *input = numbers(inputs);
    int8_t *blocks = blocks_of_four(weights, inputs, outputs), *fast = allocate(outputs), *slow = allocate(outputs);
    const kws_dense layer = {inputs, outputs, blocks, requantize(&memory, inputs)};
    reference_dense(&layer.output, weights, inputs, outputs, input, slow);
    kws_dense_layer(&layer, input, fast);
    compare("kws_dense_layer", fast, slow, outputs, 0);
    free(weights), free(input), free(blocks), free(fast), free(slow);
}

static void test_sparse(void) {
    scales memory;
    const int32_t inputs = between(1, 900), outputs = between(1, CHANNELS_MAX), rarity = between(1, 300);
    int8_t *weights = numbers(inputs * outputs), *input = numbers(inputs);
    int8_t *fast = allocate(outputs), *slow = allocate(outputs);
    uint16_t counts[CHANNELS_MAX];
    for (int32_t i = 0; i < inputs * outputs; i++)
        if (between(0, rarity)) weights[i] = 0;
    uint8_t *groups = groups_of_four(weights, inputs, outputs, counts);
    const kws_sparse layer = {inputs, outputs, groups, counts, requantize(&memory, inputs)};
    reference_dense(&layer.output, weights, inputs, outputs, input, slow);
    kws_sparse_layer(&layer, input, fast);
    compare("kws_sparse_layer", fast, slow, outputs, 0);
    free(weights), free(input), free(groups), free(fast), free(slow);
}

static void test_packed_dense(int32_t bits) {
    scales memory;
    const int32_t inputs = between(1, 90), outputs = between(1, CHANNELS_MAX);
    int8_t *weights = allocate(inputs * outputs), *input = numbers(inputs);
    int8_t *fast = allocate(outputs), *slow = allocate(outputs);
    uint8_t *stored = allocate(inputs * outputs);
    kws_packed_dense layer = {inputs, outputs, packing_of(bits), requantize(&memory, inputs)};
    for (int32_t i = 0; i < inputs * outputs; i++) {
        stored[i] = (uint8_t)between(0, highest(bits));
        weights[i] = (int8_t)(layer.weights.low + layer.weights.step * stored[i]);
    }
    uint32_t *words = pack_rows_of_four(stored, outputs, inputs, bits);
    layer.weights.words = words;
    reference_dense(&layer.output, weights, inputs, outputs, input, slow);
    kws_packed_dense_layer(&layer, input, fast);
    compare("kws_packed_dense_layer", fast, slow, outputs, 0);
    free(weights), free(input), free(fast), free(slow), free(stored), free(words);
}

static void test_softmax(void) {
    int32_t exponentials[256], differences = 0;
    const int32_t classes = between(2, CHANNELS_MAX);
    const double scale = between(10, 300) / 1000.0;
    for (; differences < 256; differences++) {
        const double value = round(exp(-scale * differences) * 2147483648.0);
        if (value < 1) break;
        exponentials[differences] = value > INT32_MAX ? INT32_MAX : (int32_t)value;
    }
    const kws_softmax layer = {classes, exponentials, differences};
    int8_t *input = numbers(classes), *fast = allocate(classes), *slow = allocate(classes);
    reference_softmax(classes, scale, input, slow);
    kws_softmax_layer(&layer, input, fast);
    compare("kws_softmax_layer", fast, slow, classes, 1);
    free(input), free(fast), free(slow);
}

int main(void) {
    for (int32_t i = 0; i < ROUNDS; i++) {
        test_convolution();
        test_convolution_that_skips();
        test_depthwise();
        test_average_pool();
        test_dense();
        test_sparse();
        test_softmax();
        test_layers_in_time();
        for (int32_t bits = KWS_TRITS; bits <= 7; bits++) test_packed_convolution(bits), test_packed_dense(bits);
    }
    printf("%d rounds of random layers, %d differ from the reference\n", ROUNDS, failures);
    return failures != 0;
}
