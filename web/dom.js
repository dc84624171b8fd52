/** Elements of the page. */

/** The element that page.html names `kws-<id>`. */
export const part = (id) => document.getElementById(`kws-${id}`);

/** A row of a table: the first cell heads it. */
export function row(cells) {
  const line = document.createElement("tr");
  cells.forEach((text, i) => {
    const cell = document.createElement(i ? "td" : "th");
    if (!i) cell.scope = "row";
    cell.textContent = text;
    line.append(cell);
  });
  return line;
}
