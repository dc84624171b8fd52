/* See kws_rearm.h. */
#include "kws_rearm.h"

void kws_rearm_init(kws_rearm *state) {
    for (int32_t c = 0; c < KWS_CLASSES_MAX; c++) state->quiet[c] = state->held[c] = 0;
}

int32_t kws_decide_by_word(const kws_decision_settings *settings, kws_decision *decision, kws_rearm *state,
                           const int8_t *logits, uint16_t *smoothed) {
    kws_decision_settings always = *settings;
    always.suppression = 0;
    const int32_t found = kws_decide(&always, decision, logits, smoothed);
    const int32_t free = found >= 0 && state->quiet[found] == 0 && !state->held[found];
    for (int32_t c = 0; c < settings->classes; c++) {
        if (state->quiet[c] > 0) state->quiet[c]--;
        if (smoothed[c] < (uint32_t)settings->thresholds[c] * KWS_RELEASE / KWS_CERTAIN) state->held[c] = 0;
    }
    if (!free) return -1;
    state->quiet[found] = settings->suppression;
    state->held[found] = 1;
    return found;
}
