/* The keyword spotter in a web page: the core compiled to WebAssembly, one build for all models, which are data.
 *
 * A model is a row of int32, as kwslib/page/words.py writes it: a header, the decision, then every layer with its
 * fields in the order of its struct. An array stands in its field as the byte at which it begins, 0 for none. The page
 * writes the words to kws_web_model(), calls kws_web_load once, then goes round as the board's sketch does: listen,
 * every KWS_HOP frames infer, decide.
 */
#include "kws_decision.h"
#include "kws_network.h"
#include "kws_packed.h"
#include "kws_sparse.h"
#include "kws_stream.h"
#include "kws_web.h"

#define KWS_MODEL_CLASSES KWS_CLASSES_MAX
#define KWS_MODEL_ARENA_BYTES ARENA_BYTES
#define KWS_MODEL_HOP KWS_HOP
static kws_decision_settings kws_model_decision;
static void kws_model_run(const int8_t *input, int8_t *output, int8_t *arena);
static void kws_model_hop(const int8_t *input, int8_t *output, int8_t *arena);

#include "kws_spotter.h"

#define EXPORT(type, name) __attribute__((export_name(#name))) type name

typedef struct {
    enum kinds kind;
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
    } fields;
} layer;

/* A layer at work, or MOVE with place, distance and size of a kws_keep in a, b and output. */
typedef struct {
    int32_t layer, a, b, output, scratch;
} step;

