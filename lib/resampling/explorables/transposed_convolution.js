// Transposed convolution by four algorithms, step by step, and what comes out when a step is forgotten.
//
// Symbols: n samples x, k taps w, s stride, p padding, op output padding, d dilation, o outputs y. Everything is drawn on
// *places* u = s*j + d*t of the uncropped output: sample j stands at s*j, its copy of tap t at s*j + d*t, output i at i + p.

import { cell, choice, clamp, drawing, explorable, factor, g, group, joined, label, listed, menu, number, numbers, on, plural, range, sized, slider, sum, table, typed } from "./kit.js";

// ---------------------------------------------------------------------------------------------- numbers (pure)

export const ALGORITHMS = ["matrix", "scatter", "zero_insertion", "polyphase"];

/** The steps that can be left out, for each algorithm. */
export const FORGETTABLE = {
  matrix: ["crop", "op"],
  scatter: ["crop", "op"],
  zero_insertion: ["zeros", "around", "flip", "crop", "op"],
  polyphase: ["weave", "crop", "op"],
};

/** The layer with its sizes. Who forgets the crop works with p = 0; who forgets op has it put `behind` the output. */
export function layerOf(state, forget = "nothing") {
  const { input: x, weight: w, stride: s, dilation: d, output_padding: wanted } = state;
  const p = forget === "crop" ? 0 : state.padding;
  const op = forget === "op" ? 0 : wanted;
  const reach = d * (w.length - 1);
  const full = s * (x.length - 1) + reach + 1;
  return { x, w, n: x.length, k: w.length, s, p, op, d, reach, full, behind: wanted - op, o: Math.max(0, full - 2 * p + op) };
}

/** C: row j holds the kernel where sample j lays it, among the o outputs. */
export const matrixOf = ({ x, w, s, p, d, o }) => x.map((_, j) => range(o).map((i) => w[(i + p - s * j) / d] ?? 0));

/** The copies of the kernel, one for each sample, and their sum after each of them. */
export function painted({ x, w, s, p, d, o, full }) {
  const copies = x.map((value, j) => w.map((tap, t) => ({ u: s * j + d * t, value: tap * value })));
  const sums = [Array(Math.max(full, p + o)).fill(0)];
  for (const copy of copies) {
    const next = [...sums[sums.length - 1]];
    for (const { u, value } of copy) next[u] += value;
    sums.push(next);
  }
  return { copies, sums };
}

/** s - 1 zeros between neighbours. */
export const zeroInsert = (x, s) => range(s * (x.length - 1) + 1).map((u) => x[u / s] ?? 0);

/** Zeros between, zeros around (a crop if `around` is negative), the kernel that slides, and its windows' sums. */
export function inserted({ x, w, s, p, op, d, reach }, forget = "nothing") {
  const stretched = zeroInsert(x, forget === "zeros" ? 1 : s);
  const around = forget === "around" ? 0 : reach - p;
  const padded = range(Math.max(0, stretched.length + 2 * around + op)).map((q) => stretched[q - around] ?? 0);
  const kernel = forget === "flip" ? w : [...w].reverse();
  const windows = range(Math.max(0, padded.length - reach)).map((i) =>
    kernel.map((tap, t) => ({ tap, value: padded[i + d * t], u: i + d * t - around })));
  return { stretched, around, padded, kernel, windows, values: windows.map((taps) => sum(taps.map(({ tap, value }) => tap * value))) };
}

/** Phase r: the taps and the outputs whose places leave the remainder r, those that begin first in front. */
export function phasesOf({ x, w, s, p, d, o }) {
  return range(s).map((first) => {
    const r = (first + p) % s;
    const taps = range(w.length).filter((t) => (d * t) % s === r);
    const outputs = range(Math.ceil(Math.max(0, o - first) / s)).map((q) => first + s * q);
    const terms = outputs.map((i) => taps.map((t) => ({ t, j: (i + p - d * t) / s })).filter(({ j }) => x[j] !== undefined));
    return { r, taps, outputs, terms, values: terms.map((all) => sum(all.map(({ t, j }) => w[t] * x[j]))) };
  });
}

const woven = (phases, o) => {
  const y = Array(o).fill(0);
  for (const { outputs, values } of phases) outputs.forEach((i, q) => { y[i] = values[q]; });
  return y;
};

