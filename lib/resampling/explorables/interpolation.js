// Interpolation: a kernel laid on the wanted place, the weights that it gives to the samples, and what it passes.

import { choice, clamp, curve, drawing, explorable, g, group, h, joined, label, number, plane, range, rounded, sinc, slider, table } from "./kit.js";

// ---------------------------------------------------------------------------------------------- numbers (pure)

export const SAMPLES = [1, 1.5, 2, 1, 0.5, 1.75, 1.25, 0.75];
const LAST = SAMPLES.length - 1;

/** The cubics of Mitchell and Netravali. */
function cubic(t, B, C) {
  if (t <= 1) return (((12 - 9 * B - 6 * C) * t + (12 * B + 6 * C - 18)) * t * t + 6 - 2 * B) / 6;
  return t < 2 ? (((-(B + 6 * C) * t + 6 * B + 30 * C) * t - (12 * B + 48 * C)) * t + 8 * B + 24 * C) / 6 : 0;
}

/** Kernels by name: `at(t, a)`, 0 from the radius `reach` on. */
export const KERNELS = {
  nearest: { reach: 0.5, at: (t) => (t > -0.5 && t <= 0.5 ? 1 : 0) },
  linear: { reach: 1, at: (t) => Math.max(0, 1 - Math.abs(t)) },
  cubic: { reach: 2, at: (t, a) => cubic(Math.abs(t), 0, -a) },
  mitchell: { reach: 2, at: (t) => cubic(Math.abs(t), 1 / 3, 1 / 3) },
  lanczos: { reach: 3, at: (t) => (Math.abs(t) < 3 ? sinc(t) * sinc(t / 3) : 0) },
};

/** The kernel of a state, made `stretch` times as wide and as much lower. */
const shapeOf = ({ kernel, a, stretch }) => (t) => KERNELS[kernel].at(t / stretch, a) / stretch;

/** The weights at coordinate c before they are divided by their sum: [{j, weight}], samples outside included. */
export function rawWeights(state, c) {
  const reach = KERNELS[state.kernel].reach * state.stretch;
  const first = Math.ceil(c - reach);
  return range(Math.max(0, Math.floor(c + reach) - first + 1)).map((i) => ({ j: first + i, weight: shapeOf(state)(first + i - c) }));
}

/** What each sample counts: the weights, divided by their sum; those outside go to the sample at the border. */
export function weightsAt(state, c) {
  const raw = rawWeights(state, c);
  const sum = raw.reduce((total, { weight }) => total + weight, 0);
  const weights = SAMPLES.map(() => 0);
  for (const { j, weight } of raw) weights[clamp(j, 0, LAST)] += weight / sum;
  return { weights, sum, outside: raw.filter(({ j, weight }) => weight && j !== clamp(j, 0, LAST)).length };
}

const valueAt = (state, c) => weightsAt(state, c).weights.reduce((total, weight, j) => total + weight * SAMPLES[j], 0);

const STEP = 1 / 256;

/** How much of frequency f passes: the kernel times cos(2 pi f t), integrated by the midpoint rule, over its area. */
export function response({ kernel, a }, f) {
  const { at, reach } = KERNELS[kernel];
  const places = range(2 * reach / STEP).map((i) => -reach + (i + 0.5) * STEP);
  const area = places.reduce((sum, t) => sum + at(t, a), 0);
  return places.reduce((sum, t) => sum + at(t, a) * Math.cos(2 * Math.PI * f * t), 0) / area;
}

export const FLOOR = -70;
export const decibels = (gain) => 20 * Math.log10(Math.max(Math.abs(gain), 10 ** (FLOOR / 20)));

const HIGHEST = 4; // cycles per sample
const POINTS = 160;
const remembered = new Map();

/** The response in decibels from 0 to HIGHEST; drawn again and again while the place is dragged. */
function curveOf(state) {
  const name = [state.kernel, state.kernel === "cubic" && state.a, state.stretch].join();
  const level = (i) => decibels(response(state, (HIGHEST * i * state.stretch) / POINTS));
  if (!remembered.has(name)) remembered.set(name, range(POINTS + 1).map(level));
  return remembered.get(name);
}

/** Everything that the figure shows, from the state alone. */
export function describe(state) {
  const here = weightsAt(state, state.position);
  const levels = curveOf(state);
  const value = here.weights.reduce((total, weight, j) => total + weight * SAMPLES[j], 0);
  const beyond = Math.max(...levels.slice(POINTS / HIGHEST));
  return { ...here, value, levels, edge: decibels(response(state, 0.5)), quarter: decibels(response(state, 0.25)), beyond };
}

// ----------------------------------------------------------------------------------------------------- words

const three = (value) => rounded(value, 3);
const inDecibels = (level) => (level <= FLOOR + 0.05 ? `below −${-FLOOR} dB` : `${rounded(level, 1)} dB`);
const bracketed = (value) => (value < 0 ? `(${three(value)})` : three(value));

