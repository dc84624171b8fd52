/** Recordings: any file that the browser decodes becomes int16 at 16 kHz; int16 becomes a WAV file. */
import { RATE } from "./core.js";
import { Resampler, toInt16 } from "./resample.js";

const BETWEEN = 48000; // Hz, where a file's own rate is not in its first bytes
const text = (bytes, at, length) => String.fromCharCode(...bytes.subarray(at, at + length));

/** The sample rate that a WAV or FLAC file states, else 48,000 Hz; 0 of both is none. */
export function statedRate(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (text(bytes, 0, 4) === "fLaC") return (view.getUint32(18) >>> 12) || BETWEEN;
  if (text(bytes, 0, 4) !== "RIFF") return BETWEEN;
  for (let at = 12; at + 16 <= bytes.length; at += 8 + view.getUint32(at + 4, true))
    if (text(bytes, at, 4) === "fmt ") return view.getUint32(at + 12, true) || BETWEEN;
  return BETWEEN;
}

/** A file's bytes as int16 at 16 kHz, averaged over its channels. Throws a sentence where it is no sound. */
export async function decode(bytes) {
  const stated = statedRate(bytes), rate = stated >= 8000 && stated <= 96000 ? stated : BETWEEN;
  let buffer;
  try {
    buffer = await new OfflineAudioContext(1, 1, rate).decodeAudioData(bytes.slice().buffer);
  } catch {
    throw new Error("This browser finds no sound in that file. WAV, FLAC, MP3 and OGG are worth a try.");
  }
  const mono = buffer.getChannelData(0).slice();
  for (let c = 1; c < buffer.numberOfChannels; c++) buffer.getChannelData(c).forEach((x, i) => (mono[i] += x));
  if (buffer.numberOfChannels > 1) mono.forEach((x, i) => (mono[i] = x / buffer.numberOfChannels));
  return toInt16(rate === RATE ? mono : Resampler.whole(mono, rate, RATE));
}

/**
 * A short recording between two seconds of noise and half a second of it, as loud as its own quietest tenth of a second:
 * what the front end gets used to, and time for the decision. As `surrounded` of kwslib/field/recordings.py.
 */
export function surrounded(samples) {
  const span = RATE / 10;
  let quietest = Infinity;
  for (let at = 0; at + span <= samples.length; at += span / 10)
    quietest = Math.min(quietest, samples.subarray(at, at + span).reduce((sum, x) => sum + x * x, 0));
  const width = Math.sqrt(12 * (quietest < Infinity ? quietest / span : 0)); // of a uniform draw of that power
  const joined = new Int16Array(2 * RATE + samples.length + RATE / 2);
  let seed = 1;
  for (let i = 0; i < joined.length; i++) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    joined[i] = Math.round(width * (seed / 2 ** 32 - 0.5));
  }
  joined.set(samples, 2 * RATE);
  return joined;
}

/** int16 samples at 16 kHz as the bytes of a WAV file. */
export function wav(samples) {
  const size = 2 * samples.length, bytes = new Uint8Array(44 + size), view = new DataView(bytes.buffer);
  const write = (at, word) => [...word].forEach((letter, i) => (bytes[at + i] = letter.charCodeAt(0)));
  write(0, "RIFF");
  view.setUint32(4, 36 + size, true);
  write(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true); // PCM
  view.setUint16(22, 1, true); // channels
  view.setUint32(24, RATE, true);
  view.setUint32(28, 2 * RATE, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  write(36, "data");
  view.setUint32(40, size, true);
  samples.forEach((value, i) => view.setInt16(44 + 2 * i, value, true));
  return bytes;
}
