/* What the sketches share: microphone to LED, one line of log per inference. A sketch brings its model, and calls
 * kws_setup and kws_loop.
 */
#ifndef KWS_SKETCH_H
#define KWS_SKETCH_H

#include <kws_decision.h>
#include <kws_frontend.h>
#include <stdint.h>

#include "kws_ring.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The model of a sketch. */
extern const char spotter_name[];
extern const int spotter_hop;    /* frames from inference to inference */
const char *spotter_start(void); /* NULL, or why it cannot start */
const char *spotter_model(void); /* a name that tells this model from others, without spaces */
int spotter_classes(void);       /* silence, unknown, then the words */
const char *spotter_label(int number);
int spotter_listen(const int16_t *samples); /* KWS_STEP of them; 1 when a frame is complete */
void spotter_infer(void);
int spotter_decide(int by_word); /* the class that is reported now, or -1; with a dead time per word, or for all */
void spotter_forget(void);       /* the inferences and reports so far */
uint16_t spotter_posterior(int number); /* smoothed; KWS_CERTAIN is one */

extern kws_ring kws_sound;
void kws_setup(void);
void kws_loop(void);

#ifdef __cplusplus
}
#endif

#endif
