/* Weights in the layouts of kws_network.h, kws_sparse.h and kws_packed.h, written number by number. Callers free. */
#ifndef PACKING_H
#define PACKING_H

#include "kws_packed.h"

/* low and step of a symmetric grid; binary weights are -1 and 1. */
kws_packing packing_of(int32_t bits);

/* The largest stored number. */
int32_t highest(int32_t bits);

/* Numbers in order, plane after plane, as kws_packed_window has them. */
uint32_t *pack(const uint8_t *numbers, int32_t count, int32_t bits);

/* (rows, count) numbers as kws_packed_dense has them. */
uint32_t *pack_rows_of_four(const uint8_t *numbers, int32_t rows, int32_t count, int32_t bits);

/* (outputs, inputs) weights as kws_dense and as kws_sparse have them. */
int8_t *blocks_of_four(const int8_t *weights, int32_t inputs, int32_t outputs);
uint8_t *groups_of_four(const int8_t *weights, int32_t inputs, int32_t outputs, uint16_t *counts);

/* (outputs, run) weights as kws_run_convolution_layer has them, (taps, channels) as kws_run_depthwise_layer. */
int8_t *pairs_of_outputs(const int8_t *weights, int32_t run, int32_t outputs);
int8_t *pairs_of_taps(const int8_t *weights, int32_t taps, int32_t channels);

#endif
