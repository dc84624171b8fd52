/** The C core: WebAssembly that takes a model as data, and the rhythm of the board's sketch around it. */

export const RATE = 16000, STEP = 320, STRIDE = 2; // Hz; samples of a frame; frames from inference to inference
export const FRAMES = 49, CHANNELS = 40, CERTAIN = 32768; // what the network sees; a posterior of one
const FIRST = FRAMES + (FRAMES % STRIDE); // frames until the window is full

/** Seconds into the stream at which so many frames have their last sample. */
export const secondsOf = (frames) => (frames - 1) * 0.02 + 0.03;

/** A spotter that listens to int16 samples at 16 kHz. */
export class Spotter {
  /** `module`: the compiled core; `model`: as kwslib/page/words.py writes it. Throws where it does not load. */
  static async load(module, model) {
    return new Spotter(await WebAssembly.instantiate(module), model);
  }

  constructor({ exports: core }, model) {
    this.core = core;
    const memory = core.memory.buffer;
    new Uint8Array(memory, core.kws_web_model()).set(model);
    this.classes = core.kws_web_load();
    if (!this.classes) throw new Error("The core does not know this model's format.");
    this.samples = new Int16Array(memory, core.kws_web_samples(), STEP);
    this.features = new Int8Array(memory, core.kws_web_features(), FRAMES * CHANNELS);
    this.logits = new Int8Array(memory, core.kws_web_logits(), this.classes);
    this.posteriors = new Uint16Array(memory, core.kws_web_posteriors(), this.classes);
    this.thresholds = new Uint16Array(memory, core.kws_web_thresholds(), this.classes);
    this.restart();
  }

  /** Forget all that was heard; settings stay. */
  restart() {
    const kept = this.thresholds.slice();
    this.core.kws_web_load();
    this.thresholds.set(kept);
    if (this.smoothing) this.core.kws_web_smoothing(this.smoothing);
    this.frames = 0;
  }

  /** Words are reported from this smoothed posterior on, 0 to 1, averaged over so many inferences. */
  tune(threshold, smoothing) {
    this.thresholds.fill(Math.round(threshold * CERTAIN), 2); // silence and unknown are never reported
    if (smoothing === this.smoothing) return;
    this.smoothing = smoothing;
    this.core.kws_web_smoothing(smoothing);
  }

  /** Takes in int16 samples, any number; calls `heard` with each hop. The decision begins once the window is full. */
  listen(samples, heard) {
    for (let at = 0; at < samples.length; at += STEP) {
      const part = samples.subarray(at, at + STEP);
      this.samples.set(part);
      const frames = this.core.kws_web_listen(part.length);
      this.frames += frames;
      if (!frames || this.frames % STRIDE) continue;
      this.core.kws_web_infer();
      const full = this.frames >= FIRST;
      heard(this.hop(full, full ? this.core.kws_web_decide() : -1));
    }
  }

  hop(full, reported) {
    return {
      full,
      time: secondsOf(this.frames),
      logits: this.logits.slice(),
      posteriors: this.posteriors.slice(),
      frames: this.features.slice(-STRIDE * CHANNELS), // the newest
      reported, // a class, or -1
      best: this.posteriors.indexOf(Math.max(...this.posteriors)),
    };
  }
}
