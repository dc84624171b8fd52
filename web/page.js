/** The page: one source of sound at a time, through the core, into pictures, log and `window.kws`. */
import { CERTAIN, RATE, Spotter } from "./core.js";
import { part } from "./dom.js";
import { Pictures } from "./drawing.js";
import { Log } from "./log.js";
import { listen, obstacle, sentence } from "./microphone.js";
import { OwnTrials } from "./own.js";
import { decode, surrounded } from "./sound.js";
import { browserMs, chipMs, networkRow, partRow } from "./tables.js";

const SHORT = 2, LONG = 60; // s: recordings that are surrounded by noise; those that are not played aloud
const CALM_MS = 500, WORD_MS = 1600, HOPS_KEPT = 25_000; // ms; hops of the microphone
const FEED_MS = 40, SLICE = 2 * RATE; // of a recording that is played, and of one that is run at once
const PATIENCE_MS = 500; // for the permission to play

const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const data = JSON.parse(part("data").textContent);
const core = bytes(data.core);
const networks = data.networks.map((network) => ({ ...network, model: bytes(network.model) }));
const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** What was found, for whoever runs the page. */
const kws = (globalThis.kws = { ready: false, model: null, hops: [], reports: [], done: false });

let module, network, spotter, pictures, log, own, microphone;
let run = 0; // number of the source that sounds now; an older one stops when it sees another
let player = null; // AudioContext of a recording that is played
let posteriors = [], wordTimer;

const say = (text) => (part("status").textContent = text);
const settings = () => ({ threshold: Number(part("threshold").value), smoothing: Number(part("smoothing").value) });

function hear({ samples, hops }) {
  pictures.hear(samples);
  hops.forEach(take);
}

function take(hop) {
  pictures.take(hop);
  if (!hop.full) return;
  kws.hops.push({ time: hop.time, logits: [...hop.logits] });
  if (microphone && kws.hops.length > HOPS_KEPT) kws.hops.shift();
  const word = hop.reported < 0 ? null : network.labels[hop.reported];
  if (word) report(hop.time, word);
  log.add(hop, network, word);
  posteriors = hop.posteriors;
}

function report(time, label) {
  kws.reports.push({ time, label });
  clearTimeout(wordTimer);
  part("word").textContent = label;
  wordTimer = setTimeout(() => (part("word").textContent = ""), WORD_MS);
}

/** Begins with a new source: nothing heard so far. Returns its number. */
async function begin() {
  stop();
  const mine = ++run;
  Object.assign(kws, { hops: [], reports: [], done: false });
  log.clear();
  pictures.clear();
  part("word").textContent = "";
  spotter.restart();
  spotter.tune(settings().threshold, settings().smoothing);
  return mine;
}

function stop() {
  run++;
  player?.close();
  microphone?.stop();
  own.stop();
  player = microphone = null;
  part("microphone").textContent = "Listen to the microphone";
}

/** Listens to the microphone; promises whether it does. */
async function startMicrophone() {
  if (microphone) return true;
  if (obstacle()) return say(obstacle()), false;
  const mine = await begin();
  say("Waiting for permission to listen.");
  const ended = () => mine === run && (stop(), say("The microphone went away."));
  const heard = (message) => {
    if (mine !== run) return;
    hear(message);
    own.hear(message);
  };
  try {
    const processed = part("processed").checked, options = { model: network.model, ...settings() };
    const started = await listen({ worklet: data.worklet, core, processed, settings: options, heard, ended });
    if (mine !== run) return started.stop(), false;
    microphone = started;
  } catch (error) {
    if (mine === run) stop(), say(sentence(error));
    return false;
  }
  part("microphone").textContent = "Stop";
  say("Listening. The first second may be silent while the microphone starts.");
  return true;
}

