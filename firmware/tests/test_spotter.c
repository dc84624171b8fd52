/* The front end, the decision and the spotter on random sound and scores: what the core computes must equal the plain
 * rules of the references, in exactly sized memory. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kws_move.h"
#include "kws_rearm.h"
#include "kws_stream.h"
#include "random_layers.h"
#include "random_sound.h"
#include "reference_decision.h"
#include "reference_frontend.h"
#include "test_spotters.h"

enum { ROUNDS = 60, SCORES = 200 };

/* Two clips at once, and the second as a stream in chunks, against the reference. */
static void test_frontend(void) {
    const int32_t step = between(0, 2) ? between(1, 2) * KWS_STEP / 2 : between(60, KWS_WINDOW);
    const int32_t beyond = between(0, 1) ? between(0, 4000) : between(0, 12) * step, length = KWS_WINDOW + beyond;
    const int32_t frames = 1 + (length - KWS_WINDOW) / step;
    const int32_t size = frames * KWS_CHANNELS, longest = between(0, 1) ? 2 * KWS_STEP : 4500;
    int16_t *const sound = random_sound(2 * length);
    uint16_t *const fast = allocate(4 * size), *const slow = allocate(4 * size), *const streamed = allocate(2 * size);
    uint32_t noise[KWS_CHANNELS];
    kws_frontend *const state = allocate(sizeof *state);
    int32_t completed = 0;
    for (int32_t frame = 0; frame < 2 * frames; frame++) {
        if (frame % frames == 0) memset(noise, 0, sizeof noise);
        const int16_t *const window = sound + frame / frames * length + frame % frames * step;
        reference_frame(noise, window, slow + frame * KWS_CHANNELS);
    }
    kws_frontend_clips(sound, 2, (size_t)length, step, fast);
    compare_bytes("kws_frontend_clips", fast, slow, (size_t)(4 * size));
    kws_frontend_init(state, step);
    for (int32_t n = 0, taken; n < length; n += taken) {
        taken = between(1, longest < length - n ? longest : length - n);
        int16_t *const chunk = allocate(2 * taken);
        uint16_t *const room = allocate(2 * KWS_CHANNELS * (1 + taken / step));
        memcpy(chunk, sound + length + n, (size_t)(2 * taken));
        const int32_t found = (int32_t)kws_frontend_stream(state, chunk, (size_t)taken, room);
        memcpy(streamed + completed * KWS_CHANNELS, room, (size_t)(2 * KWS_CHANNELS * found));
        completed += found;
        free(chunk), free(room);
    }
    compare_bytes("frames of kws_frontend_stream", &completed, &frames, sizeof frames);
    compare_bytes("kws_frontend_stream", streamed, slow + size, (size_t)(2 * size));
    compare_bytes("the noise of kws_frontend_stream", state->noise, noise, sizeof noise);
    free(sound), free(fast), free(slow), free(streamed), free(state);
}

/* The reference's integers are the formulas: a parabola an octave is the gain to 2 % and a rounding, the
 * logarithm to a rounding. */
static void test_formulas(void) {
    const int64_t value = between(1, INT32_MAX) >> between(0, 30), rest = value > 1 ? value : 2;
    const double exact = exact_gain((double)value), gain = (double)reference_gain(value) - exact;
    const double log = (double)reference_logarithm(rest) - 64 * log1p((double)(rest - 1));
    if (fabs(gain) <= 0.02 * exact + 1 && fabs(log) <= 1) return;
    printf("%d: the gain is off by %.2f, the logarithm by %.2f\n", (int)value, gain, log);
    failures++;
}

static void test_quantize(void) {
    for (int32_t feature = 0; feature <= UINT16_MAX; feature++) {
        const uint16_t value = (uint16_t)feature;
        const double steps = floor(feature * 256 / (25.6 * 26 + 0.4) + 0.5) - 128; /* 666 for 665.6 */
        const int8_t slow = (int8_t)(steps < 127 ? steps : 127);
        int8_t fast;
        kws_frontend_quantize(&value, 1, &fast);
        compare("kws_frontend_quantize", &fast, &slow, 1, 0);
    }
}

