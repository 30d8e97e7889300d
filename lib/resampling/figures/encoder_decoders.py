"""Figures of the chapter on encoder-decoders."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle

from resampling import source_coordinates
from resampling.figures import INPUT, KERNEL, OUTPUT, panels

Array = np.ndarray
Runs = Mapping[str, Sequence[Mapping[str, Any]]]

GREY = "#777777"
WORDS = {
    "nearest": "nearest + conv",
    "bilinear": "bilinear + conv",
    "transposed": "transposed",
    "sub_pixel": "sub-pixel",
    "unpool": "conv + unpool",
    "segnet": "SegNet",
}
MARKS = "osD^vP"
ROUNDING = ("up", "down")
SIDES = ("end", "front", "stretch")

# --------------------------------------------------------------------------- sizes


def ladder(length: int, depth: int, rounding: str = "up") -> list[int]:
    """Sizes on the way down, `length` first, when every level halves and rounds."""
    sizes = [length]
    for _ in range(depth):
        sizes.append(max((sizes[-1] + (rounding == "up")) // 2, 1))
    return sizes


def origins(length: int, depth: int, rounding: str = "up", fit: str = "end") -> list[Array]:
    """For each level of the way up, deepest first: the centre, in input samples, of what each sample was made from.

    A sample of the deepest level was made from ``2**depth`` input samples; going up, it is copied.
    """
    sizes = ladder(length, depth, rounding)
    centres = [2**depth * np.arange(sizes[-1]) + (2**depth - 1) / 2]
    for size in sizes[-2::-1]:
        centres.append(_fitted(centres[-1].repeat(2), size, fit))
    return centres


def _fitted(x: Array, size: int, fit: str) -> Array:
    """Cut or continued to `size`: at the end, at the front, or stretched as nearest does."""
    if fit == "stretch":
        small = x[::2]
        return small[np.arange(size) * len(small) // size]
    more = len(x) - size
    if fit == "end":
        return x[:size] if more >= 0 else np.append(x, x[-1:].repeat(-more))
    return x[more:] if more >= 0 else np.append(x[:1].repeat(-more), x)


def plot_size_ladder(length: int = 11, depth: int = 2, rounding: str = "up", fit: str = "end") -> Figure:
    """One axis of an encoder-decoder: every sample drawn over the input samples that it stands for.

    Parameters
    ----------
    length : int
        Input samples.
    depth : int
        Levels.
    rounding : "up" or "down"
        Of half an odd size.
    fit : "end", "front" or "stretch"
        How the way up meets the sizes of the way down.
    """
    sizes, centres = ladder(length, depth, rounding), origins(length, depth, rounding, fit)
    figure, axes = panels(1, 2, (9.2, 0.55 * (depth + 1) + 1.35), wspace=0.06)
    for level, size in enumerate(sizes):
        _draw_level(axes[0, 0], level, np.arange(size) * 2**level, 2**level, INPUT, f"{size}")
        made = centres[depth - level]
        places = np.arange(size) * 2**level
        off = made - (places + (2**level - 1) / 2)
        _draw_level(axes[0, 1], level, places, 2**level, OUTPUT, f"{size}", _far(off, 2**depth))
    for ax, title in zip(axes[0], ("down", "up"), strict=True):
        ax.set(
            title=title,
            xlim=(-2.4, sizes[-1] * 2**depth + 0.5 if rounding == "up" else length + 0.5),
            ylim=(depth + 0.6, -0.6),
            yticks=[],
        )
        ax.set_xlabel("place in the input")
        ax.spines[["left"]].set_visible(False)
    _say_shift(axes[0, 1], centres[-1], depth)
    return figure


def _far(off: Array, block: int) -> Array:
    """Which samples were made from a block of the input that they do not lie in."""
    return np.abs(off) > (block - 1) / 2


def _draw_level(
    ax: Axes, level: int, places: Array, width: int, colour: str, size: str, wrong: Array | None = None
) -> None:
    for number, place in enumerate(places):
        bad = wrong is not None and wrong[number]
        face = KERNEL if bad else colour
        corner = place - 0.44, level - 0.36
        ax.add_patch(Rectangle(corner, width - 0.12, 0.72, facecolor=(face, 0.25), edgecolor=face, linewidth=0.9))
        if bad:
            ax.text(place + width / 2 - 0.5, level, "×", ha="center", va="center", fontsize=9)
    ax.text(-1.0, level, size, ha="right", va="center", fontsize=9.5)


def _say_shift(ax: Axes, made: Array, depth: int) -> None:
    """In the title: how far, in the mean, the content of the deepest level has moved."""
    place = np.arange(len(made))
    right = (place // 2**depth) * 2**depth + (2**depth - 1) / 2
    shift = float(np.mean(right - made))
    wrong = int(np.count_nonzero(right != made))
    words = "all at their place" if not wrong else f"{wrong} of {len(made)} from another block, mean shift {shift:+.1f}"
    ax.set_title(f"up: {words}")


def plot_stretching(pairs: Sequence[tuple[int, int]]) -> Figure:
    """How far samples move when a map is stretched to a size that is not twice its own."""
    figure, axes = panels(1, 1, (7.4, 3.1))
    ax = axes[0, 0]
    ax.axhline(0, color=GREY, linewidth=0.8)
    for mark, (small, large) in zip(MARKS, pairs, strict=False):
        read = source_coordinates(large, small)
        shift = 2 * ((np.arange(large) + 0.5) / 2 - 0.5 - read)
        ax.plot(np.arange(large), shift, "-", marker=mark, markersize=4, label=f"{small} to {large}")
    ax.set(xlabel="sample of the large map", ylabel="shift, samples of the large map")
    ax.legend()
    return figure


# --------------------------------------------------------------------------- the network


def plot_unet(size: tuple[int, int] = (25, 18), width: int = 8, depth: int = 2) -> Figure:
    """A U-Net for one size of picture: a box for every map, as high as the map, with its size and its channels."""
    sizes = list(zip(*(ladder(n, depth) for n in size), strict=True))
    figure, axes = panels(1, 1, (9.2, 1.55 * (depth + 1) + 0.6))
    ax, step = axes[0, 0], 3.4
    for level, (h, w) in enumerate(sizes):
        left, channels = level * step, width * 2**level
        _box(ax, left, level, (h, w), channels, INPUT, size)
        if level < depth:
            right = (2 * depth - level) * step
            _box(ax, right, level, (h, w), channels, OUTPUT, size)
            _arrow(ax, (left + 0.75, -level * 3), (right - 0.75, -level * 3), "skip", GREY, "--")
            _arrow(ax, (left + 0.5, -level * 3 - 1.0), (left + step - 0.6, -level * 3 - 2.6), "pool", INPUT, "-")
            ends = (right - step + 0.6, -level * 3 - 2.6), (right - 0.5, -level * 3 - 1.0)
            _arrow(ax, *ends, f"up, cut\nto {h} × {w}", KERNEL, "-")
    _ends(ax, depth, step)
    ax.set(xlim=(-3.1, 2 * depth * step + 3.1), ylim=(-3 * depth - 1.8, 1.75), xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    return figure


def _box(
    ax: Axes, x: float, level: int, size: tuple[int, int], channels: int, colour: str, full: tuple[int, int]
) -> None:
    height = 0.5 + 1.2 * size[0] / full[0]
    thick = 0.5 + 0.1 * np.log2(channels)
    corner = x - thick / 2, -3 * level - height / 2
    ax.add_patch(Rectangle(corner, thick, height, facecolor=colour, alpha=0.25, edgecolor=colour, linewidth=1.4))
    ax.text(x, -3 * level, f"{channels}", ha="center", va="center", fontsize=10)
    ax.text(x, -3 * level + height / 2 + 0.1, f"{size[0]} × {size[1]}", ha="center", va="bottom", fontsize=9)


def _arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float], word: str, colour: str, line: str) -> None:
    ax.add_patch(
        FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=11, color=colour, linestyle=line, linewidth=1.3)
    )
    middle = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
    box = {"facecolor": "white", "edgecolor": "none", "pad": 1.2}
    ax.text(*middle, word, ha="center", va="center", fontsize=8.5, color=colour, bbox=box)


def _ends(ax: Axes, depth: int, step: float) -> None:
    last = 2 * depth * step
    _arrow(ax, (-2.9, 0), (-0.75, 0), "picture", GREY, "-")
    _arrow(ax, (last + 0.75, 0), (last + 2.9, 0), "logits", GREY, "-")


# --------------------------------------------------------------------------- results


def numbers(runs: Sequence[Mapping[str, Any]], measure: str, when: str = "after") -> Array:
    """One number for each seed; the mean, where there is one for each picture."""
    return np.array([np.mean(run[when][measure]) for run in runs])


def separated(found: Runs, measure: str, when: str = "after") -> list[tuple[str, str]]:
    """Pairs of upsamplers whose seeds do not overlap, (lower, higher)."""
    reached = {kind: numbers(runs, measure, when) for kind, runs in found.items()}
    return [(a, b) for a in found for b in found if reached[a].max() < reached[b].min()]


def plot_results(
    found: Runs, measures: Mapping[str, str], baselines: Mapping[str, Mapping[str, float]] | None = None
) -> Figure:
    """Every seed a dot, the range of the seeds a line, one panel for each measure.

    Parameters
    ----------
    found : mapping
        For each upsampler its runs.
    measures : mapping
        From the name of a number to the label of its panel.
    baselines : mapping, optional
        From the name of a number to lines to draw, by their names.
    """
    kinds = list(found)
    figure, axes = panels(1, len(measures), (3.1 * len(measures) + 1.2, 0.36 * len(kinds) + 1.3), wspace=0.05)
    for ax, (measure, label) in zip(axes[0], measures.items(), strict=True):
        for row, kind in enumerate(kinds):
            _dots(ax, row, numbers(found[kind], measure))
        for name, value in (baselines or {}).get(measure, {}).items():
            ax.axvline(value, color=GREY, linestyle="--", linewidth=1)
            ax.text(value, -0.55, f" {name}", ha="left", va="bottom", fontsize=8, color=GREY)
        ax.set(xlabel=label, ylim=(len(kinds) - 0.5, -1.0), yticks=range(len(kinds)))
        ax.set_yticklabels([WORDS[kind] for kind in kinds] if ax is axes[0, 0] else [])
        ax.grid(axis="y", color="#e4e4e4")
    return figure


def _dots(ax: Axes, row: int, values: Array) -> None:
    colour = f"C{row}"
    ax.plot([values.min(), values.max()], [row, row], color=colour, linewidth=3, alpha=0.35, solid_capstyle="round")
    ax.plot(values, np.full(len(values), row), MARKS[row], color=colour, markersize=5)


def plot_pictures(shown: Mapping[str, Array], columns: int, width: float = 2.0) -> Figure:
    """Pictures of one size side by side, from 0, black, to 1, white."""
    rows = -(-len(shown) // columns)
    height, across = next(iter(shown.values())).shape
    figure, axes = panels(rows, columns, (width * columns, rows * (width * height / across + 0.32)))
    for ax in axes.ravel():
        ax.axis("off")
    for ax, (name, picture) in zip(axes.ravel(), shown.items(), strict=False):
        ax.imshow(picture, cmap="gray", vmin=0, vmax=1)
        ax.set_title(name)
    return figure


def plot_rows(shown: Mapping[str, Array], scale: float = 0.5) -> Figure:
    """A row of small pictures (N, H, W) for each name."""
    count = max(len(stack) for stack in shown.values())
    figure, axes = panels(len(shown), 1, (scale * count + 1.5, scale * len(shown) + 0.1))
    for ax, (name, stack) in zip(axes[:, 0], shown.items(), strict=True):
        gap = np.ones((len(stack), stack.shape[1], 1))
        ax.imshow(np.concatenate([stack, gap], axis=2).swapaxes(0, 1).reshape(stack.shape[1], -1), cmap="gray",
                  vmin=0, vmax=1)  # fmt: skip
        ax.set(xticks=[], yticks=[])
        ax.set_ylabel(name, rotation=0, ha="right", va="center")
        ax.spines[:].set_visible(False)
    return figure
