/* Start-up for a Cortex-M4F without a vendor's library: vectors, data, FPU, main, leave. */
#include <stdint.h>

#include "semihosting.h"

extern uint32_t stack_top, data_load, data_start, data_end, bss_start, bss_end;

int main(void);
void reset_handler(void);

/* Faults and interrupts end here, where the virtual board finds them. */
void unexpected_exception(void) {
    for (;;) {
    }
}

__attribute__((section(".vectors"), used)) static const uintptr_t vectors[16] = {
    (uintptr_t)&stack_top,           (uintptr_t)reset_handler,
    (uintptr_t)unexpected_exception, /* NMI, HardFault, MemManage, BusFault, UsageFault */
    (uintptr_t)unexpected_exception, (uintptr_t)unexpected_exception,
    (uintptr_t)unexpected_exception, (uintptr_t)unexpected_exception,
};

void reset_handler(void) {
    *(volatile uint32_t *)0xE000ED88 |= 0xFu << 20; /* CPACR: the FPU */
    for (uint32_t *to = &data_start, *from = &data_load; to < &data_end;) *to++ = *from++;
    for (uint32_t *to = &bss_start; to < &bss_end;) *to++ = 0;
    if (main() == 0) leave();
    unexpected_exception();
}
