// The adjoint of a convolution: one inner product in two ways, and what the transpose brings back instead of the input.
//
// Symbols: C is the matrix of the convolution of n samples x by the taps w with stride s and padding p; o outputs. v is any
// vector of o numbers. C⁺ is the pseudo-inverse.

import { cell, choice, clamp, drawing, explorable, factor, g, group, h, joined, label, listed, number, numbers, on, range, replaced, sized, slider, table, typed } from "./kit.js";

// ---------------------------------------------------------------------------------------------- numbers (pure)

/** C with C x = y, one row for each output; empty when no window fits. */
export function matrixOf({ x, weight, stride: s, padding: p }) {
  const o = Math.max(0, Math.floor((x.length + 2 * p - weight.length) / s) + 1);
  return range(o).map((i) => x.map((_, j) => weight[j + p - s * i] ?? 0));
}

export const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);
export const times = (C, x) => C.map((row) => dot(row, x));
export const transposed = (C) => C[0].map((_, j) => C.map((row) => row[j]));

/** Turn columns a and b of two lists of columns so that a and b are orthogonal; true if they were. */
function rotated(columns, basis, a, b) {
  const [alpha, beta, gamma] = [dot(columns[a], columns[a]), dot(columns[b], columns[b]), dot(columns[a], columns[b])];
  if (Math.abs(gamma) <= 1e-15 * Math.sqrt(alpha * beta)) return true;
  const zeta = (beta - alpha) / (2 * gamma);
  const t = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.hypot(1, zeta));
  const [c, s] = [1 / Math.hypot(1, t), t / Math.hypot(1, t)];
  for (const list of [columns, basis]) {
    const [left, right] = [list[a], list[b]];
    list[a] = left.map((value, i) => c * value - s * right[i]);
    list[b] = left.map((value, i) => s * value + c * right[i]);
  }
  return false;
}

/** C⁺ by the singular values of C (one-sided Jacobi rotations, Hestenes 1958). */
export function pseudoInverse(C) {
  const [columns, basis] = [transposed(C), C[0].map((_, j) => C[0].map((_, i) => +(i === j)))];
  const pairs = range(columns.length).flatMap((b) => range(b).map((a) => [a, b]));
  const sweep = () => pairs.map(([a, b]) => rotated(columns, basis, a, b)).every(Boolean);
  for (let turns = 0; turns < 60 && !sweep(); turns++);
  const powers = columns.map((column) => dot(column, column));
  const kept = range(columns.length).filter((r) => powers[r] > 1e-20 * Math.max(...powers));
  return C[0].map((_, j) => C.map((_, i) => kept.reduce((sum, r) => sum + (basis[r][j] * columns[r][i]) / powers[r], 0)));
}

const distance = (a, b) => Math.hypot(...a.map((value, i) => value - b[i]));

/** v, as long as there are outputs; what is missing counts on from 1. */
export const testVector = ({ v }, o) => range(o).map((i) => v[i] ?? (i % 3) + 1);

/** Everything that the figure shows, from the state alone. */
export function describe(state) {
  const C = matrixOf(state);
  const { x } = state;
  if (!C.length) return { C, x };
  const [v, y, T] = [testVector(state, C.length), times(C, x), transposed(C)];
  const told = times(T, v);
  const back = times(T, y);
  const least = times(pseudoInverse(C), y);
  const multiple = dot(back, back) ? dot(back, x) / dot(back, back) : 0;
  return {
    C, T, x, v, y, told, products: [dot(y, v), dot(x, told)], back, least, again: times(C, back), leastAgain: times(C, least), multiple,
    far: distance(back.map((value) => multiple * value), x), near: distance(least, x),
    row: Math.min(state.row, C.length - 1), column: Math.min(state.column, x.length - 1),
  };
}

const same = (a, b) => distance(a, b) <= 1e-9 * (1 + Math.hypot(...a, ...b));

// ----------------------------------------------------------------------------------------------------- words

const rowsOf = (M) => M.map((row) => row.map(number).join(" ")).join("; ");
const sumOf = (a, b, roles) => joined(a.map((value, i) => [[roles[0], factor(value)], "·", [roles[1], factor(b[i])]]), " + ");

