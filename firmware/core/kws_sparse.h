/* The dense layer of a pruned network: only the weights that are not zero are stored, and read. */
#ifndef KWS_SPARSE_H
#define KWS_SPARSE_H

#include "kws_network.h"

/* Four weights make a group: four gaps, from the input before to theirs, then the four weights. Gaps too wide for a
 * byte, and the end of an output's groups, hold weights of zero. The writer is kwslib/deployment/core_sparse.py. */
typedef struct {
    int32_t inputs, outputs;
    const uint8_t *groups;
    const uint16_t *counts; /* groups of each output */
    kws_requantize output;
} kws_sparse;

#ifdef __cplusplus
extern "C" {
#endif

void kws_sparse_layer(const kws_sparse *layer, const int8_t *input, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
