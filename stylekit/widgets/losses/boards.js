// Pictures of numbers: drawn from bytes, with a square or a place that is chosen by mouse or keys.

import { element } from "../base/dom.js";

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

// The colours of 256 values between the stops of a palette.
function table(stops) {
  const colors = new Uint32Array(256);
  for (let value = 0; value < 256; value++) {
    const at = (value / 255) * (stops.length - 1);
    const low = Math.min(Math.floor(at), stops.length - 2);
    const [red, green, blue] = stops[low].map((a, channel) =>
      Math.round(a + (stops[low + 1][channel] - a) * (at - low)));
    colors[value] = (255 << 24) | (blue << 16) | (green << 8) | red;
  }
  return colors;
}

export const tables = (palettes) =>
  Object.fromEntries(Object.entries(palettes).map(([kind, stops]) => [kind, table(stops)]));

// Draws the sheet that `plan` describes, from `pixels`, a DataView or a typed array.
function draw(canvas, plan, pixels, colorTables) {
  const { kind, width, height, start } = plan;
  const bytes = new Uint8Array(pixels.buffer, pixels.byteOffset + start);
  if (canvas.width !== width || canvas.height !== height) {
    [canvas.width, canvas.height] = [width, height];
  }
  const image = new ImageData(width, height);
  // Four bytes at once, which is several times as fast; the bytes stand in the order A, B, G, R.
  const values = new Uint32Array(image.data.buffer);
  const colors = colorTables[kind];
  for (let i = 0, j = 0; i < values.length; i++, j += 3) {
    values[i] = colors
      ? colors[bytes[i]]
      : (255 << 24) | (bytes[j + 2] << 16) | (bytes[j + 1] << 8) | bytes[j];
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

// A board has `columns` × `rows` squares, one of which is chosen. `onPick(x, y)` is called with
// each square that is chosen here; without it the board is only looked at. Boards are kept and
// given new pictures, so that the focus stays where it is.
export function board(parent, onPick) {
  const frame = element(parent, "div", "board");
  const canvas = element(frame, "canvas", "", { "aria-hidden": "true" });
  const marks = element(frame, "div", "", { "aria-hidden": "true" });
  let [columns, rows, x, y] = [1, 1, 0, 0];
  let look = "spot";
  let spoken = () => "";
  let drawn = null;

  function name() {
    frame.setAttribute("aria-label", `${frame.dataset.label}. ${spoken(x, y)}`);
  }

  function mark() {
    marks.replaceChildren();
    const [left, top] = [(100 * x) / columns, (100 * y) / rows];
    const [wide, high] = [100 / columns, 100 / rows];
    if (look === "cross") {
      for (const box of [[0, top, 100, high], [left, 0, wide, 100]]) place("line", box);
    }
    if (look === "spot") {
      const spot = element(marks, "div", "at spot");
      spot.style.left = `${left + wide / 2}%`;
      spot.style.top = `${top + high / 2}%`;
    } else {
      place("cell", [left, top, wide, high]);
    }
    name();
  }

  function place(kind, [left, top, wide, high]) {
    const box = element(marks, "div", `at ${kind}`);
    box.style.left = `${left}%`;
    box.style.top = `${top}%`;
    box.style.width = `max(${wide}%, ${kind === "cell" ? 6 : 1}px)`;
    box.style.height = `max(${high}%, ${kind === "cell" ? 6 : 1}px)`;
  }

  function choose(newX, newY) {
    x = Math.min(Math.max(newX, 0), columns - 1);
    y = Math.min(Math.max(newY, 0), rows - 1);
    mark();
    onPick(x, y);
  }

  function onClick(event) {
    const box = frame.getBoundingClientRect();
    choose(
      Math.floor(((event.clientX - box.left) / box.width) * columns),
      Math.floor(((event.clientY - box.top) / box.height) * rows),
    );
  }

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const far = event.shiftKey ? 10 : 1;
    if (event.key in STEPS) {
      const [dx, dy] = STEPS[event.key];
      choose(Math.round(x) + far * dx, Math.round(y) + far * dy);
    } else if (event.key === "Home") {
      choose(0, y);
    } else if (event.key === "End") {
      choose(columns - 1, y);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  if (onPick) {
    frame.tabIndex = 0;
    frame.setAttribute("role", "application");
    // Without this attribute JupyterLab moves between cells with the arrow keys.
    frame.setAttribute("data-lm-suppress-shortcuts", "true");
    frame.addEventListener("click", onClick);
    frame.addEventListener("keydown", onKey);
  } else {
    frame.setAttribute("role", "img");
  }

  return {
    frame,
    // `say(x, y)` puts a square into words; with `keep` the chosen one stays.
    show({ plan, pixels, colors, label, size, at, kind, say, keep }) {
      // A plan comes with its pixels, and both are replaced together.
      if (plan !== drawn) draw(canvas, plan, pixels, colors);
      drawn = plan;
      frame.dataset.label = label;
      [columns, rows] = size;
      look = kind;
      spoken = say;
      canvas.style.imageRendering = plan.kind === "color" ? "auto" : "pixelated";
      this.at(keep ? [x, y] : at);
    },
    at(newPlace) {
      x = Math.min(newPlace[0], columns - 1);
      y = Math.min(newPlace[1], rows - 1);
      mark();
    },
  };
}
