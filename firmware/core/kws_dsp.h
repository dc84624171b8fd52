/* The Cortex-M4's packed 16-bit arithmetic, and a portable twin that gives bit-identical results.
 *
 * A word holds two int16 (low and high half) or four int8 lanes, as one 32-bit load from little-endian memory
 * gives them. Each function is named for the instruction it becomes on the M4 (Arm v7-M reference manual, A7.7).
 * The accumulating multiplies must not leave int32: callers state why they cannot.
 */
#ifndef KWS_DSP_H
#define KWS_DSP_H

#include <stdint.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the packed loads assume a little-endian processor"
#endif

/* Arduino compiles with -Os, which would halve the speed of all that follows. */
#if defined(ARDUINO) && !defined(__clang__)
#pragma GCC optimize("O3")
#endif

/* Loops to be unrolled wholly, or not at all where unrolling would run out of registers. */
#if defined(__clang__)
#define KWS_UNROLLED _Pragma("clang loop unroll(full)")
#define KWS_ROLLED _Pragma("clang loop unroll(disable)")
#else
#define KWS_UNROLLED _Pragma("GCC unroll 16")
#define KWS_ROLLED _Pragma("GCC unroll 1")
#endif

/* Compilation fails where the assembly reads a struct otherwise than C writes it. */
#define KWS_CHECK(name, condition) typedef char kws_check_##name[(condition) ? 1 : -1]

/* For a loop that is written once and compiled for several constant shapes. */
#define KWS_INLINE static inline __attribute__((always_inline))

static inline int32_t kws_low(uint32_t a) { return (int16_t)(a & 0xffff); }
static inline int32_t kws_high(uint32_t a) { return (int16_t)(a >> 16); }
static inline uint32_t kws_pack(int32_t low, int32_t high) { return ((uint32_t)high << 16) | ((uint32_t)low & 0xffff); }

/* One word from memory of any alignment, and to it: a plain LDR or STR on the M4. */
static inline uint32_t kws_load(const void *from) {
    uint32_t word;
    __builtin_memcpy(&word, from, sizeof word);
    return word;
}

static inline void kws_store(void *to, uint32_t word) { __builtin_memcpy(to, &word, sizeof word); }

/* Low half of `a`, high half of `b` << `shift` (PKHBT); high half of `a`, low half of `b` >> `shift` (PKHTB).
 * Compilers know these by their form. */
static inline uint32_t kws_pkhbt(uint32_t a, uint32_t b, int shift) {
    return (a & 0xffff) | ((b << shift) & 0xffff0000u);
}
static inline uint32_t kws_pkhtb(uint32_t a, uint32_t b, int shift) {
    return (a & 0xffff0000u) | ((uint32_t)((int32_t)b >> shift) & 0xffff);
}

/* Leading zeros of a word that is not 0. */
static inline int kws_clz(uint32_t a) { return __builtin_clz(a); }

#if defined(__ARM_FEATURE_DSP)

/* In assembly, for old compilers (Arduino's) have no intrinsics for these. */
#define KWS_UNARY(name, type, instruction)            \
    static inline type name(type a) {                 \
        type result;                                  \
        __asm__(instruction : "=r"(result) : "r"(a)); \
        return result;                                \
    }
#define KWS_BINARY(name, type, instruction)                                 \
    static inline type name(type a, type b) {                               \
        type result;                                                        \
        __asm__(instruction " %0, %1, %2" : "=r"(result) : "r"(a), "r"(b)); \
        return result;                                                      \
    }
