/* Keyword spotting on the Nano 33 BLE Sense with the C core: microphone to LED, one line of CSV per inference.
 *
 *   KWS,millis,frontend_us,network_us,decision_us,best,percent,reported
 *   TRIAL,spoken,answer
 *
 * frontend_us is one frame's. For a trial, send the word that you are about to say (or silence, unknown) and a line
 * end, and say it within two seconds. `kws serial PORT` reads the log. See firmware/README.md.
 */
#include <PDM.h>

#include "spotter.h"

const unsigned long TRIAL_MS = 2000;
const int STEPS_PER_INFERENCE = 2; /* every 40 ms */

static volatile int16_t ring[4 * SPOTTER_STEP]; /* filled by the microphone's interrupt */
static volatile unsigned written = 0;
static unsigned consumed = 0;

static String spoken, answer; /* the trial under way */
static unsigned long trial_ends = 0;

static void on_sound() {
  static int16_t chunk[256];
  while (PDM.available() > 0) {
    const int bytes = PDM.read(chunk, min(PDM.available(), (int)sizeof chunk));
    for (int i = 0; i < bytes / 2; i++) ring[written++ % (4 * SPOTTER_STEP)] = chunk[i];
  }
}

/* Green for the first word, red for the second, blue for unknown, dark for silence; the LEDs light when low. */
static void show(int number) {
  digitalWrite(LEDB, number == 1 ? LOW : HIGH);
  digitalWrite(LEDG, number == 2 ? LOW : HIGH);
  digitalWrite(LEDR, number == 3 ? LOW : HIGH);
}

static void follow_trial(int best, int reported) {
  if (Serial.available() > 0) {
    spoken = Serial.readStringUntil('\n');
    spoken.trim();
    answer = "silence";
    trial_ends = millis() + TRIAL_MS;
  }
  if (spoken.length() == 0) return;
  if (reported >= 0) answer = spotter_label(reported);
  else if (answer == "silence" && best == 1 && spotter_percent(1) >= 50) answer = spotter_label(1);
  if (millis() < trial_ends) return;
  Serial.print("TRIAL,");
  Serial.print(spoken);
  Serial.print(',');
  Serial.println(answer);
  spoken = "";
}

void setup() {
  Serial.begin(115200);
  pinMode(LEDR, OUTPUT);
  pinMode(LEDG, OUTPUT);
  pinMode(LEDB, OUTPUT);
  show(0);
  spotter_start();
  PDM.onReceive(on_sound);
  if (!PDM.begin(1, 16000)) {
    Serial.println("# no microphone");
    while (true) {
    }
  }
  Serial.print("# kws_nano33ble labels");
  for (int c = 0; c < spotter_classes(); c++) {
    Serial.print(c ? ',' : ' ');
    Serial.print(spotter_label(c));
  }
  Serial.println();
}

void loop() {
  static int16_t step[SPOTTER_STEP];
  static int steps = 0;
  if (written - consumed < (unsigned)SPOTTER_STEP) return;
  for (int i = 0; i < SPOTTER_STEP; i++) step[i] = ring[(consumed + i) % (4 * SPOTTER_STEP)];
  consumed += SPOTTER_STEP;

  const unsigned long t0 = micros();
  const int frames = spotter_listen(step);
  const unsigned long t1 = micros();
  if (frames == 0 || ++steps < STEPS_PER_INFERENCE) return;
  steps = 0;
  spotter_infer();
  const unsigned long t2 = micros();
  const int reported = spotter_decide();
  const unsigned long t3 = micros();

  const int best = spotter_best();
  if (reported >= 0) show(reported);
  else if (best < 2) show(best);
  follow_trial(best, reported);
  const unsigned long times[] = {millis(), t1 - t0, t2 - t1, t3 - t2};
  Serial.print("KWS");
  for (unsigned long time : times) {
    Serial.print(',');
    Serial.print(time);
  }
  Serial.print(',');
  Serial.print(spotter_label(best));
  Serial.print(',');
  Serial.print(spotter_percent(best));
  Serial.print(',');
  Serial.println(reported >= 0 ? spotter_label(reported) : "-");
}
