// The convolution matrix, one row or one column at a time.
//
// One ES module without imports, in the form that anywidget expects. The book copies it to its pages, Jupyter loads it
// as it stands, and the tests compare its pure functions with torch.
//
// Symbols: n input length, o output length, k kernel size, s stride, p padding, d dilation. An *axis* is {n, k, s, p, d};
// a line has one axis, an image has two, and no function below needs to know which.

// ---------------------------------------------------------------------------------------------- numbers (pure)

// The input that is drawn: neighbours differ, so that a sum shows which samples went into it.
export const SAMPLES = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3];

const product = (sizes) => sizes.reduce((a, b) => a * b, 1);
const range = (size) => [...Array(size).keys()];

/** Every index of an array of this shape, the last axis fastest. */
const indices = (shape) => shape.reduce((rows, size) => rows.flatMap((row) => range(size).map((i) => [...row, i])), [[]]);

const flat = (index, shape) => index.reduce((sum, i, axis) => sum * shape[axis] + i, 0);

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
export const resized = (weight, k) => range(k).map((t) => weight[t] ?? t + 1);
export const resized2d = (weight, kH, kW) => range(kH).map((a) => range(kW).map((b) => weight[a]?.[b] ?? a * kW + b + 1));

const binomial = (k) => range(k).reduce((row) => [1, ...row.slice(1).map((v, i) => v + row[i]), 1].slice(0, row.length + 1), []);

/** Kernels to start from, by name; each takes a size. */
export const PRESETS = {
  counting: (k) => range(k).map((t) => t + 1),
  ones: (k) => Array(k).fill(1),
  binomial,
  difference: (k) => range(k).map((t) => (k === 1 ? 1 : t === 0 ? -1 : t === k - 1 ? 1 : 0)),
};

// ----------------------------------------------------------------------------------------------------- words

const number = (v) => String(+v.toFixed(2)).replace("-", "−");
const factor = (v) => (v < 0 ? `(${number(v)})` : number(v));
const entry = (letter, index) => `${letter}[${index.join(",")}]`;

// A sentence is a list of strings and of [role, string] pairs; the role gives the colour of input, kernel or output.
const joined = (parts, glue) => parts.flatMap((part, i) => (i ? [glue, ...part] : part));

