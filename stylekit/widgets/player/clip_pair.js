// The JavaScript of ClipPair: it fetches both clips and plays them with one set of controls.

import { fetchFile, SILENCE } from "../base/chunks.js";
import { divider } from "./divider.js";
import { button, element, listen, progressBar, statusLine } from "../base/dom.js";
import { fullScreenButton } from "../base/frame.js";
import { SynchronizedVideos } from "./synchronized_videos.js";

const RATES = [0.25, 0.5, 1, 2];
const PARTS = ["before", "after"];

function checkBox(parent, words) {
  const label = element(parent, "label");
  const box = element(label, "input", "", { type: "checkbox" });
  element(label, "span").textContent = words;
  return box;
}

function controls(parent) {
  const row = element(parent, "div", "stylekit-flow controls", { role: "group", "aria-label": "Both clips" });
  const play = button(row, "▶ Play");
  play.classList.add("play");
  const [back, forth] = [button(row, "‹ Frame"), button(row, "Frame ›")];
  back.setAttribute("aria-label", "One frame back");
  forth.setAttribute("aria-label", "One frame on");
  const seek = element(row, "input", "seek", {
    type: "range", min: "0", step: "1", value: "0", "aria-label": "Frame",
  });
  const where = element(row, "span", "where");
  const loop = checkBox(row, "Loop");
  const rateLabel = element(row, "label");
  element(rateLabel, "span").textContent = "Speed";
  const rate = element(rateLabel, "select");
  for (const value of RATES) rate.add(new Option(`${value}×`, value, value === 1, value === 1));
  const split = checkBox(row, "Split view");
  return { row, play, back, forth, seek, where, loop, rate, split };
}

function layer(stage) {
  const figure = element(stage, "figure", "layer");
  const video = element(figure, "video", "", { playsinline: "", preload: "auto" });
  video.muted = true;
  return { video, caption: element(figure, "figcaption") };
}

// Resolves when the first frame is loaded.
function load(video, blob) {
  return new Promise((resolve, reject) => {
    video.onloadeddata = resolve;
    video.onerror = () => reject(new Error("This browser cannot play clips of this kind."));
    video.src = URL.createObjectURL(blob);
  });
}

function render({ model, el }) {
  const root = element(el, "div", "stylekit-part stylekit-column stylekit-pair");
  const stage = element(root, "div", "stylekit-stage");
  const layers = PARTS.map(() => layer(stage));
  const videos = layers.map(({ video }) => video);
  const { row: dividerRow, rename } = divider(root, stage);
  const panel = controls(root);
  const leaveFullScreen = fullScreenButton(panel.row, root);
  const progress = progressBar(root, "Fetching the clips");
  const say = statusLine(root);
  let player = null;
  let fetching = null;

  const fail = (error) => say(String(error.message || error), "bad");

  function fit() {
    const { videoWidth, videoHeight } = videos[0];
    const width = model.get("width");
    root.style.setProperty("--width", width ? `${width}px` : "100%");
    root.style.setProperty("--ratio", String(videoWidth / videoHeight || 1));
  }

  function draw() {
    const { frame, frames, playing } = player;
    panel.play.textContent = playing ? "❚❚ Pause" : "▶ Play";
    panel.seek.value = String(frame);
    const words = `frame ${frame + 1} of ${frames}`;
    panel.seek.setAttribute("aria-valuetext", words);
    panel.where.textContent = words;
  }

  function clear() {
    fetching?.abort();
    player?.end();
    player = null;
    for (const video of videos) {
      if (video.src) URL.revokeObjectURL(video.src);
      video.removeAttribute("src");
    }
    stage.hidden = dividerRow.hidden = panel.row.hidden = true;
    delete root.dataset.ready;
  }

  async function fetchBoth(signal) {
    const done = { before: 0, after: 0 };
    const sizes = {};
    const total = (numbers) => Object.values(numbers).reduce((sum, number) => sum + number, 0);
    const fetchOne = (part) =>
      fetchFile(model, el, { file: part }, "video/mp4", {
        signal,
        onProgress: (taken, size) => {
          [done[part], sizes[part]] = [taken, size];
          progress.show(total(done), total(sizes));
        },
        onSilence: (silent) => say(silent ? SILENCE : "Fetching the clips"),
      });
    return Promise.all(PARTS.map(fetchOne));
  }

  async function show() {
    clear();
    const serial = model.get("_serial");
    if (!serial) return;
    const own = (fetching = new AbortController());
    say("Fetching the clips");
    progress.show(0, 0);
    try {
      const blobs = await fetchBoth(own.signal);
      own.signal.throwIfAborted();
      stage.hidden = false;
      await Promise.all(videos.map((video, index) => load(video, blobs[index])));
      own.signal.throwIfAborted();
      start(serial);
      say("");
    } catch (error) {
      if (own.signal.aborted) return;
      own.abort();
      clear();
      fail(error);
    } finally {
      if (fetching === own) progress.hide();
    }
  }

  function start(serial) {
    const names = PARTS.map((part) => model.get(`_name_${part}`));
    rename(names);
    for (const [index, part] of PARTS.entries()) {
      layers[index].caption.textContent = names[index];
      videos[index].setAttribute("aria-label", `${names[index]}: ${model.get(`_alt_${part}`)}`);
    }
    player = new SynchronizedVideos(videos, model.get("_fps"), draw);
    player.loop = panel.loop.checked;
    player.setRate(Number(panel.rate.value));
    panel.seek.max = String(player.frames - 1);
    panel.row.hidden = false;
    arrange();
    fit();
    player.seek(0).catch(fail);
    root.dataset.ready = String(serial);
  }

  function arrange() {
    stage.classList.toggle("divided", panel.split.checked);
    dividerRow.hidden = !panel.split.checked;
  }

  const step = (by) => {
    player.playing = false;
    return player.seek(player.frame + by);
  };
  const on = (control, name, act) =>
    control.addEventListener(name, () => Promise.resolve(act()).catch(fail));
  on(panel.play, "click", () => (player.playing ? player.pause() : player.play()));
  on(panel.back, "click", () => step(-1));
  on(panel.forth, "click", () => step(1));
  on(panel.seek, "input", () => player.seek(Number(panel.seek.value)));
  on(panel.loop, "change", () => (player.loop = panel.loop.checked));
  on(panel.rate, "change", () => player.setRate(Number(panel.rate.value)));
  on(panel.split, "change", arrange);
  // A clip does not loop from the start where the user's system asks for reduced motion.
  panel.loop.checked = !matchMedia("(prefers-reduced-motion: reduce)").matches;

  const stopListening = listen(model, [["change:_serial", show], ["change:width", fit]]);
  show();
  return () => {
    stopListening();
    leaveFullScreen();
    clear();
  };
}

export default { render };
