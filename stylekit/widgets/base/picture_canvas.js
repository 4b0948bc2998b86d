// The JavaScript of PictureCanvas: it paints the newest picture, draws marks, and picks pixels.

import { element, listen, newName } from "./dom.js";
import { fullScreenButton, toolRow, zoomTools } from "./frame.js";

const SVG = "http://www.w3.org/2000/svg";
const ASK_EVERY_MS = 5_000;
const ANSWER_WITHIN_MS = 10_000;
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

// Marks give pixels as whole numbers; in the drawing the middle of a pixel is half a unit further.
const middle = (number) => number + 0.5;

function outlines(mark, size) {
  const arm = Math.max(4, size / 40);
  if (mark.kind === "cross") {
    const [x, y] = [middle(mark.x), middle(mark.y)];
    return [[`M${x - arm} ${y}h${2 * arm}M${x} ${y - arm}v${2 * arm}`, ""]];
  }
  if (mark.kind === "rectangle") {
    const { x, y, width, height } = mark;
    return [[`M${x} ${y}h${width}v${height}h${-width}z`, ""]];
  }
  const points = mark.points.map(([x, y]) => `${middle(x)} ${middle(y)}`);
  if (!points.length) return [];
  // A line of length zero with round ends is a dot, whose size does not depend on the picture's.
  return [["M" + points.join("L"), ""], [points.map((point) => `M${point}h0`).join(""), "dots"]];
}

function draw(svg, marks, width, height) {
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.replaceChildren();
  for (const layer of ["halo", "line"]) {
    for (const mark of marks) {
      for (const [outline, extra] of outlines(mark, Math.max(width, height))) {
        const path = document.createElementNS(SVG, "path");
        path.setAttribute("d", outline);
        path.setAttribute("class", [layer, extra, mark.dashed && !extra ? "dashed" : ""].join(" "));
        if (layer === "line" && mark.color) path.style.stroke = mark.color;
        svg.append(path);
      }
    }
  }
}

