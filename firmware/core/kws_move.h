/* Bytes that move where a C library's memmove would be slow, or is not there. */
#ifndef KWS_MOVE_H
#define KWS_MOVE_H

#include <stdint.h>

#define KWS_MOVE_BLOCK 32 /* bytes that are read before any is written */

#ifdef __cplusplus
extern "C" {
#endif

/* `size` bytes from `from` to `to`, which may overlap where `to` is the lower. */
void kws_move(void *to, const void *from, int32_t size);

#ifdef __cplusplus
}
#endif

#endif