const WAYS = {
  matrix: (layer) => range(layer.o).map((i) => sum(matrixOf(layer).map((row, j) => row[i] * layer.x[j]))),
  scatter: (layer) => painted(layer).sums[layer.n].slice(layer.p, layer.p + layer.o),
  zero_insertion: (layer, forget) => inserted(layer, forget).values,
  polyphase: (layer, forget) => (forget === "weave" ? phasesOf(layer).flatMap(({ values }) => values) : woven(phasesOf(layer), layer.o)),
};

/** The outputs, and the place of the first one. */
export function answer(state, algorithm = state.algorithm, forget = "nothing") {
  const layer = layerOf(state, forget);
  const values = [...WAYS[algorithm](layer, forget), ...Array(layer.behind).fill(0)];
  return { start: forget === "around" ? layer.reach : layer.p, values };
}

const close = (a, b) => Math.abs(a - b) < 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));

/** How two answers differ, place by place. */
export function compared(right, yours) {
  const inside = (one, u) => u >= one.start && u < one.start + one.values.length;
  const places = range(right.values.length).map((i) => i + right.start);
  const shared = places.filter((u) => inside(yours, u));
  const wrong = shared.filter((u) => !close(right.values[u - right.start], yours.values[u - yours.start]));
  return { wrong: new Set(wrong), shared: shared.length, missing: places.length - shared.length,
    extra: yours.values.length - shared.length };
}

const STEPS = {
  matrix: (layer) => [{ name: "write" }, ...range(layer.o).map((i) => ({ name: "column", i }))],
  scatter: (layer) => [{ name: "canvas" }, ...range(layer.n).map((j) => ({ name: "paint", j })), { name: "cut" }],
  zero_insertion: (layer, way) => [..."input between around flip".split(" ").map((name) => ({ name })),
    ...way.windows.map((_, i) => ({ name: "window", i }))],
  polyphase: (layer) => [{ name: "deal" }, ...range(layer.s).map((q) => ({ name: "phase", q })), { name: "weave" }],
};

/** Everything that the figure shows, from the state alone. */
export function describe(state) {
  const { algorithm, forget } = state;
  const layer = layerOf(state, forget);
  const right = answer(state, "scatter");
  const yours = answer(state, algorithm, forget);
  const way = algorithm === "zero_insertion" ? inserted(layer, forget) : {};
  const steps = [...STEPS[algorithm](layer, way), ...(layer.behind ? [{ name: "append" }] : [])];
  const index = clamp(state.step, 0, steps.length - 1);
  const results = Object.fromEntries(ALGORITHMS.map((name) => [name, answer(state, name).values]));
  return { layer, truth: layerOf(state), right, yours, way, steps, index, now: steps[index], results, difference: compared(right, yours),
    state };
}

/** How many of the answer's numbers are there after the step. */
function made({ now, yours, layer }) {
  if (now.i !== undefined) return now.i + 1;
  if (["cut", "weave"].includes(now.name)) return yours.values.length - layer.behind;
  return now.name === "append" ? yours.values.length : 0;
}

/** The step of an algorithm at which output i is made. */
export function stepOf(state, algorithm, i) {
  const { n, s } = layerOf(state, FORGETTABLE[algorithm].includes(state.forget) ? state.forget : "nothing");
  return { matrix: 1 + i, scatter: n + 1, zero_insertion: 4 + i, polyphase: 1 + (i % s) }[algorithm];
}

// ----------------------------------------------------------------------------------------------------- words

const HIDING = "these numbers hide it";
const REASONS = {
  zeros: ({ s, n }) => (s === 1 ? "at stride 1 no zeros stand between" : n === 1 ? "with one sample there is no between" : HIDING),
  around: ({ reach, p }) => (reach === p ? "d(k − 1) − p = 0, so nothing stands around" : HIDING),
  flip: ({ k, w }) => (k === 1 ? "one tap has no order"
    : w.every((tap, t) => tap === w[k - 1 - t]) ? "these taps read the same from both ends" : HIDING),
  crop: () => "p = 0, so nothing is cut",
  op: ({ op }) => (op ? "no copy reaches so far, so zeros stand there anyway" : "op = 0"),
  weave: ({ s, o }) => (s === 1 ? "at stride 1 there is one phase" : o <= s ? "each phase has one output at most" : HIDING),
};