/** Plays int16 samples; promises the player's time at their beginning. Browsers may want a click or a key first. */
async function play(samples) {
  const context = (player = new AudioContext());
  await Promise.race([context.resume(), new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))]);
  if (context.state !== "running") {
    if (player !== context) return 0; // stopped meanwhile
    context.close();
    player = null;
    return 0;
  }
  const buffer = context.createBuffer(1, samples.length, RATE);
  buffer.getChannelData(0).set(Float32Array.from(samples, (value) => value / 32768));
  const source = Object.assign(context.createBufferSource(), { buffer });
  source.connect(context.destination);
  source.start();
  part("microphone").textContent = "Stop";
  return context.currentTime;
}

/** Hears int16 samples at 16 kHz: in time with their playing, or at once. */
async function hearRecording(samples, name, aloud) {
  const mine = await begin();
  const feed = (from, to) => {
    const hops = [], piece = samples.subarray(from, to);
    spotter.listen(piece, (hop) => hops.push(hop));
    hear({ samples: piece, hops });
  };
  say(`Hearing ${name}.`);
  const start = aloud && (await play(samples)); // where no sound is allowed, the recording runs at once
  if (mine !== run) return;
  let at = 0;
  while (at < samples.length) {
    await new Promise((resolve) => setTimeout(resolve, player ? FEED_MS : 0));
    if (mine !== run) return;
    const to = player ? Math.floor((player.currentTime - start) * RATE) : at + SLICE;
    feed(at, to);
    at = Math.min(to, samples.length);
  }
  stop();
  kws.done = true;
  const words = kws.reports.map(({ time, label }) => `${label} at ${time.toFixed(2)} s`).join(", ");
  say(`${name}: ${words || "nothing was reported"}, in ${(samples.length / RATE).toFixed(1)} s of sound.`);
}

/** Hears a file that the reader chose, or a clip of the page. */
async function hearFile(content, name) {
  try {
    const samples = await decode(content), seconds = samples.length / RATE;
    await hearRecording(seconds < SHORT ? surrounded(samples) : samples, name, seconds < LONG);
  } catch (error) {
    say(error.message);
  }
}

async function choose(name) {
  const chosen = networks.find((one) => one.name === name);
  if (!chosen) return say(`There is no network ${name} here: ${networks.map((one) => one.name).join(", ")}.`);
  network = chosen;
  spotter = await Spotter.load(module, network.model);
  spotter.tune(settings().threshold, settings().smoothing);
  microphone?.tell({ model: network.model, ...settings() });
  Object.assign(kws, { hops: [], reports: [] }); // none of another network's
  kws.model = name;
  part("network").value = name;
  part("about").textContent = network.about;
  part("log-costs").textContent = network.chip ? "" : " (empty: no virtual board at hand when this page was built)";
  [...part("networks").tBodies[0].rows].forEach((line, i) =>
    line.classList.toggle("kws-chosen", networks[i] === network));
  own.show();
  pace();
}

/** What a hop of the chosen network takes there and here, of its 40 ms. */
function pace() {
  const { chip, browser_ms } = network;
  const there = chip && `${chipMs(chip).toFixed(1)} ms on the chip`, here = browser_ms && `${browser_ms.toFixed(2)} ms here`;
  part("pace").textContent = [there, here].filter(Boolean).join(", ") + (there || here ? ", of the 40 ms of a hop" : "");
}

let drawn = 0;
function draw(now) {
  requestAnimationFrame(draw);
  if (calm.matches && now - drawn < CALM_MS) return;
  drawn = now;
  pictures.draw(settings().threshold);
  log.draw(now);
  posteriors.forEach((share, i) => {
    const text = `${network.labels[i]} ${Math.floor((share * 100) / CERTAIN)} %`, entry = part("legend").children[i].lastChild;
    if (entry.textContent !== text) entry.textContent = text;
  });
}

function tuned() {
  const now = settings();
  part("threshold-value").textContent = now.threshold.toFixed(3).replace(/0$/, "");
  part("smoothing-value").textContent = `${now.smoothing} inferences`;
  spotter.tune(now.threshold, now.smoothing);
  microphone?.tell(now);
  pictures.changed = true;
}

