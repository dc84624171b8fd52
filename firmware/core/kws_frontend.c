/* The stages of the micro front end, in the order of the signal: window, transform, mel energies, noise
 * reduction, gain control, logarithm. Integers only; every rounding is the reference's. */
#include "kws_frontend.h"

#include "kws_dsp.h"
#include "kws_frontend_tables.h"
#include "kws_move.h"

#define LEG (KWS_POINTS / 4)
#define WEIGHT_BITS 12
#define NOISE_BITS 10     /* fractional bits of the noise estimate */
#define SMOOTHING_BITS 14 /* fractional bits of the three constants below */
#define SMOOTHING_EVEN 409
#define SMOOTHING_ODD 983
#define SIGNAL_KEPT 819
#define GAIN_SHIFT 6
#define SNR_BITS 12
#define LOG_INPUT_BITS 3 /* the transform's scale against the weights': log2(512) - 12 / 2 */
#define LOG_OUTPUT_BITS 6
#define LN2 45426 /* 16 fractional bits */

/* ---- Window and transform: 512 real points as 256 complex ones (re low, im high), radix 4, scaled by 1/4 a stage.
 * Accumulators stay in int32: a scaled point is at most 8,192 in each part, a difference of halves 32,768, and
 * a factor has |re| + |im| <= 46,341. */

/* z/2, and below z/4, with kissfft's fixed-point reciprocals 16383/32768 and 8191/32768. */
static inline uint32_t half(uint32_t z) {
    return kws_pkhtb((uint32_t)kws_smlatb(z, 32766, 32768), (uint32_t)kws_smlabb(z, 32766, 32768), 16);
}

#if defined(__ARM_FEATURE_DSP)
uint32_t kws_windowed(const int16_t *samples, const int16_t *window, uint32_t *points);
void kws_first_stage(uint32_t *points, int32_t shift);
void kws_stage_4(uint32_t *points, const uint32_t *factors);
void kws_stage_16(uint32_t *points, const uint32_t *factors);
void kws_stage_64(uint32_t *points, const uint32_t *factors);
#else

static inline uint32_t quarter(uint32_t z) {
    return kws_pkhtb((uint32_t)kws_smlatb(z, 16382, 32768), (uint32_t)kws_smlabb(z, 16382, 32768), 16);
}

static inline uint32_t multiply(uint32_t z, uint32_t factor) {
    int32_t re = kws_smlsd(z, factor, 1 << 14), im = kws_smladx(z, factor, 1 << 14);
    return kws_pkhbt((uint32_t)(re >> 15), (uint32_t)im, 1);
}

/* Four points at a, a + leg, ... become the butterfly of a[0] and the already turned b, c, d. */
static inline void butterfly(uint32_t *a, int leg, uint32_t b, uint32_t c, uint32_t d) {
    uint32_t z = quarter(a[0]);
    uint32_t even = kws_sadd16(z, c), even_rest = kws_ssub16(z, c);
    uint32_t odd = kws_sadd16(b, d), odd_rest = kws_ssub16(b, d);
    a[0] = kws_sadd16(even, odd);
    a[leg] = kws_ssax(even_rest, odd_rest);
    a[2 * leg] = kws_ssub16(even, odd);
    a[3 * leg] = kws_sasx(even_rest, odd_rest);
}

/* Windows the two samples of a point, and adds their magnitudes' bits to a union. */
static inline uint32_t windowed(const int16_t *samples, const int16_t *window, int point, uint32_t *bits) {
    uint32_t x = kws_load(samples + 2 * point), w = kws_load(window + 2 * point);
    int32_t re = kws_low(x) * kws_low(w), im = kws_high(x) * kws_high(w);
    uint32_t z = kws_pkhtb((uint32_t)im << 4, (uint32_t)re, 12);
    *bits |= kws_abs16(z);
    return z;
}

