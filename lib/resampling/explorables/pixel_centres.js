// Where an output pixel reads the input: five conventions over one ruler, and how far each of them moves the picture.
//
// Symbols: n input samples, o output samples, c the input coordinate that output i reads. The ruler counts input samples:
// sample j lies at j, the input covers [-1/2, n - 1/2], and so does the output, whose pixels are n/o wide.

import { cell, choice, clamp, curve, drawing, explorable, g, group, joined, label, mean, menu, number, on, range, rounded, slider, table } from "./kit.js";

// ---------------------------------------------------------------------------------------------- numbers (pure)

export const CONVENTIONS = ["half_pixel", "align_corners", "asymmetric", "pytorch_half_pixel", "half_pixel_symmetric"];

/** o, and the step between outputs as a fraction above / below. */
export function sizesOf({ samples: n, size, by, scale }) {
  const given = by === "scale";
  const o = given ? Math.floor(n * scale) : size;
  return { n, o, above: given ? 1 / scale : n, below: given ? 1 : o };
}

const halfPixel = (i, { above, below }) => ((2 * i + 1) * above - below) / (2 * below);

const COORDINATE = {
  half_pixel: halfPixel,
  half_pixel_symmetric: (i, { n, o, above, below }) => ((2 * i + 1 - o) * above + (n - 1) * below) / (2 * below),
  pytorch_half_pixel: (i, sizes) => (sizes.o > 1 ? halfPixel(i, sizes) : 0),
  align_corners: (i, { n, o }) => (i * (n - 1)) / Math.max(o - 1, 1),
  asymmetric: (i, { above, below }) => (i * above) / below,
};

export const coordinates = (sizes, convention) => range(sizes.o).map((i) => COORDINATE[convention](i, sizes) + 0);

/** Where the pixels of the output lie. */
export const places = ({ n, o }) => range(o).map((i) => ((2 * i + 1) * n - o) / (2 * o));

/** The samples that are read at c, with their weights: [{j, weight}]; outside the input the border sample stands in. */
export function weightsAt(c, n, mode) {
  const inside = (j) => clamp(j, 0, n - 1);
  if (mode !== "linear") return [{ j: inside(Math.floor(mode === "floor" ? c : c + 0.5)), weight: 1 }];
  const [below, part] = [Math.floor(c), c - Math.floor(c)];
  const [first, second] = [inside(below), inside(below + 1)];
  if (first === second || !part) return [{ j: first, weight: 1 }];
  return [{ j: first, weight: 1 - part }, { j: second, weight: part }];
}

/** Everything that the figure shows, from the state alone. Sample j has the value j, so that outputs tell what they read. */
export function describe(state) {
  const sizes = sizesOf(state);
  const read = coordinates(sizes, state.convention);
  const place = places(sizes);
  const weights = read.map((c) => weightsAt(c, sizes.n, state.mode));
  const values = weights.map((all) => all.reduce((sum, { j, weight }) => sum + weight * j, 0));
  const shift = place.map((at, i) => at - read[i]);
  const step = sizes.o > 1 ? read[1] - read[0] : sizes.n;
  return { ...sizes, read, place, weights, values, shift, ends: [read[0] - step / 2, read[sizes.o - 1] + step / 2],
    index: Math.min(state.index, sizes.o - 1) };
}

const level = (values) => values.every((value) => Math.abs(value - values[0]) < 1e-9);
const upright = (shift, move) => shift.every((value) => Math.abs(value - move) < 0.0051);

// ----------------------------------------------------------------------------------------------------- words

const signed = (value) => (value > 0 ? `+${number(value)}` : number(value));
const stepText = ({ n, o }, { by, scale }) => (by === "scale" ? `1/${number(scale)}` : `${n}/${o}`);

