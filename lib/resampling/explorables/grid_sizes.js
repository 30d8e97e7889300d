// Sizes: the windows that stand on the padded input, what is left over, and the staircase of output against input length.
//
// Symbols: n input length, o output length, k kernel size, s stride, p padding, d dilation, op output padding.

import { cell, choice, clamp, curve, drawing, explorable, g, group, label, plane, range, slider, table, toggle } from "./kit.js";

// ---------------------------------------------------------------------------------------------- numbers (pure)

export const LONGEST = 24; // the staircase goes as far

export const extent = ({ k, d }) => d * (k - 1) + 1;
const room = (size) => size.n + 2 * size.p - extent(size);

/** o = floor((n + 2p - d(k-1) - 1) / s) + 1, and 0 when no window fits. */
export const convOutputSize = (size) => (room(size) < 0 ? 0 : Math.floor(room(size) / size.s) + 1);

/** With ceil in place of floor, before the last window is asked where it starts. */
const roundedUp = (size) => (Math.ceil(room(size) / size.s) < 0 ? 0 : Math.ceil(room(size) / size.s) + 1);

/** As the convolution, or rounded up in ceil mode: then the last window must start before the padding at the end. */
export function poolOutputSize(size, ceil) {
  const o = ceil ? roundedUp(size) : convOutputSize(size);
  return o && size.s * (o - 1) >= size.n + size.p ? o - 1 : o;
}

/** o = s(n-1) + d(k-1) + 1 - 2p + op, and 0 when the crop leaves nothing. */
export const transposedOutputSize = ({ n, k, s, p, d }, op = 0) => Math.max(0, s * (n - 1) + extent({ k, d }) - 2 * p + op);

/** Samples of the padded input after the last of o windows; negative when that window hangs over the end. */
export const leftOver = (size, o) => room(size) - size.s * (o - 1);

const sizeOf = (state, n = state.length) => ({ n, k: state.kernel_size, s: state.stride, p: state.padding, d: state.dilation });

/** What the operator makes of n samples; of a round trip, its way down. */
export function outputSize(state, n = state.length) {
  const size = sizeOf(state, n);
  if (state.operator === "pool") return poolOutputSize(size, state.ceil_mode);
  return state.operator === "transposed" ? transposedOutputSize(size, state.output_padding) : convOutputSize(size);
}

/** Everything that the figure shows, from the state alone. */
export function describe(state) {
  const size = sizeOf(state);
  const { n, s, p, d, k } = size;
  const o = outputSize(state);
  const up = state.operator === "transposed";
  const windows = range(up ? n : o).map((i) => range(k).map((t) => s * i + d * t - p));
  // A step is s samples wide, and as many samples as the kernel spans hold a window.
  const inverse = range(Math.max(n + s, extent(size))).map((m) => m + 1).filter((m) => outputSize(state, m) === o);
  const left = o && !up ? Math.max(0, leftOver(size, o)) : 0;
  const over = o && !up ? Math.max(0, -leftOver(size, o)) : 0;
  const dropped = state.operator === "pool" && state.ceil_mode && roundedUp(size) > o;
  const back = state.operator === "round" && o ? transposedOutputSize({ ...size, n: o }, state.output_padding) : null;
  return { size, o, windows, inverse, left, over, dropped, back };
}

// ----------------------------------------------------------------------------------------------------- words

const count = (number, one, many = `${one}s`) => `${number} ${number === 1 ? one : many}`;
const are = (number) => (number === 1 ? "is" : "are");
const run = (list) => (list.length < 3 ? list.join(" and ") : `${list[0]} to ${list.at(-1)}`);
const minus = (number) => String(number).replace("-", "−");

