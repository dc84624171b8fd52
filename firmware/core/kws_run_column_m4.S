/* Cortex-M4: a column of a convolution over runs; its twin and its meaning are in kws_runs.c.
 *
 *   void kws_run_column_layer(const kws_column *layer, const int8_t *in, int8_t *out)
 *
 * In assembly, because compilers spill. A word of weights is of two outputs, o and p, whose weights lie in it as
 * 256 p + o: one SMLAD by the word sums for both, one by its sign-extended low bytes for o alone, and p is what is left.
 * A group of outputs goes FOURS words of input at a time through straight code, which it enters in the middle where its
 * run is not so long.
 */
#if defined(__ARM_FEATURE_DSP)

#include "kws_runs_m4.h"

    .syntax unified
    .thumb
    .section .text.kws_run_column_layer, "ax", %progbits

#define FOURS 10
#define CODE_BYTES 76 /* of the macro `four_inputs` */

    .macro two_inputs halves, one, other /* r4 and r6 single sums, r5 and r7 those for two */
    smlad r5, \halves, \one, r5
    sxtb16 \one, \one
    smlad r4, \halves, \one, r4
    smlad r7, \halves, \other, r7
    sxtb16 \other, \other
    smlad r6, \halves, \other, r6
    .endm

    .macro four_inputs
    ldr.w r3, [r0], #4
    ldr.w r9, [r2, #4]
    ldr.w r10, [r2, #8]
    ldr.w r11, [r2, #12]
    ldr.w r8, [r2], #16
    sxtb16 lr, r3
    sxtb16 r3, r3, ror #8
    two_inputs lr, r8, r9
    two_inputs r3, r10, r11
    .endm

    .global kws_run_column_layer
    .type kws_run_column_layer, %function
    .p2align 2
kws_run_column_layer:                 /* [sp, #16] times through the code, [sp, #20] where to enter it, [sp, #24] inputs */
    begin_column
    mov r10, r1
    movs r8, #0
count_times:
    adds r8, #1
    subs r0, #FOURS
    bgt count_times
    movs r1, #CODE_BYTES
    adr.w r9, fours
    mls r9, r0, r1, r9
    orr r9, r9, #1
    stm sp, {r4-r11}
    .p2align 2
next_group:
    ldr.w r3, [sp]
    ldr.w r1, [sp, #16]
    ldr.w lr, [sp, #20]
    ldr.w r0, [sp, #24]
    ldm.w r3!, {r4-r7}
    str.w r3, [sp]
    add.w r5, r4, r5, lsl #8
    add.w r7, r6, r7, lsl #8
    bx lr
    .p2align 2
fours:
    .rept FOURS
    four_inputs
    .endr
end_of_fours:
    .if end_of_fours - fours != FOURS * CODE_BYTES
    .error "words of code are not as long as the jump into them assumes"
    .endif
    subs.w r1, r1, #1
    bgt.w fours
    begin_outputs
    sub.w r5, r5, r4
    sub.w r7, r7, r6
    lsl.w r4, r4, #1
    asr.w r5, r5, #7
    lsl.w r6, r6, #1
    asr.w r7, r7, #7
    end_outputs
    bne.w next_group
    add sp, #40
    pop {r4-r11, pc}
    .size kws_run_column_layer, . - kws_run_column_layer

#endif