const EN = {
  title: "Where does each output pixel read?",
  groups: { convention: "Rule", reading: "Reading", given: "Given", sizes: "Sizes" },
  options: {
    convention: {
      half_pixel: "half_pixel", align_corners: "align_corners", asymmetric: "asymmetric", pytorch_half_pixel: "pytorch_half_pixel",
      half_pixel_symmetric: "half_pixel_symmetric",
    },
    by: { size: "a size", scale: "a factor" },
    mode: { linear: "linear", nearest: "nearest", floor: "nearest, rounded down" },
  },
  controls: {
    convention: "convention", samples: "inputs n", size: "outputs o", scale: "factor", by: "What the program is given", mode: "Reading",
    move: "drag the input", index: "output i",
  },
  figure: "Two rows of pixels. Left and right arrows follow an output, up and down arrows change the convention.",
  hint: "Point at an output pixel, or use the left and right arrow keys; up and down change the convention. Drag the row of the input. Dashed below it: what the output covers by the convention's own account.",
  table: "Coordinates, weights and shifts as a table",
  caption: "For each output: the coordinate that it reads, where it lies, the shift, and the samples with their weights.",
  head: ["output", "reads c", "lies at", "shift", "weights"],
  names: { input: "input", output: "output" },
  alt({ n, o, read, shift }, { convention, move }) {
    const dragged = move ? ` The input is dragged by ${signed(move)}.` : "";
    return `${n} input pixels, ${o} output pixels, ${convention}. The outputs read ${read.map(number).join(", ")}. Shifts ${shift.map(signed).join(", ")}.${dragged}`;
  },
  empty: ({ n }, { scale }) => [`No output is left: ⌊n · factor⌋ = ⌊${n} · ${number(scale)}⌋ = 0. A larger factor brings it back.`],
  formula(sizes, state, i) {
    const { n, o } = sizes;
    const step = stepText(sizes, state);
    const half = `(${i} + ½) · ${step} − ½`;
    return {
      half_pixel: half,
      pytorch_half_pixel: o > 1 ? half : "0, as there is one output",
      half_pixel_symmetric: `${half} + (${n} − ${o} · ${step})/2`,
      align_corners: o > 1 ? `${i} · ${n - 1}/${o - 1}` : "0, as there is one output",
      asymmetric: `${i} · ${step}`,
    }[state.convention];
  },
  read(view, state) {
    const { index: i, read, weights, values, place, shift, n } = view;
    const products = weights[i].map(({ j, weight }) => [["kernel", number(weight)], "·", ["input", `x[${j}]`]]);
    const outside = read[i] < 0 || read[i] > n - 1 ? ", beyond the last centre, where the border sample stands in" : "";
    const away = Math.abs(shift[i]) < 1e-9 ? "lies right there: no shift" : `lies at ${number(place[i])}: shift ${signed(shift[i])}`;
    return [["output", `Output ${i}`], " reads c = ", valued(this.formula(view, state, i), read[i]), `${outside}: `,
      ...joined(products, " + "), " = ", ["output", number(values[i])], `. It ${away}.`];
  },
  rest: ({ shift }, { move }) => (upright(shift, move)
    ? move ? ` Dragged by ${signed(move)}, the input fits: every arrow is upright.` : " Every arrow is upright."
    : move ? ` Dragged by ${signed(move)}, the input does not fit${level(shift) ? "" : ", and no other value would do: one would have to stretch it"}.` : ""),
  judged(view, state) {
    const { shift, o } = view;
    if (shift.every((value) => Math.abs(value) < 1e-9)) return `No shift: nothing moves.${this.rest(view, state)}`;
    const way = mean(shift) < 0 ? "left" : "right";
    const centre = Math.abs(mean(shift)) < 1e-9 ? "stays" : `moves to the ${way}`;
    const told = level(shift) ? `Shift ${signed(shift[0])} at every output: the picture moves to the ${way}.`
      : `Shifts from ${signed(shift[0])} to ${signed(shift[o - 1])}, on average ${signed(mean(shift))}: the picture is ${shift[0] < shift[o - 1] ? "pulled apart" : "pushed together"}, and its centre ${centre}.`;
    return `${told}${this.rest(view, state)}`;
  },
};

/** A formula and its value, which is not said twice. */
const valued = (formula, value) => (formula.startsWith("0,") ? formula : `${formula} = ${rounded(value, 3)}`);