typedef struct {
    int32_t place, value, size;
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

static void read_requantize(kws_requantize *requantize) {
    requantize->bias = array(), requantize->multiplier = array(), requantize->shift = array();
    requantize->zero_point = word(), requantize->min = word(), requantize->max = word();
}

static void read_window(kws_window *window) {
    int16_t *const fields[] = {&window->in_height,        &window->in_width,     &window->in_channels,
                               &window->out_height,       &window->out_width,    &window->out_channels,
                               &window->kernel_height,    &window->kernel_width, &window->stride_height,
                               &window->stride_width,     &window->pad_top,      &window->pad_left,
                               &window->input_zero_point, &window->band_rows};
    for (uint32_t i = 0; i < sizeof fields / sizeof *fields; i++) *fields[i] = (int16_t)word();
    window->weights = array();
    read_requantize(&window->output);
    window->read = array();
}

static void read_packing(kws_packing *packing) {
    packing->bits = word(), packing->low = word(), packing->step = word(), packing->words = array();
}

static void read_dense(kws_dense *dense) {
    dense->inputs = word(), dense->outputs = word(), dense->weights = array();
    read_requantize(&dense->output);
}

static void read_column(kws_column *column) {
    column->length = word(), column->weights = array(), column->groups = word();
    read_requantize(&column->output);
}

static void read_sparse(kws_sparse *sparse) {
    sparse->inputs = word(), sparse->outputs = word(), sparse->groups = array(), sparse->counts = array();
    read_requantize(&sparse->output);
}

static void read_packed_window(kws_packed_window *packed) {
    read_window(&packed->window);
    read_packing(&packed->weights);
}

static void read_packed_dense(kws_packed_dense *packed) {
    packed->inputs = word(), packed->outputs = word();
    read_packing(&packed->weights);
    read_requantize(&packed->output);
}

static void read_mean(kws_mean *mean) {
    mean->positions = word(), mean->channels = word(), mean->input_zero_point = word();
    mean->multiplier = word(), mean->shift = word(), mean->zero_point = word();
}

static void read_sum(kws_sum *sum) {
    sum->size = word();
    sum->zero_point_a = word(), sum->multiplier_a = word(), sum->shift_a = word();
    sum->zero_point_b = word(), sum->multiplier_b = word(), sum->shift_b = word();
    sum->zero_point = word(), sum->multiplier = word(), sum->shift = word(), sum->min = word(), sum->max = word();
}

static void read_softmax(kws_softmax *softmax) {
    softmax->classes = word(), softmax->exponentials = array(), softmax->differences = word();
}

static void read_fields(layer *loaded) {
    switch (loaded->kind) {
        case CONVOLUTION:
        case DEPTHWISE:
        case AVERAGE_POOL:
        case RUN_CONVOLUTION:
        case RUN_DEPTHWISE:
            read_window(&loaded->fields.window);
            break;
        case DENSE:
            read_dense(&loaded->fields.dense);
            break;
        case RUN_COLUMN:
        case DEPTH_COLUMN:
            read_column(&loaded->fields.column);
            break;
        case SPARSE:
            read_sparse(&loaded->fields.sparse);
            break;
        case PACKED_CONVOLUTION:
            read_packed_window(&loaded->fields.packed_window);
            break;
        case PACKED_DENSE:
            read_packed_dense(&loaded->fields.packed_dense);
            break;
        case MEAN:
            read_mean(&loaded->fields.mean);
            break;
        case SUM:
            read_sum(&loaded->fields.sum);
            break;
        case SOFTMAX:
            read_softmax(&loaded->fields.softmax);
            break;
        case KINDS:
            break;
    }
}

static void run(const layer *work, const int8_t *a, const int8_t *b, int8_t *output, int16_t *scratch) {
    switch (work->kind) {
        case CONVOLUTION:
            kws_convolution_layer(&work->fields.window, a, output, scratch);
            break;
        case DEPTHWISE:
            kws_depthwise_layer(&work->fields.window, a, output);
            break;
        case AVERAGE_POOL:
            kws_average_pool_layer(&work->fields.window, a, output);
            break;
        case DENSE:
            kws_dense_layer(&work->fields.dense, a, output);
            break;
        case SPARSE:
            kws_sparse_layer(&work->fields.sparse, a, output);
            break;
        case PACKED_CONVOLUTION:
            kws_packed_convolution_layer(&work->fields.packed_window, a, output, scratch);
            break;
        case PACKED_DENSE:
            kws_packed_dense_layer(&work->fields.packed_dense, a, output);
            break;
        case MEAN:
            kws_mean_layer(&work->fields.mean, a, output);
            break;
        case SUM:
            kws_sum_layer(&work->fields.sum, a, b, output);
            break;
        case SOFTMAX:
            kws_softmax_layer(&work->fields.softmax, a, output);
            break;
        case RUN_CONVOLUTION:
            kws_run_convolution_layer(&work->fields.window, a, output, scratch);
            break;
        case RUN_DEPTHWISE:
            kws_run_depthwise_layer(&work->fields.window, a, output, scratch);
            break;
        case RUN_COLUMN:
            kws_run_column_layer(&work->fields.column, a, output);
            break;
        case DEPTH_COLUMN:
            kws_depth_column_layer(&work->fields.column, a, output);
            break;
        case KINDS:
            break;
    }
}

static void take(const step *from, int32_t count, const int8_t *input, int8_t *output, int8_t *arena) {
    input += unseen;
    for (const step *current = from; current < from + count; current++) {
        if (current->layer == MOVE) {
            kws_keep(arena + current->a, current->b, current->output);
            continue;
        }
        const int8_t *a = current->a & INPUT ? input + (current->a - INPUT) : arena + current->a;
        const int8_t *b = current->b & INPUT ? input + (current->b - INPUT) : arena + current->b;
        int8_t *target = current->output & OUTPUT ? output + (current->output - OUTPUT) : arena + current->output;
        run(&layers[current->layer], a, b, target, (int16_t *)(void *)(arena + current->scratch));
    }
}

/* Before the first hop; the page infers at each, so that it is never asked for a window out of turn. */
static void kws_model_run(const int8_t *input, int8_t *output, int8_t *arena) {
    for (const fill *current = fills; current < fills + fill_count; current++)
        kws_fill(arena + current->place, current->value, current->size);
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
    if (arena_bytes > ARENA_BYTES || layer_count > LAYERS_MAX) return 0;
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
        layers[i].kind = (enum kinds)word();
        if (layers[i].kind >= KINDS) return 0;
        read_fields(&layers[i]);
    }
    for (step *current = steps; current < steps + first_count + hop_count; current++)
        current->layer = word(), current->a = word(), current->b = word(), current->output = word(),
        current->scratch = word();
    for (fill *current = fills; current < fills + fill_count; current++)
        current->place = word(), current->value = word(), current->size = word();
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
