// The JavaScript of the studio's headings, buttons and fields: one function for each kind.

import { button, element, listen, newName, statusLine } from "../base/dom.js";

function heading(model, el) {
  const root = element(el, "div", "stylekit-part studio-heading");
  const title = element(root, `h${model.get("_level")}`, "", { tabindex: "-1" });
  const line = element(root, "p");

  function draw() {
    title.textContent = model.get("_text");
    line.textContent = model.get("_words");
    line.hidden = !line.textContent;
  }

  function focus() {
    const page = el.closest(".stylekit-studio");
    const active = document.activeElement;
    // Do not take the focus from a user who works in another cell.
    if (active && active !== document.body && !page?.contains(active)) return;
    // An element that was hidden can take the focus only when it has been shown.
    requestAnimationFrame(() => {
      title.focus({ preventScroll: true });
      title.scrollIntoView({ block: "nearest" });
    });
  }

  draw();
  return [["change:_text", draw], ["change:_words", draw], ["change:_focus_count", focus]];
}

function action(model, el) {
  const root = element(el, "div", "stylekit-part stylekit-flow studio-action");
  const press = button(root, "");
  const words = element(press, "span");
  press.classList.toggle("main", model.get("_main"));
  if (model.get("_about")) element(press, "span", "unseen").textContent = ` ${model.get("_about")}`;
  const say = statusLine(root);
  press.addEventListener("click", () => {
    if (model.get("enabled")) model.send({ type: "press" });
  });

  function draw() {
    words.textContent = model.get("_text");
    press.setAttribute("aria-disabled", String(!model.get("enabled")));
    say(model.get("_words"));
  }
  draw();
  return [["change:enabled", draw], ["change:_words", draw], ["change:_text", draw]];
}

function field(model, el, name, attributes = {}) {
  const root = element(el, "div", "stylekit-part stylekit-column studio-field");
  const id = newName();
  element(root, "label", "", { for: id }).textContent = model.get("_text");
  const input = element(root, name, "", { id, ...attributes });
  if (model.get("_help")) {
    input.setAttribute("aria-describedby", `${id}-help`);
    element(root, "p", "", { id: `${id}-help` }).textContent = model.get("_help");
  }
  return input;
}

function choice(model, el) {
  const select = field(model, el, "select");

  function draw() {
    const options = model.get("_options").map((words) => new Option(words));
    select.replaceChildren(...options);
    select.selectedIndex = model.get("index");
  }
  select.addEventListener("change", () => {
    model.set("index", select.selectedIndex);
    model.save_changes();
  });
  draw();
  return [["change:_options", draw], ["change:index", draw]];
}

function amount(model, el) {
  const input = field(model, el, "input", { type: "number", min: "1", step: "1" });

  function draw() {
    input.max = String(model.get("most"));
    input.value = String(model.get("value"));
  }
  input.addEventListener("change", () => {
    const most = model.get("most");
    const value = Math.round(Number(input.value)) || 1;
    model.set("value", Math.max(1, Math.min(most, value)));
    model.save_changes();
    draw();
  });
  draw();
  return [["change:most", draw], ["change:value", draw]];
}

function bound(model, input, property) {
  function draw() {
    input[property] = model.get("value");
  }
  input.addEventListener("change", () => {
    model.set("value", input[property]);
    model.save_changes();
  });
  draw();
  return [["change:value", draw]];
}

function line(model, el) {
  const attributes = { type: "text", autocomplete: "off", spellcheck: "false" };
  return bound(model, field(model, el, "input", attributes), "value");
}

function tick(model, el) {
  return bound(model, field(model, el, "input", { type: "checkbox" }), "checked");
}

function slider(model, el) {
  const root = element(el, "div", "stylekit-part studio-slider");
  const id = newName();
  const label = element(root, "label", "", { for: id });
  const input = element(root, "input", "", {
    type: "range", id, min: "0", max: String(model.get("_most")), step: "0.1",
  });
  const amount = element(root, "output", "", { for: id });

  function draw() {
    label.textContent = model.get("_text");
    // While the user drags the slider, an older value that arrives must not move it back.
    if (!input.matches(":active")) input.value = String(model.get("value"));
    amount.textContent = model.get("_words");
    input.setAttribute("aria-valuetext", amount.textContent);
  }
  input.addEventListener("input", () => (amount.textContent = input.value));
  input.addEventListener("change", () => {
    model.set("value", Number(input.value));
    model.save_changes();
  });
  draw();
  return [["change:_text", draw], ["change:_words", draw], ["change:value", draw]];
}

function fold(model, el) {
  const root = element(el, "div", "stylekit-part studio-fold");
  const press = element(root, "button", "", { type: "button" });

  function draw() {
    const open = model.get("is_open");
    press.textContent = `${open ? "▾" : "▸"} ${model.get("_text")}`;
    press.setAttribute("aria-expanded", String(open));
  }
  press.addEventListener("click", () => {
    model.set("is_open", !model.get("is_open"));
    model.save_changes();
  });
  draw();
  return [["change:is_open", draw], ["change:_text", draw]];
}

const KINDS = { heading, action, choice, amount, line, tick, slider, fold };

function render({ model, el }) {
  return listen(model, KINDS[model.get("_kind")](model, el));
}

export default { render };
