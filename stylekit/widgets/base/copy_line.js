// A line of text to copy, with its label and a button.

import { button, element, newName, statusLine } from "./dom.js";

const SAID_MS = 2_500;

// Pages from a server without encryption have no `navigator.clipboard`; there the older command is
// used.
async function copy(field) {
  try {
    await navigator.clipboard.writeText(field.value);
  } catch {
    field.select();
    if (!document.execCommand("copy")) throw new Error("this page may not copy");
  }
}

// Adds a row to `parent`, and returns it with a function that sets the line. `about` is what a
// screen reader reads after "Copy".
export function copyLine(parent, words, about = "") {
  const row = element(parent, "div", "copy-line");
  const id = newName();
  element(row, "label", "", { for: id }).textContent = words;
  const field = element(row, "input", "", { type: "text", id, readonly: "", spellcheck: "false" });
  const press = button(row, "Copy");
  if (about) element(press, "span", "unseen").textContent = ` ${about}`;
  const say = statusLine(row);
  let timer = 0;
  press.addEventListener("click", async () => {
    try {
      await copy(field);
      say("copied", "good");
    } catch {
      field.select();
      say("marked: copy it with Ctrl+C", "bad");
    }
    clearTimeout(timer);
    timer = setTimeout(() => say(""), SAID_MS);
  });
  field.addEventListener("focus", () => field.select());
  return { row, set: (line) => (field.value = line) };
}
