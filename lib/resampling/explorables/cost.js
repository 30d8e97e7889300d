// What an operator costs, and where it stands under the roofline of a machine.
//
// Symbols: C channels in and out, n rows and columns in, o out, k taps and s stride on each axis, p padding; π flops a
// second, β bytes a second. One picture, two axes that are alike, and no bias: the library's module `cost` does the rest.

import { choice, clamp, curve, drawing, explorable, g, group, label, menu, number, plane, range, slider, table, toggle } from "./kit.js";

// ---------------------------------------------------------------------------------------------- numbers (pure)

const squared = (value) => value * value;

/** How many of 0, 1, …, count − 1 meet the condition. */
const among = (count, condition) => range(count).filter(condition).length;

/** Pairs of a window i and a tap t with 0 ≤ s·i + t − p < length, on one axis. */
const met = (windows, k, s, p, length) =>
  range(k).reduce((sum, t) => sum + among(windows, (i) => s * i + t - p >= 0 && s * i + t - p < length), 0);

/** Pairs of an output 0 ≤ i < length and a tap t of which s divides i + p − t, on one axis. */
const metByPhases = (length, k, s, p) => range(k).reduce((sum, t) => sum + among(length, (i) => (i + p - t) % s === 0), 0);

/** The cost from how many numbers the arguments and results hold (`arrays`), and the intermediate ones (`made`). */
export function costOf({ width, arrays = 0, made = 0, parameters = 0, multiplyAdds = 0, useful = 0, other = 0 }) {
  const traffic = width * (arrays + 2 * made);
  const flops = 2 * multiplyAdds + other;
  return { parameters, multiplyAdds, useful, other, bytes: traffic, workspace: width * made, flops, intensity: flops / traffic };
}

/** A convolution from C to D channels in `groups`; null where no window fits. */
export function convCost({ C, D = C, n, k, s = 1, p = 0, groups = 1, width }) {
  const o = Math.floor((n + 2 * p - k) / s) + 1;
  if (o < 1) return null;
  const [pairs, parameters] = [D * (C / groups), D * (C / groups) * squared(k)];
  return costOf({
    width, parameters, arrays: C * squared(n) + D * squared(o) + parameters,
    multiplyAdds: pairs * squared(k * o), useful: pairs * squared(met(o, k, s, p, n)),
  });
}

/** A transposed convolution by an algorithm. */
export function transposedCost({ C, n, k, s, p, op, groups = 1, width, algorithm }) {
  const o = s * (n - 1) + k - 2 * p + op;
  const pairs = C * (C / groups);
  const columns = C * squared(k * n);
  const [products, made, other] = {
    scatter: [squared(k * n), columns, columns],
    zero_insertion: [squared(k * o), C * squared(o + k - 1), 0],
    polyphase: [squared(metByPhases(o, k, s, p)), 0, 0],
  }[algorithm];
  const parameters = pairs * squared(k);
  return costOf({
    width, parameters, made, other, arrays: C * (squared(n) + squared(o)) + parameters,
    multiplyAdds: pairs * products, useful: pairs * squared(met(n, k, s, p, o)),
  });
}

/** A convolution of stride 1 to s² C channels, then a pixel shuffle: one more copy of its result. */
export function subPixelCost({ C, n, k, s, p, groups = 1, width }) {
  const conv = convCost({ C, D: squared(s) * C, n, k, p, groups, width });
  const copy = width * squared(s) * C * squared(n + 2 * p - k + 1);
  const traffic = conv.bytes + 2 * copy;
  return { ...conv, bytes: traffic, workspace: copy, intensity: conv.flops / traffic };
}

export function poolCost({ C, n, k, s, p, width, mode }) {
  const o = Math.floor((n + 2 * p - k) / s) + 1;
  const outs = C * squared(o);
  return o < 1 ? null : costOf({ width, arrays: C * squared(n) + outs, other: outs * (squared(k) - (mode === "max")) });
}