const SIGNS = {
  zeros: () => "Without room between them the copies run together: the layer does not enlarge.",
  around: ({ reach, p }) => (p > reach ? "Too long: the crop is missing." : "Too short, and yet right: the border is missing."),
  flip: () => "The right length, and the digits in the wrong order: each copy of the kernel lies the wrong way round.",
  crop: ({ p }) => `Too long, and yet right: ${p} too many on each side.`,
  op: ({ op }) => `Zeros behind the output, ${op === 1 ? "one" : op} of them, where all others were painted.`,
  weave: () => "The right numbers in the wrong order: phase after phase.",
};

const EN = {
  title: "Transposed convolution, four ways in step",
  groups: { algorithm: "Way", sizes: "Sizes", samples: "Samples x", taps: "Taps w", follow: "Follow" },
  options: {
    algorithm: { matrix: "matrix", scatter: "paint", zero_insertion: "zeros", polyphase: "phases" },
    forget: {
      nothing: "nothing", zeros: "the zeros between", around: "the zeros around", flip: "the flip", crop: "the crop (p)",
      op: "op belongs to the input", weave: "weaving",
    },
  },
  controls: {
    algorithm: "Way", length: "samples n", taps: "taps k", stride: "stride s", padding: "padding p", output_padding: "output pad op",
    dilation: "dilation d", samples: "Samples x", weights: "Taps w", step: "step", forget: "forget",
  },
  figure: "Steps. Left and right arrows go through the steps, up and down arrows through the four ways.",
  hint: "Point at an output to see how it is made. Left and right arrow keys go from step to step, up and down from way to way.",
  table: "The four answers as a table",
  caption: "Outputs of the four ways, and of the one with the step forgotten.",
  yoursRow: "forgetful",
  ofSteps: ({ index, steps }) => `${index + 1} of ${steps.length}`,
  rows: {
    x: "samples x", matrix: "x beside C: row j is the kernel where sample j lays it", paint: "each sample's copy of the kernel",
    sum: "added up", output: "output y", right: "right", yours: (step) => `forgotten: ${step}`,
    between: ({ s }, forget) => (forget === "zeros" ? "zeros between: forgotten" : `zeros between: s − 1 = ${s - 1}`),
    around({ around, op, forget, behind }) {
      if (forget === "around") return `zeros around: forgotten${op ? `; op = ${op} behind` : ""}`;
      const rest = op ? `, op = ${op} more behind` : behind ? ", op not here" : "";
      return `${around < 0 ? "crop" : "zeros around"}: d(k − 1) − p = ${number(around)}${rest}`;
    },
    kernel: (flipped) => (flipped ? "kernel, flipped" : "kernel"),
    places: "samples x, s places apart, nothing between", deal: ({ s }) => `taps, and their phase: place mod ${s}`,
    phase: (r, taps, w) => (taps.length ? `phase ${r}: filtered by ${listed(taps.map((t) => w[t]))}` : `phase ${r}: no taps`),
  },
  alt({ layer, steps, index, right, yours }, { algorithm, forget }) {
    const wrong = forget === "nothing" ? "" : ` Forgotten: ${this.options.forget[forget]}; then the answer is ${listed(yours.values)}.`;
    return `Way: ${this.options.algorithm[algorithm]}, step ${index + 1} of ${steps.length}. Samples ${listed(layer.x)}; taps ${listed(layer.w)}. Output ${listed(right.values)}.${wrong}`;
  },
  empty: ({ truth: { n, k, s, p, op, d, full } }) => [
    `Nothing is left: ${plural(full, "place")} ${full === 1 ? "is" : "are"} painted, s(n − 1) + d(k − 1) + 1 with n = ${n}, k = ${k}, s = ${s}, d = ${d}, `,
    `and 2p − op = ${2 * p - op} would be cut. torch refuses such a layer; less padding brings it back.`],
  size: ({ n, s, p, op, d, k, full, o }) =>
    `o = s(n − 1) + d(k − 1) + 1 − 2p + op = ${s * (n - 1)} + ${d * (k - 1)} + 1 − ${2 * p} + ${op} = ${number(full - 2 * p + op)}${o ? "" : ", below 1"}.`,
  same: (values, forget) =>
    ` ${forget === "nothing" ? "Matrix" : "With nothing forgotten, matrix"}, paint, zeros and phases all end with ${listed(values)}.`,
  steps: {
    write: ({ layer: { n, o, op, s } }) => {
      const more = Math.floor(op / s);
      return [`The matrix C of the convolution from ${plural(o, "sample")} to ${n}: each row is the kernel, one stride further. `,
        more ? `(It has ${plural(more, "row")} more, for op ≥ s; they meet no sample.) ` : "", "Its columns are what is read now."];
    },
    column: ({ layer, now }) => sumOf(`Column ${now.i}`, now.i,
      layer.x.map((value, j) => [matrixOf(layer)[j][now.i], value]).filter(([w]) => w)),
    canvas: ({ layer }) =>
      [`An empty line of ${plural(Math.max(layer.full, layer.p + layer.o), "place")}. Nothing is flipped, nothing is padded.`],
    paint: ({ layer: { x, w, s, d }, now: { j } }) => ["Sample ", ["input", `x[${j}] = ${number(x[j])}`], " paints ",
      ["kernel", listed(w.map((tap) => tap * x[j]))],
        ` from place ${s * j} on${d > 1 ? `, ${d} apart` : ""}. Where copies overlap, they are added.`],
    cut: ({ layer: { p, op, o, full }, yours, state }) => [
      state.forget === "crop" ? "The crop is forgotten, and all "
        : p || op ? `Cut ${p} in front and p − op = ${number(p - op)} behind: of ${full} places ` : `Nothing to cut: of ${full} places `,
      `${o} are the output: `, ["output", listed(yours.values.slice(0, o))], "."],
    input: ({ layer: { x } }) => [plural(x.length, "sample"), ", ", ["input", listed(x)], "."],
    between: ({ layer: { n, s }, way, state }) => (state.forget === "zeros" ? ["The zeros between are forgotten. "] : [
      `${plural(s - 1, "zero")} between neighbours: ${plural(n, "sample")} become `, ["input", listed(way.stretched)], "."]),
    around: ({ layer: { op, behind }, way: { around, padded }, state }) => [
      state.forget === "around" ? "The zeros around are forgotten"
        : around < 0 ? `p is larger than d(k − 1): a crop of ${-around} on each side` : `${plural(around, "zero")} on each side, not p`,
      op ? `, and op = ${op} more behind the input` : behind ? ", and op is kept for the output" : "", ": ",
        ["input", listed(padded) || "nothing is left"], "."],
    flip: ({ layer: { w }, way: { kernel }, state }) => (state.forget === "flip"
      ? ["The flip is forgotten: the kernel stays ", ["kernel", listed(w)], "."]
      : ["The kernel turns round: ", ["kernel", listed(w)], " becomes ", ["kernel", listed(kernel)], "."]),
    window: ({ way, now }) => sumOf(`Window ${now.i}`, now.i, way.windows[now.i].map(({ tap, value }) => [tap, value])),
    deal: ({ layer }) => ["Tap t falls on places with the remainder dt mod s, and on no others. ",
      ...joined(phasesOf(layer).map(({ r, taps }) => [
      `Phase ${r} gets `, ["kernel", listed(taps.map((t) => layer.w[t])) || "nothing"]]), "; "), "."],
    phase({ layer, now }) {
      const { r, taps, values } = phasesOf(layer)[now.q];
      if (!values.length) return [`Phase ${r} has no output.`];
      if (!taps.length) return [`No tap reaches phase ${r}: its outputs are 0, whatever the weights.`];
      return [`Phase ${r}: the samples themselves, filtered by `, ["kernel", listed(taps.map((t) => layer.w[t]))], ", are ",
        ["output", listed(values)], ". No zero was multiplied."];
    },
    weave: ({ layer: { s }, yours, state }) => [
      state.forget === "weave" ? "The phases are laid one behind the other: " : s === 1 ? "One phase is all: " : `The ${s} phases are woven: `,
      ["output", listed(yours.values)], "."],
    append: ({ layer: { behind } }) => [`${plural(behind, "zero")} put behind the output, where op was meant to make the cut smaller.`],
  },
  verdict({ difference: { wrong, missing, extra }, truth }, forget) {
    if (!wrong.size && !missing && !extra) return [["strong", " Nobody would notice: "], `${REASONS[forget](truth)}.`];
    const counts = { wrong: wrong.size, missing, "too many": extra };
    const parts = Object.keys(counts).filter((name) => counts[name]).map((name) => `${counts[name]} ${name}`).join(", ");
    const lost = extra + missing ? "" : " The length tells nothing.";
    return [["strong", ` In the end: ${parts}.`], ` ${SIGNS[forget](truth)}${lost}`];
  },
};