function fill() {
  networks.forEach(({ name, title }) => part("network").add(new Option(title, name)));
  part("networks").tBodies[0].replaceChildren(...networks.map(networkRow));
  part("parts").tBodies[0].replaceChildren(...data.parts.map(partRow));
  part("threshold").value = data.settings.threshold;
  part("smoothing").value = data.settings.smoothing;
  part("original").textContent = data.original ? ` ${data.original}` : "";
  for (const label of networks[0].labels) {
    const entry = document.createElement("li");
    entry.append(document.createElement("i"), document.createElement("span"));
    entry.lastChild.textContent = label;
    part("legend").append(entry);
  }
  for (const { title, sound } of data.clips) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: title });
    button.addEventListener("click", () => hearFile(bytes(sound), title));
    part("clips").append(button);
  }
}

function wire() {
  part("microphone").addEventListener("click", () => {
    const sounding = microphone || player;
    if (!sounding) return startMicrophone();
    stop();
    say("Stopped.");
  });
  part("network").addEventListener("change", (event) => choose(event.target.value));
  part("processed").addEventListener("change", () => microphone && (stop(), startMicrophone()));
  for (const id of ["threshold", "smoothing"]) part(id).addEventListener("input", tuned);
  const file = async (chosen) => chosen && hearFile(new Uint8Array(await chosen.arrayBuffer()), chosen.name);
  part("file").addEventListener("change", (event) => file(event.target.files[0]));
  const drop = part("drop"), over = (event, on) => (event.preventDefault(), drop.classList.toggle("kws-over", on));
  drop.addEventListener("dragover", (event) => over(event, true));
  drop.addEventListener("dragleave", (event) => over(event, false));
  drop.addEventListener("drop", (event) => (over(event, false), file(event.dataTransfer.files[0])));
  document.addEventListener("visibilitychange", () => {
    if (!microphone) return;
    const hidden = "This tab is in the background: the spotter listens on, the pictures wait.";
    say(document.hidden ? hidden : "Listening.");
  });
  matchMedia("(orientation: portrait)").addEventListener("change", () =>
    say(`The screen was turned: the pictures have its new width${microphone ? ", and listening goes on." : "."}`));
  const resized = new ResizeObserver(() => (pictures.changed = true));
  for (const id of ["sound", "features", "posteriors"]) resized.observe(part(id));
}

async function main() {
  if (!globalThis.WebAssembly) return say(obstacle());
  const wanted = new URLSearchParams(location.search);
  module = await WebAssembly.compile(core);
  fill();
  const canvases = Object.fromEntries(["sound", "features", "posteriors"].map((id) => [id, part(id)]));
  pictures = new Pictures(canvases, [...part("legend").querySelectorAll("i")]);
  log = new Log(part("log"));
  own = new OwnTrials(networks[0].labels, () => network.name, startMicrophone);
  await choose(networks[0].name);
  if (wanted.has("model")) await choose(wanted.get("model"));
  tuned();
  wire();
  requestAnimationFrame(draw);
  kws.ready = true;
  say(obstacle() || "Ready.");
  if (wanted.has("file")) await hearAddress(wanted.get("file"));
  for (const [i, one] of networks.entries()) {
    await new Promise((resolve) => setTimeout(resolve, 50)); // between two pictures
    one.browser_ms = await browserMs(module, one.model);
    part("networks").tBodies[0].rows[i].cells[5].textContent = one.browser_ms.toFixed(2);
    if (one === network) pace();
  }
}

/** Runs the recording at an address at once, as it is. */
async function hearAddress(address) {
  try {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(`${address}: ${answer.status} ${answer.statusText}`);
    await hearRecording(await decode(new Uint8Array(await answer.arrayBuffer())), address, false);
  } catch (error) {
    say(`${address} was not heard: ${error.message}`);
    kws.done = true;
  }
}

main().catch((error) => say(`The spotter did not start: ${error.message}`));
