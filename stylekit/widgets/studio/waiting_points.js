// The drawing "points": letters of dots, which are pushed away from the pointer, by an amount that
// is a hyperbolic secant of the distance.

import { onRing } from "./waiting_colors.js";

const ROWS = [-0.34, 0, 0.34];

// Dots about `spacing` apart on the line that is parallel to `points` at the distance `aside`.
function beads(points, spacing, aside) {
  const segments = points.slice(1).map(([toX, toY], index) => {
    const [x, y] = points[index];
    return { x, y, dx: toX - x, dy: toY - y, length: Math.hypot(toX - x, toY - y) };
  });
  const whole = segments.reduce((sum, { length }) => sum + length, 0);
  const step = whole / Math.max(Math.round(whole / spacing), 1);
  const found = [];
  let left = 0;
  for (const { x, y, dx, dy, length } of segments) {
    // The small term includes the last dot in spite of rounding errors.
    for (; left <= length + 1e-6 * whole; left += step) {
      const share = left / length;
      found.push([x + dx * share - (dy / length) * aside, y + dy * share + (dx / length) * aside]);
    }
    left -= length;
  }
  return found;
}

export function pointsPicture({ strokes, weight }, { width, random }) {
  const spacing = Math.max(weight * 0.36, 2.6);
  const dots = [];
  const far = (spacing * 0.72) ** 2;
  for (const { points } of strokes) {
    for (const row of ROWS) {
      for (const [x, y] of beads(points, spacing, row * weight)) {
        // Leave out dots that would overlap where strokes meet.
        if (dots.every((dot) => (dot.x - x) ** 2 + (dot.y - y) ** 2 > far)) dots.push({ x, y });
      }
    }
  }
  const first = random();
  const radius = spacing * 0.36;
  const reach = weight * 3;

  return function draw(context, { pointer, theme }) {
    const push = reach * 0.85 * pointer.near;
    const groups = new Map();
    for (const { x, y } of dots) {
      const [dx, dy] = [x - pointer.x, y - pointer.y];
      const distance = Math.hypot(dx, dy) || 1e-6;
      const pushed = pointer.near ? 1 / Math.cosh(distance / reach) : 0;
      const far = (push * pushed) / distance;
      const color = onRing(first + (0.55 * x) / width + 0.4 * pushed * pointer.near);
      if (!groups.has(color)) groups.set(color, []);
      const grown = radius * (1 + 0.6 * pushed * pointer.near);
      groups.get(color).push(x + dx * far, y + dy * far, grown);
    }
    for (const [color, group] of groups) {
      context.beginPath();
      for (let k = 0; k < group.length; k += 3) {
        context.moveTo(group[k] + group[k + 2], group[k + 1]);
        context.arc(group[k], group[k + 1], group[k + 2], 0, 2 * Math.PI);
      }
      context.fillStyle = theme.ring[color];
      context.fill();
    }
    return Infinity;
  };
}