const EN = {
  title: "There, and not quite back",
  groups: { mode: "Question", sizes: "Sizes", samples: "Samples x", weights: "Taps w", vector: "Vector v" },
  options: { mode: { pair: "is ⟨Cx, v⟩ = ⟨x, Cᵀv⟩?", back: "does Cᵀ bring x back?" } },
  controls: {
    mode: "Question", length: "samples n", taps: "taps k", stride: "stride s", padding: "padding p",
    samples: "Samples x", weights: "Taps w", vector: "Vector v",
  },
  figure: "Matrices. Arrow keys move through the entries of C, or through the samples of x.",
  hint: "Point at an entry of C or of Cᵀ, or move with the arrow keys. In the second question drag a bar of x, or press the up and down arrows.",
  table: "The numbers as a table",
  caption: "Samples: x, what the transpose makes of y = Cx, and the shortest vector with the same outputs.",
  names: { x: "x", back: "CᵀCx", least: "C⁺Cx", again: "C of it", equal: "= y", unequal: "≠ y", output: "y = Cx", told: "Cᵀv" },
  rows: { x: "x", back: (multiple) => `CᵀCx, bars × ${number(multiple)}`, least: "C⁺Cx, least squares" },
  alt({ C, x, v, y, told, products, back, least }, { mode }) {
    const start = `Matrix C, row after row: ${rowsOf(C)}. x = ${listed(x)}; Cx = ${listed(y)}.`;
    return mode === "pair"
      ? `${start} v = ${listed(v)}; transpose of C times v = ${listed(told)}. Inner products ${products.map(number).join(" and ")}.`
      : `${start} Bars: transpose of C times Cx = ${listed(back)}; pseudo-inverse of C times Cx = ${listed(least)}.`;
  },
  empty: ({ weight, x, padding }) => [
    `No window fits: the kernel has ${weight.length} taps and the padded input n + 2p = ${x.length + 2 * padding} samples, so C has no rows. More padding or fewer taps bring it back.`],
  pair({ C, x, v, y, told, products, row: i, column: j }) {
    const term = [["kernel", factor(C[i][j])], "·", ["input", factor(x[j])], "·", ["output", factor(v[i])]];
    const entry = C[i][j]
      ? [`C[${i},${j}] = ${number(C[i][j])} joins sample ${j} and output ${i}, whichever way one goes: `, ...term,
        ` = ${number(C[i][j] * x[j] * v[i])} is a part of both sums. `]
      : [`C[${i},${j}] = 0: sample ${j} and output ${i} have nothing to do with each other. `];
    return [...entry, "⟨Cx, v⟩ = ", ...sumOf(y, v, ["output", "output"]), " = ", ["strong", number(products[0])],
      ", ⟨x, Cᵀv⟩ = ", ...sumOf(x, told, ["input", "input"]), " = ", ["strong", number(products[1])], "."];
  },
  back({ y, back, least, again, x, column }) {
    const consistent = same(again, y);
    return [["input", `x[${column}] = ${number(x[column])}`], ". ", ["output", `y = Cx = ${listed(y)}`],
      ". The transpose makes ", ["kernel", listed(back)],
      ` of y, and C of that is ${listed(again)}${consistent ? ", y again" : ", not y"}. Least squares makes `, ["input", listed(least)],
        ", which has the outputs y."];
  },
  judged({ back, least, x, far, near, multiple }) {
    if (same(back, x)) return "Here CᵀC is the identity on x: the transpose brings it back.";
    if (same(back, least)) return "Here the transpose and least squares agree: what C keeps of x, it keeps at its length.";
    if (same(least, x)) return `C⁺ brings x back: nothing was lost. The nearest multiple of CᵀCx, ${number(multiple)} times, is ${number(far)} away.`;
    return `Distance from x: C⁺Cx ${number(near)}; CᵀCx ${number(far)}, even if it is first multiplied by the best factor, ${number(multiple)}.`;
  },
  size: ({ C, x }) =>
    `C has ${C.length} ${C.length === 1 ? "row" : "rows"} and ${x.length} columns. Its transpose is no second kernel: the same numbers, read by columns.`,
};

