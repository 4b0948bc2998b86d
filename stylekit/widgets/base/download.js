// The JavaScript of Download: it fetches a file in chunks and gives it to the browser.

import { fetchFile, SILENCE } from "./chunks.js";
import { button, element, newName, progressBar, sizeWords, statusLine } from "./dom.js";

function save(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = element(document.body, "a", "", { href: url, download: name });
  link.click();
  link.remove();
  // The browser reads the address after this function has returned.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

function render({ model, el }) {
  const name = model.get("_name");
  const root = element(el, "div", "stylekit-part stylekit-column stylekit-download");
  const row = element(root, "div", "stylekit-flow");
  const labelId = newName();
  const start = button(row, `Download ${name}`);
  start.setAttribute("aria-describedby", labelId);
  start.classList.toggle("main", model.get("_main"));
  element(row, "span", "", { id: labelId }).textContent = model.get("_label");
  const progress = progressBar(root, `Fetching ${name}`);
  const cancel = button(progress.row, "Cancel");
  const say = statusLine(root);
  let running = null;

  function measure(size) {
    start.textContent = size < 0 ? `Download ${name}` : `Download ${name} (${sizeWords(size)})`;
  }

  async function fetchAndSave() {
    const own = (running = new AbortController());
    start.disabled = true;
    progress.show(0, model.get("_size"));
    cancel.focus();
    say(`Fetching ${name}`);
    try {
      const blob = await fetchFile(model, el, {}, model.get("_media_type"), {
        signal: own.signal,
        onProgress: (taken, size) => progress.show(taken, size),
        onSilence: (silent) => say(silent ? SILENCE : `Fetching ${name}`),
      });
      save(blob, name);
      measure(blob.size);
      say(`${name}: all ${sizeWords(blob.size)} are with your browser's downloads.`, "good");
    } catch (error) {
      if (own.signal.aborted) say("Cancelled.");
      else say(String(error.message || error), "bad");
    } finally {
      running = null;
      const hadFocus = document.activeElement === cancel;
      start.disabled = false;
      progress.hide();
      if (hadFocus) start.focus();
    }
  }

  start.addEventListener("click", fetchAndSave);
  cancel.addEventListener("click", () => running?.abort());
  measure(model.get("_size"));
  if (model.get("_size") < 0) say(`${name}: it is not there yet, or no longer.`, "bad");

  return () => running?.abort();
}

export default { render };
