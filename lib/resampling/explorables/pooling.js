// Pooling on a ring of samples that is moved: does the result move along?
//
// Three steps, so that what a stride does is seen by itself: a window at every place (maximum, mean or none), a binomial
// blur of what comes out, and every s-th value of that.

import { binomial, choice, clamp, curve, drawing, explorable, g, group, label, mean, menu, number, range, rounded, slider, table } from "./kit.js";

// ---------------------------------------------------------------------------------------------- numbers (pure)

const SAMPLES = 16;
const DIGITS = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3];

/** Signals to move, all from 0 to 1. */
export const SIGNALS = {
  blocks: range(SAMPLES).map((j) => (j % 4 < 2 ? 0 : 1)),
  step: range(SAMPLES).map((j) => (j < SAMPLES / 2 ? 0 : 1)),
  wave: range(SAMPLES).map((j) => 0.5 - 0.5 * Math.cos((2 * Math.PI * (j + 0.5)) / SAMPLES)),
  peak: range(SAMPLES).map((j) => (j === 5 ? 1 : 0)),
  digits: DIGITS.map((digit) => digit / 9),
};

const modulo = (j, n) => ((j % n) + n) % n;
export const rolled = (x, by) => x.map((_, j) => x[modulo(j - by, x.length)]);
const norm = (x) => Math.hypot(...x);
const minus = (x, y) => x.map((value, i) => value - y[i]);

/** Binomial taps with the sum 1. */
export const blurTaps = (size) => binomial(size).map((tap) => tap / 2 ** (size - 1));

/** The window at every place j: samples j, ..., j + k - 1 of the ring. */
function windowed(x, mode, k) {
  const seen = (j) => range(k).map((t) => x[(j + t) % x.length]);
  return x.map((value, j) => (mode === "max" ? Math.max(...seen(j)) : mode === "avg" ? mean(seen(j)) : value));
}

/** Window, then blur, at every place of the ring. */
export function dense(x, { mode, kernel_size: k, blur }) {
  const z = windowed(x, mode, k);
  const before = Math.floor((blur - 1) / 2);
  return z.map((_, j) => blurTaps(blur).reduce((sum, w, t) => sum + w * z[modulo(j + t - before, z.length)], 0));
}

const kept = (z, stride) => z.filter((_, j) => j % stride === 0);

/** By how much b must be rolled to be nearest to a: the first roll with the largest product. */
export function nearestRoll(a, b) {
  const products = b.map((_, m) => rolled(b, m).reduce((sum, value, i) => sum + value * a[i], 0));
  const slack = 1e-9 * Math.max(...products.map(Math.abs));
  return products.findIndex((value) => value >= Math.max(...products) - slack);
}

/** How well a is b, moved along: 1 - |a - b'| / (|a| + |b|) with the nearest roll b' of b. */
export function agreement(a, b) {
  const total = norm(a) + norm(b);
  return total ? 1 - norm(minus(a, rolled(b, nearestRoll(a, b)))) / total : 1;
}

/** c_d for each shift d of the ring, its mean taken off. */
function follows(x, state) {
  const level = mean(x);
  const of = (d) => kept(dense(rolled(x, d).map((value) => value - level), state), state.stride);
  const scores = range(state.stride).map((d) => agreement(of(d), of(0)));
  return x.map((_, d) => scores[d % state.stride]);
}

const consistency = (scores, stride) => mean(scores.slice(0, stride));
const span = (x) => Math.max(...x) - Math.min(...x);

/** Everything that the figure shows, from the state alone. */
export function describe(state) {
  const { stride, shift } = state;
  const x = SIGNALS[state.signal].slice(0, SAMPLES - (SAMPLES % stride));
  const level = mean(x);
  const moved = rolled(x, shift);
  const everywhere = dense(moved, state);
  const got = kept(everywhere, stride);
  const still = kept(dense(x, state), stride);
  const centred = (values) => values.map((value) => value - level);
  const roll = nearestRoll(centred(got), centred(still));
  const wanted = rolled(still, roll);
  const scores = follows(x, state);
  const sharp = { ...state, blur: 1 };
  const plain = follows(x, sharp);
  return {
    x, moved, everywhere, got, still, wanted, roll, scores, plain, score: scores[shift % stride],
    consistency: consistency(scores, stride), without: consistency(plain, stride), span: span(dense(x, state)), full: span(dense(x, sharp)),
  };
}

// ----------------------------------------------------------------------------------------------------- words

const list = (values) => values.map(number).join(" ");

