// The JavaScript of LossCurve: it keeps the losses that arrive, and draws them at most once for
// each refresh of the screen.

import { element, listen } from "../base/dom.js";

const FONT_PX = 12;
const LABEL_ROWS = 3;
const ROW_PX = 15;
const MAX_POINTS = 2_000;
const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

const powerWords = (power) => {
  const digits = [...String(Math.abs(power))].map((digit) => SUPERSCRIPTS[Number(digit)]).join("");
  return `10${power < 0 ? "⁻" : ""}${digits}`;
};

// Ticks for the steps 1 to `last`: multiples of 1, 2 or 5 times a power of ten, at most `most`.
function roundSteps(last, most) {
  const rough = Math.max(1, last / most);
  const power = 10 ** Math.floor(Math.log10(rough));
  const distance = Math.ceil([1, 2, 5, 10].find((digit) => digit * power >= rough) * power);
  const steps = [];
  for (let step = distance; step <= last; step += distance) steps.push(step);
  return steps;
}

// The decimal logarithms of the least and the greatest positive number of `rows`, with a margin.
// The range ends five powers of ten below the greatest number, so that a term that almost vanishes
// does not flatten the other curves.
function logRange(rows) {
  let [low, high] = [Infinity, 0];
  for (const value of rows) {
    if (value > high) high = value;
    if (value > 0 && value < low) low = value;
  }
  if (!high) return [-3, 0];
  const top = Math.log10(high);
  const bottom = Math.max(Math.log10(low), top - 5);
  const margin = Math.max(0.05 * (top - bottom), 0.1);
  return [bottom - margin, top + margin];
}

// Ticks for a logarithmic range: pairs of a position, as a logarithm, and its label.
function powerTicks([low, high], most) {
  const every = Math.max(1, Math.ceil((high - low) / most));
  const powers = [];
  for (let power = Math.ceil(low); power <= high; power += every) powers.push(power);
  // A range that spans less than a power of ten gets ticks in between.
  if (powers.length < 2) {
    return [1, 2, 5, 10, 20, 50]
      .map((part) => Math.log10(part) + Math.floor(low))
      .filter((place) => place >= low && place <= high)
      .map((place) => [place, (10 ** place).toPrecision(1)]);
  }
  return powers.map((power) => [power, powerWords(power)]);
}

// The losses of all steps so far, one number for each term. The array grows by doubling.
class Rows {
  constructor(terms) {
    this.terms = terms;
    this.clear();
  }
  clear() {
    this.count = 0;
    this.values = new Float32Array(this.terms * 256);
  }
  // Returns false if rows before `start` are missing.
  take(start, added) {
    if (start > this.count) return false;
    const end = start * this.terms + added.length;
    if (end > this.values.length) {
      const larger = new Float32Array(Math.max(end, 2 * this.values.length));
      larger.set(this.values);
      this.values = larger;
    }
    this.values.set(added, start * this.terms);
    this.count = Math.max(this.count, end / this.terms);
    return true;
  }
  all() {
    return this.values.subarray(0, this.count * this.terms);
  }
}

function floats(data) {
  const bytes = data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  // A copy, because a Float32Array must start at a multiple of four bytes.
  return new Float32Array(bytes.slice().buffer);
}

function fillLegend(list, terms) {
  list.replaceChildren();
  return terms.map(({ label, color, dash }) => {
    const item = element(list, "li");
    item.innerHTML =
      `<svg width="34" height="10" aria-hidden="true"><path d="M1 5h32" stroke="${color}" ` +
      `stroke-width="2.5" stroke-dasharray="${dash.join(" ")}" fill="none"/></svg>`;
    item.append(label);
    return item;
  });
}

function drawAxes(pen, box, last, range, look) {
  pen.setLineDash([]);
  pen.lineWidth = 1;
  pen.textAlign = "right";
  pen.textBaseline = "middle";
  for (const [place, words] of powerTicks(range, Math.max(2, Math.floor((box.bottom - box.top) / 30)))) {
    const y = box.y(place);
    pen.strokeStyle = look.faint;
    pen.beginPath();
    pen.moveTo(box.left, y);
    pen.lineTo(box.right, y);
    pen.stroke();
    pen.fillStyle = look.ink;
    pen.fillText(words, box.left - 6, y);
  }
  pen.textAlign = "center";
  pen.textBaseline = "top";
  for (const step of roundSteps(last, Math.max(2, Math.floor((box.right - box.left) / 70)))) {
    pen.fillText(String(step), box.x(step), box.bottom + 4);
  }
  pen.fillText("step", (box.left + box.right) / 2, box.bottom + 4 + ROW_PX);
  pen.save();
  pen.translate(2, (box.top + box.bottom) / 2);
  pen.rotate(-Math.PI / 2);
  pen.fillText("weighted loss", 0, 0);
  pen.restore();
  pen.strokeStyle = look.line;
  pen.strokeRect(box.left, box.top, box.right - box.left, box.bottom - box.top);
}