const EN = {
  title: "The size calculator",
  groups: { operator: "Operator", sizes: "Sizes" },
  options: { operator: { round: "down and up again", conv: "convolution", pool: "pooling", transposed: "transposed convolution" } },
  controls: {
    operator: "Operator", length: "length n", kernel_size: "kernel size k", stride: "stride s", padding: "padding p",
    dilation: "dilation d", output_padding: "output_padding", ceil_mode: "ceil_mode",
  },
  figure: "Sizes. Left and right arrows change the length n; up and down arrows go to the next step of the staircase.",
  hint: "Drag the end of the blue row, or point at the staircase. Left and right arrows move n, up and down arrows climb a step.",
  table: "The staircase as a table",
  caption: (operator) => `Output length o for each input length n${operator === "transposed" ? "" : ", and what is left over"}.`,
  head: { n: "n", o: "o", left: "left over", back: "back" },
  axes: { n: "input length n", o: "output length o" },
  input: ({ size: { n, p }, left }, up) =>
    [`n = ${n}`, p && !up ? `, ${p} on each side` : "", left ? `, ${left} left over (crossed out)` : ""].join(""),
  output({ size: { p }, o }, up, op) {
    if (!up) return `o = ${o}`;
    const cut = p ? `, crossed out: the crop of p = ${p}` : "";
    return `o = ${o}${cut}${op ? `, dark: output_padding = ${op}` : ""}`;
  },
  off: (back, n) => (back < n ? `, ${n - back} missing` : `, ${back - n} too many`),
  back({ back, size: { n } }) {
    return `back: ${back}${back === n ? ", as many as n" : this.off(back, n)}`;
  },
  step: (view) => `n = ${run(view.inverse)}`,
  alt(view, { operator, output_padding: op }) {
    const { size: { n, p, s }, windows, o, left, over, back } = view;
    if (operator === "transposed") {
      const copies = count(windows.length, "copy", "copies");
      return `${count(n, "sample")}, ${copies} of the kernel, ${s} places apart, ${p} cut off on each side: ${count(o, "output")}.`;
    }
    const rest = over ? `the last window hangs over the end by ${over}` : `${left} left over`;
    const returned = back === null ? "" : ` Back with output_padding ${op}: ${count(back, "sample")}.`;
    return `${count(n, "sample")} with ${p} of padding on each side hold ${count(o, "window")}, ${rest}.${returned}`;
  },
  stairs(view, { operator, length }) {
    const here = `n = ${length} gives o = ${view.o}`;
    if (operator === "transposed") return `Output length against input length, a line that climbs ${view.size.s} for each sample. ${here}.`;
    const back = view.back ? ` The way back ends at ${view.back}.` : "";
    return `Staircase of output length against input length, 1 to ${LONGEST}. ${here}; on its step are n = ${run(view.inverse)}.${back}`;
  },
  empty({ size }, { operator }) {
    if (operator === "transposed") {
      const full = size.s * (size.n - 1) + extent(size);
      return [`Nothing is left: the copies cover ${count(full, "place")} and the crop takes ${size.p} on each side. `,
        "torch raises an error; less padding brings a sample back."];
    }
    return [`No window fits: the kernel spans d(k − 1) + 1 = ${extent(size)} samples, `,
      `the padded input has n + 2p = ${size.n + 2 * size.p}. `,
      "torch raises an error here. A longer input, more padding or a smaller kernel brings the first window."];
  },
  status(view, state) {
    const { size: { n, p, s }, o } = view;
    if (!o) return this.empty(view, state);
    const given = ["input", count(n, "sample")];
    if (state.operator === "transposed") {
      const copies = `, ${count(n, "copy", "copies")} of the kernel: `;
      return [given, copies, ["output", count(o, "sample")], ". ", ...this.fromHere(view, state)];
    }
    const padded = p ? ` and ${2 * p} of padding` : "";
    const rest = view.over ? ` The last one hangs over the end by ${view.over}.`
      : view.left ? ` ${view.left} ${are(view.left)} left over, too few for another step of ${s}.` : " Nothing is left over.";
    const late = view.dropped ? " Rounding up asks for one more; it would not start before the padding at the end, so it is dropped." : "";
    const others = [" The lengths ", ["input", run(view.inverse)], " all give o = ", ["output", `${o}`], "."];
    const last = state.operator === "round" ? this.return(view, state) : view.inverse.length > 1 ? others : [];
    return [given, padded, " hold ", ["output", count(o, "window")], ".", rest, late, ...last];
  },
  fromHere({ size: { s, d }, o }, { output_padding: op }) {
    const most = Math.max(s, d) - 1;
    if (!most) return ["With stride and dilation 1 there is no other size."];
    return [`With output_padding from 0 to ${most} it can be ${Math.max(o - op, 0)} to ${o - op + most}.`];
  },
  return({ size: { n, s }, o, left, back, inverse }, { output_padding: op }) {
    if (!back) return [` There is no way back from ${o}: the crop leaves nothing.`];
    const start = [" Back from ", `${o}`, ": ", ["output", count(back, "sample")]];
    if (back === n) return [...start, ", as many as there were: output_padding is what was left over."];
    const beyond = op >= s ? " An output_padding of s or more leaves the step." : "";
    const all = inverse.length > 1 ? ` ${o} comes from n = ${run(inverse)}; output_padding = ${left} says that it was ${n}.`
      : ` output_padding = ${left} leads back to ${n}.`;
    return [...start, this.off(back, n), ".", all, beyond];
  },
  down({ size, o }, { operator, ceil_mode: ceil }) {
    const up = operator === "pool" && ceil;
    const [open, close] = up ? "⌈⌉" : "⌊⌋";
    const { n, s, p, d, k } = size;
    const numbers = `${open}(${n} + ${2 * p} − ${d * (k - 1)} − 1) / ${s}${close} + 1`;
    const value = Math[up ? "ceil" : "floor"](room(size) / s) + 1;
    const end = !o ? ", but the kernel is longer than the padded input" : value === o ? "" : `, less the one that starts too late: ${o}`;
    return `o = ${open}(n + 2p − d(k − 1) − 1) / s${close} + 1 = ${numbers} = ${minus(value)}${end}.`;
  },
  up(n, { s, p, d, k }, op, name) {
    const value = s * (n - 1) + d * (k - 1) + 1 - 2 * p + op;
    const numbers = `${s * (n - 1)} + ${d * (k - 1)} + 1 − ${2 * p} + ${op} = ${minus(value)}`;
    return `${name[0]} = s(${name[1]} − 1) + d(k − 1) + 1 − 2p + op = ${numbers}.`;
  },
  note(view, state) {
    const { size, o } = view;
    if (state.operator === "transposed") return [this.up(size.n, size, state.output_padding, ["o", "n"])];
    return [this.down(view, state), ...(view.back === null ? [] : [" ", this.up(o, size, state.output_padding, ["back", "o"])])];
  },
};

