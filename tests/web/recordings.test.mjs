import assert from "node:assert/strict";
import test from "node:test";
import { statedRate, surrounded, wav } from "../../web/sound.js";
import { Trials, summary } from "../../web/trials.js";

const speech = Int16Array.from({ length: 16000 }, (_, n) => (n > 6000 && n < 10000 ? 8000 : 50) * Math.sin(n));

test("a WAV file says its rate", () => assert.equal(statedRate(wav(speech)), 16000));

test("a FLAC file says its rate, any other file counts as 48 kHz", () => {
  const flac = new Uint8Array(42);
  flac.set([0x66, 0x4c, 0x61, 0x43, 0, 0, 0, 34]);
  flac.set([0x0a, 0xc4, 0x42, 0xf0], 18); // 44,100 Hz in 20 bits
  assert.equal(statedRate(flac), 44100);
  assert.equal(statedRate(new Uint8Array([0xff, 0xfb, 0x90, 0])), 48000);
  assert.equal(statedRate(new Uint8Array(3)), 48000);
});

test("a short recording lies whole amid noise as faint as its own", () => {
  const stream = surrounded(speech);
  assert.deepEqual(stream.slice(32000, 48000), speech);
  const power = (part) => Math.sqrt(part.reduce((sum, x) => sum + x * x, 0) / part.length);
  assert.ok(Math.abs(power(stream.subarray(0, 32000)) / power(speech.subarray(0, 1600)) - 1) < 0.05);
});

test("recordings are named for their class, speaker and take", () => {
  const trials = new Trials(["silence", "unknown", "yes", "no"]);
  for (const said of [2, 3, 2]) trials.all.push({ network: "a", said, answered: 2, samples: speech });
  const names = trials.files("  Ada L_o ", wav).map((file) => file.name);
  assert.deepEqual(names, ["yes/Ada-L-o_nohash_0.wav", "no/Ada-L-o_nohash_0.wav", "yes/Ada-L-o_nohash_1.wav"]);
  assert.equal(trials.files("../..", wav)[0].name, "yes/me_nohash_0.wav");
});

test("each network has a confusion matrix of its own", () => {
  const trials = new Trials(["silence", "unknown", "yes"]);
  trials.all.push({ network: "a", said: 2, answered: 2 }, { network: "a", said: 2, answered: 0 }, { network: "b", said: 0, answered: 1 });
  assert.deepEqual(trials.confusion("a"), [[0, 0, 0], [0, 0, 0], [1, 0, 1]]);
  assert.deepEqual(trials.confusion("b"), [[0, 1, 0], [0, 0, 0], [0, 0, 0]]);
  assert.equal(summary(trials.confusion("a")), "1 of 2 right: 50 % (95 % interval 9 to 91 %)");
});
