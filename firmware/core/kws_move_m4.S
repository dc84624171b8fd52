/* Cortex-M4: void kws_move_blocks(int8_t *to, const int8_t *from, int32_t blocks); its twin is in kws_move.c.
 *
 * In assembly, because compilers make pairs of load and store of it, at 2 cycles a load and 3 after a store. Not by LDM
 * and STM, which fault off words.
 */
#if defined(__ARM_FEATURE_DSP)

    .syntax unified
    .thumb
    .section .text.kws_move_blocks, "ax", %progbits
    .global kws_move_blocks
    .type kws_move_blocks, %function
    .p2align 2
kws_move_blocks:
    push {r4-r10, lr}
    .p2align 2
next_block:
    .irp word, r3, r4, r5, r6, r7, r8, r9, r10
    ldr.w \word, [r1], #4
    .endr
    .irp word, r3, r4, r5, r6, r7, r8, r9, r10
    str.w \word, [r0], #4
    .endr
    subs.w r2, r2, #1
    bne next_block
    pop {r4-r10, pc}
    .size kws_move_blocks, . - kws_move_blocks

#endif
