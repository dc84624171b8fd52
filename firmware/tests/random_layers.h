/* Random numbers and scales for layers, in exactly sized memory, and how many of them differ from the reference. */
#ifndef RANDOM_LAYERS_H
#define RANDOM_LAYERS_H

#include <stddef.h>

#include "kws_network.h"

enum { CHANNELS_MAX = 12 };

extern int failures;

/* A number from `low` to `high`, both included. */
int32_t between(int32_t low, int32_t high);

/* Memory that the caller frees; without it the test ends. */
void *allocate(int32_t bytes);
int8_t *numbers(int32_t count);

typedef struct {
    int32_t bias[CHANNELS_MAX], multiplier[CHANNELS_MAX];
    int8_t shift[CHANNELS_MAX];
} scales;

/* How sums of up to `inputs` products become int8; seldom with a factor of one or more. */
kws_requantize requantize(scales *memory, int32_t inputs);

/* Counts and prints a difference of more than `tolerance`. */
void compare(const char *name, const int8_t *fast, const int8_t *slow, int32_t count, int32_t tolerance);

/* The same for values of any type, byte by byte. */
void compare_bytes(const char *name, const void *fast, const void *slow, size_t bytes);

#endif
