/* Included after the functions of a model: its spotter, and the test of it. */
#ifndef SPOTTER_ROUNDS_H
#define SPOTTER_ROUNDS_H

#include <stdlib.h>
#include <string.h>

#include "random_sound.h"
#include "reference_decision.h"

enum { INFERENCES_MAX = 400 };

static const uint16_t thresholds[] = {65535, 9000, 7000, 11000};
static const uint16_t exponentials[] = {65535, 50000, 35000, 20000, 10000, 4000, 900, 30, 1};
static kws_decision_settings kws_model_decision = {KWS_MODEL_CLASSES, 1, 0, thresholds, exponentials, 9};

#include "kws_spotter.h"

static kws_spotter spotter;

/* Hears random sound in chunks, and infers at random times but often each `hop` frames; `by_hand` has the window, and
 * how many of its frames are new, to logits; before any sound it is full of `before_all`. They, the features and the decisions must be what these stages give one
 * by one, the front end at once. */
static void test_spotter(const char *name, int32_t hop_frames, int32_t before_all,
                         void (*by_hand)(const int8_t *window, int32_t fresh, int8_t *logits)) {
    const int32_t length = KWS_WINDOW + between(0, 150 * KWS_STEP), all = 1 + (length - KWS_WINDOW) / KWS_STEP;
    int16_t *const sound = random_sound(length);
    uint16_t *const raw = allocate(all * KWS_CHANNELS * (int32_t)sizeof *raw);
    int8_t *const frames = allocate((KWS_FRAMES + all) * KWS_CHANNELS), logits[SMALL_CLASSES] = {0};
    int8_t scores[INFERENCES_MAX][SMALL_CLASSES];
    uint16_t posteriors[INFERENCES_MAX][SMALL_CLASSES], smoothed[INFERENCES_MAX][SMALL_CLASSES];
    int32_t heard = 0, fresh = 0, count = 0, pause = hop_frames, decisions[INFERENCES_MAX], reported[INFERENCES_MAX];

    kws_frontend_clips(sound, 1, (size_t)length, KWS_STEP, raw);
    memset(frames, before_all, KWS_FRAMES * KWS_CHANNELS);
    kws_frontend_quantize(raw, (size_t)(all * KWS_CHANNELS), frames + KWS_FRAMES * KWS_CHANNELS);
    kws_model_decision.smoothing = between(1, 5), kws_model_decision.suppression = between(0, 5);
    memset(&spotter, 1, sizeof spotter);
    kws_spotter_init(&spotter);
    memcpy(logits, spotter.logits, sizeof logits);
    for (int32_t n = 0, taken; n < length && count < INFERENCES_MAX; n += taken) {
        taken = between(1, length - n < KWS_STEP ? length - n : KWS_STEP);
        const int32_t completed = (int32_t)kws_spotter_listen(&spotter, sound + n, (size_t)taken);
        heard += completed, fresh += completed;
        if (fresh < pause) continue;
        kws_spotter_infer(&spotter);
        decisions[count] = kws_spotter_decide(&spotter);
        memcpy(posteriors[count], spotter.posteriors, sizeof spotter.posteriors);
        by_hand(frames + heard * KWS_CHANNELS, fresh, logits);
        compare_bytes(name, spotter.logits, logits, sizeof logits);
        compare_bytes(name, spotter.features, frames + heard * KWS_CHANNELS, sizeof spotter.features);
        memcpy(scores[count++], logits, sizeof logits);
        fresh = 0, pause = between(0, 3) ? hop_frames : between(0, 60);
    }
    compare_bytes(name, &heard, &all, sizeof all);
    reference_decisions(&kws_model_decision, 0, scores[0], count, smoothed[0], reported);
    compare_bytes(name, posteriors, smoothed, (size_t)count * sizeof *smoothed);
    compare_bytes(name, decisions, reported, (size_t)count * sizeof *reported);
    free(sound), free(raw), free(frames);
}

#endif