const EN = {
  title: "A kernel and what it passes",
  groups: { kernel: "Kernel", sizes: "Sizes" },
  options: { kernel: { nearest: "nearest", linear: "linear", cubic: "cubic", mitchell: "Mitchell", lanczos: "Lanczos-3" } },
  controls: { kernel: "Kernel", position: "wanted place c", a: "slope a", stretch: "stretch" },
  figure: "Kernel. Left and right arrows move the wanted place; up and down arrows choose the kernel.",
  hint: "Drag the kernel sideways. Or use the arrow keys: left and right move it, up and down choose another.",
  table: "The numbers as a table",
  caption: "The weight of each sample.",
  head: ["sample", "value", "weight", "product"],
  place: (c) => `the kernel, laid on ${number(c)}`,
  weight: "weight of each sample",
  frequency: "cycles per input sample",
  passed: "passed, in dB",
  picture: "picture",
  images: "images of it",
  alt: ({ weights, value }, { kernel, position }) =>
    `Samples ${SAMPLES.map(number).join(", ")}. The ${kernel} kernel laid on ${number(position)} gives them the weights `
    + `${weights.map(three).join(", ")}; the value is ${three(value)}.`,
  passes: ({ quarter, edge, beyond }, stretch) => `${inDecibels(quarter)} at ${three(0.25 / stretch)} cycles a sample, `
    + `${inDecibels(edge)} at ${three(0.5 / stretch)} (dotted line), at most ${inDecibels(beyond)} from 1 on.`,
  response(view, { kernel, stretch }) {
    return `What the ${kernel} kernel passes: ${this.passes(view, stretch)}`;
  },
  status({ weights, value, sum, outside }, { position }) {
    const read = weights.map((weight, j) => ({ weight, x: SAMPLES[j] })).filter(({ weight }) => Math.abs(weight) > 1e-9);
    const terms = read.map(({ weight, x }) => [["kernel", bracketed(weight)], "·", ["input", number(x)]]);
    const shown = terms.length <= 6 ? [...joined(terms, " + "), " = "] : [`${terms.length} products, together `];
    const unity = Math.abs(sum - 1) < 1e-9 ? " The weights add up to 1." : ` Before the division the weights add up to ${three(sum)}.`;
    const are = outside === 1 ? "is" : "are";
    const border = outside ? ` ${outside} of them ${are} for places outside, where the sample at the border is repeated.` : "";
    return [`At ${number(position)}: `, ...shown, ["output", three(value)], ".", unity, border];
  },
  unity: {
    nearest: "Its copies on the whole numbers fill the line without overlap: they add up to 1 everywhere, a partition of unity.",
    linear: "Its copies on the whole numbers add up to 1 everywhere: a partition of unity.",
    cubic: "Its copies on the whole numbers add up to 1 everywhere, for every a: a partition of unity.",
    mitchell: "Its copies add up to 1 everywhere, a partition of unity; but k(0) = 8/9, so it does not keep the samples.",
    lanczos: "Its copies add up to 1 only nearly, so the weights are divided by their sum: no partition of unity by itself.",
  },
  wider: (stretch) => `${rounded(stretch, 2)} times as wide, it is the filter for a picture as many times smaller.`,
  note(view, { kernel, stretch }) {
    return [`${stretch === 1 ? this.unity[kernel] : this.wider(stretch)} Passed: ${this.passes(view, stretch)}`];
  },
};

// ---------------------------------------------------------------------------------------------------- figures

const small = (x, y, text, more = "soft start") => label(x, y, text, { class: more, style: "font-size:12px" });
const area = (points, floor, style) => curve([[points[0][0], floor], ...points, [points.at(-1)[0], floor]], { style });

function kernelFigure(view, state, text, width) {
  const { position: c } = state;
  const [from, to] = [8, width - 8];
  const { x, y } = plane({ from, to, low: -0.7, high: LAST + 0.7 }, { from: 210, to: 22, low: -0.4, high: 2.2 });
  const shape = shapeOf(state);
  const reach = KERNELS[state.kernel].reach * state.stretch;
  const [low, high] = [Math.max(-0.7, c - reach), Math.min(LAST + 0.7, c + reach)];
  const outline = range(121).map((i) => low + ((high - low) * i) / 120).map((t) => [x(t), y(shape(t - c))]);
  const walls = state.kernel === "nearest" ? [[x(low), y(0)], ...outline.slice(1, -1), [x(high), y(0)]] : outline;
  const trace = range(301).map((i) => (LAST * i) / 300).map((t) => [x(t), y(valueAt(state, t))]);
  const wide = x(1) - x(0) > 44;
  const bars = view.weights.flatMap((weight, j) => (Math.abs(weight) < 1e-9 ? [] : [
    curve([[x(j), y(0)], [x(j), y(weight)]], { class: "ker", style: "stroke-width:4" }),
    label(x(j), 234, wide ? three(weight) : number(weight), { class: "ker", style: "font-size:11px;font-weight:600" }),
  ]));
  const samples = SAMPLES.map((value, j) => g("circle", { cx: x(j), cy: y(value), r: 5, class: "in solid" }));
  const ticks = SAMPLES.map((_, j) => label(x(j), 218, j, { class: "index" }));
  const data = { "data-drag": "kernel", "data-from": x(0), "data-per": x(1) - x(0) };
  const hold = g("rect", { x: from, y: 16, width: to - from, height: 212, class: "plain", ...data });
  const turned = `rotate(45 ${x(c)} ${y(view.value)})`;
  const mark = g("rect", { x: x(c) - 6, y: y(view.value) - 6, width: 12, height: 12, class: "out solid", transform: turned });
  const above = clamp(x(c), from + 22, to - 22);
  return drawing(width, 262, text.alt(view, state), small(from, 8, text.place(c)), small(from, 252, text.weight, "ker start"),
    area(walls, y(0), "fill:var(--xp-ker);fill-opacity:.15;stroke:none"),
    curve(trace, { class: "out", style: "stroke-width:1.2;stroke-opacity:.6" }), curve([[from, y(0)], [to, y(0)]], { class: "soft" }),
    curve(walls, { class: "ker" }), curve([[x(c), y(0)], [x(c), y(view.value)]], { class: "out dashed" }), bars, samples, mark,
    label(above, y(view.value) - 17, three(view.value), { class: "out halo on-text" }), ticks, hold);
}

