// Where each maximum goes back to, and three ways up that do not ask: nails, copies, averages.
//
// Symbols: x a picture of side × side pixels, k and s kernel and stride of the pooling, y what pooling keeps (o × o windows),
// u what is laid out of y again. An index counts the pixels row after row.

import { cell, choice, clamp, drawing, explorable, flat, g, group, h, indices, joined, label, listed, mean, menu, number, on, plural, range, rounded, slider, table } from "./kit.js";

// ---------------------------------------------------------------------------------------------- numbers (pure)

export const WAYS = ["indices", "nails", "nearest", "average"];

/** The pictures to start from; the pattern goes on for other sides. */
const NUMBERS = [[1, -3, 2, 4, 0, 3], [5, 2, -1, -2, 6, 1], [-1, -6, 3, 1, -2, 2], [-4, -2, 2, 7, 1, -5], [2, 8, -3, 1, 4, 0],
  [3, -1, 6, 2, -2, 5]];
export const PICTURES = {
  numbers: (side) => square(side, (r, c) => NUMBERS[r][c]),
  peak: (side) => square(side, (r, c) => (r === side >> 1 && c === side >> 1 ? 9 : 0)),
  negative: (side) => square(side, (r, c) => NUMBERS[r][c] - 9),
};

const square = (side, at) => range(side).map((r) => range(side).map((c) => at(r, c)));
const sumOf = (rows) => rows.flat().reduce((a, b) => a + b, 0);

/** The pixels of each window, window after window. */
export function windowsOf(side, k, s) {
  const o = Math.max(0, Math.floor((side - k) / s) + 1);
  const tops = indices([o, o]);
  return { o, windows: tops.map(([i, j]) => indices([k, k]).map(([a, b]) => [s * i + a, s * j + b])) };
}

/** The maximum of each window, and the index of the pixel that has it: of equal ones the first. */
export function maxPool(x, { o, windows }) {
  const best = windows.map((pixels) => pixels.reduce((a, b) => (x[b[0]][b[1]] > x[a[0]][a[1]] ? b : a)));
  const rows = (values) => range(o).map((i) => values.slice(i * o, (i + 1) * o));
  return { y: rows(best.map(([r, c]) => x[r][c])), index: best.map((pixel) => flat(pixel, [x.length, x.length])) };
}

const averages = (x, { o, windows }) => square(o, (i, j) => mean(windows[i * o + j].map(([r, c]) => x[r][c])));

/** The pixels that window number w fills. */
export function targets(way, w, { side, o, s, index }) {
  const [i, j] = [Math.floor(w / o), w % o];
  if (way === "indices") return [[Math.floor(index[w] / side), index[w] % side]];
  const block = way === "nails" ? [[0, 0]] : indices([s, s]);
  return block.map(([a, b]) => [s * i + a, s * j + b]).filter(([r, c]) => r < side && c < side);
}

/** u: zeros, and the values laid over them; of several on one pixel the last counts. */
export function laid(way, values, layout) {
  const u = square(layout.side, () => 0);
  values.flat().forEach((value, w) => targets(way, w, layout).forEach(([r, c]) => { u[r][c] = value; }));
  return u;
}

/** Everything that the figure shows, from the state alone. */
export function describe(state) {
  const { picture: x, kernel_size: k, stride: s, way, values } = state;
  const side = x.length;
  const cut = windowsOf(side, k, s);
  const pooled = cut.o ? maxPool(x, cut) : { y: [], index: [] };
  const layout = { side, s, o: cut.o, index: pooled.index };
  const own = square(cut.o, (i, j) => i * cut.o + j + 1);
  const of = (one) => (values === "own" ? own : one === "average" ? averages(x, cut) : pooled.y);
  const results = Object.fromEntries(WAYS.map((one) => [one, cut.o ? laid(one, of(one), layout) : []]));
  const again = (u) => maxPool(u, cut).y;
  const [row, column] = [clamp(state.row, 0, side - 1), clamp(state.column, 0, side - 1)];
  const chosen = flat([row, column], [side, side]);
  const found = range(pooled.index.length).filter((w) => pooled.index[w] === chosen);
  const covering = range(pooled.index.length).filter((w) => cut.windows[w].some(([r, c]) => r === row && c === column));
  return {
    ...cut, ...layout, x, k, y: of(way), maxima: pooled.y, results, u: results[way], row, column,
    found, covering, lit: found.length ? found : covering,
    overwritten: range(pooled.index.length).filter((w) => way === "indices" && pooled.index.lastIndexOf(pooled.index[w]) > w),
    summaries: cut.o ? WAYS.map((one) => ({
      way: one, kept: agreeing(x, results[one]), sum: sumOf(results[one]), same: agreeing(again(results[one]), pooled.y),
    })) : [],
  };
}