const ZH = {
  title: "去得了，回不全",
  groups: { mode: "问题", sizes: "尺寸", samples: "样本 x", weights: "抽头 w", vector: "向量 v" },
  options: { mode: { pair: "⟨Cx, v⟩ = ⟨x, Cᵀv⟩ 成立吗？", back: "Cᵀ 能把 x 带回来吗？" } },
  controls: {
    mode: "问题", length: "样本数 n", taps: "抽头数 k", stride: "步幅 s", padding: "填充 p",
    samples: "样本 x", weights: "抽头 w", vector: "向量 v",
  },
  figure: "矩阵。用方向键在 C 的元素间或 x 的样本间移动。",
  hint: "指向 C 或 Cᵀ 的一个元素，或用方向键移动。在第二个问题中，拖动 x 的条柱，或按上下方向键。",
  table: "以表格显示数值",
  caption: "样本：x，转置由 y = Cx 做成的，以及输出相同的最短向量。",
  names: { x: "x", back: "CᵀCx", least: "C⁺Cx", again: "再经 C", equal: "= y", unequal: "≠ y", output: "y = Cx", told: "Cᵀv" },
  rows: { x: "x", back: (multiple) => `CᵀCx，条柱 × ${number(multiple)}`, least: "C⁺Cx，最小二乘" },
  alt({ C, x, v, y, told, products, back, least }, { mode }) {
    const start = `矩阵 C，逐行：${rowsOf(C)}。x = ${listed(x)}；Cx = ${listed(y)}。`;
    return mode === "pair"
      ? `${start}v = ${listed(v)}；C 的转置乘 v = ${listed(told)}。两个内积为 ${products.map(number).join(" 和 ")}。`
      : `${start}条柱：C 的转置乘 Cx = ${listed(back)}；C 的伪逆乘 Cx = ${listed(least)}。`;
  },
  empty: ({ weight, x, padding }) => [
    `没有窗口放得下：卷积核有 ${weight.length} 个抽头，填充后的输入有 n + 2p = ${x.length + 2 * padding} 个样本，所以 C 没有行。增加填充或减少抽头，它就回来了。`],
  pair({ C, x, v, y, told, products, row: i, column: j }) {
    const term = [["kernel", factor(C[i][j])], "·", ["input", factor(x[j])], "·", ["output", factor(v[i])]];
    const entry = C[i][j]
      ? [`C[${i},${j}] = ${number(C[i][j])} 连接样本 ${j} 和输出 ${i}，朝哪个方向走都一样：`, ...term,
        ` = ${number(C[i][j] * x[j] * v[i])} 是两个和中共有的一项。`]
      : [`C[${i},${j}] = 0：样本 ${j} 和输出 ${i} 互不相干。`];
    return [...entry, "⟨Cx, v⟩ = ", ...sumOf(y, v, ["output", "output"]), " = ", ["strong", number(products[0])],
      "，⟨x, Cᵀv⟩ = ", ...sumOf(x, told, ["input", "input"]), " = ", ["strong", number(products[1])], "。"];
  },
  back({ y, back, least, again, x, column }) {
    const consistent = same(again, y);
    return [["input", `x[${column}] = ${number(x[column])}`], "。", ["output", `y = Cx = ${listed(y)}`],
      "。转置由此做成 ", ["kernel", listed(back)],
      `，再经 C 得 ${listed(again)}，${consistent ? "又是 y" : "不是 y"}。最小二乘做成 `, ["input", listed(least)],
        "，其输出就是 y。"];
  },
  judged({ back, least, x, far, near, multiple }) {
    if (same(back, x)) return "这里 CᵀC 在 x 上是恒等映射：转置把 x 带了回来。";
    if (same(back, least)) return "这里转置与最小二乘一致：C 从 x 中保留下来的，长度也不变。";
    if (same(least, x)) return `C⁺ 把 x 带了回来：什么也没丢。CᵀCx 的最接近 x 的倍数是 ${number(multiple)} 倍，仍相距 ${number(far)}。`;
    return `与 x 的距离：C⁺Cx 为 ${number(near)}；CᵀCx 即使先乘上最佳因子 ${number(multiple)}，仍为 ${number(far)}。`;
  },
  size: ({ C, x }) => `C 有 ${C.length} 行 ${x.length} 列。它的转置不是另一个卷积核：还是同样的数，按列来读。`,
};

