/* Sound of every kind: noise from silence to clipping, square waves, one rail or the other. */
#ifndef RANDOM_SOUND_H
#define RANDOM_SOUND_H

#include <stdint.h>

/* `count` samples, which the caller frees. */
int16_t *random_sound(int32_t count);

#endif
