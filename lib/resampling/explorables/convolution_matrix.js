// The convolution matrix, one row or one column at a time.
//
// Symbols: n input length, o output length, k kernel size, s stride, p padding, d dilation. An *axis* is {n, k, s, p, d};
// a line has one axis, an image has two, and no function below needs to know which.

import { binomial, cell, choice, drawing, explorable, factor, flat, g, group, h, indices, joined, label, menu, number, numbers, on, product, range, replaced, resized, slider, table } from "./kit.js";

// ---------------------------------------------------------------------------------------------- numbers (pure)

// The input that is drawn: neighbours differ, so that a sum shows which samples went into it.
export const SAMPLES = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3];

const sizeFormula = ({ n, k, s, p, d }) => Math.floor((n + 2 * p - d * (k - 1) - 1) / s) + 1;

/** o = floor((n + 2p - d(k-1) - 1) / s) + 1, and 0 when no window fits. */
export const outputSize = (axis) => Math.max(0, sizeFormula(axis));

/** The axes that a widget state describes. */
export function axesOf(state) {
  const { stride: s, padding: p } = state;
  if (state.mode !== "2d") return [{ n: state.length, k: state.weight.length, s, p, d: state.dilation }];
  const kernel = state.weight2d;
  return [
    { n: state.height, k: kernel.length, s, p, d: 1 },
    { n: state.width, k: kernel[0].length, s, p, d: 1 },
  ];
}

/** The taps of one output's window: which tap, which input index it meets, and whether that lies inside the input. */
export function windowTaps(axes, output) {
  return indices(axes.map((axis) => axis.k)).map((tap) => {
    const at = axes.map(({ s, p, d }, m) => s * output[m] + d * tap[m] - p);
    return { tap, at, inside: at.every((j, m) => j >= 0 && j < axes[m].n) };
  });
}

/** C with C x = y: one row for each output, one column for each input. `weight` is flat. */
export function convolutionMatrix(weight, axes) {
  const shape = axes.map((axis) => axis.n);
  const kernel = axes.map((axis) => axis.k);
  return indices(axes.map(outputSize)).map((output) => {
    const row = Array(product(shape)).fill(0);
    for (const { tap, at, inside } of windowTaps(axes, output)) {
      if (inside) row[flat(at, shape)] = weight[flat(tap, kernel)];
    }
    return row;
  });
}

export const multiply = (C, x) => C.map((row) => row.reduce((sum, c, j) => sum + c * x[j], 0));

/** Everything that the figure shows, from the state alone. */
export function describe(state) {
  const axes = axesOf(state);
  const weight = state.mode === "2d" ? state.weight2d.flat() : state.weight;
  const inShape = axes.map((axis) => axis.n);
  const outShape = axes.map(outputSize);
  const C = convolutionMatrix(weight, axes);
  const x = SAMPLES.slice(0, product(inShape));
  const windows = indices(outShape).map((output) => windowTaps(axes, output));
  return { axes, weight, inShape, outShape, C, x, y: multiply(C, x), windows, ins: indices(inShape), outs: indices(outShape) };
}

/** The inputs that output i reads: [{j, weight}], in the order of the taps. */
export function rowTerms(view, i) {
  const kernel = view.axes.map((axis) => axis.k);
  const met = view.windows[i].filter((tap) => tap.inside);
  return met.map(({ tap, at }) => ({ j: flat(at, view.inShape), weight: view.weight[flat(tap, kernel)] }));
}

/** The outputs that input j feeds: [{i, weight}]. */
export function columnTerms(view, j) {
  return view.outs.flatMap((_, i) => rowTerms(view, i).filter((term) => term.j === j).map(({ weight }) => ({ i, weight })));
}

/** A weight array of another size: what fits is kept, and new taps count on (1, 2, 3, ...). */
export const resized2d = (weight, kH, kW) => range(kH).map((a) => range(kW).map((b) => weight[a]?.[b] ?? a * kW + b + 1));

/** Kernels to start from, by name; each takes a size. */
export const PRESETS = {
  counting: (k) => range(k).map((t) => t + 1),
  ones: (k) => Array(k).fill(1),
  binomial,
  difference: (k) => range(k).map((t) => (k === 1 ? 1 : t === 0 ? -1 : t === k - 1 ? 1 : 0)),
};

// ----------------------------------------------------------------------------------------------------- words

const entry = (letter, index) => `${letter}[${index.join(",")}]`;