const KO = {
  title: "갔다가, 다 돌아오지는 못하고",
  groups: { mode: "물음", sizes: "크기", samples: "표본 x", weights: "탭 w", vector: "벡터 v" },
  options: { mode: { pair: "⟨Cx, v⟩ = ⟨x, Cᵀv⟩인가?", back: "Cᵀ가 x를 되돌려 주는가?" } },
  controls: {
    mode: "물음", length: "표본 수 n", taps: "탭 수 k", stride: "스트라이드 s", padding: "패딩 p",
    samples: "표본 x", weights: "탭 w", vector: "벡터 v",
  },
  figure: "행렬. 화살표 키로 C의 성분이나 x의 표본을 옮겨 다닌다.",
  hint: "C나 Cᵀ의 성분을 가리키거나 화살표 키로 옮겨 다닌다. 둘째 물음에서는 x의 막대를 끌거나 위아래 화살표 키를 누른다.",
  table: "수를 표로 보기",
  caption: "표본: x, 전치가 y = Cx로 만든 것, 그리고 같은 출력을 내는 가장 짧은 벡터.",
  names: { x: "x", back: "CᵀCx", least: "C⁺Cx", again: "다시 C", equal: "= y", unequal: "≠ y", output: "y = Cx", told: "Cᵀv" },
  rows: { x: "x", back: (multiple) => `CᵀCx, 막대 × ${number(multiple)}`, least: "C⁺Cx, 최소제곱" },
  alt({ C, x, v, y, told, products, back, least }, { mode }) {
    const start = `행렬 C, 한 행씩: ${rowsOf(C)}. x = ${listed(x)}; Cx = ${listed(y)}.`;
    return mode === "pair"
      ? `${start} v = ${listed(v)}; C의 전치 곱하기 v = ${listed(told)}. 두 내적: ${products.map(number).join(", ")}.`
      : `${start} 막대: C의 전치 곱하기 Cx = ${listed(back)}; C의 유사역행렬 곱하기 Cx = ${listed(least)}.`;
  },
  empty: ({ weight, x, padding }) => [
    `들어맞는 창이 없다. 커널의 탭은 ${weight.length}개이고 패딩한 입력의 표본은 n + 2p = ${x.length + 2 * padding}개라서 C에는 행이 없다. 패딩을 늘리거나 탭을 줄이면 다시 나타난다.`],
  pair({ C, x, v, y, told, products, row: i, column: j }) {
    const term = [["kernel", factor(C[i][j])], "·", ["input", factor(x[j])], "·", ["output", factor(v[i])]];
    const entry = C[i][j]
      ? [`C[${i},${j}] = ${number(C[i][j])}: 어느 쪽으로 가든 표본 ${j}번과 출력 ${i}번을 잇는다. `, ...term,
        ` = ${number(C[i][j] * x[j] * v[i])}. 이것은 두 합 모두의 한 항이다. `]
      : [`C[${i},${j}] = 0: 표본 ${j}번과 출력 ${i}번은 서로 상관이 없다. `];
    return [...entry, "⟨Cx, v⟩ = ", ...sumOf(y, v, ["output", "output"]), " = ", ["strong", number(products[0])],
      ", ⟨x, Cᵀv⟩ = ", ...sumOf(x, told, ["input", "input"]), " = ", ["strong", number(products[1])], "."];
  },
  back({ y, back, least, again, x, column }) {
    const consistent = same(again, y);
    return [["input", `x[${column}] = ${number(x[column])}`], ". ", ["output", `y = Cx = ${listed(y)}`],
      ". 이것으로 전치가 만드는 것: ", ["kernel", listed(back)],
      `. 여기에 다시 C를 쓴 것: ${listed(again)}. ${consistent ? "다시 y이다" : "y가 아니다"}. 최소제곱이 만드는 것: `, ["input", listed(least)],
        ". 그 출력은 y이다."];
  },
  judged({ back, least, x, far, near, multiple }) {
    if (same(back, x)) return "여기서 CᵀC는 x에 대해 항등이다. 전치가 x를 되돌려 준다.";
    if (same(back, least)) return "여기서 전치와 최소제곱은 일치한다. C가 x에서 남기는 것은 길이도 그대로 남는다.";
    if (same(least, x)) return `C⁺가 x를 되돌려 준다. 잃은 것이 없다. CᵀCx의 배수 가운데 가장 가까운 것은 ${number(multiple)}배이며, 거리는 ${number(far)}이다.`;
    return `x까지의 거리: C⁺Cx는 ${number(near)}, CᵀCx는 먼저 가장 좋은 배수 ${number(multiple)}배를 해도 ${number(far)}.`;
  },
  size: ({ C, x }) => `C는 ${C.length}행 ${x.length}열이다. 전치는 또 다른 커널이 아니라, 같은 수를 열로 읽은 것이다.`,
};

