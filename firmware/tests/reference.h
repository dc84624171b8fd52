/* Every layer of the core as its formula says, in plain loops over plain arrays: what the fast ones must equal. */
#ifndef REFERENCE_H
#define REFERENCE_H

#include "kws_network.h"

/* numerator / 2^bits: the integer below, and the nearest, halves up. */
int64_t floored(int64_t numerator, int32_t bits);
int64_t halves_up(int64_t numerator, int32_t bits);

/* Weights (C, height, width, in_channels). */
void reference_convolution(const kws_window *layer, const int8_t *weights, const int8_t *input, int8_t *output);
void reference_depthwise(const kws_window *layer, const int8_t *input, int8_t *output);
void reference_average_pool(const kws_window *layer, const int8_t *input, int8_t *output);

/* Weights (outputs, inputs). */
void reference_dense(const kws_requantize *requantize, const int8_t *weights, int32_t inputs, int32_t outputs,
                     const int8_t *input, int8_t *output);

void reference_mean(const kws_mean *layer, const int8_t *input, int8_t *output);
void reference_sum(const kws_sum *layer, const int8_t *a, const int8_t *b, int8_t *output);

/* In floating point, for logits in steps of `scale`: right to one step of the output. */
void reference_softmax(int32_t classes, double scale, const int8_t *input, int8_t *output);

#endif