const equal = (a, b) => Math.abs(a - b) < 1e-9;

/** How many numbers of two grids are the same. */
const agreeing = (a, b) => a.flat().filter((value, i) => equal(value, b.flat()[i])).length;

// ----------------------------------------------------------------------------------------------------- words

const EN = {
  title: "Where does each maximum go back?",
  groups: { way: "Way up", values: "Laid", sizes: "Sizes", pixel: "Picture" },
  options: {
    way: { indices: "to its index", nails: "bed of nails", nearest: "copies", average: "averages, copied" },
    values: { pooled: "what was pooled", own: "other values, 1, 2, 3, …" },
    start: { own: "own numbers", numbers: "mixed signs", peak: "one peak", negative: "all below 0" },
  },
  controls: {
    way: "Way up", values: "Laid", side: "side", kernel_size: "kernel k", stride: "stride s", start: "start from",
    value: ({ row, column }) => `x[${row},${column}]`,
  },
  figure: "Pictures. Arrow keys move from pixel to pixel, plus and minus change it.",
  hint: "Point at a pixel. Click to add 1, or drag it up and down; or use the arrow keys, and + and −. Struck through: does not come back.",
  table: "The four ways as a table",
  caption: ({ x }) => `Of ${x.flat().length} pixels with the sum ${number(sumOf(x))}.`,
  head: ["way", "pixels that are right", "sum", "windows that pool to the same maximum"],
  names: { x: "x", pooled: "maxima", averages: "averages", own: "other values", u: "u" },
  alt({ x, y, u }, { way }) {
    const rows = (grid) => grid.map((row) => row.map(number).join(" ")).join("; ");
    return `Picture x, row after row: ${rows(x)}. Pooled: ${rows(y)}. Laid out again, ${this.options.way[way]}: ${rows(u)}.`;
  },
  empty: ({ k, side }) =>
    [`No window fits: it has ${k} × ${k} pixels and the picture ${side} × ${side}. A smaller kernel or a larger picture brings it back.`],
  pixel(view, { way, values }) {
    const { x, u, row, column, side, found, covering, index, y, o } = view;
    const me = ["input", `x[${row},${column}] = ${number(x[row][column])}`];
    const pixel = row * side + column;
    const windows = (list) => (list.length === 1 ? `window ${list[0]}` : `windows ${joined(list.map((w) => [w]), ", ").join("")}`);
    const role = found.length ? ["is the maximum of ", `${windows(found)}: index ${pixel}. `]
      : covering.length ? [`is not the maximum of ${windows(covering)}: ${covering.length === 1 ? "that is" : "those are"} `,
        ["input", listed(covering.map((w) => x[Math.floor(index[w] / side)][index[w] % side]))], ". "]
        : ["lies in no window. "];
    const came = ["output", `u[${row},${column}] = ${number(u[row][column])}`];
    const several = way === "indices" && found.length > 1
      ? [values === "own"
        ? `${found.length} values were sent here, ${listed(found.map((w) => y[Math.floor(w / o)][w % o]))}; the last one stays: `
        : `${found.length} windows send the same number here: `] : ["There stands now "];
    return [me, " ", ...role, ...several, came, values === "own" ? "." : equal(u[row][column], x[row][column]) ? ", which is right."
      : ", and the pixel is lost."];
  },
  judged({ x, summaries, o, index, overwritten }, { way, values }) {
    const { kept: right, sum, same: again } = summaries[WAYS.indexOf(way)];
    const different = new Set(index).size;
    const shared = different < o * o ? ` ${plural(o * o, "window")} found ${plural(different, "pixel")}.` : "";
    if (values === "own") {
      return way === "indices" && overwritten.length
        ? `${shared} ${plural(overwritten.length, "value")} of ${o * o} ${overwritten.length === 1 ? "is" : "are"} overwritten.`.trim()
        : "No value is overwritten.";
    }
    return `${plural(right, "pixel")} of ${x.flat().length} ${right === 1 ? "is" : "are"} what they were; the sum was ${number(sumOf(x))} and is ${number(sum)}. Pooled again, ${plural(again, "window")} of ${o * o} ${again === 1 ? "gives" : "give"} the same maximum.${shared}`;
  },
};

// ---------------------------------------------------------------------------------------------------- figure

const short = (value) => rounded(value, 1);
const TOP = 20; // room for names above the pictures

/** The look of a pixel of u: right, nothing where there was something, or something else. */
function lookOf(value, truth, compared) {
  if (!compared) return value ? { kind: "out" } : { kind: "pad", text: "soft" };
  if (equal(value, truth)) return { kind: "out" };
  return value ? { kind: "cut" } : { kind: "pad", text: "soft" };
}

