/* Cortex-M4: four columns of a convolution over runs; twins and meaning are in kws_runs.c.
 *
 *   void kws_run_four_columns(const uint32_t *in, int32_t fours, const int8_t *w, const kws_pair *pairs, int8_t *out,
 *                             int32_t depth)
 *   void kws_run_widen(const int8_t *const *in, int32_t fours, uint32_t *widened)
 *
 * In assembly, because compilers spill. A word of weights is of two outputs, o and p, whose weights lie in it as
 * 256 p + o: one SMLAD by the word sums for both, one by its sign-extended low bytes for o alone, and p is what is left.
 */
#if defined(__ARM_FEATURE_DSP)

#include "kws_runs_m4.h"

    .syntax unified
    .thumb
    .section .text.kws_runs, "ax", %progbits

    .macro both sum, low        /* from the sum for two outputs that of the second */
    sub.w \sum, \sum, \low
    asr.w \sum, \sum, #8
    .endm

    .macro two_inputs_of_four   /* r6 to r9 single sums, r10 to r12 and lr those for two */
    ldr.w r2, [r1], #8
    ldr.w r4, [r0], #4
    ldr.w r5, [r0], #4
    sxtb16 r3, r2
    smlad r10, r4, r2, r10
    smlad r6, r4, r3, r6
    smlad r11, r5, r2, r11
    smlad r7, r5, r3, r7
    ldr.w r4, [r0], #4
    ldr.w r5, [r0], #4
    smlad r12, r4, r2, r12
    smlad r8, r4, r3, r8
    smlad lr, r5, r2, lr
    smlad r9, r5, r3, r9
    .endm

    .macro store_two one, other /* r0 out, r1 from column to column */
    strb \one, [r0]
    strb \other, [r0, #1]
    add.w r0, r0, r1
    .endm

    .global kws_run_four_columns
    .type kws_run_four_columns, %function
    .p2align 2
kws_run_four_columns:           /* [sp] pairs left, [sp, #4] fours, [sp, #8] inputs, [sp, #12] their end, */
    push {r0-r11, lr}           /* [sp, #16] weights, [sp, #20] pairs, [sp, #60] out, [sp, #64] depth */
    sub sp, #8
    add.w r0, r0, r1, lsl #5
    str r1, [sp, #4]
    str r0, [sp, #12]
    ldr r0, [sp, #64]
    lsrs r0, r0, #1
    str r0, [sp]
next_pair:
    ldr r0, [sp, #8]
    ldr r1, [sp, #16]
    ldr r2, [sp, #4]
    ldr r3, [sp, #20]
    ldm r3!, {r6, r10}          /* bias, bias of both */
    str r3, [sp, #20]
    mov r7, r6
    mov r8, r6
    mov r9, r6
    mov r11, r10
    mov r12, r10
    mov lr, r10
    lsls r2, r2, #31
    bmi odd_inputs_of_four
    .p2align 2
next_inputs_of_four:
    two_inputs_of_four
    two_inputs_of_four
odd_inputs_of_four:
    two_inputs_of_four
    two_inputs_of_four
    ldr.w r2, [sp, #12]
    cmp.w r0, r2
    bne.w next_inputs_of_four
    ldr r2, [sp]                /* a group's second pair is a word further on, the next group beyond that */
    lsls r2, r2, #31
    itee mi
    submi r1, #4
    ldrpl r1, [sp, #16]
    addpl r1, #4
    str r1, [sp, #16]
    both r10, r6
    both r11, r7
    both r12, r8
    both lr, r9
    ldr r0, [sp, #20]
    ldm r0!, {r1-r5}            /* multiplier and power of both outputs, zero point */
    str r0, [sp, #20]
    .p2align 2
    requantize r6, r1, r2, r5
    requantize r7, r1, r2, r5
    requantize r8, r1, r2, r5
    requantize r9, r1, r2, r5
    requantize r10, r3, r4, r5
    requantize r11, r3, r4, r5
    requantize r12, r3, r4, r5
    requantize lr, r3, r4, r5
    ldr r0, [sp, #60]
    ldr r1, [sp, #64]
    ldr r2, [sp]
    adds r3, r0, #2
    str r3, [sp, #60]
    store_two r6, r10
    store_two r7, r11
    store_two r8, r12
    store_two r9, lr
    subs r2, #1
    str r2, [sp]
    bne.w next_pair
    add sp, #24
    pop {r4-r11, pc}
    .size kws_run_four_columns, . - kws_run_four_columns

    .global kws_run_widen
    .type kws_run_widen, %function
    .p2align 2
kws_run_widen:
    push {r4-r11, lr}
    mov r12, r2
    mov lr, r1
    ldm r0, {r0-r3}
    .p2align 2
next_words:
    ldr.w r4, [r0], #4
    ldr.w r5, [r1], #4
    ldr.w r6, [r2], #4
    ldr.w r7, [r3], #4
    sxtb16 r8, r4
    sxtb16 r9, r5
    sxtb16 r10, r6
    sxtb16 r11, r7
    sxtb16 r4, r4, ror #8
    sxtb16 r5, r5, ror #8
    sxtb16 r6, r6, ror #8
    sxtb16 r7, r7, ror #8
    .irp word, r8, r9, r10, r11, r4, r5, r6, r7
    str.w \word, [r12], #4
    .endr
    subs.w lr, lr, #1
    bne next_words
    pop {r4-r11, pc}
    .size kws_run_widen, . - kws_run_widen

#endif
