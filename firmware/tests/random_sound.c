/* See random_sound.h. */
#include "random_sound.h"

#include "random_layers.h"

int16_t *random_sound(int32_t count) {
    int16_t *samples = allocate(count * (int32_t)sizeof *samples);
    const int32_t level = between(0, 12);
    for (int32_t n = 0; n < count;) {
        const int32_t kind = between(0, 9), end = n + between(1, 2000), half = between(1, 100);
        const int32_t quieter = kind < 4 ? between(0, 15) : level + between(0, 3);
        for (; n < end && n < count; n++) {
            int32_t sample = between(INT16_MIN, INT16_MAX) / (1 << quieter);
            if (kind == 0) sample = n / half % 2 ? INT16_MAX / (1 << quieter) : INT16_MIN / (1 << quieter);
            if (kind == 1) sample = between(0, 1) ? INT16_MAX : INT16_MIN;
            if (kind == 2) sample = quieter % 2 ? INT16_MIN : 0;
            samples[n] = (int16_t)sample;
        }
    }
    return samples;
}
