/* The layers of kws_packed.h, on the Cortex-M4's 16-bit pairs. */
#include "kws_packed.h"

#include "kws_requantize.h"

enum { PAIR = 0x00010001, BYTES = 0x01010101, TRITS_A_BYTE = 5, LONGEST = 32 /* inputs of one word */ };

/* Inputs that one word of a plane of `bits` bits meets. */
static int32_t inputs_of(int32_t bits) { return bits == KWS_TRITS ? 4 * TRITS_A_BYTE : 32 / bits; }

/* The widest plane that numbers of `bits` bits still need. */
static int32_t widest(int32_t bits) { return bits >= 4 ? 4 : bits >= 2 ? 2 : bits; }

/* `groups` words for each of four outputs: sums[n] += inputs * numbers. */
KWS_INLINE void fields(const int8_t *in, int32_t groups, const uint32_t *words, int32_t bits, int32_t *sums) {
    const uint32_t mask = PAIR * ((1u << bits) - 1);
    int32_t s = sums[0], t = sums[1], u = sums[2], v = sums[3];
    KWS_ROLLED
    for (const uint32_t *end = words + 4 * groups; words < end; words += 4) {
        const uint32_t a = words[0], b = words[1], c = words[2], d = words[3];
        KWS_UNROLLED
        for (int32_t bit = 0; bit < 16; bit += 2 * bits, in += 4) {
            const uint32_t x = kws_load(in), even = kws_sxtb16(x), odd = kws_sxtb16_ror8(x);
            s = kws_smlad(odd, a >> (bit + bits) & mask, kws_smlad(even, a >> bit & mask, s));
            t = kws_smlad(odd, b >> (bit + bits) & mask, kws_smlad(even, b >> bit & mask, t));
            u = kws_smlad(odd, c >> (bit + bits) & mask, kws_smlad(even, c >> bit & mask, u));
            v = kws_smlad(odd, d >> (bit + bits) & mask, kws_smlad(even, d >> bit & mask, v));
        }
    }
    sums[0] = s, sums[1] = t, sums[2] = u, sums[3] = v;
}

/* The same of ternary numbers, two outputs at a time, for want of registers. */
KWS_INLINE void trits(const int8_t *in, int32_t groups, const uint32_t *words, int32_t *sums) {
    const uint32_t mask = PAIR * 0xff;
    int32_t s = sums[0], t = sums[1];
    KWS_ROLLED
    for (const uint32_t *end = words + 4 * groups; words < end; words += 4) {
        uint32_t a = words[0] & mask, b = words[0] >> 8 & mask, c = words[1] & mask, d = words[1] >> 8 & mask;
        KWS_UNROLLED
        for (int32_t i = 0; i < TRITS_A_BYTE; i++, in += 4) {
            const uint32_t x = kws_load(in), even = kws_sxtb16(x), odd = kws_sxtb16_ror8(x);
            a *= 3, b *= 3, c *= 3, d *= 3;
            s = kws_smlad(odd, b >> 8 & mask, kws_smlad(even, a >> 8 & mask, s));
            t = kws_smlad(odd, d >> 8 & mask, kws_smlad(even, c >> 8 & mask, t));
            a &= mask, b &= mask, c &= mask, d &= mask;
        }
    }
    sums[0] = s, sums[1] = t;
}

/* Functions of their own, so that each has all registers. */
#define KWS_ALONE static __attribute__((noinline)) void
KWS_ALONE fields_4(const int8_t *in, int32_t n, const uint32_t *words, int32_t *sums) { fields(in, n, words, 4, sums); }
KWS_ALONE fields_2(const int8_t *in, int32_t n, const uint32_t *words, int32_t *sums) { fields(in, n, words, 2, sums); }
KWS_ALONE fields_1(const int8_t *in, int32_t n, const uint32_t *words, int32_t *sums) { fields(in, n, words, 1, sums); }
KWS_ALONE two_trits(const int8_t *in, int32_t n, const uint32_t *words, int32_t *sums) { trits(in, n, words, sums); }

static void meet(const int8_t *in, int32_t groups, const uint32_t *words, int32_t plane, int32_t *sums) {
    if (plane == 4) fields_4(in, groups, words, sums);
    if (plane == 2) fields_2(in, groups, words, sums);
    if (plane == 1) fields_1(in, groups, words, sums);
    if (plane != KWS_TRITS) return;
    two_trits(in, groups, words, sums);
    two_trits(in, groups, words + 2, sums + 2);
}

/* All inputs and one plane of four outputs. Returns where the words end. */
static const uint32_t *plane_sums(const int8_t *in, int32_t inputs, const uint32_t *words, int32_t plane,
                                  int32_t *sums) {
    const int32_t deep = inputs_of(plane), groups = inputs / deep, left = inputs - groups * deep;
    for (int32_t n = 0; n < 4; n++) sums[n] = 0;
    meet(in, groups, words, plane, sums);
    words += 4 * groups;
    if (left == 0) return words;
    int8_t rest[LONGEST] = {0};
    for (int32_t i = 0; i < left; i++) rest[i] = in[groups * deep + i];
    meet(rest, 1, words, plane, sums);
    return words + 4;
}

