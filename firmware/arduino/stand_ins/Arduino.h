/* As much of Arduino as the sketches use, for compilers of any machine; tests/sketches/board.cpp is the board. */
#ifndef STAND_IN_ARDUINO_H
#define STAND_IN_ARDUINO_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <algorithm>

using std::min;

enum { LOW, HIGH, OUTPUT, LED_BUILTIN = 13, LEDR = 22, LEDG, LEDB };

void pinMode(int pin, int mode);
void digitalWrite(int pin, int value);
unsigned long micros();
unsigned long millis();
void setup();
void loop();

/* Serial over USB as the board's core has it: send_nb takes what there is room for. */
class SerialPort {
 public:
  void begin(long baud);
  bool connected();
  int available();
  int read();
  void send_nb(uint8_t *bytes, uint32_t count, uint32_t *taken, bool now);
};
extern SerialPort Serial;

#endif
