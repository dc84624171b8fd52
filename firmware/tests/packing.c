/* See packing.h. */
#include "packing.h"

#include <stdlib.h>

enum { TRITS_A_BYTE = 5, POWER = 243 };

kws_packing packing_of(int32_t bits) {
    if (bits == KWS_TRITS) return (kws_packing){bits, -1, 1, NULL};
    if (bits == 1) return (kws_packing){bits, -1, 2, NULL};
    return (kws_packing){bits, 1 - (1 << (bits - 1)), 1, NULL};
}

int32_t highest(int32_t bits) { return bits == KWS_TRITS ? 2 : bits == 1 ? 1 : (1 << bits) - 2; }

static int32_t plane_bits(int32_t bits) { return bits >= 4 ? 4 : bits >= 2 ? 2 : bits; }

static int32_t numbers_of_word(int32_t plane) { return plane == KWS_TRITS ? 4 * TRITS_A_BYTE : 32 / plane; }

static int32_t words_of_row(int32_t count, int32_t plane) {
    return (count + numbers_of_word(plane) - 1) / numbers_of_word(plane);
}

static int32_t number(const uint8_t *numbers, int32_t count, int32_t index) {
    return index < count ? numbers[index] : 0;
}

/* One word of a plane, from number `first` on, whose bits begin at `shift`. */
static uint32_t word(const uint8_t *numbers, int32_t count, int32_t first, int32_t plane, int32_t shift) {
    uint32_t result = 0;
    for (int32_t i = 0; plane && i < numbers_of_word(plane); i++) {
        const uint32_t bits = (uint32_t)(number(numbers, count, first + i) >> shift) & ((1u << plane) - 1);
        result |= bits << (i / 4 * 2 * plane + i % 2 * plane + i % 4 / 2 * 16);
    }
    for (int32_t byte = 0; !plane && byte < 4; byte++) {
        int32_t digits = 0;
        for (int32_t i = 0; i < TRITS_A_BYTE; i++) digits = 3 * digits + number(numbers, count, first + 4 * i + byte);
        result |= (uint32_t)((256 * digits + POWER - 1) / POWER) << 8 * byte;
    }
    return result;
}

static uint32_t *allocate_words(int32_t rows, int32_t count, int32_t bits) {
    int32_t words = 0, done = 0;
    do {
        words += words_of_row(count, plane_bits(bits - done));
        done += plane_bits(bits - done);
    } while (done < bits);
    uint32_t *memory = malloc((size_t)(rows * words) * sizeof *memory);
    if (memory == NULL) exit(2);
    return memory;
}

/* `rows` rows whose words alternate, plane after plane. */
static uint32_t *write_rows(const uint8_t *numbers, int32_t rows, int32_t present, int32_t count, int32_t bits,
                            uint32_t *words) {
    int32_t done = 0;
    do {
        const int32_t plane = plane_bits(bits - done);
        for (int32_t i = 0; i < words_of_row(count, plane); i++)
            for (int32_t row = 0; row < rows; row++)
                *words++ =
                    row < present ? word(numbers + row * count, count, i * numbers_of_word(plane), plane, done) : 0;
        done += plane;
    } while (done < bits);
    return words;
}

uint32_t *pack(const uint8_t *numbers, int32_t count, int32_t bits) {
    uint32_t *words = allocate_words(1, count, bits);
    write_rows(numbers, 1, 1, count, bits, words);
    return words;
}

uint32_t *pack_rows_of_four(const uint8_t *numbers, int32_t rows, int32_t count, int32_t bits) {
    uint32_t *memory = allocate_words((rows + 3) / 4 * 4, count, bits), *words = memory;
    for (int32_t row = 0; row < rows; row += 4)
        words = write_rows(numbers + row * count, 4, rows - row, count, bits, words);
    return memory;
}

int8_t *blocks_of_four(const int8_t *weights, int32_t inputs, int32_t outputs) {
    const int32_t columns = (inputs + 3) / 4, rows = (outputs + 3) / 4;
    int8_t *blocks = calloc((size_t)(16 * columns * rows), 1);
    if (blocks == NULL) exit(2);
    for (int32_t n = 0; n < outputs; n++)
        for (int32_t i = 0; i < inputs; i++)
            blocks[16 * (n / 4 * columns + i / 4) + 4 * (n % 4) + i % 4] = weights[n * inputs + i];
    return blocks;
}

static int8_t *zeros(int32_t count) {
    int8_t *memory = calloc((size_t)count, 1);
    if (memory == NULL) exit(2);
    return memory;
}

int8_t *pairs_of_outputs(const int8_t *weights, int32_t run, int32_t outputs) {
    const int32_t fours = (run + 3) / 4;
    int8_t *words = zeros(16 * fours * ((outputs + 3) / 4));
    for (int32_t n = 0; n < outputs; n += 2)
        for (int32_t i = 0; i < run; i++) {
            const int32_t first = weights[n * run + i], second = n + 1 < outputs ? weights[(n + 1) * run + i] : 0;
            const int32_t both = 256 * second + first;
            int8_t *to = words + 16 * (n / 4 * fours + i / 4) + 8 * (i % 2) + 4 * (n / 2 % 2) + 2 * (i / 2 % 2);
            to[0] = (int8_t)(both & 0xff), to[1] = (int8_t)(both >> 8);
        }
    return words;
}

int8_t *pairs_of_taps(const int8_t *weights, int32_t taps, int32_t channels) {
    const int32_t pairs = (taps + 1) / 2;
    int8_t *words = zeros(2 * pairs * channels);
    for (int32_t t = 0; t < taps; t++)
        for (int32_t c = 0; c < channels; c++)
            words[8 * (c / 4 * pairs + t / 2) + 4 * (c / 2 % 2) + 2 * (t % 2) + c % 2] = weights[t * channels + c];
    return words;
}

uint8_t *groups_of_four(const int8_t *weights, int32_t inputs, int32_t outputs, uint16_t *counts) {
    uint8_t *groups = calloc((size_t)(outputs * (inputs + 8)), 8), *group = groups;
    if (groups == NULL) exit(2);
    for (int32_t n = 0; n < outputs; n++) {
        int32_t entries = 0, position = 0;
        for (int32_t i = 0; i < inputs; i++) {
            const int32_t wide = i - position > 255;
            if (weights[n * inputs + i] == 0 && !wide) continue;
            /* a gap that is too wide is bridged by a weight of zero, one input before this one */
            if (wide) {
                group[entries / 4 * 8 + entries % 4] = 255;
                position += 255, entries++;
            }
            if (weights[n * inputs + i] == 0) continue;
            group[entries / 4 * 8 + entries % 4] = (uint8_t)(i - position);
            group[entries / 4 * 8 + 4 + entries % 4] = (uint8_t)weights[n * inputs + i];
            position = i, entries++;
        }
        counts[n] = (uint16_t)((entries + 3) / 4);
        group += 8 * counts[n];
    }
    return groups;
}
