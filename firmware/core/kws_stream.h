/* What a network keeps from hop to hop of a stream; the plan is kwslib/deployment/streaming.py, written out as the calls
 * of kws_model_hop. */
#ifndef KWS_STREAM_H
#define KWS_STREAM_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Rows that stay: `size` bytes come to lie at `kept` from `distance` bytes further on. */
void kws_keep(int8_t *kept, int32_t distance, int32_t size);

/* A tensor of a stream that has not begun. */
void kws_fill(int8_t *tensor, int32_t value, int32_t size);

#ifdef __cplusplus
}
#endif

#endif
