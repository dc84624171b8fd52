/* The spotter of a model that keeps what the last hop computed. See test_spotters.h. */
#include "kws_stream.h"
#include "small_network.h"
#include "test_spotters.h"

#define KWS_MODEL_CLASSES SMALL_CLASSES
#define KWS_MODEL_ARENA_BYTES SMALL_ARENA_BYTES
#define KWS_MODEL_HOP hop

static small_network network;
static int32_t hop;
static int32_t computed, due; /* hops that were computed as such, and that are to be */

static void kws_model_run(const int8_t *input, int8_t *output, int8_t *arena) {
    small_network_run(&network, input, output, arena);
}

/* New are the rows that see zeros before the window, and those that see its last frames or zeros after them. */
static void kws_model_hop(const int8_t *input, int8_t *output, int8_t *arena) {
    const kws_window *layer = &network.convolution;
    const int32_t stride = layer->stride_height, shift = hop / stride;
    const int32_t before = (layer->pad_top + stride - 1) / stride;
    const int32_t inside = (layer->in_height + layer->pad_top - layer->kernel_height) / stride + 1;
    int8_t *const scratch = arena + KWS_MODEL_ARENA_BYTES / 2;
    kws_keep(arena, shift * network.row_bytes, (network.rows - shift) * network.row_bytes);
    small_network_rows(&network, 0, before, input, arena, scratch);
    small_network_rows(&network, inside - shift, network.rows, input, arena, scratch);
    small_network_scores(&network, arena, output);
    computed++;
}

#include "spotter_rounds.h"

static void by_hand(const int8_t *window, int32_t fresh, int8_t *logits) {
    if (fresh == hop) due++;
    reference_network(&network, window, logits);
}

void test_spotter_of_hops(void) {
    const int32_t stride = between(1, 2);
    hop = stride * between(1, 3);
    small_network_make(&network, KWS_FRAMES, stride, between(0, 1), 0);
    test_spotter("a spotter of hops", hop, -128, by_hand);
    compare_bytes("hops computed as such", &computed, &due, sizeof due);
    small_network_free(&network);
}