const RU = {
  title: "Туда и не совсем обратно",
  groups: { mode: "Вопрос", sizes: "Размеры", samples: "Отсчёты x", weights: "Отводы w", vector: "Вектор v" },
  options: { mode: { pair: "верно ли ⟨Cx, v⟩ = ⟨x, Cᵀv⟩?", back: "возвращает ли Cᵀ вектор x?" } },
  controls: {
    mode: "Вопрос", length: "отсчёты n", taps: "отводы k", stride: "шаг s", padding: "дополнение p",
    samples: "Отсчёты x", weights: "Отводы w", vector: "Вектор v",
  },
  figure: "Матрицы. Клавиши со стрелками переходят по элементам C или по отсчётам x.",
  hint: "Наведите на элемент C или Cᵀ либо переходите клавишами со стрелками. Во втором вопросе тяните столбик x или нажимайте стрелки вверх и вниз.",
  table: "Числа в виде таблицы",
  caption: "Отсчёты: x, то, что транспонирование делает из y = Cx, и самый короткий вектор с теми же выходами.",
  names: { x: "x", back: "CᵀCx", least: "C⁺Cx", again: "C от него", equal: "= y", unequal: "≠ y", output: "y = Cx", told: "Cᵀv" },
  rows: { x: "x", back: (multiple) => `CᵀCx, выс. × ${number(multiple)}`, least: "C⁺Cx, МНК" },
  alt({ C, x, v, y, told, products, back, least }, { mode }) {
    const start = `Матрица C, строка за строкой: ${rowsOf(C)}. x = ${listed(x)}; Cx = ${listed(y)}.`;
    return mode === "pair"
      ? `${start} v = ${listed(v)}; транспонированная C на v = ${listed(told)}. Скалярные произведения ${products.map(number).join(" и ")}.`
      : `${start} Столбики: транспонированная C на Cx = ${listed(back)}; псевдообратная к C на Cx = ${listed(least)}.`;
  },
  empty: ({ weight, x, padding }) => [
    `Ни одно окно не помещается: отводов в ядре ${weight.length}, а отсчётов во входе с дополнением n + 2p = ${x.length + 2 * padding}, поэтому у C нет строк. Больше дополнения или меньше отводов вернут её.`],
  pair({ C, x, v, y, told, products, row: i, column: j }) {
    const term = [["kernel", factor(C[i][j])], "·", ["input", factor(x[j])], "·", ["output", factor(v[i])]];
    const entry = C[i][j]
      ? [`C[${i},${j}] = ${number(C[i][j])} соединяет отсчёт ${j} и выход ${i}, в какую бы сторону ни идти: `, ...term,
        ` = ${number(C[i][j] * x[j] * v[i])} входит в обе суммы. `]
      : [`C[${i},${j}] = 0: отсчёт ${j} и выход ${i} никак не связаны. `];
    return [...entry, "⟨Cx, v⟩ = ", ...sumOf(y, v, ["output", "output"]), " = ", ["strong", number(products[0])],
      ", ⟨x, Cᵀv⟩ = ", ...sumOf(x, told, ["input", "input"]), " = ", ["strong", number(products[1])], "."];
  },
  back({ y, back, least, again, x, column }) {
    const consistent = same(again, y);
    return [["input", `x[${column}] = ${number(x[column])}`], ". ", ["output", `y = Cx = ${listed(y)}`],
      ". Транспонирование делает из y ", ["kernel", listed(back)],
      `, и C от этого равно ${listed(again)}${consistent ? ", то есть снова y" : ", а не y"}. Наименьшие квадраты дают `,
      ["input", listed(least)], " с выходами y."];
  },
  judged({ back, least, x, far, near, multiple }) {
    if (same(back, x)) return "Здесь CᵀC действует на x тождественно: транспонирование возвращает его.";
    if (same(back, least)) return "Здесь транспонирование и наименьшие квадраты совпадают: то, что C сохраняет от x, сохраняет и длину.";
    if (same(least, x)) return `C⁺ возвращает x: ничего не потеряно. Ближайшее кратное CᵀCx, с множителем ${number(multiple)}, отстоит от x на ${number(far)}.`;
    return `Расстояние от x: C⁺Cx ${number(near)}; CᵀCx ${number(far)}, даже если сначала умножить на лучший множитель, ${number(multiple)}.`;
  },
  size: ({ C, x }) =>
    `Строк у C: ${C.length}, столбцов: ${x.length}. Транспонированная матрица не второе ядро: те же числа, прочитанные по столбцам.`,
};