const EN = {
  title: "Does pooling follow a shift?",
  groups: { what: "Signal", way: "Way down", sizes: "Sizes" },
  options: {
    signal: { blocks: "blocks of two", step: "one step", wave: "a slow wave", peak: "one peak", digits: "the digits of π" },
    mode: { max: "maximum", avg: "mean", sample: "no window" },
  },
  controls: { signal: "signal", mode: "Way down", shift: "shift", kernel_size: "window k", stride: "stride s", blur: "blur, taps" },
  figure: "Shift and pooling. Left and right arrows move the signal; up and down arrows change the blur.",
  hint: "Drag the blue bars sideways, or use the left and right arrow keys; up and down arrows change the blur.",
  table: "The numbers as a table",
  caption: "Outputs before and after the shift, and what a result that follows would be.",
  head: ["output", "before", "after", "if it followed", "difference"],
  ways: { max: "maximum", avg: "mean", sample: "stride" },
  input: (shift) => `input on a ring, moved by ${shift}`,
  nth: (s) => `every ${s === 1 ? "one" : `${s}${["", "", "nd", "rd", "th"][s]} one`}`,
  output({ mode, kernel_size: k, stride, blur }) {
    const window = { max: `maximum of ${k}`, avg: `mean of ${k}`, sample: "samples" }[mode];
    const blurred = blur > 1 ? `, blurred by ${blur} taps` : "";
    return [`${window}${blurred}: dots, at every place`, `bars: ${this.nth(stride)} is kept; strokes: if it followed`];
  },
  score: (blur) => `how well it follows a shift by d${blur > 1 ? " (rings: without the blur)" : ""}`,
  alt: ({ moved, got, wanted, score }, { shift }) =>
    `Input moved by ${shift}: ${list(moved)}. Output: ${list(got)}. `
    + `The output before, moved along: ${list(wanted)}. It follows to ${number(score)}.`,
  status({ got, wanted, still, roll, score }, { shift, mode }) {
    const off = minus(got, wanted).map(Math.abs);
    const wrong = off.filter((value) => value > 1e-9).length;
    const numbers = (values) => (values.length > 8 ? `${values.length} numbers (in the table)` : list(values));
    const start = ["Moved by ", ["input", `${shift}`], `, the ${this.ways[mode]} gives `, ["output", numbers(got)], "; "];
    if (!shift) return [...start, "this is where the comparison starts. Move the signal."];
    const nearest = got.length > 8 ? [`what it gave before is moved along by ${roll}. `]
      : ["before it was ", ["output", list(still)], `, and moved along as well as it can, by ${roll}, that is ${list(wanted)}. `];
    if (!wrong) return [...start, ...nearest, "It follows: the output is the old one, moved."];
    const how = `${wrong} of ${got.length} outputs differ, by up to ${number(Math.max(...off))}: `;
    return [...start, ...nearest, how, ["strong", `it follows to ${number(score)} of 1`], "."];
  },
  note(view, { stride: s, blur }) {
    const start = `Shift consistency, the mean of the last row over d = 0, …, s − 1: ${rounded(view.consistency, 3)}`;
    const spans = ` What comes out at every place spans ${number(view.span)}, without the blur ${number(view.full)}.`;
    const cost = view.full - view.span > 0.005 ? spans : "";
    if (s === 1) return [`${start}: without a stride everything follows.`];
    return blur === 1 ? [`${start}. The dots follow any shift; the stride keeps ${this.nth(s)}.`]
      : [`${start}, and without the blur ${rounded(view.without, 3)}.${cost}`];
  },
};

// ---------------------------------------------------------------------------------------------------- figures

const LEFT = 26;
const HEIGHT = 92;
const LINE = 15;

/** One panel of columns: a caption, a line to stand on, and 0 and 1 beside it. */
function panel(top, names, width, parts) {
  const floor = top + 6 + LINE * names.length + HEIGHT;
  const sides = [0, 1].map((value) => label(LEFT - 8, floor - value * HEIGHT, value, { class: "index end" }));
  const base = curve([[LEFT, floor], [width, floor]], { class: "soft" });
  const words = names.map((name, i) => label(4, top + 7 + LINE * i, name, { class: "soft start", style: "font-size:12px" }));
  return [words, base, ...sides, ...parts(floor)];
}

/** A bar, as a hair line when its value is 0. */
function bar(x, floor, width, value, attributes) {
  const height = Math.max(1.5, value * HEIGHT);
  return g("rect", { x: x - width / 2, y: floor - height, width, height, rx: 2, ...attributes });
}

function inputPanel(view, state, at, text) {
  const data = { "data-drag": "ring", "data-shift": state.shift, "data-step": at.step };
  return panel(0, [text.input(state.shift)], at.width, (floor) => [
    ...view.moved.map((value, j) => bar(at.x(j), floor, at.step * 0.8, value, { class: "in" })),
    ...view.moved.map((_, j) => label(at.x(j), floor + 10, j, { class: "index" })),
    g("rect", { x: LEFT, y: 20, width: at.width - LEFT, height: HEIGHT + 16, class: "plain", ...data }),
  ]);
}

function outputPanel(view, state, at, text, top) {
  const { stride } = state;
  const y = (floor, value) => floor - value * HEIGHT;
  return panel(top, text.output(state), at.width, (floor) => [
    ...view.got.map((value, i) => bar(at.x(stride * i), floor, at.step * 0.62, value, { class: "out on" })),
    ...view.everywhere.map((value, j) => g("circle", { cx: at.x(j), cy: y(floor, value), r: 2.6, class: "out solid" })),
    ...view.wanted.map((value, i) => stroke(at.x(stride * i), y(floor, value), at.step)),
    ...view.got.flatMap((value, i) => difference(at.x(stride * i), y(floor, value), y(floor, view.wanted[i]))),
    ...view.got.map((_, i) => label(at.x(stride * i), floor + 10, i, { class: "index" })),
  ]);
}