/** Filtering one axis after the other with `taps` taps at o places; the library's interpolation and blur-pool. */
export function filterCost({ C, n, o, taps, width }) {
  const done = C * (n * o + o * o) * taps;
  return costOf({ width, arrays: C * (squared(n) + squared(o)), made: C * n * o, multiplyAdds: done, useful: done });
}

/** Padding and output padding with which a transposed layer makes s n samples of n, where there are any. */
export function exactPadding(k, s) {
  const p = Math.max(0, Math.ceil((k - s) / 2));
  const op = s - k + 2 * p;
  return op < s ? { p, op } : { p: Math.floor((k - s) / 2), op: 0 };
}

/** The taps and padding of the sub-pixel layer that is this transposed layer. */
export function phaseKernel(k, s, { p, op }) {
  const [first, last] = [Math.floor(-p / s), Math.floor((k - 1 - p) / s)];
  const longer = Math.floor((k + op - 2 * p - 1) / s);
  const padding = Math.max(last, longer - first, 0);
  return { k: 2 * padding + 1 - longer, p: padding };
}

const TRANSPOSED = ["polyphase", "scatter", "zero_insertion"];
export const UP = [...TRANSPOSED, "sub_pixel", "bilinear", "bicubic", "nearest"];
export const DOWN = ["convolution", "max_pool", "average_pool", "blur_pool"];
export const OPERATORS = [...UP, ...DOWN];

/** What one operator of the menu costs in a state. */
export function operatorCost(operator, { channels: C, size: n, kernel: k, stride: s, depthwise, width }) {
  const groups = depthwise ? C : 1;
  const [exact, half] = [exactPadding(k, s), Math.floor((k - 1) / 2)];
  const shared = { C, n, k, s, width };
  if (TRANSPOSED.includes(operator)) return transposedCost({ ...shared, ...exact, groups, algorithm: operator });
  if (operator === "sub_pixel") return subPixelCost({ ...shared, ...phaseKernel(k, s, exact), groups });
  if (operator === "nearest") return costOf({ width, arrays: C * squared(n) * (1 + squared(s)) });
  if (operator === "bilinear") return filterCost({ C, n, o: s * n, taps: 2, width });
  if (operator === "bicubic") return filterCost({ C, n, o: s * n, taps: 4, width });
  if (operator === "convolution") return convCost({ ...shared, p: half, groups });
  if (operator === "blur_pool") return filterCost({ C, n, o: Math.ceil(n / s), taps: k, width });
  return poolCost({ ...shared, p: half, mode: operator === "max_pool" ? "max" : "average" });
}

/** The least time, the rate that can be attained, and which of the two bounds is the longer. */
export function roofline({ flops, bytes: traffic, intensity }, peak, bandwidth) {
  const [computing, moving] = [flops / peak, traffic / bandwidth];
  const bound = computing >= moving ? "compute" : "memory";
  return { rate: Math.min(peak, intensity * bandwidth), seconds: Math.max(computing, moving), bound };
}

const family = (operator) => (UP.includes(operator) ? UP : DOWN);

/** Everything that the figure shows, from the state alone: the chosen operator and those that do the same job. */
export function describe(state) {
  const row = (name) => {
    const cost = operatorCost(name, state);
    return cost ? { name, ...cost, ...roofline(cost, state.peak, state.bandwidth) } : { name, empty: true };
  };
  const rows = family(state.operator).map(row);
  return { rows, chosen: rows.find(({ name }) => name === state.operator), ridge: state.peak / state.bandwidth };
}

// ----------------------------------------------------------------------------------------------------- words

const PREFIXES = ["n", "µ", "m", "", "k", "M", "G", "T", "P"];

/** A quantity with three digits and a prefix: 2.06 ms. */
export function quantity(value, unit = "") {
  if (!value) return `0 ${unit}`.trim();
  const digits = +value.toPrecision(3);
  const step = clamp(Math.floor(Math.log10(Math.abs(digits)) / 3 + 1e-9), -3, 5);
  return `${number(+(digits / 1000 ** step).toPrecision(3))} ${PREFIXES[step + 3]}${unit}`.trim();
}

