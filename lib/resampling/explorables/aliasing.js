// Aliasing: where a frequency lands when every s-th sample is kept, on one wave and on the rings of a zone plate.

import { binomial, bitmap, choice, clamp, curve, drawing, explorable, g, group, label, menu, number, picture, plane, range, rounded, sinc, slider, table } from "./kit.js";

// ---------------------------------------------------------------------------------------------- numbers (pure)

export const PLATE = 128;
const LENGTH = 24; // samples of the wave that are drawn

/** f' = |s f - round(s f)|: cycles per kept sample. */
export const aliasFrequency = (f, s) => Math.abs(s * f - Math.floor(s * f + 0.5));

/** All frequencies up to `top` that land where f lands. */
export function alike(f, s, top) {
  const landed = aliasFrequency(f, s);
  const both = range(Math.ceil(s * top) + 1).flatMap((turn) => [(turn - landed) / s, (turn + landed) / s]);
  const inside = both.filter((one) => one > -1e-9 && one < top + 1e-9);
  return inside.sort((a, b) => a - b).filter((one, i) => !i || one - inside[i - 1] > 1e-9);
}

const scaled = (taps) => taps.map((tap) => tap / taps.reduce((sum, one) => sum + one, 0));

/** The modified Bessel function I0, by its series. */
function bessel(x) {
  let [sum, term] = [1, 1];
  for (let m = 1; term > 1e-17 * sum; m += 1) sum += term *= (x / 2 / m) ** 2;
  return sum;
}

/** A sinc under a Kaiser window, divided by its sum. */
export function windowedSinc(size, cutoff, beta) {
  const middle = (size - 1) / 2;
  const window = (t) => bessel(beta * Math.sqrt(1 - (t / middle - 1) ** 2));
  return scaled(range(size).map((t) => sinc(2 * cutoff * (t - middle)) * window(t)));
}

// The lengths with which the windowed sinc passes up to 0.3/s and stops 40 dB from 0.5/s on.
const SINC_SIZES = [0, 13, 27, 37, 47, 59, 69];
const KAISER_40_DB = 0.5842 * 19 ** 0.4 + 0.07886 * 19;

/** Filters before the step s, by name. */
export const FILTERS = {
  none: () => [1],
  average: (s) => Array(s).fill(1 / s),
  binomial3: () => scaled(binomial(3)),
  binomial5: () => scaled(binomial(5)),
  sinc: (s) => windowedSinc(SINC_SIZES[s], 0.4 / s, KAISER_40_DB),
};

/** |W(f)|, of symmetric taps. */
export const gain = (taps, f) => Math.abs(taps.reduce((sum, w, t) => sum + w * Math.cos(2 * Math.PI * f * (t - (taps.length - 1) / 2)), 0));

/** Filter and keep every s-th sample; the signal is mirrored at its ends. */
function decimated(x, s, taps) {
  const period = 2 * (x.length - 1);
  const mirrored = (j) => x[Math.min(Math.abs(j) % period, period - (Math.abs(j) % period))];
  const before = Math.floor((taps.length - 1) / 2);
  return range(Math.ceil(x.length / s)).map((i) => taps.reduce((sum, w, t) => sum + w * mirrored(s * i + t - before), 0));
}

const transposed = (rows) => rows[0].map((_, j) => rows.map((row) => row[j]));

/** Down the columns and along the rows. */
export function reduced(rows, s, taps) {
  const along = (lines) => transposed(lines.map((line) => decimated(line, s, taps)));
  return along(along(rows));
}

/** Rings with r / size cycles per pixel at distance r from the middle. */
export function zonePlate(size = PLATE) {
  const squares = range(size).map((j) => (j - Math.floor(size / 2)) ** 2);
  return squares.map((a) => squares.map((b) => 0.5 + 0.5 * Math.cos((Math.PI * (a + b)) / size)));
}

/** Root mean square contrast where the reduced plate should be grey. */
export function falseRings(small, s) {
  const middle = small.length / 2;
  const from = (i) => (i - Math.floor(middle)) ** 2;
  const ring = small.flatMap((row, i) => row.filter((_, j) => {
    const r = Math.sqrt(from(i) + from(j));
    return r > (1.5 * middle) / s && r < middle;
  }));
  const level = ring.reduce((sum, value) => sum + value, 0) / ring.length;
  return Math.sqrt(ring.reduce((sum, value) => sum + (value - level) ** 2, 0) / ring.length);
}

const wave = (f, t) => Math.cos(2 * Math.PI * f * t);
const highest = ({ mode }) => (mode === "zone" ? 0.5 : 1);