const EN = {
  title: "The convolution matrix",
  modes: { "1d": "1-D", "2d": "2-D" },
  mode: "Input",
  sizes: "Sizes",
  controls: {
    length: "input length n", kernel: "kernel size k", stride: "stride s", padding: "padding p", dilation: "dilation d",
    height: "image height H", width: "image width W", kernelHeight: "kernel height kH", kernelWidth: "kernel width kW",
  },
  weights: "Kernel weights w",
  preset: "Start from",
  presets: { own: "own weights", counting: "1, 2, 3, …", ones: "all ones", binomial: "binomial", difference: "difference" },
  follow: "Follow",
  axes: { row: "a row: one output", column: "a column: one input" },
  index: { row: "row i", column: "column j" },
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
const WORDS = { en: EN };
const words = () => WORDS[document.documentElement.lang.slice(0, 2)] ?? EN;

// ----------------------------------------------------------------------------------------------------- style

const CSS = `
.cmx{--cmx-in:var(--course-input,#0072b2);--cmx-ker:var(--course-kernel,#d55e00);--cmx-out:var(--course-output,#009e73);
--cmx-in-text:var(--course-input-text,#0072b2);--cmx-ker-text:var(--course-kernel-text,#a84a00);--cmx-out-text:var(--course-output-text,#00704f);
--cmx-fg:var(--pst-color-text-base,var(--jp-ui-font-color1,CanvasText));--cmx-soft:var(--pst-color-text-muted,var(--jp-ui-font-color2,GrayText));
--cmx-bg:var(--pst-color-background,var(--jp-layout-color1,Canvas));--cmx-line:var(--pst-color-border,var(--jp-border-color1,GrayText));
color:var(--cmx-fg);background:var(--cmx-bg);border:1px solid var(--cmx-line);border-radius:.5rem;padding:1rem 1.1rem;margin-block:1.2rem;font-size:.92rem;line-height:1.5;container-type:inline-size}
[data-jp-theme-light=false] .cmx{--cmx-in:#6cb8ee;--cmx-ker:#ff9b5e;--cmx-out:#4fcfa5;--cmx-in-text:#6cb8ee;--cmx-ker-text:#ff9b5e;--cmx-out-text:#4fcfa5}
.cmx *{box-sizing:border-box}
.cmx fieldset{border:0;padding:0;margin:0 0 .7rem;min-width:0;display:flex;flex-wrap:wrap;gap:.35rem 1.2rem;align-items:center}
.cmx legend{float:left;padding:0;margin:0;font-size:.85rem;font-weight:600;line-height:1.5;width:auto;min-width:3.6rem;color:var(--cmx-soft)}
.cmx-head{display:flex;flex-wrap:wrap;gap:.2rem 1.5rem;justify-content:space-between;align-items:baseline}
.cmx p.cmx-title{font-weight:650;font-size:1.05rem;margin:0 0 .5rem}
.cmx label{display:inline-flex;align-items:center;gap:.4rem;margin:0;min-height:1.75rem;font-weight:400}
.cmx fieldset.cmx-sizes{display:grid;grid-template-columns:repeat(auto-fill,minmax(7.5rem,1fr));gap:.25rem 1.1rem}
.cmx .cmx-sizes legend{grid-column:1/-1;float:none;position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden;white-space:nowrap}
.cmx .cmx-slider{display:grid;grid-template-columns:1fr auto;gap:0 .5rem}
.cmx .cmx-slider input{grid-column:1/-1;width:100%;min-width:0;height:1.5rem;margin:0;accent-color:var(--cmx-in-text)}
.cmx .cmx-value{font-weight:650;font-variant-numeric:tabular-nums}
.cmx .cmx-follow .cmx-slider{flex:1 1 9rem;max-width:16rem}
.cmx input[type=radio]{width:1.1rem;height:1.1rem;margin:0;accent-color:var(--cmx-in-text)}
.cmx-weights{display:inline-grid;gap:.25rem}
.cmx-weights input{width:3.6rem;height:2rem;padding:.1rem .25rem;text-align:center;font:inherit;font-variant-numeric:tabular-nums;color:var(--cmx-fg);background:var(--cmx-bg);border:2px solid var(--cmx-ker);border-radius:.25rem;appearance:textfield}
.cmx-weights input::-webkit-inner-spin-button{appearance:none;margin:0}
.cmx select{font:inherit;height:2rem;max-width:100%;color:var(--cmx-fg);background:var(--cmx-bg);border:1px solid var(--cmx-soft);border-radius:.25rem;padding:0 .3rem}
.cmx-box{overflow-x:auto;border-radius:.25rem;padding:.2rem 0}
.cmx-grids{display:flex;flex-wrap:wrap;gap:.4rem 1.6rem;align-items:flex-start;margin-bottom:.6rem}
.cmx svg{display:block;flex:none;max-width:none;overflow:visible;background:none}
.cmx svg text{fill:var(--cmx-fg);text-anchor:middle;dominant-baseline:central;font-family:inherit;font-variant-numeric:tabular-nums;pointer-events:none}
.cmx svg .soft{fill:var(--cmx-soft)}
.cmx svg .letter{font-style:italic;font-weight:600;font-size:15px}
.cmx svg .start{text-anchor:start}.cmx svg .end{text-anchor:end}
.cmx svg rect{fill:transparent;stroke:var(--cmx-line);stroke-width:1}
.cmx svg rect.in{fill:var(--cmx-in);fill-opacity:.13;stroke:var(--cmx-in)}
.cmx svg rect.ker{fill:var(--cmx-ker);fill-opacity:.13;stroke:var(--cmx-ker);stroke-opacity:.6}
.cmx svg rect.out{fill:var(--cmx-out);fill-opacity:.13;stroke:var(--cmx-out)}
.cmx svg rect.pad{fill:none;stroke:var(--cmx-soft);stroke-dasharray:2 3}
.cmx svg rect.cut{fill:none;stroke:var(--cmx-ker);stroke-dasharray:2 3}
.cmx svg rect.on{fill-opacity:.42;stroke-opacity:1;stroke-width:2.5}
.cmx svg rect.band{fill:none;stroke-width:2.5;stroke:var(--cmx-ker);pointer-events:none}
.cmx svg rect.band.column{stroke:var(--cmx-in)}
.cmx svg .tag{fill:var(--cmx-ker-text);font-weight:650}
.cmx svg .on-text{font-weight:700}
.cmx svg path{fill:none;stroke:var(--cmx-fg);stroke-width:1.4;pointer-events:none}
.cmx svg path.block{stroke:var(--cmx-soft);stroke-width:1.6}
.cmx p{margin:.45rem 0 0;overflow-wrap:anywhere;max-width:none}
.cmx p.cmx-hint,.cmx p.cmx-size{color:var(--cmx-soft);font-size:.85rem}
.cmx p.cmx-status{min-height:3em;font-variant-numeric:tabular-nums}
.cmx-input{color:var(--cmx-in-text);font-weight:600}.cmx-kernel{color:var(--cmx-ker-text);font-weight:600}.cmx-output{color:var(--cmx-out-text);font-weight:600}
.cmx details{margin-top:.4rem;background:none;border:0;box-shadow:none;padding:0}
.cmx summary{cursor:pointer;padding:.15rem 0}
.cmx table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.85rem;width:auto;margin:.3rem 0}
.cmx caption{caption-side:top;text-align:left;color:var(--cmx-soft)}
.cmx td,.cmx th{border:1px solid var(--cmx-line);padding:.1rem .45rem;text-align:center;background:none;font-weight:400}.cmx th{font-weight:600}
.cmx :focus-visible{outline:3px solid var(--cmx-in-text);outline-offset:2px}
@media (max-width:480px){.cmx{padding:.7rem .75rem}}
@media (forced-colors:active){.cmx svg text{fill:CanvasText}.cmx svg rect,.cmx svg path{stroke:CanvasText}.cmx svg rect.in,.cmx svg rect.out,.cmx svg rect.ker{fill:Canvas;fill-opacity:1;stroke:CanvasText}
.cmx svg rect.on,.cmx svg rect.band,.cmx svg rect.band.column{stroke:Highlight;stroke-width:3.5}.cmx svg .soft{fill:GrayText}}
@media print{.cmx{break-inside:avoid}.cmx fieldset,.cmx fieldset.cmx-sizes,.cmx p.cmx-hint,.cmx details:not([open]){display:none}.cmx-box{overflow:visible}}
`;

// --------------------------------------------------------------------------------------------------- elements

const put = (node, attributes, children) => {
  for (const name in attributes) node.setAttribute(name, attributes[name]);
  node.append(...children);
  return node;
};
const h = (tag, attributes = {}, ...children) => put(document.createElement(tag), attributes, children);
const g = (tag, attributes = {}, ...children) => put(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

const spans = (parts) => parts.map((part) => (Array.isArray(part) ? h("span", { class: `cmx-${part[0]}` }, part[1]) : part));

/** One cell: a box with a number; `data` says which row and column it belongs to. */
function cell({ x, y, size, value, kind = "", text = "", data = {} }) {
  const box = g("rect", { x: x + 1, y: y + 1, width: size - 2, height: size - 2, rx: 3, class: kind, ...data });
  if (value === undefined) return [box];
  const font = Math.min(15, (size * 1.5) / Math.max(3, String(value).length + 0.6));
  return [box, label(x + size / 2, y + size / 2, value, { class: text, style: `font-size:${font.toFixed(1)}px` })];
}
const label = (x, y, value, attributes = {}) => g("text", { x, y, ...attributes }, String(value));

// ---------------------------------------------------------------------------------------------------- figures

const LEFT = 48; // room for the row index and the letters x, w, C
const GAP = 18; // between C and y

/** What is lit: the chosen row and column, the inputs and outputs that go with them. */
function lights(view, { axis, index }) {
  if (axis === "column") return { column: index, ins: new Set([index]), outs: new Set(columnTerms(view, index).map((t) => t.i)) };
  return { row: index, ins: new Set(rowTerms(view, index).map((t) => t.j)), outs: new Set([index]) };
}

const on = (lit, kind) => (lit ? `${kind} on` : kind);

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
  const tops = view.ins.map((index, j) => label(at.left(j) + size / 2, line ? 9 : 25, index.join(","), { class: "soft", style: "font-size:10px" }));
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
  const name = label(LEFT - 14, at.above(i) + size / 2, view.outs[i].join(","), { class: "soft", style: "font-size:10px" });
  const out = cell({ ...shared, x: at.outLeft, value: number(view.y[i]), kind: on(lit.outs.has(i), "out"), data: { "data-row": i } });
  return [...cells, ...outside, name, ...out];
}

function bands(view, at, lit) {
  const rect = (x, y, width, height, kind) => g("rect", { x, y, width, height, rx: 4, class: `band ${kind}` });
  const { size, columns } = at;
  if (lit.row !== undefined) return [rect(at.left(-at.ghost) - 1, at.above(lit.row) - 1, columns * size + 2, size + 2, "row")];
  return [rect(at.left(lit.column) - 1, at.top - 1, size + 2, at.above(view.y.length) - at.top + 2, "column")];
}

/** The brackets of C, and on an image the lines between its blocks. */
function rules(view, at) {
  const [x0, x1, y0, y1] = [at.left(0) - 3, at.left(view.x.length) + 3, at.above(0) - 3, at.above(view.y.length) + 3];
  const brackets = [`M${x0 + 5} ${y0}H${x0}V${y1}H${x0 + 5}`, `M${x1 - 5} ${y0}H${x1}V${y1}H${x1 - 5}`].map((d) => g("path", { d }));
  if (at.line) return brackets;
  const [H, W] = view.inShape;
  const [oH, oW] = view.outShape;
  const down = range(H - 1).map((r) => `M${at.left((r + 1) * W)} ${y0}V${y1}`);
  const across = range(oH - 1).map((r) => `M${x0} ${at.above((r + 1) * oW)}H${x1}`);
  const heads = range(H).map((r) => label(at.left(r * W + W / 2), 9, words().imageRow(r), { class: "soft", style: "font-size:11px" }));
  return [...brackets, g("path", { d: [...down, ...across].join(""), class: "block" }), ...heads];
}

function matrixFigure(view, choice, width) {
  const at = layout(view, width);
  const lit = lights(view, choice);
  const letters = [label(12, at.above(0) + at.size / 2, "C", { class: "letter" }), label(at.outLeft + at.size / 2, at.above(0) - 14, "y", { class: "letter" })];
  return g("svg", { width: at.width, height: at.height, viewBox: `0 0 ${at.width} ${at.height}`, role: "img", "aria-label": words().alt(view) },
    ...inputRow(view, at, lit), ...(at.line ? kernelRow(view, at, lit) : []),
    ...view.y.flatMap((_, i) => matrixRow(view, at, lit, i)), ...rules(view, at), ...letters, ...bands(view, at, lit));
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
  return g("svg", { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" }, label(2, 8, name, { class: "soft start", style: "font-size:12px" }), ...cells);
}

/** On an image: the padded image with the window on it, the kernel, and the output. */
function imageFigures(view, choice) {
  const lit = lights(view, choice);
  const { names } = words();
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

function table(view) {
  const head = h("tr", {}, h("th", { scope: "col" }, "C"), ...view.ins.map((index) => h("th", { scope: "col" }, entry("x", index))), h("th", { scope: "col" }, "y"));
  const rows = view.C.map((row, i) => h("tr", {}, h("th", { scope: "row" }, entry("y", view.outs[i])), ...row.map((v) => h("td", {}, number(v))), h("td", {}, number(view.y[i]))));
  return h("table", {}, h("caption", {}, words().caption), h("thead", {}, head), h("tbody", {}, ...rows));
}

// --------------------------------------------------------------------------------------------------- controls

// Each slider: the range for 1-D and 2-D (absent: not shown), and how it reads and changes the state.
const trait = (name) => ({ get: (state) => state[name], set: (value) => ({ [name]: value }) });
const SLIDERS = {
  length: { "1d": [1, 10], ...trait("length") },
  kernel: { "1d": [1, 5], get: (state) => state.weight.length, set: (k, state) => ({ weight: resized(state.weight, k) }) },
  height: { "2d": [2, 4], ...trait("height") },
  width: { "2d": [2, 4], ...trait("width") },
  kernelHeight: { "2d": [1, 3], get: (state) => state.weight2d.length, set: (k, state) => ({ weight2d: resized2d(state.weight2d, k, state.weight2d[0].length) }) },
  kernelWidth: { "2d": [1, 3], get: (state) => state.weight2d[0].length, set: (k, state) => ({ weight2d: resized2d(state.weight2d, state.weight2d.length, k) }) },
  stride: { "1d": [1, 4], "2d": [1, 2], ...trait("stride") },
  padding: { "1d": [0, 3], "2d": [0, 1], ...trait("padding") },
  dilation: { "1d": [1, 3], ...trait("dilation") },
};

function slider(text, change) {
  const value = h("span", { class: "cmx-value", "aria-hidden": "true" });
  const input = h("input", { type: "range", step: 1 });
  input.addEventListener("input", () => change(+input.value));
  const name = h("span", {}, text);
  return { element: h("label", { class: "cmx-slider" }, name, value, input), name, value, input };
}

function show(control, [min, max], value) {
  Object.assign(control.input, { min, max, value });
  control.value.textContent = value;
}

function radios(legend, options, change) {
  const group = `cmx${Math.random().toString(36).slice(2)}`;
  const inputs = Object.entries(options).map(([value, text]) => {
    const input = h("input", { type: "radio", name: group, value });
    input.addEventListener("change", () => change(value));
    return { input, element: h("label", {}, input, text) };
  });
  const element = h("fieldset", {}, h("legend", {}, legend), ...inputs.map((one) => one.element));
  return { element, check: (value) => { for (const { input } of inputs) input.checked = input.value === value; } };
}

const presetWeights = (name, state) => {
  if (state.mode !== "2d") return { weight: PRESETS[name](state.weight.length) };
  const [kH, kW] = [state.weight2d.length, state.weight2d[0].length];
  if (name === "counting") return { weight2d: resized2d([], kH, kW) };
  const [down, across] = [PRESETS[name === "difference" ? "ones" : name](kH), PRESETS[name](kW)];
  return { weight2d: down.map((a) => across.map((b) => a * b)) };
};

const presetOf = (state) => {
  const now = JSON.stringify(state.mode === "2d" ? state.weight2d : state.weight);
  return Object.keys(PRESETS).find((name) => JSON.stringify(Object.values(presetWeights(name, state))[0]) === now) ?? "own";
};

/** The little inputs for the weights, rebuilt only when their number changes, so that typing is never interrupted. */
function weightInputs(change) {
  const element = h("span", { class: "cmx-weights" });
  let shape = "";
  const build = (rows) => {
    element.style.gridTemplateColumns = `repeat(${rows[0].length}, auto)`;
    element.replaceChildren(...rows.flatMap((row, a) => row.map((_, b) => {
      const input = h("input", { type: "number", step: "any", "aria-label": rows.length > 1 ? `w[${a},${b}]` : `w[${b}]` });
      input.addEventListener("input", () => Number.isFinite(input.valueAsNumber) && change(a, b, input.valueAsNumber));
      return input;
    })));
  };
  const update = (rows) => {
    if (shape !== `${rows.length}x${rows[0].length}`) build(rows);
    shape = `${rows.length}x${rows[0].length}`;
    rows.flat().forEach((value, t) => { if (element.children[t] !== document.activeElement) element.children[t].value = value; });
  };
  return { element, update };
}

// ----------------------------------------------------------------------------------------------------- render

const TRAITS = ["mode", "weight", "length", "stride", "padding", "dilation", "height", "width", "weight2d", "axis", "index"];

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** The state inside the ranges of its mode: the 2-D figure allows less stride and padding than the 1-D one. */
function tidy(state) {
  const next = { ...state };
  for (const name of ["length", "height", "width", "stride", "padding", "dilation"]) {
    const limits = SLIDERS[name][state.mode];
    if (limits) next[name] = clamp(next[name], ...limits);
  }
  return next;
}

const read = (model) => tidy(Object.fromEntries(TRAITS.map((name) => [name, model.get(name)])));

/** The arrow keys belong to the figure, not to the notebook around it. */
function keepKeys(root) {
  root.addEventListener("keydown", (event) => {
    const foreign = event.ctrlKey || event.metaKey || event.altKey || event.key === "Escape" || (event.shiftKey && event.key === "Enter");
    if (!foreign) event.stopPropagation();
  });
}

const STEPS = { ArrowUp: ["row", -1], ArrowDown: ["row", 1], ArrowLeft: ["column", -1], ArrowRight: ["column", 1] };

function afterKey(key, { axis, index }, counts) {
  if (key === "Home" || key === "End") return { axis, index: key === "Home" ? 0 : counts[axis] - 1 };
  const [towards, step] = STEPS[key] ?? [];
  if (!towards) return null;
  return { axis: towards, index: clamp(towards === axis ? index + step : 0, 0, counts[towards] - 1) };
}

/** Which row or column a pointer means: an output its row, an input its column, an entry of C whichever is followed. */
function pointed(target, axis) {
  const { row, column } = target.dataset ?? {};
  if (row === undefined && column === undefined) return null;
  const side = row === undefined ? "column" : column === undefined ? "row" : axis;
  return { axis: side, index: +(side === "row" ? row : column) };
}

function buildControls(update, state) {
  const text = words();
  const sliders = Object.fromEntries(Object.keys(SLIDERS).map((name) =>
    [name, slider(text.controls[name], (value) => update(SLIDERS[name].set(value, state())))]));
  const weights = weightInputs((a, b, value) => {
    const { mode, weight, weight2d } = state();
    const replaced = (row, at) => row.map((old, t) => (t === at ? value : old));
    update(mode === "2d" ? { weight2d: weight2d.map((row, r) => (r === a ? replaced(row, b) : row)) } : { weight: replaced(weight, b) });
  });
  const preset = h("select", { "aria-label": text.preset }, ...Object.entries(text.presets).map(([value, name]) => h("option", { value }, name)));
  preset.addEventListener("change", () => (preset.value === "own" ? update({}) : update(presetWeights(preset.value, state()))));
  return {
    sliders, weights, preset,
    mode: radios(text.mode, text.modes, (mode) => update({ mode, axis: "row", index: 0 })),
    axis: radios(text.follow, text.axes, (axis) => update({ axis, index: 0 })),
    index: slider("", (index) => update({ index })),
  };
}

function showControls(controls, state, counts) {
  for (const [name, { element, ...control }] of Object.entries(controls.sliders)) {
    const limits = SLIDERS[name][state.mode];
    element.hidden = !limits;
    element.style.display = limits ? "" : "none";
    if (limits) show(control, limits, SLIDERS[name].get(state));
  }
  controls.mode.check(state.mode);
  controls.axis.check(state.axis);
  controls.weights.update(state.mode === "2d" ? state.weight2d : [state.weight]);
  controls.preset.value = presetOf(state);
  controls.index.name.textContent = words().index[state.axis];
  show(controls.index, [0, Math.max(0, counts[state.axis] - 1)], state.index);
}

function assemble(controls) {
  const text = words();
  const id = `cmx-title-${Math.random().toString(36).slice(2)}`;
  const parts = {
    box: h("div", { class: "cmx-box", tabindex: 0, role: "group", "aria-label": text.figure }),
    size: h("p", { class: "cmx-size" }),
    status: h("p", { class: "cmx-status", role: "status", "aria-live": "polite" }),
    numbers: h("div", { class: "cmx-box", tabindex: 0, role: "group", "aria-label": text.table }),
  };
  parts.details = h("details", {}, h("summary", {}, text.table), parts.numbers);
  controls.axis.element.classList.add("cmx-follow");
  controls.axis.element.append(controls.index.element);
  const sizes = h("fieldset", { class: "cmx-sizes" }, h("legend", {}, text.sizes), ...Object.values(controls.sliders).map((one) => one.element));
  const weights = h("fieldset", {}, h("legend", {}, text.weights), controls.weights.element, controls.preset);
  const head = h("div", { class: "cmx-head" }, h("p", { class: "cmx-title", id }, text.title), controls.mode.element);
  parts.root = h("section", { class: "cmx", "aria-labelledby": id, "data-lm-suppress-shortcuts": "true" }, h("style", {}, CSS),
    head, sizes, weights, controls.axis.element, parts.box, h("p", { class: "cmx-hint" }, text.hint), parts.status, parts.size, parts.details);
  return parts;
}

function drawFigure(parts, view, state) {
  const text = words();
  parts.size.replaceChildren(...spans(text.size(view)));
  if (!view.y.length) {
    parts.box.replaceChildren();
    parts.status.replaceChildren(...spans(text.empty(view)));
  } else {
    const figure = matrixFigure(view, state, parts.box.clientWidth || 600);
    const grids = state.mode === "2d" ? [h("div", { class: "cmx-grids" }, ...imageFigures(view, state))] : [];
    const scrolled = parts.box.scrollLeft;
    parts.box.replaceChildren(...grids, figure);
    parts.box.scrollLeft = scrolled;
    parts.status.replaceChildren(...spans(text[state.axis](view, state.index)));
  }
  parts.numbers.replaceChildren(...(parts.details.open && view.y.length ? [table(view)] : []));
}

/** Keep the chosen row or column in sight when the matrix is wider than its box. */
function reveal(box) {
  const band = box.querySelector(".band.column")?.getBoundingClientRect();
  if (!band) return;
  const frame = box.getBoundingClientRect();
  if (band.left < frame.left) box.scrollLeft += band.left - frame.left - 8;
  if (band.right > frame.right) box.scrollLeft += band.right - frame.right + 8;
}

function render({ model, el }) {
  let state = read(model);
  let counts = {};
  let busy = false; // one drawing for one change, however many traits it sets
  const update = (changes) => {
    busy = true;
    for (const name in changes) model.set(name, changes[name]);
    model.save_changes();
    busy = false;
    draw();
  };
  const controls = buildControls(update, () => state);
  const parts = assemble(controls);

  function draw() {
    state = read(model);
    const view = describe(state);
    counts = { row: view.y.length, column: view.x.length };
    state.index = clamp(state.index, 0, Math.max(0, counts[state.axis] - 1));
    showControls(controls, state, counts);
    drawFigure(parts, view, state);
  }
  const follow = (choice) => choice && (choice.axis !== state.axis || choice.index !== state.index) && update(choice);

  for (const kind of ["pointermove", "pointerdown"]) parts.box.addEventListener(kind, (event) => follow(pointed(event.target, state.axis)));
  parts.box.addEventListener("keydown", (event) => {
    const choice = counts.row && afterKey(event.key, state, counts);
    if (!choice) return;
    event.preventDefault();
    follow(choice);
    reveal(parts.box);
  });
  parts.details.addEventListener("toggle", draw);
  keepKeys(parts.root);
  el.append(parts.root);
  return connect(model, parts.box, () => busy || draw());
}

/** Draw now, when the model changes and when the width changes; returns the clean-up. */
function connect(model, box, draw) {
  let width = -1;
  const resized = new ResizeObserver(() => {
    if (box.clientWidth === width) return;
    width = box.clientWidth;
    draw();
  });
  draw();
  width = box.clientWidth;
  resized.observe(box);
  for (const name of TRAITS) model.on(`change:${name}`, draw);
  return () => {
    resized.disconnect();
    for (const name of TRAITS) model.off(`change:${name}`, draw);
  };
}

export default { render };