function drawFrames(pen, box, frames, look) {
  pen.setLineDash([]);
  pen.textAlign = "left";
  pen.textBaseline = "bottom";
  let free = -Infinity;
  for (const [step, index] of frames) {
    const x = box.x(step);
    pen.strokeStyle = look.line;
    pen.beginPath();
    pen.moveTo(x, box.bottom);
    pen.lineTo(x, box.bottom - 8);
    pen.stroke();
    const words = `frame ${index}`;
    if (x < free || x + pen.measureText(words).width > box.right) continue;
    pen.fillStyle = look.soft;
    pen.fillText(words, x + 3, box.bottom - 2);
    free = x + pen.measureText(words).width + 12;
  }
}

function drawChanges(pen, box, changes, look) {
  pen.setLineDash([3, 3]);
  for (const [first, last] of changes) {
    const [x, end] = [box.x(first), box.x(last)];
    pen.fillStyle = look.band;
    pen.fillRect(x, box.top, end - x, box.bottom - box.top);
    pen.strokeStyle = look.ink;
    pen.beginPath();
    pen.moveTo(x, box.top);
    pen.lineTo(x, box.bottom);
    pen.stroke();
  }
  pen.setLineDash([]);
  nameChanges(pen, box, changes, look);
}

// Writes each change in the first row with room for it. The list below the drawing has all of them.
function nameChanges(pen, box, changes, look) {
  const free = Array(LABEL_ROWS).fill(-Infinity);
  pen.textAlign = "left";
  pen.textBaseline = "top";
  for (const [first, , words] of changes) {
    const x = box.x(first);
    const width = pen.measureText(words).width;
    const left = x + 4 + width <= box.right ? x + 4 : x - 4 - width;
    const row = free.findIndex((end) => end < left);
    if (row < 0 || left < box.left) continue;
    free[row] = left + width + 10;
    const y = box.top + 3 + row * ROW_PX;
    pen.fillStyle = look.paper;
    pen.fillRect(left - 2, y - 1, width + 4, ROW_PX - 1);
    pen.fillStyle = look.ink;
    pen.fillText(words, left, y);
  }
}

// The step whose picture is looked at.
function drawViewed(pen, box, step, look) {
  const x = box.x(step);
  pen.setLineDash([]);
  pen.strokeStyle = pen.fillStyle = look.ink;
  pen.lineWidth = 2;
  pen.beginPath();
  pen.moveTo(x, box.top);
  pen.lineTo(x, box.bottom);
  pen.stroke();
  pen.beginPath();
  pen.moveTo(x - 5, box.top);
  pen.lineTo(x + 5, box.top);
  pen.lineTo(x, box.top + 7);
  pen.fill();
}

function drawTerm(pen, box, rows, column, frames, { color, dash }) {
  // The first step of a frame is not connected with the last step of the frame before.
  const starts = new Set(frames.map(([step]) => step));
  const stride = Math.max(1, Math.ceil(rows.count / MAX_POINTS));
  pen.strokeStyle = pen.fillStyle = color;
  pen.setLineDash(dash);
  pen.lineWidth = 2;
  pen.beginPath();
  let [down, drawn, points] = [false, false, []];
  for (let index = 0; index < rows.count; index += stride) {
    const at = index + stride < rows.count ? index : rows.count - 1;
    const value = rows.values[at * rows.terms + column];
    const isPoint = value > 0;
    down &&= !starts.has(at + 1);
    if (isPoint) {
      const place = [box.x(at + 1), box.y(Math.log10(value))];
      pen[down ? "lineTo" : "moveTo"](...place);
      if (!down) points.push(place);
    }
    down = isPoint;
    drawn ||= isPoint;
  }
  pen.stroke();
  // A dot at the start of each curve makes a curve of a single step visible.
  for (const [x, y] of points) pen.fillRect(x - 1.5, y - 1.5, 3, 3);
  return drawn;
}

