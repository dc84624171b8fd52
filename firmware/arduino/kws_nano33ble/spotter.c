/* The spotter of the C core for the model in kws_model.h, which `kws board MODEL --keep DIR` writes. */
#include <kws_sketch.h>

#include "kws_model.h"

#include <kws_rearm.h>
#include <kws_spotter.h>

#ifdef KWS_MODEL_HOP
const int spotter_hop = KWS_MODEL_HOP;
#else
const int spotter_hop = 2;
#endif
const char spotter_name[] = "kws_nano33ble";

static kws_spotter spotter;
static kws_rearm rearm;

const char *spotter_start(void) {
    kws_spotter_init(&spotter);
    kws_rearm_init(&rearm);
    return NULL;
}

const char *spotter_model(void) { return KWS_MODEL_NAME; }
int spotter_classes(void) { return KWS_MODEL_CLASSES; }
const char *spotter_label(int number) { return kws_model_labels[number]; }
int spotter_listen(const int16_t *samples) { return (int)kws_spotter_listen(&spotter, samples, KWS_STEP); }
void spotter_infer(void) { kws_spotter_infer(&spotter); }

int spotter_decide(int by_word) {
    return (int)(by_word ? kws_decide_by_word(&kws_model_decision, &spotter.decision, &rearm, spotter.logits,
                                              spotter.posteriors)
                         : kws_spotter_decide(&spotter));
}

void spotter_forget(void) {
    kws_decision_init(&spotter.decision);
    kws_rearm_init(&rearm);
}

uint16_t spotter_posterior(int number) { return spotter.posteriors[number]; }
