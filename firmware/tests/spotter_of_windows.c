/* The spotter of a model that computes the whole window. See test_spotters.h. */
#include "small_network.h"
#include "test_spotters.h"

#define KWS_MODEL_CLASSES SMALL_CLASSES
#define KWS_MODEL_ARENA_BYTES SMALL_ARENA_BYTES

static small_network network;

static void kws_model_run(const int8_t *input, int8_t *output, int8_t *arena) {
    small_network_run(&network, input, output, arena);
}

#include "spotter_rounds.h"

static void by_hand(const int8_t *window, int32_t fresh, int8_t *logits) {
    (void)fresh;
    reference_network(&network, window, logits);
}

void test_spotter_of_windows(void) {
    small_network_make(&network, KWS_FRAMES, between(1, 2), between(0, 1), 0);
    test_spotter("a spotter of windows", 1, -128, by_hand);
    small_network_free(&network);
}
