// What every explorable is made of: nodes, drawings, controls, and the life of a figure.
//
// An explorable is a module that imports this one, gives pure functions for its arithmetic, and ends with
// `export default explorable({...})`. What Jupyter and the pages of the book get is both in one file.

// ----------------------------------------------------------------------------------------------- numbers (pure)

export const range = (size) => [...Array(size).keys()];
export const product = (sizes) => sizes.reduce((a, b) => a * b, 1);
export const sum = (values) => values.reduce((a, b) => a + b, 0);
export const mean = (values) => sum(values) / values.length;
export const sinc = (x) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
export const replaced = (values, at, value) => values.map((old, i) => (i === at ? value : old));
/** A list of another size: what fits is kept, and `next(i)` gives what is new. */
export const resized = (values, size, next) => range(size).map((i) => values[i] ?? next(i));
export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** The first k binomial coefficients of row k − 1: the taps of a smooth kernel, before they are divided by their sum. */
export const binomial = (k) => range(k - 1).reduce((row) => [...row, 0].map((value, t) => value + (row[t - 1] ?? 0)), [1]);

/** Every index of an array of this shape, the last axis fastest. */
export const indices = (shape) => shape.reduce((rows, size) => rows.flatMap((row) => range(size).map((i) => [...row, i])), [[]]);

/** The place of an index in the flat array. */
export const flat = (index, shape) => index.reduce((sum, i, axis) => sum * shape[axis] + i, 0);

/** A number as a reader writes it: at most `digits` decimals, and a true minus sign. */
export const rounded = (value, digits) => String(+value.toFixed(digits) + 0).replace("-", "−");
export const number = (value) => rounded(value, 2);

/** A factor of a product: negative numbers in brackets. */
export const factor = (value) => (value < 0 ? `(${number(value)})` : number(value));

/** A count and its noun. */
export const plural = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;

export const listed = (values) => values.map(number).join(", ");

/** Lists of parts with `glue` between them. */
export const joined = (lists, glue) => lists.flatMap((list, i) => (i ? [glue, ...list] : list));

// ------------------------------------------------------------------------------------------------------- nodes

// A node is plain data, so that the same drawing is an element in a browser and text in the build of the book.
const node = (svg) => (tag, attributes = {}, ...children) => ({ tag, svg, attributes: { ...attributes }, children: children.flat(Infinity) });
export const h = node(false);
export const g = node(true);

const PROPERTIES = new Set(["value", "checked"]); // what a person may have changed
const VOID = new Set(["input", "image", "rect", "path", "line", "circle", "br"]);

function apply(element, name, value) {
  if (typeof value === "function") element.addEventListener(name.slice(2), value);
  else if (PROPERTIES.has(name)) element[name] = value;
  else if (value === false || value === undefined) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? "" : value);
}

/** The node as an element of the page; `node.element` remembers it. */
export function element(node) {
  if (typeof node !== "object") return document.createTextNode(String(node));
  node.element = node.svg ? document.createElementNS("http://www.w3.org/2000/svg", node.tag) : document.createElement(node.tag);
  node.element.append(...node.children.map(element));
  for (const name in node.attributes) apply(node.element, name, node.attributes[name]);
  return node.element;
}

/** Change attributes of a node, on the page too if it is there. */
export function set(node, attributes) {
  Object.assign(node.attributes, attributes);
  if (node.element) for (const name in attributes) apply(node.element, name, attributes[name]);
}

/** Give a node other children. */
export function fill(node, ...children) {
  node.children = children.flat(Infinity);
  node.element?.replaceChildren(...node.children.map(element));
}

