/* The keyword spotter as the sketch sees it; C, because kws_model.h is. */
#ifndef SPOTTER_H
#define SPOTTER_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { SPOTTER_STEP = 320 }; /* samples of 20 ms */

void spotter_start(void);
int spotter_listen(const int16_t *samples); /* SPOTTER_STEP of them; 1 when a frame is complete */
void spotter_infer(void);
int spotter_decide(void); /* the class that is reported now, or -1 */

int spotter_classes(void);
const char *spotter_label(int number);
int spotter_best(void);          /* the class of the largest smoothed posterior */
int spotter_percent(int number); /* a smoothed posterior */

#ifdef __cplusplus
}
#endif

#endif
