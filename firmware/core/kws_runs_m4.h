/* What the assembly of layers over runs has in common. */
#ifndef KWS_RUNS_M4_H
#define KWS_RUNS_M4_H

#ifdef __ASSEMBLER__
/* clang-format off */

    /* kws_scaled_by (kws_requantize.h) */
    .macro requantize sum, m, power, zero
    smmlar \sum, \sum, \m, \sum
    add.w \sum, \sum, \sum, asr #31
    smmlar \sum, \sum, \power, \zero
    ssat \sum, #8, \sum
    .endm

    /* Single columns: a kws_column at r0, inputs at r1, outputs at r2. [sp] biases, [sp, #4] multipliers, [sp, #8] shifts
     * less the outputs' address, [sp, #12] zero point, [sp, #28] the last group's outputs; the caller writes r4 to r11
     * there. */
    .macro begin_column         /* r0 length, r1 inputs, r2 weights, r3 groups, r12 outputs */
    push {r4-r11, lr}
    sub sp, #40
    mov r12, r2
    ldm.w r0, {r0, r2-r7}
    sub.w r6, r6, r12
    sub.w r11, r3, #1
    add.w r11, r12, r11, lsl #2
    .endm

    .macro begin_outputs        /* of the next group, at r12; the flags say whether it is not the last */
    ldr.w r0, [sp, #8]
    ldr.w r1, [sp, #4]
    ldr.w r8, [sp, #12]
    ldr.w r3, [r12, r0]
    ldr.w r0, [sp, #28]
    ldr.w r9, [r1], #4
    ldr.w r10, [r1], #4
    ldr.w r11, [r1], #4
    ldr.w lr, [r1], #4
    str.w r1, [sp, #4]
    cmp.w r12, r0
    .endm

    .macro output_of sum, multiplier, place /* twice the sum; r0 one, r1 is used up, r3 shifts below zero, r8 zero point */
    ubfx r1, r3, #8 * \place, #5 /* 32 - shift */
    lsl.w r1, r0, r1
    smmulr \sum, \sum, \multiplier
    add.w \sum, \sum, \sum, asr #31
    smmlar \sum, \sum, r1, r8
    ssat \sum, #8, \sum
    strb.w \sum, [r12], #1
    .endm

    .macro end_outputs          /* twice the sums in r4 to r7; leaves the flags */
    mov.w r0, #1
    output_of r4, r9, 0
    output_of r5, r10, 1
    output_of r6, r11, 2
    output_of r7, lr, 3
    .endm

/* clang-format on */
#endif

#endif