/** "Window 2: y[2] = 100·1 + 10·0 = 100." from pairs of tap and sample. */
function sumOf(name, i, terms) {
  const total = sum(terms.map(([tap, value]) => tap * value));
  const products = terms.map(([tap, value]) => [["kernel", factor(tap)], "·", ["input", factor(value)]]);
  return [`${name}: `, ["output", `y[${i}]`], " = ", ...(terms.length ? [...joined(products, " + "), " = "] : []),
    ["output", number(total)], terms.length ? "." : ", as no tap falls here."];
}

// ---------------------------------------------------------------------------------------------------- figure

const CAPTION = 21; // pixels for the words above a row

/** Columns are places; the samples of matrix and paint stand two places before their rows. */
function columnsOf({ layer, truth, way, right, yours }) {
  const around = way.around ?? layer.reach - layer.p;
  const first = Math.min(-2, layer.p - 2, -Math.max(0, around, truth.reach - truth.p));
  const ends = [layer.full, right.start + right.values.length, yours.start + yours.values.length,
    layer.s * (layer.n - 1) + 1 + around + layer.op];
  return { first, count: Math.max(...ends) - first };
}

/** A row of cells: `values[i]` at place start + i·apart, as `look(i)` says; null leaves a place empty. */
const line = (at, y, values, start, look, apart = 1) => values.flatMap((value, i) =>
  (value === null ? [] : cell({ x: at.x(start + i * apart), y, size: at.size, value: value === "" ? undefined : number(value),
    ...look(i) })));

