/* See reference_decision.h. */
#include "reference_decision.h"

#include <math.h>

/* Of all logits of an inference, the posterior of one class. */
static double posterior(const kws_decision_settings *settings, const int8_t *logits, int32_t class) {
    double total = 0, exponentials[KWS_CLASSES_MAX];
    for (int32_t c = 0; c < settings->classes; c++) {
        int32_t below = 0; /* the largest, in steps */
        for (int32_t other = 0; other < settings->classes; other++)
            if (logits[other] - logits[c] > below) below = logits[other] - logits[c];
        exponentials[c] = below < settings->differences ? settings->exponentials[below] : 0;
        total += exponentials[c];
    }
    return floor(KWS_CERTAIN * exponentials[class] / total + 0.5);
}

/* Whether nothing keeps class `best` from being reported at inference `now`. */
static int32_t is_free(const kws_decision_settings *settings, int32_t by_word, const uint16_t *smoothed,
                       const int32_t *reported, int32_t now, int32_t best) {
    const double release = floor(0.75 * settings->thresholds[best]);
    int32_t fallen = 0; /* since */
    for (int32_t t = now - 1; t >= 0; t--) {
        const int32_t counts = by_word ? reported[t] == best : reported[t] >= 0;
        if (counts && now - t <= settings->suppression) return 0;
        if (counts && by_word) return fallen;
        fallen = fallen || smoothed[t * settings->classes + best] < release;
    }
    return 1;
}

void reference_decisions(const kws_decision_settings *settings, int32_t by_word, const int8_t *logits, int32_t count,
                         uint16_t *smoothed, int32_t *reported) {
    const int32_t classes = settings->classes, length = settings->smoothing;
    for (int32_t now = 0; now < count; now++) {
        uint16_t *means = smoothed + now * classes;
        const int32_t first = now < length ? 0 : now - length + 1;
        int32_t best = 0;
        for (int32_t c = 0; c < classes; c++) {
            double sum = 0;
            for (int32_t t = first; t <= now; t++) sum += posterior(settings, logits + t * classes, c);
            means[c] = (uint16_t)floor(sum / (now - first + 1));
            if (means[c] > means[best]) best = c;
        }
        const int32_t reached = now + 1 >= length && means[best] >= settings->thresholds[best];
        reported[now] = reached && is_free(settings, by_word, smoothed, reported, now, best) ? best : -1;
    }
}
