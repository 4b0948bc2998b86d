// The JavaScript of WeightPanel: logarithmic sliders, boxes that turn a term off, presets, and the
// weights as a line of Python.

import { copyLine } from "../base/copy_line.js";
import { button, element, listen, newName } from "../base/dom.js";

const DIGITS = 3;
const OWN = "your own";

const numberWords = (value) => {
  const plain = String(Number(value.toPrecision(DIGITS + 1)));
  return plain.length <= 7 ? plain : value.toExponential(DIGITS - 1).replace("e+", "e");
};

// `explain(words)` is called when the pointer or the focus is on the row.
function weightRow(parent, name, write, explain) {
  const row = element(parent, "div", "weight");
  const [sliderId, wordsId] = [newName(), newName()];
  const label = element(row, "label", "label", { for: sliderId });
  const mark = element(label, "span", "mark", { "aria-hidden": "true" });
  const sign = element(label, "b");
  const text = element(label, "span");
  const slider = element(row, "input", "slider", {
    type: "range", id: sliderId, step: "0.1", "aria-describedby": wordsId,
  });
  const amount = element(row, "output", "amount", { for: sliderId });
  const offLabel = element(row, "label", "off");
  const off = element(offLabel, "input", "", { type: "checkbox" });
  offLabel.append("off");
  const words = element(row, "span", "words", { id: wordsId });
  let last = 1;

  for (const event of ["pointerenter", "focusin"]) {
    row.addEventListener(event, () => explain(`${sign.textContent} ${text.textContent}: ${words.textContent}`.trim()));
  }
  slider.addEventListener("input", () => {
    write(name, Number((10 ** Number(slider.value)).toPrecision(DIGITS)));
  });
  off.addEventListener("change", () => write(name, off.checked ? 0 : last));

  return {
    define(description) {
      // A term without a Greek letter is not named twice.
      sign.textContent = description.sign === description.label ? "" : description.sign;
      text.textContent = description.label;
      words.textContent = description.words;
      mark.style.backgroundColor = description.color;
      [slider.min, slider.max] = [String(description.low), String(description.high)];
      offLabel.style.visibility = description.always ? "hidden" : "";
      off.setAttribute("aria-label", `${sign.textContent} ${description.label} off`.trim());
      last = description.start;
    },
    show(value) {
      if (value) last = value;
      off.checked = !value;
      slider.disabled = !value;
      // While the user drags the slider, an older value that arrives must not move it back.
      if (!slider.matches(":active")) slider.value = String(Math.log10(last));
      amount.textContent = value ? numberWords(value) : "off";
      slider.setAttribute("aria-valuetext", amount.textContent);
    },
  };
}

function presetPicker(parent, model) {
  const id = newName();
  element(parent, "label", "", { for: id }).textContent = "preset";
  const picker = element(parent, "select", "", { id });
  picker.addEventListener("change", () => {
    if (picker.value) model.send({ type: "preset", name: picker.value });
  });
  return () => {
    const own = model.get("_preset") === "";
    const names = [...(own ? [[OWN, ""]] : []), ...model.get("_presets").map((name) => [name, name])];
    picker.replaceChildren();
    for (const [words, value] of names) {
      element(picker, "option", "", { value }).textContent = words;
    }
    picker.value = model.get("_preset");
  };
}

function render({ model, el }) {
  const root = element(el, "div", "stylekit-part stylekit-weights", {
    role: "group", "aria-label": "Weights of the losses",
  });
  const top = element(root, "div", "top");
  const showPreset = presetPicker(top, model);
  const reset = button(top, "Reset");
  const terms = element(root, "div", "rows");
  // Where there is little room, it stands for the words below the sliders, which are read aloud.
  const explained = element(root, "p", "explained", { "aria-hidden": "true" });
  const explain = (words) => (explained.textContent = words);
  const fold = element(root, "details");
  element(fold, "summary", "", { "data-lm-suppress-shortcuts": "true" }).textContent =
    "Style layers: the weight of each in the style loss";
  const layers = element(fold, "div", "rows");
  const { set: showLine } = copyLine(root, "as Python");
  const rows = new Map();

  const write = (name, value) => {
    model.set("values", { ...model.get("values"), [name]: value });
    model.save_changes();
    showValues();
  };

  function define() {
    for (const description of model.get("_rows")) {
      const { name } = description;
      if (!rows.has(name)) rows.set(name, weightRow(description.fold ? layers : terms, name, write, explain));
      rows.get(name).define(description);
    }
    fold.hidden = !layers.childElementCount;
    explained.textContent ||= "Move a slider while it paints: it counts from the next step on.";
    showValues();
  }
  function showValues() {
    for (const [name, value] of Object.entries(model.get("values"))) rows.get(name)?.show(value);
  }

  reset.addEventListener("click", () => model.send({ type: "reset" }));
  const stop = listen(model, [
    ["change:_rows", define],
    ["change:values", showValues],
    ["change:_preset", showPreset],
    ["change:_line", () => showLine(model.get("_line"))],
  ]);
  define();
  showPreset();
  showLine(model.get("_line"));
  return stop;
}

export default { render };
