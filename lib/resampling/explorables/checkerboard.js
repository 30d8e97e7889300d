// The kernel of a transposed convolution, its phase gains, and what a constant becomes behind one or more such layers.
//
// Symbols: k kernel size, s stride, r phase, w taps, e phase gains, W the kernel's spectrum. A kernel is {taps, shape}:
// its numbers in one list and one size for each axis, and no function below needs to know how many axes there are.

import { bitmap, button, cell, choice, clamp, curve, drawing, explorable, factor, flat, g, group, h, indices, joined, label, mean, menu, number, on, picture, plane, product, range, rounded, slider, sum, table } from "./kit.js";

// ---------------------------------------------------------------------------------------------- numbers (pure)

const most = (values) => Math.max(0, ...values);
const least = (values) => Math.min(0, ...values);
const rest = (a, s) => ((a % s) + s) % s;

/** The kernel that a state describes. */
export const kernelOf = ({ mode, weight, weight2d }) =>
  mode === "2d" ? { taps: weight2d.flat(), shape: [weight2d.length, weight2d[0].length] } : { taps: weight, shape: [weight.length] };

const strides = ({ shape }, s, layers = 1) => shape.map(() => s ** layers);

/** The phase of each tap, as a place in the flat list of phases: t mod s on every axis. */
export const phasesOf = (kernel, s) => indices(kernel.shape).map((tap) => flat(tap.map((t) => t % s), strides(kernel, s)));

/** e[r]: the sum of the taps of each phase. With `taps` all 1 it is their number. */
export function phaseGains(kernel, s, taps = kernel.taps) {
  const gains = Array(product(strides(kernel, s))).fill(0);
  phasesOf(kernel, s).forEach((r, t) => { gains[r] += taps[t]; });
  return gains;
}

export const tapCounts = (kernel, s) => phaseGains(kernel, s, kernel.taps.map(() => 1));

/** max(e) − min(e) ≤ tol · sum |w| */
export const isClean = ({ taps }, gains, tol = 1e-5) => Math.max(...gains) - Math.min(...gains) <= tol * sum(taps.map(Math.abs));

/** The nearest kernel whose gains are all equal: each phase shares its correction g − e[r] evenly among its n[r] taps. */
export function cleanProjection(kernel, s) {
  const [gains, counts] = [phaseGains(kernel, s), tapCounts(kernel, s)];
  const share = counts.map((n) => 1 / Math.max(n, 1));
  const level = counts.includes(0) ? 0 : sum(gains.map((e, r) => e * share[r])) / sum(share);
  const phases = phasesOf(kernel, s);
  return kernel.taps.map((w, t) => w + (level - gains[phases[t]]) * share[phases[t]]);
}

/** |W(f)|, f in cycles per sample, one number for each axis. */
export function magnitude({ taps, shape }, f) {
  const angles = indices(shape).map((tap) => 2 * Math.PI * sum(tap.map((t, axis) => t * f[axis])));
  return Math.hypot(sum(taps.map((w, i) => w * Math.cos(angles[i]))), sum(taps.map((w, i) => w * Math.sin(angles[i]))));
}

/** The multiples of 1/s on every axis but 0: where W must vanish. */
export const forbidden = ({ shape }, s) => indices(shape.map(() => s)).slice(1).map((m) => m.map((one) => one / s));

/** What one layer makes of `x`, which repeats itself for ever: a flat list with the period `period` on each axis. */
export function layer(kernel, s, x, period) {
  const [small, large] = [kernel.shape.map(() => period), kernel.shape.map(() => s * period)];
  const taps = indices(kernel.shape);
  const out = indices(large).map((j) => sum(taps.map((tap, i) => {
    if (tap.some((t, axis) => (j[axis] - t) % s)) return 0;
    return kernel.taps[i] * x[flat(tap.map((t, axis) => rest((j[axis] - t) / s, period)), small)];
  })));
  return out;
}

/** One period of a constant 1 behind 1, 2, …, `layers` layers, away from the border. */
export function stack(kernel, s, layers) {
  const rows = [[1]];
  for (const l of range(layers)) rows.push(layer(kernel, s, rows[l], s ** l));
  return rows.slice(1);
}

