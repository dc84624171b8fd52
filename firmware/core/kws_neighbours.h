/* The convolution's inner loop, kws_neighbours: what C and assembly (kws_neighbours_m4.S) must agree on.
 *
 * It computes a row of outputs of one channel whose windows are KWS_NEIGHBOUR_RUN values wide and start one word apart,
 * as for one input channel, kernel width 8 and stride 2, so that neighbours share the words that are loaded.
 */
#ifndef KWS_NEIGHBOURS_H
#define KWS_NEIGHBOURS_H

#define KWS_NEIGHBOURS 5      /* outputs computed at a time */
#define KWS_NEIGHBOUR_ROWS 10 /* rows of a kernel, at most */
#define KWS_NEIGHBOUR_RUN 8   /* int16 of weights in a row of a kernel */
#define KWS_NEIGHBOUR_ROW 64  /* int16 from one row of widened input to the next */
#define KWS_LOG2_RUN_BYTES 4  /* the last two in bytes, as powers of two */
#define KWS_LOG2_ROW_BYTES 7
#define KWS_CHANNEL_BIAS 16 /* bytes from the start of a kws_channel to its bias */

#define KWS_TAP_PAIRS 8 /* pairs of taps of a kernel by depth, at most: of a column alone, and of one of an odd time */

#ifndef __ASSEMBLER__

#include <stdint.h>

/* How one channel's sums become int8 (kws_scaled_by), `depth` apart. The assembly loads the first four at once, in this
 * order. */
typedef struct {
    int32_t multiplier, power, zero_point, depth, bias;
} kws_channel;

#endif

#endif
