/* The firmware on the virtual board: clips of one second in from clips.raw, one result per clip out to results.raw.
 *
 * Sound arrives 20 ms at a time, as from a microphone; after each second the network and the decision run once, and
 * the front end starts afresh. On the real board firmware/arduino/kws_nano33ble takes this file's place.
 */
#include "kws_model.h"

#include "kws_spotter.h"
#include "semihosting.h"

enum { CLIP_STEPS = 50 };

typedef struct {
    int8_t logits[KWS_MODEL_CLASSES];
    uint16_t posteriors[KWS_MODEL_CLASSES];
    int32_t reported;
} result;

static kws_spotter spotter;
static int16_t audio[KWS_STEP];

static void keep(result *to, int32_t reported) {
    for (int32_t c = 0; c < KWS_MODEL_CLASSES; c++) {
        to->logits[c] = spotter.logits[c];
        to->posteriors[c] = spotter.posteriors[c];
    }
    to->reported = reported;
}

int main(void) {
    const int32_t clips = open_file("clips.raw", 9, READ_BINARY), results = open_file("results.raw", 11, WRITE_BINARY);
    if (clips < 0 || results < 0) return 1;
    for (int32_t step = 0; read_file(clips, audio, sizeof audio) == 0; step = step + 1 < CLIP_STEPS ? step + 1 : 0) {
        if (step == 0) kws_spotter_init(&spotter);
        kws_spotter_listen(&spotter, audio, KWS_STEP);
        if (step + 1 < CLIP_STEPS) continue;
        result given = {0};
        kws_spotter_infer(&spotter);
        keep(&given, kws_spotter_decide(&spotter));
        if (write_file(results, &given, sizeof given)) return 1;
    }
    return 0;
}
