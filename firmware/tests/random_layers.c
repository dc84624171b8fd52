/* See random_layers.h. */
#include "random_layers.h"

#include <stdio.h>
#include <stdlib.h>

int failures = 0;

static uint32_t state = 1;

int32_t between(int32_t low, int32_t high) {
    state ^= state << 13, state ^= state >> 17, state ^= state << 5;
    return low + (int32_t)(state % (uint32_t)(high - low + 1));
}

void *allocate(int32_t bytes) {
    void *memory = malloc((size_t)bytes);
    if (memory == NULL) exit(2);
    return memory;
}

int8_t *numbers(int32_t count) {
    int8_t *values = allocate(count);
    for (int32_t i = 0; i < count; i++) values[i] = (int8_t)between(-128, 127);
    return values;
}

kws_requantize requantize(scales *memory, int32_t inputs) {
    const int32_t bits = inputs > 16 ? 11 : 9, large = between(0, 7) == 0;
    for (int32_t c = 0; c < CHANNELS_MAX; c++) {
        memory->bias[c] = between(-2000, 2000);
        memory->multiplier[c] = between(1 << 30, INT32_MAX);
        memory->shift[c] = (int8_t)(large ? between(-3, 2) : between(-bits, -4));
    }
    const int32_t max = between(0, 3) ? 127 : between(-20, 60);
    return (kws_requantize){memory->bias, memory->multiplier, memory->shift, between(-128, 127), -128, max};
}

void compare(const char *name, const int8_t *fast, const int8_t *slow, int32_t count, int32_t tolerance) {
    for (int32_t i = 0; i < count; i++) {
        if (abs(fast[i] - slow[i]) <= tolerance) continue;
        printf("%s: value %d of %d is %d, the reference says %d\n", name, (int)i, (int)count, fast[i], slow[i]);
        failures++;
        return;
    }
}

void compare_bytes(const char *name, const void *fast, const void *slow, size_t bytes) {
    compare(name, fast, slow, (int32_t)bytes, 0);
}