const exactly = (value) => String(value).replace(/\B(?=(\d{3})+$)/g, " ");
const threeDigits = (value) => String(+value.toPrecision(3));

const EN = {
  title: "Operators under the roofline of a machine",
  groups: { operator: "Choose", sizes: "Sizes" },
  options: {
    operator: {
      polyphase: "transposed, polyphase", scatter: "transposed, scatter", zero_insertion: "transposed, zero insertion",
      sub_pixel: "sub-pixel",
      bilinear: "bilinear", bicubic: "bicubic", nearest: "nearest", convolution: "convolution", max_pool: "maximum pooling",
      average_pool: "average pooling", blur_pool: "blur-pool",
    },
  },
  controls: {
    operator: "Operator", channels: "channels C", size: "size n × n", kernel: "kernel k", stride: "stride s", width: "bytes each",
    depthwise: "depthwise", peak: "peak, flop/s", bandwidth: "memory, B/s",
  },
  figure: "Roofline. Up and down arrows choose an operator, left and right arrows halve and double the channels.",
  hint: "Press a row to choose it; drag the point sideways to change the channels. Or use the arrow keys on the drawing.",
  table: "The costs as a table",
  caption: "Counts, and the least time on this machine.",
  head: ["operator", "parameters", "multiply-adds", "useful", "other flops", "bytes", "workspace", "flops a byte", "least time", "bound"],
  bounds: { memory: "memory", compute: "arithmetic" },
  names: {
    x: "intensity, flops a byte", y: "flops a second", ridge: (value) => `ridge ${threeDigits(value)}`, same: "the same job, least time",
    empty: "no window fits", none: ", no flops",
    lane: {
      polyphase: "polyphase", scatter: "scatter", zero_insertion: "zero insertion", sub_pixel: "sub-pixel",
      bilinear: "bilinear", bicubic: "bicubic", nearest: "nearest", convolution: "convolution",
      max_pool: "maximum", average_pool: "average", blur_pool: "blur-pool",
    },
  },
  alt({ rows, chosen, ridge }, { peak, bandwidth }) {
    const roof = `${quantity(peak, "flop/s")}, ${quantity(bandwidth, "B/s")}, ridge at ${threeDigits(ridge)} flops a byte`;
    const time = ({ name, empty, intensity, seconds }) =>
      `${EN.names.lane[name]} ${empty ? EN.names.empty : `${threeDigits(intensity)} flops a byte, ${quantity(seconds, "s")}`}`;
    return `Roofline: ${roof}. Chosen: ${EN.names.lane[chosen.name]}. Least times: ${rows.map(time).join("; ")}.`;
  },
  empty: (state) => [`No window of ${state.kernel} fits into ${state.size} ${state.size > 1 ? "samples" : "sample"} and its padding. `,
    "A larger picture or a smaller kernel brings the operator back."],
  status({ chosen, ridge }, text) {
    const { name, multiplyAdds, other, bytes: traffic, intensity, seconds, bound } = chosen;
    const work = `${quantity(multiplyAdds)} multiply-adds${other ? ` and ${quantity(other)} other flops` : ""}, ${quantity(traffic, "B")}`;
    const side = intensity < ridge ? "below" : "not below";
    return [["strong", text.options.operator[name]], `: ${work}. Intensity `, ["output", threeDigits(intensity)], `, ${side} the ridge `,
      `${threeDigits(ridge)}: the bound is `, ["strong", text.bounds[bound]], ". At least ", ["output", quantity(seconds, "s")], "."];
  },
  note({ chosen }) {
    if (chosen.empty) return [""];
    const { multiplyAdds, useful, workspace } = chosen;
    const percent = number((100 * useful) / multiplyAdds);
    const share = multiplyAdds ? `${percent} % of the multiply-adds join a weight with a sample, not with a zero. ` : "";
    return [`${share}${workspace ? `Workspace: ${quantity(workspace, "B")}, written and read.` : "No workspace."}`];
  },
};

// ---------------------------------------------------------------------------------------------------- figures