const EN = {
  title: "The convolution matrix",
  groups: { mode: "Input", sizes: "Sizes", weights: "Kernel weights w", follow: "Follow" },
  options: {
    mode: { "1d": "1-D", "2d": "2-D" },
    preset: { own: "own weights", counting: "1, 2, 3, …", ones: "all ones", binomial: "binomial", difference: "difference" },
    axis: { row: "a row: one output", column: "a column: one input" },
  },
  controls: {
    mode: "Input", weights: "Kernel weights w", preset: "Start from", axis: "Follow", index: ({ axis }) => (axis === "row" ? "row i" : "column j"),
    length: "input length n", kernel: "kernel size k", stride: "stride s", padding: "padding p", dilation: "dilation d",
    height: "image height H", width: "image width W", kernelHeight: "kernel height kH", kernelWidth: "kernel width kW",
  },
  figure: "Matrix. Up and down arrows follow a row, left and right arrows follow a column.",
  hint: "Point at a row of C or at an output to see its window; point at an input to see its column. Or use the arrow keys.",
  table: "The matrix as a table",
  caption: "Rows: outputs. Columns: inputs. Last column: y = C x.",
  imageRow: (r) => `image row ${r}`,
  names: { image: "image x", kernel: "kernel w", output: "output y" },
  alt({ C, x, y, inShape }) {
    const size = `Matrix C of ${C.length} rows and ${x.length} columns`;
    const rows = C.length * x.length > 64 ? "listed in the table below" : C.map((row, i) => `row ${i}: ${row.map(number).join(" ")}`).join("; ");
    return `${size}, ${rows}. Input x${inShape.length > 1 ? ", row after row" : ""}: ${x.join(" ")}. Output y: ${y.map(number).join(" ")}.`;
  },
  size({ axes, C, x }) {
    const names = axes.length > 1 ? [["oH", "H", "kH"], ["oW", "W", "kW"]] : [["o", "n", "k"]];
    const one = ({ n, k, s, p, d }, [o, N, K]) => [
      `${o} = ⌊(${N} + 2p − d(${K} − 1) − 1) / s⌋ + 1 = ⌊(${n} + ${2 * p} − ${d * (k - 1)} − 1) / ${s}⌋ + 1 = ${sizeFormula({ n, k, s, p, d })}`,
    ];
    const shape = `. So C has ${C.length} ${C.length === 1 ? "row" : "rows"} and ${x.length} ${x.length === 1 ? "column" : "columns"}.`;
    return [...joined(axes.map((axis, m) => one(axis, names[m])), "; "), C.length ? shape : ". A number below 1 says that no window fits."];
  },
  empty({ axes }) {
    const m = axes.findIndex((axis) => !outputSize(axis));
    const { n, k, p, d } = axes[m];
    const along = axes.length === 1 ? "" : m === 0 ? " down the image" : " across the image";
    return [`No window fits${along}: the kernel spans d(k − 1) + 1 = ${d * (k - 1) + 1} samples and the padded input has n + 2p = ${n + 2 * p}. `,
      "C would have no rows; torch raises an error here. More padding or a smaller kernel brings it back."];
  },
  row(view, i) {
    const terms = rowTerms(view, i);
    const out = ["output", entry("y", view.outs[i])];
    const lost = view.windows[i].length - terms.length;
    const rest = lost ? ` ${lost} of the ${view.windows[i].length} taps ${lost === 1 ? "meets" : "meet"} the padding and ${lost === 1 ? "adds" : "add"} 0.` : "";
    if (!terms.length) return [`Row ${i}: `, out, " = 0.", rest];
    const symbols = terms.map(({ j, weight }) => [["kernel", factor(weight)], "·", ["input", entry("x", view.ins[j])]]);
    const values = terms.map(({ j, weight }) => [["kernel", factor(weight)], "·", ["input", number(view.x[j])]]);
    return [`Row ${i}: `, out, " = ", ...joined(symbols, " + "), " = ", ...joined(values, " + "), " = ", ["output", number(view.y[i])], ".", rest];
  },
  column(view, j) {
    const terms = columnTerms(view, j);
    const name = ["input", entry("x", view.ins[j])];
    const transpose = ` Column ${j} of C is row ${j} of the transpose Cᵀ.`;
    if (!terms.length) return [`Column ${j}: `, name, " feeds no output, so its column is all zeros.", transpose];
    const fed = terms.map(({ i, weight }) => [["output", entry("y", view.outs[i])], " with weight ", ["kernel", number(weight)]]);
    return [`Column ${j}: `, name, " feeds ", ...joined(fed, ", "), ".", transpose];
  },
};
// ---------------------------------------------------------------------------------------------------- figures

