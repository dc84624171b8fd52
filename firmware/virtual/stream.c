/* The firmware on the virtual board, listening to a stream: sound in from sound.raw, one result per hop out to
 * results.raw. The rhythm is that of firmware/arduino/kws_nano33ble: 20 ms of sound at a time, an inference and a decision
 * every KWS_HOP frames. main.c takes single clips instead.
 */
#include "kws_model.h"

#include "kws_spotter.h"
#include "semihosting.h"

static kws_spotter spotter;
static int16_t audio[KWS_STEP];

int main(void) {
    const int32_t sound = open_file("sound.raw", 9, READ_BINARY), results = open_file("results.raw", 11, WRITE_BINARY);
    size_t frames = 0;
    if (sound < 0 || results < 0) return 1;
    kws_spotter_init(&spotter);
    while (read_file(sound, audio, sizeof audio) == 0) {
        frames += kws_spotter_listen(&spotter, audio, KWS_STEP);
        if (frames < KWS_HOP) continue;
        frames = 0;
        kws_spotter_infer(&spotter);
        const int32_t reported = kws_spotter_decide(&spotter);
        if (write_file(results, spotter.logits, sizeof spotter.logits)) return 1;
        if (write_file(results, &reported, sizeof reported)) return 1;
    }
    return 0;
}