const band = (at, y, u, places) => g("rect", { x: at.x(u), y: y - 1, width: places * at.size, height: at.size + 2, rx: 4, class: "band",
  "data-reveal": true });

const faint = (value) => (value ? {} : { text: "soft" });

const ROWS = {
  matrix({ layer, now }, text) {
    const C = matrixOf(layer);
    return C.map((row, j) => ({
      caption: j ? "" : text.rows.matrix,
      draw: (at, y) => [
        ...line(at, y, [layer.x[j]], layer.p - 2, () => ({ kind: on(now.i !== undefined && row[now.i], "in") })),
        ...line(at, y, row, layer.p, (i) => ({ kind: row[i] ? on(now.i === i, "ker") : "", ...faint(row[i]), data: { "data-output": i } })),
      ],
    }));
  },
  scatter({ layer, now, index }, text) {
    const { copies, sums } = painted(layer);
    const done = Math.min(index, layer.n);
    const cut = index > layer.n;
    const rows = copies.map((copy, j) => ({
      caption: j ? "" : text.rows.paint,
      draw: (at, y) => [
        ...line(at, y, [layer.x[j]], -2, () => ({ kind: on(now.j === j, "in"), data: { "data-to": j + 1 } })),
        ...copy.flatMap(({ u, value }) => cell({ x: at.x(u), y, size: at.size, kind: j < done ? on(now.j === j, "ker") : "pad",
          value: j < done ? number(value) : undefined,
          data: { "data-to": j + 1 } })),
      ],
    }));
    const inside = (u) => u >= layer.p && u < layer.p + layer.o;
    const total = { caption: text.rows.sum, draw: (at, y) => line(at, y, sums[done], 0,
      (u) => ({ kind: cut && !inside(u) ? "cut" : "", ...faint(sums[done][u] && (inside(u) || !cut)) })) };
    return [...rows, total];
  },
  zero_insertion({ layer, way, now, index }, text, forget) {
    const { stretched, padded, around, kernel, windows } = way;
    const gap = forget === "zeros" ? 1 : layer.s;
    const lit = new Set(now.name === "window" ? windows[now.i].map(({ u }) => u) : []);
    const isSample = (u) => u >= 0 && u < stretched.length && u % gap === 0;
    const kindAround = (u) => on(lit.has(u), isSample(u) ? "in" : u >= 0 && u < stretched.length ? "" : "pad");
    const flipped = index >= 3;
    const from = now.name === "window" ? now.i - around : -around;
    const taps = flipped ? kernel : layer.w;
    const cropped = range(stretched.length).filter((u) => u < -around || u >= stretched.length + around + layer.op);
    return [
      { caption: text.rows.x, draw: (at, y) => line(at, y, layer.x, 0, () => ({ kind: on(index === 0, "in") })) },
      { caption: text.rows.between(layer, forget), draw: (at, y) =>
        (index < 1 ? [] : line(at, y, stretched, 0, (u) => ({ kind: isSample(u) ? on(index === 1, "in") : "", ...faint(isSample(u)) }))) },
      { caption: text.rows.around({ around, op: layer.op, forget, behind: layer.behind }),
        draw: (at, y) => (index < 2 ? [] : [
          ...cropped.flatMap((u) => line(at, y, [stretched[u]], u, () => ({ kind: "cut", text: "soft" }))),
          now.name === "window" ? band(at, y, from, layer.reach + 1) : [],
          ...line(at, y, padded, -around, (q) => ({ kind: kindAround(q - around), ...faint(isSample(q - around)) })),
        ]) },
      { caption: text.rows.kernel(flipped && forget !== "flip"),
        draw: (at, y) => line(at, y, taps, from, () => ({ kind: on(flipped, "ker") }), layer.d) },
    ];
  },
  polyphase({ layer, now, index }, text) {
    const phases = phasesOf(layer);
    const current = now.name === "phase" ? phases[now.q] : null;
    const isLit = (t) => current?.taps.includes(t);
    return [
      { caption: text.rows.places, draw: (at, y) => line(at, y, layer.x, 0, () => ({ kind: on(current?.taps.length, "in") }), layer.s) },
      { caption: text.rows.deal(layer), foot: true, draw: (at, y) => [
        ...line(at, y, layer.w, 0, (t) => ({ kind: on(isLit(t), "ker") }), layer.d),
        ...layer.w.map((_, t) => label(at.x(layer.d * t) + at.size / 2, y + at.size + 7, (layer.d * t) % layer.s, { class: "index" })),
      ] },
      ...phases.map(({ r, taps, outputs, values }, q) => ({
        caption: text.rows.phase(r, taps, layer.w),
        draw: (at, y) => line(at, y, index > q ? values : values.map(() => ""), layer.p + (outputs[0] ?? 0),
          (m) => ({ kind: index > q ? on(now.q === q, "out") : "pad", ...faint(values[m]), data: { "data-to": q + 1 } }), layer.s),
      })),
    ];
  },
};

