/* Cortex-M4: outputs of a convolution by depth along time; twins and meaning are in kws_depth_runs.c.
 *
 *   void kws_depth_column_layer(const kws_column *layer, const int8_t *in, int8_t *out)
 *   void kws_run_taps(const uint32_t *in, const uint32_t *w, int32_t pairs, int32_t count, const kws_channel *scale,
 *                     int8_t *out)
 *
 * In assembly, because compilers spill.
 */
#if defined(__ARM_FEATURE_DSP)

#include "kws_neighbours.h"
#include "kws_runs_m4.h"

    .syntax unified
    .thumb
    .section .text.kws_depth_column_layer, "ax", %progbits

#define TAPS_CODE_BYTES 84 /* of the macro `pair_of_taps` */

    .macro two_taps             /* four channels of two taps in r8 and r9, weights in r10 and r11 */
    sxtb16 r12, r8
    sxtb16 r8, r8, ror #8
    sxtb16 lr, r9
    sxtb16 r9, r9, ror #8
    pkhbt r3, r12, lr, lsl #16
    pkhtb r12, lr, r12, asr #16
    pkhbt lr, r8, r9, lsl #16
    pkhtb r8, r9, r8, asr #16
    sxtb16 r9, r10
    smlad r4, r3, r9, r4
    sxtb16 r10, r10, ror #8
    smlad r5, lr, r10, r5
    sxtb16 r9, r11
    smlad r6, r12, r9, r6
    sxtb16 r11, r11, ror #8
    smlad r7, r8, r11, r7
    .endm

    .macro pair_of_taps
    ldr.w r8, [r0]
    ldr.w r9, [r0, r1]
    ldr.w r10, [r2], #4
    ldr.w r11, [r2], #4
    add.w r0, r0, r1, lsl #1
    two_taps
    .endm

    .global kws_depth_column_layer
    .type kws_depth_column_layer, %function
    .p2align 2
kws_depth_column_layer:           /* [sp, #16] from the last tap but one to the last, or 0; [sp, #20] where to enter */
    begin_column                /* the taps, [sp, #24] channels, [sp, #32] outputs, [sp, #36] inputs */
    str r12, [sp, #32]
    str r1, [sp, #36]
    lsl.w r10, r3, #2
    mov r8, r10
    tst r0, #1
    it ne
    movne r8, #0
    subs r0, #1
    lsrs r0, r0, #1             /* pairs before the last, which is of one tap where they are odd */
    movs r1, #TAPS_CODE_BYTES
    adr.w r9, last_taps
    mls r9, r0, r1, r9
    orr r9, r9, #1
    stm sp, {r4-r11}
    .p2align 2
next_channels:
    ldr.w r3, [sp]
    ldr.w lr, [sp, #20]
    ldr.w r1, [sp, #24]
    ldr.w r0, [sp, #36]
    ldm.w r3!, {r4-r7}
    str.w r3, [sp]
    add.w r3, r0, #4
    str.w r3, [sp, #36]
    bx lr
    .p2align 2
taps:
    .rept KWS_TAP_PAIRS - 1
    pair_of_taps
    .endr
last_taps:                      /* an odd one meets weights of zero */
    .if last_taps - taps != (KWS_TAP_PAIRS - 1) * TAPS_CODE_BYTES
    .error "taps of code are not as long as the jump into them assumes"
    .endif
    ldr.w r3, [sp, #16]
    ldr.w r8, [r0]
    ldr.w r10, [r2], #4
    ldr.w r11, [r2], #4
    ldr.w r9, [r0, r3]
    two_taps
    ldr.w r12, [sp, #32]
    begin_outputs
    lsl.w r4, r4, #1
    lsl.w r5, r5, #1
    lsl.w r6, r6, #1
    lsl.w r7, r7, #1
    end_outputs
    str.w r12, [sp, #32]
    bne.w next_channels
    add sp, #40
    pop {r4-r11, pc}
    .size kws_depth_column_layer, . - kws_depth_column_layer

    .section .text.kws_run_taps, "ax", %progbits

#define CODE_BYTES 44 /* of the macro `pair` */

    .macro pair n               /* two taps of six outputs side by side, two of which begin in each word */
    ldr.w r2, [r1, #8 * \n]
    ldr.w r3, [r1, #8 * \n + 4]
    ldr.w r10, [r0, #16 * \n]
    ldr.w r11, [r0, #16 * \n + 16]
    ldr.w r12, [r0, #16 * \n + 32]
    smlad r4, r10, r2, r4
    smlad r5, r10, r3, r5
    smlad r6, r11, r2, r6
    smlad r7, r11, r3, r7
    smlad r8, r12, r2, r8
    smlad r9, r12, r3, r9
    .endm

    .macro output sum           /* r2 and r3 factors, r11 zero point, r12 depth, lr out */
    requantize \sum, r2, r3, r11
    strb.w \sum, [lr]
    add.w lr, lr, r12
    .endm

    .macro one_less
    subs.w r10, r10, #1
    beq no_more
    .endm

    .global kws_run_taps
    .type kws_run_taps, %function
    .p2align 2
kws_run_taps:
    push {r2-r11, lr}           /* [sp] where to jump, [sp, #4] outputs left, [sp, #44] scale, [sp, #48] out */
    rsb r2, r2, #KWS_TAP_PAIRS  /* pairs to jump over, which are before `in` and `w` */
    sub.w r0, r0, r2, lsl #4
    sub.w r1, r1, r2, lsl #3
    mov r4, #CODE_BYTES
    adr r5, pairs
    mla r2, r2, r4, r5
    orr r2, r2, #1
    str r2, [sp]
next_six:
    ldr r3, [sp, #44]
    ldr r2, [sp]
    ldr r4, [r3, #KWS_CHANNEL_BIAS]
    mov r5, r4
    mov r6, r4
    mov r7, r4
    mov r8, r4
    mov r9, r4
    bx r2
    .p2align 2
pairs:
    pair 0
    pair 1
    pair 2
    pair 3
    pair 4
    pair 5
    pair 6
    pair 7
end_of_pairs:
    .if end_of_pairs - pairs != KWS_TAP_PAIRS * CODE_BYTES
    .error "pairs of code are not as many or not as long as the jump into them assumes"
    .endif
    ldr.w r3, [sp, #44]
    ldr.w lr, [sp, #48]
    ldr.w r10, [sp, #4]
    ldm.w r3, {r2, r3, r11, r12} /* multiplier, power, zero point, depth */
    adds.w r0, r0, #48
    subs.w r10, r10, #6
    blt last_outputs
    output r4
    output r5
    output r6
    output r7
    output r8
    output r9
    str.w lr, [sp, #48]
    str r10, [sp, #4]
    cmp r10, #0
    bne.w next_six
    b no_more
last_outputs:                   /* five at most */
    add.w r10, r10, #6
    output r4
    one_less
    output r5
    one_less
    output r6
    one_less
    output r7
    one_less
    output r8
no_more:
    add sp, #8
    pop {r4-r11, pc}
    .size kws_run_taps, . - kws_run_taps

#endif