#define KWS_MULTIPLY(name, instruction)                                                   \
    static inline int32_t name(uint32_t a, uint32_t b, int32_t sum) {                     \
        int32_t result;                                                                   \
        __asm__(instruction " %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(sum)); \
        return result;                                                                    \
    }

#define KWS_ACCUMULATE(name, instruction)                                                 \
    static inline int32_t name(int32_t a, int32_t b, int32_t sum) {                       \
        int32_t result;                                                                   \
        __asm__(instruction " %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(sum)); \
        return result;                                                                    \
    }

KWS_MULTIPLY(kws_smlad, "smlad")
KWS_MULTIPLY(kws_smladx, "smladx")
KWS_MULTIPLY(kws_smlsd, "smlsd")
KWS_MULTIPLY(kws_smlabb, "smlabb")
KWS_MULTIPLY(kws_smlatb, "smlatb")
KWS_ACCUMULATE(kws_smmlar, "smmlar")
KWS_BINARY(kws_smuad, uint32_t, "smuad")
KWS_BINARY(kws_smmulr, int32_t, "smmulr")
KWS_BINARY(kws_sadd16, uint32_t, "sadd16")
KWS_BINARY(kws_ssub16, uint32_t, "ssub16")
KWS_BINARY(kws_sasx, uint32_t, "sasx")
KWS_BINARY(kws_ssax, uint32_t, "ssax")
KWS_BINARY(kws_shadd16, uint32_t, "shadd16")
KWS_BINARY(kws_shsub16, uint32_t, "shsub16")
KWS_BINARY(kws_sxtab16, uint32_t, "sxtab16")
KWS_UNARY(kws_sxtb16, uint32_t, "sxtb16 %0, %1")
KWS_UNARY(kws_sxtb16_ror8, uint32_t, "sxtb16 %0, %1, ror #8")
KWS_UNARY(kws_ssat8, int32_t, "ssat %0, #8, %1")

static inline uint32_t kws_sxtab16_ror8(uint32_t a, uint32_t b) {
    uint32_t result;
    __asm__("sxtab16 %0, %1, %2, ror #8" : "=r"(result) : "r"(a), "r"(b));
    return result;
}

static inline uint32_t kws_abs16(uint32_t a) {
    uint32_t result;
    __asm__("ssub16 %0, %1, %2\n\tsel %0, %0, %2" : "=&r"(result) : "r"(0), "r"(a));
    return result;
}

static inline int32_t kws_usada8(uint32_t a, uint32_t b, int32_t sum) {
    int32_t result;
    __asm__("usada8 %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(sum));
    return result;
}

static inline uint32_t kws_min8(uint32_t a, uint32_t b) {
    uint32_t result;
    __asm__("ssub8 %0, %1, %2\n\tsel %0, %2, %1" : "=&r"(result) : "r"(a), "r"(b));
    return result;
}

#else

/* a.low b.low + a.high b.high; unsigned since (-32768)^2 twice is 2^31. */
static inline uint32_t kws_smuad(uint32_t a, uint32_t b) {
    return (uint32_t)(kws_low(a) * kws_low(b)) + (uint32_t)(kws_high(a) * kws_high(b));
}
static inline int32_t kws_smlad(uint32_t a, uint32_t b, int32_t sum) {
    return sum + kws_low(a) * kws_low(b) + kws_high(a) * kws_high(b);
}
static inline int32_t kws_smladx(uint32_t a, uint32_t b, int32_t sum) {
    return sum + kws_low(a) * kws_high(b) + kws_high(a) * kws_low(b);
}
static inline int32_t kws_smlsd(uint32_t a, uint32_t b, int32_t sum) {
    return sum + kws_low(a) * kws_low(b) - kws_high(a) * kws_high(b);
}
static inline int32_t kws_smlabb(uint32_t a, uint32_t b, int32_t sum) { return sum + kws_low(a) * kws_low(b); }
static inline int32_t kws_smlatb(uint32_t a, uint32_t b, int32_t sum) { return sum + kws_high(a) * kws_low(b); }

/* Both halves at once, wrapping; sasx and ssax swap the halves of `b` first: (low -, high +) and (low +, high -). */
static inline uint32_t kws_sadd16(uint32_t a, uint32_t b) {
    return kws_pack(kws_low(a) + kws_low(b), kws_high(a) + kws_high(b));
}
static inline uint32_t kws_ssub16(uint32_t a, uint32_t b) {
    return kws_pack(kws_low(a) - kws_low(b), kws_high(a) - kws_high(b));
}
static inline uint32_t kws_sasx(uint32_t a, uint32_t b) {
    return kws_pack(kws_low(a) - kws_high(b), kws_high(a) + kws_low(b));
}
static inline uint32_t kws_ssax(uint32_t a, uint32_t b) {
    return kws_pack(kws_low(a) + kws_high(b), kws_high(a) - kws_low(b));
}

/* Half of the 17-bit sum or difference, rounded down. */
static inline uint32_t kws_shadd16(uint32_t a, uint32_t b) {
    return kws_pack((kws_low(a) + kws_low(b)) >> 1, (kws_high(a) + kws_high(b)) >> 1);
}
static inline uint32_t kws_shsub16(uint32_t a, uint32_t b) {
    return kws_pack((kws_low(a) - kws_low(b)) >> 1, (kws_high(a) - kws_high(b)) >> 1);
}

/* Bytes 0 and 2 (or 1 and 3) of a word as two int16. */
static inline uint32_t kws_sxtb16(uint32_t a) { return kws_pack((int8_t)(a & 0xff), (int8_t)(a >> 16 & 0xff)); }
static inline uint32_t kws_sxtb16_ror8(uint32_t a) { return kws_pack((int8_t)(a >> 8 & 0xff), (int8_t)(a >> 24)); }

/* High word of the product, halves rounded up. */
static inline int32_t kws_smmulr(int32_t a, int32_t b) { return (int32_t)(((int64_t)a * b + 0x80000000ll) >> 32); }

/* The same with `sum` added to the high word. */
static inline int32_t kws_smmlar(int32_t a, int32_t b, int32_t sum) { return sum + kws_smmulr(a, b); }

/* Magnitudes of both halves; that of -32768 stays -32768 (SSUB16, SEL). */
static inline uint32_t kws_abs16(uint32_t a) {
    uint32_t low = a & 0x8000 ? 0u - a : a, high = a >> 31 ? 0u - (a & 0xffff0000u) : a;
    return (low & 0xffff) | (high & 0xffff0000u);
}

/* sum + the distances of the four pairs of uint8. */
static inline int32_t kws_usada8(uint32_t a, uint32_t b, int32_t sum) {
    for (int i = 0; i < 32; i += 8) {
        const int32_t difference = (int32_t)(a >> i & 0xff) - (int32_t)(b >> i & 0xff);
        sum += difference < 0 ? -difference : difference;
    }
    return sum;
}

/* The smaller of each pair of int8 (SSUB8, SEL). */
static inline uint32_t kws_min8(uint32_t a, uint32_t b) {
    uint32_t result = 0;
    for (int i = 0; i < 32; i += 8) {
        const uint32_t least = (int8_t)(a >> i & 0xff) < (int8_t)(b >> i & 0xff) ? a : b;
        result |= least & 0xffu << i;
    }
    return result;
}

/* Bytes 0 and 2 (or 1 and 3) of `b` added to the halves of `a`. */
static inline uint32_t kws_sxtab16(uint32_t a, uint32_t b) { return kws_sadd16(a, kws_sxtb16(b)); }
static inline uint32_t kws_sxtab16_ror8(uint32_t a, uint32_t b) { return kws_sadd16(a, kws_sxtb16_ror8(b)); }

static inline int32_t kws_ssat8(int32_t a) { return a < -128 ? -128 : a > 127 ? 127 : a; }

#endif

/* sums[n] += products of the four int8 in `inputs` with those at w + 4 n, for four n. In assembly, because compilers
 * load words one by one: a run of n loads takes n + 1 cycles, a single one 2. */
KWS_INLINE void kws_four_by_four(uint32_t inputs, const int8_t *w, int32_t *sums) {
#if defined(__ARM_FEATURE_DSP)
    uint32_t even, a, b, c, d, t;
    __asm__(
        "ldr %[a], [%[w]]\n\tldr %[b], [%[w], #4]\n\tldr %[c], [%[w], #8]\n\tldr %[d], [%[w], #12]\n\t"
        "sxtb16 %[even], %[x]\n\tsxtb16 %[x], %[x], ror #8\n\t"
        "sxtb16 %[t], %[a]\n\tsxtb16 %[a], %[a], ror #8\n\t"
        "smlad %[s0], %[even], %[t], %[s0]\n\tsmlad %[s0], %[x], %[a], %[s0]\n\t"
        "sxtb16 %[t], %[b]\n\tsxtb16 %[b], %[b], ror #8\n\t"
        "smlad %[s1], %[even], %[t], %[s1]\n\tsmlad %[s1], %[x], %[b], %[s1]\n\t"
        "sxtb16 %[t], %[c]\n\tsxtb16 %[c], %[c], ror #8\n\t"
        "smlad %[s2], %[even], %[t], %[s2]\n\tsmlad %[s2], %[x], %[c], %[s2]\n\t"
        "sxtb16 %[t], %[d]\n\tsxtb16 %[d], %[d], ror #8\n\t"
        "smlad %[s3], %[even], %[t], %[s3]\n\tsmlad %[s3], %[x], %[d], %[s3]"
        : [s0] "+r"(sums[0]), [s1] "+r"(sums[1]), [s2] "+r"(sums[2]), [s3] "+r"(sums[3]), [x] "+r"(inputs),
          [even] "=&r"(even), [a] "=&r"(a), [b] "=&r"(b), [c] "=&r"(c), [d] "=&r"(d), [t] "=&r"(t)
        : [w] "r"(w)
        : "memory");
#else
    const uint32_t even = kws_sxtb16(inputs), odd = kws_sxtb16_ror8(inputs);
    for (int n = 0; n < 4; n++) {
        const uint32_t weights = kws_load(w + 4 * n);
        sums[n] = kws_smlad(odd, kws_sxtb16_ror8(weights), kws_smlad(even, kws_sxtb16(weights), sums[n]));
    }
#endif
}

#endif
