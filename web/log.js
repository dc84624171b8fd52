/** The log, as the board writes it to its serial port (firmware/arduino/kws_nano33ble): an inference a line. */
import { CERTAIN } from "./core.js";

const LINES = 300, PAUSE_MS = 200, FOLLOWING = 30; // lines kept; between two updates; pixels from the end that follow it

export class Log {
  constructor(box) {
    this.box = box;
    this.drawn = 0;
    this.clear();
  }

  clear() {
    this.lines = [];
    this.changed = true;
  }

  /** A hop of a network {labels, chip}, `word` what was reported or null. The times are the chip's, in µs. */
  add({ time, best, posteriors }, { labels, chip }, word) {
    const times = ["frontend_us", "network_us", "decision_us"].map((stage) => (chip ? Math.round(chip[stage]) : ""));
    const percent = Math.floor((posteriors[best] * 100) / CERTAIN);
    this.lines.push(["KWS", Math.round(1000 * time), ...times, labels[best], percent, word ?? "-"].join());
    if (this.lines.length > LINES) this.lines.shift();
    this.changed = true;
  }

  draw(now) {
    if (!this.changed || now - this.drawn < PAUSE_MS) return;
    this.drawn = now;
    this.changed = false;
    const { scrollHeight, scrollTop, clientHeight } = this.box;
    this.box.textContent = this.lines.join("\n");
    if (scrollHeight - scrollTop - clientHeight < FOLLOWING) this.box.scrollTop = this.box.scrollHeight;
  }
}
