// Ranges and ticks of the axes of the loss curve: steps are linear, losses logarithmic.

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const powerWords = (power) => {
  const digits = [...String(Math.abs(power))].map((digit) => SUPERSCRIPTS[Number(digit)]).join("");
  return `10${power < 0 ? "⁻" : ""}${digits}`;
};

// Ticks for the steps 1 to `last`: multiples of 1, 2 or 5 times a power of ten, at most `most`.
export function roundSteps(last, most) {
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
export function logRange(rows) {
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
export function powerTicks([low, high], most) {
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
