/* See reference_frontend.h. The arithmetic is that of kissfft with 16 bits and of TensorFlow Lite Micro's front end,
 * which makes some of its constants in single precision. */
#include "reference_frontend.h"

#include <math.h>

#include "reference.h"

static const double PI = 3.14159265358979323846;

typedef struct {
    int64_t re, im;
} point;

static int64_t rounded(double value) { return (int64_t)floor(value + 0.5); }

/* Position of the highest bit that is set. */
static int32_t highest_bit(int64_t value) {
    int32_t bit = 0;
    while (value >> (bit + 1)) bit++;
    return bit;
}

/* ---- Window and transform ---- */

/* z * factor, which has 15 fractional bits. */
static point multiply(point z, point factor) {
    return (point){halves_up(z.re * factor.re - z.im * factor.im, 15),
                   halves_up(z.re * factor.im + z.im * factor.re, 15)};
}

static point divide(point z, int32_t divisor) { return multiply(z, (point){32767 / divisor, 0}); }

/* exp(j phase). */
static point turn(double phase) { return (point){rounded(32767 * cos(phase)), rounded(32767 * sin(phase))}; }

/* Transform of `count` points, a power of four, that lie `apart` apart; divided by `count`. */
static void transform(const point *in, int32_t apart, int32_t count, point *out) {
    if (count == 1) *out = *in;
    const int32_t quarter = count / 4;
    for (int32_t leg = 0; leg < 4 && quarter; leg++)
        transform(in + leg * apart, 4 * apart, quarter, out + leg * quarter);
    for (int32_t k = 0; k < quarter; k++) {
        point z[4];
        for (int32_t leg = 0; leg < 4; leg++)
            z[leg] = multiply(divide(out[leg * quarter + k], 4), turn(-2 * PI * leg * k / count));
        for (int32_t row = 0; row < 4; row++) {
            point sum = {0, 0};
            for (int32_t leg = 0; leg < 4; leg++) { /* turned by -90 degrees, row * leg times */
                const point turned[] = {
                    z[leg], {z[leg].im, -z[leg].re}, {-z[leg].re, -z[leg].im}, {-z[leg].im, z[leg].re}};
                sum.re += turned[row * leg % 4].re, sum.im += turned[row * leg % 4].im;
            }
            out[row * quarter + k] = sum;
        }
    }
}

/* A Hann window, sampled between its points, with 12 fractional bits. */
static int64_t window_weight(int32_t n) {
    const float phase = (float)(2 * PI / KWS_WINDOW) * ((float)n + 0.5f), cosine = (float)cos((double)phase);
    return rounded(4096 * (double)(0.5f - 0.5f * cosine));
}

/* Windowed samples as complex points at full scale; returns the shift that brought them there. */
static int32_t windowed(const int16_t *samples, point *points) {
    int64_t values[2 * KWS_POINTS] = {0}, largest = 0;
    for (int32_t n = 0; n < KWS_WINDOW; n++) {
        values[n] = floored(samples[n] * window_weight(n), 12);
        const int64_t magnitude = values[n] < 0 ? -values[n] : values[n];
        if (magnitude > largest && magnitude <= INT16_MAX) largest = magnitude; /* that of -32768 is none */
    }
    const int32_t shift = largest ? 14 - highest_bit(largest) : 15;
    for (int32_t k = 0; k < KWS_POINTS; k++)
        points[k] = (point){(int16_t)(values[2 * k] * (1 << shift)), (int16_t)(values[2 * k + 1] * (1 << shift))};
    return shift;
}

/* Energies of the real transform's bins 1 to 255, from half as many complex points. */
static void energies_of(const point *points, int64_t *energies) {
    for (int32_t k = 1; k <= KWS_POINTS / 2; k++) {
        const point mirror = {points[KWS_POINTS - k].re, -points[KWS_POINTS - k].im};
        const point a = divide(points[k], 2), b = divide(mirror, 2);
        const point odd = multiply((point){a.re - b.re, a.im - b.im}, turn(-PI * (k / 256.0 + 0.5)));
        const point bin = {floored(a.re + b.re + odd.re, 1), floored(a.im + b.im + odd.im, 1)};
        const point mirrored = {floored(a.re + b.re - odd.re, 1), floored(odd.im - a.im - b.im, 1)};
        energies[k] = bin.re * bin.re + bin.im * bin.im;
        energies[KWS_POINTS - k] = mirrored.re * mirrored.re + mirrored.im * mirrored.im;
    }
}

/* ---- Mel channels ---- */