/** Standard deviation over root mean square: 0 for a constant, 1 where the mean is 0. */
export function contrast(values) {
  const [middle, square] = [mean(values), mean(values.map((v) => v * v))];
  return square ? Math.sqrt(mean(values.map((v) => (v - middle) ** 2)) / square) : 0;
}

/** Share of the AC energy of `x` at the multiples of 1/s. */
export function nyquistEnergy(x, shape, s, tol = 1e-5) {
  const phases = Array(s ** shape.length).fill(0);
  const middle = mean(x);
  indices(shape).forEach((j, i) => { phases[flat(j.map((one) => one % s), shape.map(() => s))] += x[i] - middle; });
  const each = x.length / phases.length;
  const energy = mean(x.map((v) => (v - middle) ** 2));
  if (energy <= tol ** 2 * mean(x.map((v) => v * v))) return 0;
  return clamp(mean(phases.map((total) => (total / each) ** 2)) / energy, 0, 1);
}

/** Numbers from −2 to 2 that look drawn by lot, the same for the same seed. */
export function drawn(seed, count) {
  let a = (seed + 1) * 0x9e3779b9;
  return range(count).map(() => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.round((((t ^ (t >>> 14)) >>> 0) / 2 ** 30 - 2) * 100) / 100;
  });
}

/** Bilinear upsampling by s as a transposed convolution, one axis. */
export const bilinear = (s) => range(2 * s - (s % 2)).map((t) => 1 - Math.abs(t - (2 * s - (s % 2) - 1) / 2) / s);

/** Kernels to start from: one axis from {s, k, seed}, and the stride that belongs to it where it has one. */
export const PRESETS = {
  counting: { stride: 2, make: () => [1, 2, 3, 4] },
  tent: { stride: 2, make: () => [1, 2, 1] },
  three: { stride: 2, make: () => [1, 1, 1] },
  four: { stride: 2, make: () => [1, 1, 1, 1] },
  bilinear: { make: ({ s }) => bilinear(s) },
  random: {},
  icnr: {},
  chessboard: { stride: 2 },
};
const MOST = { "1d": 8, "2d": 6 }; // taps on an axis

/** The taps of a preset, in rows: one row on a line. */
export function presetRows(name, { mode, seed }, s, k) {
  const flatRows = (taps, n) => (mode === "2d" ? range(n).map((row) => taps.slice(row * n, (row + 1) * n)) : [taps]);
  if (name === "random") return flatRows(drawn(seed, mode === "2d" ? k * k : k), k);
  if (name === "icnr") return copies(mode, seed, s);
  if (name === "chessboard") return [[1, 0], [0, 1]]; // on a picture only
  const line = PRESETS[name].make({ s });
  return mode === "2d" ? line.map((a) => line.map((b) => a * b)) : [line];
}

/** ICNR: random taps of a small kernel, each copied into all phases. */
function copies(mode, seed, s) {
  const n = Math.min(2, Math.floor(MOST[mode] / s));
  const small = drawn(seed, mode === "2d" ? n * n : n);
  const at = (t) => Math.floor(t / s);
  return range(mode === "2d" ? n * s : 1).map((a) => range(n * s).map((b) => small[at(a) * n + at(b)]));
}

const fittingTap = (tap, taps) => Math.min(tap, taps.length - 1);

/** Everything that the figure shows, from the state alone. */
export function describe(state) {
  const { stride: s, layers } = state;
  const kernel = kernelOf(state);
  const [gains, counts, phases] = [phaseGains(kernel, s), tapCounts(kernel, s), phasesOf(kernel, s)];
  const outputs = stack(kernel, s, layers);
  const tap = fittingTap(state.tap, kernel.taps);
  const last = outputs.at(-1);
  return {
    kernel, gains, counts, phases, outputs, tap, s, layers, phase: phases[tap], phaseNames: indices(strides(kernel, s)),
    tapNames: indices(kernel.shape), clean: isClean(kernel, gains), even: counts.every((n) => n === counts[0]),
    contrast: contrast(last), score: nyquistEnergy(last, strides(kernel, s, layers), s),
    marks: forbidden(kernel, s).map((f) => ({ f, value: magnitude(kernel, f) })),
  };
}

// ----------------------------------------------------------------------------------------------------- words

