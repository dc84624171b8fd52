/* Stand-in for TensorFlow Lite Micro's interpreter. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "tensorflow/lite/schema/schema_generated.h"

enum TfLiteStatus { kTfLiteOk };
struct TfLiteTensor {
  union {
    int8_t *int8;
  } data;
  struct {
    float scale;
    int zero_point;
  } params;
};

namespace tflite {
class MicroInterpreter {
 public:
  template <class Resolver>
  MicroInterpreter(const Model *model, const Resolver &resolver, uint8_t *arena, size_t size);
  TfLiteStatus AllocateTensors();
  TfLiteStatus Invoke();
  TfLiteTensor *input(int number);
  const TfLiteTensor *output(int number);
};
}  // namespace tflite
