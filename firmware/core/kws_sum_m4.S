/* Cortex-M4: void kws_sum_fours(const int8_t *a, const int8_t *b, int8_t *out, const int8_t *end_of_a,
 *                               const half_scales *scales); its twin is in kws_sum.c.
 *
 * In assembly, because compilers spill, and load bytes one by one. A loop for each shift, which then costs nothing.
 */
#if defined(__ARM_FEATURE_DSP)

    .syntax unified
    .thumb
    .section .text.kws_sum_fours, "ax", %progbits

    .macro one_sum b, a, free, right /* r4 minus zero point of b, r5 its multiplier, r6 its half, r7 offset */
    add.w \b, r4, \b, lsl #21
    smmlar \free, \b, r5, r6
    add.w \b, \free, \b, asr #31
    add.w \a, r7, \a, lsl #19
    add.w \a, \a, \b, asr #\right
    smmlar \a, \a, r8, \a       /* kws_scaled_by: r8 doubled multiplier, r9 power, r10 zero point */
    add.w \a, \a, \a, asr #31
    smmlar \a, \a, r9, r10
    ssat \a, #8, \a
    .endm

    .macro two_sums right
    ldrsb r11, [r1], #1
    ldrsb lr, [r1], #1
    ldrsb r12, [r0], #1
    one_sum r11, r12, r3, \right
    ldrsb r11, [r0], #1
    one_sum lr, r11, r3, \right
    strb r12, [r2], #1
    strb r11, [r2], #1
    .endm

    .macro sums right
    .p2align 2
sums_\right:
    two_sums \right
    two_sums \right
    ldr.w r3, [sp]
    cmp.w r0, r3
    bne sums_\right
    b no_more_sums
    .endm

    .global kws_sum_fours
    .type kws_sum_fours, %function
    .p2align 2
kws_sum_fours:
    push {r3-r11, lr}           /* [sp] end of a, [sp, #40] scales */
    ldr r3, [sp, #40]
    ldm r3, {r4-r11}            /* the last is the shift: 1 to 4 */
    cmp r11, #2
    blo sums_1
    beq sums_2
    cmp r11, #3
    beq sums_3
    sums 4
    sums 3
    sums 2
    sums 1
no_more_sums:
    pop {r3-r11, pc}
    .size kws_sum_fours, . - kws_sum_fours

#endif
