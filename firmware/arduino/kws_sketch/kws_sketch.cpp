/* See kws_sketch.h. Lines of the log, besides those that begin with #:
 *
 *   WARM,millis,frontend_us,network_us,decision_us,best,percent,-          while the microphone settles
 *   KWS,millis,frontend_us,network_us,decision_us,best,percent,reported    each inference
 *   TRIAL,spoken,answer
 *   STATUS,millis,overruns,lost_samples,dropped_lines                      since reset
 *   CYCLES,millis, then of front end, network, decision: cycles,cache_hits,cache_misses
 *
 * Front end: one frame's. Commands are those of firmware/README.md.
 */
#include "kws_sketch.h"

#include <Arduino.h>
#include <PDM.h>
#include <stdlib.h>

#include "kws_commands.h"
#include "kws_counters.h"
#include "kws_log.h"

static const unsigned long WARM_UP_MS = 3500, TRIAL_MS = 2000, STATUS_MS = 5000, BLINK_MS = 500, OVERRUN_LIT_MS = 1000;
static const int GAIN_MOST = 80, CYCLES_HOPS = 25; /* half decibels of the PDM interface; hops that `/cycles` prints */

kws_ring kws_sound; /* filled by the microphone's interrupt */

static const char *failure = NULL; /* why nothing is heard */
static int gain = 20;              /* the PDM library's own */
static bool by_word = true, warm = false, cache_at_reset;
static int cycles_left = 0;
static unsigned long started, last_status, last_overrun;
static uint32_t told_overruns = 0;

static int spoken = -1, answer = 0; /* the trial under way */
static unsigned long trial_started;

static void on_sound() {
    static int16_t chunk[256];
    while (PDM.available() > 0) {
        const int bytes = PDM.read(chunk, min(PDM.available(), (int)sizeof chunk));
        kws_ring_write(&kws_sound, chunk, bytes / 2);
    }
}

/* The LEDs of the three colours light when low. */
static void show(int number) {
    enum { BLUE = 1, GREEN = 2, RED = 4 };
    static const int words[] = {GREEN, RED, GREEN | RED, GREEN | BLUE, RED | BLUE, RED | GREEN | BLUE};
    const int colour = number < 1 ? 0 : number == 1 ? BLUE : words[(number - 2) % 6];
    digitalWrite(LEDB, colour & BLUE ? LOW : HIGH);
    digitalWrite(LEDG, colour & GREEN ? LOW : HIGH);
    digitalWrite(LEDR, colour & RED ? LOW : HIGH);
}

static void remark(const char *text) {
    kws_log_begin("# ");
    kws_log_text(text);
    kws_log_end();
}

static void begin_heading(const char *what) {
    kws_log_begin("# ");
    kws_log_text(spotter_name);
    kws_log_text(what);
}

static void tell_status(unsigned long now) {
    begin_heading(" labels ");
    for (int c = 0; c < spotter_classes(); c++) {
        if (c) kws_log_text(",");
        kws_log_text(spotter_label(c));
    }
    kws_log_end();
    begin_heading(" model ");
    kws_log_text(spotter_model());
    kws_log_text(" hop_ms ");
    kws_log_number(20 * spotter_hop);
    kws_log_text(" gain ");
    kws_log_number(gain);
    kws_log_text(by_word ? " dead_time word" : " dead_time all");
    kws_log_text(cache_at_reset ? " cache_at_reset on" : " cache_at_reset off");
    kws_log_end();
    if (failure) remark(failure);
    kws_log_begin("STATUS");
    kws_log_field(now);
    kws_log_field((unsigned long)told_overruns);
    kws_log_field((unsigned long)__atomic_load_n(&kws_sound.lost, __ATOMIC_RELAXED));
    kws_log_field((unsigned long)kws_log_dropped());
    kws_log_end();
    last_status = now;
}

static bool set_gain(const char *text) {
    char *end;
    const long value = strtol(text, &end, 10);
    if (end == text || *end || value < 0 || value > GAIN_MOST) return false;
    gain = (int)value;
    PDM.setGain(gain);
    return true;
}

static void begin_trial(const char *word, unsigned long now) {
    if (!warm) {
        remark("warming up: no trial yet");
        return;
    }
    for (int c = 0; c < spotter_classes(); c++)
        if (strcmp(word, spotter_label(c)) == 0) {
            spoken = c, answer = 0;
            trial_started = now;
            return;
        }
    remark("neither a label nor a command: /settings, /gain 0 to 80, /dead_time word or all, /cycles");
}