// ---------------------------------------------------------------------------------------------------- figure

const INPUT = 34; // tops of the rows, in pixels
const OUTPUT = 168;
const TALL = 32;
const ROOM = 46; // pixels on both sides, for names and for what sticks out

function inputRow({ n, weights, index }, { move }, at) {
  const lit = new Map(weights[index].map(({ j, weight }) => [j, weight]));
  const cells = range(n).flatMap((j) => [
    ...cell({ x: at.x(j - 0.5 + move), y: INPUT, size: TALL, width: at.unit, kind: on(lit.has(j), "in") }),
    g("circle", { cx: at.x(j + move), cy: INPUT + TALL - 8, r: 3, class: "in solid" }),
    label(at.x(j + move), INPUT + 12, j, { style: "font-size:12px" }),
  ]);
  const close = lit.size > 1 && at.unit < 42; // two tags, side by side about the edge between their samples
  const tags = [...lit].map(([j, weight], r) => label(at.x(j + move) + (close ? (0.5 - r) * at.unit - 2 + 4 * r : 0), INPUT - 8,
    `×${number(weight)}`,
    { class: `tag ${close ? ["end", "start"][r] : ""}`, style: "font-size:12px" }));
  const handle = g("rect", { x: at.x(-0.5 + move), y: INPUT, width: n * at.unit, height: TALL, class: "plain", "data-drag": "input",
    "data-from": move, "data-unit": at.unit });
  return [...cells, tags, handle];
}

function outputRow({ n, o, place, index, values }, at) {
  const width = (n / o) * at.unit;
  return place.flatMap((center, i) => {
    const left = at.x(center) - width / 2;
    const words = i === index || width >= 30 ? [label(at.x(center), OUTPUT + TALL + 10, number(values[i]),
      { class: i === index ? "out on-text" : "soft", style: "font-size:12px" })] : [];
    const near = i !== index && Math.abs(i - index) * width < 34;
    return [
      ...cell({ x: left, y: OUTPUT, size: TALL, width, kind: on(i === index, "out") }),
      g("circle", { cx: at.x(center), cy: OUTPUT + 8, r: 3, class: "out solid" }),
      width >= 16 ? label(at.x(center), OUTPUT + 21, i, { style: "font-size:12px" }) : [],
      near ? [] : words,
      g("rect", { x: left, y: INPUT + TALL + 2, width, height: OUTPUT - INPUT + 10, class: "plain", "data-output": i,
        "data-reveal": i === index }),
    ];
  });
}

/** From each output to where it reads; upright where nothing is shifted. */
function arrows({ read, place, index }, { move }, at) {
  const [from, to] = [OUTPUT + 4, INPUT + TALL + 6];
  const role = (i) => (i === index ? "out" : "soft");
  const lines = read.map((c, i) => g("line", { x1: at.x(place[i]), y1: from, x2: at.x(c + move), y2: to, class: role(i) }));
  const tip = at.x(read[index] + move);
  const head = g("path", { d: `M${tip - 5} ${to + 9}L${tip} ${to}L${tip + 5} ${to + 9}`, class: "out" });
  const left = place[index] > read[index] + move;
  const words = label(tip + (left ? -9 : 9), to + 13, rounded(read[index], 3),
    { class: `out on-text halo ${left ? "end" : "start"}`, style: "font-size:13px" });
  return [lines, head, words];
}

/** The stretch that the output covers by the convention's own account. */
function believed({ ends }, { move }, at, text) {
  const y = INPUT + TALL + 4;
  const reach = ends.map((end) => at.x(end + move));
  const [x0, x1] = reach.map((x) => clamp(x, 2, at.width - 2));
  const tick = (x, r) => (x === reach[r] ? [[x, y - 6]] : []); // none where it goes on beyond the drawing
  const words = label(2, 8, text.names.input, { class: "in start", style: "font-size:12px" });
  return [curve([...tick(x0, 0), [x0, y], [x1, y], ...tick(x1, 1)], { class: "out dashed" }), words];
}