function render({ model, el }) {
  const root = element(el, "div", "stylekit-picture");
  const frame = element(root, "div", "stylekit-frame stylekit-picture-frame");
  const surface = element(frame, "div", "surface");
  const canvas = element(surface, "canvas");
  const svg = surface.appendChild(document.createElementNS(SVG, "svg"));
  svg.setAttribute("aria-hidden", "true");
  const hint = element(root, "p", "hint");
  const state = element(root, "p", "gone");
  const context = canvas.getContext("2d");
  let leaveFullScreen = () => {};
  if (model.get("_tools")) {
    const row = toolRow(root);
    frame.after(row);
    zoomTools(row, root, frame, surface, () => !model.get("_pickable"));
    leaveFullScreen = fullScreenButton(row, root);
  }
  hint.id = newName();
  hint.setAttribute("aria-live", "polite");
  state.setAttribute("role", "status");
  hint.hidden = state.hidden = true;
  // Without this attribute JupyterLab moves between cells with the arrow keys.
  root.setAttribute("data-lm-suppress-shortcuts", "true");
  canvas.width = canvas.height = 1;

  let crosshair = null;
  let shown = 0;
  let busy = false;

  const tell = (words) => {
    state.textContent = words;
    state.hidden = !words;
  };

  function fit() {
    frame.style.setProperty("--width", `${model.get("width") || canvas.width}px`);
    frame.style.setProperty("--ratio", String(canvas.width / canvas.height));
    const enlarged = canvas.clientWidth * devicePixelRatio > canvas.width;
    canvas.style.imageRendering = enlarged ? "pixelated" : "auto";
  }

  function drawMarks() {
    const marks = [...model.get("_marks")];
    if (crosshair) {
      const [x, y] = crosshair;
      const [width, height] = [canvas.width, canvas.height];
      const ends = [[[-1, y], [width, y]], [[x, -1], [x, height]]];
      for (const points of ends) marks.push({ kind: "path", points, dashed: true });
    }
    draw(svg, marks, canvas.width, canvas.height);
  }

  // Only one call runs at a time. If pictures arrive while one is decoded, the newest comes next.
  async function paint() {
    if (busy) return;
    busy = true;
    try {
      while (shown !== model.get("_serial")) {
        const serial = model.get("_serial");
        const blob = new Blob([model.get("_picture")], { type: model.get("_media_type") });
        const bitmap = await createImageBitmap(blob);
        const alike = canvas.width === bitmap.width && canvas.height === bitmap.height;
        if (!alike) {
          [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
          crosshair = null;
        }
        context.drawImage(bitmap, 0, 0);
        bitmap.close();
        if (!alike) fit();
        drawMarks();
        describe();
        shown = serial;
        canvas.dataset.painted = String(serial);
        model.set("painted", serial);
        model.save_changes();
      }
    } catch (error) {
      tell(`The picture cannot be shown: ${error.message || error}`);
    } finally {
      busy = false;
    }
  }

  function describe() {
    const pickable = model.get("_pickable");
    canvas.setAttribute("role", pickable ? "application" : "img");
    canvas.setAttribute("aria-label", model.get("_alt"));
    hint.hidden = !pickable;
    if (!pickable) {
      canvas.removeAttribute("tabindex");
      return;
    }
    canvas.tabIndex = 0;
    canvas.setAttribute("aria-describedby", hint.id);
    if (!crosshair) {
      hint.textContent = "Click a pixel, or move with the arrow keys (Shift: 10) and press Enter.";
    }
  }

  function point(x, y) {
    crosshair = [
      Math.min(Math.max(x, 0), canvas.width - 1),
      Math.min(Math.max(y, 0), canvas.height - 1),
    ];
    hint.textContent = `x ${crosshair[0]}, y ${crosshair[1]}. Enter picks, Shift moves by 10.`;
    drawMarks();
  }

  function pick() {
    const [x, y] = crosshair;
    hint.textContent = `Picked x ${x}, y ${y}.`;
    model.send({ type: "pick", x, y });
  }

  function onClick(event) {
    if (!model.get("_pickable") || !shown) return;
    const box = canvas.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * canvas.width;
    const y = ((event.clientY - box.top) / box.height) * canvas.height;
    point(Math.floor(x), Math.floor(y));
    pick();
  }

  function onKey(event) {
    if (!model.get("_pickable") || !shown || event.ctrlKey || event.metaKey || event.altKey) return;
    const [x, y] = crosshair || [canvas.width >> 1, canvas.height >> 1];
    if (event.key in STEPS) {
      const [dx, dy] = STEPS[event.key].map((step) => step * (event.shiftKey ? 10 : 1));
      // The first key press only shows the crosshair.
      crosshair ? point(x + dx, y + dy) : point(x, y);
    } else if (event.key === "Enter") {
      point(x, y);
      pick();
    } else if (event.key === "Escape" && crosshair) {
      crosshair = null;
      describe();
      drawMarks();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  // The widget manager marks the views of a kernel that was restarted, but perhaps not those of a
  // kernel that has died. Therefore the kernel is asked for an answer every few seconds.
  let askedAt = 0;
  const isCut = () => Boolean(el.closest(".jupyter-widgets-disconnected"));
  function watch() {
    if (isCut()) {
      tell("The kernel that made this picture is gone: run the cell again.");
    } else if (askedAt && performance.now() - askedAt > ANSWER_WITHIN_MS) {
      tell("The kernel does not answer: it is busy with another cell, or gone.");
    } else if (!askedAt && document.visibilityState === "visible") {
      askedAt = performance.now();
      model.send({ type: "ping" });
    }
  }
  function onAnswer() {
    askedAt = 0;
    tell("");
  }

  const stopListening = listen(model, [
    ["change:_serial", onAnswer],
    ["change:_serial", paint],
    ["change:_marks", () => shown === model.get("_serial") && drawMarks()],
    ["change:_pickable", describe],
    ["change:width", fit],
    ["comm_live_update", watch],
    ["msg:custom", onAnswer],
  ]);
  canvas.addEventListener("click", onClick);
  canvas.addEventListener("keydown", onKey);
  const resized = new ResizeObserver(fit);
  resized.observe(canvas);
  const timer = setInterval(watch, ASK_EVERY_MS);
  describe();
  paint();

  return () => {
    stopListening();
    resized.disconnect();
    leaveFullScreen();
    clearInterval(timer);
  };
}

export default { render };