const [LOWEST, HIGHEST] = [-4, 12]; // intensity, powers of 2
const small = { style: "font-size:12px" };

function axes({ peak, bandwidth }, width) {
  const [bottom, top] = [Math.floor(Math.log10((bandwidth * 2 ** LOWEST) / 2)), Math.ceil(Math.log10(peak * 1.5))];
  const at = plane({ from: 58, to: width - 18, low: LOWEST, high: HIGHEST }, { from: 190, to: 26, low: bottom, high: top });
  return {
    x: (intensity) => at.x(clamp(Math.log2(intensity || 1e-9), LOWEST, HIGHEST)),
    y: (rate) => at.y(clamp(Math.log10(rate || 1), bottom, top)),
    decades: range(top - bottom + 1).map((i) => bottom + i), left: 58, right: width - 18, top: 26, bottom: 190,
  };
}

function grid(at, chosen, { names }) {
  const rates = at.decades.map((power) => [
    g("line", { x1: at.left, x2: at.right, y1: at.y(10 ** power), y2: at.y(10 ** power), class: "soft", style: "opacity:.35" }),
    label(at.left - 6, at.y(10 ** power), quantity(10 ** power), { class: "soft end", style: "font-size:11px" }),
  ]);
  const powers = range(5).map((i) => LOWEST + 4 * i);
  const marks = powers.map((power) => label(at.x(2 ** power), at.bottom + 12, power < 0 ? `1/${2 ** -power}` : 2 ** power, small));
  const free = at.x(chosen.intensity) > (at.left + at.right) / 2; // on the left
  return [rates, marks, label(4, 10, names.y, { class: "soft start", ...small }),
    label(free ? at.left : at.right, at.bottom + 30, names.x, { class: free ? "soft start" : "soft end", ...small })];
}

function roof(at, { peak, bandwidth }, ridge, { names }) {
  const bends = [2 ** LOWEST, clamp(ridge, 2 ** LOWEST, 2 ** HIGHEST), 2 ** HIGHEST];
  const line = bends.map((one) => [at.x(one), at.y(Math.min(peak, one * bandwidth))]);
  const x = at.x(ridge);
  const late = x > at.right - 70;
  return [
    curve(line, { class: "in", style: "stroke-width:3" }),
    g("line", { x1: x, x2: x, y1: at.y(peak), y2: at.bottom, class: "soft dashed" }),
    label(late ? x - 5 : x + 5, at.bottom - 9, names.ridge(ridge), { class: late ? "soft end" : "soft start", ...small }),
  ];
}

/** Below the roofline: a row for each operator that does the same job, its mark at its intensity. */
function lanes({ rows, chosen }, at, top, { names }) {
  const time = ({ empty, intensity, seconds }) => (empty ? names.empty : `${quantity(seconds, "s")}${intensity ? "" : names.none}`);
  return rows.map((row, i) => {
    const { name, empty, intensity } = row;
    const [x, y, on] = [at.x(intensity), top + 24 * i, name === chosen.name];
    const right = x > (at.left + at.right) / 2; // then the words stand on the left
    const place = { x: at.left - 54, y: y - 12, width: at.right - at.left + 60, height: 24, rx: 4 };
    return [
      g("rect", { ...place, class: on ? "out on" : "plain", "data-operator": name, style: on ? "fill-opacity:.13" : "" }),
      empty ? [] : g("circle", { cx: x, cy: y, r: 5, class: on ? "out on solid" : "out", style: "pointer-events:none" }),
      label(right ? x - 11 : x + 11, y, `${names.lane[name]}: ${time(row)}`,
        { class: `${right ? "end" : "start"}${on ? " on-text" : ""}`, style: "font-size:12.5px" }),
    ];
  });
}

/** The chosen operator under the roof, a line down to its row, and a place to drag it by. */
function mark({ chosen, rows }, at, top, channels) {
  if (!chosen.intensity) return [];
  const [x, y] = [at.x(chosen.intensity), at.y(chosen.rate)];
  return [
    g("line", { x1: x, x2: x, y1: y, y2: top + 24 * rows.indexOf(chosen), class: "out dashed", style: "stroke-width:1.2" }),
    g("circle", { cx: x, cy: y, r: 8, class: "out on solid" }),
    g("circle", { cx: x, cy: y, r: 20, style: "fill:transparent;stroke:none", "data-drag": "channels", "data-from": channels }),
  ];
}

