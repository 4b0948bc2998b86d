// The shapes of letters and digits, from straight lines and arcs; all drawings use them.
//
// A glyph is a list of strokes, separated by "|". A stroke is a list of points "x,y" and elliptic
// arcs "x,y,rx,ry,from,to" (centre, radii, and angles in degrees, counter-clockwise from the
// right), joined by straight lines. The y axis points up: 0 is the baseline, 5 the height of an x,
// 8 that of a capital letter, and -2.8 the lowest point of a p.
const BOWL = "2.5,2.5,2.5,2.5,0,360";
const DOT = "0,6.95 0,7.45";
const GLYPHS = {
  a: `${BOWL} | 5,5 5,0`,
  b: `0,8 0,0 | ${BOWL}`,
  c: "2.5,2.5,2.5,2.5,48,312",
  d: `${BOWL} | 5,8 5,0`,
  e: "0.1,2.5 5,2.5 2.5,2.5,2.5,2.5,0,318",
  f: "1.2,0 1.2,6.4 2.8,6.4,1.6,1.6,180,65 | 0,5 2.9,5",
  g: `${BOWL} | 5,5 5,-0.5 2.5,-0.5,2.5,2.3,0,-150`,
  h: "0,8 0,0 | 2.25,2.75,2.25,2.25,180,0 4.5,0",
  i: `0,5 0,0 | ${DOT}`,
  j: `0,5 0,-1.2 -1.4,-1.2,1.4,1.6,0,-85 | ${DOT}`,
  k: "0,8 0,0 | 3.9,5 0,1.9 | 1.4,3.01 4.2,0",
  l: "0,8 0,0",
  m: "0,5 0,0 | 1.9,3.1,1.9,1.9,180,0 3.8,0 | 5.7,3.1,1.9,1.9,180,0 7.6,0",
  n: "0,5 0,0 | 2.25,2.75,2.25,2.25,180,0 4.5,0",
  o: BOWL,
  p: `0,5 0,-2.8 | ${BOWL}`,
  q: `5,5 5,-2.8 | ${BOWL}`,
  r: "0,5 0,0 | 2.1,2.9,2.1,2.1,180,60",
  s: "1.8,3.7,1.55,1.3,28,270 1.8,1.2,1.8,1.2,90,-152",
  t: "1.3,7.2 1.3,1.5 2.8,1.5,1.5,1.5,180,290 | 0,5 3.1,5",
  u: "0,5 2.25,2.25,2.25,2.25,180,360 4.5,5 | 4.5,2.25 4.5,0",
  v: "0,5 2.2,0 4.4,5",
  w: "0,5 1.7,0 3.4,5 5.1,0 6.8,5",
  x: "0,5 4.2,0 | 4.2,5 0,0",
  y: "0,5 2.3,0 | 4.6,5 1.01,-2.8",
  z: "0.2,5 4,5 0,0 4.2,0",
  A: "0,0 3.2,8 6.4,0 | 1.12,2.8 5.28,2.8",
  B: "0,4.2 0,8 2.2,6.1,1.9,1.9,90,-90 0,4.2 0,0 2.4,2.1,2.1,2.1,-90,90",
  C: "3.6,4,3.6,4,48,312",
  D: "0,0 0,8 2,4,4,4,90,-90 0,0",
  E: "4.4,8 0,8 0,0 4.4,0 | 0,4.2 4,4.2",
  F: "4.4,8 0,8 0,0 | 0,4.2 3.8,4.2",
  G: "3.8,4,3.8,4,45,360 4.6,4",
  H: "0,8 0,0 | 5.6,8 5.6,0 | 0,4.1 5.6,4.1",
  I: "0,8 0,0",
  J: "3.2,8 1.6,1.6,1.6,1.6,0,-165",
  K: "0,8 0,0 | 5,8 0,3.2 | 1.7,4.83 5.3,0",
  L: "0,8 0,0 4,0",
  M: "0,0 0.8,8 3.8,1.6 6.8,8 7.6,0",
  N: "0,0 0,8 5.8,0 5.8,8",
  O: "4,4,4,4,0,360",
  P: "0,0 0,8 2.4,5.8,2.2,2.2,90,-90 0,3.6",
  Q: "4,4,4,4,0,360 | 4.9,2.4 7.4,-0.4",
  R: "0,0 0,8 2.4,5.8,2.2,2.2,90,-90 0,3.6 | 2.4,3.6 4.9,0",
  S: "2.5,5.95,2.15,2.05,30,270 2.5,1.95,2.5,1.95,90,-150",
  T: "0,8 5.4,8 | 2.7,8 2.7,0",
  U: "0,8 2.8,2.8,2.8,2.8,180,360 5.6,8",
  V: "0,8 3.1,0 6.2,8",
  W: "0,8 2.3,0 4.6,8 6.9,0 9.2,8",
  X: "0,8 5.6,0 | 5.6,8 0,0",
  Y: "0,8 2.9,4 5.8,8 | 2.9,4 2.9,0",
  Z: "0.2,8 5,8 0,0 5.2,0",
  0: "2.6,4,2.6,4,0,360",
  1: "0,6.4 1.8,8 1.8,0",
  2: "2.3,5.7,2.3,2.3,168,-35 0,0 4.8,0",
  3: "2.2,6.1,2,1.9,150,-90 2.2,2.1,2.4,2.1,90,-150",
  4: "4,0 4,8 0,2.2 5.4,2.2",
  5: "4.3,8 0.8,8 0.37,4.34 2.3,2.6,2.6,2.6,138,-145",
  6: "2.78,8 0.33,3.75 2.5,2.5,2.5,2.5,150,510",
  7: "0,8 4.8,8 1.4,0",
  8: "2.4,6.1,1.9,1.9,-90,270 2.4,2.1,2.4,2.1,90,-270",
  9: "2.22,0 4.67,4.25 2.5,5.5,2.5,2.5,-30,330",
  " ": "",
};
const GAP = 1.75;
const SPACE = 2.2;
const WEIGHT = 1.05;
const ARC_STEP = 15;

