/* The decision on a whole stream by the rules that kws_decision.h and kws_rearm.h state, without a state. */
#ifndef REFERENCE_DECISION_H
#define REFERENCE_DECISION_H

#include "kws_decision.h"

/* Logits (count, classes) to smoothed posteriors (count, classes) and the class reported at each, or -1; `by_word`: a
 * dead time for each word. */
void reference_decisions(const kws_decision_settings *settings, int32_t by_word, const int8_t *logits, int32_t count,
                         uint16_t *smoothed, int32_t *reported);

#endif
