"""Figures of the chapter on transposed convolution."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from resampling import (
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


def _figure(cells: Sequence[Cell], labels: Mapping[float, str]) -> Figure:
    """One drawing of `cells`, with words at the left of some rows."""
    columns, rows = [c[0] for c in cells], [*(c[1] for c in cells), *labels]
    across, down = max(columns) - min(columns) + 1, max(rows) - min(rows) + 1
    figure, axes = panels(1, 1, (0.4 * across + 2.4, 0.36 * down + 0.3))
    ax = axes[0, 0]
    draw_cells(ax, cells)
    ax.set_ylim(max(rows) + 0.5, min(rows) - 0.5)
    for row, text in labels.items():
        ax.text(min(columns) - 0.8, row, text, ha="right", va="center", fontsize=9)
    return figure


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
    return _figure(cells, labels | {len(x) + 0.4: "added up"})


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
    return _figure(cells, labels | {3.4: "flipped kernel"})


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
    return _figure(cells, labels | {stride + 1.8: "woven"})


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
