// The JavaScript of Upload: it takes a file, checks its ending and its size, and sends it.

import { sendFile, SILENCE } from "./chunks.js";
import { button, element, listen, newName, progressBar, sizeWords, statusLine } from "./dom.js";

function refusal(file, accept, maxBytes) {
  const name = file.name;
  if (!accept.some((ending) => name.toLowerCase().endsWith(ending))) {
    return `${name}: only ${accept.join(", ")} can be used here`;
  }
  if (!file.size) return `${name}: is empty; choose another file`;
  if (file.size > maxBytes) {
    return `${name}: is larger than ${sizeWords(maxBytes)}; choose a smaller file`;
  }
  return "";
}

function chooser(parent, model) {
  const row = element(parent, "div", "stylekit-flow");
  const label = element(row, "label", "stylekit-button");
  const hintId = newName();
  const input = element(label, "input", "unseen", {
    type: "file", accept: model.get("_accept").join(","), "aria-describedby": hintId,
  });
  element(label, "span").textContent = "Choose a file…";
  element(label, "span", "unseen").textContent = ` for ${model.get("_label")}`;
  element(row, "span", "", { "aria-hidden": "true" }).textContent = "or drop it here";
  const hint = element(parent, "p", "hint", { id: hintId });
  const accepted = model.get("_accept");
  hint.textContent = `${kindsWords(accepted)}, up to ${sizeWords(model.get("_max_bytes"))}`;
  hint.title = accepted.join(" ");
  return input;
}

// The endings that people look for; a list of all would be longer than anybody reads.
const COMMON = [".jpg", ".png", ".webp", ".heic", ".mp4", ".mov", ".webm"];

function kindsWords(endings) {
  const common = COMMON.filter((ending) => endings.includes(ending));
  if (endings.length <= COMMON.length || common.length === 0) return endings.join(", ");
  return `${common.join(", ")} and ${endings.length - common.length} more`;
}

function render({ model, el }) {
  const titleId = newName();
  const root = element(el, "div", "stylekit-part stylekit-column stylekit-upload", {
    role: "group",
    "aria-labelledby": titleId,
  });
  element(root, "p", "title", { id: titleId }).textContent = model.get("_label");
  const input = chooser(root, model);
  const say = statusLine(root);
  const progress = progressBar(root, `Sending the file for ${model.get("_label")}`);
  const cancel = button(progress.row, "Cancel");
  const errorBox = element(root, "div");

  let running = null; // the AbortController of this view's transfer
  let reason = ""; // why this view has refused a file; it replaces the kernel's words

  function draw() {
    const state = reason ? "refused" : model.get("_state");
    root.dataset.state = state;
    const busy = state === "sending" || state === "checking";
    root.setAttribute("aria-busy", String(busy));
    if (busy && progress.row.hidden) progress.show(0, 0);
    if (!busy) {
      const hadFocus = document.activeElement === cancel;
      progress.hide();
      if (hadFocus) input.focus();
    }
    say(reason || model.get("_words"), { accepted: "good", refused: "bad" }[state]);
    errorBox.innerHTML = reason ? "" : model.get("_error_html"); // escaped in Python
  }

  function refuse(words) {
    reason = words;
    draw();
    model.send({ type: "decline", words });
  }

  async function take(file) {
    running?.abort();
    const words = refusal(file, model.get("_accept"), model.get("_max_bytes"));
    if (words) return refuse(words);
    const own = (running = new AbortController());
    reason = "";
    root.dataset.state = "sending";
    progress.show(0, file.size);
    say(`Sending ${file.name}`);
    try {
      await sendFile(model, el, file, {
        signal: own.signal,
        onProgress: (taken) => progress.show(taken, file.size),
        onSilence: (silent) => (silent ? say(SILENCE) : draw()),
      });
    } catch (error) {
      // The file may have been moved or deleted since it was chosen.
      if (!own.signal.aborted) refuse(`${file.name}: cannot be sent. ${error.message || error}`);
    } finally {
      if (running === own) running = null;
    }
  }

  function onCancel() {
    if (running) running.abort();
    // A file that is being checked, or is sent by another view, is cancelled by the kernel.
    else model.send({ type: "cancel" });
  }

  function onDrop(event) {
    event.preventDefault();
    event.stopPropagation();
    root.classList.remove("over");
    const { items, files } = event.dataTransfer;
    const isFolder = [...items].some((item) => item.webkitGetAsEntry?.()?.isDirectory);
    if (isFolder) refuse(`${files[0]?.name || "What was dropped"}: is a folder; drop a file in it`);
    else if (files.length > 1) refuse(`${files.length} files were dropped; drop one`);
    else if (!files.length) refuse("What was dropped is no file; save it first and drop that");
    else take(files[0]);
  }

  function onDrag(event) {
    event.preventDefault();
    event.stopPropagation();
    root.classList.toggle("over", event.type === "dragover" || root.contains(event.relatedTarget));
  }

  input.addEventListener("change", () => {
    const [file] = input.files;
    if (file) take(file);
    // Otherwise choosing the same file again would not count as a change.
    input.value = "";
  });
  // Only a file that is on its way is lost with the page: what is painted goes on without it.
  function onLeave(event) {
    if (running) event.preventDefault();
  }

  window.addEventListener("beforeunload", onLeave);
  cancel.addEventListener("click", onCancel);
  root.addEventListener("dragover", onDrag);
  root.addEventListener("dragleave", onDrag);
  root.addEventListener("drop", onDrop);
  const stopListening = listen(model, [
    ["change:_state", () => ((reason = ""), draw())],
    ["change:_words", () => ((reason = ""), draw())],
    ["change:_error_html", draw],
  ]);
  draw();

  return () => {
    running?.abort();
    window.removeEventListener("beforeunload", onLeave);
    stopListening();
  };
}

export default { render };