/* Windows the samples into digit-reversed order; the union's top bit is that of the largest magnitude. */
static uint32_t kws_windowed(const int16_t *samples, const int16_t *window, uint32_t *points) {
    uint32_t bits = 0;
    for (int n = 0; n < LEG; n++) {
        uint32_t *to = points + 4 * ((n & 3) << 4 | (n & 12) | n >> 4);
        for (int leg = 0; leg < 4; leg++) {
            int point = n + leg * LEG;
            to[leg] = point < KWS_WINDOW / 2 ? windowed(samples, window, point, &bits) : 0;
        }
    }
    return bits;
}

/* The first stage, where all factors are 1: it scales its input up too. */
static void kws_first_stage(uint32_t *points, int32_t shift) {
    uint32_t no_carry = ~(((1u << shift) - 1) << 16);
    for (uint32_t *a = points; a < points + KWS_POINTS; a += 4) {
        for (int leg = 0; leg < 4; leg++) a[leg] = (a[leg] << shift) & no_carry;
        butterfly(a, 1, quarter(a[1]), quarter(a[2]), quarter(a[3]));
    }
}

/* Another: groups of four sub-transforms, `leg` points apart, become one. */
static void stage(uint32_t *points, int leg, const uint32_t *factor) {
    for (uint32_t *a = points; a < points + KWS_POINTS; a += 4 * leg)
        butterfly(a, leg, quarter(a[leg]), quarter(a[2 * leg]), quarter(a[3 * leg]));
    for (int k = 1; k < leg; k++) {
        uint32_t w1 = *factor++, w2 = *factor++, w3 = *factor++;
        for (uint32_t *a = points + k; a < points + KWS_POINTS; a += 4 * leg)
            butterfly(a, leg, multiply(quarter(a[leg]), w1), multiply(quarter(a[2 * leg]), w2),
                      multiply(quarter(a[3 * leg]), w3));
    }
}

static void kws_stage_4(uint32_t *points, const uint32_t *factors) { stage(points, 4, factors); }
static void kws_stage_16(uint32_t *points, const uint32_t *factors) { stage(points, 16, factors); }
static void kws_stage_64(uint32_t *points, const uint32_t *factors) { stage(points, 64, factors); }
#endif

/* Windows the samples; returns the shift that brings them to full scale. */
static int apply_window(const int16_t *samples, uint32_t *points) {
    uint32_t bits = kws_windowed(samples, kws_window_table, points);
    bits = (bits | bits >> 16) & 0x7fff; /* -32768 has no magnitude in int16 and counts as none */
    return bits ? kws_clz(bits) - 17 : 15;
}

/* In place, from digit-reversed order. */
static void transform(uint32_t *points, int shift) {
    kws_first_stage(points, shift);
    kws_stage_4(points, kws_twiddles);
    kws_stage_16(points, kws_twiddles + 3 * (4 - 1));
    kws_stage_64(points, kws_twiddles + 3 * (4 - 1 + 16 - 1));
}

/* Splits the complex transform into the real one's bins and squares them in place: energies of bins
 * KWS_FIRST_BIN to 256 - KWS_FIRST_BIN. */
static void split_energies(uint32_t *points) {
    for (int k = KWS_FIRST_BIN; k <= KWS_POINTS / 2; k++) {
        uint32_t mirror = points[KWS_POINTS - k];
        uint32_t a = half(points[k]), b = half(kws_pkhbt(mirror, kws_ssub16(0, mirror), 0));
        uint32_t sum = kws_sadd16(a, b), difference = kws_ssub16(a, b), factor = kws_split_twiddles[k - 1];
        int32_t re = kws_smlsd(difference, factor, 1 << 14), im = kws_smladx(difference, factor, 1 << 14);
        uint32_t u = kws_pkhbt(sum, (uint32_t)im, 1), v = kws_pkhtb(sum, (uint32_t)re, 15);
        uint32_t bin = kws_shadd16(u, v), mirrored = kws_shsub16(u, v);
        points[k] = kws_smuad(bin, bin);
        points[KWS_POINTS - k] = kws_smuad(mirrored, mirrored);
    }
}

/* ---- Mel channels ---- */