// ---------------------------------------------------------------------------------------------------- figures

const MARGIN = 10;
const CAPTION = 18;

/** The cells of the grid that the windows stand on: padding or crop included, and what hangs over the end. */
function longRow(view, state) {
  const { n, p } = view.size;
  if (state.operator !== "transposed") {
    const from = (j) => (j >= n + p ? "cut" : j >= 0 && j < n ? "in" : "pad");
    return range(n + 2 * p + view.over).map((q) => ({ j: q - p, kind: from(q - p), crossed: q >= n + 2 * p - view.left }));
  }
  const reached = view.windows.length ? view.windows.at(-1).at(-1) : 0;
  const kept = (j) => j >= 0 && j < view.o;
  const kind = (j) => (!kept(j) ? "pad" : j >= view.o - state.output_padding ? "out on" : "out");
  return range(Math.max(reached + 1, view.o) + p).map((q) => ({ j: q - p, kind: kind(q - p), crossed: !kept(q - p) }));
}

/** One cell for each window, at its middle. */
const shortRow = (view, { operator }) =>
  view.windows.map((taps, i) => ({ j: (taps[0] + taps.at(-1)) / 2, name: i, kind: { transposed: "in", round: "" }[operator] ?? "out" }));

/** The samples of the way back, in line with those of the input; missing ones as empty places. */
const backRow = ({ back, size: { n } }, { output_padding: op }) => range(Math.max(back, n)).map((j) =>
  j < back ? { j, kind: j >= back - op ? "out on" : "out" } : { j, kind: "cut", name: "?" });

function layout(view, state, width) {
  const long = longRow(view, state);
  const back = view.back ? backRow(view, state) : [];
  const attempt = view.o ? [] : range(view.size.k).map((t) => view.size.d * t - view.size.p);
  const first = -view.size.p;
  const last = Math.max(long.at(-1).j, ...back.map(({ j }) => j), ...attempt);
  const size = clamp(Math.floor((width - 2 * MARGIN) / (last - first + 1)), 22, 36);
  const step = clamp(200 / Math.max(1, view.windows.length), 11, 17);
  return { long, back, attempt, size, step, left: (j) => MARGIN + (j - first) * size, width: 2 * MARGIN + (last - first + 1) * size };
}

function row(cells, at, y) {
  const { size } = at;
  return cells.flatMap(({ j, kind, name = j, crossed }) => {
    const x = at.left(j);
    const bare = kind === "pad" || (kind === "cut" && name === j);
    const across = size - 10;
    const cross = g("path", { d: `M${x + 5} ${y + 5}l${across} ${across}m0 ${-across}l${-across} ${across}`, "data-reveal": true });
    return [...cell({ x, y, size, value: bare ? undefined : name, kind }), ...(crossed ? [cross] : [])];
  });
}