/* Downwards by any distance, over itself, and upwards beyond itself. */
static void test_moves(void) {
    const int32_t size = between(0, 200), distance = between(0, 1) ? between(0, 40) : between(0, 300);
    const int32_t value = between(-128, 127), upwards = distance >= size && between(0, 1);
    int8_t *const fast = numbers(size + distance), *const slow = allocate(size + distance);
    memcpy(slow, fast, (size_t)(size + distance));
    memmove(slow + upwards * distance, slow + !upwards * distance, (size_t)size);
    if (upwards) kws_move(fast + distance, fast, size);
    else kws_keep(fast, distance, size);
    compare("kws_move", fast, slow, size + distance, 0);
    memset(slow, value, (size_t)size);
    kws_fill(fast, value, size);
    compare("kws_fill", fast, slow, size + distance, 0);
    free(fast), free(slow);
}

/* Scores that stay for a while, are often equal, and vary a little: words are reached, kept and left again. */
static void random_scores(int32_t classes, int8_t *logits) {
    for (int32_t t = 0; t < SCORES;) {
        const int32_t word = between(0, classes - 1), height = between(0, 1) ? 100 : between(-20, 20);
        for (const int32_t end = t + between(1, 12); t < end && t < SCORES; t++)
            for (int32_t c = 0; c < classes; c++)
                logits[t * classes + c] = (int8_t)(between(0, 2) * between(-4, 4) + (c == word ? height : 0));
    }
}

static void test_decisions(int32_t by_word) {
    const int32_t classes = between(2, KWS_CLASSES_MAX), differences = between(1, 60);
    const double scale = between(5, 200) / 1000.0;
    uint16_t *const thresholds = allocate(2 * classes), *const exponentials = allocate(2 * differences);
    const kws_decision_settings settings = {
        classes,        between(0, 1) ? between(1, 4) : between(1, KWS_SMOOTHING_MAX),
        between(0, 12), thresholds,
        exponentials,   differences};
    int8_t *const logits = allocate(SCORES * classes);
    uint16_t *const fast = allocate(2 * SCORES * classes), *const slow = allocate(2 * SCORES * classes);
    int32_t fast_reports[SCORES], slow_reports[SCORES];
    kws_decision *const state = allocate(sizeof *state);
    kws_rearm *const rearm = allocate(sizeof *rearm);
    for (int32_t c = 0; c < classes; c++) thresholds[c] = (uint16_t)between(0, between(0, 3) ? KWS_CERTAIN : 65535);
    for (int32_t d = 0; d < differences; d++) exponentials[d] = (uint16_t)(65535 * exp(-d * scale));
    random_scores(classes, logits);
    reference_decisions(&settings, by_word, logits, SCORES, slow, slow_reports);
    for (int32_t c = 0; c < classes; c++) { /* often one that a mean just reaches, or falls to three quarters of */
        const int32_t mean = slow[between(0, SCORES - 1) * classes + c], kind = between(0, 2);
        if (kind) thresholds[c] = (uint16_t)(kind == 1 ? mean : (4 * mean + 2) / 3);
    }
    memset(state, 1, sizeof *state), memset(rearm, 1, sizeof *rearm);
    kws_decision_init(state), kws_rearm_init(rearm);
    for (int32_t t = 0; t < SCORES; t++)
        fast_reports[t] = by_word
                              ? kws_decide_by_word(&settings, state, rearm, logits + t * classes, fast + t * classes)
                              : kws_decide(&settings, state, logits + t * classes, fast + t * classes);
    reference_decisions(&settings, by_word, logits, SCORES, slow, slow_reports);
    compare_bytes("smoothed posteriors", fast, slow, (size_t)(2 * SCORES * classes));
    compare_bytes(by_word ? "kws_decide_by_word" : "kws_decide", fast_reports, slow_reports, sizeof fast_reports);
    free(thresholds), free(exponentials), free(logits), free(fast), free(slow), free(state), free(rearm);
}

int main(void) {
    test_quantize();
    for (int32_t i = 0; i < ROUNDS; i++) {
        test_frontend();
        for (int32_t k = 0; k < 50; k++) test_formulas(), test_moves();
        test_decisions(0), test_decisions(1);
        test_spotter_of_windows();
        test_spotter_of_hops();
        test_endless_spotter();
    }
    printf("%d rounds of random sound, %d differ from the reference\n", ROUNDS, failures);
    return failures != 0;
}
