// Channels to space and back, and a transposed convolution cut into the phases of a sub-pixel convolution.
//
// Symbols: r0, r1 factors of the axes, R = r0 r1; c map, (a, b) phase, (i, j) block. In the second part k taps, stride s,
// padding p of a transposed convolution; k' taps and padding p' of the small one, whose s phases are shuffled.

import { cell, choice, clamp, drawing, explorable, factor, flat, g, group, h, indices, joined, label, menu, number, product, range, slider, table } from "./kit.js";

// ---------------------------------------------------------------------------------------------- numbers (pure)

export const SIDE = 2; // samples on each side of a channel
export const SAMPLES = [3, 1, 4, 1]; // the input of the transposed convolution

/** The channel and place (channel, i, j) that a shuffle puts at (c, y, x) of its maps. */
export function source({ rows, columns, maps, order }, [c, y, x]) {
  const phase = columns * (y % rows) + (x % columns);
  const channel = order === "CRD" ? c * rows * columns + phase : phase * maps + c;
  return [channel, Math.floor(y / rows), Math.floor(x / columns)];
}

export const channelShape = ({ rows, columns, maps }) => [maps * rows * columns, SIDE, SIDE];
export const mapShape = ({ rows, columns, maps }) => [maps, SIDE * rows, SIDE * columns];

/** For each sample of the maps its place in the flat channels. */
export const shuffle = (state) => indices(mapShape(state)).map((at) => flat(source(state, at), channelShape(state)));

/** The channels and maps, flat, when the samples of one side count 0, 1, 2, … */
export function counted(state) {
  const from = shuffle(state);
  if (state.show !== "unshuffle") return { channels: range(from.length), maps: from };
  const channels = Array(from.length);
  from.forEach((place, at) => { channels[place] = at; });
  return { channels, maps: range(from.length) };
}

/** Taps of which the decimal place tells the phase: 3, 30, 2, 20, 1, 10. */
export const countingTaps = (k, s) => range(k).map((u) => 10 ** (u % s) * (Math.floor((k - 1 - u) / s) + 1));

/** A transposed convolution as a sub-pixel convolution: s phases of k' taps, the padding p', and the zeros filled in. */
export function toSubPixel(taps, s, p) {
  const k = taps.length;
  const [first, last] = [Math.floor(-p / s), Math.floor((k - 1 - p) / s)]; // blocks that a sample paints
  const longer = Math.floor((k - 2 * p - 1) / s); // blocks out minus samples in
  const padding = Math.max(last, longer - first, 0);
  const size = 2 * padding + 1 - longer;
  const before = s * (size - 1 - padding) - p;
  // places[a][t]: the tap of the transposed kernel that stands there; below 0 or from k on it is a zero
  const places = range(s).map((a) => range(size).map((t) => s * (size - 1 - t) + a - before));
  return { phases: places.map((row) => row.map((u) => taps[u] ?? 0)), places, padding, zeros: s * size - k };
}

/** The kernel and padding of the transposed convolution that a sub-pixel convolution is: flip, then interleave. */
export function toTransposed(phases, p) {
  const [r, k] = [phases.length, phases[0].length];
  return { taps: range(r * k).map((u) => phases[u % r][k - 1 - Math.floor(u / r)]), padding: r * (k - 1 - p) };
}

/** The products that meet at output j on the way of the transposed convolution: [{u, i}], tap u and sample i. */
export function paints(k, s, p, n, j) {
  return range(n).map((i) => ({ u: j + p - s * i, i })).filter(({ u }) => u >= 0 && u < k);
}

/** The same products on the way of the convolution and shuffle: taps t of phase a on the samples i. */
export function reads({ places, padding }, s, k, n, j) {
  const [a, block] = [j % s, Math.floor(j / s)];
  const window = places[a].map((u, t) => ({ a, t, u, i: block + t - padding }));
  return window.map((one) => ({ ...one, inside: one.i >= 0 && one.i < n, filled: one.u < 0 || one.u >= k }));
}

export const outputLength = ({ taps, stride, padding }) => Math.max(0, stride * (SAMPLES.length - 1) + taps - 2 * padding);

