/* An interpreter for the host that is sure of the third class, as TensorFlow Lite Micro would look to the sketch. */
#include "model_data.h"
#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"

static int8_t features[49 * 40], scores[kCategoryCount];
static TfLiteTensor features_tensor, scores_tensor;

namespace tflite {
const Model *GetModel(const void *) { return nullptr; }
template <unsigned n>
int MicroMutableOpResolver<n>::AddConv2D() { return 0; }
template <unsigned n>
int MicroMutableOpResolver<n>::AddFullyConnected() { return 0; }
template <unsigned n>
int MicroMutableOpResolver<n>::AddReshape() { return 0; }
template <unsigned n>
int MicroMutableOpResolver<n>::AddSoftmax() { return 0; }
template class MicroMutableOpResolver<4>;
template <class Resolver>
MicroInterpreter::MicroInterpreter(const Model *, const Resolver &, uint8_t *, size_t) {
  scores[2] = 127;
  features_tensor.data.int8 = features;
  scores_tensor.data.int8 = scores;
  scores_tensor.params.scale = 0.1f;
}
template MicroInterpreter::MicroInterpreter(const Model *, const MicroMutableOpResolver<4> &, uint8_t *, size_t);
TfLiteStatus MicroInterpreter::AllocateTensors() { return kTfLiteOk; }
TfLiteStatus MicroInterpreter::Invoke() { return kTfLiteOk; }
TfLiteTensor *MicroInterpreter::input(int) { return &features_tensor; }
const TfLiteTensor *MicroInterpreter::output(int) { return &scores_tensor; }
}  // namespace tflite
