/* A spotter for the host that takes its time, and checks that sound comes in the order in which it was heard. As board.cpp
 * numbers the samples, `disorder` counts steps whose numbers go back or jump by other than whole interrupts, `gaps` their
 * jumps. It reports yes and no in turn, at every second inference.
 */
#include <stdio.h>

#include "board.h"
#include "kws_sketch.h"

extern "C" {
const char spotter_name[] = "order";
const int spotter_hop = 2;
}

static const char *const labels[] = {"silence", "unknown", "yes", "no"};
static uint16_t next = 0;
static int inferences = 0, gaps = 0, disorder = 0, heard = 0, forgotten = 0;

struct summary {
  ~summary() {
    fprintf(stderr, "heard %d\ngaps %d\ndisorder %d\nforgotten %d\n", heard, gaps, disorder, forgotten);
  }
} at_exit;

const char *spotter_start() { return nullptr; }
const char *spotter_model() { return "in-turn"; }
int spotter_classes() { return 4; }
const char *spotter_label(int number) { return labels[number]; }
int spotter_listen(const int16_t *samples) {
  for (int i = 0; i < KWS_STEP; i++) {
    const uint16_t jump = (uint16_t)((uint16_t)samples[i] - next);
    if (heard && jump) jump % 256 || jump > 32768 ? disorder++ : gaps++;
    next = (uint16_t)(samples[i] + 1);
    heard++;
  }
  board_spend(600);
  return 1;
}
void spotter_infer() {
  inferences++;
  board_spend(6000);
}
int spotter_decide(int by_word) {
  board_spend(10);
  if (inferences % 2) return -1;
  return by_word ? 2 + inferences / 2 % 2 : 2;
}
void spotter_forget() { forgotten++; }
uint16_t spotter_posterior(int number) { return number == 2 ? KWS_CERTAIN : 0; }
