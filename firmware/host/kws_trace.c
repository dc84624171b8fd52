#include "kws_trace.h"

#include <string.h>

#define NONE 0xFFFFFFFFu

void kws_trace_start(kws_trace *trace) {
    memset(trace->lines, 0, sizeof trace->lines);
    memset(trace->slots, 0, sizeof trace->slots);
    trace->back = trace->before = NONE;
    trace->current = -1;
    trace->count = 0;
}

/* Of two lines a set, the one used longer ago makes room. */
int32_t kws_trace_fetch(kws_trace *trace, uint32_t address, uint32_t size) {
    uint32_t last = (address + size - 1) / KWS_TRACE_LINE;
    int32_t missed = 0;
    for (uint32_t line = address / KWS_TRACE_LINE; line <= last; line++) {
        uint32_t *set = trace->lines[line % KWS_TRACE_SETS];
        if (set[0] == line + 1) continue;
        missed += set[1] != line + 1;
        set[1] = set[0];
        set[0] = line + 1;
    }
    return missed;
}

static uint32_t hand_over(kws_trace *trace, int32_t turn) {
    uint32_t back = trace->turn(trace, turn);
    memset(trace->slots, 0, sizeof trace->slots);
    trace->current = -1;
    trace->count = 0;
    return back;
}

/* The step from `before` to a block: the one that is there, or a new one. */
static kws_trace_step *step(kws_trace *trace, uint32_t before, uint32_t address, uint32_t size) {
    uint32_t slot = (before * 2654435761u ^ address * 2246822519u) >> 8;
    for (;; slot++) {
        uint32_t place = trace->slots[slot %= KWS_TRACE_SLOTS];
        if (!place) break;
        kws_trace_step *found = &trace->steps[place - 1];
        if (found->before == before && found->address == address) {
            trace->current = (int32_t)place - 1;
            return found;
        }
    }
    if (trace->count == KWS_TRACE_STEPS) {
        hand_over(trace, KWS_TRACE_FULL);
        return step(trace, before, address, size);
    }
    trace->current = trace->count++;
    trace->slots[slot] = (uint32_t)trace->count;
    trace->steps[trace->current] = (kws_trace_step){before, address, size, 0, 0, 0};
    return &trace->steps[trace->current];
}

/* A step into a stage's first block, or out of its last, is one of what comes before it. */
void kws_trace_block(void *emulator, uint64_t address64, uint32_t size, kws_trace *trace) {
    uint32_t address = (uint32_t)address64, before = trace->before;
    int32_t turn = KWS_TRACE_FULL;
    (void)emulator;
    step(trace, before, address, size)->times++;
    for (int32_t stage = 0; stage < trace->stage_count; stage++)
        if (address == trace->stages[stage]) turn = stage;
    if (turn == KWS_TRACE_FULL && address == trace->back) turn = KWS_TRACE_BACK;
    if (turn != KWS_TRACE_FULL) {
        trace->back = hand_over(trace, turn);
        step(trace, before, address, size);
    }
    trace->steps[trace->current].misses += (uint32_t)kws_trace_fetch(trace, address, size);
    trace->before = address;
}

uint64_t kws_trace_read(void *emulator, uint64_t offset, uint32_t size, kws_trace *trace) {
    uint64_t value = 0;
    (void)emulator;
    if (trace->current >= 0) trace->steps[trace->current].reads++;
    for (uint32_t i = 0; i < size && offset + i < trace->constants_size; i++)
        value |= (uint64_t)trace->constants[offset + i] << 8 * i;
    return value;
}