const grid = (x, y, size, rows, look) => rows.flatMap((row, r) =>
  row.flatMap((value, c) => cell({ x: x + c * size, y: y + r * size, size, value: short(value), ...look(r, c) })));

const LANE = 0.13; // how far below the top of its row an arrow runs, so that it passes above the numbers

/** From a cell along its row to the edge `out` of its picture, over to the edge `into` of another one, and along a row there. */
function arrow([x1, y1], out, into, [x2, y2], lit) {
  const middle = (out + into) / 2;
  const d = `M${x1} ${y1}H${out}C${middle} ${y1} ${middle} ${y2} ${into} ${y2}H${x2}`;
  if (!lit) return [g("path", { d, class: "soft", style: "stroke-opacity:.45" })];
  return [g("path", { d, class: "ker" }), g("path", { d: `M${x2 - 7} ${y2 - 4.5}L${x2} ${y2}L${x2 - 7} ${y2 + 4.5}`, class: "ker" })];
}

/** From the pixel to its window's place in y, and on to where it is laid. */
function arrows(view, { way }, at) {
  const { index, side, o, lit } = view;
  const spot = (left, top, r, c, across) => [left + (c + across) * at.size, top + (r + LANE) * at.size];
  const drawn = range(o * o).map((w) => {
    const [i, j] = [Math.floor(w / o), w % o];
    const found = [Math.floor(index[w] / side), index[w] % side];
    const isLit = lit.includes(w);
    const down = way === "average" ? []
      : arrow(spot(at.x, TOP, ...found, 0.85), at.x + side * at.size, at.y, spot(at.y, at.yTop, i, j, 0.05), isLit);
    const up = arrow(spot(at.y, at.yTop, i, j, 0.9), at.y + o * at.size, at.u, spot(at.u, TOP, ...targets(way, w, view)[0], 0.05), isLit);
    return { isLit, nodes: [...down, ...up] };
  });
  return drawn.sort((a, b) => a.isLit - b.isLit).map(({ nodes }) => nodes);
}

function windowFrames({ windows, k, lit }, at) {
  return lit.map((w) => g("rect", { x: at.x + windows[w][0][1] * at.size - 1, y: TOP + windows[w][0][0] * at.size - 1,
    width: k * at.size + 2, height: k * at.size + 2, rx: 4, class: "band" }));
}

function journey(view, state, text, width) {
  const { x, y, u, side, o, index, row, column, lit, overwritten } = view;
  const gap = clamp(Math.floor(width / 14), 32, 60);
  const size = clamp(Math.floor((width - 2 * gap - 8) / (2 * side + o)), 24, 40);
  const at = { size, x: 4, y: 4 + side * size + gap, u: 4 + (side + o) * size + 2 * gap, yTop: TOP + ((side - o) * size) / 2 };
  const found = new Map(index.map((pixel) => [pixel, index.filter((one) => one === pixel).length]));
  const compared = state.values === "pooled";
  const isChosen = (r, c) => r === row && c === column;
  const pixel = (r, c) => ({ kind: on(isChosen(r, c), "in"), data: { "data-pixel": r * side + c, "data-drag": r * side + c,
    "data-from": x[r][c], "data-reveal": isChosen(r, c) } });
  const pooled = (i, j) => ({ kind: overwritten.includes(i * o + j) && !compared ? "cut" : on(lit.includes(i * o + j), "ker"),
    data: { "data-pixel": index[i * o + j] } });
  const back = (r, c) => {
    const { kind, text: tone } = lookOf(u[r][c], x[r][c], compared);
    return { kind: on(isChosen(r, c), kind), text: tone, data: { "data-pixel": r * side + c } };
  };
  const lost = compared ? indices([side, side]).filter(([r, c]) => !equal(u[r][c], x[r][c])) : [];
  const struck = lost.map(([r, c]) => g("line", { x1: at.x + c * size + 4, y1: TOP + (r + 1) * size - 4, x2: at.x + (c + 1) * size - 4,
    y2: TOP + r * size + 4, class: "soft", style: "stroke-opacity:.5" }));
  const shared = state.way === "indices" && size >= 30 ? [...found].filter(([, count]) => count > 1).map(([one, count]) =>
    label(at.x + ((one % side) + 1) * size - 4, TOP + Math.floor(one / side) * size + 9, `×${count}`,
      { class: "tag end", style: "font-size:10px" })) : [];
  const name = (left, words, kind) => label(left, 9, words, { class: `start ${kind}`, style: "font-size:12px" });
  const kept = compared ? (state.way === "average" ? text.names.averages : text.names.pooled) : text.names.own;
  return drawing(at.u + side * size + 4, TOP + side * size + 6, text.alt(view, state),
    name(at.x, text.names.x, "in"), label(at.y + (o * size) / 2, at.yTop - 11, kept, { class: "ker", style: "font-size:12px" }),
      name(at.u, text.options.way[state.way], "out"),
    grid(at.x, TOP, size, x, pixel), grid(at.y, at.yTop, size, y, pooled), grid(at.u, TOP, size, u, back),
    struck, shared, windowFrames(view, at), arrows(view, state, at));
}