/** Everything that the figure shows, from the state alone. */
export function describe(state) {
  const { frequency: f, factor: s, mode } = state;
  const landed = aliasFrequency(f, s);
  const kept = range(Math.floor(LENGTH / s) + 1).map((i) => ({ n: s * i, value: wave(f, s * i), alias: wave(landed / s, s * i) }));
  const view = { landed, limit: 1 / (2 * s), folds: f > 1 / (2 * s) + 1e-9, same: alike(f, s, highest(state)), kept };
  if (mode !== "zone") return view;
  const taps = FILTERS[state.filter](s);
  const small = reduced(zonePlate(), s, taps);
  return { ...view, taps, small, passed: gain(taps, f), rings: falseRings(small, s) };
}

// ----------------------------------------------------------------------------------------------------- words

const nth = (s) => `every ${s === 1 ? "" : `${s}${["", "", "nd", "rd", "th", "th", "th"][s]} `}sample`;
const three = (value) => rounded(value, 3);

const EN = {
  title: "What a frequency turns into",
  groups: { mode: "Show", sampling: "Sampling" },
  options: {
    mode: { wave: "one wave", zone: "a zone plate" },
    filter: { none: "none", average: "average of s", binomial3: "binomial, 3 taps", binomial5: "binomial, 5 taps", sinc: "windowed sinc" },
  },
  controls: { mode: "Show", frequency: "frequency f", factor: "keep one in s", filter: "filter before" },
  figure: "Aliasing. Left and right arrows change the frequency f; up and down arrows change the step s.",
  hint: "Point at the folding line, or use the arrow keys: left and right change f, up and down change s.",
  table: "Where frequencies land, as a table",
  caption: (s) => `Frequencies in cycles per sample, and where they land when one sample in ${s} is kept.`,
  head: { f: "f", landed: "lands at", gain: "passed by the filter" },
  legend: (f, slow, s) => [`the wave: f = ${number(f)} cycles a sample`, `rings: ${nth(s)}`,
    `dashed: the slowest wave through them, ${three(slow)} cycles a sample`],
  axes: { f: "f, cycles per sample", landed: "f′, cycles per kept sample" },
  gain: "gain of the filter",
  plate: (size) => `the plate, ${size} × ${size}`,
  small: (size) => `reduced to ${size} × ${size}`,
  alt: ({ landed, kept }, { frequency: f, factor: s }) =>
    `A wave of ${number(f)} cycles a sample and ${kept.length} samples of it, ${s} apart; `
    + `through the same samples goes a wave of ${three(landed / s)} cycles a sample.`,
  line: ({ landed, same, limit }, { frequency: f }) =>
    `Folding line: up to ${three(limit)} a frequency stays itself, beyond that the line goes down and up. `
    + `f = ${number(f)} lands at ${number(landed)}, where all these land: ${same.map(three).join(", ")}.`,
  pictures: ({ small, rings }, { factor: s }) =>
    `Zone plate, rings that get narrower outwards, and the same with one pixel in ${s} kept, ${small.length} by ${small.length}. `
    + `Where it should be grey the contrast is ${three(rings)}.`,
  status(view, { frequency: f, factor: s, mode }) {
    const { landed, folds, limit } = view;
    const place = mode === "zone" ? "At the mark the rings have " : "The wave has ";
    const start = [place, ["input", `f = ${number(f)}`], " cycles a sample, ", ["kernel", number(s * f)],
      ` from one kept sample to the next (s = ${s}). `];
    const through = mode === "zone" && view.taps.length > 1 ? [" The filter lets ", ["kernel", three(view.passed)], " of it through."] : [];
    const stays = ["That is at most half a cycle: it stays what it is, ", ["output", `f′ = ${number(landed)}`], "."];
    if (!folds) return [...start, ...stays, ...through];
    const turns = Math.floor(s * f + 0.5);
    return [...start, `Whole cycles do not show, so it lands at `, ["output", `f′ = |${number(s * f)} − ${turns}| = ${number(landed)}`],
      ` cycles per kept sample. Only up to 1/(2s) = ${three(limit)} would it stay itself.`, ...through];
  },
  note(view, { mode, factor: s }) {
    if (mode === "zone") {
      return ["Inside the dashed circle the rings have less than 1/(2s) cycles a pixel and may stay; well outside it the reduced ",
        "picture should be grey. What the filled part of the gain lets through is folded: every multiple of 1/s ",
        `lands on 0 and becomes a new centre of rings. Contrast left outside: ${three(view.rings)}.`];
    }
    const others = `The same kept samples belong to f = ${view.same.map(three).join(", ")}.`;
    return [s === 1 ? `Even with every sample kept, frequencies above 1/2 fold. ${others}` : others];
  },
};

