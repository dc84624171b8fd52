/* What an emulated program does, counted: which block of code follows which, its reads of constants, and the lines that
 * the nRF52840's instruction cache has to fetch.
 *
 * An emulator calls kws_trace_block and kws_trace_read for every block and every read of a constant, millions of times a
 * second of sound; where a stage of the program begins or ends they hand what was counted to `turn`. */
#ifndef KWS_TRACE_H
#define KWS_TRACE_H

#include <stdint.h>

/* Nordic states neither the cache's size nor its ways. 2 KB in two ways of 16-byte lines is what fits the cycles that
 * P-256 was measured to take on the chip (github.com/Emill/P256-Cortex-M4; book/silicon.yml): with 4 KB nothing fits. */
#define KWS_TRACE_LINE 16
#define KWS_TRACE_SETS 64
#define KWS_TRACE_CACHE 2048

#define KWS_TRACE_STAGES 8
#define KWS_TRACE_STEPS 4096
#define KWS_TRACE_SLOTS 16384

enum { KWS_TRACE_BACK = -1, KWS_TRACE_FULL = -2 }; /* turns that are no stage's begin */

typedef struct { /* a block, and the one that ran before it: 0xFFFFFFFF for none */
    uint32_t before, address, size;
    uint32_t times, reads, misses;
} kws_trace_step;

typedef struct kws_trace {
    uint32_t lines[KWS_TRACE_SETS][2]; /* of each set, plus one: the one used last, the other */
    uint32_t stages[KWS_TRACE_STAGES]; /* addresses of the blocks that begin them */
    int32_t stage_count;
    uint32_t back;                   /* address to which the stage returns */
    uint32_t before;                 /* address of the block that runs */
    int32_t current;                 /* its step; -1 before the first */
    int32_t count;                   /* of steps */
    uint32_t slots[KWS_TRACE_SLOTS]; /* places in steps, plus one, by hash */
    kws_trace_step steps[KWS_TRACE_STEPS];
    const uint8_t *constants; /* that kws_trace_read gives, constants_size bytes */
    uint64_t constants_size;
    /* Takes the steps: stage `turn` begins, or KWS_TRACE_BACK, or KWS_TRACE_FULL. Gives the address to return to. */
    uint32_t (*turn)(struct kws_trace *trace, int32_t turn);
} kws_trace;

/* Nothing counted, no code in the cache; stages, constants and turn stay. */
void kws_trace_start(kws_trace *trace);

/* The lines that are missed when `size` bytes of code at `address` are run through. */
int32_t kws_trace_fetch(kws_trace *trace, uint32_t address, uint32_t size);

/* Unicorn's callbacks; `trace` is theirs to hand over. */
void kws_trace_block(void *emulator, uint64_t address, uint32_t size, kws_trace *trace);
uint64_t kws_trace_read(void *emulator, uint64_t offset, uint32_t size, kws_trace *trace);

#endif