/** The answer as far as it is made; what is wrong or too much is dashed, what is missing an empty frame. */
function answerRows(view, text, forget) {
  const { right, yours, difference, now, index, steps } = view;
  const count = made(view);
  const isRight = (u) => u >= right.start && u < right.start + right.values.length && !difference.wrong.has(u);
  const look = (i) => {
    const there = i < count;
    const good = isRight(yours.start + i);
    const last = there && (now.i === i || now.name === "cut" || now.name === "weave");
    return { kind: !there ? "pad" : good ? on(last, "out") : "cut", text: there && !good ? "ker on-text" : "", data: { "data-output": i } };
  };
  const shown = yours.values.map((value, i) => (i < count ? value : ""));
  const isMissing = (u) => u < yours.start || u >= yours.start + yours.values.length;
  const missing = index === steps.length - 1 ? right.values.map((_, i) => right.start + i).filter(isMissing) : [];
  const draw = (at, y) => [...line(at, y, shown, yours.start, look),
    ...missing.flatMap((u) => line(at, y, [""], u, () => ({ kind: "cut" })))];
  if (forget === "nothing") return [{ caption: text.rows.output, draw, gap: true }];
  const truth = { caption: text.rows.right, draw: (at, y) => line(at, y, right.values, right.start, () => ({ kind: "out" })) };
  return [{ caption: text.rows.yours(text.options.forget[forget]), draw, gap: true }, truth];
}

