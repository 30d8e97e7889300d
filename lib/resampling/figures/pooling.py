"""Figures of the chapter on pooling, and the score that some of them show."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from resampling import avg_pool1d, avg_pool2d, max_pool1d, max_pool2d
from resampling.figures import INPUT, KERNEL, OUTPUT, panels
from resampling.figures.cells import draw_cells
from resampling.figures.matrices import draw_grid, write_numbers

Array = np.ndarray
GREY = "#888888"
MARKS = ("o", "s", "D", "^", "v")
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000")
SIGNALS = {
    "blocks of two": np.tile([0.0, 0.0, 1.0, 1.0], 4),
    "one step": np.repeat([0.0, 1.0], 8),
    "a slow wave": 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(16) + 0.5) / 16),
    "one peak": np.eye(1, 16, 5)[0],
}


def pool_ring(x: Array, mode: str, kernel_size: int, stride: int) -> Array:
    """Pooling along the last axis of a ring: window ``i < n // s`` holds the samples ``(s*i + t) mod n``, ``t < k``.

    Parameters
    ----------
    mode : "max" or "avg"
    """
    n = x.shape[-1]
    last = stride * (n // stride - 1) + kernel_size
    pool = {"max": max_pool1d, "avg": avg_pool1d}[mode]
    rows = x.reshape(1, -1, n)[..., np.arange(last) % n]
    return pool(rows, kernel_size, stride).reshape(*x.shape[:-1], n // stride)


def consistency(pool: Callable[[Array], Array], x: Array, stride: int) -> float:
    """Mean over all shifts of how well `pool`, of a ring along the last axis, follows: 1 perfectly, 0 not at all.

    For the shift ``d`` of ``x`` less its mean it is ``1 - norm(a - b) / (norm(a) + norm(b))`` with
    ``a = pool(roll(x, d))`` and ``b`` that roll of ``pool(x)`` which is nearest. The shift ``d + stride`` rolls both.
    """
    x = x - x.mean()
    still = pool(x)
    return float(np.mean([_agreement(pool(np.roll(x, d, -1)), still) for d in range(stride)]))


def _agreement(a: Array, b: Array) -> float:
    b = np.roll(b, nearest_roll(a, b), -1)
    total = np.linalg.norm(a) + np.linalg.norm(b)
    return 1 - float(np.linalg.norm(a - b) / total) if total else 1.0


def nearest_roll(a: Array, b: Array) -> int:
    """By how much `b` must be rolled along the last axis to be nearest to `a`: where their correlation is largest."""
    spectrum = np.fft.rfft(a) * np.conj(np.fft.rfft(b))
    products = np.fft.irfft(spectrum, a.shape[-1]).reshape(-1, a.shape[-1]).sum(0)
    return int(np.argmax(products > products.max() - 1e-9 * np.abs(products).max()))


def plot_ways_down(x: Array, ways: Mapping[str, Callable[[Array], Array]], stride: int = 2) -> Figure:
    """A ring of samples and the same moved by one; below each, what every way down makes of it."""
    figure, axes = panels(1, 2, (9.4, 0.5 * len(ways) + 1.3), wspace=0.08)
    for ax, shift in zip(axes[0], (0, 1), strict=True):
        moved = np.roll(x, shift)
        draw_cells(ax, _rows_of_cells(moved, {name: way(moved) for name, way in ways.items()}, stride))
        ax.vlines(np.arange(stride, len(x), stride) - 0.5, -0.6, 0.6, color="black", linewidth=1.4)
        ax.set_title("as it is" if shift == 0 else "moved by one")
    rows = [1.6 + i for i in range(len(ways))]
    axes[0, 0].set_yticks([0, *rows], ["input", *ways])
    axes[0, 0].tick_params(axis="y", length=0)
    return figure


def _rows_of_cells(x: Array, results: Mapping[str, Array], stride: int) -> list[tuple[float, float, str, str, float]]:
    cells = [(j, 0.0, f"{value:g}", INPUT, 0.1 + 0.35 * value) for j, value in enumerate(x.tolist())]
    for row, y in enumerate(results.values()):
        for i, value in enumerate(y.tolist()):
            middle = stride * i + (stride - 1) / 2
            cells.append((middle, row + 1.6, f"{value:g}", OUTPUT, 0.05 + 0.4 * min(max(value, 0.0), 1.0)))
    return cells


def plot_shift(
    shift: int = 1, signal: str = "blocks of two", mode: str = "max", kernel_size: int = 2, stride: int = 2
) -> Figure:
    """A ring of 16 samples that is moved, its pooling, and what a pooling that follows would give.

    Parameters
    ----------
    shift : int
        By how many samples the input is moved.
    signal : str
        A name in `SIGNALS`.
    mode : "max" or "avg"
    kernel_size, stride : int
        Of the pooling. A last window that would begin in the rest ``16 mod stride`` is left out.
    """
    x = SIGNALS[signal][: 16 - 16 % stride]
    still, moved = (pool_ring(np.roll(x, d), mode, kernel_size, stride) for d in (0, shift))
    figure, axes = panels(2, 1, (8.2, 4.2))
    above, below = axes[:, 0]
    above.bar(np.arange(len(x)), np.roll(x, shift), color=INPUT, width=0.8)
    above.set(title=f"input, moved by {shift}", ylim=(0, 1.15), yticks=[0, 1], xticks=range(len(x)))
    above.vlines(np.arange(0, len(x) + 1, stride) - 0.5, 0, 1.15, color=GREY, linewidth=0.8, linestyle=":")
    _draw_pooled(below, moved, np.roll(still, nearest_roll(moved - x.mean(), still - x.mean())), stride)
    pool = {"max": "maximum", "avg": "mean"}[mode]
    score = _agreement(moved - x.mean(), still - x.mean())
    below.set(title=f"{pool} of {kernel_size}, every {stride}: follows to {score:.2f}", xlim=above.get_xlim())
    return figure


def _draw_pooled(ax: Axes, got: Array, wanted: Array, stride: int) -> None:
    """Bars where the windows begin, and a stroke where the unshifted result, moved along, would be."""
    middles = stride * np.arange(len(got)) + (stride - 1) / 2
    ax.bar(middles, got, color=OUTPUT, width=0.8 * stride)
    ax.hlines(wanted, middles - 0.45 * stride, middles + 0.45 * stride, color="black", linewidth=2.2)
    ax.set(ylim=(-0.03, 1.15), yticks=[0, 1], xticks=middles, xticklabels=range(len(got)), xlabel="output")


def plot_borders(size: tuple[int, int] = (4, 5)) -> Figure:
    """What the four rules of the border make of a map without any structure."""
    ones, rule = np.ones((1, *size)), {"kernel_size": 3, "stride": 1, "padding": 1}
    zeros_outside = max_pool2d(np.pad(-ones, ((0, 0), (1, 1), (1, 1))), 3, 1)
    maps = {
        "mean of 1,\npadding counts": avg_pool2d(ones, **rule),
        "mean of 1,\npadding does not count": avg_pool2d(ones, **rule, count_include_pad=False),
        "maximum of −1,\nzeros outside": zeros_outside,
        "maximum of −1,\n−∞ outside": max_pool2d(-ones, **rule),
    }
    figure, axes = panels(1, 4, (9.6, 2.6))
    for ax, (title, (y,)) in zip(axes[0], maps.items(), strict=True):
        ax.imshow(y, cmap="PuOr_r", vmin=-2, vmax=2)
        draw_grid(ax, y.shape)
        write_numbers(ax, y, size=8)
        ax.set(title=title, xticks=[], yticks=[])
        ax.spines[:].set(visible=True, color="#999999")
    return figure


def plot_small(pictures: Mapping[str, Array]) -> Figure:
    """Grey pictures side by side, black 0 and white 1, all drawn to one size."""
    height, width = next(iter(pictures.values())).shape
    figure, axes = panels(-(-len(pictures) // 2), 2, (9.0, 4.5 * height / width * -(-len(pictures) // 2) + 0.8))
    for ax, (title, x) in zip(axes.flat, pictures.items(), strict=True):
        ax.imshow(x, cmap="gray", vmin=0, vmax=1, aspect="auto")
        ax.set(title=title, xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    return figure


def plot_scores(table: Mapping[str, Sequence[float]], names: Sequence[str], label: str) -> Figure:
    """One row for each way down, a mark for each picture in it."""
    figure, axes = panels(1, 1, (7.4, 0.42 * len(table) + 1.2))
    ax, rows = axes[0, 0], np.arange(len(table))
    for name, mark, colour, values in zip(names, MARKS, COLOURS, zip(*table.values(), strict=True), strict=False):
        ax.plot(values, rows, mark, color=colour, label=name, markersize=7, alpha=0.85)
    ax.set(xlabel=label, ylim=(len(table) - 0.5, -0.5), xlim=(0, 1.03))
    ax.set_yticks(rows, list(table))
    ax.grid(axis="y", color="#dddddd")
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    return figure


def plot_runs(runs: Mapping[str, Mapping[str, Array]]) -> Figure:
    """For every head and every way down: accuracy on the training set (crosses) and on new pictures (dots), per run.

    Parameters
    ----------
    runs : mapping of mapping of array (runs, 2)
        Per cent right on the training set and on new pictures: ``runs[head][way]``.
    """
    figure, axes = panels(1, len(runs), (4.5 * len(runs), 2.9), wspace=0.04)
    for ax, (head, ways) in zip(axes[0], runs.items(), strict=True):
        for row, found in enumerate(ways.values()):
            nudge = row + np.linspace(-0.18, 0.18, len(found))
            ax.hlines(nudge, found[:, 1], found[:, 0], color=GREY, linewidth=0.8)
            ax.plot(found[:, 0], nudge, "x", color=KERNEL, label="seen in training" if row == 0 else None)
            ax.plot(found[:, 1], nudge, "o", color=INPUT, markersize=4.5, label="new" if row == 0 else None)
        ax.set(title=head, xlabel="right, per cent", ylim=(len(ways) - 0.5, -0.5))
        ax.set_yticks(range(len(ways)), ways if ax is axes[0, 0] else [""] * len(ways))
        ax.grid(axis="x", color="#dddddd")
    low = min(ax.get_xlim()[0] for ax in axes[0])
    for ax in axes[0]:
        ax.set_xlim(low, 101)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
    return figure
