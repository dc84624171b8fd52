/** The threshold: a slider over the posteriors of a stream; what is reported, and what hours of sound gave. */
import { drawn, opened } from "./widget.js";

/** Hops at which the decision logic reports, with the class: as kws_decide does on smoothed posteriors. */
export function reports({ best, most, smoothing, suppression }, threshold) {
  const found = [];
  let free = smoothing - 1;
  best.forEach((label, hop) => {
    if (hop < free || label < 2 || most[hop] < 1000 * threshold) return;
    found.push([hop, label]);
    free = hop + suppression + 1;
  });
  return found;
}

/** What reports come to: keywords found and missed, and false accepts. A word counts for as long as it is said and a second on. */
export function outcome(found, { said, labels, hop, first }) {
  const open = said.map(([seconds, word]) => ({ seconds, word })).filter(({ word }) => labels.indexOf(word) >= 2);
  const all = open.length;
  let accepts = 0, hits = 0;
  for (const [at, label] of found) {
    const seconds = at * hop + first;
    const which = open.findIndex((each) => each.word === labels[label] && seconds > each.seconds && seconds < each.seconds + 2);
    if (which < 0) accepts++;
    else hits++, open.splice(which, 1);
  }
  return { hits, missed: all - hits, accepts, all };
}

/** The recorded row of the curve that lies nearest to a threshold; none without a curve. */
export const nearest = (curve, threshold) =>
  curve.reduce((best, row) => (!best || Math.abs(row[0] - threshold) < Math.abs(best[0] - threshold) ? row : best), null);

/** What a threshold comes to, in words. */
export function sentence(data, threshold) {
  const { hits, missed, accepts, all } = outcome(reports(data, threshold), data);
  const row = nearest(data.curve, threshold);
  const hours = row
    ? `Recorded over ${row[2].toFixed(1)} hours at the threshold ${row[0]}: ${(row[1] / row[2]).toFixed(1)} false accepts an hour, ${((100 * row[3]) / row[4]).toFixed(1)} % of ${row[4].toLocaleString("en")} keywords missed.`
    : data.recorded;
  return `Threshold ${threshold.toFixed(3)}. In this stream: ${hits} of ${all} keywords reported, ${missed} missed, ${accepts} false ${accepts === 1 ? "accept" : "accepts"}. ${hours}`;
}

export function start(element) {
  const { controls, live, said, data } = opened(element), { left, right, top, base } = data.frame;
  const show = () => {
    const threshold = Number(controls.threshold.value), y = base - threshold * (base - top);
    const marks = reports(data, threshold).map(([hop, label]) => {
      const x = left + ((hop * data.hop + data.first) / data.seconds) * (right - left);
      const tone = label === 2 ? "blue" : "vermilion";
      return drawn("path", { d: `M${x - 7} ${y - 12}h14l-7 12z`, class: `f-${tone}` });
    });
    const line = { d: `M${left} ${y}H${right}`, class: "s-ink", fill: "none", "stroke-width": 1.5, "stroke-dasharray": "5 4" };
    live.replaceChildren(drawn("path", line), ...marks);
    controls.querySelector("output").textContent = threshold.toFixed(3);
    controls.threshold.setAttribute("aria-valuetext", sentence(data, threshold));
    said.textContent = sentence(data, threshold);
  };
  controls.threshold.addEventListener("input", show);
  show();
}
