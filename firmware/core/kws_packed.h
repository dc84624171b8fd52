/* Layers whose weights lie in flash on fewer than eight bits, and are unpacked as they are needed.
 *
 * A weight is low + step * u for a stored number u >= 0. Numbers of k bits are split into planes of 4, 2 and 1 bits
 * (k = 7 has all three), the lowest bits first; each plane fills words of its own. A word has two halves, and each half
 * fields from its low end on: so one shift and one mask of a word give two numbers where SMLAD takes them. Of four
 * weights in a row, 0 and 2 share a pair of fields, 1 and 3 the next, as SXTB16 gives the four inputs they meet.
 *
 * Ternary numbers (KWS_TRITS) lie in the four bytes of a word instead, five to a byte, weight i in byte i % 4: a
 * byte times 3 carries its next number out at the top. The writer is kwslib/quantization/packing.py.
 */
#ifndef KWS_PACKED_H
#define KWS_PACKED_H

#include "kws_network.h"

#define KWS_TRITS 0

/* `bits` of a number: 1 to 7, or KWS_TRITS. */
typedef struct {
    int32_t bits, low, step;
    const uint32_t *words;
} kws_packing;

/* Words are those of all weights in order, plane after plane. `window.weights` is not used. */
typedef struct {
    kws_window window;
    kws_packing weights;
} kws_packed_window;

/* Words are (outputs / 4, planes, words of a row, 4 outputs); rows and outputs are filled up with zeros. The zero point's
 * share of a sum is in the bias. */
typedef struct {
    int32_t inputs, outputs;
    kws_packing weights;
    kws_requantize output;
} kws_packed_dense;

#ifdef __cplusplus
extern "C" {
#endif

/* Each inference unpacks the weights once, since each meets hundreds of inputs: to a multiple of KWS_UNPACKED. */
#define KWS_UNPACKED 160
void kws_packed_convolution_layer(const kws_packed_window *layer, const int8_t *input, int8_t *output,
                                  int16_t *scratch);
int32_t kws_packed_convolution_scratch(const kws_packed_window *layer);
void kws_packed_dense_layer(const kws_packed_dense *layer, const int8_t *input, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