const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escaped = (text) => String(text).replace(/[&<>"]/g, (letter) => ESCAPES[letter]);

/** The node as HTML. */
export function html(node) {
  if (typeof node !== "object") return escaped(node);
  const said = Object.entries(node.attributes).filter(([, value]) => value !== false && value !== undefined && typeof value !== "function");
  const start = [node.tag, ...said.map(([name, value]) => (value === true ? name : `${name}="${escaped(value)}"`))].join(" ");
  return VOID.has(node.tag) ? `<${start}${node.svg ? "/" : ""}>` : `<${start}>${node.children.map(html).join("")}</${node.tag}>`;
}

// ---------------------------------------------------------------------------------------------------- drawings

// A sentence is a list of strings and of [role, string] pairs; the role gives the colour of input, kernel or output.
export const spans = (parts) => parts.map((part) => (Array.isArray(part) ? h("span", { class: `xp-${part[0]}` }, part[1]) : part));

export const label = (x, y, value, attributes = {}) => g("text", { x, y, ...attributes }, String(value));

/** The kind of a box, lit or not. */
export const on = (lit, kind) => (lit ? `${kind} on` : kind);

/** A box with a number: `kind` is in, ker, out, pad or cut, with " on" when it is lit; `data` is what `point` gets. */
export function cell({ x, y, size, width = size, value, kind = "", text = "", data = {} }) {
  const box = g("rect", { x: x + 1, y: y + 1, width: width - 2, height: size - 2, rx: 3, class: kind, ...data });
  if (value === undefined) return [box];
  const font = Math.min(15, (width * 1.5) / Math.max(3, String(value).length + 0.6));
  return [box, label(x + width / 2, y + size / 2, value, { class: text, style: `font-size:${font.toFixed(1)}px` })];
}

/** A drawing in pixels; without `alt` it is hidden from screen readers. */
export const drawing = (width, height, alt, ...children) =>
  g("svg", { width, height, viewBox: `0 0 ${width} ${height}`, ...(alt ? { role: "img", "aria-label": alt } : { "aria-hidden": "true" }) }, ...children);

/** A curve through [x, y] points. */
export const curve = (points, attributes = {}) =>
  g("path", { d: points.map(([x, y], i) => `${i ? "L" : "M"}${+x.toFixed(2)} ${+y.toFixed(2)}`).join(""), ...attributes });

/** A map of the plane from numbers to pixels, with axes: `x` and `y` are {from, to, low, high}. */
export function plane(x, y) {
  const at = ({ from, to, low, high }) => (value) => from + ((value - low) / (high - low)) * (to - from);
  return { x: at(x), y: at(y), back: (px) => x.low + ((px - x.from) / (x.to - x.from)) * (x.high - x.low) };
}

const bytes = (value, count) => range(count).map((i) => (value >>> (8 * i)) & 255);
const GREY = range(256).map((v) => [v, v, v]);

/** Rows of numbers from `low` to `high` as a picture's address: an uncompressed bitmap, one byte a pixel. */
export function bitmap(rows, low = 0, high = 1, palette = GREY) {
  const [height, width] = [rows.length, rows[0].length];
  const level = (value) => clamp(Math.round(((value - low) / (high - low)) * 255), 0, 255);
  const padded = (row) => [...row.map(level), ...Array((4 - (width % 4)) % 4).fill(0)];
  const pixels = [...rows].reverse().flatMap(padded);
  const offset = 54 + 1024;
  const head = [66, 77, ...bytes(offset + pixels.length, 4), 0, 0, 0, 0, ...bytes(offset, 4), ...bytes(40, 4), ...bytes(width, 4),
    ...bytes(height, 4), 1, 0, 8, 0, ...Array(24).fill(0)];
  const colours = palette.flatMap(([red, green, blue]) => [blue, green, red, 0]);
  const all = [...head, ...colours, ...pixels];
  const text = range(Math.ceil(all.length / 8192)).map((i) => String.fromCharCode(...all.slice(8192 * i, 8192 * (i + 1)))).join("");
  return `data:image/bmp;base64,${btoa(text)}`;
}

/** A bitmap inside a drawing, its pixels kept square-edged. */
export const picture = (x, y, width, height, address) =>
  g("image", { x, y, width, height, href: address, preserveAspectRatio: "none", style: "image-rendering:pixelated" });

/** A table of texts: `rows` begin with their head. */
export function table(caption, head, rows) {
  const th = (scope) => (text) => h("th", { scope }, text);
  const body = rows.map(([first, ...rest]) => h("tr", {}, th("row")(first), rest.map((text) => h("td", {}, text))));
  return h("table", {}, h("caption", {}, caption), h("thead", {}, h("tr", {}, head.map(th("col")))), h("tbody", {}, body));
}

// ---------------------------------------------------------------------------------------------------- controls

// A control knows the state's entry `name`, how to read it (`get`), and which changes a new value means (`set`).
// `limits(state)` is null where the control is not shown. Its words are text.controls[name], a string or a function.
const control = (kind) => (name, limits, options = {}) => ({
  kind, name, plain: !options.get, get: (state) => state[name], set: (value) => ({ [name]: value }),
  limits: typeof limits === "function" ? limits : () => limits, ...options,
});

/** A slider from limits[0] to limits[1]; options: `step`, `show(value, text)` for what is written beside it. */
export const slider = control("slider");
/** One of a few named values, all in sight: `limits` is the list. */
export const choice = control("choice");
/** One of more named values. */
export const menu = control("menu");
/** Yes or no. */
export const toggle = (name, options = {}) => control("toggle")(name, [false, true], options);
/** Rows of numbers to type: `get(state)` gives them, `set(row, column, value, state)` takes one. */
export const numbers = (name, options) => control("numbers")(name, [], { get: (state) => [state[name]], ...options });
/** A button: `set(null, state)` gives the changes. */
export const button = (name, set) => control("button")(name, [], { get: () => null, set });

/** A slider for the length of the list state[entry]; `next(i)` gives new entries. */
export const sized = (name, low, high, entry, next) => slider(name, [low, high], {
  get: (state) => state[entry].length, set: (size, state) => ({ [entry]: resized(state[entry], size, next) }),
});
/** The list state[entry] to type, called `symbol`. */
export const typed = (name, entry, symbol, role) => numbers(name, {
  symbol, role, get: (state) => [state[entry]], set: (_, i, value, state) => ({ [entry]: replaced(state[entry], i, value) }),
});

/** Controls that belong together; its name is text.groups[name]. `class` "sizes" lays sliders out in columns. */
export const group = (name, controls, options = {}) => ({ name, controls, ...options });

let instances = 0;

const said = (words, state) => (typeof words === "function" ? words(state) : words);
const dataOf = (values, name) => values?.[name] ?? name;

const BUILD = {
  slider({ name, step = 1, get, limits, show }, text, change) {
    const [caption, value] = [h("span"), h("span", { class: "xp-value", "aria-hidden": "true" })];
    const input = h("input", { type: "range", step, oninput: (event) => change(+event.target.value) });
    const display = (state) => {
      const [min, max] = limits(state);
      const shown = show ? show(get(state), text, state) : number(get(state));
      set(input, { min, max, value: get(state), ...(show ? { "aria-valuetext": shown } : {}) });
      fill(value, shown);
      fill(caption, said(text.controls[name], state));
    };
    return { root: h("label", { class: "xp-slider" }, caption, value, input), display };
  },
  choice({ name, get, limits }, text, change) {
    const groupName = `xp-${name}-${++instances}`;
    const root = h("div", { class: "xp-choice", role: "radiogroup" });
    let inputs = {};
    const build = (options) => {
      inputs = Object.fromEntries(options.map((value) => [value, h("input", { type: "radio", name: groupName, value, onchange: () => change(value) })]));
      fill(root, options.map((value) => h("label", {}, inputs[value], dataOf(text.options?.[name], value))));
    };
    const display = (state) => {
      const options = limits(state);
      set(root, { "aria-label": said(text.controls[name], state) });
      if (options.join() !== Object.keys(inputs).join()) build(options);
      for (const value in inputs) set(inputs[value], { checked: value === get(state) });
    };
    return { root, display };
  },
  menu({ name, get, limits }, text, change) {
    const [caption, select] = [h("span"), h("select", { onchange: (event) => change(event.target.value) })];
    let shown = "";
    const display = (state) => {
      const options = limits(state);
      if (shown !== options.join()) fill(select, options.map((value) => h("option", { value }, dataOf(text.options?.[name], value))));
      shown = options.join();
      set(select, { value: get(state) });
      fill(caption, said(text.controls[name], state));
    };
    return { root: h("label", { class: "xp-menu" }, caption, select), display };
  },
  toggle({ name, get }, text, change) {
    const input = h("input", { type: "checkbox", onchange: (event) => change(event.target.checked) });
    const caption = h("span");
    const display = (state) => {
      set(input, { checked: get(state) });
      fill(caption, said(text.controls[name], state));
    };
    return { root: h("label", {}, input, caption), display };
  },
  // Rebuilt only when their number changes, so that typing is never interrupted.
  numbers({ name, get, role = "ker", symbol = name }, text, change) {
    const root = h("div", { class: `xp-numbers xp-${role}`, role: "group" });
    let inputs = [];
    const input = (a, b, rows) => h("input", {
      type: "number", step: "any", "aria-label": rows.length > 1 ? `${symbol}[${a},${b}]` : `${symbol}[${b}]`,
      oninput: (event) => Number.isFinite(event.target.valueAsNumber) && change(a, b, event.target.valueAsNumber),
    });
    const display = (state) => {
      const rows = get(state);
      if (rows.map((row) => row.length).join() !== inputs.map((row) => row.length).join()) {
        inputs = rows.map((row, a) => row.map((_, b) => input(a, b, rows)));
        set(root, { "aria-label": said(text.controls[name], state), style: `grid-template-columns:repeat(${rows[0].length},auto)` });
        fill(root, inputs);
      }
      const typing = (one) => one.element && one.element === one.element.getRootNode().activeElement;
      rows.forEach((row, a) => row.forEach((value, b) => typing(inputs[a][b]) || set(inputs[a][b], { value: +value.toFixed(4) })));
    };
    return { root, display };
  },
  button({ name }, text, change) {
    const root = h("button", { type: "button", onclick: () => change(null) });
    return { root, display: (state) => fill(root, said(text.controls[name], state)) };
  },
};

function built(one, text, update, state) {
  const { root, display } = BUILD[one.kind](one, text, (...value) => update(one.set(...value, state())));
  const show = (now) => {
    const shown = one.limits(now) !== null;
    set(root, { hidden: !shown });
    if (shown) display(now);
  };
  return { root, show };
}

// ------------------------------------------------------------------------------------------------------ figure

/** The state with every slider inside its limits, and every choice one of its values. */
function tidied(spec, state) {
  const next = { ...state };
  for (const { kind, name, plain, limits } of spec.groups.flatMap((one) => one.controls)) {
    const allowed = plain && limits(next);
    if (!allowed) continue;
    if (kind === "slider") next[name] = clamp(next[name], ...allowed);
    else if (!allowed.includes(next[name])) next[name] = allowed[0];
  }
  return spec.tidy ? spec.tidy(next) : next;
}

/** The whole figure as nodes, and `draw(state, width)`, which makes it show a state. */
function assembled(spec, text, update, state) {
  const groups = spec.groups.map((one) => ({ ...one, controls: one.controls.map((single) => built(single, text, update, state)) }));
  const fieldset = (one) => h("fieldset", { class: one.class && `xp-${one.class}` },
    h("legend", {}, text.groups[one.name]), one.controls.map(({ root }) => root));
  const parts = {
    box: h("div", { class: "xp-box", tabindex: 0, role: "group", "aria-label": text.figure }),
    status: h("p", { class: "xp-status", role: "status", "aria-live": "polite" }),
    note: h("p", { class: "xp-note" }),
    numbers: h("div", { class: "xp-box", tabindex: 0, role: "group", "aria-label": text.table }),
  };
  parts.details = h("details", {}, h("summary", {}, text.table), parts.numbers);
  parts.root = h("section", { class: "xp", "aria-label": text.title, "data-lm-suppress-shortcuts": "true" },
    h("p", { class: "xp-title" }, text.title), groups.map(fieldset), parts.box,
    text.hint ? h("p", { class: "xp-hint" }, text.hint) : [], parts.status, spec.note ? parts.note : [], spec.table ? parts.details : []);

  parts.draw = (now, width) => {
    const view = spec.view(now);
    for (const one of groups.flatMap((several) => several.controls)) one.show(now);
    const scrolled = parts.box.element?.scrollLeft;
    fill(parts.box, spec.figure(view, now, text, width));
    if (scrolled) parts.box.element.scrollLeft = scrolled;
    fill(parts.status, spans(spec.status(view, now, text)));
    if (spec.note) fill(parts.note, spans(spec.note(view, now, text)));
    if (spec.table) fill(parts.numbers, parts.details.element?.open ? spec.table(view, now, text) : []);
    return view;
  };
  return parts;
}

/** Keys belong to the figure, not to the notebook around it. */
function keepKeys(event) {
  const foreign = event.ctrlKey || event.metaKey || event.altKey || event.key === "Escape" || (event.shiftKey && event.key === "Enter");
  if (!foreign) event.stopPropagation();
}

/** Keep what is lit in sight when the drawing is wider than its box. */
function reveal(box) {
  const lit = box.querySelector("[data-reveal]")?.getBoundingClientRect();
  if (!lit) return;
  const frame = box.getBoundingClientRect();
  if (lit.left < frame.left) box.scrollLeft += lit.left - frame.left - 8;
  if (lit.right > frame.right) box.scrollLeft += lit.right - frame.right + 8;
}

/**
 * An explorable in the form that anywidget defines, from its `spec`:
 *   words                       {en: {title, figure, hint, table, groups, controls, options, ...}, other languages}
 *   traits                      the names of the state's entries
 *   groups                      its controls
 *   view(state)                 pure: everything that is shown
 *   figure(view, state, text, width)  nodes of the drawing
 *   status(view, state, text)   a sentence on what is lit (said by screen readers); `note` likewise, not said
 *   table(view, state, text)    the numbers as a table
 *   keys(key, state, view)      the changes that a key means on the drawing, or null
 *   point({data, held, x, y, down}, state, view)  the changes that a pointer means: `data` of what is under it, `held` of what a drag began on
 */
export function explorable(spec) {
  const speak = (language = "en") => ({ ...spec.words.en, ...spec.words[language.slice(0, 2)] });

  function render({ model, el }) {
    const read = () => tidied(spec, Object.fromEntries(spec.traits.map((name) => [name, model.get(name)])));
    let state = read();
    let view = null;
    let busy = false; // one drawing for one change, however many traits it sets
    const update = (changes) => {
      if (!changes || Object.entries(changes).every(([name, value]) => Object.is(state[name], value))) return;
      busy = true;
      const next = tidied(spec, { ...state, ...changes });
      for (const name of spec.traits) model.set(name, next[name]);
      model.save_changes();
      busy = false;
      draw();
    };
    const parts = assembled(spec, speak(document.documentElement.lang), update, () => state);
    el.append(element(parts.root));
    const box = parts.box.element;
    function draw() {
      state = read();
      view = parts.draw(state, box.clientWidth || 640);
    }

    let held = null;
    const point = (event) => {
      const { target } = event;
      const drawn = (target.ownerSVGElement ?? box.querySelector("svg") ?? box).getBoundingClientRect();
      const under = { data: target.dataset ?? {}, held, x: event.clientX - drawn.left, y: event.clientY - drawn.top, down: event.type === "pointerdown" };
      if (under.down && under.data.drag !== undefined) {
        held = under.held = { ...under.data, startX: event.clientX, startY: event.clientY };
        box.setPointerCapture(event.pointerId);
      }
      if (held) Object.assign(under, { dx: event.clientX - held.startX, dy: event.clientY - held.startY });
      update(spec.point?.(under, state, view));
    };
    box.addEventListener("pointerdown", point);
    box.addEventListener("pointermove", point);
    for (const kind of ["pointerup", "pointercancel"]) box.addEventListener(kind, () => { held = null; });
    box.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const changes = spec.keys?.(event.key, state, view);
      if (!changes) return;
      event.preventDefault();
      update(changes);
      reveal(box);
    });
    parts.details.element?.addEventListener("toggle", draw);
    parts.root.element.addEventListener("keydown", keepKeys);
    return connect(spec.traits, model, box, () => busy || draw());
  }

  /** The figure of a state as HTML that needs no script. */
  function poster(state, language) {
    const now = tidied(spec, state);
    const parts = assembled(spec, speak(language), () => {}, () => now);
    parts.draw(now, 640);
    return html(parts.root);
  }
  return { render, poster, words: spec.words };
}

/** Draw now, when the model changes and when the width changes; returns the clean-up. */
function connect(traits, model, box, draw) {
  let width = -1;
  const observer = new ResizeObserver(() => {
    if (box.clientWidth === width) return;
    width = box.clientWidth;
    draw();
  });
  draw();
  width = box.clientWidth;
  observer.observe(box);
  for (const name of traits) model.on(`change:${name}`, draw);
  return () => {
    observer.disconnect();
    for (const name of traits) model.off(`change:${name}`, draw);
  };
}