function ruler({ n }, at, text) {
  const y = OUTPUT + TALL + 26;
  const every = Math.ceil(18 / at.unit);
  const ticks = range(n).map((j) => [g("line", { x1: at.x(j), x2: at.x(j), y1: y, y2: y + 5, class: "soft" }),
    j % every ? [] : label(at.x(j), y + 14, j, { class: "soft", style: "font-size:11px" })]);
  const edges = [-0.5, n - 0.5].map((edge) => g("line", { x1: at.x(edge), x2: at.x(edge), y1: INPUT - 2, y2: y, class: "soft dashed" }));
  return [edges, g("line", { x1: at.x(-0.5), x2: at.x(n - 0.5), y1: y, y2: y, class: "soft" }), ticks,
    label(2, OUTPUT - 8, text.names.output, { class: "out start", style: "font-size:12px" })];
}

function gridsFigure(view, state, text, width) {
  const unit = clamp((width - 2 * ROOM) / view.n, 18, 90);
  const at = { unit, width: view.n * unit + 2 * ROOM, x: (coordinate) => ROOM + (coordinate + 0.5) * unit };
  return drawing(at.width, OUTPUT + TALL + 50, text.alt(view, state),
    ruler(view, at, text), inputRow(view, state, at), believed(view, state, at, text), arrows(view, state, at), outputRow(view, at));
}

function readTable({ read, place, shift, weights }, text) {
  const told = (all) => all.map(({ j, weight }) => `${number(weight)}·x[${j}]`).join(" + ");
  return table(text.caption, text.head, read.map((c, i) => [i, rounded(c, 3), rounded(place[i], 3), rounded(shift[i], 3),
    told(weights[i])]));
}

// ------------------------------------------------------------------------------------------- controls and state

const outputs = (state) => sizesOf(state).o;

function keys(key, { convention }, { index, o }) {
  if (key === "ArrowLeft" || key === "ArrowRight") return { index: clamp(index + (key === "ArrowRight" ? 1 : -1), 0, o - 1) };
  if (key === "Home" || key === "End") return { index: key === "Home" ? 0 : o - 1 };
  const step = { ArrowUp: -1, ArrowDown: 1 }[key];
  return step ? { convention: CONVENTIONS[clamp(CONVENTIONS.indexOf(convention) + step, 0, CONVENTIONS.length - 1)] } : null;
}

const CATCH = 5; // pixels from the place of rest within which a dragged input falls into it

function point({ data, held, dx }, _state, { shift }) {
  if (held?.drag) {
    const [move, unit] = [+held.from + dx / +held.unit, +held.unit];
    const caught = level(shift) && Math.abs(move - shift[0]) * unit <= CATCH;
    return { move: clamp(Math.round(100 * (caught ? shift[0] : move)) / 100, -1, 1) };
  }
  return data.output === undefined ? null : { index: +data.output };
}

export default explorable({
  words: { en: EN },
  traits: ["samples", "size", "scale", "by", "convention", "mode", "move", "index"],
  groups: [
    group("convention", [menu("convention", CONVENTIONS)]),
    group("reading", [choice("mode", ["linear", "nearest", "floor"])]),
    group("given", [choice("by", ["size", "scale"])]),
    group("sizes", [
      slider("samples", [1, 12]),
      slider("size", ({ by }) => (by === "size" ? [1, 24] : null)),
      slider("scale", ({ by }) => (by === "scale" ? [0.1, 3] : null), { step: 0.05 }),
      slider("move", [-1, 1], { step: 0.01, show: signed }),
      slider("index", (state) => [0, Math.max(0, outputs(state) - 1)]),
    ], { class: "sizes" }),
  ],
  view: describe,
  figure: (view, state, text, width) => (view.o ? [gridsFigure(view, state, text, width)] : []),
  status: (view, state, text) => (view.o ? text.read(view, state) : text.empty(view, state)),
  note: (view, state, text) => (view.o ? [text.judged(view, state)] : []),
  table: (view, _state, text) => (view.o ? readTable(view, text) : []),
  keys: (key, state, view) => (view.o ? keys(key, state, view) : null),
  point,
});
