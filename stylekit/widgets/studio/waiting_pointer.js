// The position of the pointer, and how far the drawing was turned by dragging, both smoothed in
// time.
const FOLLOW = 0.3;
const RETURN = 0.97;
const RADIANS_PER_PIXEL = 0.008;
const STEEPEST = 1.1;

// The pointer is near while its distance from the canvas is less than the height of the canvas.
// `changed` is called when the pointer or the angle changes. If `turns` is true, dragging turns the
// drawing. `signal` removes all listeners.
export function followPointer(canvas, turns, changed, signal) {
  const pointer = { x: 0, y: 0, near: 0 };
  const turn = { x: 0, y: 0 };
  const goal = { x: 0, y: 0, near: 0, turnX: 0, turnY: 0 };
  let held = null;

  function moved(event) {
    const box = canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const around = Math.max(-x, x - box.width, -y, y - box.height);
    goal.near = held || around < box.height ? 1 : 0;
    if (goal.near) [goal.x, goal.y] = [x, y];
    if (held) {
      goal.turnX += (event.clientX - held.x) * RADIANS_PER_PIXEL;
      goal.turnY += (event.clientY - held.y) * RADIANS_PER_PIXEL;
      goal.turnY = Math.min(Math.max(goal.turnY, -STEEPEST), STEEPEST);
      held = { x: event.clientX, y: event.clientY };
    }
    if (goal.near || pointer.near) changed();
  }
  function left() {
    goal.near = 0;
    if (pointer.near) changed();
  }
  function pressed(event) {
    if (!event.isPrimary || event.button) return;
    held = { x: event.clientX, y: event.clientY };
    canvas.setPointerCapture(event.pointerId);
    moved(event);
  }
  function released(event) {
    if (held) changed();
    held = null;
    // A finger that was lifted has no position any more.
    if (event.pointerType === "touch") left();
  }

  const options = { signal, passive: true };
  window.addEventListener("pointermove", moved, options);
  document.documentElement.addEventListener("pointerleave", left, options);
  window.addEventListener("pointerup", released, options);
  window.addEventListener("pointercancel", released, options);
  if (turns) {
    canvas.style.cursor = "grab";
    canvas.addEventListener("pointerdown", pressed, options);
  }
  // Otherwise a click would take the focus from the element in which the user types.
  canvas.addEventListener("mousedown", (event) => event.preventDefault(), { signal });

  function ease(what, key, to, close) {
    const gap = to - what[key];
    what[key] = Math.abs(gap) < close ? to : what[key] + FOLLOW * gap;
    return what[key] === to;
  }

  // Moves the smoothed values one frame closer to the actual ones, and returns whether they are
  // equal. It counts frames, not time, so that a drawing reacts even while its clock stands still.
  function follow() {
    if (!pointer.near) Object.assign(pointer, { x: goal.x, y: goal.y });
    if (!held) {
      goal.turnX = Math.abs(goal.turnX) < 1e-3 ? 0 : goal.turnX * RETURN;
      goal.turnY = Math.abs(goal.turnY) < 1e-3 ? 0 : goal.turnY * RETURN;
    }
    return [
      ease(pointer, "x", goal.x, 0.1),
      ease(pointer, "y", goal.y, 0.1),
      ease(pointer, "near", goal.near, 0.005),
      ease(turn, "x", goal.turnX, 1e-3),
      ease(turn, "y", goal.turnY, 1e-3),
    ].every(Boolean);
  }

  return { pointer, turn, follow };
}
