/** Three pictures on canvases: the sound, the features as the network sees them, the posteriors as they roll. */
import { CERTAIN, CHANNELS, FRAMES, RATE } from "./core.js";

const SOUND_SECONDS = 2, HOPS = 100; // of sound; of posteriors, 4 s
const FAINTEST = 1000; // of int16: the sound that fills its picture, where none is louder

/** From dark blue to yellow, as bytes (256, 4): perceived brightness rises with the value. */
function palette() {
  const stops = [[13, 8, 66], [72, 35, 116], [52, 94, 141], [33, 145, 140], [94, 201, 98], [253, 231, 37]];
  const table = new Uint8ClampedArray(4 * 256);
  for (let value = 0; value < 256; value++) {
    const at = (value / 255) * (stops.length - 1), below = Math.min(Math.floor(at), stops.length - 2);
    const [from, to] = [stops[below], stops[below + 1]];
    for (let c = 0; c < 3; c++) table[4 * value + c] = from[c] + (to[c] - from[c]) * (at - below);
    table[4 * value + 3] = 255;
  }
  return table;
}

const colourOf = (element) => getComputedStyle(element).color;

/** A canvas whose pixels follow its size on the screen; returns its context and size in CSS pixels. */
function fitted(canvas) {
  const scale = globalThis.devicePixelRatio || 1, { clientWidth: width, clientHeight: height } = canvas;
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
  }
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}

export class Pictures {
  /** `canvases`: {sound, features, posteriors}; `legend`: an element per class, whose colour its line has. */
  constructor(canvases, legend) {
    this.canvases = canvases;
    this.legend = legend;
    this.map = Object.assign(document.createElement("canvas"), { width: FRAMES, height: CHANNELS });
    this.pixels = new ImageData(FRAMES, CHANNELS);
    this.table = palette();
    this.clear();
  }

  clear() {
    this.sound = new Int16Array(SOUND_SECONDS * RATE);
    this.seen = new Int8Array(FRAMES * CHANNELS).fill(-128); // oldest frame first
    this.rolling = []; // posteriors of the last hops
    this.changed = true;
  }

  /** Sound that came in. */
  hear(samples) {
    const newest = samples.subarray(-this.sound.length);
    this.sound.copyWithin(0, newest.length);
    this.sound.set(newest, this.sound.length - newest.length);
    this.changed = true;
  }

  /** A hop of the core. */
  take(hop) {
    this.seen.copyWithin(0, hop.frames.length);
    this.seen.set(hop.frames, this.seen.length - hop.frames.length);
    if (!hop.full) return;
    this.rolling.push(hop.posteriors);
    if (this.rolling.length > HOPS) this.rolling.shift();
  }

  /** Draws what changed since the last time. */
  draw(threshold) {
    if (!this.changed) return;
    this.changed = false;
    this.drawSound();
    this.drawFeatures();
    this.drawPosteriors(threshold);
  }

  drawSound() {
    const { context, width, height } = fitted(this.canvases.sound), span = this.sound.length / width;
    const columns = Array.from({ length: Math.floor(width) }, (_, x) => {
      let low = 0, high = 0;
      for (let at = Math.floor(x * span); at < (x + 1) * span; at += 2) {
        const value = this.sound[at];
        if (value < low) low = value;
        else if (value > high) high = value;
      }
      return [low, high];
    });
    const loudest = columns.reduce((most, [low, high]) => Math.max(most, -low, high), FAINTEST);
    context.fillStyle = colourOf(this.canvases.sound);
    columns.forEach(([low, high], x) => {
      const top = (1 - high / loudest) * (height / 2);
      context.fillRect(x, top, 1, Math.max(1, ((high - low) / loudest) * (height / 2)));
    });
  }

  drawFeatures() {
    const { context, width, height } = fitted(this.canvases.features), { data } = this.pixels;
    for (let frame = 0; frame < FRAMES; frame++)
      for (let channel = 0; channel < CHANNELS; channel++) {
        const from = 4 * (this.seen[frame * CHANNELS + channel] + 128);
        const to = 4 * ((CHANNELS - 1 - channel) * FRAMES + frame); // low frequencies at the bottom
        for (let c = 0; c < 4; c++) data[to + c] = this.table[from + c];
      }
    this.map.getContext("2d").putImageData(this.pixels, 0, 0);
    context.imageSmoothingEnabled = false;
    context.drawImage(this.map, 0, 0, width, height);
  }

  drawPosteriors(threshold) {
    const { context, width, height } = fitted(this.canvases.posteriors), y = (share) => (1 - share) * (height - 4) + 2;
    context.strokeStyle = context.fillStyle = colourOf(this.canvases.posteriors);
    context.setLineDash([6, 4]);
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(0, y(threshold));
    context.lineTo(width, y(threshold));
    context.stroke();
    context.setLineDash([]);
    context.lineWidth = 2;
    this.legend.forEach((entry, number) => {
      context.strokeStyle = colourOf(entry);
      context.beginPath();
      this.rolling.forEach((row, i) => {
        const x = width * (1 - (this.rolling.length - 1 - i) / (HOPS - 1));
        context.lineTo(x, y(row[number] / CERTAIN));
      });
      context.stroke();
    });
  }
}
