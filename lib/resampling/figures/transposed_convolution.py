"""Figures of the chapter on transposed convolution."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from resampling import (
    conv1d,
    conv2d,
    conv_transpose1d,
    conv_transpose_output_size,
    pad,
    transposed_weight,
    zero_insert,
)
from resampling.figures import INPUT, KERNEL, OUTPUT, panels
from resampling.figures.cells import draw_cells

Array = np.ndarray
Cell = tuple[float, float, str, str, float]

EMPTY = "#888888"
STEPS = ("nothing", "zeros around", "the flip", "op belongs to the input", "the swap of the channels")


def _figure(cells: Sequence[Cell], labels: Mapping[float, str], title: str = "") -> tuple[Figure, Axes]:
    """One drawing of `cells`, with words at the left of some rows."""
    columns, rows = [c[0] for c in cells], [*(c[1] for c in cells), *labels]
    across, down = max(columns) - min(columns) + 1, max(rows) - min(rows) + 1
    least = 5.4 if title else 0  # inches, so that it fits
    figure, axes = panels(1, 1, (max(0.4 * across + 2.4, least), 0.36 * down + (0.7 if title else 0.3)))
    ax = axes[0, 0]
    draw_cells(ax, cells)
    ax.set_ylim(max(rows) + 0.5, min(rows) - 0.5)
    for row, text in labels.items():
        ax.text(min(columns) - 0.8, row, text, ha="right", va="center", fontsize=9)
    if title:
        figure.suptitle(title, fontsize=10)
    return figure, ax


def _line(values: Mapping[int, float] | Sequence[float], row: float, colour: str, start: float = 0) -> list[Cell]:
    """One row of cells; zeros are faint."""
    items = values.items() if isinstance(values, Mapping) else enumerate(values)
    return [(start + i, row, f"{v:g}", colour if v else EMPTY, 0.27 if v else 0.05) for i, v in items]


def plot_paint(x: Array, weight: Array, stride: int) -> Figure:
    """One row for each sample, its copy of the kernel where it falls, and the sum of all of them."""
    o = conv_transpose_output_size(len(x), len(weight), stride)
    cells = [(i, j, "", EMPTY, 0.04) for j in range(len(x)) for i in range(o)]
    for j, sample in enumerate(x):
        cells += _line({stride * j + t: sample * w for t, w in enumerate(weight)}, j, KERNEL)
        cells += _line([sample], j, INPUT, start=-2)
    y = conv_transpose1d(x[None], weight[None, None], stride=stride)[0]
    cells += _line(y, len(x) + 0.4, OUTPUT)
    labels = {j: f"sample {j} paints" for j in range(len(x))}
    return _figure(cells, labels | {len(x) + 0.4: "added up"})[0]


def plot_three_steps(x: Array, weight: Array, stride: int, padding: int = 0) -> Figure:
    """Zeros between, zeros around, and every window of the flipped kernel with its output."""
    border = len(weight) - 1 - padding
    stuffed = zero_insert(x, stride)
    padded = pad(stuffed, (border, border))
    cells = [(border + stride * j, 0, f"{v:g}", INPUT, 0.27) for j, v in enumerate(x)]
    cells += _line(stuffed, 1, INPUT, start=border) + _line(padded, 2, INPUT)
    flipped, labels = weight[::-1], {0: "x", 1: "zeros between", 2: "zeros around"}
    for i in range(len(padded) - len(weight) + 1):
        row, window = i + 3.4, padded[i : i + len(weight)]
        cells += [
            (i + t, row, f"{w:g}·{window[t]:g}", KERNEL, 0.3 if window[t] else 0.1) for t, w in enumerate(flipped)
        ]
        cells += _line([flipped @ window], row, OUTPUT, start=len(padded) + 0.6)
    return _figure(cells, labels | {3.4: "flipped kernel"})[0]


def plot_phases(x: Array, weight: Array, stride: int) -> Figure:
    """The kernel dealt out to the phases, what each makes of the samples, and all of them woven."""
    y = conv_transpose1d(x[None], weight[None, None], stride=stride)[0]
    cells, labels = _line(weight, 0, KERNEL), {0: "kernel"}
    first = len(weight) + 1.5
    for r in range(stride):
        row = r + 1.4
        cells += _line({t: weight[t] for t in range(r, len(weight), stride)}, row, KERNEL)
        cells += _line({i: y[i] for i in range(r, len(y), stride)}, row, OUTPUT, start=first)
        labels[row] = f"phase {r}"
    cells += _line(y, stride + 1.8, OUTPUT, start=first)
    return _figure(cells, labels | {stride + 1.8: "woven"})[0]


def plot_in_step(
    output: int = 2,
    stride: int = 2,
    taps: int = 3,
    padding: int = 0,
    output_padding: int = 0,
    dilation: int = 1,
    forget: str = STEPS[0],
) -> Figure:
    """Matrix, paint, zero insertion and phases, one column for each output, and the answer of somebody who forgot.

    The samples are 1, 2, 3 and the taps 1, 10, 100, 1000. The layer has two channels in and two out; shown is what the
    first makes of the second. Who forgets to swap the channels takes the taps 4, 40, ... that lead back.

    Parameters
    ----------
    output : int
        Which output is followed through all four.
    stride, padding, output_padding, dilation : int
    taps : int
        How many.
    forget : one of `STEPS`
        The step that is left out of the zero insertion.
    """
    x, weight = np.arange(1.0, 4.0), 10.0 ** np.arange(taps)
    options = {"stride": stride, "padding": padding, "output_padding": output_padding, "dilation": dilation}
    try:
        y = conv_transpose1d(x[None], weight[None, None], **options)[0]
    except ValueError as error:
        return _message(str(error))
    yours, padded, kernel, start = _answer_without(forget, x, weight, **options)
    output = min(output, len(y) - 1)
    painted = _painted(len(x), weight, len(y), stride, padding, dilation)
    cells, labels = _four_ways(x, painted, y, (padded, kernel, start, dilation, len(yours), output), stride, padding)
    cells += _compared(y, yours, labels)
    figure, ax = _figure(cells, labels, _verdict(y, yours, painted[:, output], x, output, forget))
    ax.axvspan(output - 0.5, output + 0.5, color="black", alpha=0.08, zorder=0, linewidth=0)
    return figure


def _message(text: str) -> Figure:
    figure, axes = panels(1, 1, (7.0, 1.2))
    axes[0, 0].set_axis_off()
    figure.suptitle(f"no such layer: {text}", fontsize=9, wrap=True)
    return figure


def _painted(n: int, weight: Array, o: int, stride: int, padding: int, dilation: int) -> Array:
    """Rows of the convolution matrix: row ``j`` holds the kernel where sample ``j`` paints it."""
    matrix = np.zeros((n, o))
    for j, t in np.ndindex(n, len(weight)):
        i = stride * j + dilation * t - padding
        if 0 <= i < o:
            matrix[j, i] = weight[t]
    return matrix


def _answer_without(
    forget: str, x: Array, weight: Array, stride: int, padding: int, output_padding: int, dilation: int
) -> tuple[Array, Array, Array, int]:
    """The answer, the padded input, the kernel that slides over it, and the column where that input begins."""
    border = 0 if forget == STEPS[1] else dilation * (len(weight) - 1) - padding
    behind = 0 if forget == STEPS[3] else output_padding
    kernel = weight * (4 if forget == STEPS[4] else 1)
    kernel = kernel if forget == STEPS[2] else kernel[::-1].copy()
    padded = pad(pad(zero_insert(x, stride), (0, behind)), (border, border))
    reach = dilation * (len(weight) - 1) + 1
    answer = np.zeros(0)
    if len(padded) >= reach:
        answer = conv1d(padded[None], kernel[None, None], dilation=dilation)[0]
    return np.append(answer, np.zeros(output_padding - behind)), padded, kernel, -border - padding


def _four_ways(
    x: Array, painted: Array, y: Array, sliding: tuple[Array, Array, int, int, int, int], stride: int, padding: int
) -> tuple[list[Cell], dict[float, str]]:
    padded, kernel, start, dilation, answers, output = sliding
    n, o = painted.shape
    cells = []
    for j, i in np.argwhere(painted).tolist():
        cells += _line([painted[j, i]], j, KERNEL, start=i)
        cells += _line([x[j] * painted[j, i]], n + 0.6 + j, KERNEL, start=i)
    below = 2 * n + 1.2
    cells += _line(padded, below + 1, INPUT, start=start)
    if output < answers:
        cells += [(start + output + dilation * t, below, f"{w:g}", KERNEL, 0.3) for t, w in enumerate(kernel)]
    phases = below + 2.6
    for i in range(o):
        cells += _line([y[i]], phases + (i + padding) % stride, OUTPUT, start=i)
    labels = {0: "1  matrix: row j of C", n + 0.6: "2  paint: row j of C", n + 1.6: "times sample j"}
    labels |= {below: "3  flipped kernel", below + 1: "zeros between, around"}
    labels |= {phases + r: f"phase {r}" for r in range(1, stride)}
    return cells, labels | {phases: "4  phase 0"}


def _compared(y: Array, yours: Array, labels: dict[float, str]) -> list[Cell]:
    """The right answer and the other one, wrong numbers grey."""
    row = max(labels) + 1.6
    labels |= {row: "output", row + 1: "with the step forgotten"}
    same = {i: v for i, v in enumerate(yours) if i < len(y) and v == y[i]}
    other = [(i, row + 1, f"{v:g}", "#555555", 0.3) for i, v in enumerate(yours) if i not in same]
    return _line(y, row, OUTPUT) + [(i, row + 1, f"{v:g}", OUTPUT, 0.27) for i, v in same.items()] + other


def _verdict(y: Array, yours: Array, column: Array, x: Array, output: int, forget: str) -> str:
    terms = " + ".join(f"{w:g}·{v:g}" for w, v in zip(column, x, strict=True) if w) or "no tap: 0"
    if len(yours) != len(y):
        told = f"{len(yours)} numbers instead of {len(y)}"
    else:
        told = f"{np.count_nonzero(yours != y)} of {len(y)} numbers are wrong"
    return f"output {output} = {terms} = {y[output]:g}\nforgotten: {forget}. {told}"


def plot_forgetful_pictures(picture: Array, weight: Array, stride: int, padding: int, output_padding: int) -> Figure:
    """A picture through a transposed convolution by zero insertion, and through four that forgot a step.

    Parameters
    ----------
    picture : array (C, H, W)
    weight : array (C, C, k, k)
    stride, padding, output_padding : int
        On both axes.
    """
    shown = {"nothing forgotten": STEPS[0], "no zeros around": STEPS[1], "no flip": STEPS[2]}
    shown |= {"op as zeros behind": STEPS[3], "channels not swapped": STEPS[4]}
    figure, axes = panels(1, len(shown), (9.4, 2.5))
    full = forgetful(STEPS[0], picture, weight, stride, padding, output_padding)
    for ax, (name, step) in zip(axes[0], shown.items(), strict=True):
        result = forgetful(step, picture, weight, stride, padding, output_padding)
        ax.imshow(np.clip(np.moveaxis(result, 0, -1), 0, 1), interpolation="nearest")
        ax.set(xticks=[], yticks=[], xlim=(-0.5, full.shape[2] - 0.5), ylim=(full.shape[1] - 0.5, -0.5))
        ax.spines[:].set_visible(False)
        ax.set_title(f"{name}\n{result.shape[1]}×{result.shape[2]}", fontsize=9)
    return figure


def forgetful(step: str, picture: Array, weight: Array, stride: int, padding: int, output_padding: int) -> Array:
    """The transposed convolution of a picture by somebody who leaves out `step` of `STEPS`."""
    border = 0 if step == STEPS[1] else weight.shape[2] - 1 - padding
    inside, outside = (0, output_padding) if step == STEPS[3] else (output_padding, 0)
    stuffed = pad(zero_insert(picture, (stride, stride)), (border, border + inside) * 2)
    kernel = transposed_weight(weight)
    kernel = kernel[:, :, ::-1, ::-1].copy() if step == STEPS[2] else kernel
    kernel = kernel.swapaxes(0, 1).copy() if step == STEPS[4] else kernel
    return pad(conv2d(stuffed, kernel), (0, outside) * 2)


def plot_waste(strides: Sequence[int], counted: Sequence[float], measured: Mapping[int, Sequence[float]]) -> Figure:
    """How many times more zero insertion multiplies than the phases do, and how many times longer it took.

    Parameters
    ----------
    strides : sequence of int
    counted : sequence of float
        Ratio of the products, for each stride.
    measured : mapping
        For each stride, ratios of times, one for each repetition.
    """
    figure, axes = panels(1, 1, (5.8, 3.3))
    ax = axes[0, 0]
    ax.plot(strides, counted, "o-", color=KERNEL, label="products, counted")
    for s in strides:
        ax.plot([s] * len(measured[s]), measured[s], "_", color=INPUT, alpha=0.5, markersize=12)
    ax.plot(strides, [np.median(measured[s]) for s in strides], "s--", color=INPUT, label="processor time, median")
    ax.set(xlabel="stride, on both axes", ylabel="zero insertion ÷ phases", yscale="log")
    ax.set_xticks(list(strides))
    ticks = [1, 2, 4, 9, 16, 25]
    ax.set_yticks(ticks, [str(t) for t in ticks])
    ax.minorticks_off()
    ax.legend(frameon=False)
    return figure
