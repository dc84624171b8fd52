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

#if defined(__ARM_FEATURE_DSP)
#include <arm_acle.h>
#endif

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

/* low half of `a`, high half of `b` << `shift` (PKHBT); high half of `a`, low half of `b` >> `shift` (PKHTB). */
static inline uint32_t kws_pkhbt(uint32_t a, uint32_t b, int shift) { return (a & 0xffff) | ((b << shift) & 0xffff0000u); }
static inline uint32_t kws_pkhtb(uint32_t a, uint32_t b, int shift) {
    return (a & 0xffff0000u) | ((uint32_t)((int32_t)b >> shift) & 0xffff);
}

/* Magnitudes of both halves; that of -32768 stays -32768 (SSUB16, SEL). */
static inline uint32_t kws_abs16(uint32_t a) {
#if defined(__ARM_FEATURE_DSP)
    uint32_t magnitudes;
    __asm__("ssub16 %0, %1, %2\n\tsel %0, %0, %2" : "=&r"(magnitudes) : "r"(0), "r"(a));
    return magnitudes;
#else
    uint32_t low = a & 0x8000 ? 0u - a : a, high = a >> 31 ? 0u - (a & 0xffff0000u) : a;
    return (low & 0xffff) | (high & 0xffff0000u);
#endif
}

/* High word of the product, halves rounded up (SMMULR). */
static inline int32_t kws_smmulr(int32_t a, int32_t b) {
#if defined(__ARM_FEATURE_DSP)
    int32_t high;
    __asm__("smmulr %0, %1, %2" : "=r"(high) : "r"(a), "r"(b));
    return high;
#else
    return (int32_t)(((int64_t)a * b + 0x80000000ll) >> 32);
#endif
}

/* Leading zeros of a word that is not 0. */
static inline int kws_clz(uint32_t a) { return __builtin_clz(a); }

#if defined(__ARM_FEATURE_DSP)

static inline uint32_t kws_smuad(uint32_t a, uint32_t b) { return (uint32_t)__smuad((int16x2_t)a, (int16x2_t)b); }
static inline int32_t kws_smlad(uint32_t a, uint32_t b, int32_t sum) { return __smlad((int16x2_t)a, (int16x2_t)b, sum); }
static inline int32_t kws_smladx(uint32_t a, uint32_t b, int32_t sum) { return __smladx((int16x2_t)a, (int16x2_t)b, sum); }
static inline int32_t kws_smlsd(uint32_t a, uint32_t b, int32_t sum) { return __smlsd((int16x2_t)a, (int16x2_t)b, sum); }
static inline int32_t kws_smlabb(uint32_t a, uint32_t b, int32_t sum) { return __smlabb((int32_t)a, (int32_t)b, sum); }
static inline int32_t kws_smlatb(uint32_t a, uint32_t b, int32_t sum) { return __smlatb((int32_t)a, (int32_t)b, sum); }
static inline uint32_t kws_sadd16(uint32_t a, uint32_t b) { return (uint32_t)__sadd16((int16x2_t)a, (int16x2_t)b); }
static inline uint32_t kws_ssub16(uint32_t a, uint32_t b) { return (uint32_t)__ssub16((int16x2_t)a, (int16x2_t)b); }
static inline uint32_t kws_sasx(uint32_t a, uint32_t b) { return (uint32_t)__sasx((int16x2_t)a, (int16x2_t)b); }
static inline uint32_t kws_ssax(uint32_t a, uint32_t b) { return (uint32_t)__ssax((int16x2_t)a, (int16x2_t)b); }
static inline uint32_t kws_shadd16(uint32_t a, uint32_t b) { return (uint32_t)__shadd16((int16x2_t)a, (int16x2_t)b); }
static inline uint32_t kws_shsub16(uint32_t a, uint32_t b) { return (uint32_t)__shsub16((int16x2_t)a, (int16x2_t)b); }
static inline uint32_t kws_sxtb16(uint32_t a) { return (uint32_t)__sxtb16((int8x4_t)a); }
static inline uint32_t kws_sxtb16_ror8(uint32_t a) { return (uint32_t)__sxtb16((int8x4_t)((a >> 8) | (a << 24))); }
static inline int32_t kws_ssat8(int32_t a) { return __ssat(a, 8); }

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
static inline uint32_t kws_sadd16(uint32_t a, uint32_t b) { return kws_pack(kws_low(a) + kws_low(b), kws_high(a) + kws_high(b)); }
static inline uint32_t kws_ssub16(uint32_t a, uint32_t b) { return kws_pack(kws_low(a) - kws_low(b), kws_high(a) - kws_high(b)); }
static inline uint32_t kws_sasx(uint32_t a, uint32_t b) { return kws_pack(kws_low(a) - kws_high(b), kws_high(a) + kws_low(b)); }
static inline uint32_t kws_ssax(uint32_t a, uint32_t b) { return kws_pack(kws_low(a) + kws_high(b), kws_high(a) - kws_low(b)); }

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

static inline int32_t kws_ssat8(int32_t a) { return a < -128 ? -128 : a > 127 ? 127 : a; }

#endif

#endif
