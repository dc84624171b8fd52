/* A network of random weights, the convolution along time and a dense layer: by the core, and by plain loops. */
#ifndef SMALL_NETWORK_H
#define SMALL_NETWORK_H

#include "kws_frontend.h"
#include "random_layers.h"

enum { SMALL_CLASSES = 4, SMALL_ARENA_BYTES = 1 << 14 };

typedef struct {
    kws_window convolution;
    kws_dense dense;
    int32_t row_bytes, rows; /* of the convolution's output */
    int8_t *weights, *dense_weights, *blocks;
    scales scales[2];
} small_network;

/* Over `frames` frames, whose convolution may have zeros before and after them where `padded`; `rows` of its output for
 * the dense layer, or as many as it makes for 0. `small_network_free` when it is done. */
void small_network_make(small_network *network, int32_t frames, int32_t stride, int32_t padded, int32_t rows);
void small_network_free(small_network *network);

/* Rows `first` to `last` - 1 of the convolution's output. */
void small_network_rows(const small_network *network, int32_t first, int32_t last, const int8_t *frames, int8_t *rows,
                        int8_t *scratch);

/* The scores of all rows. */
void small_network_scores(const small_network *network, const int8_t *rows, int8_t *logits);

/* Both, in an arena of SMALL_ARENA_BYTES that holds the rows first and in its second half the scratch. */
void small_network_run(const small_network *network, const int8_t *frames, int8_t *logits, int8_t *arena);

/* The same by plain loops. */
void reference_rows(const small_network *network, const int8_t *frames, int8_t *rows);
void reference_scores(const small_network *network, const int8_t *rows, int8_t *logits);
void reference_network(const small_network *network, const int8_t *frames, int8_t *logits);

#endif
