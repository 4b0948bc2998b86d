// A frame in which a picture can be enlarged and moved, and the full screen, with buttons and keys.

import { button, element } from "./dom.js";

const LEVELS = [1, 1.5, 2, 3, 4, 6, 8];
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const MOVE_PX = 40;

function enable(press, enabled) {
  // With `disabled` a button would lose the focus when it is pressed.
  press.setAttribute("aria-disabled", String(!enabled));
}

// The row of buttons below a picture.
export function toolRow(parent) {
  return element(parent, "div", "stylekit-tools", { role: "group", "aria-label": "View" });
}

// A button that shows `root` on the full screen, and back; Escape leaves. Returns a function that
// ends it.
export function fullScreenButton(row, root) {
  root.classList.add("stylekit-full");
  const press = button(row, "");
  const isFull = () => document.fullscreenElement === root || root.classList.contains("filling");

  function draw() {
    press.textContent = isFull() ? "Leave full screen" : "Full screen";
    press.setAttribute("aria-pressed", String(isFull()));
  }
  // The top layer lies above all else, whatever contains the picture.
  function fill(on) {
    root.classList.toggle("filling", on);
    if (on) {
      root.popover = "manual";
      root.showPopover();
    } else {
      root.hidePopover();
      root.removeAttribute("popover");
    }
    draw();
  }
  async function enter() {
    try {
      await root.requestFullscreen();
    } catch {
      fill(true); // as in a frame of another page that does not allow it
    }
  }
  function leave() {
    if (root.classList.contains("filling")) fill(false);
    else if (document.fullscreenElement === root) document.exitFullscreen();
  }
  function onKey(event) {
    if (event.key !== "Escape" || !isFull()) return;
    event.stopPropagation();
    leave();
    press.focus();
  }
  press.addEventListener("click", () => (isFull() ? leave() : enter()));
  root.addEventListener("keydown", onKey);
  document.addEventListener("fullscreenchange", draw);
  draw();
  return () => {
    leave();
    document.removeEventListener("fullscreenchange", draw);
  };
}

// Lets `surface` be enlarged inside `frame`. Buttons are added to `row`; the keys + − 0 and the
// arrow keys serve inside `root`. `mayDrag(event)` says whether the pointer moves the picture.
export function zoomTools(row, root, frame, surface, mayDrag = () => true) {
  const out = button(row, "−");
  const amount = element(row, "output");
  const into = button(row, "+");
  out.setAttribute("aria-label", "Zoom out");
  into.setAttribute("aria-label", "Zoom in");
  let level = 0;
  let from = null;

  function draw() {
    amount.textContent = `${100 * LEVELS[level]} %`;
    enable(out, level > 0);
    enable(into, level < LEVELS.length - 1);
  }

  function show(next) {
    // What is in the middle stays there.
    const [x, y] = [frame.scrollLeft + frame.clientWidth / 2, frame.scrollTop + frame.clientHeight / 2];
    const before = LEVELS[level];
    level = Math.min(Math.max(next, 0), LEVELS.length - 1);
    const factor = LEVELS[level] / before;
    frame.style.setProperty("--zoom", String(LEVELS[level]));
    frame.classList.toggle("zoomed", level > 0);
    frame.scrollLeft = factor * x - frame.clientWidth / 2;
    frame.scrollTop = factor * y - frame.clientHeight / 2;
    if (level > 0) {
      frame.tabIndex = 0;
      frame.setAttribute("role", "group");
      frame.setAttribute("aria-label", "Enlarged picture, moved with the arrow keys");
    } else {
      for (const name of ["tabindex", "role", "aria-label"]) frame.removeAttribute(name);
    }
    draw();
  }

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select")) return;
    const by = { "+": 1, "=": 1, "-": -1, "−": -1 }[event.key];
    if (by) show(level + by);
    else if (event.key === "0") show(0);
    else if (event.target === frame && event.key in MOVES) {
      const [x, y] = MOVES[event.key];
      frame.scrollBy(MOVE_PX * x, MOVE_PX * y);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
  const onDown = (event) => {
    if (event.button !== 0 || !level || !mayDrag(event)) return;
    event.preventDefault();
    frame.setPointerCapture(event.pointerId);
    from = [event.clientX + frame.scrollLeft, event.clientY + frame.scrollTop];
  };
  const onMove = (event) => {
    if (!from || !frame.hasPointerCapture(event.pointerId)) return;
    [frame.scrollLeft, frame.scrollTop] = [from[0] - event.clientX, from[1] - event.clientY];
  };

  // Otherwise JupyterLab moves between cells with the arrow keys.
  frame.setAttribute("data-lm-suppress-shortcuts", "true");
  out.addEventListener("click", () => show(level - 1));
  into.addEventListener("click", () => show(level + 1));
  root.addEventListener("keydown", onKey);
  frame.addEventListener("pointerdown", onDown);
  frame.addEventListener("pointermove", onMove);
  frame.addEventListener("lostpointercapture", () => (from = null));
  surface.classList.add("surface");
  draw();
}
