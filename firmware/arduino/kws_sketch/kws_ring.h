/* Sound on its way from the microphone's interrupt to the loop: one writes, one reads, neither waits.
 *
 * Sound that does not fit is refused as a whole and counted: what is read is in the order of time, with gaps only where
 * overruns were counted. The indices run on; the size is a power of two, so that nothing moves when they pass 2^32,
 * after 74 hours.
 */
#ifndef KWS_RING_H
#define KWS_RING_H

#include <stdint.h>
#include <string.h>

enum { KWS_RING = 8192 }; /* samples, 512 ms */

typedef struct {
    int16_t samples[KWS_RING];
    uint32_t written, read;  /* samples so far; each is changed by one side */
    uint32_t overruns, lost; /* gaps, and samples in them */
    uint32_t full;           /* the last sound was refused */
} kws_ring;

/* Samples that wait to be read. */
static inline uint32_t kws_ring_waiting(const kws_ring *ring) {
    return __atomic_load_n(&ring->written, __ATOMIC_ACQUIRE) - __atomic_load_n(&ring->read, __ATOMIC_ACQUIRE);
}

/* For the interrupt. `count`: at most KWS_RING. */
static inline void kws_ring_write(kws_ring *ring, const int16_t *samples, uint32_t count) {
    if (count > KWS_RING - kws_ring_waiting(ring)) {
        if (!ring->full) __atomic_store_n(&ring->overruns, ring->overruns + 1, __ATOMIC_RELAXED);
        __atomic_store_n(&ring->lost, ring->lost + count, __ATOMIC_RELAXED);
        ring->full = 1;
        return;
    }
    const uint32_t start = ring->written % KWS_RING, until_end = KWS_RING - start;
    const uint32_t first = count < until_end ? count : until_end;
    memcpy(ring->samples + start, samples, first * sizeof *samples);
    memcpy(ring->samples, samples + first, (count - first) * sizeof *samples);
    ring->full = 0;
    __atomic_store_n(&ring->written, ring->written + count, __ATOMIC_RELEASE);
}

/* For the loop: the oldest `count` samples, or 0 while there are fewer. */
static inline int kws_ring_read(kws_ring *ring, int16_t *samples, uint32_t count) {
    if (kws_ring_waiting(ring) < count) return 0;
    const uint32_t start = ring->read % KWS_RING, until_end = KWS_RING - start;
    const uint32_t first = count < until_end ? count : until_end;
    memcpy(samples, ring->samples + start, first * sizeof *samples);
    memcpy(samples + first, ring->samples, (count - first) * sizeof *samples);
    __atomic_store_n(&ring->read, ring->read + count, __ATOMIC_RELEASE);
    return 1;
}

#endif
