/* An Arduino board for the host: what a sketch prints goes to standard output, and the microphone hears silence. */
#include "Arduino.h"
#include "PDM.h"

#include <stdio.h>

SerialPort Serial;
PDMClass PDM;
static void (*on_sound)() = nullptr;
static int waiting = 0; /* bytes of sound */

void pinMode(int, int) {}
void digitalWrite(int, int) {}
unsigned long micros() { return 1000; }
unsigned long millis() { return 1; }

String::String(const char *) {}
void String::trim() {}
unsigned String::length() const { return 0; }
bool String::operator==(const char *) const { return false; }

void SerialPort::begin(long) {}
int SerialPort::available() { return 0; }
String SerialPort::readStringUntil(char) { return String(""); }
void SerialPort::print(const char *text) { fputs(text, stdout); }
void SerialPort::print(const String &) {}
void SerialPort::print(char letter) { putchar(letter); }
void SerialPort::print(int number) { printf("%d", number); }
void SerialPort::print(unsigned long number) { printf("%lu", number); }
void SerialPort::println() { putchar('\n'); }
void SerialPort::println(const char *text) { puts(text); }
void SerialPort::println(const String &) { putchar('\n'); }

int PDMClass::begin(int, int) { return 1; }
int PDMClass::available() { return waiting; }
int PDMClass::read(void *to, size_t bytes) {
  memset(to, 0, bytes);
  waiting -= (int)bytes;
  return (int)bytes;
}
void PDMClass::onReceive(void (*function)()) { on_sound = function; }

/* Two seconds, 20 ms at a time. */
int main() {
  setup();
  for (int step = 0; step < 100; step++) {
    waiting = 640;
    on_sound();
    loop();
  }
  return 0;
}
