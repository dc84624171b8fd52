/* The decision: from one inference's logits to "this word was said now".
 *
 * Posteriors (a softmax in integers) are averaged over the last inferences; a class is reported when its mean reaches
 * that class's threshold, and then nothing is reported for a while, so that one word counts once. After Chen,
 * Parada, Heigold, ICASSP 2014 (posterior smoothing) and TensorFlow's micro_speech (suppression).
 */
#ifndef KWS_DECISION_H
#define KWS_DECISION_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KWS_CLASSES_MAX 16
#define KWS_SMOOTHING_MAX 32 /* inferences */
#define KWS_CERTAIN 32768    /* a posterior of one */

typedef struct {
    int32_t classes;
    int32_t smoothing;            /* inferences averaged, 1 to KWS_SMOOTHING_MAX */
    int32_t suppression;          /* inferences after a report without another */
    const uint16_t *thresholds;   /* (classes): mean posterior that reports; above KWS_CERTAIN never does */
    const uint16_t *exponentials; /* exp(-d * logit scale) of differences d = 0, 1, ... times 65535: first, 65535 */
    int32_t differences;          /* their number, at least 1; beyond, the exponential is 0 */
} kws_decision_settings;

typedef struct {
    uint32_t sums[KWS_CLASSES_MAX]; /* over the history */
    uint16_t history[KWS_SMOOTHING_MAX][KWS_CLASSES_MAX];
    uint16_t seen, next; /* rows of history in use; the one to be written */
    int32_t quiet;       /* inferences left without a report */
} kws_decision;

/* A fresh state. */
void kws_decision_init(kws_decision *state);

/* int8 logits to posteriors, which sum to KWS_CERTAIN but for rounding. The largest logit's exponential is never 0,
 * and so neither is their sum, which this divides by. */
void kws_posteriors(const kws_decision_settings *settings, const int8_t *logits, uint16_t *posteriors);

/* Takes in one inference. Writes the smoothed posteriors and returns the class that is reported now, or -1: never
 * before the history is full. */
int32_t kws_decide(const kws_decision_settings *settings, kws_decision *state, const int8_t *logits,
                   uint16_t *smoothed);

#ifdef __cplusplus
}
#endif

#endif
