// The colours of the drawings on a light and on a dark page, and random numbers from a seed.
const RING_STEPS = 96;

const channels = (color) => [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));

function ring(anchors) {
  return Array.from({ length: RING_STEPS }, (_, step) => {
    const at = (step / RING_STEPS) * anchors.length;
    const [from, to] = [at, at + 1].map((k) => channels(anchors[Math.floor(k) % anchors.length]));
    const mixed = from.map((value, k) => Math.round(value + (to[k] - value) * (at % 1)));
    return `rgb(${mixed.join(" ")})`;
  });
}

const LIGHT = {
  ring: ring(["#0072b2", "#6b4fbb", "#b83280", "#d55e00", "#a87900", "#00805e"]),
  floor: ["#fffdf4", "#f3e3bd", "#b9a27a"],
};
export const DARK = {
  ring: ring(["#4db2f0", "#a48bf0", "#f078b8", "#ff8a4c", "#f2c14e", "#3fcfa0"]),
  floor: ["#b99a62", "#5d4d36", "#211d1a"],
};
// The index in a ring of colours for a position; positions that differ by 1 have the same colour.
export const onRing = (position) => Math.floor((position - Math.floor(position)) * RING_STEPS);

// The colours that suit the page, whose theme is recognised by the colour of its text.
export function readTheme(canvas) {
  const probe = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  probe.fillStyle = getComputedStyle(canvas).color;
  probe.fillRect(0, 0, 1, 1);
  const [red, green, blue] = probe.getImageData(0, 0, 1, 1).data;
  // Light text means a dark page. The opacity of the text is ignored.
  const dark = 0.2126 * red + 0.7152 * green + 0.0722 * blue > 127;
  return dark ? DARK : LIGHT;
}

// A generator of numbers in [0, 1) that are determined by a seed: "mulberry32", with 32 bits of
// state.
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
