// A figure opens large in a dialog: by a button at its corner, which a keyboard reaches, or by a click on the figure.
for (const drawn of document.querySelectorAll("article .vector, article .picture:not(.sounds, :has(.widget)), article figure img, article .cell_output img")) {
  const box = drawn.tagName === "IMG" ? drawn.parentElement : drawn;
  const picture = drawn.tagName === "IMG" ? drawn : drawn.querySelector("svg");
  if (!picture || box.closest("a") || box.classList.contains("enlarges")) continue;
  const figure = box.closest("figure");
  const name = figure?.querySelector(".caption-number")?.textContent.trim() || "the figure";
  const button = document.createElement("button");
  button.type = "button";
  button.className = "enlarge";
  button.setAttribute("aria-label", `Enlarge ${name}`);
  button.textContent = "⤢";
  box.classList.add("enlarges");
  box.prepend(button);
  button.addEventListener("click", () => enlarged(picture, name, button));
  picture.addEventListener("click", () => enlarged(picture, name, button));
}

function enlarged(picture, name, button) {
  const dialog = document.createElement("dialog");
  dialog.className = "enlarged";
  dialog.setAttribute("aria-label", name);
  const close = document.createElement("button");
  close.type = "button";
  close.textContent = "Close";
  close.addEventListener("click", () => dialog.close());
  const held = document.createElement("div");
  held.tabIndex = 0; // scrolls with the arrow keys
  held.setAttribute("role", "region");
  held.setAttribute("aria-label", `${name}, enlarged`);
  const copy = picture.cloneNode(true);
  copy.style.maxWidth = "";
  held.append(copy);
  dialog.append(close, held);
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("close", () => { dialog.remove(); button.focus(); });
  document.body.append(dialog);
  dialog.showModal();
}
