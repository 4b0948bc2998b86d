// The JavaScript of WhatIf's grid: a table of pictures. Each is a button that sets its weights.

import { element, listen } from "../base/dom.js";

function render({ model, el }) {
  const root = element(el, "div", "stylekit-part stylekit-what-if");
  const table = element(root, "table");
  let cells = [];
  let shown = 0;

  function build() {
    const { corner, rows, columns, names } = model.get("_labels");
    table.replaceChildren();
    cells = [];
    table.hidden = !names?.length;
    if (table.hidden) return;
    const top = element(table, "tr");
    element(top, "td", "corner").textContent = corner;
    for (const words of columns) element(top, "th", "", { scope: "col" }).textContent = words;
    for (const [y, words] of rows.entries()) {
      const row = element(table, "tr");
      element(row, "th", "", { scope: "row" }).textContent = words;
      for (const x of columns.keys()) {
        const index = y * columns.length + x;
        const take = element(element(row, "td"), "button", "take", {
          type: "button", "aria-label": `take ${names[index]}`, title: `Take ${names[index]}`,
        });
        const canvas = element(take, "canvas", "", { "aria-hidden": "true" });
        element(take, "span", "mark", { "aria-hidden": "true" }).textContent = "✓";
        take.addEventListener("click", () => model.send({ type: "take", index }));
        cells.push({ take, canvas });
      }
    }
    press();
    paint();
  }

  function press() {
    for (const [index, { take }] of cells.entries()) {
      take.setAttribute("aria-pressed", String(index === model.get("_taken")));
    }
  }

  // All pictures arrive as one large image, so that they are decoded once and change together.
  async function paint() {
    const [data, serial] = [model.get("_sheet"), model.get("_serial")];
    const count = cells.length;
    if (!data?.byteLength || !count) return;
    const sheet = await createImageBitmap(new Blob([data], { type: "image/png" }));
    const { rows, columns } = model.get("_labels");
    // Meanwhile a newer image may have been decoded, or the table may have been built again.
    if (serial >= shown && count === cells.length) {
      shown = serial;
      const [width, height] = [sheet.width / columns.length, sheet.height / rows.length];
      for (const [index, { canvas }] of cells.entries()) {
        [canvas.width, canvas.height] = [width, height];
        const [x, y] = [index % columns.length, Math.floor(index / columns.length)];
        canvas.getContext("2d").drawImage(
          sheet, x * width, y * height, width, height, 0, 0, width, height,
        );
      }
      root.dataset.painted = String(serial);
    }
    sheet.close();
  }

  build();
  return listen(model, [
    ["change:_labels", build], ["change:_serial", paint], ["change:_taken", press],
  ]);
}

export default { render };
