// The divider between two layers, one above the other. It is dragged, or moved with a range input.

import { element } from "../base/dom.js";

// `stage` is the element with the two layers. The row with the range input is added to `parent` and
// returned, with a function that names the layers.
export function divider(parent, stage) {
  element(stage, "div", "line", { "aria-hidden": "true" });
  const row = element(parent, "div", "stylekit-divider");
  const first = element(row, "span");
  const range = element(row, "input", "", { type: "range", min: "0", max: "100", step: "1" });
  const second = element(row, "span");
  let names = ["", ""];

  function move(percent) {
    const at = Math.min(Math.max(percent, 0), 100);
    stage.style.setProperty("--at", `${at}%`);
    range.value = String(Math.round(at));
    const share = Number(range.value);
    range.setAttribute(
      "aria-valuetext", `${share} per cent ${names[0]}, ${100 - share} per cent ${names[1]}`
    );
  }

  function follow(event) {
    const box = stage.getBoundingClientRect();
    move((100 * (event.clientX - box.left)) / box.width);
  }

  range.addEventListener("input", () => move(Number(range.value)));
  stage.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !stage.classList.contains("divided")) return;
    // Otherwise the browser starts to drag the picture itself.
    event.preventDefault();
    stage.setPointerCapture(event.pointerId);
    follow(event);
  });
  stage.addEventListener("pointermove", (event) => {
    if (stage.hasPointerCapture(event.pointerId)) follow(event);
  });

  function rename(both) {
    names = both;
    [first.textContent, second.textContent] = names;
    range.setAttribute("aria-label", `Divider between ${names[0]} and ${names[1]}`);
    move(Number(range.value));
  }

  move(50);
  return { row, rename };
}
