// The drawing "layers": copies of the word, one behind the other, that swing and change colour.

import { onRing } from "./waiting_colors.js";

const LAYERS = 6;
const SIDEWAYS = 0.5;
const UPWARDS = 0.35;

export function layersPicture({ strokes, scale, weight }, { width, height, random, driftMs }) {
  const first = random();
  const phase = random() * 2 * Math.PI;
  const gap = 1.5 * scale;
  const focus = 1.6 * width;

  return function draw(context, { time, pointer, turn, theme }) {
    const seconds = time / 1000;
    const yaw =
      turn.x + 0.22 * Math.sin(0.5 * seconds + phase) +
      SIDEWAYS * pointer.near * (pointer.x / width - 0.5);
    const pitch =
      turn.y + 0.16 * Math.cos(0.37 * seconds + phase) +
      UPWARDS * pointer.near * (pointer.y / height - 0.5);
    const [cosYaw, sinYaw] = [Math.cos(yaw), Math.sin(yaw)];
    const [cosPitch, sinPitch] = [Math.cos(pitch), Math.sin(pitch)];

    const layers = Array.from({ length: LAYERS }, (_, layer) => {
      const swing = 0.4 * Math.sin(1.1 * seconds + 0.9 * layer + phase);
      const depth = gap * (layer - (LAYERS - 1) / 2 + swing);
      return { layer, depth, behind: depth * cosYaw * cosPitch };
    });
    layers.sort((one, other) => other.behind - one.behind);

    context.lineCap = context.lineJoin = "round";
    layers.forEach(({ layer, depth, behind }, order) => {
      context.beginPath();
      for (const { points, letter } of strokes) {
        const bob = 0.22 * scale * Math.sin(1.4 * seconds + 0.7 * letter - 0.5 * layer);
        points.forEach(([x, y], index) => {
          const [right, down] = [x - width / 2, y + bob - height / 2];
          const turned = right * cosYaw - depth * sinYaw;
          const away = depth * cosYaw + right * sinYaw;
          const near = focus / (focus + away * cosPitch + down * sinPitch);
          const projectedX = width / 2 + turned * near;
          const projectedY = height / 2 + (down * cosPitch - away * sinPitch) * near;
          index ? context.lineTo(projectedX, projectedY) : context.moveTo(projectedX, projectedY);
        });
      }
      const near = focus / (focus + behind);
      context.lineWidth = weight * near;
      context.strokeStyle = theme.ring[onRing(first + 0.1 * layer + 0.03 * seconds)];
      context.globalAlpha = 0.3 + 0.7 * (order / (LAYERS - 1)) ** 1.5;
      context.stroke();
    });
    context.globalAlpha = 1;
    return driftMs;
  };
}