function looks(root) {
  const style = getComputedStyle(root);
  const value = (name, otherwise) => style.getPropertyValue(name).trim() || otherwise;
  return {
    ink: style.color,
    soft: value("--jp-ui-font-color2", "#767676"),
    faint: value("--jp-border-color2", "rgba(128, 128, 128, 0.3)"),
    line: value("--jp-border-color0", "#999"),
    paper: value("--jp-layout-color0", "Canvas"),
    band: "rgba(128, 128, 128, 0.18)",
    font: `${FONT_PX}px ${value("--jp-ui-font-family", "system-ui, sans-serif")}`,
  };
}

function changeList(parent) {
  const fold = element(parent, "details");
  const title = element(fold, "summary", "", { "data-lm-suppress-shortcuts": "true" });
  const list = element(fold, "ul");
  return (changes) => {
    fold.hidden = !changes.length;
    title.textContent = `Changes of weights: ${changes.length}`;
    list.replaceChildren();
    for (const [first, , words] of changes) {
      element(list, "li").textContent = `step ${first}: ${words}`;
    }
  };
}

function render({ model, el }) {
  const root = element(el, "div", "stylekit-part stylekit-curve");
  const list = element(root, "ul", "legend");
  let terms = model.get("_terms");
  let entries = fillLegend(list, terms);
  const canvas = element(root, "canvas", "", { role: "img" });
  const showChanges = changeList(root);
  let rows = new Rows(terms.length);
  let round = model.get("_round");
  let asked = false;
  let pending = 0;

  function draw() {
    pending = 0;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (!width) return;
    const ratio = devicePixelRatio || 1;
    [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    const look = looks(root);
    pen.font = look.font;
    const last = Math.max(rows.count, 10);
    const range = logRange(rows.all());
    const box = { left: 58, right: width - 16, top: 6, bottom: height - 38 };
    box.x = (step) => box.left + ((step - 1) / (last - 1)) * (box.right - box.left);
    const floor = box.bottom - (model.get("_frames").length ? ROW_PX : 0);
    box.y = (place) => floor - ((place - range[0]) / (range[1] - range[0])) * (floor - box.top);
    drawAxes(pen, box, last, range, look);
    drawFrames(pen, box, model.get("_frames"), look);
    pen.save();
    pen.beginPath();
    pen.rect(box.left, box.top, box.right - box.left, box.bottom - box.top);
    pen.clip();
    terms.forEach((term, column) => {
      entries[column].hidden = !drawTerm(pen, box, rows, column, model.get("_frames"), term) && rows.count > 0;
    });
    pen.restore();
    drawChanges(pen, box, model.get("_changes"), look);
    if (model.get("viewed")) drawViewed(pen, box, model.get("viewed"), look);
    canvas.dataset.steps = String(rows.count);
  }
  const redraw = () => {
    pending ||= requestAnimationFrame(draw);
  };

  function ask() {
    if (asked) return;
    asked = true;
    model.send({ type: "rows?" });
  }
  function take(message, buffers) {
    if (message.type !== "rows") return;
    if (message.round !== round) {
      round = message.round;
      rows.clear();
    }
    if (rows.take(message.from, floats(buffers[0]))) asked = false;
    else ask();
    redraw();
  }
  // Other parts of a loss, of another run or stage of it.
  function rename() {
    terms = model.get("_terms");
    entries = fillLegend(list, terms);
    rows = new Rows(terms.length);
    ask();
    redraw();
  }
  function keep() {
    if (model.get("_round") !== round) {
      round = model.get("_round");
      rows.clear();
    }
    rows.take(0, floats(model.get("_rows")));
    redraw();
  }
  const describe = () => canvas.setAttribute("aria-label", model.get("_alt"));

  const stop = listen(model, [
    ["msg:custom", take],
    ["change:_terms", rename],
    ["change:_rows", keep],
    ["change:_round", keep],
    ["change:_frames", redraw],
    ["change:viewed", redraw],
    ["change:_changes", () => { showChanges(model.get("_changes")); redraw(); }],
    ["change:_alt", describe],
  ]);
  const resized = new ResizeObserver(redraw);
  resized.observe(canvas);
  // JupyterLab and Voila store their theme in attributes of the body.
  const themed = new MutationObserver(redraw);
  themed.observe(document.body, { attributes: true });
  keep();
  describe();
  showChanges(model.get("_changes"));
  ask();

  return () => {
    stop();
    resized.disconnect();
    themed.disconnect();
    cancelAnimationFrame(pending);
  };
}

export default { render };
