/* The keyword spotter in a web page: the core compiled to WebAssembly, one build for all models, which are data.
 *
 * A model is a row of int32, as kwslib/page/words.py writes it: a header, the decision, then every layer with its
 * fields in the order of its struct. An array stands in its field as the byte at which it begins, 0 for none. The page
 * writes the words to kws_web_model(), calls kws_web_load once, then goes round as the board's sketch does: listen,
 * every second frame infer, decide.
 */
#include "kws_decision.h"
#include "kws_network.h"
#include "kws_packed.h"
#include "kws_sparse.h"
#include "kws_stream.h"

enum { FORMAT = 0x3153574b /* "KWS1" */, MODEL_WORDS = 1 << 18 /* the board's 1 MB of flash */ };
enum { LAYERS_MAX = 256, STEPS_MAX = 1024, FILLS_MAX = 256 };
enum { INPUT = 1 << 24, OUTPUT = 1 << 25, MOVE = -1 };

#define KWS_MODEL_CLASSES KWS_CLASSES_MAX
#define KWS_MODEL_ARENA_BYTES (1 << 18) /* the board's 256 KB of RAM */
#define KWS_MODEL_HOP 2
static kws_decision_settings kws_model_decision;
static void kws_model_run(const int8_t *input, int8_t *output, int8_t *arena);
static void kws_model_hop(const int8_t *input, int8_t *output, int8_t *arena);

#include "kws_spotter.h"

#define EXPORT(type, name) __attribute__((export_name(#name))) type name

typedef enum {
    CONVOLUTION,
    DEPTHWISE,
    AVERAGE_POOL,
    DENSE,
    SPARSE,
    PACKED_CONVOLUTION,
    PACKED_DENSE,
    MEAN,
    SUM,
    SOFTMAX,
    RUN_CONVOLUTION,
    RUN_DEPTHWISE,
    RUN_COLUMN,
    DEPTH_COLUMN,
    KINDS
} kind;

typedef struct {
    kind kind;
    union {
        kws_window window;
        kws_dense dense;
        kws_column column;
        kws_sparse sparse;
        kws_packed_window packed_window;
        kws_packed_dense packed_dense;
        kws_mean mean;
        kws_sum sum;
        kws_softmax softmax;
    } of;
} layer;

/* A layer at work, or MOVE with a place, by and size of a kws_keep in a, b and to. */
typedef struct {
    int32_t layer, a, b, to, scratch;
} step;

typedef struct {
    int32_t at, value, size;
} fill;

static int32_t model[MODEL_WORDS];
static const int32_t *next; /* word of the model that is read next */
static layer layers[LAYERS_MAX];
static step steps[STEPS_MAX]; /* those before the stream, then those of a hop */
static fill fills[FILLS_MAX];
static int32_t layer_count, first_count, hop_count, fill_count, classes;
static int32_t unseen; /* bytes of the window before what the network sees */
static uint16_t thresholds[KWS_CLASSES_MAX];
static kws_spotter spotter;
static int16_t samples[KWS_STEP];

static int32_t word(void) { return *next++; }

static const void *array(void) {
    const int32_t begin = word();
    return begin ? (const int8_t *)model + begin : 0;
}

static void read_requantize(kws_requantize *to) {
    to->bias = array(), to->multiplier = array(), to->shift = array();
    to->zero_point = word(), to->min = word(), to->max = word();
}

static void read_window(kws_window *to) {
    int16_t *const fields[] = {&to->in_height,        &to->in_width,     &to->in_channels,   &to->out_height,
                               &to->out_width,        &to->out_channels, &to->kernel_height, &to->kernel_width,
                               &to->stride_height,    &to->stride_width, &to->pad_top,       &to->pad_left,
                               &to->input_zero_point, &to->band_rows};
    for (uint32_t i = 0; i < sizeof fields / sizeof *fields; i++) *fields[i] = (int16_t)word();
    to->weights = array();
    read_requantize(&to->output);
    to->read = array();
}

static void read_packing(kws_packing *to) {
    to->bits = word(), to->low = word(), to->step = word(), to->words = array();
}