function rooflineFigure(view, state, text, width) {
  const at = axes(state, Math.min(width, 680));
  const top = at.bottom + 74;
  const others = view.rows.filter((row) => row !== view.chosen && row.intensity);
  const points = others.map(({ intensity, rate }) => g("circle", { cx: at.x(intensity), cy: at.y(rate), r: 3.5, class: "out" }));
  return drawing(at.right + 18, top + 24 * view.rows.length - 8, text.alt(view, state),
    grid(at, view.chosen, text), roof(at, state, view.ridge, text), points,
    label(4, top - 22, text.names.same, { class: "soft start", ...small }), lanes(view, at, top, text),
    mark(view, at, top, state.channels));
}

function costTable({ rows }, text) {
  const counts = (row) => [row.parameters, row.multiplyAdds, row.useful, row.other, row.bytes, row.workspace].map(exactly);
  const line = (row) => [text.options.operator[row.name], ...counts(row), threeDigits(row.intensity), quantity(row.seconds, "s"),
    text.bounds[row.bound]];
  return table(text.caption, text.head, rows.filter(({ empty }) => !empty).map(line));
}

// ------------------------------------------------------------------------------------------- controls and state

const CHANNELS = range(10).map((power) => 2 ** power);
const SIZES = [1, 2, 4, 7, 14, 28, 56, 112, 224];

/** A slider over a list of values; a value between them stands at the one below. */
const fromList = (name, values) => slider(name, [0, values.length - 1], {
  get: (state) => Math.max(0, values.findLastIndex((value) => value <= state[name])), set: (place) => ({ [name]: values[place] }),
  show: (_, text, state) => String(state[name]),
});

/** A slider over powers of ten. */
const logarithmic = (name, low, high) => slider(name, [low, high], {
  step: 0.05, get: (state) => Math.log10(state[name]), set: (power) => ({ [name]: 10 ** power }),
  show: (_, text, state) => quantity(state[name]),
});

const doubled = (channels, steps) => clamp(Math.round(channels * 2 ** steps), 1, 512);

function keys(key, { operator, channels }) {
  const all = family(operator);
  const moves = { ArrowUp: -1, ArrowDown: 1, Home: -Infinity, End: Infinity };
  if (key in moves) return { operator: all[clamp(all.indexOf(operator) + moves[key], 0, all.length - 1)] };
  if (key === "ArrowLeft" || key === "ArrowRight") return { channels: doubled(channels, key === "ArrowLeft" ? -1 : 1) };
  return null;
}

/** The point is dragged sideways, 40 pixels for a factor of 2 in the channels; a row is chosen by pressing it. */
function point({ data, held, dx = 0, down }) {
  if (held) return { channels: doubled(+held.from, Math.round(dx / 40)) };
  return down && data.operator ? { operator: data.operator } : null;
}

export default explorable({
  words: { en: EN },
  traits: ["operator", "channels", "size", "kernel", "stride", "depthwise", "width", "peak", "bandwidth"],
  groups: [
    group("operator", [menu("operator", OPERATORS), toggle("depthwise")]),
    group("sizes", [
      fromList("channels", CHANNELS),
      fromList("size", SIZES),
      slider("kernel", [1, 8]),
      slider("stride", [1, 4]),
      fromList("width", [2, 4, 8]),
      logarithmic("peak", 9, 16),
      logarithmic("bandwidth", 8, 14),
    ], { class: "sizes" }),
  ],
  view: describe,
  figure: rooflineFigure,
  status: (view, state, text) => (view.chosen.empty ? text.empty(state) : text.status(view, text)),
  note: (view, _state, text) => text.note(view),
  table: (view, _state, text) => costTable(view, text),
  keys,
  point,
});
