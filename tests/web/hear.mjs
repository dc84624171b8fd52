// node hear.mjs CORE MODEL SOUND [CHUNK]: what the page's spotter hears in int16 samples, as JSON.
import { readFileSync } from "node:fs";
import { Spotter } from "../../web/core.js";

const [core, model, sound, chunk] = process.argv.slice(2);
const bytes = readFileSync(sound);
const samples = new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
const spotter = await Spotter.load(await WebAssembly.compile(readFileSync(core)), readFileSync(model));
const hops = [], step = Number(chunk ?? samples.length);
for (let at = 0; at < samples.length; at += step)
  spotter.listen(samples.subarray(at, at + step), (hop) => hop.full && hops.push(hop));
const plain = ({ time, logits, posteriors, reported }) => ({ time, logits: [...logits], posteriors: [...posteriors], reported });
console.log(JSON.stringify(hops.map(plain)));
