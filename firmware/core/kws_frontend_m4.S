/* Cortex-M4: the front end's window and transform; twins and meaning are in kws_frontend.c.
 *
 *   uint32_t kws_windowed(const int16_t *samples, const int16_t *window, uint32_t *points)
 *   void kws_first_stage(uint32_t *points, int32_t shift)
 *   void kws_stage_4, kws_stage_16, kws_stage_64(uint32_t *points, const uint32_t *factors)
 *
 * In assembly, because compilers spill: a butterfly's four points, three factors and three constants of rounding, an
 * address, an end and one more word are all but one of the registers there are.
 */
#if defined(__ARM_FEATURE_DSP)

    .syntax unified
    .thumb

    /* ---- Window ---- */

    .section .text.kws_windowed, "ax", %progbits

    .macro windowed x, w        /* r3 the union of magnitudes, r8 is used up, r9 zero */
    smulbb r8, \x, \w
    smultt \x, \x, \w
    lsl.w \x, \x, #4
    pkhtb \x, \x, r8, asr #12
    ssub16 r8, r9, \x
    sel r8, r8, \x
    orr.w r3, r3, r8
    .endm

    .macro two_points leg, other /* of the four that a butterfly of the first stage takes */
    ldr.w r4, [r0, #256 * \leg]
    ldr.w r5, [r0, #256 * \other]
    ldr.w r6, [r1, #256 * \leg]
    ldr.w r7, [r1, #256 * \other]
    windowed r4, r6
    windowed r5, r7
    str.w r4, [r2, #4 * \leg]
    str.w r5, [r2, #4 * \other]
    .endm

    .macro next_point           /* the next sample's is 64 words on */
    add.w r0, r0, #4
    add.w r1, r1, #4
    add.w r2, r2, #256
    subs.w r10, r10, #1
    .endm

    .macro next_sixteen         /* of every fourth of those the next four's is 16 words on */
    sub.w r2, r2, #1024 - 64
    subs.w r11, r11, #1
    .endm

    .global kws_windowed
    .type kws_windowed, %function
    .p2align 2
kws_windowed:
    push {r4-r12, lr}
    mov.w r3, #0
    mov.w r9, #0
    mov.w r12, #3
next_quarter:                   /* of a quarter of the samples; each quarter's points are 4 words on */
    mov.w r11, #4
next_four:
    mov.w r10, #4
    .p2align 2
next_point:
    two_points 0, 1
    two_points 2, 3
    next_point
    bne next_point
    next_sixteen
    bne next_four
    sub.w r2, r2, #256 - 16
    subs.w r12, r12, #1
    bne next_quarter
    mov.w r11, #4
next_four_at_the_end:
    mov.w r10, #4
    .p2align 2
next_point_at_the_end:          /* the window is 480 samples long, the transform 512 */
    two_points 0, 1
    ldr.w r4, [r0, #512]
    ldr.w r6, [r1, #512]
    windowed r4, r6
    str.w r4, [r2, #8]
    str.w r9, [r2, #12]
    next_point
    bne next_point_at_the_end
    next_sixteen
    bne next_four_at_the_end
    mov r0, r3
    pop {r4-r12, pc}
    .size kws_windowed, . - kws_windowed

    /* ---- Transform ---- */

    .section .text.kws_transform, "ax", %progbits

    .macro rounding             /* a quarter as kissfft has it, 16382 / 65536; halves of that and of factors' products */
    movw r3, #16382
    mov.w r12, #32768
    mov.w lr, #16384
    .endm

    .macro quarter z            /* r8 is used up */
    smlabb r8, \z, r3, r12
    smlatb \z, \z, r3, r12
    pkhtb \z, \z, r8, asr #16
    .endm

    .macro turned z, factor     /* a quarter, times a factor */
    quarter \z
    smlsd r8, \z, \factor, lr
    smladx \z, \z, \factor, lr
    asr.w r8, r8, #15
    pkhbt \z, r8, \z, lsl #1
    .endm

    .macro butterfly            /* r4 and the turned r5, r6, r7 become r7, r8, r6, r4 */
    sadd16 r8, r4, r6
    ssub16 r4, r4, r6
    sadd16 r6, r5, r7
    ssub16 r5, r5, r7
    sadd16 r7, r8, r6
    ssub16 r6, r8, r6
    ssax r8, r4, r5
    sasx r4, r4, r5
    .endm

    .macro points leg
    ldr.w r4, [r0]
    ldr.w r5, [r0, #4 * \leg]
    ldr.w r6, [r0, #8 * \leg]
    ldr.w r7, [r0, #12 * \leg]
    .endm

    .macro back leg             /* and on to the next group */
    str.w r8, [r0, #4 * \leg]
    str.w r6, [r0, #8 * \leg]
    str.w r4, [r0, #12 * \leg]
    str.w r7, [r0]
    add.w r0, r0, #16 * \leg
    .endm

    .macro stage leg
    .global kws_stage_\leg
    .type kws_stage_\leg, %function
    .p2align 2
kws_stage_\leg:
    push {r4-r11, lr}
    rounding
    add.w r2, r0, #1024
    .p2align 2
plain_\leg:                     /* the first point of every leg has factors of one */
    points \leg
    quarter r4
    quarter r5
    quarter r6
    quarter r7
    butterfly
    back \leg
    cmp.w r0, r2
    blo plain_\leg
next_factors_\leg:
    ldm.w r1!, {r9-r11}
    sub.w r0, r0, #1024 - 4
    .p2align 2
next_group_\leg:
    points \leg
    quarter r4
    turned r5, r9
    turned r6, r10
    turned r7, r11
    butterfly
    back \leg
    cmp.w r0, r2
    blo next_group_\leg
    sub.w r8, r0, r2
    cmp.w r8, #4 * (\leg - 1)
    bne next_factors_\leg
    pop {r4-r11, pc}
    .size kws_stage_\leg, . - kws_stage_\leg
    .endm

    stage 4
    stage 16
    stage 64

    .global kws_first_stage
    .type kws_first_stage, %function
    .p2align 2
kws_first_stage:
    push {r4-r11, lr}
    rounding
    add.w r2, r0, #1024
    mov.w r9, #65536            /* what would carry from the lower half into the higher */
    lsl.w r10, r9, r1
    sub.w r9, r10, r9
    .p2align 2
next_butterfly:
    ldm.w r0, {r4-r7}
    .irp z, r4, r5, r6, r7
    lsl.w \z, \z, r1
    bic.w \z, \z, r9
    quarter \z
    .endr
    butterfly
    str.w r8, [r0, #4]
    str.w r6, [r0, #8]
    str.w r4, [r0, #12]
    str.w r7, [r0], #16
    cmp.w r0, r2
    blo next_butterfly
    pop {r4-r11, pc}
    .size kws_first_stage, . - kws_first_stage

#endif
