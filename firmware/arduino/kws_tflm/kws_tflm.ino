/* The original report's way: the same network as a byte array in TensorFlow Lite Micro, for comparison.
 *
 * Microphone and front end are those of kws_nano33ble, so that only the network differs; the same CSV comes out:
 *
 *   KWS,millis,frontend_us,network_us,decision_us,best,percent,reported
 *
 * model_data.h and model_data.cc are those of `kws export`. See firmware/README.md.
 */
#include <PDM.h>
#include <TensorFlowLite.h>
#include <kws_frontend.h>

#include "model_data.h"
#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"
#include "tensorflow/lite/schema/schema_generated.h"

const int STEP = KWS_STEP, FRAMES = KWS_FRAMES, ARENA_BYTES = 12 * 1024;
const float THRESHOLD = 0.7f;

static volatile int16_t ring[4 * STEP];
static volatile unsigned written = 0;
static unsigned consumed = 0;

static kws_frontend frontend;
static int8_t features[FRAMES * KWS_CHANNELS];
alignas(16) static uint8_t arena[ARENA_BYTES];
static tflite::MicroInterpreter *interpreter = nullptr;

static void on_sound() {
  static int16_t chunk[256];
  while (PDM.available() > 0) {
    const int bytes = PDM.read(chunk, min(PDM.available(), (int)sizeof chunk));
    for (int i = 0; i < bytes / 2; i++) ring[written++ % (4 * STEP)] = chunk[i];
  }
}

static void stop(const char *why) {
  Serial.println(why);
  while (true) {
  }
}

void setup() {
  Serial.begin(115200);
  static tflite::MicroMutableOpResolver<4> resolver;
  resolver.AddConv2D();
  resolver.AddFullyConnected();
  resolver.AddReshape();
  resolver.AddSoftmax();
  static tflite::MicroInterpreter one(tflite::GetModel(g_model), resolver, arena, ARENA_BYTES);
  interpreter = &one;
  if (interpreter->AllocateTensors() != kTfLiteOk) stop("# the arena is too small");
  kws_frontend_init(&frontend, STEP);
  PDM.onReceive(on_sound);
  if (!PDM.begin(1, 16000)) stop("# no microphone");
  Serial.print("# kws_tflm labels ");
  for (int c = 0; c < kCategoryCount; c++) {
    if (c) Serial.print(',');
    Serial.print(kCategoryLabels[c]);
  }
  Serial.println();
}

void loop() {
  static int16_t step[STEP];
  if (written - consumed < (unsigned)STEP) return;
  for (int i = 0; i < STEP; i++) step[i] = ring[(consumed + i) % (4 * STEP)];
  consumed += STEP;

  const unsigned long t0 = micros();
  uint16_t frame[2 * KWS_CHANNELS];
  if (kws_frontend_stream(&frontend, step, STEP, frame) == 0) return;
  memmove(features, features + KWS_CHANNELS, sizeof features - KWS_CHANNELS);
  kws_frontend_quantize(frame, KWS_CHANNELS, features + sizeof features - KWS_CHANNELS);
  const unsigned long t1 = micros();
  memcpy(interpreter->input(0)->data.int8, features, sizeof features);
  if (interpreter->Invoke() != kTfLiteOk) stop("# the network failed");
  const unsigned long t2 = micros();
  const TfLiteTensor *output = interpreter->output(0);
  float largest = 0, total = 0;
  int best = 0;
  for (int c = 0; c < kCategoryCount; c++) {
    const float share = expf((output->data.int8[c] - 127) * output->params.scale);
    total += share;
    if (share > largest) largest = share, best = c;
  }
  const bool reported = best >= 2 && largest >= THRESHOLD * total;
  const unsigned long t3 = micros();

  const unsigned long times[] = {millis(), t1 - t0, t2 - t1, t3 - t2};
  Serial.print("KWS");
  for (unsigned long time : times) {
    Serial.print(',');
    Serial.print(time);
  }
  Serial.print(',');
  Serial.print(kCategoryLabels[best]);
  Serial.print(',');
  Serial.print((int)(100 * largest / total));
  Serial.print(',');
  Serial.println(reported ? kCategoryLabels[best] : "-");
}