function responseFigure(view, state, text, width) {
  const { x, y } = plane({ from: 34, to: width - 8, low: 0, high: HIGHEST }, { from: 210, to: 34, low: FLOOR, high: 5 });
  const points = view.levels.map((level, i) => [x((HIGHEST * i) / POINTS), y(level)]);
  const [half, edge] = [0.5, 0.5 / state.stretch];
  const pass = g("rect", { x: x(0), y: y(5), width: x(half) - x(0), height: y(FLOOR) - y(5), class: "in plain" });
  const ticks = range(HIGHEST + 1).map((f) => label(x(f), 220, f, { class: "index" }));
  const levels = [0, -20, -40, -60].map((level) => label(28, y(level), rounded(level, 0), { class: "index end" }));
  const faint = { class: "soft", style: "stroke-opacity:.35" };
  const lines = [0, -20, -40, -60].map((level) => curve([[x(0), y(level)], [x(HIGHEST), y(level)]], faint));
  return drawing(width, 246, text.response(view, state), small(4, 8, text.passed), pass, lines,
    small(x(0.25) - 16, 24, text.picture, "in start"), small(x(2.25), 24, text.images, "soft"),
    curve([[x(0), y(5)], [x(0), y(FLOOR)], [x(HIGHEST), y(FLOOR)]], { class: "soft" }),
    curve([[x(edge), y(5)], [x(edge), y(FLOOR)]], { style: "stroke-dasharray:2 3" }), curve(points, { class: "ker" }),
    g("circle", { cx: x(edge), cy: y(view.edge), r: 4.5, class: "ker solid" }), ticks, label(x(half), 220, "½", { class: "index" }), levels,
    label(width - 8, 236, text.frequency, { class: "index end" }));
}

function figure(view, state, text, width) {
  const beside = width > 600;
  const left = beside ? Math.min(430, Math.floor(width * 0.56)) : clamp(width, 270, 480);
  const right = beside ? Math.min(360, width - left - 26) : left;
  return h("div", { class: "xp-row" }, kernelFigure(view, state, text, left), responseFigure(view, state, text, right));
}

// ------------------------------------------------------------------------------------------- controls and state

const inSteps = (value) => Math.round(20 * value) / 20;
const NAMES = Object.keys(KERNELS);

function keys(key, { position, kernel }) {
  if (key === "Home" || key === "End") return { position: key === "Home" ? 0 : LAST };
  const step = { ArrowUp: -1, ArrowDown: 1 }[key];
  if (step) return { kernel: NAMES[clamp(NAMES.indexOf(kernel) + step, 0, NAMES.length - 1)] };
  return { ArrowLeft: { position: position - 0.05 }, ArrowRight: { position: position + 0.05 } }[key] ?? null;
}

const point = ({ held, x }) => (held?.drag ? { position: (x - held.from) / held.per } : null);

export default explorable({
  words: { en: EN },
  traits: ["kernel", "a", "position", "stretch"],
  groups: [
    group("kernel", [choice("kernel", NAMES)]),
    group("sizes", [
      slider("position", [0, LAST], { step: 0.05 }),
      slider("a", ({ kernel }) => (kernel === "cubic" ? [-1, 0] : null), { step: 0.05 }),
      slider("stretch", [1, 4], { step: 0.25 }),
    ], { class: "sizes" }),
  ],
  tidy: (state) => ({ ...state, position: clamp(inSteps(state.position), 0, LAST) }),
  view: describe,
  figure,
  status: (view, state, text) => text.status(view, state),
  note: (view, state, text) => text.note(view, state),
  table: ({ weights }, _state, text) =>
    table(text.caption, text.head, weights.map((weight, j) => [`x[${j}]`, number(SAMPLES[j]), three(weight), three(weight * SAMPLES[j])])),
  keys,
  point,
});