/** A kernel as dots on a line, with the number of its output. */
function taps(places, at, y, name, attributes = { class: "ker" }) {
  const x = (j) => at.left(j) + at.size / 2;
  const dots = places.map((j) => g("circle", { cx: x(j), cy: y, r: Math.min(4.2, at.step * 0.33), class: "ker solid" }));
  const number = label(x(places[0]) - Math.min(12, at.size / 2), y, name, { class: "soft", style: "font-size:10px" });
  return [curve([[x(places[0]), y], [x(places.at(-1)), y]], attributes), ...dots, number];
}

const caption = (y, text) => label(MARGIN, y + CAPTION / 2 - 2, text, { class: "start soft", style: "font-size:12px" });

/** Where the input ends: pull it to change n. */
function grip(at, y, n) {
  const x = at.left(n);
  const dots = [-5, 0, 5].map((dy) => g("circle", { cx: x + 4, cy: y + at.size / 2 + dy, r: 1.6, fill: "currentColor" }));
  const data = { "data-drag": "end", "data-n": n, "data-size": at.size };
  const hold = g("rect", { x: x - 11, y: y - 4, width: 22, height: at.size + 8, class: "plain", style: "cursor:ew-resize", ...data });
  return [g("rect", { x: x - 1, y: y + 1, width: 10, height: at.size - 2, rx: 4, class: "in on" }), ...dots, hold];
}

function cellsFigure(view, state, text, width) {
  const at = layout(view, state, width);
  const up = state.operator === "transposed";
  const short = shortRow(view, state);
  const [above, below] = up ? [short, at.long] : [at.long, short];
  const nodes = [caption(0, text.input(view, up)), ...row(above, at, CAPTION), ...(up ? [] : grip(at, CAPTION, view.size.n))];
  let y = CAPTION + at.size + 6;
  const windows = view.o ? view.windows : [...view.windows, ...(up ? [] : [at.attempt])];
  const look = { class: view.o ? "ker" : "ker dashed" };
  windows.forEach((places, i) => nodes.push(...taps(places, at, y + at.step * (i + 0.5), view.o || up ? i : "", look)));
  y += at.step * windows.length + 6;
  nodes.push(caption(y, text.output(view, up, state.output_padding)), ...row(below, at, y + CAPTION));
  y += CAPTION + at.size + 6;
  if (view.back) {
    nodes.push(caption(y, text.back(view)), ...row(at.back, at, y + CAPTION));
    y += CAPTION + at.size + 6;
  }
  return drawing(Math.max(at.width, 300), y, text.alt(view, state), nodes);
}

/** The axes of the staircase: lengths below, output lengths on the left. */
function axes({ x, y }, top, text) {
  const [left, floor, right] = [x(0), y(0), x(LONGEST + 0.7)];
  const step = top > 40 ? 20 : top > 15 ? 5 : 2;
  const below = [1, 5, 10, 15, 20].map((m) => label(x(m), floor + 12, m, { class: "index" }));
  const beside = range(Math.floor(top / step) + 1).map((i) => label(left - 8, y(i * step), i * step, { class: "index end" }));
  const names = [label(right, floor + 27, text.axes.n, { class: "index end" }), label(left - 22, 7, text.axes.o, { class: "index start" })];
  return [curve([[left, 16], [left, floor], [right, floor]], { class: "soft" }), ...below, ...beside, ...names];
}