const LEFT = 48; // room for the row index and the letters x, w, C
const GAP = 18; // between C and y

/** What is lit: the chosen row and column, the inputs and outputs that go with them. */
function lights(view, { axis, index }) {
  if (axis === "column") return { column: index, ins: new Set([index]), outs: new Set(columnTerms(view, index).map((t) => t.i)) };
  return { row: index, ins: new Set(rowTerms(view, index).map((t) => t.j)), outs: new Set([index]) };
}

/** Positions in the matrix drawing. On a line the padding is drawn as `ghost` columns on both sides of C. */
function layout(view, width) {
  const line = view.axes.length === 1;
  const ghost = line ? view.axes[0].p : 0;
  const columns = view.x.length + 2 * ghost;
  const widest = line ? 40 : 34;
  const size = Math.max(22, Math.min(widest, Math.floor((width - LEFT - GAP - 4) / (columns + 1))));
  const top = line ? 20 + size : 34;
  const body = top + size + 14;
  return {
    line, ghost, columns, size, top, body,
    left: (j) => LEFT + (j + ghost) * size,
    above: (i) => body + i * size,
    outLeft: LEFT + columns * size + GAP,
    width: LEFT + (columns + 1) * size + GAP + 4,
    height: body + Math.max(1, view.y.length) * size + 6,
  };
}

function inputRow(view, at, lit) {
  const { size, top, line, ghost } = at;
  const padding = range(ghost).flatMap((q) => [-1 - q, view.x.length + q]);
  const cells = view.x.flatMap((value, j) => cell({ x: at.left(j), y: top, size, value, kind: on(lit.ins.has(j), "in"), data: { "data-column": j } }));
  const zeros = padding.flatMap((j) => cell({ x: at.left(j), y: top, size, value: 0, kind: "pad", text: "soft" }));
  const tops = view.ins.map((index, j) => label(at.left(j) + size / 2, line ? 9 : 25, index.join(","), { class: "index" }));
  return [...cells, ...zeros, ...tops, label(12, top + size / 2, "x", { class: "letter" })];
}

/** On a line: the kernel laid over the inputs that the chosen row reads. */
function kernelRow(view, at, lit) {
  if (lit.row === undefined) return [];
  const cells = view.windows[lit.row].flatMap(({ tap, at: [j] }) =>
    cell({ x: at.left(j), y: 18, size: at.size, value: number(view.weight[tap[0]]), kind: "ker on", text: "on-text" }));
  return [...cells, label(12, 18 + at.size / 2, "w", { class: "letter" })];
}

function matrixRow(view, at, lit, i) {
  const { size } = at;
  const terms = new Set(rowTerms(view, i).map((term) => term.j));
  const shared = { y: at.above(i), size };
  const cells = view.C[i].flatMap((value, j) => cell({
    ...shared, x: at.left(j), value: number(value), data: { "data-row": i, "data-column": j },
    kind: terms.has(j) ? on(lit.row === i || lit.column === j, "ker") : "", text: terms.has(j) ? "" : "soft",
  }));
  const cut = at.line ? view.windows[i].filter((tap) => !tap.inside) : [];
  const outside = cut.flatMap(({ tap, at: [j] }) =>
    cell({ ...shared, x: at.left(j), value: number(view.weight[tap[0]]), kind: "cut", text: "soft", data: { "data-row": i } }));
  const name = label(LEFT - 14, at.above(i) + size / 2, view.outs[i].join(","), { class: "index" });
  const out = cell({ ...shared, x: at.outLeft, value: number(view.y[i]), kind: on(lit.outs.has(i), "out"), data: { "data-row": i } });
  return [...cells, ...outside, name, ...out];
}

function bands(view, at, lit) {
  const rect = (x, y, width, height, kind) => g("rect", { x, y, width, height, rx: 4, class: `band ${kind}`, "data-reveal": kind === "column" });
  const { size, columns } = at;
  if (lit.row !== undefined) return [rect(at.left(-at.ghost) - 1, at.above(lit.row) - 1, columns * size + 2, size + 2, "row")];
  return [rect(at.left(lit.column) - 1, at.top - 1, size + 2, at.above(view.y.length) - at.top + 2, "column")];
}

