/* Just enough of Arduino for a compiler on any machine to check the sketches; nothing here does anything. */
#ifndef STAND_IN_ARDUINO_H
#define STAND_IN_ARDUINO_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include <algorithm>
#include <string>

using std::min;

enum { LOW, HIGH, OUTPUT, LEDR = 22, LEDG, LEDB };

void pinMode(int pin, int mode);
void digitalWrite(int pin, int value);
unsigned long micros();
unsigned long millis();
void setup();
void loop();

class String {
 public:
  String(const char *text = "");
  void trim();
  unsigned length() const;
  bool operator==(const char *text) const;
};

class SerialPort {
 public:
  void begin(long baud);
  int available();
  String readStringUntil(char end);
  void print(const char *text);
  void print(const String &text);
  void print(char letter);
  void print(int number);
  void print(unsigned long number);
  void println();
  void println(const char *text);
  void println(const String &text);
};
extern SerialPort Serial;

#endif