const VI = {
  title: "Đi, và về không hẳn chốn cũ",
  groups: { mode: "Câu hỏi", sizes: "Kích thước", samples: "Mẫu x", weights: "Hệ số w", vector: "Vectơ v" },
  options: { mode: { pair: "⟨Cx, v⟩ = ⟨x, Cᵀv⟩ có đúng không?", back: "Cᵀ có đem x trở về không?" } },
  controls: {
    mode: "Câu hỏi", length: "số mẫu n", taps: "số hệ số k", stride: "bước nhảy s", padding: "phần đệm p",
    samples: "Mẫu x", weights: "Hệ số w", vector: "Vectơ v",
  },
  figure: "Các ma trận. Phím mũi tên di chuyển qua các phần tử của C, hoặc qua các mẫu của x.",
  hint: "Trỏ vào một phần tử của C hoặc của Cᵀ, hoặc di chuyển bằng phím mũi tên. Ở câu hỏi thứ hai, kéo một cột của x, hoặc nhấn mũi tên lên và xuống.",
  table: "Các con số dưới dạng bảng",
  caption: "Các mẫu: x, cái mà phép chuyển vị làm ra từ y = Cx, và vectơ ngắn nhất có cùng đầu ra.",
  names: { x: "x", back: "CᵀCx", least: "C⁺Cx", again: "C của nó", equal: "= y", unequal: "≠ y", output: "y = Cx", told: "Cᵀv" },
  rows: { x: "x", back: (multiple) => `CᵀCx, cột × ${number(multiple)}`, least: "C⁺Cx, bp. tối thiểu" },
  alt({ C, x, v, y, told, products, back, least }, { mode }) {
    const start = `Ma trận C, từng hàng một: ${rowsOf(C)}. x = ${listed(x)}; Cx = ${listed(y)}.`;
    return mode === "pair"
      ? `${start} v = ${listed(v)}; chuyển vị của C nhân v = ${listed(told)}. Các tích vô hướng ${products.map(number).join(" và ")}.`
      : `${start} Các cột: chuyển vị của C nhân Cx = ${listed(back)}; giả nghịch đảo của C nhân Cx = ${listed(least)}.`;
  },
  empty: ({ weight, x, padding }) => [
    `Không cửa sổ nào vừa: nhân có ${weight.length} hệ số và đầu vào đã đệm có n + 2p = ${x.length + 2 * padding} mẫu, nên C không có hàng nào. Thêm phần đệm hoặc bớt hệ số thì C trở lại.`],
  pair({ C, x, v, y, told, products, row: i, column: j }) {
    const term = [["kernel", factor(C[i][j])], "·", ["input", factor(x[j])], "·", ["output", factor(v[i])]];
    const entry = C[i][j]
      ? [`C[${i},${j}] = ${number(C[i][j])} nối mẫu ${j} với đầu ra ${i}, dù đi theo chiều nào: `, ...term,
        ` = ${number(C[i][j] * x[j] * v[i])} là một phần của cả hai tổng. `]
      : [`C[${i},${j}] = 0: mẫu ${j} và đầu ra ${i} không liên quan gì đến nhau. `];
    return [...entry, "⟨Cx, v⟩ = ", ...sumOf(y, v, ["output", "output"]), " = ", ["strong", number(products[0])],
      ", ⟨x, Cᵀv⟩ = ", ...sumOf(x, told, ["input", "input"]), " = ", ["strong", number(products[1])], "."];
  },
  back({ y, back, least, again, x, column }) {
    const consistent = same(again, y);
    return [["input", `x[${column}] = ${number(x[column])}`], ". ", ["output", `y = Cx = ${listed(y)}`],
      ". Phép chuyển vị biến y thành ", ["kernel", listed(back)],
      `, và C của vectơ ấy là ${listed(again)}${consistent ? ", lại chính là y" : ", không phải y"}. Bình phương tối thiểu cho `,
      ["input", listed(least)], ", có đầu ra y."];
  },
  judged({ back, least, x, far, near, multiple }) {
    if (same(back, x)) return "Ở đây CᵀC là ánh xạ đồng nhất trên x: phép chuyển vị đem x trở về.";
    if (same(back, least)) return "Ở đây phép chuyển vị và bình phương tối thiểu trùng nhau: phần nào của x được C giữ lại thì giữ nguyên độ dài.";
    if (same(least, x)) return `C⁺ đem x trở về: không mất gì. Bội gần nhất của CᵀCx, ${number(multiple)} lần, còn cách ${number(far)}.`;
    return `Khoảng cách đến x: C⁺Cx ${number(near)}; CᵀCx ${number(far)}, ngay cả khi trước đó đã nhân với thừa số tốt nhất, ${number(multiple)}.`;
  },
  size: ({ C, x }) =>
    `C có ${C.length} hàng và ${x.length} cột. Chuyển vị của nó không phải là một nhân thứ hai: vẫn những con số ấy, đọc theo cột.`,
};

// ---------------------------------------------------------------------------------------------------- figures

const soft = (value) => (value ? {} : { text: "soft" });

