/* The front end in wide integers, its constants from their formulas: what kws_frontend.c must equal, bit for bit. */
#ifndef REFERENCE_FRONTEND_H
#define REFERENCE_FRONTEND_H

#include "kws_frontend.h"

/* One frame: window[KWS_WINDOW] samples to features[KWS_CHANNELS]; `noise` as kws_frontend keeps it. */
void reference_frame(uint32_t *noise, const int16_t *window, uint16_t *features);

/* Two stages of it in integers. The gain is nearly PCAN's; the logarithm is 64 ln(value), both to a rounding. */
int64_t reference_gain(int64_t noise);
int64_t reference_logarithm(int64_t value);

/* PCAN's gain in floating point. */
double exact_gain(double noise);

#endif