/** The brackets of C, and on an image the lines between its blocks. */
function rules(view, at, text) {
  const [x0, x1, y0, y1] = [at.left(0) - 3, at.left(view.x.length) + 3, at.above(0) - 3, at.above(view.y.length) + 3];
  const brackets = [`M${x0 + 5} ${y0}H${x0}V${y1}H${x0 + 5}`, `M${x1 - 5} ${y0}H${x1}V${y1}H${x1 - 5}`].map((d) => g("path", { d }));
  if (at.line) return brackets;
  const [H, W] = view.inShape;
  const [oH, oW] = view.outShape;
  const down = range(H - 1).map((r) => `M${at.left((r + 1) * W)} ${y0}V${y1}`);
  const across = range(oH - 1).map((r) => `M${x0} ${at.above((r + 1) * oW)}H${x1}`);
  const heads = range(H).map((r) => label(at.left(r * W + W / 2), 9, text.imageRow(r), { class: "soft", style: "font-size:11px" }));
  return [...brackets, g("path", { d: [...down, ...across].join(""), class: "block" }), ...heads];
}

function matrixFigure(view, state, text, width) {
  const at = layout(view, width);
  const lit = lights(view, state);
  const letters = [label(12, at.above(0) + at.size / 2, "C", { class: "letter" }), label(at.outLeft + at.size / 2, at.above(0) - 14, "y", { class: "letter" })];
  return drawing(at.width, at.height, text.alt(view),
    inputRow(view, at, lit), at.line ? kernelRow(view, at, lit) : [],
    view.y.map((_, i) => matrixRow(view, at, lit, i)), rules(view, at, text), letters, bands(view, at, lit));
}

/** A small labelled grid (image, kernel or output); `paint(index)` describes one cell. */
function grid(name, shape, start, paint) {
  const size = 40;
  const [rows, columns] = shape;
  const cells = indices(shape).flatMap(([r, c]) => {
    const { tag, ...rest } = paint([r + start, c + start]);
    const [x, y] = [c * size + 1, 18 + r * size];
    return [...cell({ x, y, size, ...rest }), ...(tag ? [label(x + size - 4, y + 10, tag, { class: "tag end", style: "font-size:9.5px" })] : [])];
  });
  const [width, height] = [Math.max(64, columns * size + 3), rows * size + 21];
  return drawing(width, height, "", label(2, 8, name, { class: "soft start", style: "font-size:12px" }), cells);
}

/** On an image: the padded image with the window on it, the kernel, and the output. */
function imageFigures(view, state, { names }) {
  const lit = lights(view, state);
  const window = lit.row === undefined ? [] : view.windows[lit.row];
  const p = view.axes[0].p;
  const image = (index) => {
    const tap = window.find(({ at }) => at.join() === index.join());
    const tag = tap && `×${number(view.weight[flat(tap.tap, view.axes.map((a) => a.k))])}`;
    if (index.some((q, m) => q < 0 || q >= view.inShape[m])) return { value: 0, kind: tap ? "cut" : "pad", text: "soft", tag };
    const j = flat(index, view.inShape);
    return { value: view.x[j], kind: on(lit.ins.has(j), "in"), tag, data: { "data-column": j } };
  };
  const kernel = (index) => ({ value: number(view.weight[flat(index, view.axes.map((a) => a.k))]), kind: on(lit.row !== undefined, "ker") });
  const output = (index) => {
    const i = flat(index, view.outShape);
    return { value: number(view.y[i]), kind: on(lit.outs.has(i), "out"), data: { "data-row": i } };
  };
  return [
    grid(names.image, view.inShape.map((n) => n + 2 * p), -p, image),
    grid(names.kernel, view.axes.map((a) => a.k), 0, kernel),
    grid(names.output, view.outShape, 0, output),
  ];
}

function matrixTable(view, text) {
  const head = ["C", ...view.ins.map((index) => entry("x", index)), "y"];
  return table(text.caption, head, view.C.map((row, i) => [entry("y", view.outs[i]), ...row.map(number), number(view.y[i])]));
}

// ------------------------------------------------------------------------------------------- controls and state

const isImage = ({ mode }) => mode === "2d";
const onLine = (...limits) => (state) => (isImage(state) ? null : limits);
const onImage = (...limits) => (state) => (isImage(state) ? limits : null);
const onBoth = (line, image) => (state) => (isImage(state) ? image : line);

