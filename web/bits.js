/** The bits of a weight: a slider over the grid that they make and what it costs. */
import { drawn, interval, opened, whole } from "./widget.js";

/** What a width comes to, in words. */
export function sentence(width) {
  const unit = width.bits === 1 ? "bit" : "bits";
  return `${width.bits} ${unit}: ${width.points.length} values, ${width.zero} % of the weights become zero. ` +
    `Test accuracy: QAT ${interval(width.qat)}, PTQ ${interval(width.ptq)}. Packed in flash: ${whole(width.bytes)} bytes.`;
}

/** The path of the lines at a grid's points within the frame. */
export function grid(points, { left, right, top, base, span }) {
  const middle = (left + right) / 2, half = (right - left) / 2;
  return points.map((point) => middle + (point / span) * half).filter((x) => x >= left && x <= right)
    .map((x) => `M${x.toFixed(1)} ${top}V${base}`).join("");
}

export function start(element) {
  const { controls, live, said, data } = opened(element), { frame } = data;
  const show = () => {
    const width = data.widths[controls.bits.value - 1];
    const x = frame.left + 24 + ((width.bits - 1) * (frame.right - frame.left - 48)) / 7;
    const box = { x: x - 18, y: frame.high - 8, width: 36, height: frame.low - frame.high + 36, rx: 3, class: "o-ink" };
    const thin = width.bits > 5 ? 0.6 : 1.5;
    live.replaceChildren(
      drawn("path", { d: grid(width.points, frame), class: "s-vermilion", fill: "none", "stroke-width": thin }),
      drawn("rect", box),
    );
    controls.querySelector("output").textContent = width.bits;
    controls.bits.setAttribute("aria-valuetext", sentence(width));
    said.textContent = sentence(width);
  };
  controls.bits.addEventListener("input", show);
  show();
}