static void read_dense(kws_dense *to) {
    to->inputs = word(), to->outputs = word(), to->weights = array();
    read_requantize(&to->output);
}

static void read_column(kws_column *to) {
    to->length = word(), to->weights = array(), to->groups = word();
    read_requantize(&to->output);
}

static void read_sparse(kws_sparse *to) {
    to->inputs = word(), to->outputs = word(), to->groups = array(), to->counts = array();
    read_requantize(&to->output);
}

static void read_packed_window(kws_packed_window *to) {
    read_window(&to->window);
    read_packing(&to->weights);
}

static void read_packed_dense(kws_packed_dense *to) {
    to->inputs = word(), to->outputs = word();
    read_packing(&to->weights);
    read_requantize(&to->output);
}

static void read_mean(kws_mean *to) {
    to->positions = word(), to->channels = word(), to->input_zero_point = word();
    to->multiplier = word(), to->shift = word(), to->zero_point = word();
}

static void read_sum(kws_sum *to) {
    to->size = word();
    to->zero_point_a = word(), to->multiplier_a = word(), to->shift_a = word();
    to->zero_point_b = word(), to->multiplier_b = word(), to->shift_b = word();
    to->zero_point = word(), to->multiplier = word(), to->shift = word(), to->min = word(), to->max = word();
}

static void read_softmax(kws_softmax *to) {
    to->classes = word(), to->exponentials = array(), to->differences = word();
}

static void read_fields(layer *to) {
    switch (to->kind) {
        case CONVOLUTION:
        case DEPTHWISE:
        case AVERAGE_POOL:
        case RUN_CONVOLUTION:
        case RUN_DEPTHWISE:
            read_window(&to->of.window);
            break;
        case DENSE:
            read_dense(&to->of.dense);
            break;
        case RUN_COLUMN:
        case DEPTH_COLUMN:
            read_column(&to->of.column);
            break;
        case SPARSE:
            read_sparse(&to->of.sparse);
            break;
        case PACKED_CONVOLUTION:
            read_packed_window(&to->of.packed_window);
            break;
        case PACKED_DENSE:
            read_packed_dense(&to->of.packed_dense);
            break;
        case MEAN:
            read_mean(&to->of.mean);
            break;
        case SUM:
            read_sum(&to->of.sum);
            break;
        case SOFTMAX:
            read_softmax(&to->of.softmax);
            break;
        case KINDS:
            break;
    }
}

static void run(const layer *one, const int8_t *a, const int8_t *b, int8_t *to, int16_t *scratch) {
    switch (one->kind) {
        case CONVOLUTION:
            kws_convolution_layer(&one->of.window, a, to, scratch);
            break;
        case DEPTHWISE:
            kws_depthwise_layer(&one->of.window, a, to);
            break;
        case AVERAGE_POOL:
            kws_average_pool_layer(&one->of.window, a, to);
            break;
        case DENSE:
            kws_dense_layer(&one->of.dense, a, to);
            break;
        case SPARSE:
            kws_sparse_layer(&one->of.sparse, a, to);
            break;
        case PACKED_CONVOLUTION:
            kws_packed_convolution_layer(&one->of.packed_window, a, to, scratch);
            break;
        case PACKED_DENSE:
            kws_packed_dense_layer(&one->of.packed_dense, a, to);
            break;
        case MEAN:
            kws_mean_layer(&one->of.mean, a, to);
            break;
        case SUM:
            kws_sum_layer(&one->of.sum, a, b, to);
            break;
        case SOFTMAX:
            kws_softmax_layer(&one->of.softmax, a, to);
            break;
        case RUN_CONVOLUTION:
            kws_run_convolution_layer(&one->of.window, a, to, scratch);
            break;
        case RUN_DEPTHWISE:
            kws_run_depthwise_layer(&one->of.window, a, to, scratch);
            break;
        case RUN_COLUMN:
            kws_run_column_layer(&one->of.column, a, to);
            break;
        case DEPTH_COLUMN:
            kws_depth_column_layer(&one->of.column, a, to);
            break;
        case KINDS:
            break;
    }
}

