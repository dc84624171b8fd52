/* Stand-in for TensorFlow Lite Micro's choice of operators. */
#pragma once

namespace tflite {
template <unsigned count>
class MicroMutableOpResolver {
 public:
  int AddConv2D();
  int AddFullyConnected();
  int AddReshape();
  int AddSoftmax();
};
}  // namespace tflite