function stairsFigure(view, state, text, width) {
  const { o, inverse, size: { n, s, d }, back } = view;
  const sizes = range(LONGEST).map((i) => outputSize(state, i + 1));
  const most = Math.max(s, d) - 1;
  const reach = state.operator === "transposed" && o ? [o - state.output_padding, o - state.output_padding + most] : [o, o];
  const top = Math.max(4, ...sizes, reach[1]);
  const height = 210;
  const right = clamp(width, 260, 620) - 14;
  const to = plane({ from: 34, to: right, low: 0, high: LONGEST + 0.7 }, { from: height - 34, to: 18, low: 0, high: top });
  const { x, y } = to;
  const line = ([a, b], [c, e], look) => curve([[x(a), y(b)], [x(c), y(e)]], look);
  const flat = [...new Set(sizes)].map((one) => line([sizes.indexOf(one) + 1, one], [sizes.lastIndexOf(one) + 1, one], { class: "soft" }));
  const dots = sizes.map((one, i) => g("circle", { cx: x(i + 1), cy: y(one), r: 2.6, fill: "currentColor", "fill-opacity": 0.45 }));
  const step = inverse.filter((m) => m <= LONGEST + 4);
  const same = step.map((m) => g("circle", { cx: x(m), cy: y(o), r: 4.6, class: "out on" }));
  const wide = { class: "out", style: "stroke-width:5;stroke-opacity:.45" };
  const bars = [line([step[0], o], [step.at(-1), o], wide), line([n, reach[0]], [n, reach[1]], wide)];
  const guide = curve([[x(0), y(o)], [x(n), y(o)], [x(n), y(0)]], { class: "in dashed", style: "stroke-width:1.2" });
  const here = g("circle", { cx: x(n), cy: y(o), r: 6, class: "in solid" });
  const square = { width: 16, height: 16, rx: 2, class: "out", style: "fill:none;stroke-width:2.5" };
  const home = back ? [g("rect", { x: x(back) - 8, y: y(o) - 8, ...square })] : [];
  const middle = x((step[0] + step.at(-1)) / 2);
  const under = label(middle, height - 7, text.step(view), { class: "out", style: "font-size:12px;font-weight:600" });
  const data = { "data-drag": "stairs", "data-first": x(0), "data-step": x(1) - x(0) };
  const hold = g("rect", { x: 24, y: 10, width: right - 10, height: height - 20, class: "plain", ...data });
  const marks = [flat, guide, bars, dots, same, here, home, under, hold];
  return drawing(right + 14, height, text.stairs(view, state), axes(to, top, text), marks);
}

function stairsTable(state, text) {
  const { operator } = state;
  const names = ["n", "o", ...(operator === "transposed" ? [] : ["left"]), ...(operator === "round" ? ["back"] : [])];
  const line = (n) => {
    const view = describe({ ...state, length: n });
    return names.map((name) => String({ n, o: view.o, left: view.o ? view.left : "–", back: view.back ?? "–" }[name]));
  };
  return table(text.caption(operator), names.map((name) => text.head[name]), range(LONGEST).map((i) => line(i + 1)));
}

// ------------------------------------------------------------------------------------------- controls and state

const [SHORTEST, LAST] = [1, 20];
const only = (operators, limits) => (state) => (operators.includes(state.operator) ? limits(state) : null);

/** The nearest length with more (or fewer) outputs. */
function nextStep(state, direction) {
  const lengths = range(LAST).map((i) => (direction > 0 ? i + 1 : LAST - i));
  const next = lengths.find((m) => direction * (m - state.length) > 0 && outputSize(state, m) !== outputSize(state));
  return next ?? (direction > 0 ? LAST : SHORTEST);
}

function keys(key, state) {
  if (key === "Home" || key === "End") return { length: key === "Home" ? SHORTEST : LAST };
  if (key === "ArrowUp" || key === "ArrowDown") return { length: nextStep(state, key === "ArrowUp" ? 1 : -1) };
  return { ArrowLeft: { length: state.length - 1 }, ArrowRight: { length: state.length + 1 } }[key] ?? null;
}

function point({ held, dx, x }) {
  if (held?.drag === "end") return { length: +held.n + Math.round(dx / held.size) };
  return held?.drag === "stairs" ? { length: Math.round((x - held.first) / held.step) } : null;
}

export default explorable({
  words: { en: EN },
  traits: ["operator", "length", "kernel_size", "stride", "padding", "dilation", "output_padding", "ceil_mode"],
  groups: [
    group("operator", [choice("operator", ["round", "conv", "pool", "transposed"])]),
    group("sizes", [
      slider("length", [SHORTEST, LAST]),
      slider("kernel_size", [1, 7]),
      slider("stride", [1, 5]),
      slider("padding", ({ operator, kernel_size: k }) => [0, operator === "pool" ? Math.floor(k / 2) : 4]),
      slider("dilation", [1, 3]),
      slider("output_padding", only(["round", "transposed"], ({ stride, dilation }) => [0, Math.max(stride, dilation) - 1])),
      toggle("ceil_mode", { limits: only(["pool"], () => [false, true]) }),
    ], { class: "sizes" }),
  ],
  view: describe,
  figure: (view, state, text, width) => [cellsFigure(view, state, text, width), stairsFigure(view, state, text, width)],
  status: (view, state, text) => text.status(view, state),
  note: (view, state, text) => text.note(view, state),
  table: (_view, state, text) => stairsTable(state, text),
  keys,
  point,
});
