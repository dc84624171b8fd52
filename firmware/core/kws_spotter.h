/* The keyword spotter: front end, network and decision as one thing with three stages, for one model.
 *
 * Include it once, after the kws_model.h that defines the model. The caller owns the struct, and runs `listen` as
 * sound comes in, `infer` when it wants an opinion on the last second, `decide` on that opinion.
 */
#ifndef KWS_SPOTTER_H
#define KWS_SPOTTER_H

#include "kws_decision.h"
#include "kws_dsp.h"
#include "kws_frontend.h"

/* A function of its own in the binary, so that a profile and a breakpoint find every call of the stage. */
#if defined(__clang__)
#define KWS_STAGE static __attribute__((noinline))
#else
#define KWS_STAGE static __attribute__((noinline, noclone))
#endif

typedef struct {
    kws_frontend frontend;
    kws_decision decision;
    int8_t features[KWS_FRAMES][KWS_CHANNELS]; /* oldest first */
    int8_t logits[KWS_MODEL_CLASSES];
    uint16_t posteriors[KWS_MODEL_CLASSES]; /* smoothed */
    int32_t arena[(KWS_MODEL_ARENA_BYTES + 3) / 4];
} kws_spotter;

/* Silence so far. */
static void kws_spotter_init(kws_spotter *spotter) {
    kws_frontend_init(&spotter->frontend, KWS_STEP);
    kws_decision_init(&spotter->decision);
    for (int i = 0; i < KWS_FRAMES; i++)
        for (int c = 0; c < KWS_CHANNELS; c++) spotter->features[i][c] = -128;
}

/* Takes in at most one step of sound; returns the number of frames that it completed, 0 or 1. */
KWS_STAGE size_t kws_spotter_listen(kws_spotter *spotter, const int16_t *samples, size_t count) {
    uint16_t frame[2 * KWS_CHANNELS];
    const size_t frames = kws_frontend_stream(&spotter->frontend, samples, count, frame);
    if (frames) {
        int8_t *to = spotter->features[0]; /* the oldest frame goes, a word at a time */
        for (int i = 0; i < (KWS_FRAMES - 1) * KWS_CHANNELS; i += 4) kws_store(to + i, kws_load(to + i + KWS_CHANNELS));
        kws_frontend_quantize(frame, KWS_CHANNELS, spotter->features[KWS_FRAMES - 1]);
    }
    return frames;
}

/* The network over the last second: spotter->logits. */
KWS_STAGE void kws_spotter_infer(kws_spotter *spotter) {
    kws_model_run(spotter->features[0], spotter->logits, (int8_t *)spotter->arena);
}

/* The class that is reported now, or -1. */
KWS_STAGE int32_t kws_spotter_decide(kws_spotter *spotter) {
    return kws_decide(&kws_model_decision, &spotter->decision, spotter->logits, spotter->posteriors);
}

#endif
