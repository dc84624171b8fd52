/** On the audio thread: microphone to 16 kHz, to the core; what it heard goes to the page every 40 ms. */
import { RATE, STEP, STRIDE, Spotter } from "./core.js";
import { Resampler, toInt16 } from "./resample.js";

class Listener extends AudioWorkletProcessor {
  constructor({ processorOptions }) {
    super();
    this.resampler = new Resampler(sampleRate, RATE);
    this.sound = []; // int16 chunks since the last message
    this.count = 0;
    this.begun = false;
    this.port.onmessage = ({ data }) => this.told(data);
    this.core = processorOptions.core; // bytes: a compiled module would vanish on its way
    this.told(processorOptions);
  }

  /** A message of the page: another model, other settings, or the end. */
  told({ model, threshold, smoothing, stop }) {
    if (stop) this.stopped = true;
    if (model) {
      this.spotter = new Spotter(new WebAssembly.Instance(new WebAssembly.Module(this.core)), model);
    }
    if (threshold) this.spotter.tune(threshold, smoothing);
  }

  process([channels]) {
    if (!channels.length || this.stopped) return !this.stopped;
    const samples = toInt16(this.resampler.push(channels[0]));
    // The first second after permission may be digital silence, which is no room: the stream begins after it.
    this.begun ||= samples.some((value) => value !== 0);
    if (!this.begun) return true;
    this.sound.push(samples);
    this.count += samples.length;
    if (this.count >= STEP * STRIDE) this.send();
    return true;
  }

  send() {
    const samples = new Int16Array(this.count), hops = [];
    let at = 0;
    for (const chunk of this.sound) {
      samples.set(chunk, at);
      at += chunk.length;
    }
    this.spotter.listen(samples, (hop) => hops.push(hop));
    this.sound = [];
    this.count = 0;
    this.port.postMessage({ samples, hops });
  }
}

registerProcessor("kws", Listener);
