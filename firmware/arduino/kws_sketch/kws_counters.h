/* Cycles by the processor's own counter, and what its instruction cache had and had not.
 *
 * Arm, Cortex-M4 Technical Reference Manual, chapter 9 (DWT); Nordic Semiconductor, nRF52840 Product Specification,
 * NVMC: registers ICACHECNF, IHIT and IMISS.
 */
#ifndef KWS_COUNTERS_H
#define KWS_COUNTERS_H

#include <nrf.h>
#include <stdint.h>

typedef struct {
    uint32_t cycles, hits, misses; /* all modulo 2^32 */
} kws_counters;

/* Turns the cache on; returns whether it was. */
static inline int kws_counters_start(void) {
    const int on = NRF_NVMC->ICACHECNF & 1;
    NRF_NVMC->ICACHECNF = 1;
    CoreDebug->DEMCR |= 1u << 24; /* TRCENA */
    DWT->CTRL |= 1;               /* CYCCNTENA */
    return on;
}

/* Hits and misses are counted while this is on. */
static inline void kws_counters_profile(int on) { NRF_NVMC->ICACHECNF = on ? 1 | 1 << 8 : 1; }

static inline kws_counters kws_counters_read(void) {
    const kws_counters now = {DWT->CYCCNT, NRF_NVMC->IHIT, NRF_NVMC->IMISS};
    return now;
}

#endif
