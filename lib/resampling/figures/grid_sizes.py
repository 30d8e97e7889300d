"""Figures of the chapter on grid sizes."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from resampling import (
    Layer,
    TransposedLayer,
    conv_output_size,
    plan_encoder_decoder,
    receptive_field,
    stack_sizes,
    unused_samples,
)
from resampling.figures import INPUT, KERNEL, OUTPUT, panels
from resampling.figures.cells import draw_cells

PADDING = "#888888"
# Lines that lie on each other can still be told apart: every second one has large hollow markers.
LOOKS = (
    {"marker": "o", "markersize": 4.5},
    {"marker": "s", "markersize": 9, "fillstyle": "none"},
    {"marker": "D", "markersize": 4.5},
    {"marker": "^", "markersize": 6},
)
Cell = tuple[float, float, str, str, float]
Settings = tuple[int, int, int, int, int]  # n, k, s, p, d


def plot_missing_row(picture: np.ndarray, stride: int) -> Figure:
    """A picture, every `stride`-th pixel of it, and these repeated: with a line where rows are missing."""
    rows, columns = (n // stride for n in picture.shape)
    small = picture[: rows * stride : stride, : columns * stride : stride]
    back = small.repeat(stride, 0).repeat(stride, 1)
    figure, axes = panels(1, 3, (9.2, 2.4), width_ratios=[stride, 1, stride])
    for ax, image in zip(axes[0], (picture, small, back), strict=True):
        ax.imshow(image, cmap="gray", aspect="equal")
        ax.set(title="×".join(map(str, image.shape)), xticks=[], yticks=[], anchor="N")
    if back.shape[0] < picture.shape[0]:
        axes[0, 2].axhline(back.shape[0] - 0.5, color=KERNEL, linewidth=4, clip_on=False)
    return figure


def plot_windows(lengths: Sequence[int], kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1
                 ) -> Figure:  # fmt: skip
    """Under each input all the windows that fit, one below the other, and what is left over."""
    counts = [_count(n, kernel_size, stride, padding, dilation) for n in lengths]
    widths = [n + 2 * padding for n in lengths]
    figure, axes = panels(1, len(lengths), (0.42 * sum(widths) + 1.0, 0.42 * max(counts) + 1.3), width_ratios=widths)
    for ax, n in zip(axes[0], lengths, strict=True):
        _draw_windows(ax, (n, kernel_size, stride, padding, dilation))
        ax.set_anchor("N")
    return figure


def _count(*settings: int) -> int:
    """`conv_output_size`, and 0 where no window fits."""
    n, k, _, p, d = settings
    return conv_output_size(*settings) if n + 2 * p >= d * (k - 1) + 1 else 0


def _draw_windows(ax: Axes, settings: Settings) -> None:
    """The padded input as cells, its windows as rows of taps below it; samples after the last window are crossed."""
    n, k, s, p, d = settings
    count = _count(*settings)
    end = s * (count - 1) + d * (k - 1) - p if count else -p - 1
    draw_cells(ax, [_sample(j, n) for j in range(-p, n + p)])
    left_over = range(end + 1, n + p)
    ax.plot(left_over, np.zeros(len(left_over)), "x", color="black", markersize=11, markeredgewidth=1.2)
    for i in range(count):
        taps = s * i - p + d * np.arange(k)
        ax.plot(taps[[0, -1]], [i + 1, i + 1], color=KERNEL, linewidth=2.2, alpha=0.45)
        ax.plot(taps, np.full(k, i + 1), "o", color=KERNEL, markersize=5.5)
    ax.set(ylim=(max(count, 1) + 0.5, -0.6))
    ax.set_title(f"n = {n}: o = {count}, left over {len(left_over)}" if count else f"n = {n}: no window fits")


def _sample(j: int, n: int) -> Cell:
    return (j, 0, str(j), INPUT, 0.2) if 0 <= j < n else (j, 0, "", PADDING, 0.12)


def plot_staircase(settings: Mapping[str, Mapping[str, int]], longest: int) -> Figure:
    """Output length against input length, one staircase for each layer: ``{"k=3": {"kernel_size": 3}, ...}``."""
    figure, axes = panels(1, 1, (7.0, 3.6))
    for (name, options), marker in zip(settings.items(), "osD^v", strict=False):
        sizes = _sizes(range(1, longest + 1), **options)
        axes[0, 0].plot([n for n, _ in sizes], [o for _, o in sizes], marker, label=name, markersize=5, linestyle=":",
                        linewidth=0.8)  # fmt: skip
    _label_staircase(axes[0, 0])
    axes[0, 0].legend()
    return figure


def _sizes(lengths: Iterable[int], kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1
           ) -> list[tuple[int, int]]:  # fmt: skip
    """(n, o) for each length; o is 0 where no window fits."""
    return [(n, _count(n, kernel_size, stride, padding, dilation)) for n in lengths]


def _label_staircase(ax: Axes) -> None:
    ax.set(xlabel="input length n", ylabel="output length o")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    ax.grid(color="#dddddd", linewidth=0.6)


def plot_way_back(length: int, kernel_size: int, stride: int = 1, padding: int = 0, output_padding: int = 0
                  ) -> Figure:  # fmt: skip
    """Copies of the kernel, `stride` samples apart; the crop at both ends; what remains."""
    full = stride * (length - 1) + kernel_size
    end = full - padding + output_padding
    figure, axes = panels(1, 1, (0.44 * max(full, end) + 1.6, 0.44 * (length + 2) + 0.6))
    ax = axes[0, 0]
    cells = [(stride * i + t, i, f"{i}", KERNEL, 0.25) for i in range(length) for t in range(kernel_size)]
    kept = [(j, length + 0.4, str(j - padding), OUTPUT, 0.5 if j >= end - output_padding else 0.2)
            for j in range(padding, end)]  # fmt: skip
    cut = [(j, length + 0.4, "", PADDING, 0.06) for j in (*range(padding), *range(end, full))]
    draw_cells(ax, cells + kept + cut)
    ax.plot([*range(padding), *range(end, full)], [length + 0.4] * len(cut), "x", color="black", markersize=9)
    ax.set_title(f"{length} samples: full length {full}, returned {end - padding}")
    return figure


def plot_factors(layers: Mapping[str, TransposedLayer], longest: int) -> Figure:
    """o / n of transposed layers against n."""
    figure, axes = panels(1, 1, (6.6, 3.5))
    lengths = range(1, longest + 1)
    for (name, layer), look in zip(layers.items(), LOOKS, strict=False):
        axes[0, 0].plot(lengths, [layer.output_size(n) / n for n in lengths], label=name, linewidth=1, **look)
    axes[0, 0].set(xlabel="input length n", ylabel="factor o / n")
    axes[0, 0].xaxis.set_major_locator(MaxNLocator(integer=True))
    axes[0, 0].grid(color="#dddddd", linewidth=0.6)
    axes[0, 0].legend()
    return figure


def plot_sizes_that_return(encoders: Mapping[str, Sequence[Layer]], lengths: Sequence[int]) -> Figure:
    """For each encoder a row of cells, one for each length: filled where the way back needs no output padding."""
    figure, axes = panels(len(encoders), 1, (8.6, 0.62 * len(encoders) + 0.7))
    for ax, (name, encoder) in zip(axes[:, 0], encoders.items(), strict=True):
        lost = np.array([sum(_dropped(n, encoder)) for n in lengths])
        ax.bar(lengths, np.ones(len(lengths)), width=0.9, color=[OUTPUT if r == 0 else "#e4e4e4" for r in lost])
        fits = [n for n, r in zip(lengths, lost, strict=True) if r == 0]
        ax.set(yticks=[], xlim=(lengths[0] - 0.6, lengths[-1] + 0.6), xticks=fits)
        ax.set_title(name, loc="left", fontsize=9.5, pad=3)
        ax.spines[:].set_visible(False)
        ax.tick_params(length=0, labelsize=8.5)
    axes[-1, 0].set_xlabel("lengths that come back without output_padding")
    return figure


def _dropped(length: int, encoder: Sequence[Layer]) -> list[int]:
    """Samples that each layer leaves unused."""
    sizes = stack_sizes(length, encoder)[:-1]
    pairs = zip(sizes, encoder, strict=True)
    return [unused_samples(n, a.kernel_size, a.stride, a.padding, a.dilation) for n, a in pairs]


def plot_plan(length: int, encoder: Sequence[Layer]) -> Figure:
    """Sizes down and up as bars in the shape of a U, the output padding of each layer on the way up."""
    down, up = plan_encoder_decoder(length, encoder)
    plain = stack_sizes(down[-1], [TransposedLayer(a.kernel_size, a.stride, a.padding, 0, a.dilation) for a in up])
    figure, axes = panels(1, 1, (7.6, 3.4))
    ax = axes[0, 0]
    depth, sizes = len(encoder), [*down, *stack_sizes(down[-1], up)[1:]]
    colours = [INPUT] * depth + [PADDING] + [OUTPUT] * depth
    ax.bar(range(len(sizes)), sizes, color=colours, width=0.7, alpha=0.75)
    _label_bars(ax, sizes, [""] * (depth + 1) + [f"\nop = {layer.output_padding}" for layer in up])
    ax.plot(range(depth, len(sizes)), plain, "_", color="black", markersize=26, markeredgewidth=2, linestyle="none")
    ax.text(len(sizes) - 0.45, plain[-1], f"{plain[-1]} if all\nop = 0", va="center", fontsize=8.5)
    names = ["input", *(f"down {i + 1}" for i in range(depth)), *(f"up {i}" for i in range(depth, 0, -1))]
    ax.set_xticks(range(len(sizes)), names)
    ax.set(ylabel="samples", xlim=(-0.6, len(sizes) + 0.6), ylim=(0, 1.3 * max(sizes)))
    return figure


def _label_bars(ax: Axes, sizes: Sequence[int], notes: Sequence[str]) -> None:
    for i, (size, note) in enumerate(zip(sizes, notes, strict=True)):
        ax.annotate(f"{size}{note}", (i, size), (0, 4), textcoords="offset points", ha="center", fontsize=9)


def plot_receptive_fields(layers: Sequence[Layer], outputs: Sequence[int]) -> Figure:
    """Samples of every level as dots, and what the given outputs of the last level read, level by level."""
    fields = receptive_field(layers)
    levels = [(1, 0.0), *((f.stride, f.start + (f.size - 1) / 2) for f in fields)]
    first = min(fields[-1].window(i).start for i in outputs) - 1
    last = max(fields[-1].window(i).stop for i in outputs)
    figure, axes = panels(1, 1, (8.0, 0.9 * len(levels) + 0.9))
    ax = axes[0, 0]
    for level, (step, centre) in enumerate(levels):
        places = centre + step * np.arange(-40, 41)
        ax.plot(places, np.full(81, level), "o", color=_level_colour(level, len(levels)), markersize=6, alpha=0.3)
    for i, colour in zip(outputs, (OUTPUT, KERNEL), strict=False):
        _draw_cone(ax, fields, i, colour)
    names = ["input", *(f"{a.kernel_size} taps, stride {a.stride}" for a in layers)]
    ax.set(xlim=(first - 0.5, last + 0.5), ylim=(-0.6, len(levels) - 0.5), xlabel="sample of the input")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_yticks(range(len(levels)), names)
    ax.tick_params(axis="y", length=0)
    return figure


def _level_colour(level: int, count: int) -> str:
    return INPUT if level == 0 else OUTPUT if level == count - 1 else "#555555"


def _draw_cone(ax: Axes, fields: Sequence[Any], output: int, colour: str) -> None:
    """The lines from one output down to the first and the last input that it sees."""
    window = fields[-1].window(output)
    top = (window[0] + window[-1]) / 2
    ax.fill([window[0], window[-1], top], [0, 0, len(fields)], color=colour, alpha=0.12)
    ax.plot([window[0], top, window[-1]], [0, len(fields), 0], color=colour, linewidth=1.2)
    ax.plot(window, np.zeros(len(window)), "o", color=colour, markersize=6)
    ax.plot([top], [len(fields)], "o", color=colour, markersize=8)


def plot_growth(stacks: Mapping[str, Sequence[Layer]]) -> Figure:
    """Size of the receptive field after each layer."""
    figure, axes = panels(1, 1, (6.6, 3.6))
    ax = axes[0, 0]
    for (name, layers), look in zip(stacks.items(), LOOKS, strict=False):
        sizes = [1, *(field.size for field in receptive_field(layers))]
        ax.semilogy(range(len(sizes)), sizes, label=name, base=2, linewidth=1, **look)
    ax.set(xlabel="number of layers", ylabel="receptive field, samples")
    ax.set_yticks([2**i for i in range(10)], [str(2**i) for i in range(10)])
    ax.minorticks_off()
    ax.grid(color="#dddddd", linewidth=0.6)
    ax.legend()
    return figure


def plot_two_grids(length: int, kernel_size: int, stride: int, pads: Mapping[str, tuple[int, int]]) -> Figure:
    """The same layer with other paddings (before, after): where its windows stand."""
    reach = max(max(pair) for pair in pads.values())
    figure, axes = panels(1, len(pads), (0.42 * len(pads) * (length + 2 * reach) + 1.0, 2.4))
    for ax, (name, (before, after)) in zip(axes[0], pads.items(), strict=True):
        draw_cells(ax, [_sample(j, length) for j in range(-before, length + after)])
        starts = range(-before, length + after - kernel_size + 1, stride)
        for i, start in enumerate(starts):
            ax.plot(range(start, start + kernel_size), np.full(kernel_size, i + 1), "o-", color=KERNEL, markersize=5.5)
        ax.set(xlim=(-reach - 0.6, length + reach - 0.4), ylim=(len(starts) + 0.5, -0.6))
        ax.set_title(name)
    return figure
