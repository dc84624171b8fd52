/** The page's tables: what every network takes on the chip and in this browser, and what the page is made of. */
import { RATE, Spotter } from "./core.js";
import { row } from "./dom.js";

const BENCH_SECONDS = 1, ROUNDS = 3;
const thousands = (bytes) => bytes.toLocaleString("en-US");

/** Milliseconds of a hop on the chip: two frames of the front end, the network, the decision. */
export const chipMs = (chip) => (2 * chip.frontend_us + chip.network_us + chip.decision_us) / 1000;

export function networkRow({ title, chip, model }) {
  const costs = chip
    ? [`${thousands(chip.flash)} B`, `${thousands(chip.ram)} B`, chipMs(chip).toFixed(2), chip.worst_ms.toFixed(2)]
    : Array(4).fill("not computed");
  return row([title, ...costs, "…", `${thousands(model.length)} B`]);
}

export const partRow = ([name, bytes]) => row([name, thousands(bytes)]);

/** Milliseconds of a hop here: the median of a few rounds of a second of noise. */
export async function browserMs(module, model) {
  const spotter = await Spotter.load(module, model);
  const noise = Int16Array.from({ length: BENCH_SECONDS * RATE }, () => 2000 * (Math.random() - 0.5));
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) {
    let hops = 0;
    const begin = performance.now();
    spotter.listen(noise, () => hops++);
    rounds.push((performance.now() - begin) / hops);
  }
  return rounds.sort((a, b) => a - b)[ROUNDS >> 1];
}
