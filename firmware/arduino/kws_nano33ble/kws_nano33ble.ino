/* Keyword spotting on the Nano 33 BLE Sense with the C core. The loop, the log and the commands are those of the library
 * kws_sketch, the model is that of kws_model.h (spotter.c). `kws serial PORT` reads the log. See firmware/README.md.
 */
#include <kws_sketch.h>

void setup() { kws_setup(); }
void loop() { kws_loop(); }
