/* What the assembly of kws_runs_m4.S and kws_depth_runs_m4.S has in common. */
#ifndef KWS_RUNS_M4_H
#define KWS_RUNS_M4_H

#ifdef __ASSEMBLER__
/* clang-format off */

    /* [sp] bias, [sp, #4] multiplier, [sp, #8] shift, [sp, #12] zero point; [sp, #16] to
     * [sp, #28] the first four arguments, [sp, #68] the fifth and so on */
    .macro begin
    push {r0-r11, lr}
    sub sp, #16
    ldm r3, {r4-r7}
    stm sp, {r4-r7}
    .endm

    /* kws_scaled_by (kws_requantize.h) */
    .macro requantize sum, m, power, zero
    smmlar \sum, \sum, \m, \sum
    add.w \sum, \sum, \sum, asr #31
    smmlar \sum, \sum, \power, \zero
    ssat \sum, #8, \sum
    .endm

    .macro store sum, multiplier, place /* r0 one, r1 is used up, r3 shifts below zero, r8 zero point, r9 out */
    ubfx r1, r3, #8 * \place, #5 /* 32 - shift */
    lsl.w \multiplier, \multiplier, #1
    lsl.w r1, r0, r1
    requantize \sum, \multiplier, r1, r8
    strb \sum, [r9], #1
    .endm

    .macro four_outputs         /* in r4 to r7, of the next four channels; and the flags say whether groups are left */
    ldr r0, [sp, #4]
    ldr r1, [sp, #8]
    ldr r8, [sp, #12]
    ldr r9, [sp, #68]
    ldr r3, [r1], #4
    ldm r0!, {r10-r12, lr}
    str r0, [sp, #4]
    str r1, [sp, #8]
    mov.w r0, #1
    store r4, r10, 0
    store r5, r11, 1
    store r6, r12, 2
    store r7, lr, 3
    ldr r1, [sp, #72]
    str r9, [sp, #68]
    subs r1, #1
    str r1, [sp, #72]
    .endm

/* clang-format on */
#endif

#endif