static int32_t sum_of(const int8_t *in, int32_t inputs) {
    const int32_t whole = inputs & ~3;
    int32_t sum = -128 * whole;
    for (int32_t i = 0; i < whole; i += 4) sum = kws_usada8(kws_load(in + i) ^ 0x80 * (uint32_t)BYTES, 0, sum);
    for (int32_t i = whole; i < inputs; i++) sum += in[i];
    return sum;
}

void kws_packed_dense_layer(const kws_packed_dense *layer, const int8_t *input, int8_t *output) {
    const kws_requantize *requantize = &layer->output;
    const kws_packing packing = layer->weights;
    const uint32_t *words = packing.words;
    const int32_t low = packing.low * sum_of(input, layer->inputs);
    for (int32_t n = 0; n < layer->outputs; n += 4) {
        int32_t total[4] = {0, 0, 0, 0}, sums[4], done = 0;
        do {
            const int32_t plane = widest(packing.bits - done);
            words = plane_sums(input, layer->inputs, words, plane, sums);
            for (int32_t k = 0; k < 4; k++) total[k] += sums[k] * (1 << done);
            done += plane;
        } while (done < packing.bits);
        for (int32_t k = 0; k < 4 && n + k < layer->outputs; k++) {
            const int32_t sum = packing.step * total[k] + low + requantize->bias[n + k];
            const int32_t x = kws_rescale_once(sum, requantize->multiplier[n + k], requantize->shift[n + k]);
            output[n + k] = kws_clamp(x + requantize->zero_point, requantize->min, requantize->max);
        }
    }
}

/* One plane of `count` numbers, moved up by `shift`, added to bytes that lie four to a word. */
static const uint32_t *add_plane(const uint32_t *words, int32_t count, int32_t bits, int32_t shift, uint32_t *target) {
    const uint32_t mask = PAIR * ((1u << bits) - 1);
    for (int32_t done = 0; done < count; words++)
        for (int32_t field = 0; field < 16; field += 2 * bits, done += 4)
            *target++ += ((*words >> field & mask) | (*words >> (field + bits) & mask) << 8) << shift;
    return words;
}

static void add_trits(const uint32_t *words, int32_t count, uint32_t *target) {
    const uint32_t mask = PAIR * 0xff;
    for (int32_t done = 0; done < count; words++) {
        uint32_t a = *words & mask, b = *words >> 8 & mask;
        for (int32_t i = 0; i < TRITS_A_BYTE; i++, done += 4) {
            a *= 3, b *= 3;
            *target++ = (a >> 8 & mask) | (b >> 8 & mask) << 8;
            a &= mask, b &= mask;
        }
    }
}

/* Weights as int8, `target` of a multiple of KWS_UNPACKED bytes. Bytes of a word do not meet: a set top bit stands in for
 * what low < 0 borrows. */
static void unpack(const kws_packing *packing, int32_t count, uint32_t *target) {
    const uint32_t *words = packing->words;
    const uint32_t below = (uint32_t)-packing->low * BYTES;
    const int32_t room = (count + KWS_UNPACKED - 1) / KWS_UNPACKED * (KWS_UNPACKED / 4);
    for (int32_t i = 0; i < room; i++) target[i] = 0;
    if (packing->bits == KWS_TRITS) add_trits(words, count, target);
    for (int32_t done = 0, plane; done < packing->bits; done += plane) {
        plane = widest(packing->bits - done);
        words = add_plane(words, count, plane, done, target);
    }
    for (int32_t i = 0; i < room; i++)
        target[i] = ((target[i] * (uint32_t)packing->step | 0x80 * (uint32_t)BYTES) - below) ^ 0x80 * (uint32_t)BYTES;
}

static void raise_to(int8_t *values, int32_t count, int32_t min) {
    const uint32_t least = kws_pack(min & 0xff, min & 0xff) * 0x101;
    int32_t i = 0;
    KWS_ROLLED
    for (; i + 4 <= count; i += 4) {
        const uint32_t four = kws_load(values + i);
        kws_store(values + i, four ^ least ^ kws_min8(four, least)); /* the larger of each pair */
    }
    for (; i < count; i++) values[i] = (int8_t)(values[i] > min ? values[i] : min);
}

/* The weights as int8, then what kws_convolution_layer takes. */
int32_t kws_packed_convolution_scratch(const kws_packed_window *layer) {
    const kws_window *window = &layer->window;
    const int32_t count = window->out_channels * window->kernel_height * window->kernel_width * window->in_channels;
    return (count + KWS_UNPACKED - 1) / KWS_UNPACKED * KWS_UNPACKED + kws_convolution_scratch(window);
}

/* Activations on fewer than eight bits lie at the top of int8. kws_convolution_layer is fast where nothing is below, so
 * they are brought there afterwards. */
void kws_packed_convolution_layer(const kws_packed_window *layer, const int8_t *input, int8_t *output,
                                  int16_t *scratch) {
    kws_window window = layer->window;
    const int32_t count = window.out_channels * window.kernel_height * window.kernel_width * window.in_channels;
    unpack(&layer->weights, count, (uint32_t *)(void *)scratch);
    window.weights = (const int8_t *)scratch;
    window.output.min = -128;
    kws_convolution_layer(&window, input, output,
                          scratch + (count + KWS_UNPACKED - 1) / KWS_UNPACKED * KWS_UNPACKED / 2);
    if (layer->window.output.min > -128)
        raise_to(output, window.out_height * window.out_width * window.out_channels, layer->window.output.min);
}