/* The integer nearest to the square root of n < 2^42; 65,535 at most where n < 2^32. */
#if defined(__ARM_FEATURE_DSP) && defined(__ARM_FP)
/* In single precision, off by 0.2 at most where it is below 2^21; cut off, it is the nearest or one less. */
static inline uint32_t square_root(uint64_t n) {
    float whole = (float)(uint32_t)(n >> 32) * 4294967296.0f + (float)(uint32_t)n, result;
    __asm__("vsqrt.f32 %0, %1" : "=t"(result) : "t"(whole));
    uint32_t root = (uint32_t)result;
    if ((int32_t)((uint32_t)n - root * root) > (int32_t)root) root++;
    return root == 65536 && n >> 32 == 0 ? 65535 : root;
}
#else
/* A line through the mantissa, one Newton step, then the remainder divided out, which leaves an error of 1 at most. */
static uint32_t square_root(uint64_t n) {
    uint32_t high = (uint32_t)(n >> 32);
    if (high == 0 && (uint32_t)n == 0) return 0;
    int digits = high ? 32 - (kws_clz(high) >> 1) : 16 - (kws_clz((uint32_t)n) >> 1); /* bits of the root */
    int up = digits < 16 ? 16 - digits : 0, down = digits > 16 ? digits - 16 : 0;
    uint32_t mantissa = (uint32_t)(n >> (2 * down)) << (2 * up);
    uint32_t low = (uint32_t)n & ((1u << (2 * down)) - 1);
    uint32_t guess = 23214 + ((mantissa >> 16) * 43691 >> 16);
    guess = (guess + mantissa / guess) >> 1;
    int32_t rest = (int32_t)(mantissa - guess * guess); /* at most 28 x 2 guess */
    int32_t correction = (rest * (1 << down) + (int32_t)(low >> down)) / (int32_t)(2 * guess);
    uint32_t root = ((guess << down) + (uint32_t)correction) >> up;
    rest = (int32_t)((uint32_t)n - root * root);
    if (rest > (int32_t)root) root++;
    else if (rest <= -(int32_t)root) root--;
    return root == 65536 && high == 0 ? 65535 : root;
}
#endif

/* Triangular sums of the energies: each band's weighted part goes to its channel, the rest to the one below.
 * At full scale all bins together hold 2^29 of energy: their sum fits uint32, a channel 2^41. */
static void mel_amplitudes(const uint32_t *energies, int shift, uint32_t *amplitudes) {
    const uint32_t *energy = energies + KWS_FIRST_BIN;
    const uint16_t *weight = kws_band_weights;
    uint64_t below = 0;
    for (int band = 0; band < KWS_BANDS; band++) {
        uint64_t weighted = 0;
        uint32_t total = 0;
        for (int width = kws_band_widths[band]; width > 0; width--) {
            total += *energy;
            weighted += (uint64_t)*energy++ * *weight++;
        }
        if (band > 0) amplitudes[band - 1] = square_root(below + weighted) >> shift;
        below = ((uint64_t)total << WEIGHT_BITS) - weighted;
    }
}

/* ---- Per channel: noise reduction, PCAN gain, logarithm ---- */

static inline uint32_t reduce_noise(uint32_t signal, uint32_t smoothing, uint32_t *noise) {
    uint32_t scaled = signal << NOISE_BITS;
    uint64_t mixed = (uint64_t)scaled * smoothing + (uint64_t)*noise * ((1 << SMOOTHING_BITS) - smoothing);
    uint32_t estimate = (uint32_t)(mixed >> SMOOTHING_BITS);
    *noise = estimate;
    uint32_t kept = (uint32_t)(((uint64_t)signal * SIGNAL_KEPT) >> SMOOTHING_BITS);
    uint32_t rest = estimate < scaled ? (scaled - estimate) >> NOISE_BITS : 0;
    return rest > kept ? rest : kept;
}

