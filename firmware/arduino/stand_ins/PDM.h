/* Stand-in for Arduino's PDM library. */
#ifndef STAND_IN_PDM_H
#define STAND_IN_PDM_H

#include <stddef.h>

class PDMClass {
 public:
  int begin(int channels, int rate);
  int available();
  int read(void *to, size_t bytes);
  void onReceive(void (*function)());
  void setGain(int gain);
};
extern PDMClass PDM;

#endif
