"""Figures of the chapter on unpooling."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from resampling import bed_of_nails, max_pool2d, max_pool2d_backward, max_unpool2d, memory_of_indices
from resampling.figures import INPUT, KERNEL, OUTPUT, panels
from resampling.figures.cells import draw_cells

Array = np.ndarray
Cell = tuple[float, float, str, str, float]
Stages = Sequence[tuple[int, int]]  # channels, and the side of the window

EMPTY = "#888888"


def _cells(matrix: Array, colour: str, at: tuple[float, float] = (0, 0)) -> list[Cell]:
    """One cell for each number of `matrix`, zeros faint, the first one `at` (column, row)."""
    return [
        (at[0] + j, at[1] + i, f"{value:g}", colour if value else EMPTY, 0.25 if value else 0.05)
        for (i, j), value in np.ndenumerate(matrix)
    ]


def plot_three_ways(x: Array, kernel_size: int = 2) -> Figure:
    """A small picture, its maxima, and these laid out again: as nails, as copies, and where they were found."""
    y, indices = max_pool2d(x[None], kernel_size, return_indices=True)
    shown = {
        "x": (x, INPUT),
        "maxima": (y[0], KERNEL),
        "bed of nails": (bed_of_nails(y[0], (kernel_size, kernel_size)), OUTPUT),
        "nearest": (_copies(y[0], kernel_size), OUTPUT),
        "max-unpooling": (max_unpool2d(y, indices, kernel_size)[0], OUTPUT),
    }
    widths = [matrix.shape[1] for matrix, _ in shown.values()]
    figure, axes = panels(1, len(shown), (0.42 * sum(widths) + 1.8, 0.42 * len(x) + 0.6), width_ratios=widths)
    for ax, (name, (matrix, colour)) in zip(axes[0], shown.items(), strict=True):
        draw_cells(ax, _cells(matrix, colour))
        ax.set_title(name)
    _mark(axes[0, 0], indices.ravel(), x.shape[1])
    return figure


def _copies(x: Array, times: int) -> Array:
    return x.repeat(times, 0).repeat(times, 1)


def _mark(ax: Axes, indices: Array, width: int) -> None:
    """A frame around each pixel that was a maximum."""
    for row, column in {divmod(int(index), width) for index in indices}:
        corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)]) * 0.44 + (column, row)
        ax.plot(corners[:, 0], corners[:, 1], color=KERNEL, linewidth=2)


def plot_unpooled_pictures(picture: Array, kernel_size: int) -> Figure:
    """A picture, and its maxima laid out again in the three ways."""
    y, indices = max_pool2d(picture[None], kernel_size, return_indices=True)
    shown = {
        "before pooling": picture,
        "nearest": _copies(y[0], kernel_size),
        "bed of nails": bed_of_nails(y[0], (kernel_size, kernel_size)),
        "max-unpooling": max_unpool2d(y, indices, kernel_size)[0],
    }
    return _pictures(shown, 2, 2.9)


def _pictures(shown: Mapping[str, Array], columns: int, width: float) -> Figure:
    """Grey pictures, one scale for all of them."""
    rows = -(-len(shown) // columns)
    height, across = max((picture.shape for picture in shown.values()), key=lambda size: size[0] / size[1])
    figure, axes = panels(rows, columns, (width * columns, rows * (width * height / across + 0.3)))
    for ax, (name, picture) in zip(axes.ravel(), shown.items(), strict=True):
        ax.imshow(picture, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        ax.set(title=name, xticks=[], yticks=[])
    return figure


def plot_shared_peak(values: Array) -> Figure:
    """One peak that four overlapping windows found; `values` unpooled to it, and added at it."""
    x = np.zeros((5, 5))
    x[2, 2] = 9
    _, indices = max_pool2d(x[None], 3, 2, return_indices=True)
    shown = {
        "x": (x, INPUT),
        "indices": (indices[0], KERNEL),
        "values": (values, KERNEL),
        "unpooled": (max_unpool2d(values[None], indices, 3, 2)[0], OUTPUT),
        "added": (max_pool2d_backward(values[None], indices, (5, 5))[0], OUTPUT),
    }
    widths = [matrix.shape[1] for matrix, _ in shown.values()]
    figure, axes = panels(1, len(shown), (0.42 * sum(widths) + 1.6, 2.7), width_ratios=widths)
    for ax, (name, (matrix, colour)) in zip(axes[0], shown.items(), strict=True):
        draw_cells(ax, _cells(matrix, colour))
        ax.set_title(name)
    _draw_four_windows(axes[0, 0])
    return figure


def _draw_four_windows(ax: Axes) -> None:
    """The outlines of the windows of 3 by 3, two pixels apart, a little inside one another."""
    for number, (top, left) in enumerate(((0, 0), (0, 2), (2, 0), (2, 2))):
        room = 0.46 - 0.07 * number
        rows = np.array([top - room, top - room, top + 2 + room, top + 2 + room, top - room])
        columns = np.array([left - room, left + 2 + room, left + 2 + room, left - room, left - room])
        ax.plot(columns, rows, color=KERNEL, linewidth=1.2)


def plot_wrong_width(picture: Array) -> Figure:
    """A picture unpooled into a plane of its own size, and into one whose height and width are swapped."""
    y, indices = max_pool2d(picture[None], 2, return_indices=True)
    height, width = picture.shape
    shown = {
        f"output_size=({height}, {width})": max_unpool2d(y, indices, 2, output_size=(height, width))[0],
        f"output_size=({width}, {height})": max_unpool2d(y, indices, 2, output_size=(width, height))[0],
    }
    return _pictures(shown, 2, 3.4)


def plot_memory(size: tuple[int, int], stages: Stages) -> Figure:
    """Megabytes of what a decoder may ask the encoder to keep, with one picture in the batch."""
    totals = memory_of_encoder(size, stages)
    figure, axes = panels(1, 1, (7.2, 0.42 * len(totals) + 0.9))
    ax = axes[0, 0]
    colours = [INPUT if "maps" in name else KERNEL for name in totals]
    ax.barh(range(len(totals)), [number / 1e6 for number in totals.values()], color=colours, alpha=0.75, height=0.62)
    for row, number in enumerate(totals.values()):
        ax.annotate(f"{number / 1e6:.3g}", (number / 1e6, row), (4, 0), textcoords="offset points", va="center")
    ax.set_yticks(range(len(totals)), list(totals))
    ax.set(xlabel="MB for one picture", ylim=(len(totals) - 0.5, -0.5), xlim=(0, max(totals.values()) / 1e6 * 1.12))
    ax.tick_params(axis="y", length=0)
    return figure


def memory_of_encoder(size: tuple[int, int], stages: Stages) -> dict[str, int]:
    """Bytes over all stages: maps before pooling in two precisions, and indices in three."""
    maps = indices = least = 0
    height, width = size
    for channels, window in stages:
        maps += channels * height * width
        height, width = height // window, width // window
        memory = memory_of_indices((1, channels, height, width), window)
        indices, least = indices + memory.indices, least + memory.least
    return {
        "maps before pooling, float32": 4 * maps,
        "maps before pooling, float16": 2 * maps,
        "indices, int64": indices,
        "indices, int32": indices // 2,
        "place in the window, packed bits": least,
    }
