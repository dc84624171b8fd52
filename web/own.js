/** Record yourself: trials by button, their confusion matrix with its interval, and the recordings to take away. */
import { RATE } from "./core.js";
import { part, row } from "./dom.js";
import { wav } from "./sound.js";
import { TRIAL_SECONDS, Trials, answer, summary } from "./trials.js";
import { zip } from "./zip.js";

const SPARE = 0.1; // s: hops come in messages, a little after their sound

export class OwnTrials {
  /** `labels`; `network()`: the chosen one's name; `start()`: promises whether the microphone listens. */
  constructor(labels, network, start) {
    this.trials = new Trials(labels);
    this.network = network;
    this.start = start;
    this.running = null; // {said, samples, count, hops}
    labels.forEach((label, said) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = ["nothing (silence)", "another word (unknown)"][said] ?? label;
      button.addEventListener("click", () => this.prompt(said));
      part("say").append(button);
    });
    part("undo").addEventListener("click", () => {
      this.trials.all.pop();
      this.show("The last trial is taken back.");
    });
    part("save").addEventListener("click", () => this.save());
  }

  async prompt(said) {
    if (this.running || !(await this.start())) return;
    this.running = { said, chunks: [], count: 0, hops: [] };
    const word = said > 1 ? `Say “${this.trials.labels[said]}” now.` : ["Say nothing.", "Say another word now."][said];
    part("trial").textContent = word;
  }

  /** Sound and hops of the microphone, for a trial that runs. */
  hear({ samples, hops }) {
    const trial = this.running;
    if (!trial) return;
    trial.chunks.push(samples);
    trial.count += samples.length;
    trial.hops.push(...hops.filter((hop) => hop.full));
    if (trial.count < (TRIAL_SECONDS + SPARE) * RATE) return;
    this.running = null;
    const sound = new Int16Array(trial.count);
    trial.chunks.reduce((at, chunk) => (sound.set(chunk, at), at + chunk.length), 0);
    const answered = answer(trial.hops), { said } = trial;
    this.trials.all.push({ network: this.network(), said, answered, samples: sound.slice(0, TRIAL_SECONDS * RATE) });
    this.show(`Said ${this.trials.labels[said]}, answered ${this.trials.labels[answered]}.`);
  }

  /** The microphone stopped. */
  stop() {
    if (this.running) part("trial").textContent = "The microphone stopped before the trial was over.";
    this.running = null;
  }

  show(said) {
    const confusion = this.trials.confusion(this.network()), { labels } = this.trials, table = part("confusion");
    const some = confusion.flat().some(Boolean);
    table.hidden = !some;
    table.caption.textContent = some ? summary(confusion) : "";
    table.tHead.replaceChildren(...(some ? [row(["said / answered", ...labels])] : []));
    table.tBodies[0].replaceChildren(...(some ? confusion.map((counts, i) => row([labels[i], ...counts])) : []));
    [...table.tBodies[0].rows].forEach((line, i) => line.cells[i + 1].classList.add("kws-right"));
    part("undo").disabled = part("save").disabled = !this.trials.all.length;
    if (said) part("trial").textContent = some ? `${said} ${table.caption.textContent}.` : said;
  }

  save() {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(zip(this.trials.files(part("speaker").value, wav)));
    link.download = "kws-recordings.zip";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }
}