/* The gain that a noise estimate calls for: a parabola within the octave, from the table. */
static inline uint32_t gain_of(uint32_t noise) {
    if (noise < 2) return (uint32_t)kws_gain[noise];
    int octave = 31 - kws_clz(noise);
    const int16_t *parabola = kws_gain + 3 * octave - 1;
    int32_t x = (int32_t)((octave < 10 ? noise << (10 - octave) : noise >> (octave - 10)) & 0x3ff);
    int32_t y = (((parabola[2] * x) >> 5) + parabola[1] * 32) * x;
    return (uint32_t)(int16_t)(((y + (1 << 14)) >> 15) + parabola[0]);
}

static inline uint32_t apply_gain(uint32_t signal, uint32_t noise) {
    uint32_t snr = (uint32_t)(((uint64_t)signal * gain_of(noise)) >> GAIN_SHIFT);
    if (snr < 2u << SNR_BITS) return (snr * snr) >> 20; /* a parabola below 2, a line of slope 1 above */
    return (snr >> 6) - 64;
}

static inline uint32_t logarithm(uint32_t value) {
    if (value < 2) return 0;
    int octave = 31 - kws_clz(value);
    int32_t x = (int32_t)((octave < 16 ? value << (16 - octave) : value >> (octave - 16)) & 0xffff);
    const uint16_t *above = kws_log + (x >> 9);
    int32_t bend = above[0] + (((above[1] - above[0]) * (x & 0x1ff)) >> 16);
    uint32_t log2 = ((uint32_t)octave << 16) + (uint32_t)(x + bend);
    uint32_t natural = (uint32_t)(((uint64_t)LN2 * log2 + (1 << 15)) >> 16);
    return ((natural << LOG_OUTPUT_BITS) + (1 << 15)) >> 16;
}

void kws_frontend_frame(kws_frontend *state, const int16_t *window, uint16_t *features) {
    uint32_t amplitudes[KWS_CHANNELS];
    int shift = apply_window(window, state->spectrum);
    transform(state->spectrum, shift);
    split_energies(state->spectrum);
    mel_amplitudes(state->spectrum, shift, amplitudes);
    for (int channel = 0; channel < KWS_CHANNELS; channel++) {
        uint32_t smoothing = channel & 1 ? SMOOTHING_ODD : SMOOTHING_EVEN;
        uint32_t signal = reduce_noise(amplitudes[channel], smoothing, &state->noise[channel]);
        features[channel] = (uint16_t)logarithm(apply_gain(signal, state->noise[channel]) << LOG_INPUT_BITS);
    }
}

/* ---- Streams and clips ---- */

void kws_frontend_init(kws_frontend *state, int step) {
    __builtin_memset(state, 0, sizeof *state);
    state->step = (uint16_t)step;
}

size_t kws_frontend_stream(kws_frontend *state, const int16_t *samples, size_t count, uint16_t *features) {
    size_t frames = 0;
    while (count > 0) {
        size_t missing = (size_t)KWS_WINDOW - state->waiting, taken = count < missing ? count : missing;
        kws_move(state->samples + state->waiting, samples, (int32_t)(taken * sizeof *samples));
        state->waiting = (uint16_t)(state->waiting + taken);
        samples += taken;
        count -= taken;
        if (state->waiting == KWS_WINDOW) {
            kws_frontend_frame(state, state->samples, features + KWS_CHANNELS * frames++);
            state->waiting = (uint16_t)(KWS_WINDOW - state->step);
            kws_move(state->samples, state->samples + state->step, state->waiting * (int32_t)sizeof *samples);
        }
    }
    return frames;
}

void kws_frontend_quantize(const uint16_t *features, size_t count, int8_t *quantized) {
    for (size_t i = 0; i < count; i++) {
        uint32_t value = ((uint32_t)features[i] * 256 + 333) / 666;
        quantized[i] = (int8_t)(value < 256 ? (int32_t)value - 128 : 127);
    }
}

void kws_frontend_clips(const int16_t *samples, size_t clips, size_t length, int step, uint16_t *features) {
    for (size_t clip = 0; clip < clips; clip++) {
        kws_frontend state;
        kws_frontend_init(&state, step);
        for (size_t start = 0; start + KWS_WINDOW <= length; start += (size_t)step, features += KWS_CHANNELS)
            kws_frontend_frame(&state, samples + clip * length + start, features);
    }
}