static float mel(float hertz) { return 1127 * (float)log1p((double)(hertz / 700)); }

/* The nearest integer, but of 32 bits one of 16. */
static int64_t square_root(int64_t n) {
    const int64_t root = rounded(sqrt((double)n));
    return n >> 32 == 0 && root > 65535 ? 65535 : root;
}

/* Triangles over 40 channels, which overlap by half, from 125 to 7,500 Hz; weights with 12 fractional bits. */
static void amplitudes_of(const int64_t *energies, int64_t *amplitudes) {
    const float low = mel(125), spacing = (nextafterf(mel(7500), INFINITY) - low) / (KWS_CHANNELS + 1);
    int64_t sums[KWS_CHANNELS + 2] = {0}; /* of all that rise to a band's upper edge or fall from it */
    float lower = low, upper = low + spacing;
    for (int32_t bin = 5, band = 0; bin < 240; bin++) {
        const float place = mel(31.25f * (float)bin);
        while (place > upper) band++, lower = upper, upper = low + spacing * (float)(band + 1);
        const int64_t falling = rounded(4096 * (double)((upper - place) / (upper - lower)));
        sums[band] += falling * energies[bin];
        sums[band + 1] += (4096 - falling) * energies[bin];
    }
    for (int32_t c = 0; c < KWS_CHANNELS; c++) amplitudes[c] = square_root(sums[c + 1]);
}

/* ---- Noise reduction, gain and logarithm ---- */

double exact_gain(double noise) { return 2097152 * pow(noise / 128 + 80, (double)-0.95f); }

static int64_t gain_at(int64_t noise) {
    const int64_t gain = rounded(exact_gain((double)noise));
    return gain < INT16_MAX ? gain : INT16_MAX;
}

/* A parabola through the ends and the middle of each octave. */
int64_t reference_gain(int64_t noise) {
    if (noise < 2) return gain_at(noise);
    const int32_t octave = highest_bit(noise);
    const int64_t start = (int64_t)1 << octave, last = 2 * start <= UINT32_MAX ? 2 * start : UINT32_MAX;
    const int64_t y0 = gain_at(start), y1 = gain_at(start + start / 2), y2 = gain_at(last);
    const int64_t bend = 4 * (y1 - y0) - (y2 - y0), rest = y2 - y0 - bend;
    const int64_t x = floored((noise - start) * 1024, octave);
    return y0 + halves_up((floored(rest * x, 5) + bend * 32) * x, 15);
}

static int64_t log2_bend(int64_t segment) {
    const double x = (double)segment / 128;
    return rounded(65536 * (log2(1 + x) - x));
}

/* 64 ln(value), the binary logarithm of the mantissa in 128 straight lines. */
int64_t reference_logarithm(int64_t value) {
    if (value < 2) return 0;
    const int32_t octave = highest_bit(value);
    const int64_t x = floored((value - ((int64_t)1 << octave)) * 65536, octave), segment = x / 512;
    const int64_t bend = floored((log2_bend(segment + 1) - log2_bend(segment)) * (x % 512), 16);
    const int64_t binary = 65536 * octave + x + log2_bend(segment) + bend;
    return halves_up(64 * halves_up(rounded(65536 * log(2)) * binary, 16), 16);
}

void reference_frame(uint32_t *noise, const int16_t *window, uint16_t *features) {
    point points[KWS_POINTS], bins[KWS_POINTS];
    int64_t energies[KWS_POINTS], amplitudes[KWS_CHANNELS];
    const int32_t shift = windowed(window, points);
    transform(points, 1, KWS_POINTS, bins);
    energies_of(bins, energies);
    amplitudes_of(energies, amplitudes);
    for (int32_t c = 0; c < KWS_CHANNELS; c++) {
        const int64_t signal = floored(amplitudes[c], shift), one = 1 << 14;
        const int64_t smoothing = (int64_t)((c % 2 ? 0.06 : 0.025) * 16384), kept = floored(signal * (one / 20), 14);
        const int64_t estimate = floored(1024 * signal * smoothing + noise[c] * (one - smoothing), 14);
        const int64_t rest = floored(1024 * signal - estimate, 10), clean = rest > kept ? rest : kept;
        const int64_t snr = floored(clean * reference_gain(estimate), 6);
        const int64_t pressed = snr < 8192 ? floored(snr * snr, 20) : floored(snr, 6) - 64;
        noise[c] = (uint32_t)estimate;
        features[c] = (uint16_t)reference_logarithm(8 * pressed);
    }
}