/** Everything that the figure shows, from the state alone. */
export function describe(state) {
  if (state.show !== "kernel") {
    const last = product(mapShape(state)) - 1;
    const pixel = indices(mapShape(state))[Math.min(state.pixel, last)];
    return { ...counted(state), last, pixel, from: source(state, pixel) };
  }
  const { stride: s, padding: p } = state;
  const taps = countingTaps(state.taps, s);
  const small = toSubPixel(taps, s, p);
  const last = outputLength(state) - 1;
  const blocks = SAMPLES.length + 2 * small.padding - small.phases[0].length + 1;
  const sums = (j) => paints(taps.length, s, p, SAMPLES.length, j).reduce((sum, { u, i }) => sum + taps[u] * SAMPLES[i], 0);
  const y = range(last + 1).map(sums);
  return { taps, s, p, small, y, last, spare: s * blocks - y.length, output: Math.min(state.output, Math.max(last, 0)) };
}

// ----------------------------------------------------------------------------------------------------- words

const at = (name, index) => `${name}[${index.join(",")}]`;
const PHASES = "₀₁₂";

const EN = {
  title: "Channels to space, and a kernel cut into phases",
  groups: { show: "Show", sizes: "Sizes" },
  options: {
    show: { shuffle: "channels to space", unshuffle: "space to channels", kernel: "a transposed convolution, cut" },
    order: { CRD: "CRD (torch)", DCR: "DCR (TensorFlow)" },
  },
  controls: {
    show: "Show", order: "Order", rows: "rows times r₀", columns: "columns times r₁", maps: "maps C",
    taps: "taps k", stride: "stride s", padding: "padding p",
  },
  figure: "Drawing. Arrow keys move from sample to sample.",
  hint: "Point at a sample, on either side. Or use the arrow keys on the drawing.",
  table: "The numbers as a table",
  names: {
    channel: (channel, map, back) => `${channel} ${back ? "←" : "→"} map ${map}`, map: (map) => `map ${map}`,
    phase: (a) => `w${PHASES[a]}`,
    input: "x, padded for the small layer", phases: "kernels of the phases",
    large: "kernel of the transposed layer", strokes: "what each sample paints",
  },
  shuffleCaption: "Where each channel goes: map, and place in every block.",
  shuffleHead: ["channel", "map c", "phase (a, b)", "samples"],
  kernelCaption: "Each output, and the products that add up to it.",
  kernelHead: ["output", "phase", "products", "sum"],
  altShuffle: ({ channels, maps, pixel, from }, state) => {
    const [side, other] = state.show === "unshuffle" ? ["Unshuffled, the channels", channels] : ["Shuffled, the maps", maps];
    const sizes = [channelShape(state), mapShape(state)].map(([count, height, width]) => `${count} of ${height} by ${width} samples`);
    const listed = other.length > 80 ? "" : ` ${side} hold, one after the other: ${other.join(" ")}.`;
    const lights = ` Lit: ${at("channel sample", from)} and ${at("map sample", pixel)}.`;
    return `Channels, ${sizes[0]}, and maps, ${sizes[1]}, order ${state.order}.${listed}${lights}`;
  },
  altKernel: ({ taps, s, p, small, y }) => {
    const phases = small.phases.map((row) => row.join(" ")).join("; ");
    const layer = `A transposed convolution with the taps ${taps.join(" ")}, stride ${s} and padding ${p}`;
    return `${layer}, and its ${s} small kernels: ${phases}. Input ${SAMPLES.join(" ")}, output ${y.join(" ")}.`;
  },
  pixel({ pixel, from, channels }, { rows, columns, maps, order, show }) {
    const [c, y, x] = pixel;
    const [a, b] = [y % rows, x % columns];
    const rule = order === "CRD"
      ? `c·R + r₁·a + b = ${c}·${rows * columns} + ${columns}·${a} + ${b}`
      : `(r₁·a + b)·C + c = (${columns}·${a} + ${b})·${maps} + ${c}`;
    const place = `Map ${c}, block (${from[1]}, ${from[2]}), phase (${a}, ${b}): channel ${rule} = ${from[0]}. `;
    const value = channels[flat(from, channelShape({ rows, columns, maps }))];
    const [small, large] = [["strong", at("x", from)], ["strong", at("y", pixel)]];
    return [place, ...(show === "unshuffle" ? [small, " = ", large] : [large, " = ", small]), ` = ${value}.`];
  },
  product({ taps, s, p, small, y, output }) {
    const met = reads(small, s, taps.length, SAMPLES.length, output);
    const real = met.filter(({ inside, filled }) => inside && !filled);
    const a = output % s;
    if (!real.length) return ["Output ", ["output", `y[${output}] = 0`], ": no tap meets a sample."];
    const tap = (text) => ["kernel", text];
    const through = (name) => joined(real.map((one) => [tap(name(one)), "·", ["input", `x[${one.i}]`]]), " + ");
    const values = joined(real.map(({ u, i }) => [tap(factor(taps[u])), "·", ["input", number(SAMPLES[i])]]), " + ");
    const place = ` is phase ${a} of block ${Math.floor(output / s)}. `;
    return ["Output ", ["output", `y[${output}]`], place, "Convolution: ", ...through(({ t }) => `w${PHASES[a]}[${t}]`),
      ". Transposed: ", ...through(({ u }) => `ŵ[${u}]`), ". Both are ", ...values, " = ", ["output", number(y[output])], "."];
  },
  sizes({ taps, s, p, small, spare }) {
    const k = small.phases[0].length;
    const phases = `${s} ${s > 1 ? "phases" : "phase"} of k′ = ${k} ${k > 1 ? "taps" : "tap"}, padding p′ = ${small.padding}`;
    const filled = small.zeros ? `${small.zeros} of the ${s * k} taps filled in with 0 (dashed)` : "no zero filled in: s divides k and p";
    const crop = spare ? ` The shuffled map is ${spare} too long at its end, which is cropped.` : "";
    return [`k = ${taps.length}, s = ${s}, p = ${p}: ${phases}; ${filled}.${crop}`];
  },
  order: ({ maps, rows, columns }) =>
    [maps === 1 || rows * columns === 1 ? "Here both orders are the same." : "Here the other order takes the samples from other channels."],
  empty({ taps, s, p }) {
    const length = s * (SAMPLES.length - 1) + taps.length - 2 * p;
    return [`Nothing is left: s(n − 1) + k − 2p = ${number(length)} samples. A smaller padding brings them back.`];
  },
};