const short = (value) => rounded(value, 3);
const howMany = (n) => `${n} ${n === 1 ? "tap" : "taps"}`;
const between = (counts) => [...new Set(counts)].sort((a, b) => b - a).join(" or ");
const shared = (a, b) => (b ? shared(b, a % b) : a);
const fraction = (m, s) => (m ? `${m / shared(m, s)}/${s / shared(m, s)}` : "0");

const EN = {
  title: "The kernel of a transposed convolution, and what it makes of a constant",
  groups: { mode: "Kernel", sizes: "Sizes", acts: "Change it" },
  options: {
    mode: { "1d": "1-D", "2d": "2-D" },
    preset: {
      own: "own taps", counting: "1, 2, 3, 4", tent: "1, 2, 1", three: "three ones", four: "four ones", bilinear: "bilinear",
      random: "random", icnr: "ICNR (random, copied)", chessboard: "the diagonal",
    },
  },
  controls: {
    mode: "Axes", preset: "Start from", size: "kernel size k", stride: "stride s", layers: "layers L", draw: "Draw taps by lot",
    project: "Project: nearest clean kernel", value: (state) => `tap w[${describe(state).tapNames[describe(state).tap].join(",")}]`,
  },
  figure: "Kernel. Arrow keys choose a tap, plus and minus change its value.",
  hint: "Drag a bar or a number of the kernel. Or use the keys on the drawing: arrows choose a tap, plus and minus change it.",
  table: "The numbers as a table",
  caption: "Phases of the kernel: taps counted, and added up.",
  head: ["phase", "taps", "how many", "sum: gain"],
  names: {
    kernel: "kernel w", tap: "tap", phase: "phase", count: "taps, counted", gain: "taps, added: gain", gains: "gain of each phase",
    input: "constant input", layer: (l) => `after ${l} ${l > 1 ? "layers" : "layer"}`,
    spectrum: "|W(f)|, must be 0 at the circles", frequency: "f, cycles per sample",
    grey: "flat grey, after the layers", howMany,
  },
  alt({ kernel, gains, counts, s, clean, phaseNames, tapNames }) {
    const taps = tapNames.map((tap, i) => `w[${tap.join(",")}] = ${short(kernel.taps[i])}`).join(", ");
    const sums = phaseNames.map((r, i) => `phase ${r.join(",")}: ${howMany(counts[i])}, sum ${short(gains[i])}`).join("; ");
    const verdict = clean ? "The sums are equal: no checkerboard." : "The sums differ: a checkerboard.";
    return `Kernel of a transposed convolution with stride ${s}: ${taps}. ${sums}. ${verdict}`;
  },
  tap({ kernel, gains, phases, phase, phaseNames, tapNames, tap }) {
    const terms = kernel.taps.map((w, t) => [w, t]).filter(([, t]) => phases[t] === phase);
    const name = phaseNames[phase].join(",");
    const symbols = terms.map(([, t]) => [["kernel", `w[${tapNames[t].join(",")}]`]]);
    const values = terms.map(([w]) => [["kernel", factor(w)]]);
    const total = terms.length > 1 ? [...joined(symbols, " + "), " = ", ...joined(values, " + "), " = "] : [];
    return ["Tap ", ["kernel", `w[${tapNames[tap].join(",")}] = ${number(kernel.taps[tap])}`], ` meets phase ${name}, whose gain is `,
      ...total, ["output", short(gains[phase])], ". "];
  },
  verdict({ gains, counts, clean, even }) {
    const counted = even ? `${howMany(counts[0])} for every output, so no pattern` : `${between(counts)} taps for an output, so a pattern`;
    const [low, high] = [Math.min(...gains), Math.max(...gains)].map(short);
    const added = clean ? `all gains are ${low}, no pattern` : `gains from ${low} to ${high}, a checkerboard`;
    const blank = clean && gains.every((e) => Math.abs(e) < 1e-9) ? " But nothing of a constant is left." : "";
    return [`Counting: ${counted}. Adding: ${added}.${blank} `, ["strong", `Here counting is ${clean === even ? "right" : "wrong"}.`]];
  },
  note({ s, layers, contrast, score, marks, kernel }) {
    const pattern = contrast > 1e-9 ? `period ${s ** layers}` : "no pattern";
    const found = `${pattern}, contrast ${short(contrast)}, Nyquist score ${short(score)} (s = ${s}).`;
    const strongest = Math.max(...marks.map(({ value }) => value));
    const zero = magnitude(kernel, kernel.shape.map(() => 0));
    const spectrum = marks.length ? ` Largest |W| at a circle (full if not 0): ${short(strongest)}, beside |W(0)| = ${short(zero)}.` : "";
    return [`Behind ${layers} ${layers > 1 ? "layers" : "layer"}: ${found}${spectrum}`];
  },
};

