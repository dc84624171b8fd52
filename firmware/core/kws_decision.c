/* See kws_decision.h. */
#include "kws_decision.h"

void kws_decision_init(kws_decision *state) {
    state->seen = state->next = 0;
    state->quiet = 0;
    for (int32_t c = 0; c < KWS_CLASSES_MAX; c++) state->sums[c] = 0;
}

void kws_posteriors(const kws_decision_settings *settings, const int8_t *logits, uint16_t *posteriors) {
    int32_t largest = logits[0];
    uint32_t total = 0;
    for (int32_t c = 1; c < settings->classes; c++)
        if (logits[c] > largest) largest = logits[c];
    for (int32_t c = 0; c < settings->classes; c++) {
        const int32_t difference = largest - logits[c];
        posteriors[c] = difference < settings->differences ? settings->exponentials[difference] : 0;
        total += posteriors[c];
    }
    for (int32_t c = 0; c < settings->classes; c++)
        posteriors[c] = (uint16_t)((posteriors[c] * (uint32_t)KWS_CERTAIN + total / 2) / total);
}

int32_t kws_decide(const kws_decision_settings *settings, kws_decision *state, const int8_t *logits,
                   uint16_t *smoothed) {
    uint16_t posteriors[KWS_CLASSES_MAX];
    kws_posteriors(settings, logits, posteriors);
    const int32_t full = state->seen == settings->smoothing;
    uint16_t *row = state->history[state->next];
    if (!full) state->seen++;
    int32_t best = 0;
    for (int32_t c = 0; c < settings->classes; c++) {
        state->sums[c] += posteriors[c] - (full ? row[c] : 0u);
        row[c] = posteriors[c];
        smoothed[c] = (uint16_t)(state->sums[c] / state->seen);
        if (smoothed[c] > smoothed[best]) best = c;
    }
    state->next = (uint16_t)(state->next + 1 < settings->smoothing ? state->next + 1 : 0);
    if (state->quiet > 0) {
        state->quiet--;
        return -1;
    }
    if (state->seen < settings->smoothing || smoothed[best] < settings->thresholds[best]) return -1;
    state->quiet = settings->suppression;
    return best;
}
