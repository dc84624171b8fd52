/** Any sample rate to another: a windowed sinc in polyphase form, over a stream in chunks of any length. */

const CROSSINGS = 64; // of the sinc on each side of its middle
const BETA = 9; // Kaiser window: about 90 dB of rejection
const PASSBAND = 0.96; // of the lower of the two Nyquist frequencies, at -6 dB; the stop band begins at that frequency

const gcd = (a, b) => (b ? gcd(b, a % b) : a);

function bessel(x) {
  let sum = 1;
  for (let k = 1, term = 1; term > 1e-12 * sum; k++) sum += term *= (x / (2 * k)) ** 2;
  return sum;
}

/** Taps of each of `up` phases, Float32Array (up, width), for an output `phase / up` samples after an input. */
function phases(up, width, cutoff) {
  const taps = new Float32Array(up * width);
  for (let phase = 0; phase < up; phase++) {
    const row = taps.subarray(phase * width, (phase + 1) * width);
    let sum = 0;
    for (let i = 0; i < width; i++) {
      const at = i - width / 2 + 1 - phase / up; // input samples from the middle
      const angle = Math.PI * cutoff * at;
      const window = bessel(BETA * Math.sqrt(Math.max(0, 1 - (2 * at / width) ** 2)));
      sum += row[i] = (angle ? Math.sin(angle) / angle : 1) * window;
    }
    for (let i = 0; i < width; i++) row[i] /= sum; // every phase keeps a constant as it is
  }
  return taps;
}

export class Resampler {
  /** From `from` to `to` Hz, whole numbers. Equal rates pass through untouched. */
  constructor(from, to) {
    const common = gcd(from, to);
    this.up = to / common;
    this.down = from / common;
    const cutoff = PASSBAND * Math.min(1, to / from); // of the input's Nyquist frequency
    this.width = this.up === this.down ? 0 : 2 * Math.ceil(CROSSINGS / cutoff);
    this.taps = phases(this.up, this.width, cutoff);
    this.kept = new Float32Array(Math.max(0, this.width / 2 - 1)); // as if silence came before
    this.phase = 0; // of the next output, in 1 / up of an input sample after the first kept one
  }

  /** Takes in samples (n,), gives out those that they complete; all are kept that later ones still need. */
  push(samples) {
    if (!this.width) return samples;
    const input = new Float32Array(this.kept.length + samples.length);
    input.set(this.kept);
    input.set(samples, this.kept.length);
    const last = input.length - this.width; // the last input that a row of taps can begin at
    const count = last < 0 ? 0 : Math.max(0, Math.floor(((last + 1) * this.up - 1 - this.phase) / this.down) + 1);
    const output = new Float32Array(count);
    let at = this.phase;
    for (let n = 0; n < count; n++, at += this.down) {
      const begin = Math.floor(at / this.up), row = (at % this.up) * this.width;
      let sum = 0;
      for (let i = 0; i < this.width; i++) sum += input[begin + i] * this.taps[row + i];
      output[n] = sum;
    }
    const used = Math.min(Math.floor(at / this.up), input.length);
    this.kept = input.slice(used);
    this.phase = at - used * this.up;
    return output;
  }

  /** The whole of a recording, its end included. */
  static whole(samples, from, to) {
    const resampler = new Resampler(from, to);
    const tail = new Float32Array(resampler.width);
    const padded = new Float32Array(samples.length + tail.length);
    padded.set(samples);
    return resampler.push(padded).subarray(0, Math.ceil((samples.length * to) / from));
  }
}

/** Float samples in -1 to 1 as int16. */
export function toInt16(samples) {
  const rounded = new Int16Array(samples.length);
  for (let i = 0; i < samples.length; i++)
    rounded[i] = Math.max(-32768, Math.min(32767, Math.round(samples[i] * 32768)));
  return rounded;
}