/** A matrix with what it is applied to above it; at the right what comes out, and what that is multiplied by. */
function equation(size, { M, name, above, out, beside, names, roles, lit, data, sum }, alt) {
  const [left, top] = [30, size + 26];
  const [rows, columns] = [M.length, M[0].length];
  const x = (j) => left + j * size;
  const y = (i) => top + i * size;
  const [outX, besideX] = [x(columns) + 14, x(columns + 1) + 22];
  const at = (i, j) => ({ size, ...data(i, j) });
  const kind = (value, i, j) => on(lit[0] === i && lit[1] === j, value ? "ker" : "");
  const body = M.map((row, i) => row.map((value, j) =>
    cell({ ...at(i, j), x: x(j), y: y(i), value: number(value), kind: kind(value, i, j), ...soft(value) })));
  const heads = [label(14, 20 + size / 2 - 6, names[0], { class: "letter" }), label(14, y(rows / 2), name, { class: "letter" }),
    label(outX + size / 2, top - 12, names[1], { class: "letter" }), label(besideX + size / 2, top - 12, names[2], { class: "letter" })];
  return drawing(besideX + size + 4, y(rows) + 26, alt,
    above.map((value, j) => cell({ size, x: x(j), y: 8, value: number(value), kind: on(lit[1] === j, roles[0]) })),
    body, heads,
    out.map((value, i) => cell({ size, x: outX, y: y(i), value: number(value), kind: on(lit[0] === i, roles[1]) })),
    out.map((_, i) => label(besideX - 4, y(i) + size / 2, "·")),
    beside.map((value, i) => cell({ size, x: besideX, y: y(i), value: number(value), kind: on(lit[0] === i, roles[1]) })),
    g("rect", { x: x(lit[1]), y: y(lit[0]), width: size, height: size, class: "band", "data-reveal": true }),
    label(besideX + size, y(rows) + 14, sum, { class: "end on-text", style: "font-size:14px" }));
}

function pairFigure(view, state, text, width) {
  const { C, T, x, v, y, told, products, row, column } = view;
  const size = clamp(Math.floor((width - 76) / (Math.max(C.length, x.length) + 2)), 30, 38);
  const forward = { M: C, name: "C", above: x, out: y, beside: v, names: ["x", "Cx", "v"], roles: ["in", "out"], lit: [row, column],
    sum: `⟨Cx, v⟩ = ${number(products[0])}`,
    data: (i, j) => ({ data: { "data-row": i, "data-column": j } }) };
  const backward = { M: T, name: "Cᵀ", above: v, out: told, beside: x, names: ["v", "Cᵀv", "x"], roles: ["out", "in"], lit: [column, row],
    sum: `⟨x, Cᵀv⟩ = ${number(products[1])}`,
    data: (j, i) => ({ data: { "data-row": i, "data-column": j } }) };
  return [h("div", { class: "xp-row" }, equation(size, forward, text.alt(view, state)), equation(size, backward, ""))];
}

const UNIT = 8; // pixels that a bar of x is dragged for a step of 1
const BAR = 56;

/** A bar for each value from the line `zero` up, or down if it is negative. */
const bars = (at, zero, values, look) => values.map((value, j) => {
  const height = Math.abs(value) * at.scale;
  return g("rect", { x: at.x(j) + 6, y: value < 0 ? zero : zero - height, width: at.size - 12, height: Math.max(1, height), rx: 2,
    class: look(j) });
});

/** Bars with their numbers, those of x dashed behind them, and at the right the outputs of these samples. */
function barRow(at, top, x, { caption, values, by = 1, kind, outputs, verdict, column }) {
  const zero = top + 34 + at.scale * at.high;
  const drag = column !== undefined;
  const drawn = values.map((value) => by * value);
  const words = values.map((value, j) => {
    const ends = drag ? [drawn[j]] : [drawn[j], x[j]];
    const y = drawn[j] < 0 ? zero + at.scale * Math.max(...ends.map((end) => -end)) + 9 : zero - at.scale * Math.max(...ends) - 9;
    return label(at.x(j) + at.size / 2, y, number(value), { style: "font-size:12px" });
  });
  const handles = drag ? values.map((value, j) => g("rect", { x: at.x(j), y: top + 14, width: at.size, height: at.height - 14,
    class: "plain",
    "data-drag": j, "data-from": value, "data-reveal": j === column })) : [];
  const right = outputs.flatMap((value, i) => cell({ x: at.out + i * at.size, y: top + 18, size: Math.min(at.size, 34), width: at.size,
    value: number(value), kind: "out" }));
  const small = { class: "soft start", style: "font-size:12px" };
  return [label(2, top + 7, caption, small), label(at.out, top + 7, verdict, small), bars(at, zero, drawn, (j) => on(j === column, kind)),
    drag ? [] : bars(at, zero, x, () => "pad"), words, g("line", { x1: at.x(0), x2: at.x(x.length), y1: zero, y2: zero, class: "soft" }),
      right, handles];
}