// ---------------------------------------------------------------------------------------------------- figures

const COLOURS = ["in", "ker", "out"]; // one for each map
const lit = (kind, on) => (on ? `${kind} on` : kind);
const soft = (x, y, text, place = "start") => label(x, y, text, { class: `soft ${place}`, style: "font-size:12px" });

/** A block of cells with a title; `paint(index)` describes a cell, `frame` is the index of the one that is framed. */
function block({ x, y, shape: [rows, columns], size, title, paint, frame }) {
  const cells = indices([rows, columns]).map(([a, b]) => cell({ x: x + b * size, y: y + 14 + a * size, size, ...paint([a, b]) }));
  const [a, b] = frame ?? [];
  const place = { x: x + b * size, y: y + 14 + a * size, width: size, height: size, rx: 3, style: "stroke:var(--xp-fg)" };
  const framed = frame ? g("rect", { ...place, class: "band", "data-reveal": "sample" }) : [];
  return [label(x + 1, y + 5, title, { class: "soft start", style: "font-size:11px" }), cells, framed];
}

/** Which map each channel goes to. */
export function owners(state) {
  const owner = Array(channelShape(state)[0]);
  for (const index of indices(mapShape(state))) owner[source(state, index)[0]] = index[0];
  return owner;
}

function channelDrawing(view, state, text, width) {
  const [size, step, high] = [25, 68, 76];
  const R = state.rows * state.columns;
  const across = range(R).map((i) => R - i).find((d) => R % d === 0 && d * step <= width);
  const shape = channelShape(state);
  const blocks = owners(state).map((map, channel) => {
    const on = channel === view.from[0];
    const place = (index) => flat([channel, ...index], shape);
    return block({
      x: 2 + (channel % across) * step, y: Math.floor(channel / across) * high, shape: [SIDE, SIDE], size,
      title: text.names.channel(channel, map, state.show === "unshuffle"), frame: on ? view.from.slice(1) : null,
      paint: (index) => ({
        value: view.channels[place(index)], kind: lit(COLOURS[map], on), text: on ? "on-text" : "", data: { "data-channel": place(index) },
      }),
    });
  });
  return drawing(across * step + 4, Math.ceil(shape[0] / across) * high, text.altShuffle(view, state), blocks);
}

