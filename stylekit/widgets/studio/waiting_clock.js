// The drawing "clock": the vertices of the letters move round circles in twelve steps, as the hands
// of a clock do. They tremble after each step, and after twelve they are where they began.

import { trace } from "./waiting_alphabet.js";
import { onRing } from "./waiting_colors.js";

const HOURS = 12;
const STEP_MS = 1400;
const DELAY_MS = 30;
const TREMBLE_MS = 430;

// The number of steps after `time` ms: a step function, with a damped oscillation after each step.
function hours(time) {
  const gone = Math.max(time, 0);
  const since = gone % STEP_MS;
  const tremble = since < TREMBLE_MS ? Math.exp(-since / 90) * Math.cos(since / 42) : 0;
  return Math.floor(gone / STEP_MS) + (gone < STEP_MS ? 0 : -tremble);
}

function circle(context, [x, y, radius]) {
  context.moveTo(x + radius, y);
  context.arc(x, y, radius, 0, 2 * Math.PI);
}

export function clockPicture({ strokes, scale, weight, letters }, { width, height, random }) {
  const first = random();
  const reach = 4.2 * scale;

  return function draw(context, { time, pointer, theme }) {
    context.lineCap = context.lineJoin = "round";
    const hub = {
      x: width / 2 + (pointer.x - width / 2) * pointer.near,
      y: height / 2 + (pointer.y - height / 2) * pointer.near,
    };
    for (const { points, keys, letter } of strokes) {
      const angle = (2 * Math.PI * hours(time - DELAY_MS * letter)) / HOURS;
      const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
      const color = theme.ring[onRing(first + (0.55 * letter) / letters)];
      const dials = [];
      const moved = points.map(([x, y]) => {
        const [dx, dy] = [x - hub.x, y - hub.y];
        const distance = Math.hypot(dx, dy) || 1e-6;
        const radius = scale * (0.6 + 0.75 * pointer.near / Math.cosh(distance / reach));
        const [armX, armY] = [(radius * dx) / distance, (radius * dy) / distance];
        dials.push([x - armX, y - armY, radius]);
        return [x - armX + cos * armX - sin * armY, y - armY + sin * armX + cos * armY];
      });
      context.strokeStyle = context.fillStyle = color;
      context.globalAlpha = 0.16;
      context.beginPath();
      for (const key of keys) circle(context, dials[key]);
      context.fill();
      context.globalAlpha = 0.75;
      context.lineWidth = 1;
      for (const key of keys) {
        context.moveTo(dials[key][0], dials[key][1]);
        context.lineTo(...moved[key]);
      }
      context.stroke();
      context.globalAlpha = 1;
      context.beginPath();
      // A dot has one vertex, which is drawn below.
      if (keys.length > 1) trace(context, moved);
      context.lineWidth = weight * 0.5;
      context.stroke();
      context.beginPath();
      for (const key of keys) circle(context, [...moved[key], weight * 0.45]);
      context.fill();
    }
    const since = time % STEP_MS;
    return since < TREMBLE_MS + DELAY_MS * letters ? 0 : STEP_MS - since;
  };
}