// ---------------------------------------------------------------------------------------------------- figures

const small = (x, y, text, more = "start soft") => label(x, y, text, { class: more, style: "font-size:12px" });

function waveFigure(view, state, text, width) {
  const { frequency: f, factor: s } = state;
  const right = clamp(width - 10, 240, 640);
  const { x, y } = plane({ from: 10, to: right, low: 0, high: LENGTH }, { from: 148, to: 58, low: -1, high: 1 });
  const drawn = (frequency, points) => range(points + 1).map((i) => [x((LENGTH * i) / points), y(wave(frequency, (LENGTH * i) / points))]);
  const slow = view.landed / s;
  const stems = view.kept.map(({ n, value }) => curve([[x(n), y(0)], [x(n), y(value)]], { class: "out" }));
  const samples = range(LENGTH + 1).map((n) => g("circle", { cx: x(n), cy: y(wave(f, n)), r: 2.6, class: "in solid" }));
  const rings = view.kept.map(({ n, value }) => g("circle", { cx: x(n), cy: y(value), r: 5.5, class: "out on" }));
  const [first, ...second] = text.legend(f, slow, s);
  return drawing(right + 10, 160, text.alt(view, state), small(10, 8, first, "start in"), wrapped(second, right - 10),
    curve([[10, y(0)], [right, y(0)]], { class: "soft" }), curve(drawn(f, 480), { class: "in", style: "stroke-width:1.3" }),
    curve(drawn(slow, 240), { class: "out dashed", style: "stroke-width:2.4" }), stems, samples, rings);
}

/** The second line of the legend, on two lines where it is narrow. */
function wrapped(words, width) {
  return (width > 500 ? [words.join("; ")] : words).map((part, i) => small(10, 22 + 14 * i, part, "start out"));
}

const SIDE = 30; // left of the folding line

function lineFigure(view, state, text, width) {
  const { frequency: f, factor: s } = state;
  const top = highest(state);
  const right = clamp(width - 10, 240, 640);
  const height = 150;
  const at = plane({ from: SIDE, to: right, low: 0, high: top }, { from: height - 34, to: 18, low: 0, high: 0.5 });
  const { x, y } = at;
  const corners = range(Math.floor(2 * s * top) + 1).map((m) => [x(m / (2 * s)), y(m % 2 ? 0.5 : 0)]);
  const end = Number.isInteger(2 * s * top) ? [] : [[x(top), y(aliasFrequency(top, s))]];
  const own = g("rect", { x: x(0), y: y(0.5), width: x(Math.min(view.limit, top)) - x(0), height: y(0) - y(0.5), class: "out plain" });
  const guide = curve([[x(f), y(0)], [x(f), y(view.landed)], [x(0), y(view.landed)]], { class: "in dashed" });
  const ring = { r: 4.6, fill: "none", stroke: "currentColor", "stroke-width": 1.4 };
  const same = view.same.map((one) => g("circle", { cx: x(one), cy: y(view.landed), ...ring }));
  const ticks = [0, 0.25, 0.5].map((value) => label(SIDE - 6, y(value), number(value), { class: "index end" }));
  const below = range(5).map((i) => label(x((top * i) / 4), height - 22, three((top * i) / 4), { class: i === 4 ? "index end" : "index" }));
  const data = { "data-drag": "line", "data-from": SIDE, "data-per": (right - SIDE) / top };
  const hold = g("rect", { x: SIDE - 10, y: 8, width: right - SIDE + 14, height: height - 30, class: "plain", ...data });
  return drawing(right + 10, height, text.line(view, state), own, state.mode === "zone" ? gainCurve(view, at, text) : [],
    curve([[SIDE, 12], [SIDE, y(0)], [right, y(0)]], { class: "soft" }), curve([...corners, ...end], { class: "out" }), guide, same,
    g("circle", { cx: x(f), cy: y(0), r: 5, class: "in solid" }), g("circle", { cx: x(0), cy: y(view.landed), r: 5, class: "out solid" }),
    g("circle", { cx: x(f), cy: y(view.landed), r: 6.5, class: "out solid" }), ticks, below,
    label(right, height - 7, text.axes.f, { class: "index end" }), label(4, 6, text.axes.landed, { class: "index start" }), hold);
}

