/** Accuracy against cost: choose the axis and the networks; a point says what it is when it is pointed at or reached. */
import { drawn, interval, opened, whole } from "./widget.js";

/** The points that a choice leaves, from left to right. */
export function chosen(points, axis, kinds, text) {
  const wanted = text.trim().toLowerCase();
  return points.filter((point) => axis in point && kinds.includes(point.kind) && point.name.toLowerCase().includes(wanted))
    .sort((a, b) => a[axis] - b[axis]);
}

/** Where a point lies in the frame: the axis is logarithmic. */
export function place(point, axis, { from, to }, frame) {
  const share = Math.log(point[axis] / from) / Math.log(to / from);
  const up = (point.accuracy - frame.low) / (frame.high - frame.low);
  return [frame.left + share * (frame.right - frame.left), frame.base - up * (frame.base - frame.top)];
}

/** 1, 2, 5, 10, ... within an axis. */
export function ticks({ from, to }) {
  const found = [];
  for (let decade = Math.floor(Math.log10(from)); decade <= Math.log10(to); decade++)
    for (const factor of [1, 2, 5]) {
      const tick = factor * 10 ** decade;
      if (tick >= from && tick <= to) found.push(tick);
    }
  return found;
}

/** What a point is, in words. */
export function sentence({ name, kind, accuracy, low, high, ms, flash, more }) {
  const costs = [ms === undefined ? "" : `${Number(ms.toPrecision(2))} ms`, flash === undefined ? "" : `${whole(flash)} bytes of flash`, more];
  return [`${name} (${kind}): ${interval([accuracy, low, high])}`, ...costs.filter(Boolean)].join(", ") + ".";
}

export function start(element) {
  const { controls, live, said, data } = opened(element), { frame, axes, tones } = data;
  let marks = [];
  const reach = (number, focus) => {
    marks.forEach(([mark], i) => mark.setAttribute("tabindex", i === number ? 0 : -1));
    const [mark, point] = marks[number];
    live.querySelector(".ring")?.remove();
    const ring = { cx: mark.getAttribute("cx"), cy: mark.getAttribute("cy"), r: 9, class: "o-ink ring" };
    live.append(drawn("circle", ring));
    said.textContent = sentence(point);
    if (focus) mark.focus();
  };
  const show = () => {
    const axis = controls.axis.value, kinds = [...controls.querySelectorAll("[name=kind]:checked")].map((box) => box.value);
    const points = chosen(data.points, axis, kinds, controls.elements.name.value);
    marks = points.map((point, i) => {
      const [cx, cy] = place(point, axis, axes[axis], frame);
      const mark = drawn("circle", { cx, cy, r: 5, class: `f-${tones[point.kind]}`, tabindex: i ? -1 : 0, role: "img",
        "aria-label": sentence(point) });
      mark.addEventListener("pointerenter", () => reach(i));
      mark.addEventListener("focus", () => reach(i));
      mark.addEventListener("keydown", (event) => {
        const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
        if (!step) return;
        event.preventDefault();
        reach(Math.min(Math.max(i + step, 0), points.length - 1), true);
      });
      return [mark, point];
    });
    const labels = ticks(axes[axis]).map((tick) => {
      const [x] = place({ [axis]: tick, accuracy: 0 }, axis, axes[axis], frame);
      const look = { x, y: frame.base + 20, "text-anchor": "middle", "font-size": 13, class: "f-grey" };
      return drawn("text", look, tick.toLocaleString("en"));
    });
    const under = { x: (frame.left + frame.right) / 2, y: frame.base + 44, "text-anchor": "middle", "font-size": 13,
      class: "f-ink" };
    live.replaceChildren(drawn("text", under, axes[axis].label), ...labels, ...marks.map(([mark]) => mark));
    said.textContent = `${points.length} of ${data.points.length} networks are shown. Point at one, or reach it with Tab and go on with the arrow keys.`;
  };
  controls.addEventListener("input", show);
  element.querySelector("svg").setAttribute("role", "group");
  show();
}
