/* The keyword spotter: front end, network and decision as one thing with three stages, for one model.
 *
 * Include it once, after the kws_model.h that defines the model. The caller owns the struct, and runs `listen` as
 * sound comes in, `infer` when it wants an opinion on the last second, `decide` on that opinion.
 *
 * A model written for streams (KWS_MODEL_HOP) computes in `infer` only what is new, where KWS_MODEL_HOP frames came in
 * since the last call; after any other number it computes the whole window, to the same bits. An endless one
 * (KWS_MODEL_ENDLESS) hears all since `init`, hop by hop: `infer` waits for whole hops and makes up for up to a second.
 */
#ifndef KWS_SPOTTER_H
#define KWS_SPOTTER_H

#include "kws_decision.h"
#include "kws_frontend.h"
#include "kws_move.h"

#if defined(KWS_MODEL_ENDLESS)
#define KWS_BEFORE KWS_MODEL_ENDLESS                                             /* a feature before the first sound */
#define KWS_BACKLOG (KWS_FRAMES - KWS_MODEL_SEEN / KWS_CHANNELS + KWS_MODEL_HOP) /* frames that `infer` makes up for */
#else
#define KWS_BEFORE -128
#define KWS_BACKLOG KWS_FRAMES
#endif

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
#ifdef KWS_MODEL_HOP
    int32_t fresh; /* frames that the network has not seen */
#endif
    int8_t logits[KWS_MODEL_CLASSES];
    uint16_t posteriors[KWS_MODEL_CLASSES]; /* smoothed */
    int32_t arena[(KWS_MODEL_ARENA_BYTES + 3) / 4];
} kws_spotter;

/* Silence so far, or nothing. */
static void kws_spotter_init(kws_spotter *spotter) {
    kws_frontend_init(&spotter->frontend, KWS_STEP);
    kws_decision_init(&spotter->decision);
    for (int i = 0; i < KWS_FRAMES; i++)
        for (int c = 0; c < KWS_CHANNELS; c++) spotter->features[i][c] = KWS_BEFORE;
#if defined(KWS_MODEL_ENDLESS)
    spotter->fresh = 0;
    kws_model_begin((int8_t *)spotter->arena);
#elif defined(KWS_MODEL_HOP)
    spotter->fresh = 0; /* of this silence the network keeps what the first hop does not make new */
    kws_model_run(spotter->features[0], spotter->logits, (int8_t *)spotter->arena);
#endif
}

/* Takes in at most one step of sound; returns the number of frames that it completed, 0 or 1. */
KWS_STAGE size_t kws_spotter_listen(kws_spotter *spotter, const int16_t *samples, size_t count) {
    uint16_t frame[2 * KWS_CHANNELS];
    const size_t frames = kws_frontend_stream(&spotter->frontend, samples, count, frame);
    if (frames) {
        kws_move(spotter->features[0], spotter->features[1],
                 (KWS_FRAMES - 1) * KWS_CHANNELS); /* the oldest frame goes */
        kws_frontend_quantize(frame, KWS_CHANNELS, spotter->features[KWS_FRAMES - 1]);
#ifdef KWS_MODEL_HOP
        if (spotter->fresh < KWS_BACKLOG) spotter->fresh++;
#endif
    }
    return frames;
}

/* The network over the last second: spotter->logits. */
KWS_STAGE void kws_spotter_infer(kws_spotter *spotter) {
    int8_t *arena = (int8_t *)spotter->arena;
#if defined(KWS_MODEL_ENDLESS)
    for (; spotter->fresh >= KWS_MODEL_HOP; spotter->fresh -= KWS_MODEL_HOP)
        kws_model_hop(spotter->features[KWS_BACKLOG - spotter->fresh], spotter->logits, arena);
#elif defined(KWS_MODEL_HOP)
    if (spotter->fresh == KWS_MODEL_HOP) kws_model_hop(spotter->features[0], spotter->logits, arena);
    else if (spotter->fresh) kws_model_run(spotter->features[0], spotter->logits, arena);
    spotter->fresh = 0;
#else
    kws_model_run(spotter->features[0], spotter->logits, arena);
#endif
}

/* The class that is reported now, or -1. */
KWS_STAGE int32_t kws_spotter_decide(kws_spotter *spotter) {
    return kws_decide(&kws_model_decision, &spotter->decision, spotter->logits, spotter->posteriors);
}

#endif
