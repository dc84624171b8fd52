/* Cortex-M4: means of channels by fours; its twin and its meaning are in kws_mean.c.
 *
 *   void kws_mean_fours(const int8_t *in, int32_t positions, int32_t channels, const mean_scales *scales, int8_t *out,
 *                       int32_t groups)
 *
 * In assembly, because compilers spill.
 */
#if defined(__ARM_FEATURE_DSP)

    .syntax unified
    .thumb
    .section .text.kws_mean_fours, "ax", %progbits

    .macro add_four word        /* first and third to r9, second and fourth to r10 */
    sxtab16 r9, r9, \word
    sxtab16 r10, r10, \word, ror #8
    .endm

    .macro mean sum             /* r3 multiplier, r4 factor, r5 offset, r6 negative, r7 half, r8 right; lr is used up */
    mla \sum, \sum, r4, r5
    smmulr \sum, \sum, r3
    and.w lr, r6, \sum, asr #31
    add.w \sum, \sum, lr
    add.w \sum, \sum, r7
    asr.w \sum, \sum, r8
    ssat \sum, #8, \sum
    strb \sum, [r1], #1
    .endm

    .global kws_mean_fours
    .type kws_mean_fours, %function
    .p2align 2
kws_mean_fours:                 /* [sp] positions, [sp, #4] from the last position back to the first of the next group, */
    push {r4-r11, lr}           /* [sp, #44] out, [sp, #48] groups left */
    sub sp, #8
    mul r4, r1, r2
    subs r4, #4
    str r1, [sp]
    str r4, [sp, #4]
    ldm r3, {r3-r8}
    ldr r1, [sp, #44]
next_group:
    ldr.w lr, [sp]
    mov.w r9, #0
    mov.w r10, #0
    subs.w lr, lr, #2
    blt.w last_position
    .p2align 2
next_positions:
    ldr.w r11, [r0]
    ldr.w r12, [r0, r2]
    add.w r0, r0, r2, lsl #1
    add_four r11
    add_four r12
    subs.w lr, lr, #2
    bge next_positions
last_position:
    adds.w lr, lr, #1
    bne all_positions
    ldr.w r11, [r0]
    add r0, r2
    add_four r11
    .p2align 2
all_positions:
    ldr.w lr, [sp, #4]
    sub.w r0, r0, lr
    asr.w r11, r9, #16
    asr.w r12, r10, #16
    sxth.w r9, r9
    sxth.w r10, r10
    mean r9
    mean r10
    mean r11
    mean r12
    ldr.w lr, [sp, #48]
    subs.w lr, lr, #1
    str.w lr, [sp, #48]
    bne next_group
    add sp, #8
    pop {r4-r11, pc}
    .size kws_mean_fours, . - kws_mean_fours

#endif
