// Elements that several widgets are built from: buttons, a status line and a progress bar.

const CONTROLS = ["button", "input", "select"];

// A new element with the tag `name`, as the last child of `parent`.
export function element(parent, name, className = "", attributes = {}) {
  const made = document.createElement(name);
  // Without this attribute JupyterLab uses the arrow keys and Enter for its cells. It must be on
  // the element that has the focus.
  if (CONTROLS.includes(name)) made.setAttribute("data-lm-suppress-shortcuts", "true");
  if (className) made.className = className;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  parent.append(made);
  return made;
}

export function button(parent, words) {
  const made = element(parent, "button", "stylekit-button", { type: "button" });
  made.textContent = words;
  return made;
}

// A name that is unique in the page, for ids, groups of radio buttons, and transfers.
export const newName = () => `stylekit-${crypto.getRandomValues(new Uint32Array(2)).join("-")}`;

// A size in words, in decimal units as in file managers: 1 MB is a million bytes.
export function sizeWords(bytes) {
  if (bytes < 1000) return bytes === 1 ? "1 byte" : `${bytes} bytes`;
  const units = ["kB", "MB", "GB"];
  let [size, unit] = [bytes / 1000, 0];
  while (Math.round(size) >= 1000 && unit < units.length - 1) [size, unit] = [size / 1000, unit + 1];
  return `${size < 10 ? Number(size.toFixed(1)) : Math.round(size)} ${units[unit]}`;
}

// A line that a screen reader reads aloud when it changes. Returns a function that sets its text;
// `kind` is "good" or "bad", and is shown by a sign as well as by a colour.
export function statusLine(parent) {
  const line = element(parent, "p", "stylekit-status", { role: "status" });
  const marks = { good: ["✓", "Good:"], bad: ["✗", "Not good:"] };
  return (words, kind = "") => {
    if (line.dataset.said === kind + words) return;
    line.dataset.said = kind + words;
    line.replaceChildren();
    if (kind) {
      const [sign, spoken] = marks[kind];
      element(line, "span", `mark ${kind}`, { "aria-hidden": "true" }).textContent = sign;
      element(line, "span", "unseen").textContent = spoken;
    }
    element(line, "span", "words").textContent = words;
  };
}

// A progress bar. `set` sets its value in per cent.
export function progressTrack(parent, label) {
  const track = element(parent, "div", "stylekit-track", {
    role: "progressbar", "aria-label": label, "aria-valuemin": "0", "aria-valuemax": "100",
  });
  const fill = element(track, "div", "fill");
  return {
    track,
    set(percent) {
      fill.style.width = `${percent}%`;
      track.setAttribute("aria-valuenow", String(percent));
    },
  };
}

// A progress bar for the transfer of a file, with the number of bytes beside it.
export function progressBar(parent, label) {
  const row = element(parent, "div", "stylekit-flow stylekit-progress");
  const bar = progressTrack(row, label);
  const amount = element(row, "span", "amount", { "aria-hidden": "true" });
  row.hidden = true;
  return {
    row,
    show(done, total) {
      const words = total ? `${sizeWords(done)} of ${sizeWords(total)}` : "";
      row.hidden = false;
      amount.textContent = words;
      bar.set(total ? Math.floor((100 * done) / total) : 0);
      bar.track.setAttribute("aria-valuetext", words);
    },
    hide() {
      row.hidden = true;
    },
  };
}

// Adds listeners, pairs of an event and a function, to the model. Returns a function that removes
// them.
export function listen(model, listeners) {
  for (const [name, listener] of listeners) model.on(name, listener);
  return () => {
    for (const [name, listener] of listeners) model.off(name, listener);
  };
}
