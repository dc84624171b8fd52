/* The int8 network: layers in TFLite's quantized arithmetic, bit for bit its reference kernels.
 *
 * A layer is a const struct (shapes, weights, how sums become int8) and a function that runs it; a model is a
 * straight line of such calls, written by kwslib/deployment/model_data.py. No interpreter, no heap. Tensors are NHWC
 * with a batch of one. Zero points of inputs are subtracted as TFLite does; where a kernel pads, it pads with that zero.
 *
 * Arithmetic: Jacob et al., arXiv:1712.05877; https://ai.google.dev/edge/litert/models/quantization_spec
 */
#ifndef KWS_NETWORK_H
#define KWS_NETWORK_H

#include <stdint.h>

#include "kws_neighbours.h"

/* From int32 sums to int8: add the bias, multiply by scale = multiplier / 2^31 * 2^shift, add the zero point, clamp.
 * One entry per output channel. kwslib/deployment/operands.py makes sure that no step leaves int32. Convolutions and sums round
 * twice on the way and dense layers once, as TFLite does. */
typedef struct {
    const int32_t *bias;
    const int32_t *multiplier;
    const int8_t *shift;
    int32_t zero_point, min, max;
} kws_requantize;

/* A window that slides over an image: convolution, depthwise convolution and average pooling. */
typedef struct {
    int16_t in_height, in_width, in_channels;
    int16_t out_height, out_width, out_channels;
    int16_t kernel_height, kernel_width, stride_height, stride_width, pad_top, pad_left;
    int16_t input_zero_point;
    int16_t
        band_rows; /* convolution: rows of output made from one band of widened input; over runs: 1 where channels go
                        * by fours and every scale is plain (kws_requantize.h; a shift
                        * of -2 or less, a multiplier of 2^30 or more), else 0 */
    const int8_t *weights; /* convolution (C, height, width, in_channels), depthwise (height, width, C), pooling none */
    kws_requantize output;
    const uint8_t *read; /* convolution, or null: (out_height, C), bit i: any of outputs 5 i to 5 i + 4 is read */
} kws_window;

/* One column of outputs of a convolution over runs, or of one by depth over a row, all of it inside of its row, of plain
 * scales: a hop's. `length`: words of four inputs in its run; or taps, KWS_TAP_PAIRS pairs of them at most. Weights as
 * there. The assembly loads all in order. */
typedef struct {
    int32_t length;
    const int8_t *weights;
    int32_t groups; /* of four outputs */
    kws_requantize output;
} kws_column;

/* Every input meets every output. The zero point's share of the sum is in the bias. */
typedef struct {
    int32_t inputs, outputs;
    const int8_t *weights; /* (outputs / 4, inputs / 4, 4 outputs, 4 inputs), filled up with zeros */
    kws_requantize output;
} kws_dense;

/* Mean over all positions: (positions, channels) -> (channels). The multiplier divides by their number. */
typedef struct {
    int32_t positions, channels, input_zero_point;
    int32_t multiplier, shift, zero_point;
} kws_mean;

/* Sum of two tensors, each brought to a common scale with 20 more bits. */
typedef struct {
    int32_t size;
    int32_t zero_point_a, multiplier_a, shift_a;
    int32_t zero_point_b, multiplier_b, shift_b;
    int32_t zero_point, multiplier, shift, min, max;
} kws_sum;

/* Softmax with outputs in steps of 1/256: exp(-d * scale * beta), 31 fractional bits, for logits d = 0, 1, ... steps
 * below the largest; it is 0 from `differences` steps on. */
typedef struct {
    int32_t classes;
    const int32_t *exponentials;
    int32_t differences;
} kws_softmax;

#define KWS_RUN_KEPT 4096 /* bytes of weights that a convolution over runs copies to its scratch, at most */

#ifdef __cplusplus
extern "C" {
#endif

void kws_convolution_layer(const kws_window *layer, const int8_t *input, int8_t *output, int16_t *scratch);
/* The same for kernels of one row, without zeros above or below, over runs of
 * kernel_width * in_channels; the zero point's share is in the bias. Weights int8 (C / 4, fours of a run, first and third
 * or second and fourth of the four inputs, 2 pairs of outputs, those 2 inputs, 2), filled up with zeros, the last axis
 * being 256 times the weight of the pair's second output plus that of the first, as an int16. 257 times an output's sum
 * fits int32. */
void kws_run_convolution_layer(const kws_window *layer, const int8_t *input, int8_t *output, int16_t *scratch);
/* The same by depth, over one row, for channels by fours: weights int8 (C / 4, pairs of taps, 2 pairs of channels, 2 taps,
 * 2 channels). */
void kws_run_depthwise_layer(const kws_window *layer, const int8_t *input, int8_t *output, int16_t *scratch);
void kws_run_column_layer(const kws_column *layer, const int8_t *input, int8_t *output);
void kws_depth_column_layer(const kws_column *layer, const int8_t *input, int8_t *output);
void kws_depthwise_layer(const kws_window *layer, const int8_t *input, int8_t *output);
void kws_average_pool_layer(const kws_window *layer, const int8_t *input, int8_t *output);
void kws_dense_layer(const kws_dense *layer, const int8_t *input, int8_t *output);
void kws_mean_layer(const kws_mean *layer, const int8_t *input, int8_t *output);
void kws_sum_layer(const kws_sum *layer, const int8_t *a, const int8_t *b, int8_t *output);
void kws_softmax_layer(const kws_softmax *layer, const int8_t *input, int8_t *output);

/* Bytes of the scratch of those layers that take one. */
int32_t kws_convolution_scratch(const kws_window *layer);
int32_t kws_run_convolution_scratch(const kws_window *layer);
int32_t kws_run_depthwise_scratch(const kws_window *layer);

/* Index of the largest value; the first of equals. */
int32_t kws_argmax(const int8_t *values, int32_t n);

#ifdef __cplusplus
}
#endif

#endif