function backFigure(view, state, text, width) {
  const { x, y, back, least, again, leastAgain, column, C, multiple } = view;
  const all = [...x, ...back.map((value) => multiple * value), ...least, 0];
  const [high, low] = [Math.max(...all), -Math.min(...all)];
  const size = clamp(Math.floor((width - 24) / (x.length + C.length)), 32, 46);
  const scale = Math.min(12, BAR / Math.max(high + low, 1));
  const at = { size, scale, high, x: (j) => 2 + j * size, out: 20 + x.length * size,
    height: 42 + Math.max(30, scale * (high + low) + (low > 0 ? 16 : 0)) };
  const { names, rows } = text;
  const says = (values) => `${names.again} ${same(values, y) ? names.equal : names.unequal}`;
  const lines = [
    { caption: rows.x, values: x, kind: "in", outputs: y, verdict: names.output, column },
    { caption: rows.back(multiple), values: back, by: multiple, kind: "ker", outputs: again, verdict: says(again) },
    { caption: rows.least, values: least, kind: "in", outputs: leastAgain, verdict: says(leastAgain) },
  ];
  return [drawing(at.out + C.length * size + 4, at.height * 3 + 4, text.alt(view, state),
    lines.map((one, r) => barRow(at, r * at.height, x, one)))];
}

function vectorsTable({ x, back, least, told }, text) {
  const { names } = text;
  const vectors = [[names.x, x], [names.told, told], [names.back, back], [names.least, least]];
  return table(text.caption, ["", ...range(x.length)], vectors.map(([name, values]) => [name, ...values.map(number)]));
}

// ------------------------------------------------------------------------------------------- controls and state

function keys(key, state, { row, column, C, x }) {
  const [down, across] = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[key] ?? [0, 0];
  if (key === "Home" || key === "End") return { row: 0, column: key === "Home" ? 0 : x.length - 1 };
  if (!down && !across) return null;
  if (across) return { column: clamp(column + across, 0, x.length - 1) };
  return state.mode === "pair" ? { row: clamp(row + down, 0, C.length - 1) } : { x: replaced(x, column, x[column] - down) };
}

function point({ data, held, dy, down }, state) {
  if (held?.drag !== undefined) {
    return { column: +held.drag, x: replaced(state.x, +held.drag, clamp(Math.round(+held.from - dy / UNIT), -9, 9)) };
  }
  if (data.row !== undefined) return { row: +data.row, column: +data.column };
  return down && data.drag !== undefined ? { column: +data.drag } : null;
}

const vectorOf = (state) => testVector(state, matrixOf(state).length);

export default explorable({
  words: { en: EN, zh: ZH, ko: KO, ru: RU, vi: VI },
  traits: ["mode", "x", "weight", "stride", "padding", "v", "row", "column"],
  groups: [
    group("mode", [choice("mode", ["pair", "back"])]),
    group("sizes", [
      sized("length", 2, 6, "x", (j) => j + 1),
      sized("taps", 1, 4, "weight", (t) => t + 1),
      slider("stride", [1, 3]),
      slider("padding", [0, 2]),
    ], { class: "sizes" }),
    group("samples", [typed("samples", "x", "x", "in")]),
    group("weights", [typed("weights", "weight", "w", "ker")]),
    group("vector", [{
      ...numbers("vector", { symbol: "v", role: "out", get: (state) => [vectorOf(state)],
        set: (_, i, value, state) => ({ v: replaced(vectorOf(state), i, value) }) }),
      limits: (state) => (state.mode === "pair" && matrixOf(state).length ? [] : null),
    }]),
  ],
  view: describe,
  figure: (view, state, text, width) => (view.C.length ? (state.mode === "pair" ? pairFigure : backFigure)(view, state, text, width) : []),
  status: (view, state, text) => (view.C.length ? text[state.mode](view) : text.empty(state)),
  note: (view, { mode }, text) => (view.C.length ? [mode === "pair" ? text.size(view) : text.judged(view)] : []),
  table: (view, _state, text) => (view.C.length ? vectorsTable(view, text) : []),
  keys: (key, state, view) => (view.C.length ? keys(key, state, view) : null),
  point,
});
