/* One keyword spotter for the model in kws_model.h, which `kws board MODEL.tflite --keep DIR` writes. */
#include "spotter.h"

#include "kws_model.h"

#include <kws_spotter.h>

static kws_spotter spotter;

void spotter_start(void) { kws_spotter_init(&spotter); }
int spotter_listen(const int16_t *samples) { return (int)kws_spotter_listen(&spotter, samples, SPOTTER_STEP); }
void spotter_infer(void) { kws_spotter_infer(&spotter); }
int spotter_decide(void) { return (int)kws_spotter_decide(&spotter); }

int spotter_classes(void) { return KWS_MODEL_CLASSES; }
const char *spotter_label(int number) { return kws_model_labels[number]; }
int spotter_percent(int number) { return spotter.posteriors[number] * 100 / KWS_CERTAIN; }

int spotter_best(void) {
    int best = 0;
    for (int c = 1; c < KWS_MODEL_CLASSES; c++)
        if (spotter.posteriors[c] > spotter.posteriors[best]) best = c;
    return best;
}
