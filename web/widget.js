/** What the book's interactive figures share: their data, their layers, numbers in words. */

const SVG = "http://www.w3.org/2000/svg";

/** The parts of a widget's element; its still layer gives way to the live one, its controls appear. */
export function opened(element) {
  const part = (selector) => element.querySelector(selector);
  part(".still").replaceChildren();
  const controls = part(".widget-controls");
  controls.hidden = false;
  controls.addEventListener("submit", (event) => event.preventDefault());
  return { controls, live: part(".live"), said: part(".widget-said"), data: JSON.parse(part("script").textContent) };
}

/** An SVG element with attributes. */
export function drawn(name, attributes, text = "") {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
}

/** 16748 as 16,748. */
export const whole = (value) => Math.round(value).toLocaleString("en");

/** [94.8, 94.3, 95.3] as "94.8 % (94.3 to 95.3)". */
export const interval = ([mean, low, high]) => `${mean.toFixed(1)} % (${low.toFixed(1)} to ${high.toFixed(1)})`;