function mapDrawing(view, state, text, map) {
  const { rows, columns } = state;
  const [, height, width] = mapShape(state);
  const size = 30;
  const place = (index) => flat([map, ...index], mapShape(state));
  const cells = block({
    x: 2, y: 0, shape: [height, width], size, title: text.names.map(map), frame: view.pixel[0] === map ? view.pixel.slice(1) : null,
    paint: (index) => {
      const on = source(state, [map, ...index])[0] === view.from[0];
      const value = view.maps[place(index)];
      return { value, kind: lit(COLOURS[map], on), text: on ? "on-text" : "", data: { "data-pixel": place(index) } };
    },
  });
  const [wide, high] = [columns * size, rows * size];
  const frames = indices([SIDE, SIDE]).map(([i, j]) => `M${2 + j * wide} ${14 + i * high}h${wide}v${high}h${-wide}z`);
  return drawing(Math.max(width * size, 44) + 4, height * size + 18, "", cells, g("path", { d: frames.join(""), class: "block" }));
}

function shuffleFigure(view, state, text, width) {
  const channels = channelDrawing(view, state, text, width);
  const maps = h("div", { class: "xp-row" }, range(state.maps).map((map) => mapDrawing(view, state, text, map)));
  return state.show === "unshuffle" ? [maps, channels] : [channels, h("div", { style: "height:.6rem" }), maps];
}

/** The small layer: the padded input with the window on it, and the kernels of the phases. */
function smallDrawing(view, text) {
  const { small, s, taps, output, last } = view;
  const [size, left] = [34, 30];
  const met = last < 0 ? [] : reads(small, s, taps.length, SAMPLES.length, output);
  const covered = new Set(met.map(({ i }) => i));
  const x = range(SAMPLES.length + 2 * small.padding).map((place) => place - small.padding);
  const above = (i) => ({ x: left + (i + small.padding) * size, size });
  const input = x.map((i) => cell({ ...above(i), y: 18,
    ...(i in SAMPLES ? { value: SAMPLES[i], kind: lit("in", covered.has(i)) } : { value: 0, kind: "pad", text: "soft" }) }));
  const window = met.map(({ a, t, i, filled }) => cell({ ...above(i), y: 22 + size, value: small.phases[a][t],
    ...(filled ? { kind: "pad", text: "soft" } : { kind: "ker on", text: "on-text" }) }));
  const top = 2 * size + 50;
  const kernels = small.places.map((row, a) => [
    label(12, top + (a + 0.5) * size, text.names.phase(a), { class: "letter" }),
    row.map((u, t) => cell({ x: left + t * size, y: top + a * size, size, value: small.phases[a][t],
      ...(u in taps ? { kind: lit("ker", last >= 0 && a === output % s) } : { kind: "pad", text: "soft" }) })),
  ]);
  return drawing(left + Math.max(x.length, 6) * size + 4, top + s * size + 4, text.altKernel(view),
    soft(left, 8, text.names.input), label(12, 18 + size / 2, "x", { class: "letter" }), input, window,
    soft(left, top - 10, text.names.phases), kernels);
}

/** The transposed layer: its kernel, what each sample paints with it, and the sum. */
function largeDrawing(view, state, text) {
  const { taps, s, p, y, output, last } = view;
  const [size, left] = [30, 46];
  const phase = (output + p) % s;
  const kernel = taps.map((w, u) => [
    cell({ x: left + u * size, y: 18, size, value: w, kind: lit("ker", last >= 0 && u % s === phase) }),
    label(left + (u + 0.5) * size, 18 + size + 8, u, { class: "index" }),
  ]);
  const top = 18 + size + 46;
  const strokes = SAMPLES.map((x, i) => [
    label(left - 6, top + (i + 0.5) * size, `x[${i}] = ${x}`, { class: "in end", style: "font-size:10.5px" }),
    y.map((_, j) => {
      const kind = j + p - s * i in taps ? lit("ker", j === output) : "plain";
      return cell({ x: left + j * size, y: top + i * size, size, value: taps[j + p - s * i], kind, data: { "data-output": j } });
    }),
  ]);
  const bottom = top + SAMPLES.length * size + 6;
  const sums = y.map((value, j) => [
    cell({ x: left + j * size, y: bottom, size, value, kind: lit("out", j === output), data: { "data-output": j } }),
    label(left + (j + 0.5) * size, bottom + size + 8, j, { class: "index" }),
  ]);
  const column = { x: left + output * size, y: top - 1, width: size, height: bottom + size - top + 2, rx: 4 };
  const letters = [label(14, 18 + size / 2, "ŵ", { class: "letter" }), label(14, bottom + size / 2, "y", { class: "letter" })];
  const words = [soft(left, 8, text.names.large), soft(left, top - 10, text.names.strokes)];
  return drawing(left + Math.max(taps.length, y.length, 6) * size + 4, bottom + size + 18, "", words, letters, kernel, strokes, sums,
    y.length ? g("rect", { ...column, class: "band", "data-reveal": "output" }) : []);
}