/** The filter's gain along the folding line, from 0 to 1. */
function gainCurve({ taps, limit }, { x, y }, text) {
  const points = range(101).map((i) => [x(i / 200), y(gain(taps, i / 200) / 2)]);
  const folded = points.filter(([px]) => px >= x(limit) - 0.01);
  const area = curve([[x(limit), y(0)], ...folded, [x(0.5), y(0)]], { style: "fill:var(--xp-ker);fill-opacity:.25;stroke:none" });
  const scale = [0, 1].map((value) => label(x(0.5) + 5, y(value / 2), value, { class: "ker", style: "font-size:11px" }));
  const name = label(x(0.5), y(0.5) - 10, text.gain, { class: "ker end", style: "font-size:11px" });
  return [area, curve(points, { class: "ker" }), scale, name];
}

const once = {};
const plateAddress = () => (once.plate ??= bitmap(zonePlate()));

/** The plate and what is left of it. Both are enlarged by whole factors, or the enlarging would make rings of its own. */
function plateFigure(view, state, text, width) {
  const side = width >= 2 * 256 + 30 ? 256 : 128;
  const { length } = view.small;
  const shown = length * Math.max(1, Math.floor(side / length));
  const left = side + 20;
  const one = (x, size, pixels, address, name) => {
    const middle = (Math.floor(pixels / 2) + 0.5) * (size / pixels);
    const per = size / PLATE; // drawn pixels for a pixel of the plate
    const limit = view.limit * PLATE * per;
    const place = Math.min(x + middle + state.frequency * PLATE * per, x + size - 1);
    const ring = (cx, r, look) => g("circle", { cx, cy: 18 + middle, r, style: `fill:none;${look}` });
    const data = { "data-drag": "plate", "data-from": x + middle, "data-per": PLATE * per };
    return [
      picture(x, 18, size, size, address), small(x, 8, name),
      ring(x + middle, limit, "stroke:var(--xp-ker);stroke-width:2;stroke-dasharray:5 4"),
      ring(place, 7, "stroke:#fff;stroke-width:5"), ring(place, 7, "stroke:var(--xp-in);stroke-width:2.5"),
      g("rect", { x, y: 18, width: size, height: size, class: "plain", ...data }),
    ];
  };
  return drawing(left + side + 8, side + 24, text.pictures(view, state), one(0, side, PLATE, plateAddress(), text.plate(PLATE)),
    one(left, shown, length, bitmap(view.small), text.small(length)));
}

function frequencyTable(state, text) {
  const { factor: s, mode } = state;
  const names = mode === "zone" ? ["f", "landed", "gain"] : ["f", "landed"];
  const taps = FILTERS[state.filter](s);
  const line = (f) => [number(f), three(aliasFrequency(f, s)), three(gain(taps, f))].slice(0, names.length);
  return table(text.caption(s), names.map((name) => text.head[name]), range(mode === "zone" ? 11 : 21).map((i) => line(i / 20)));
}

// ------------------------------------------------------------------------------------------- controls and state

const inHundredths = (f) => Math.round(100 * f) / 100;

function keys(key, state) {
  const { frequency: f, factor: s } = state;
  if (key === "Home" || key === "End") return { frequency: key === "Home" ? 0 : highest(state) };
  if (key === "ArrowUp" || key === "ArrowDown") return { factor: s + (key === "ArrowUp" ? 1 : -1) };
  return { ArrowLeft: { frequency: f - 0.01 }, ArrowRight: { frequency: f + 0.01 } }[key] ?? null;
}

const point = ({ held, x }) => (held?.drag ? { frequency: Math.abs((x - held.from) / held.per) } : null);

export default explorable({
  words: { en: EN },
  traits: ["mode", "frequency", "factor", "filter"],
  groups: [
    group("mode", [choice("mode", ["wave", "zone"]), menu("filter", ({ mode }) => (mode === "zone" ? Object.keys(FILTERS) : null))]),
    group("sampling", [
      slider("frequency", (state) => [0, highest(state)], { step: 0.01 }),
      slider("factor", ({ mode }) => [mode === "zone" ? 2 : 1, 6]),
    ]),
  ],
  tidy: (state) => ({ ...state, frequency: inHundredths(state.frequency) }),
  view: describe,
  figure: (...shown) => [(shown[1].mode === "zone" ? plateFigure : waveFigure)(...shown), lineFigure(...shown)],
  status: (view, state, text) => text.status(view, state),
  note: (view, state, text) => text.note(view, state),
  table: (_view, state, text) => frequencyTable(state, text),
  keys,
  point,
});