const stroke = (x, y, width) => curve([[x - width / 2, y], [x + width / 2, y]], { style: "stroke-width:2.6" });

/** An arrow from what came to what should have come. */
function difference(x, from, to) {
  if (Math.abs(from - to) < 3) return [];
  const head = Math.sign(from - to) * Math.min(6, Math.abs(from - to));
  const shaft = curve([[x, from], [x, to]], { class: "ker", style: "stroke-width:3" });
  return [shaft, curve([[x - 4, to + head], [x, to], [x + 4, to + head]], { class: "ker" })];
}

function scorePanel(view, state, at, text, top) {
  const height = 56;
  const floor = top + 20 + height;
  const y = (value) => floor - value * height;
  const lit = (d) => d === state.shift;
  const dot = (d, value, look) => g("circle", { cx: at.x(d), cy: y(value), ...look });
  const look = (d) => (lit(d) ? { r: 6, class: "out solid on" } : { r: 3.4, class: "out solid" });
  const dots = view.scores.map((value, d) => dot(d, value, look(d)));
  const ring = { r: 4.6, fill: "none", stroke: "currentColor" };
  const rings = state.blur > 1 ? view.plain.map((value, d) => dot(d, value, ring)) : [];
  const column = { y: top + 14, width: at.step, height: height + 24, class: "plain", style: "cursor:pointer" };
  const columns = view.scores.map((_, d) => g("rect", { x: at.x(d) - at.step / 2, "data-shift": d, ...column }));
  const sides = [0, 1].map((value) => label(LEFT - 8, y(value), value, { class: "index end" }));
  const away = view.score > 0.75 ? 16 : -14;
  const middle = clamp(at.x(state.shift), LEFT + 16, at.width - 16);
  const said = label(middle, y(view.score) + away, number(view.score), { class: "out halo on-text" });
  return [
    label(4, top + 5, text.score(state.blur), { class: "soft start", style: "font-size:12px" }),
    curve([[LEFT, floor], [at.width, floor]], { class: "soft" }),
    curve([[LEFT, y(1)], [at.width, y(1)]], { class: "soft dashed" }), ...sides, ...rings, ...dots, said,
    ...view.scores.map((_, d) => label(at.x(d), floor + 10, d, { class: lit(d) ? "index on-text" : "index" })), ...columns,
  ];
}

function figure(view, state, text, width) {
  const step = clamp((width - LEFT - 4) / view.x.length, 13, 34);
  const at = { step, x: (j) => LEFT + step * (j + 0.5), width: LEFT + step * view.x.length };
  const [second, third] = [HEIGHT + 44, 2 * (HEIGHT + 44) + LINE];
  return drawing(at.width + 4, third + 96, text.alt(view, state),
    inputPanel(view, state, at, text), outputPanel(view, state, at, text, second), scorePanel(view, state, at, text, third));
}

// ------------------------------------------------------------------------------------------- controls and state

const lastShift = ({ stride }) => SAMPLES - (SAMPLES % stride) - 1;
const around = (shift, state) => ({ shift: modulo(shift, lastShift(state) + 1) });

function keys(key, state) {
  if (key === "Home" || key === "End") return { shift: key === "Home" ? 0 : lastShift(state) };
  if (key === "ArrowUp" || key === "ArrowDown") return { blur: state.blur + (key === "ArrowUp" ? 1 : -1) };
  return { ArrowLeft: around(state.shift - 1, state), ArrowRight: around(state.shift + 1, state) }[key] ?? null;
}

function point({ data, held, dx, down }, state) {
  if (held?.drag === "ring") return around(+held.shift + Math.round(dx / held.step), state);
  return down && data.shift !== undefined ? { shift: +data.shift } : null;
}

export default explorable({
  words: { en: EN },
  traits: ["signal", "mode", "kernel_size", "stride", "blur", "shift"],
  groups: [
    group("way", [choice("mode", ["max", "avg", "sample"]), menu("signal", Object.keys(SIGNALS))]),
    group("sizes", [
      slider("kernel_size", ({ mode }) => (mode === "sample" ? null : [1, 6])),
      slider("stride", [1, 4]),
      slider("shift", (state) => [0, lastShift(state)]),
      slider("blur", [1, 7]),
    ], { class: "sizes" }),
  ],
  view: describe,
  figure,
  status: (view, state, text) => text.status(view, state),
  note: (view, state, text) => text.note(view, state),
  table: ({ got, still, wanted }, _state, text) =>
    table(text.caption, text.head, got.map((value, i) => [`y[${i}]`, ...[still[i], value, wanted[i], value - wanted[i]].map(number)])),
  keys,
  point,
});
