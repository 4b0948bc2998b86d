// The tables of a loss: a row for each of its parts, one of which is chosen, and lines of sums.

import { element, newName } from "../base/dom.js";

// Text whose indices, as in `G_{12,40}`, are set lower.
export function setMath(parent, text) {
  parent.replaceChildren();
  for (const [place, part] of text.split(/_\{([^}]*)\}/).entries()) {
    if (place % 2) element(parent, "sub").textContent = part;
    else parent.append(part);
  }
}

// A table whose rows are radio buttons: arrow keys move between them. `onChoose(key)` is called
// with the row that is chosen.
export function choiceTable(parent, onChoose) {
  const scroll = element(parent, "div", "scroll");
  const grid = element(scroll, "table");
  const sum = element(parent, "p", "total math");
  const group = newName();
  let keys = "";
  let rows = new Map();

  function build(data) {
    grid.replaceChildren();
    rows = new Map();
    element(grid, "caption", "unseen").textContent = data.caption;
    const top = element(element(grid, "thead"), "tr");
    const last = data.heads.length - 1;
    for (const [index, words] of data.heads.entries()) {
      const kind = index && index < last ? "number-cell" : index ? "share" : "";
      setMath(element(top, "th", kind, { scope: "col" }), words);
    }
    const body = element(grid, "tbody");
    for (const row of data.rows) {
      const line = element(body, "tr", row.closed ? "closed faint" : "");
      const head = element(line, "th", "", { scope: "row" });
      let radio = null;
      if (row.closed) {
        head.textContent = row.name;
        head.title = row.closed;
        element(head, "span", "unseen").textContent = `: ${row.closed}`;
      } else {
        const label = element(head, "label");
        radio = element(label, "input", "", { type: "radio", name: group, value: row.key });
        element(label, "span").textContent = row.name;
        radio.addEventListener("change", () => onChoose(row.key));
        line.addEventListener("click", (event) => {
          if (event.target.closest("label")) return;
          radio.focus();
          radio.click();
        });
      }
      const cells = row.cells.map(() => element(line, "td", "number-cell"));
      const share = element(element(line, "td", "share"), "div");
      const bar = element(element(share, "div", "bar", { "aria-hidden": "true" }), "i");
      bar.style.background = row.color;
      rows.set(row.key, { line, radio, cells, bar, percent: element(share, "span") });
    }
  }

  return {
    show(data) {
      // The same rows keep their elements, and so the focus, while the numbers change.
      const now = JSON.stringify([data.heads, data.rows.map(({ key, closed }) => [key, closed])]);
      if (now !== keys) build(data);
      keys = now;
      for (const row of data.rows) {
        const { line, radio, cells, bar, percent } = rows.get(row.key);
        for (const [index, cell] of cells.entries()) setMath(cell, row.cells[index]);
        bar.style.width = `${(100 * Math.min(Math.max(row.share, 0), 1)).toFixed(2)}%`;
        percent.textContent = row.percent;
        line.classList.toggle("chosen", row.key === data.chosen);
        if (radio) radio.checked = row.key === data.chosen;
      }
      setMath(sum, data.sum);
    },
  };
}

// Lines of a sum or of a chain: formula, numbers, and what they are.
export function showLines(parent, lines) {
  parent.replaceChildren();
  parent.hidden = !lines.length;
  for (const { math, numbers, words, swatch } of lines) {
    setMath(element(parent, "div", "math"), math);
    const value = element(parent, "div");
    if (swatch) {
      element(value, "span", "swatch", { "aria-hidden": "true" }).style.background = swatch;
    }
    value.append(numbers);
    element(parent, "div", "faint").textContent = words;
  }
}

// The way from the whole loss to the chosen square.
export function showTrail(parent, trail) {
  parent.replaceChildren();
  for (const { name, value } of trail) {
    const step = element(element(parent, "li"), "span");
    setMath(step, `${name} `);
    element(step, "b").textContent = value;
  }
}