function channelTable(view, state, text) {
  const { rows, columns } = state;
  const samples = (channel) => view.channels.slice(channel * SIDE ** 2, (channel + 1) * SIDE ** 2).join(" ");
  const row = ([c, a, b]) => [source(state, [c, a, b])[0], c, `(${a}, ${b})`];
  const lines = indices([state.maps, rows, columns]).map(row).sort(([one], [other]) => one - other);
  return table(text.shuffleCaption, text.shuffleHead, lines.map((line) => [...line, samples(line[0])]));
}

function productTable({ taps, s, p, y }, text) {
  const products = (j) => paints(taps.length, s, p, SAMPLES.length, j).map(({ u, i }) => `${taps[u]}·${SAMPLES[i]}`).join(" + ");
  return table(text.kernelCaption, text.kernelHead, y.map((value, j) => [`y[${j}]`, j % s, products(j) || "0", number(value)]));
}

// ------------------------------------------------------------------------------------------- controls and state

const isKernel = ({ show }) => show === "kernel";
const onShuffle = (...limits) => (state) => (isKernel(state) ? null : limits);
const onKernel = (limits) => (state) => (isKernel(state) ? limits(state) : null);

function keys(key, state, { last }) {
  if (!["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"].includes(key)) return null;
  const name = isKernel(state) ? "output" : "pixel";
  const row = isKernel(state) ? state.stride : mapShape(state)[2];
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -row, ArrowDown: row, Home: -Infinity, End: Infinity };
  return { [name]: clamp(Math.min(state[name], Math.max(last, 0)) + steps[key], 0, Math.max(last, 0)) };
}

/** A sample of a map, or of a channel, or an output. */
function point({ data: { pixel, channel, output } }, state) {
  if (output !== undefined) return { output: +output };
  if (pixel !== undefined) return { pixel: +pixel };
  return channel === undefined ? null : { pixel: shuffle(state).indexOf(+channel) };
}

export default explorable({
  words: { en: EN },
  traits: ["show", "order", "rows", "columns", "maps", "pixel", "taps", "stride", "padding", "output"],
  groups: [
    group("show", [choice("show", ["shuffle", "unshuffle", "kernel"]), menu("order", onShuffle("CRD", "DCR"))]),
    group("sizes", [
      slider("rows", onShuffle(1, 3)),
      slider("columns", onShuffle(1, 3)),
      slider("maps", onShuffle(1, 3)),
      slider("taps", onKernel(() => [1, 8])),
      slider("stride", onKernel(() => [1, 3])),
      slider("padding", onKernel(({ taps }) => [0, Math.min(taps - 1, 4)])),
    ], { class: "sizes" }),
  ],
  view: describe,
  figure(view, state, text, width) {
    if (!isKernel(state)) return shuffleFigure(view, state, text, width);
    return h("div", { class: "xp-row" }, smallDrawing(view, text), largeDrawing(view, state, text));
  },
  status(view, state, text) {
    if (!isKernel(state)) return text.pixel(view, state);
    return view.y.length ? text.product(view) : text.empty(view, state);
  },
  note: (view, state, text) => (isKernel(state) ? text.sizes(view) : text.order(state)),
  table: (view, state, text) => (isKernel(state) ? productTable(view, text) : channelTable(view, state, text)),
  keys,
  point,
});