static void follow_command(unsigned long now) {
    const char *command = kws_command();
    if (!command) return;
    if (strcmp(command, "/settings") == 0) tell_status(now);
    else if (strcmp(command, "/cycles") == 0) kws_counters_profile(1), cycles_left = CYCLES_HOPS;
    else if (strcmp(command, "/dead_time word") == 0) by_word = true, tell_status(now);
    else if (strcmp(command, "/dead_time all") == 0) by_word = false, tell_status(now);
    else if (strncmp(command, "/gain ", 6) == 0 && set_gain(command + 6)) tell_status(now);
    else begin_trial(command, now);
}

/* The answer is the last word reported in two seconds; if none, unknown where it was the likeliest and at least a half. */
static void follow_trial(unsigned long now, int best, int reported) {
    if (spoken < 0) return;
    if (reported >= 0) answer = reported;
    else if (answer == 0 && best == 1 && spotter_posterior(1) >= KWS_CERTAIN / 2) answer = 1;
    if (now - trial_started < TRIAL_MS) return;
    kws_log_begin("TRIAL");
    kws_log_field(spotter_label(spoken));
    kws_log_field(spotter_label(answer));
    kws_log_end();
    spoken = -1;
}

static void tell_cycles(unsigned long now, const kws_counters *marks) {
    kws_log_begin("CYCLES");
    kws_log_field(now);
    for (int stage = 0; stage < 3; stage++) {
        kws_log_field((unsigned long)(uint32_t)(marks[stage + 1].cycles - marks[stage].cycles));
        kws_log_field((unsigned long)(uint32_t)(marks[stage + 1].hits - marks[stage].hits));
        kws_log_field((unsigned long)(uint32_t)(marks[stage + 1].misses - marks[stage].misses));
    }
    kws_log_end();
    if (--cycles_left == 0) kws_counters_profile(0);
}

static int likeliest() {
    int best = 0;
    for (int c = 1; c < spotter_classes(); c++)
        if (spotter_posterior(c) > spotter_posterior(best)) best = c;
    return best;
}

/* 20 ms of sound; every spotter_hop frames an inference and its line. */
static void hear(const int16_t *step) {
    static int frames = 0;
    kws_counters marks[4];
    unsigned long times[4];
    times[0] = micros(), marks[0] = kws_counters_read();
    const int complete = spotter_listen(step);
    marks[1] = kws_counters_read(), times[1] = micros();
    if (!complete || ++frames < spotter_hop) return;
    frames = 0;
    spotter_infer();
    marks[2] = kws_counters_read(), times[2] = micros();
    int reported = spotter_decide(by_word);
    marks[3] = kws_counters_read(), times[3] = micros();

    const unsigned long now = millis();
    const int best = likeliest();
    const bool settled = warm;
    if (settled) {
        if (reported >= 0) show(reported);
        else if (best < 2) show(best);
        follow_trial(now, best, reported);
    } else {
        reported = -1;
        if (now - started >= WARM_UP_MS) warm = true, spotter_forget();
    }
    kws_log_begin(settled ? "KWS" : "WARM");
    kws_log_field(now);
    for (int stage = 0; stage < 3; stage++) kws_log_field(times[stage + 1] - times[stage]);
    kws_log_field(spotter_label(best));
    kws_log_field((unsigned long)(spotter_posterior(best) * 100ul / KWS_CERTAIN));
    kws_log_field(reported >= 0 ? spotter_label(reported) : "-");
    kws_log_end();
    if (cycles_left) tell_cycles(now, marks);
}

void kws_setup() {
    Serial.begin(115200);
    for (int pin : {LEDR, LEDG, LEDB, LED_BUILTIN}) pinMode(pin, OUTPUT);
    show(0);
    cache_at_reset = kws_counters_start();
    failure = spotter_start();
    PDM.onReceive(on_sound);
    PDM.setGain(gain);
    if (!failure && !PDM.begin(1, 16000)) failure = "no microphone";
    started = last_overrun = millis();
    tell_status(started);
}

void kws_loop() {
    static int16_t step[KWS_STEP];
    const unsigned long now = millis();
    kws_log_send();
    follow_command(now);
    const uint32_t overruns = __atomic_load_n(&kws_sound.overruns, __ATOMIC_RELAXED);
    if (overruns != told_overruns) {
        told_overruns = overruns;
        last_overrun = now;
        tell_status(now);
    } else if (now - last_status >= STATUS_MS) {
        tell_status(now);
    }
    const bool overrun = told_overruns && now - last_overrun < OVERRUN_LIT_MS;
    digitalWrite(LED_BUILTIN, !failure && (!warm || overrun) ? HIGH : LOW);
    if (failure) digitalWrite(LEDR, now / BLINK_MS % 2 ? LOW : HIGH);
    else if (kws_ring_read(&kws_sound, step, KWS_STEP)) hear(step);
}
