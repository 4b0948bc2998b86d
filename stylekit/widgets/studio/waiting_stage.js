// One of the drawings on a canvas: when it is drawn, at which size, and in which colours.
//
// `make(word, { width, height, random, driftMs })` of a drawing is called for each size and word. It
// returns `draw(context, { time, pointer, turn, theme })`, which draws one frame and returns after how
// many milliseconds the next one is due, or Infinity if nothing moves. A frame depends on the seed (by
// `random`), the time and the pointer of that moment alone.

import { fitWord } from "./waiting_alphabet.js";
import { clockPicture } from "./waiting_clock.js";
import { randomFrom, readTheme } from "./waiting_colors.js";
import { layersPicture } from "./waiting_layers.js";
import { followPointer } from "./waiting_pointer.js";
import { pointsPicture } from "./waiting_points.js";
import { shadowsPicture } from "./waiting_shadows.js";

const PICTURES = {
  points: { make: pointsPicture },
  layers: { make: layersPicture, turns: true },
  clock: { make: clockPicture },
  shadows: { make: shadowsPicture, lit: true },
};
const FRAME_MS = 1000 / 30;
// The interval of frames for slow motion, three refreshes of most screens. Showing a frame costs a
// computer without a graphics processor more than drawing it.
const DRIFT_MS = 50;
const SHARPEST = 2;

const clock = () => performance.now();

// Draws `picture` (a key of PICTURES) on `canvas` until `stop()` is called; `setText` replaces the
// word, and `frames()` returns the number of frames so far. `now` returns a time in milliseconds;
// `now` and `seed` determine the drawing.
export function start(canvas, picture, { text = "stylekit", seed = 1, now = clock } = {}) {
  const context = canvas.getContext("2d");
  const ended = new AbortController();
  const { signal } = ended;
  const reduced = matchMedia("(prefers-reduced-motion: reduce)");
  const { make, turns = false, lit = false } = PICTURES[picture];
  const began = now();
  const { pointer, turn, follow } = followPointer(canvas, turns, wake, signal);
  let [width, height, frames, drawnAt, due] = [0, 0, 0, 0, Infinity];
  let draw, theme, timer, request;
  let onScreen = false;

  const runs = () => onScreen && !document.hidden && !reduced.matches && !signal.aborted;

  function paint(moment) {
    context.setTransform(canvas.width / width, 0, 0, canvas.height / height, 0, 0);
    context.clearRect(0, 0, width, height);
    frames += 1;
    return draw(context, { theme, ...moment });
  }

  function frame(stamp) {
    request = 0;
    due = Infinity;
    if (!runs() || !draw) return;
    drawnAt = stamp;
    const arrived = follow();
    const rest = paint({ time: now() - began, pointer, turn });
    plan(stamp + (arrived ? Math.max(rest, FRAME_MS) : FRAME_MS));
  }

  // Plans the next frame at the time `at` of `performance.now()`, unless an earlier one is planned.
  function plan(at) {
    if (at >= due || request) return;
    due = at;
    clearTimeout(timer);
    // The timer ends 4 ms early, because the frame then waits for the next refresh of the screen.
    timer = setTimeout(() => (request = requestAnimationFrame(early)), at - performance.now() - 4);
  }

  // Waits for another refresh if the screen refreshes before the frame is due.
  function early(stamp) {
    if (stamp < due - 1) request = requestAnimationFrame(early);
    else frame(stamp);
  }

  function wake() {
    if (runs()) plan(Math.max(performance.now(), drawnAt + FRAME_MS));
  }

  function rest() {
    clearTimeout(timer);
    cancelAnimationFrame(request);
    request = 0;
    due = Infinity;
  }

  // The still drawing for reduced motion: the word at rest, with the lamp above it.
  function still() {
    const lamp = { x: 0.36 * width, y: 0.08 * height, near: lit ? 1 : 0 };
    return { time: 0, pointer: lamp, turn: { x: 0, y: 0 } };
  }

  // Draws once more after a change of the size, the word or the theme, also without motion.
  function renew() {
    if (!draw) return;
    paint(reduced.matches ? still() : { time: now() - began, pointer, turn });
    wake();
  }

  function build() {
    [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (!width || !height) return;
    // Only a canvas that is in the page has colours from the page.
    theme = readTheme(canvas);
    const sharpness = Math.min(devicePixelRatio, SHARPEST);
    canvas.width = Math.round(width * sharpness);
    canvas.height = Math.round(height * sharpness);
    draw = make(fitWord(text, width, height), {
      width, height, random: randomFrom(seed), driftMs: DRIFT_MS,
    });
    renew();
  }

  function dress() {
    const other = readTheme(canvas);
    if (!draw || other === theme) return;
    theme = other;
    renew();
  }

  function turnOnOrOff() {
    rest();
    renew();
  }

  const sized = new ResizeObserver(build);
  const seen = new IntersectionObserver((entries) => {
    onScreen = entries.at(-1).isIntersecting;
    onScreen ? wake() : rest();
  });
  const dressed = new MutationObserver(dress);
  sized.observe(canvas);
  seen.observe(canvas);
  for (const root of [document.documentElement, document.body]) {
    dressed.observe(root, { attributes: true });
  }
  const hide = () => (document.hidden ? rest() : wake());
  document.addEventListener("visibilitychange", hide, { signal });
  window.addEventListener("resize", build, { signal });
  reduced.addEventListener("change", turnOnOrOff, { signal });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", dress, { signal });

  return {
    frames: () => frames,
    setText(word) {
      text = word;
      build();
    },
    stop() {
      ended.abort();
      rest();
      for (const observer of [sized, seen, dressed]) observer.disconnect();
    },
  };
}
