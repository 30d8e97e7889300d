"""Figures of the chapter on pooling."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from resampling import avg_pool2d, max_pool2d
from resampling.figures import INPUT, KERNEL, OUTPUT, panels
from resampling.figures.cells import draw_cells
from resampling.figures.matrices import draw_grid, write_numbers

Array = np.ndarray
GREY = "#888888"
MARKS = ("o", "s", "D", "^", "v")
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000")


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