// ---------------------------------------------------------------------------------------------------- figures

const caption = (text, y = 8) => label(2, y, text, { class: "soft start", style: "font-size:12px" });

/** Where the bars of the taps stand; `value(y)` reads a height back. */
export function bars(kernel, width = 300) {
  const [left, top, bottom] = [46, 34, 156];
  const axis = { from: bottom, to: top, low: Math.min(-2, least(kernel.taps)), high: Math.max(4, most(kernel.taps)) };
  const step = Math.min(46, (width - left - 4) / kernel.taps.length);
  const at = plane(axis, axis);
  return { left, top, bottom, step, y: at.y, value: at.back, width: left + step * kernel.taps.length + 4, height: bottom + 46 };
}

function tapBars(view, text, width) {
  const { kernel, phases, phase, tap } = view;
  const at = bars(kernel, width);
  const columns = kernel.taps.map((w, t) => {
    const x = at.left + t * at.step;
    const [low, high] = [at.y(Math.min(w, 0)), at.y(Math.max(w, 0))];
    const middle = x + at.step / 2;
    return [
      g("rect", { x: x + 4, y: high, width: at.step - 8, height: Math.max(low - high, 1), rx: 2, class: on(phases[t] === phase, "ker") }),
      label(middle, w < 0 ? low + 10 : high - 10, number(w), { style: "font-size:12px", class: t === tap ? "on-text" : "" }),
      label(middle, at.bottom + 18, t, { class: t === tap ? "on-text" : "" }),
      label(middle, at.bottom + 36, phases[t], { class: phases[t] === phase ? "on-text" : "soft" }),
      t === tap ? g("rect", { x: x + 1, y: at.top - 10, width: at.step - 2, height: at.height - at.top + 8, rx: 4, class: "band" }) : [],
      g("rect", { x, y: at.top - 14, width: at.step, height: at.bottom - at.top + 22, class: "plain", "data-drag": "tap", "data-tap": t }),
    ];
  });
  const zero = g("line", { x1: at.left - 4, x2: at.width, y1: at.y(0), y2: at.y(0), class: "soft" });
  return drawing(width, at.height, text.alt(view), caption(text.names.kernel), zero, columns,
    label(2, at.bottom + 18, text.names.tap, { class: "soft start", style: "font-size:12px" }),
    label(2, at.bottom + 36, text.names.phase, { class: "soft start", style: "font-size:12px" }));
}

/** On a line, one row for each phase: its taps as boxes to count, and their sum as a bar. */
function phaseRows({ kernel, gains, counts, phases, phase }, { names }, width) {
  const [from, to] = [Math.min(170, 64 + Math.max(...counts) * 15 + 14), width - 46];
  const axis = { from, to, low: least(gains), high: Math.max(most(gains), 1e-9) };
  const at = plane(axis, axis);
  const rows = gains.map((e, r) => {
    const y = 30 + r * 38;
    const box = { y: y + 7, width: 12, height: 12, rx: 1, class: on(r === phase, "ker") };
    const boxes = range(counts[r]).map((i) => g("rect", { x: 62 + i * 15, ...box }));
    const [left, right] = [at.x(Math.min(e, 0)), at.x(Math.max(e, 0))];
    return [boxes,
      label(2, y + 13, `${names.phase} ${r}`, { class: r === phase ? "on-text start" : "start" }),
      g("rect", { x: left, y, width: Math.max(right - left, 1), height: 26, rx: 2, class: on(r === phase, "out") }),
      label(width - 2, y + 13, short(e), { class: r === phase ? "on-text end" : "end" }),
      g("rect", { x: 0, y: y - 6, width, height: 38, class: "plain", "data-tap": phases.indexOf(r) })];
  });
  const zero = g("line", { x1: at.x(0), x2: at.x(0), y1: 24, y2: 24 + gains.length * 38, class: "soft" });
  return drawing(width, 34 + gains.length * 38, "", label(62, 8, names.count, { class: "soft start", style: "font-size:12px" }),
    label(width - 2, 8, names.gain, { class: "soft end", style: "font-size:12px" }), zero, rows);
}