// The points of one stroke. `keys` are the indices of those that are vertices of the glyph, as
// opposed to the points inside an arc.
function stroke(text, letter) {
  const [points, keys] = [[], []];
  const add = (x, y, key) => {
    const [lastX, lastY] = points.at(-1) ?? [];
    if (Math.hypot(x - lastX, y - lastY) < 0.02) return;
    if (key) keys.push(points.length);
    points.push([x, y]);
  };
  for (const part of text.trim().split(/\s+/)) {
    const [x, y, width, height, from, to] = part.split(",").map(Number);
    if (width === undefined) {
      add(x, y, true);
      continue;
    }
    const count = Math.ceil(Math.abs(to - from) / ARC_STEP);
    for (let index = 0; index <= count; index++) {
      const angle = ((from + ((to - from) * index) / count) * Math.PI) / 180;
      const key = index === 0 || index === count;
      add(x + width * Math.cos(angle), y + height * Math.sin(angle), key);
    }
  }
  // A dot counts as one vertex.
  if (text.trim() === DOT) keys.pop();
  return { letter, points, keys };
}

// The strokes of a word in pixels, with y pointing down, in the middle of a box of `width` ×
// `height`.
export function fitWord(text, width, height) {
  const strokes = [];
  let pen = 0;
  [...text].forEach((character, letter) => {
    const parts = GLYPHS[character].split("|").filter((part) => part.trim());
    const glyph = parts.map((part) => stroke(part, letter));
    const columns = glyph.flatMap(({ points }) => points.map(([x]) => x));
    const left = columns.length ? Math.min(...columns) : 0;
    for (const { points } of glyph) for (const point of points) point[0] += pen - left;
    pen += columns.length ? Math.max(...columns) - left + GAP : SPACE;
    strokes.push(...glyph);
  });
  const all = strokes.flatMap(({ points }) => points);
  const right = Math.max(...all.map(([x]) => x));
  const [top, bottom] = [Math.max(...all.map(([, y]) => y)), Math.min(...all.map(([, y]) => y))];
  // The height limits the size of short words.
  const [wide, high] = [right + WEIGHT, top - bottom + WEIGHT];
  const scale = Math.min((0.86 * width) / wide, (0.6 * height) / high);
  for (const point of all) {
    point[0] = width / 2 + (point[0] - right / 2) * scale;
    point[1] = height / 2 - (point[1] - (top + bottom) / 2) * scale;
  }
  return { strokes, scale, weight: WEIGHT * scale, letters: [...text].length };
}

// Adds a line through `points` to the path of `context`.
export function trace(context, points) {
  context.moveTo(points[0][0], points[0][1]);
  for (let index = 1; index < points.length; index++) {
    context.lineTo(points[index][0], points[index][1]);
  }
}