const rowsOf = (state) => (isImage(state) ? state.weight2d : [state.weight]);
const withRows = (rows, state) => (isImage(state) ? { weight2d: rows } : { weight: rows[0] });

function presetWeights(name, state) {
  if (!isImage(state)) return { weight: PRESETS[name](state.weight.length) };
  const [kH, kW] = [state.weight2d.length, state.weight2d[0].length];
  if (name === "counting") return { weight2d: resized2d([], kH, kW) };
  const [down, across] = [PRESETS[name === "difference" ? "ones" : name](kH), PRESETS[name](kW)];
  return { weight2d: down.map((a) => across.map((b) => a * b)) };
}

function presetOf(state) {
  const now = JSON.stringify(isImage(state) ? state.weight2d : state.weight);
  return Object.keys(PRESETS).find((name) => JSON.stringify(Object.values(presetWeights(name, state))[0]) === now) ?? "own";
}

const counts = (state) => {
  const axes = axesOf(state);
  return { row: product(axes.map(outputSize)), column: product(axes.map((axis) => axis.n)) };
};
const lastIndex = (state) => Math.max(0, counts(state)[state.axis] - 1);

const STEPS = { ArrowUp: ["row", -1], ArrowDown: ["row", 1], ArrowLeft: ["column", -1], ArrowRight: ["column", 1] };

function keys(key, state) {
  const { axis, index } = state;
  if (key === "Home" || key === "End") return { index: key === "Home" ? 0 : lastIndex(state) };
  const [towards, step] = STEPS[key] ?? [];
  return towards && counts(state).row ? { axis: towards, index: towards === axis ? index + step : 0 } : null;
}

/** Which row or column a pointer means: an output its row, an input its column, an entry of C whichever is followed. */
function point({ data: { row, column } }, { axis }) {
  if (row === undefined && column === undefined) return null;
  const side = row === undefined ? "column" : column === undefined ? "row" : axis;
  return { axis: side, index: +(side === "row" ? row : column) };
}

export default explorable({
  words: { en: EN },
  traits: ["mode", "weight", "length", "stride", "padding", "dilation", "height", "width", "weight2d", "axis", "index"],
  groups: [
    group("mode", [choice("mode", ["1d", "2d"], { set: (mode) => ({ mode, axis: "row", index: 0 }) })]),
    group("sizes", [
      slider("length", onLine(1, 10)),
      slider("kernel", onLine(1, 5), { get: ({ weight }) => weight.length, set: (k, { weight }) => ({ weight: resized(weight, k, (t) => t + 1) }) }),
      slider("height", onImage(2, 4)),
      slider("width", onImage(2, 4)),
      slider("kernelHeight", onImage(1, 3), { get: ({ weight2d }) => weight2d.length, set: (k, { weight2d }) => ({ weight2d: resized2d(weight2d, k, weight2d[0].length) }) }),
      slider("kernelWidth", onImage(1, 3), { get: ({ weight2d }) => weight2d[0].length, set: (k, { weight2d }) => ({ weight2d: resized2d(weight2d, weight2d.length, k) }) }),
      slider("stride", onBoth([1, 4], [1, 2])),
      slider("padding", onBoth([0, 3], [0, 1])),
      slider("dilation", onLine(1, 3)),
    ], { class: "sizes" }),
    group("weights", [
      numbers("weights", { symbol: "w", get: rowsOf, set: (a, b, value, state) => withRows(replaced(rowsOf(state), a, replaced(rowsOf(state)[a], b, value)), state) }),
      menu("preset", ["own", ...Object.keys(PRESETS)], { get: presetOf, set: (name, state) => (name === "own" ? null : presetWeights(name, state)) }),
    ]),
    group("follow", [
      choice("axis", ["row", "column"], { set: (axis) => ({ axis, index: 0 }) }),
      slider("index", (state) => [0, lastIndex(state)]),
    ]),
  ],
  view: describe,
  figure(view, state, text, width) {
    if (!view.y.length) return [];
    const grids = isImage(state) ? [h("div", { class: "xp-row" }, imageFigures(view, state, text))] : [];
    return [...grids, matrixFigure(view, state, text, width)];
  },
  status: (view, { axis, index }, text) => (view.y.length ? text[axis](view, index) : text.empty(view)),
  note: (view, _state, text) => text.size(view),
  table: (view, _state, text) => (view.y.length ? matrixTable(view, text) : []),
  keys,
  point,
});
