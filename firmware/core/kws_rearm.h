/* A dead time for each word in place of one for all: the word that was reported is not reported again for a while, and
 * only once its mean posterior has fallen; another word is reported at once.
 */
#ifndef KWS_REARM_H
#define KWS_REARM_H

#include "kws_decision.h"

#ifdef __cplusplus
extern "C" {
#endif

#define KWS_RELEASE 24576 /* of KWS_CERTAIN: a word is free again below three quarters of its threshold */

typedef struct {
    int32_t quiet[KWS_CLASSES_MAX]; /* inferences left without a report of this word */
    uint8_t held[KWS_CLASSES_MAX];  /* its mean posterior has not fallen since the report */
} kws_rearm;

/* Every word free. */
void kws_rearm_init(kws_rearm *state);

/* kws_decide with settings->suppression as the dead time of each word. */
int32_t kws_decide_by_word(const kws_decision_settings *settings, kws_decision *decision, kws_rearm *state,
                           const int8_t *logits, uint16_t *smoothed);

#ifdef __cplusplus
}
#endif

#endif