static void take(const step *from, int32_t count, const int8_t *input, int8_t *output, int8_t *arena) {
    input += unseen;
    for (const step *one = from; one < from + count; one++) {
        if (one->layer == MOVE) {
            kws_keep(arena + one->a, one->b, one->to);
            continue;
        }
        const int8_t *a = one->a & INPUT ? input + (one->a - INPUT) : arena + one->a;
        const int8_t *b = one->b & INPUT ? input + (one->b - INPUT) : arena + one->b;
        int8_t *to = one->to & OUTPUT ? output + (one->to - OUTPUT) : arena + one->to;
        run(&layers[one->layer], a, b, to, (int16_t *)(void *)(arena + one->scratch));
    }
}

/* Before the first hop; the page infers at each, so that it is never asked for a window out of turn. */
static void kws_model_run(const int8_t *input, int8_t *output, int8_t *arena) {
    for (const fill *one = fills; one < fills + fill_count; one++) kws_fill(arena + one->at, one->value, one->size);
    take(steps, first_count, input, output, arena);
}

static void kws_model_hop(const int8_t *input, int8_t *output, int8_t *arena) {
    take(steps + first_count, hop_count, input, output, arena);
}

/* Where the page writes the model's words, MODEL_WORDS at most. */
EXPORT(int32_t *, kws_web_model)(void) { return model; }

/* Reads the model and begins to listen. Returns the number of classes; 0 for words of another format or model that
 * asks for more than there is. */
EXPORT(int32_t, kws_web_load)(void) {
    next = model;
    if (word() != FORMAT) return 0;
    const int32_t arena_bytes = word();
    layer_count = word(), first_count = word(), hop_count = word(), fill_count = word();
    if (arena_bytes > KWS_MODEL_ARENA_BYTES || layer_count > LAYERS_MAX) return 0;
    if (first_count + hop_count > STEPS_MAX || fill_count > FILLS_MAX) return 0;
    unseen = word();
    const int32_t before = word();
    kws_model_decision.classes = classes = word();
    kws_model_decision.smoothing = word(), kws_model_decision.suppression = word();
    const uint16_t *initial = array();
    kws_model_decision.exponentials = array(), kws_model_decision.differences = word();
    if (classes < 1 || classes > KWS_CLASSES_MAX) return 0;
    for (int32_t c = 0; c < classes; c++) thresholds[c] = initial[c];
    kws_model_decision.thresholds = thresholds;
    for (int32_t i = 0; i < layer_count; i++) {
        layers[i].kind = (kind)word();
        if (layers[i].kind >= KINDS) return 0;
        read_fields(&layers[i]);
    }
    for (step *one = steps; one < steps + first_count + hop_count; one++)
        one->layer = word(), one->a = word(), one->b = word(), one->to = word(), one->scratch = word();
    for (fill *one = fills; one < fills + fill_count; one++) one->at = word(), one->value = word(), one->size = word();
    kws_spotter_init(&spotter);
    kws_fill(spotter.features[0], before, sizeof spotter.features);
    return classes;
}

/* Thresholds, which the page may change at any time; smoothing, which begins the decision anew. */
EXPORT(uint16_t *, kws_web_thresholds)(void) { return thresholds; }
EXPORT(void, kws_web_smoothing)(int32_t inferences) {
    kws_model_decision.smoothing = inferences;
    kws_decision_init(&spotter.decision);
}

/* Where the page writes at most one step of sound; that many samples heard, frames completed. */
EXPORT(int16_t *, kws_web_samples)(void) { return samples; }
EXPORT(int32_t, kws_web_listen)(int32_t count) { return (int32_t)kws_spotter_listen(&spotter, samples, (size_t)count); }

EXPORT(void, kws_web_infer)(void) { kws_spotter_infer(&spotter); }
EXPORT(int32_t, kws_web_decide)(void) { return kws_spotter_decide(&spotter); }

/* What the network saw, oldest frame first, and what came of it. */
EXPORT(const int8_t *, kws_web_features)(void) { return spotter.features[0]; }
EXPORT(const int8_t *, kws_web_logits)(void) { return spotter.logits; }
EXPORT(const uint16_t *, kws_web_posteriors)(void) { return spotter.posteriors; }
