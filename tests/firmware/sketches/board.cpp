/* An Arduino board for the host, in simulated time: a microphone that interrupts every 16 ms, a serial port over USB with
 * a computer that reads or does not, LEDs. What the computer reads goes to standard output.
 *
 * Each argument is an event, in the order of time: "MS VERB ARGUMENT".
 *
 *   stall MS       the loop stands still
 *   type TEXT      the computer sends it; ~ is a line's end
 *   rate BYTES     a second that the computer reads; 0: none
 *   plug 0|1       whether a computer is there, at first it is
 *   samples N      so many are said to have been heard and read before; before 0 ms, to be near the wrap of the ring
 *   microphone 0   does not start
 *   end 0
 *
 * At the end, to standard error: "VERB VALUE" for the lit LEDs and how often each was switched on, and the gain.
 */
#include "board.h"

#include <stdio.h>
#include <stdlib.h>

#include <map>
#include <string>

#include "Arduino.h"
#include "PDM.h"
#include "kws_sketch.h"
#include "nrf.h"

static const uint64_t CHUNK = 256, CHUNK_US = 16000, LOOP_US = 50;

SerialPort Serial;
PDMClass PDM;
static stand_in_nvmc nvmc;
static stand_in_dwt dwt;
static stand_in_core_debug core_debug;
stand_in_nvmc *NRF_NVMC = &nvmc;
stand_in_dwt *DWT = &dwt;
stand_in_core_debug *CoreDebug = &core_debug;

static uint64_t now_us = 0, next_sound_us = ~0ull;
static void (*on_sound)() = nullptr;
static uint32_t heard = 0; /* samples; each has its number for a value */
static int waiting = 0;    /* bytes of sound */
static int gain = -1;
static bool microphone = true;

static bool plugged = true;
static uint64_t bytes_a_second = 1000000, sent_us = 0; /* when the port's buffer will have been read */
static std::string typed, sending;
static std::map<int, int> level, switched_on;

void board_spend(uint64_t us) {
  const uint64_t until = now_us + us;
  while (next_sound_us <= until) {
    now_us = next_sound_us;
    next_sound_us += CHUNK_US;
    waiting = 2 * CHUNK;
    on_sound();
  }
  now_us = until;
  dwt.CYCCNT = (uint32_t)(now_us * 64);
  if (nvmc.ICACHECNF >> 8 & 1) nvmc.IHIT = (uint32_t)now_us, nvmc.IMISS = (uint32_t)now_us / 10;
}

void pinMode(int, int) {}
void digitalWrite(int pin, int value) {
  const bool lit = pin == LED_BUILTIN ? value == HIGH : value == LOW;
  if (lit && !level[pin]) switched_on[pin]++;
  level[pin] = lit;
}
unsigned long micros() { return (uint32_t)now_us; }
unsigned long millis() { return (uint32_t)(now_us / 1000); }

void SerialPort::begin(long) {}
bool SerialPort::connected() { return plugged; }
int SerialPort::available() { return (int)typed.size(); }
int SerialPort::read() {
  if (typed.empty()) return -1;
  const char letter = typed[0];
  typed.erase(0, 1);
  return letter;
}

static void deliver() {
  if (sending.empty() || bytes_a_second == 0 || now_us < sent_us) return;
  fwrite(sending.data(), 1, sending.size(), stdout);
  sending.clear();
}

/* As the board's core: a buffer of 512 bytes, which takes nothing more until the computer has read it. */
void SerialPort::send_nb(uint8_t *bytes, uint32_t count, uint32_t *taken, bool) {
  deliver();
  *taken = 0;
  if (!plugged || !sending.empty()) return;
  *taken = min(count, (uint32_t)512);
  sending.assign((const char *)bytes, *taken);
  if (bytes_a_second) sent_us = now_us + *taken * 1000000 / bytes_a_second;
}

int PDMClass::begin(int, int) {
  if (microphone) next_sound_us = now_us + CHUNK_US;
  return microphone;
}
int PDMClass::available() { return waiting; }
int PDMClass::read(void *to, size_t bytes) {
  int16_t *samples = (int16_t *)to;
  for (size_t i = 0; i < bytes / 2; i++) samples[i] = (int16_t)heard++;
  waiting -= (int)bytes;
  return (int)bytes;
}
void PDMClass::onReceive(void (*function)()) { on_sound = function; }
void PDMClass::setGain(int value) { gain = value; }

static void happen(const char *verb, const char *argument) {
  const std::string what = verb;
  const uint32_t number = (uint32_t)strtoul(argument, nullptr, 10);
  if (what == "stall") board_spend(1000ull * number);
  else if (what == "rate") bytes_a_second = number, sent_us = now_us;
  else if (what == "plug") plugged = number, sending.clear();
  else if (what == "microphone") microphone = number;
  else if (what == "samples") heard = kws_sound.written = kws_sound.read = number;
  else if (what == "type")
    for (; *argument; argument++) typed += *argument == '~' ? '\n' : *argument;
}

int main(int count, char **events) {
  bool set_up = false;
  for (int i = 1; i < count; i++) {
    unsigned long at_ms;
    char verb[20];
    int argument = 0;
    if (sscanf(events[i], "%lu %19s %n", &at_ms, verb, &argument) != 2 || !argument) return 2;
    if (at_ms && !set_up) set_up = true, setup();
    while (now_us < 1000ull * at_ms) {
      loop();
      board_spend(LOOP_US);
    }
    happen(verb, events[i] + argument);
  }
  deliver();
  for (const auto &pin : switched_on) fprintf(stderr, "on%d %d\n", pin.first, pin.second);
  for (const auto &pin : level) fprintf(stderr, "lit%d %d\n", pin.first, pin.second);
  fprintf(stderr, "gain %d\n", gain);
  return 0;
}