/** A row of bars from `y` on: `samples` periods of the values, each bar `step` wide; `lit(j)` tells which are. */
function barRow(values, { y, samples, width, kind, name, lit = () => false }) {
  const count = samples * values.length;
  const step = (width - 4) / count;
  const gap = step > 6 ? 1.5 : 0;
  const thin = gap ? {} : { style: "stroke-width:.5" };
  const axis = { from: y + 58, to: y + 22, low: least(values), high: Math.max(most(values), 1e-9) };
  const up = plane(axis, axis).y;
  const bar = (v, j) => {
    const [top, bottom] = [up(Math.max(v, 0)), up(Math.min(v, 0))];
    const size = { width: Math.max(step - 2 * gap, 1), height: Math.max(bottom - top, 1) };
    return [g("rect", { x: 2 + j * step + gap, y: top, ...size, class: on(lit(j), kind), ...thin }),
      step > 26 ? label(2 + (j + 0.5) * step, y + 66, number(v), { style: "font-size:11px" }) : []];
  };
  const zero = g("line", { x1: 2, x2: width - 2, y1: up(0), y2: up(0), class: "soft" });
  return [caption(name, y + 9), range(count).map((j) => bar(values[j % values.length], j)), zero];
}

/** On a line: the constant, and below it the output of each layer over the same stretch. */
function outputRows({ outputs, s, layers, phase }, { names }, width) {
  const shared = { samples: clamp(Math.floor(16 / s ** layers), 2, 6), width };
  const lit = (l) => (j) => s > 1 && l === layers && j % s === phase;
  const row = (values, l) => barRow(values, { ...shared, y: 76 * l, kind: "out", name: names.layer(l), lit: lit(l) });
  const rows = outputs.map((values, l) => row(values, l + 1));
  return drawing(width, 76 * (layers + 1), "", barRow([1], { ...shared, y: 0, kind: "in", name: names.input }), rows);
}

function mark(x, y, value, full) {
  const passes = value > 1e-5 * full;
  return g("circle", { cx: x, cy: y, r: 6, class: passes ? "ker on solid" : "ker on", ...(passes ? {} : { style: "fill:none" }) });
}

/** On a line: the spectrum from 0 to 1/2. */
function spectrumCurve({ kernel, marks, s }, { names }, width) {
  const full = Math.max(sum(kernel.taps.map(Math.abs)), 1e-9);
  const at = plane({ from: 34, to: width - 14, low: 0, high: 0.5 }, { from: 136, to: 28, low: 0, high: full });
  const points = range(121).map((i) => i / 240).map((f) => [at.x(f), at.y(magnitude(kernel, [f]))]);
  const shown = marks.filter(({ f: [f] }) => f <= 0.5);
  const lines = shown.map(({ f: [f] }) => g("line", { x1: at.x(f), x2: at.x(f), y1: 24, y2: 136, class: "soft dashed" }));
  const ticks = range(shown.length + 1).map((m) => label(at.x(m / s), 150, fraction(m, s), { style: "font-size:12px" }));
  return drawing(width, 178, "", caption(names.spectrum), lines,
    g("path", { d: `M34 24V136H${width - 10}`, class: "soft" }), curve(points, { class: "ker" }),
    shown.map(({ f: [f], value }) => mark(at.x(f), at.y(value), value, full)), ticks,
    [0, full].map((value) => label(28, at.y(value), number(value), { class: "soft end", style: "font-size:11px" })),
    label((width + 24) / 2, 168, names.frequency, { class: "soft", style: "font-size:12px" }));
}

/** On a picture: the taps as numbers to drag. */
function tapGrid(view, text, width) {
  const { kernel, phases, phase, tap, tapNames } = view;
  const size = clamp(Math.floor((width - 6) / kernel.shape[1]), 30, 44);
  const cells = tapNames.map(([a, b], t) => [
    cell({ x: 2 + b * size, y: 20 + a * size, size, value: number(kernel.taps[t]), kind: on(phases[t] === phase, "ker"),
      text: t === tap ? "on-text" : "", data: { "data-drag": "tap", "data-tap": t, "data-from": kernel.taps[t] } }),
    t === tap ? g("rect", { x: 3 + b * size, y: 21 + a * size, width: size - 2, height: size - 2, rx: 4, class: "band" }) : [],
  ]);
  return drawing(Math.max(kernel.shape[1] * size + 4, 80), kernel.shape[0] * size + 24, text.alt(view), caption(text.names.kernel), cells);
}

