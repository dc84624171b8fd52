/* See small_network.h. */
#include "small_network.h"

#include <stdlib.h>

#include "packing.h"
#include "reference.h"

void small_network_make(small_network *network, int32_t frames, int32_t stride, int32_t padded, int32_t rows) {
    const int32_t kernel = between(stride, 6), channels = between(1, 3), width = between(0, 1) ? 8 : between(1, 20);
    const int32_t stride_width = between(0, 1) ? width : between(1, 20);
    kws_window *layer = &network->convolution;
    *layer = (kws_window){0};
    layer->in_height = (int16_t)frames, layer->in_width = KWS_CHANNELS, layer->in_channels = 1;
    layer->kernel_height = (int16_t)kernel, layer->kernel_width = (int16_t)width;
    layer->stride_height = (int16_t)stride, layer->stride_width = (int16_t)stride_width;
    layer->pad_top = (int16_t)(padded ? between(0, kernel - 1) : 0);
    const int32_t below = padded ? between(0, kernel - 1) : 0;
    layer->out_height = (int16_t)((frames + layer->pad_top + below - kernel) / stride + 1);
    layer->out_width = (int16_t)((KWS_CHANNELS - width) / stride_width + 1);
    layer->out_channels = (int16_t)channels;
    layer->input_zero_point = (int16_t)between(-128, 127), layer->band_rows = 1;
    network->weights = numbers(channels * kernel * width);
    layer->weights = network->weights, layer->output = requantize(&network->scales[0], kernel * width);
    network->row_bytes = layer->out_width * channels, network->rows = rows ? rows : layer->out_height;
    const int32_t inputs = network->rows * network->row_bytes;
    network->dense_weights = numbers(SMALL_CLASSES * inputs);
    network->blocks = blocks_of_four(network->dense_weights, inputs, SMALL_CLASSES);
    network->dense = (kws_dense){inputs, SMALL_CLASSES, network->blocks, requantize(&network->scales[1], inputs)};
}

void small_network_free(small_network *network) {
    free(network->weights), free(network->dense_weights), free(network->blocks);
}

void small_network_rows(const small_network *network, int32_t first, int32_t last, const int8_t *frames, int8_t *rows,
                        int8_t *scratch) {
    kws_window layer = network->convolution;
    const int32_t begin = first * layer.stride_height - layer.pad_top;
    const int32_t end = (last - 1) * layer.stride_height - layer.pad_top + layer.kernel_height;
    const int32_t from = begin > 0 ? begin : 0, to = end < layer.in_height ? end : layer.in_height;
    if (last <= first) return;
    layer.in_height = (int16_t)(to - from), layer.out_height = (int16_t)(last - first);
    layer.pad_top = (int16_t)(from - begin);
    kws_convolution_layer(&layer, frames + from * KWS_CHANNELS, rows + first * network->row_bytes,
                          (int16_t *)(void *)scratch);
}

void small_network_scores(const small_network *network, const int8_t *rows, int8_t *logits) {
    kws_dense_layer(&network->dense, rows, logits);
}

void small_network_run(const small_network *network, const int8_t *frames, int8_t *logits, int8_t *arena) {
    small_network_rows(network, 0, network->rows, frames, arena, arena + SMALL_ARENA_BYTES / 2);
    small_network_scores(network, arena, logits);
}

void reference_rows(const small_network *network, const int8_t *frames, int8_t *rows) {
    reference_convolution(&network->convolution, network->weights, frames, rows);
}

void reference_scores(const small_network *network, const int8_t *rows, int8_t *logits) {
    const kws_dense *layer = &network->dense;
    reference_dense(&layer->output, network->dense_weights, layer->inputs, layer->outputs, rows, logits);
}

void reference_network(const small_network *network, const int8_t *frames, int8_t *logits) {
    int8_t rows[SMALL_ARENA_BYTES];
    reference_rows(network, frames, rows);
    reference_scores(network, rows, logits);
}