/** The other three ways, small; a click chooses one. */
function others(view, state, text) {
  const size = 28;
  const { results, x, side } = view;
  return WAYS.filter((way) => way !== state.way).map((way) => drawing(Math.max(side * size + 4, 100), TOP + side * size + 4, "",
    label(2, 9, text.options.way[way], { class: "soft start", style: "font-size:12px" }),
    grid(2, TOP, size, results[way], (r, c) => ({ ...lookOf(results[way][r][c], x[r][c], state.values === "pooled"),
      data: { "data-way": way } }))));
}

const waysTable = (view, text) => table(text.caption(view), text.head, view.summaries.map(({ way, kept: right, sum, same: again }) =>
  [text.options.way[way], right, number(sum), `${again} / ${view.o ** 2}`]));

// ------------------------------------------------------------------------------------------- controls and state

const withPixel = ({ picture }, row, column, value) => ({
  picture: picture.map((line, r) => line.map((old, c) => (r === row && c === column ? clamp(value, -99, 99) : old))), row, column,
});
const resizedPicture = (picture, side) => square(side, (r, c) => picture[r]?.[c] ?? NUMBERS[r][c]);
const startOf = ({ picture }) => Object.keys(PICTURES).find((name) =>
  JSON.stringify(PICTURES[name](picture.length)) === JSON.stringify(picture)) ?? "own";
const started = (name, side) => ({ picture: PICTURES[name](side), ...(name === "peak" ? { row: side >> 1, column: side >> 1 } : {}) });
const place = ({ row, column, picture }) => [clamp(row, 0, picture.length - 1), clamp(column, 0, picture.length - 1)];

function keys(key, state) {
  const [row, column] = place(state);
  const last = state.picture.length - 1;
  const [down, across] = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[key] ?? [0, 0];
  if (down || across) return { row: clamp(row + down, 0, last), column: clamp(column + across, 0, last) };
  if (key === "Home" || key === "End") return { row: key === "Home" ? 0 : last, column: key === "Home" ? 0 : last };
  const step = { "+": 1, "=": 1, "-": -1, "−": -1 }[key];
  return step ? withPixel(state, row, column, state.picture[row][column] + step) : null;
}

const STEP = 8; // pixels of a drag for a step of 1

function point({ data, held, dy, down }, state) {
  const side = state.picture.length;
  if (down && data.way) return { way: data.way };
  if (data.pixel === undefined && held?.drag === undefined) return null;
  const pixel = +(held?.drag ?? data.pixel);
  const [row, column] = [Math.floor(pixel / side), pixel % side];
  if (down && data.drag !== undefined) return withPixel(state, row, column, +data.from + 1);
  if (held?.drag === undefined) return { row, column };
  return Math.abs(dy) < STEP ? null : withPixel(state, row, column, +held.from - Math.round(dy / STEP));
}

export default explorable({
  words: { en: EN },
  traits: ["picture", "kernel_size", "stride", "way", "values", "row", "column"],
  groups: [
    group("way", [choice("way", WAYS)]),
    group("values", [choice("values", ["pooled", "own"])]),
    group("sizes", [
      slider("side", [2, 6], { get: ({ picture }) => picture.length, set: (side, { picture }) => ({ picture: resizedPicture(picture, side) }) }),
      slider("kernel_size", [1, 3]),
      slider("stride", [1, 3]),
      slider("value", [-20, 20], {
        get: (state) => { const [row, column] = place(state); return state.picture[row][column]; },
        set: (value, state) => withPixel(state, ...place(state), value),
      }),
    ], { class: "sizes" }),
    group("pixel", [menu("start", ["own", ...Object.keys(PICTURES)],
      { get: startOf, set: (name, { picture }) => (name === "own" ? null : started(name, picture.length)) })]),
  ],
  view: describe,
  figure: (view, state, text, width) => (view.o ? [journey(view, state, text, width),
    h("div", { class: "xp-row", style: "margin-top:.6rem" }, others(view, state, text))] : []),
  status: (view, state, text) => (view.o ? text.pixel(view, state) : text.empty(view)),
  note: (view, state, text) => (view.o ? [text.judged(view, state)] : []),
  table: (view, _state, text) => (view.o ? waysTable(view, text) : []),
  keys: (key, state) => keys(key, state),
  point,
});