function gainGrid({ gains, counts, phase, phases, phaseNames, s }, { names }) {
  const size = 58;
  const cells = phaseNames.map(([a, b], r) => {
    const [x, y] = [2 + b * size, 20 + a * size];
    return [cell({ x, y, size, kind: on(r === phase, "out"), data: { "data-tap": phases.indexOf(r) } }),
      label(x + size / 2, y + size / 2 - 7, short(gains[r]), { class: r === phase ? "on-text" : "" }),
      label(x + size / 2, y + size / 2 + 14, names.howMany(counts[r]), { class: "soft", style: "font-size:11px" })];
  });
  return drawing(Math.max(s * size + 4, 124), s * size + 24, "", caption(names.gains), cells);
}

/** On a picture: the spectrum from −1/4 to 3/4 on both axes, black where it is 0. */
function spectrumPicture({ kernel, marks, s }, { names }) {
  const [n, side] = [32, 176];
  const full = Math.max(sum(kernel.taps.map(Math.abs)), 1e-9);
  const f = range(n).map((i) => (i + 0.5) / n - 0.25);
  const address = bitmap(f.map((a) => f.map((b) => magnitude(kernel, [a, b]))), 0, full);
  const at = (value) => (value + 0.25) * side;
  const ticks = range(s).map((m) => label(26 + at(m / s), 26 + side + 10, fraction(m, s), { style: "font-size:12px" }));
  const rows = range(s).map((m) => label(22, 22 + at(m / s), fraction(m, s), { class: "end", style: "font-size:12px" }));
  return drawing(side + 36, side + 42, "", caption(names.spectrum), picture(26, 22, side, side, address),
    marks.map(({ f: [a, b], value }) => mark(26 + at(b), 22 + at(a), value, full)), ticks, rows);
}

/** A flat grey picture behind the layers: the mean is middle grey, and no deviation is cut off. */
export function greyLevels(values) {
  const middle = mean(values);
  const scale = Math.max(Math.abs(middle), ...values.map((v) => Math.abs(v - middle)));
  return values.map((v) => (scale ? 0.5 + (v - middle) / (2 * scale) : 0.5));
}

function greyPicture({ outputs, s, layers }, { names }) {
  const [period, side] = [s ** layers, 216];
  const pixels = Math.max(24, 2 * period);
  const levels = greyLevels(outputs.at(-1));
  const rows = range(pixels).map((i) => range(pixels).map((j) => levels[(i % period) * period + (j % period)]));
  return drawing(side + 4, side + 24, "", caption(names.grey), picture(2, 22, side, side, bitmap(rows)));
}

function phaseTable({ kernel, gains, counts, phases, phaseNames, tapNames }, text) {
  const taps = (r) => tapNames.flatMap((tap, t) => (phases[t] === r ? [`w[${tap.join(",")}] = ${short(kernel.taps[t])}`] : []));
  return table(text.caption, text.head, gains.map((e, r) => [phaseNames[r].join(","), taps(r).join(", "), counts[r], short(e)]));
}

// ------------------------------------------------------------------------------------------- controls and state

const isPicture = ({ mode }) => mode === "2d";
const rowsOf = (state) => (isPicture(state) ? state.weight2d : [state.weight]);
const withRows = (rows, state) => (isPicture(state) ? { weight2d: rows } : { weight: rows[0] });
const sizeOf = (state) => rowsOf(state)[0].length;

function withTap(tap, value, state) {
  const kept = clamp(value, -4, 4);
  return { tap, ...withRows(rowsOf(state).map((row, a) => row.map((old, b) => (a * row.length + b === tap ? kept : old))), state) };
}

const quarter = (value) => Math.round(value * 4) / 4;

function withSize(k, state) {
  const rows = rowsOf(state);
  return withRows((isPicture(state) ? range(k) : [0]).map((a) => range(k).map((b) => rows[a]?.[b] ?? 1)), state);
}