function stepsFigure(view, state, text, width) {
  const { first, count } = columnsOf(view);
  const longest = Math.max(...[...view.right.values, ...view.yours.values, ...view.layer.w].map((value) => number(value).length));
  const size = clamp(Math.floor((width - 6) / count), 26 + 5 * Math.max(0, longest - 3), 44);
  const at = { size, x: (u) => 2 + (u - first) * size };
  let y = 0;
  const drawn = [...ROWS[state.algorithm](view, text, state.forget),
    ...answerRows(view, text, state.forget)].map(({ caption, draw, gap, foot }) => {
    y += (caption ? CAPTION : 2) + (gap ? 6 : 0);
    const nodes = [caption ? label(2, y - CAPTION / 2, caption, { class: "soft start", style: "font-size:12px" }) : [], draw(at, y)];
    y += size + (foot ? 12 : 0);
    return nodes;
  });
  return drawing(Math.max(count * size + 4, 300), y + 4, text.alt(view, state), drawn);
}

function answersTable({ results, yours, right }, { forget }, text) {
  const columns = Math.max(right.values.length, yours.values.length);
  const row = (name, values) => [name, ...range(columns).map((i) => (i < values.length ? number(values[i]) : "–"))];
  const rows = ALGORITHMS.map((name) => row(text.options.algorithm[name], results[name]));
  const wrong = forget === "nothing" ? [] : [row(text.yoursRow, yours.values)];
  return table(text.caption, ["y", ...range(columns)], [...rows, ...wrong]);
}

// ------------------------------------------------------------------------------------------- controls and state

/** Another way, at the same output; a step that it does not have is no longer forgotten. */
function switched(algorithm, state) {
  const { now, layer } = describe(state);
  const output = now.i ?? (now.name === "phase" ? now.q : layer.o - 1);
  return { algorithm, step: stepOf({ ...state, algorithm }, algorithm, Math.max(0, output)) };
}

const neighbour = (algorithm, step) => ALGORITHMS[(ALGORITHMS.indexOf(algorithm) + step + ALGORITHMS.length) % ALGORITHMS.length];

function keys(key, state, { index, steps }) {
  if (key === "ArrowLeft" || key === "ArrowRight") return { step: clamp(index + (key === "ArrowRight" ? 1 : -1), 0, steps.length - 1) };
  if (key === "ArrowUp" || key === "ArrowDown") return switched(neighbour(state.algorithm, key === "ArrowDown" ? 1 : -1), state);
  return key === "Home" ? { step: 0 } : key === "End" ? { step: steps.length - 1 } : null;
}

function point({ data }, state) {
  if (data.to !== undefined) return { step: +data.to };
  return data.output === undefined ? null : { step: stepOf(state, state.algorithm, +data.output) };
}

/** What is forgotten shows in the whole answer: go to its last step. */
const forgotten = (forget) => (forget === "nothing" ? { forget } : { forget, step: Infinity });

export default explorable({
  words: { en: EN },
  traits: ["input", "weight", "stride", "padding", "output_padding", "dilation", "algorithm", "step", "forget"],
  groups: [
    group("algorithm", [choice("algorithm", ALGORITHMS, { set: switched })]),
    group("sizes", [
      sized("length", 1, 6, "input", (i) => i + 1),
      sized("taps", 1, 5, "weight", (i) => 10 ** i),
      slider("stride", [1, 4]),
      slider("padding", [0, 4]),
      slider("output_padding", ({ stride, dilation }) => [0, Math.max(stride, dilation) - 1]),
      slider("dilation", [1, 2]),
    ], { class: "sizes" }),
    group("samples", [typed("samples", "input", "x", "in")]),
    group("taps", [typed("weights", "weight", "w", "ker")]),
    group("follow", [
      menu("forget", ({ algorithm }) => ["nothing", ...FORGETTABLE[algorithm]], { set: forgotten }),
      slider("step", (state) => [0, describe(state).steps.length - 1], { show: (_, text, state) => text.ofSteps(describe(state)) }),
    ]),
  ],
  view: describe,
  figure: (view, state, text, width) => (view.truth.o ? [stepsFigure(view, state, text, width)] : []),
  status(view, state, text) {
    if (!view.truth.o) return text.empty(view);
    return [...text.steps[view.now.name](view), ...(state.forget === "nothing" ? [] : text.verdict(view, state.forget))];
  },
  note: ({ truth, right }, { forget }, text) => [text.size(truth), truth.o ? text.same(right.values, forget) : ""],
  table: (view, state, text) => (view.truth.o ? answersTable(view, state, text) : []),
  keys: (key, state, view) => (view.truth.o ? keys(key, state, view) : null),
  point,
});
