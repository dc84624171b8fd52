/* Cortex-M4: a column of outputs of a convolution over runs; twins and meaning are in kws_runs.c.
 *
 *   void kws_run_column(const int8_t *in, int32_t fours, const int8_t *w, const kws_requantize *to, int8_t *out,
 *                       int32_t groups)
 *   void kws_run_depth_column(const int8_t *in, int32_t depth, const int8_t *w, const kws_requantize *to, int8_t *out,
 *                             int32_t groups, int32_t taps)
 *
 * In assembly, because compilers spill: four sums, a word of inputs and its halves, four words of weights. Sums begin as
 * biases, and a group of four outputs ends as kws_scaled_plain does.
 */
#if defined(__ARM_FEATURE_DSP)

    .syntax unified
    .thumb
    .section .text.kws_runs, "ax", %progbits

    /* [sp] bias, [sp, #4] multiplier, [sp, #8] shift, [sp, #12] zero point; [sp, #16] in, [sp, #20] fours or depth;
     * [sp, #68] out, [sp, #72] groups, [sp, #76] taps */
    .macro begin
    push {r0-r11, lr}
    sub sp, #16
    ldm r3, {r4-r7}
    stm sp, {r4-r7}
    .endm

    .macro biases
    ldr r3, [sp]
    ldm r3!, {r4-r7}
    str r3, [sp]
    .endm

    .macro requantize sum, multiplier, shifts   /* r0 one, r1 and the multiplier are used up, r8 zero point, r9 out */
    lsl \sum, \sum, #1
    smmulr \sum, \sum, \multiplier
    sxtb r1, \shifts
    rsb r1, r1, #0
    add \sum, \sum, \sum, asr #31
    lsl \multiplier, r0, r1
    add \sum, \sum, \multiplier, lsr #1
    asr \sum, \sum, r1
    add \sum, \sum, r8
    ssat \sum, #8, \sum
    strb \sum, [r9], #1
    .endm

    .macro four_outputs         /* and round again while groups are left */
    ldr r0, [sp, #4]
    ldr r1, [sp, #8]
    ldr r8, [sp, #12]
    ldr r9, [sp, #68]
    ldm r0!, {r10-r12, lr}
    ldr r3, [r1], #4
    str r0, [sp, #4]
    str r1, [sp, #8]
    mov r0, #1
    requantize r4, r10, r3
    lsr r3, r3, #8
    requantize r5, r11, r3
    lsr r3, r3, #8
    requantize r6, r12, r3
    lsr r3, r3, #8
    requantize r7, lr, r3
    str r9, [sp, #68]
    ldr r1, [sp, #72]
    subs r1, #1
    str r1, [sp, #72]
    .endm

    .macro product sum, weights  /* r3 is used up, lr and r8 the inputs' halves */
    sxtb16 r3, \weights
    smlad \sum, lr, r3, \sum
    sxtb16 \weights, \weights, ror #8
    smlad \sum, r8, \weights, \sum
    .endm

    .global kws_run_column
    .type kws_run_column, %function
    .p2align 2
kws_run_column:
    begin
next_group:
    biases
    ldr r0, [sp, #16]
    ldr r1, [sp, #20]
    .p2align 2
next_word:
    ldr.w r8, [r0], #4
    ldm.w r2!, {r9-r12}
    sxtb16 lr, r8
    sxtb16 r8, r8, ror #8
    product r4, r9
    product r5, r10
    product r6, r11
    product r7, r12
    subs.w r1, r1, #1
    bne next_word
    four_outputs
    bne next_group
    add sp, #32
    pop {r4-r11, pc}
    .size kws_run_column, . - kws_run_column

    .macro two_taps             /* four channels of two taps in r8 and r9 */
    ldr.w r10, [r2], #4
    ldr.w r11, [r2], #4
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

    .global kws_run_depth_column
    .type kws_run_depth_column, %function
    .p2align 2
kws_run_depth_column:
    begin
next_channels:
    biases
    ldr r0, [sp, #16]
    add r3, r0, #4              /* the next four channels' */
    str r3, [sp, #16]
    ldr r1, [sp, #76]
    subs r1, #2
    blt last_tap
    .p2align 2
next_taps:
    ldr.w r3, [sp, #20]
    ldr.w r8, [r0]
    ldr.w r9, [r0, r3]
    add.w r0, r0, r3, lsl #1
    two_taps
    subs.w r1, r1, #2
    bge next_taps
last_tap:                       /* an odd one meets weights of zero */
    cmp r1, #-1
    bne all_taps
    ldr r8, [r0]
    mov r9, r8
    two_taps
all_taps:
    four_outputs
    bne next_channels
    add sp, #32
    pop {r4-r11, pc}
    .size kws_run_depth_column, . - kws_run_depth_column

#endif