function presetState(name, state) {
  const s = PRESETS[name].stride ?? state.stride;
  return { stride: s, ...withRows(presetRows(name, state, s, sizeOf(state)), state) };
}

function presetOf(state) {
  const same = (name) => Object.entries(presetState(name, state)).every(([key, value]) => String(value) === String(state[key]));
  return presetsOf(state).find(same) ?? "own";
}

const presetsOf = (state) => Object.keys(PRESETS).filter((name) => isPicture(state) || name !== "chessboard");

function drawnAnew(state) {
  const next = { ...state, seed: state.seed + 1 };
  return { seed: next.seed, ...withRows(presetRows("random", next, state.stride, sizeOf(state)), state) };
}

function projected(state) {
  const taps = cleanProjection(kernelOf(state), state.stride);
  const k = sizeOf(state);
  return withRows(rowsOf(state).map((_, a) => taps.slice(a * k, (a + 1) * k)), state);
}

function keys(key, state, { tap, kernel }) {
  const across = isPicture(state) ? sizeOf(state) : 0;
  const moves = { ArrowLeft: -1, ArrowRight: 1, ...(across ? { ArrowUp: -across, ArrowDown: across } : {}) };
  const steps = { "+": 0.25, "=": 0.25, "-": -0.25, ...(across ? {} : { ArrowUp: 0.25, ArrowDown: -0.25 }) };
  if (key === "Home" || key === "End") return { tap: key === "Home" ? 0 : kernel.taps.length - 1 };
  if (key in steps) return withTap(tap, quarter(kernel.taps[tap] + steps[key]), state);
  const to = tap + moves[key];
  return to >= 0 && to < kernel.taps.length ? { tap: to } : key in moves ? { tap } : null;
}

/** A bar is pulled to the pointer; a number of a picture's kernel changes with the way up or down. */
function point({ data, held, y, dy = 0, down }, state, view) {
  if (!held) return down && data.tap >= 0 ? { tap: +data.tap } : null;
  if (!isPicture(state)) return withTap(+held.tap, quarter(bars(view.kernel).value(y)), state);
  const steps = Math.round(-dy / 12);
  return steps ? withTap(+held.tap, quarter(+held.from + steps / 4), state) : { tap: +held.tap };
}

const kernelValue = (state) => kernelOf(state).taps[fittingTap(state.tap, kernelOf(state).taps)];

export default explorable({
  words: { en: EN },
  traits: ["mode", "weight", "weight2d", "stride", "layers", "tap", "seed"],
  groups: [
    group("mode", [
      choice("mode", ["1d", "2d"], { set: (mode) => ({ mode, tap: 0 }) }),
      menu("preset", (state) => ["own", ...presetsOf(state)], {
        get: presetOf, set: (name, state) => (name === "own" ? null : presetState(name, state)),
      }),
    ]),
    group("sizes", [
      slider("size", (state) => [1, MOST[state.mode]], { get: sizeOf, set: withSize }),
      slider("stride", (state) => [1, isPicture(state) ? 3 : 4]),
      slider("layers", [1, 3]),
      slider("value", [-4, 4], { step: 0.25, get: kernelValue, set: (value, state) => withTap(describe(state).tap, value, state) }),
    ], { class: "sizes" }),
    group("acts", [button("project", (_, state) => projected(state)), button("draw", (_, state) => drawnAnew(state))]),
  ],
  tidy: (state) => ({ ...state, tap: fittingTap(state.tap, kernelOf(state).taps) }),
  view: describe,
  figure(view, state, text, width) {
    const half = width >= 560 ? Math.floor((width - 28) / 2) : width - 4;
    const part = Math.min(half, 340);
    const drawings = isPicture(state)
      ? [tapGrid(view, text, Math.min(part, 240)), gainGrid(view, text), spectrumPicture(view, text), greyPicture(view, text)]
      : [tapBars(view, text, part), phaseRows(view, text, part), outputRows(view, text, half), spectrumCurve(view, text, part)];
    return h("div", { class: "xp-row" }, drawings);
  },
  status: (view, _state, text) => [...text.tap(view), ...text.verdict(view)],
  note: (view, _state, text) => [...text.note(view)],
  table: (view, _state, text) => phaseTable(view, text),
  keys,
  point,
});
