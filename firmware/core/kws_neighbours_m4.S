/* Cortex-M4: a row of neighbouring outputs of a convolution; its twin and its meaning are in kws_convolution.c.
 *
 *   void kws_neighbours(const int16_t *in, const int16_t *w, int32_t rows, int32_t fives, const kws_channel *to,
 *                       int8_t *out)
 *
 * In assembly, because compilers spill: five sums, four words of weights, three of input and two pointers are all the
 * registers there are. A row of the kernel is 35 cycles for 40 products: 20 SMLAD, 12 loads in three runs (a run of n
 * loads takes n + 1). Ten rows stand in line, 128 bytes of code each; a kernel of fewer jumps into their midst.
 */
#if defined(__ARM_FEATURE_DSP)

#include "kws_neighbours.h"

#define RUN_BYTES (1 << KWS_LOG2_RUN_BYTES)
#define ROW_BYTES (1 << KWS_LOG2_ROW_BYTES)
#define LOG2_CODE_BYTES 7 /* of the macro `row` */

    .syntax unified
    .thumb
    .section .text.kws_neighbours, "ax", %progbits
    .global kws_neighbours
    .type kws_neighbours, %function
    .p2align 2

    .macro row n
    ldr.w r9, [r1, #RUN_BYTES * \n]
    ldr.w r10, [r1, #RUN_BYTES * \n + 4]
    ldr.w r11, [r1, #RUN_BYTES * \n + 8]
    ldr.w r12, [r1, #RUN_BYTES * \n + 12]
    ldr.w r2, [r0, #ROW_BYTES * \n]
    ldr.w r3, [r0, #ROW_BYTES * \n + 4]
    ldr.w lr, [r0, #ROW_BYTES * \n + 8]
    smlad r4, r2, r9, r4
    smlad r4, r3, r10, r4
    smlad r5, r3, r9, r5
    smlad r4, lr, r11, r4
    smlad r5, lr, r10, r5
    smlad r6, lr, r9, r6
    ldr.w r2, [r0, #ROW_BYTES * \n + 12]
    ldr.w r3, [r0, #ROW_BYTES * \n + 16]
    ldr.w lr, [r0, #ROW_BYTES * \n + 20]
    smlad r4, r2, r12, r4
    smlad r5, r2, r11, r5
    smlad r6, r2, r10, r6
    smlad r7, r2, r9, r7
    smlad r5, r3, r12, r5
    smlad r6, r3, r11, r6
    smlad r7, r3, r10, r7
    smlad r8, r3, r9, r8
    smlad r6, lr, r12, r6
    smlad r7, lr, r11, r7
    smlad r8, lr, r10, r8
    ldr.w r2, [r0, #ROW_BYTES * \n + 24]
    ldr.w r3, [r0, #ROW_BYTES * \n + 28]
    smlad r7, r2, r12, r7
    smlad r8, r2, r11, r8
    smlad r8, r3, r12, r8
    .endm

    .macro requantize sum       /* kws_scaled_by */
    smmlar \sum, \sum, r9, \sum
    add.w \sum, \sum, \sum, asr #31
    smmlar \sum, \sum, r10, r11
    ssat \sum, #8, \sum
    strb.w \sum, [r2]
    add.w r2, r2, r12
    .endm

kws_neighbours:
    push {r2-r11, lr}           /* [sp] where to jump, [sp, #4] fives, [sp, #44] to, [sp, #48] out */
    rsb r2, r2, #KWS_NEIGHBOUR_ROWS /* rows to jump over, which are before `in` and `w` */
    sub r0, r0, r2, lsl #KWS_LOG2_ROW_BYTES
    sub r1, r1, r2, lsl #KWS_LOG2_RUN_BYTES
    adr r4, rows
    add r2, r4, r2, lsl #LOG2_CODE_BYTES
    orr r2, r2, #1
    str r2, [sp]
next_five:
    ldr r3, [sp, #44]
    ldr r2, [sp]
    ldr r4, [r3, #KWS_CHANNEL_BIAS]
    mov r5, r4
    mov r6, r4
    mov r7, r4
    mov r8, r4
    bx r2
    .p2align 2
rows:
    row 0
    row 1
    row 2
    row 3
    row 4
    row 5
    row 6
    row 7
    row 8
    row 9
end_of_rows:
    .if end_of_rows - rows != KWS_NEIGHBOUR_ROWS << LOG2_CODE_BYTES
    .error "rows of code are not as many or not as long as the jump into them assumes"
    .endif
    ldr r2, [sp, #48]
    ldr r3, [sp, #44]
    ldm.w r3, {r9-r12}          /* multiplier, power, zero point, depth */
    requantize r4
    requantize r5
    requantize r6
    requantize r7
    requantize r8
    str r2, [sp, #48]
    ldr r3, [sp, #4]
    adds r0, #4 * KWS_NEIGHBOURS
    subs r3, #1
    str r3, [sp, #4]
    bne next_five
    add sp, #8
    pop {r4-r11, pc}
    .size kws_neighbours, . - kws_neighbours

#endif
