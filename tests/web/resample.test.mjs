import assert from "node:assert/strict";
import test from "node:test";
import { Resampler, toInt16 } from "../../web/resample.js";

const sine = (hertz, rate, seconds) =>
  Float32Array.from({ length: rate * seconds }, (_, n) => 0.5 * Math.sin((2 * Math.PI * hertz * n) / rate));
const decibel = (share) => 20 * Math.log10(share);

for (const rate of [8000, 22050, 44100, 48000, 96000]) {
  test(`${rate} Hz: what 16 kHz can hold passes unchanged`, () => {
    const hertz = Math.min(3000, 0.8 * rate / 2), heard = Resampler.whole(sine(hertz, rate, 1), rate, 16000);
    assert.equal(heard.length, 16000);
    const wanted = sine(hertz, 16000, 1), middle = [...heard.keys()].slice(2000, 14000);
    const worst = Math.max(...middle.map((n) => Math.abs(heard[n] - wanted[n])));
    assert.ok(decibel(worst / 0.5) < -70, `off by ${decibel(worst / 0.5)} dB`);
  });

  test(`${rate} Hz: chunks of any length give what the whole gives`, () => {
    const sound = sine(440, rate, 0.3), whole = new Resampler(rate, 16000).push(sound), parts = new Resampler(rate, 16000);
    const heard = [];
    for (let at = 0, length = 1; at < sound.length; at += length, length = (length * 7) % 129 || 1)
      heard.push(...parts.push(sound.subarray(at, at + length)));
    assert.deepEqual(heard, [...whole]);
  });
}

for (const rate of [44100, 48000, 96000])
  test(`${rate} Hz: what 16 kHz cannot hold does not fold into it`, () => {
    const heard = Resampler.whole(sine(9000, rate, 1), rate, 16000).subarray(2000, 14000);
    const loudest = Math.max(...heard.map(Math.abs));
    assert.ok(decibel(loudest / 0.5) < -80, `${decibel(loudest / 0.5)} dB are left`);
  });

test("16 kHz pass through, bit for bit", () => {
  const values = Int16Array.from({ length: 65536 }, (_, n) => n - 32768);
  const floats = Float32Array.from(values, (value) => value / 32768);
  assert.deepEqual(toInt16(new Resampler(16000, 16000).push(floats)), values);
});
