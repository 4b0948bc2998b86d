// The JavaScript of LiveTraining: a slider for the frame to watch, and the button "Paint now".

import { button, element, listen, newName } from "../base/dom.js";

function render({ model, el }) {
  const root = element(el, "div", "stylekit-part stylekit-flow stylekit-player stylekit-learning");
  const id = newName();
  const label = element(root, "label", "", { for: id });
  label.textContent = "Watch frame";
  const input = element(root, "input", "", { type: "range", id, min: "0", step: "1" });
  const number = element(root, "output", "", { for: id });
  const press = button(root, "Paint now");
  press.title = "Stop learning, and paint all frames with what was learned";

  function draw() {
    input.max = String(model.get("_frame_count") - 1);
    // While the user drags the slider, an older value that arrives must not move it back.
    if (!input.matches(":active")) input.value = String(model.get("frame_index"));
    number.textContent = input.value;
    // With `disabled` a button would lose the focus when it is pressed.
    press.setAttribute("aria-disabled", String(!model.get("offered")));
  }
  input.addEventListener("input", () => (number.textContent = input.value));
  input.addEventListener("change", () => {
    model.set("frame_index", Number(input.value));
    model.save_changes();
  });
  press.addEventListener("click", () => {
    if (model.get("offered")) model.send({ type: "press" });
  });

  const stop = listen(model, [
    ["change:frame_index", draw],
    ["change:offered", draw],
    ["change:_frame_count", draw],
  ]);
  draw();
  return stop;
}

export default { render };
