// The JavaScript of HistorySlider: a slider over the kept steps, and the comparison of two runs.

import { button, element, listen, newName, statusLine } from "../base/dom.js";

function nearest(steps, step) {
  let best = 0;
  steps.forEach((each, index) => {
    if (Math.abs(each - step) < Math.abs(steps[best] - step)) best = index;
  });
  return best;
}

function render({ model, el }) {
  const root = element(el, "div", "stylekit-part stylekit-history");
  const row = element(root, "div", "look");
  const id = newName();
  element(row, "label", "", { for: id }).textContent = "History";
  const slider = element(row, "input", "", { type: "range", id, min: "0", step: "1" });
  const words = element(row, "output", "", { for: id });
  const now = button(row, "Now");
  now.setAttribute("aria-label", "Back to the newest step");
  const other = element(root, "div", "stylekit-flow");
  const compare = button(other, "Compare with the run before");
  const say = statusLine(other);

  function draw() {
    const [steps, step, total] = [model.get("_steps"), model.get("step"), model.get("_total")];
    row.hidden = steps.length < 2;
    if (row.hidden) return;
    const last = steps.length - 1;
    slider.max = String(last);
    // While the user drags the slider, an older value that arrives must not move it back.
    if (!slider.matches(":active")) slider.value = String(step ? nearest(steps, step) : last);
    const at = step || total;
    words.textContent = `step ${at} of ${total}`;
    slider.setAttribute("aria-valuetext", step ? words.textContent : `now, ${words.textContent}`);
    root.classList.toggle("back", Boolean(step));
    now.setAttribute("aria-disabled", String(!step));
  }

  function look(step) {
    model.set("step", step);
    model.save_changes();
    draw();
  }

  function drawComparison() {
    other.hidden = !model.get("_offered");
    const on = model.get("comparing");
    compare.setAttribute("aria-pressed", String(on));
    compare.textContent = on ? "Stop comparing" : "Compare with the run before";
    say(on ? model.get("_words") : "");
  }

  slider.addEventListener("input", () => {
    const steps = model.get("_steps");
    const index = Number(slider.value);
    look(index >= steps.length - 1 ? 0 : steps[index]);
  });
  now.addEventListener("click", () => model.get("step") && look(0));
  compare.addEventListener("click", () => {
    model.set("comparing", !model.get("comparing"));
    model.save_changes();
    drawComparison();
  });

  const stop = listen(model, [
    ["change:_steps", draw],
    ["change:_total", draw],
    ["change:step", draw],
    ["change:_offered", drawComparison],
    ["change:comparing", drawComparison],
    ["change:_words", drawComparison],
  ]);
  draw();
  drawComparison();
  return stop;
}

export default { render };
