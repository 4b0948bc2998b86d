// The drawing "shadows": the letters cast shadows in the light of a lamp. A shadow is the black
// area between a line and its copy, which is scaled by a factor of 1000 about the lamp.

import { trace } from "./waiting_alphabet.js";
import { DARK, onRing } from "./waiting_colors.js";

const AWAY = 1000;
const BULB = 4;
export function shadowsPicture({ strokes, weight }, { width, height, random, driftMs }) {
  const phase = random() * 2 * Math.PI;
  const first = random();
  const thick = weight / 2;
  const word = new Path2D();
  const bodies = strokes.map(({ points, letter }) => {
    const path = new Path2D();
    trace(path, points);
    word.addPath(path);
    return { path, color: DARK.ring[onRing(first + 0.06 * letter)] };
  });

  // Adds the shadow of the line from (x, y) to (toX, toY) to the path. All shadows have the same
  // orientation; otherwise two that overlap would leave a hole.
  function shade(context, lamp, x, y, toX, toY) {
    const turn = (x - lamp.x) * (toY - lamp.y) - (y - lamp.y) * (toX - lamp.x);
    if (turn < 0) [x, y, toX, toY] = [toX, toY, x, y];
    context.moveTo(x, y);
    context.lineTo(lamp.x + (x - lamp.x) * AWAY, lamp.y + (y - lamp.y) * AWAY);
    context.lineTo(lamp.x + (toX - lamp.x) * AWAY, lamp.y + (toY - lamp.y) * AWAY);
    context.lineTo(toX, toY);
    context.closePath();
  }

  return function draw(context, { time, pointer, theme }) {
    const seconds = time / 1000;
    const own = {
      x: width * (0.5 + 0.42 * Math.sin(0.31 * seconds + phase)),
      y: height * (0.5 - 0.4 * Math.cos(0.53 * seconds + phase)),
    };
    const lamp = {
      x: own.x + (pointer.x - own.x) * pointer.near,
      y: own.y + (pointer.y - own.y) * pointer.near,
    };
    const floor = context.createRadialGradient(lamp.x, lamp.y, 0, lamp.x, lamp.y, 0.75 * width);
    theme.floor.forEach((color, stop) => floor.addColorStop([0, 0.35, 1][stop], color));
    context.fillStyle = floor;
    context.fillRect(0, 0, width, height);

    context.beginPath();
    for (const { points } of strokes) {
      points.forEach(([x, y], index) => {
        const [dx, dy] = [x - lamp.x, y - lamp.y];
        const distance = Math.hypot(dx, dy);
        // A stroke directly below the lamp casts no shadow, which would cover everything.
        if (distance < thick * 1.2) return;
        const [sideX, sideY] = [(-dy / distance) * thick, (dx / distance) * thick];
        shade(context, lamp, x - sideX, y - sideY, x + sideX, y + sideY);
        if (index) shade(context, lamp, ...points[index - 1], x, y);
      });
    }
    context.fillStyle = "#000";
    context.fill();

    context.fillStyle = "#ffcf40";
    context.beginPath();
    context.arc(lamp.x, lamp.y, BULB, 0, 2 * Math.PI);
    context.fill();

    context.lineCap = context.lineJoin = "round";
    context.lineWidth = weight + 2;
    context.strokeStyle = "#000";
    context.stroke(word);
    context.lineWidth = weight;
    for (const { path, color } of bodies) {
      context.strokeStyle = color;
      context.stroke(path);
    }
    return pointer.near === 1 ? Infinity : driftMs;
  };
}
