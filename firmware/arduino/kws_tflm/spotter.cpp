/* TensorFlow Lite Micro's interpreter between the C core's front end and its decision, for the model in model_data.h. */
#include <Arduino.h>
#include <TensorFlowLite.h>
#include <kws_rearm.h>
#include <kws_sketch.h>

#include "model_data.h"
#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"
#include "tensorflow/lite/schema/schema_generated.h"

static const int ARENA_BYTES = 12 * 1024;
static const int HOP_MS = 100, SMOOTHED_MS = 400, DEAD_MS = 1600; /* it takes 50 to 90 ms; the others are the core's */
static const float THRESHOLD = 0.7f;

const int spotter_hop = HOP_MS / 20;
const char spotter_name[] = "kws_tflm";

static kws_frontend frontend;
static kws_decision decision;
static kws_rearm rearm;
static uint16_t thresholds[KWS_CLASSES_MAX], exponentials[256], posteriors[KWS_CLASSES_MAX];
static kws_decision_settings settings = {kCategoryCount, SMOOTHED_MS / HOP_MS, DEAD_MS / HOP_MS,
                                         thresholds,     exponentials,         1};
static int8_t features[KWS_FRAMES * KWS_CHANNELS];
alignas(16) static uint8_t arena[ARENA_BYTES];
static tflite::MicroInterpreter *interpreter = nullptr;

/* What the decision needs to know of the model: words report, and exp(-difference * scale). */
static void settle(float scale) {
    for (int c = 0; c < kCategoryCount; c++) thresholds[c] = c < 2 ? UINT16_MAX : (uint16_t)(THRESHOLD * KWS_CERTAIN);
    settings.differences = 0;
    for (int d = 0; d < 256; d++) {
        exponentials[d] = (uint16_t)(65535 * expf(-scale * d) + 0.5f);
        if (exponentials[d]) settings.differences = d + 1;
    }
}

const char *spotter_start() {
    static tflite::MicroMutableOpResolver<4> resolver;
    resolver.AddConv2D();
    resolver.AddFullyConnected();
    resolver.AddReshape();
    resolver.AddSoftmax();
    static tflite::MicroInterpreter only(tflite::GetModel(g_model), resolver, arena, ARENA_BYTES);
    if (only.AllocateTensors() != kTfLiteOk) return "the arena is too small";
    interpreter = &only;
    settle(interpreter->output(0)->params.scale);
    kws_frontend_init(&frontend, KWS_STEP);
    memset(features, -128, sizeof features);
    spotter_forget();
    return nullptr;
}

/* Its length and the sum of its bytes, each weighted by its place. */
const char *spotter_model() {
    static char name[] = "tflite-00000000";
    uint32_t hash = g_model_len;
    for (unsigned i = 0; i < g_model_len; i++) hash = hash * 31 + g_model[i];
    for (int digit = 14; digit > 6; digit--, hash >>= 4) name[digit] = "0123456789abcdef"[hash & 15];
    return name;
}

int spotter_classes() { return kCategoryCount; }
const char *spotter_label(int number) { return kCategoryLabels[number]; }

int spotter_listen(const int16_t *samples) {
    uint16_t frame[2 * KWS_CHANNELS];
    if (kws_frontend_stream(&frontend, samples, KWS_STEP, frame) == 0) return 0;
    memmove(features, features + KWS_CHANNELS, sizeof features - KWS_CHANNELS);
    kws_frontend_quantize(frame, KWS_CHANNELS, features + sizeof features - KWS_CHANNELS);
    return 1;
}

void spotter_infer() {
    memcpy(interpreter->input(0)->data.int8, features, sizeof features);
    interpreter->Invoke();
}

int spotter_decide(int by_word) {
    const int8_t *logits = interpreter->output(0)->data.int8;
    return by_word ? kws_decide_by_word(&settings, &decision, &rearm, logits, posteriors)
                   : kws_decide(&settings, &decision, logits, posteriors);
}

void spotter_forget() {
    kws_decision_init(&decision);
    kws_rearm_init(&rearm);
}

uint16_t spotter_posterior(int number) { return posteriors[number]; }
