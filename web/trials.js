/** A reader's own field test: what was said, what was answered, and how sure that is. */
import { CERTAIN } from "./core.js";

export const TRIAL_SECONDS = 2; // after the prompt, as in the board's sketch
const UNKNOWN = 1, UNKNOWN_PERCENT = 50, Z = 1.959963984540054; // a 95 % interval

/**
 * The answer to a trial from its hops, as `answer` of kwslib/field/stream.py: the last word reported; else unknown where
 * its smoothed posterior was the largest and half or more; else silence.
 */
export function answer(hops) {
  const words = hops.filter((hop) => hop.reported >= 0);
  if (words.length) return words.at(-1).reported;
  const sure = (hop) => Math.floor((hop.posteriors[UNKNOWN] * 100) / CERTAIN) >= UNKNOWN_PERCENT;
  return hops.some((hop) => hop.best === UNKNOWN && sure(hop)) ? UNKNOWN : 0;
}

/** Wilson's interval of `correct` in `n`: [low, high]. */
export function wilson(correct, n) {
  if (!n) return [0, 1];
  const p = correct / n, square = Z * Z;
  const centre = (p + square / (2 * n)) / (1 + square / n);
  const half = (Z / (1 + square / n)) * Math.sqrt((p * (1 - p)) / n + square / (4 * n * n));
  return [Math.max(0, Math.min(p, centre - half)), Math.min(1, Math.max(p, centre + half))];
}

/** Trials: [{network, said, answered, samples}], classes by number. */
export class Trials {
  constructor(labels) {
    this.labels = labels;
    this.all = [];
  }

  /** Counts of a network's trials, said by answered. */
  confusion(network) {
    const counts = this.labels.map(() => this.labels.map(() => 0));
    for (const trial of this.all) if (trial.network === network) counts[trial.said][trial.answered]++;
    return counts;
  }

  /** Recordings as `kws field --recordings` and `kws train --own` take them: <class>/<speaker>_nohash_<take>.wav. */
  files(speaker, encode) {
    const takes = this.labels.map(() => 0);
    const name = speaker.replace(/[^\p{L}\p{N}-]+/gu, "-").replace(/^-+|-+$/g, "") || "me";
    return this.all.map(({ said, samples }) => ({
      name: `${this.labels[said]}/${name}_nohash_${takes[said]++}.wav`,
      bytes: encode(samples),
    }));
  }
}

/** "7 of 9 right: 78 % (95 % interval 45 to 94 %)" */
export function summary(confusion) {
  const n = confusion.flat().reduce((sum, count) => sum + count, 0);
  const correct = confusion.reduce((sum, row, i) => sum + row[i], 0);
  const [low, high, share] = [...wilson(correct, n), correct / n].map((part) => Math.round(100 * part));
  return `${correct} of ${n} right: ${share} % (95 % interval ${low} to ${high} %)`;
}
