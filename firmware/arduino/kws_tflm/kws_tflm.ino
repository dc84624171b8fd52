/* The original report's way: the same network as a byte array in TensorFlow Lite Micro, for comparison. All but the
 * network (spotter.cpp) is that of kws_nano33ble. model_data.h and model_data.cc are those of `kws export`. See
 * firmware/README.md.
 */
#include <kws_sketch.h>

void setup() { kws_setup(); }
void loop() { kws_loop(); }
