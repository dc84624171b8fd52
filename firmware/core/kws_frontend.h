/* Audio front end: 16 kHz int16 PCM to 40 log-mel features per frame, bit-exact with TensorFlow Lite Micro's micro
 * front end (30 ms window; Wang et al., "Trainable frontend", arXiv:1607.05666, for the gain control).
 *
 * One frame costs the same whatever it contains. All state is in the struct, which the caller owns.
 */
#ifndef KWS_FRONTEND_H
#define KWS_FRONTEND_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KWS_WINDOW 480  /* samples in a frame's window: 30 ms */
#define KWS_STEP 320    /* samples from frame to frame, as networks see them: 20 ms */
#define KWS_HOP 2       /* frames from inference to inference on a stream: 40 ms */
#define KWS_FRAMES 49   /* frames of one second, which a network sees */
#define KWS_CHANNELS 40 /* features of a frame */
#define KWS_POINTS 256  /* complex points of the transform of 512 real ones */

typedef struct {
    uint32_t noise[KWS_CHANNELS];  /* noise estimate per channel, 10 fractional bits */
    uint32_t spectrum[KWS_POINTS]; /* scratch within a frame: packed complex points, then energies */
    int16_t samples[KWS_WINDOW];   /* streaming: samples that wait for their frame */
    uint16_t waiting;              /* how many wait */
    uint16_t step;                 /* samples from frame to frame */
} kws_frontend;

/* A fresh state; `step` is 320 (20 ms) or 160 (10 ms), or any other number from 1 to KWS_WINDOW. */
void kws_frontend_init(kws_frontend *state, int step);

/* One frame: window[KWS_WINDOW] samples to features[KWS_CHANNELS]. */
void kws_frontend_frame(kws_frontend *state, const int16_t *window, uint16_t *features);

/* Streaming: takes in `count` samples, writes the features of each frame that they complete, at most
 * 1 + count / step of them, one after the other, and returns how many. */
size_t kws_frontend_stream(kws_frontend *state, const int16_t *samples, size_t count, uint16_t *features);

/* Features as the int8 that networks read: 25.6 x 26 steps of the log scale to 256, clipped to -128..127. */
void kws_frontend_quantize(const uint16_t *features, size_t count, int8_t *quantized);

/* Many whole clips, each from a fresh state: samples (clips, length) to features (clips, frames, KWS_CHANNELS)
 * with frames = 1 + (length - KWS_WINDOW) / step. */
void kws_frontend_clips(const int16_t *samples, size_t clips, size_t length, int step, uint16_t *features);

#ifdef __cplusplus
}
#endif

#endif
