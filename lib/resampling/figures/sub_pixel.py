"""Figures of the chapter on sub-pixel convolution."""

from collections.abc import Mapping, Sequence
from math import prod

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from resampling import conv_matrix1d, matrix_of, pixel_shuffle, pixel_unshuffle, sub_pixel_to_transposed
from resampling.figures import INPUT, KERNEL, OUTPUT, panels
from resampling.figures.cells import draw_cells
from resampling.figures.matrices import draw_grid, draw_matrix

Array = np.ndarray


def plot_smallest(x: Array, factor: int = 2) -> Figure:
    """A few channels, and the one map that a shuffle makes of them, with a frame around each block."""
    out = pixel_shuffle(x, factor)[0]
    widths = [x.shape[2]] * len(x) + [out.shape[1] + 0.6]
    figure, axes = panels(
        1, len(x) + 1, (0.42 * sum(widths) + 0.5 * len(x), 0.42 * len(out) + 0.6), width_ratios=widths
    )
    for channel, (ax, plane) in enumerate(zip(axes[0], x, strict=False)):
        draw_cells(ax, [(j, i, f"{v:g}", _shade(channel), 0.3) for (i, j), v in np.ndenumerate(plane)])
        ax.set_title(f"channel {channel}")
    ax = axes[0, -1]
    phase = lambda i, j: factor * (i % factor) + j % factor  # noqa: E731
    draw_cells(ax, [(j, i, f"{v:g}", _shade(phase(i, j)), 0.3) for (i, j), v in np.ndenumerate(out)])
    _frame_blocks(ax, out.shape, factor)
    ax.set_title("shuffled")
    return figure


def _shade(channel: int) -> str:
    return ("#0072B2", "#E69F00", "#CC79A7", "#56B4E9")[channel % 4]


def _frame_blocks(ax: Axes, size: Sequence[int], factor: int) -> None:
    for i, j in np.ndindex(*(n // factor for n in size)):
        corner = factor * j - 0.5, factor * i - 0.5
        ax.add_patch(Rectangle(corner, factor, factor, fill=False, edgecolor="black", linewidth=1.6))


def plot_two_orders(factor: int, maps: int, length: int) -> Figure:
    """The matrix of a shuffle of signals in both orders."""
    figure, axes = panels(1, 2, (7.6, 4.1))
    shape = maps * factor, length
    for ax, order in zip(axes[0], ("CRD", "DCR"), strict=True):
        draw_matrix(ax, matrix_of(lambda x, order=order: pixel_shuffle(x, (factor,), order), shape), numbers=False)
        draw_grid(ax, (prod(shape),) * 2, (factor * length, length), color="#555555", linewidth=1.2)
        ax.set(xlabel="column: channel after channel", ylabel="row: map after map", title=order)
    return figure


def plot_interleaving(weight: Array) -> Figure:
    """The kernels of the phases, flipped, and interleaved to the kernel of a transposed convolution."""
    phases, taps = weight.shape
    kernel = sub_pixel_to_transposed(weight[:, None], phases)[0][0, 0]
    shown = {"one kernel a phase": weight, "flipped": weight[:, ::-1]}
    figure, axes = panels(1, 3, (0.5 * (2 * taps + len(kernel)) + 2.6, 0.46 * phases + 0.7), width_ratios=[
        taps + 0.8, taps + 0.8, len(kernel) + 0.8])  # fmt: skip
    for ax, (title, matrix) in zip(axes[0], shown.items(), strict=False):
        draw_cells(ax, [(t, a, f"{v:g}", _shade(a), 0.3) for (a, t), v in np.ndenumerate(matrix)])
        ax.set_title(title)
    ax = axes[0, 2]
    draw_cells(ax, [(u, 0, f"{v:g}", _shade(u % phases), 0.3) for u, v in enumerate(kernel)])
    ax.set_title(f"transposed, stride {phases}")
    return figure


def plot_theorem(weight: Array, length: int, padding: int) -> Figure:
    """Shuffle, times the matrix of the small convolution, equals the transposed matrix of a large one."""
    phases, taps = weight.shape
    small = conv_matrix1d(weight[:, None], length, padding=padding)
    shuffle = matrix_of(lambda x: pixel_shuffle(x, (phases,)), (phases, len(small) // phases))
    kernel, _, (crop,) = sub_pixel_to_transposed(weight[:, None], phases, padding)
    large = conv_matrix1d(kernel, len(small), stride=phases, padding=crop).T
    widths = [len(small), length, length]
    figure, axes = panels(1, 3, (0.34 * sum(widths) + 2.0, 0.34 * len(small) + 0.7), width_ratios=widths)
    titles = ("shuffle", f"{taps} taps,\n{phases} phases", f"{phases * taps} taps,\ntransposed")
    for ax, matrix, title, sign in zip(axes[0], (shuffle, small, large), titles, ("", "×", "="), strict=True):
        draw_matrix(ax, matrix)
        ax.set_title(title)
        ax.text(-0.9, (len(matrix) - 1) / 2, sign, ha="right", va="center", fontsize=15)
    return figure


def plot_wrong_order(picture: Array, corner: tuple[int, int], side: int) -> Figure:
    """A colour picture, unshuffled in one order and shuffled in the other; and a piece of both, enlarged."""
    mixed = pixel_shuffle(pixel_unshuffle(picture, 2), 2, "DCR")
    i, j = corner
    piece = np.s_[:, i : i + side, j : j + side]
    figure, axes = panels(1, 4, (9.2, 2.75))
    shown = {
        "CRD, CRD": picture,
        "CRD, DCR": mixed,
        f"{side} × {side} pixels": picture[piece],
        "the same pixels": mixed[piece],
    }
    for ax, (title, x) in zip(axes[0], shown.items(), strict=True):
        ax.imshow(x.transpose(1, 2, 0), interpolation="nearest")
        ax.set(title=title, xticks=[], yticks=[])
    for ax in axes[0, :2]:
        ax.add_patch(Rectangle((j, i), side, side, fill=False, edgecolor="white", linewidth=1.4))
    return figure


def plot_pictures(shown: Mapping[str, Array], width: float = 2.3) -> Figure:
    """Maps side by side, each on a grey scale of its own."""
    figure, axes = panels(1, len(shown), (width * len(shown), width + 0.55))
    for ax, (title, x) in zip(axes[0], shown.items(), strict=True):
        ax.imshow(x, cmap="gray", interpolation="nearest")
        ax.set(title=title, xticks=[], yticks=[])
    return figure


def plot_drift(steps: Sequence[int], runs: Mapping[str, Array]) -> Figure:
    """What each of several runs leaves on a flat picture, over the steps of training: one line a run."""
    figure, axes = panels(1, 1, (7.2, 3.6))
    ax = axes[0, 0]
    for (name, lines), colour, style in zip(runs.items(), (KERNEL, INPUT), ("-", "--"), strict=False):
        for number, line in enumerate(lines):
            ax.plot(steps, line, style, color=colour, alpha=0.75, label=name if number == 0 else None)
    ax.set_xscale("symlog", linthresh=1)
    ax.set_yscale("symlog", linthresh=0.1)
    ax.set_xticks(list(steps), [str(step) for step in steps])
    ax.set_yticks([0, 0.1, 1, 10, 100], ["0", "0.1", "1", "10", "100"])
    ax.set(xlabel="steps of training", ylabel="checkerboard on flat grey\n(standard deviation, grey levels of 255)")
    ax.set_ylim(bottom=0)
    ax.legend(loc="upper right")
    return figure


def plot_costs(costs: Mapping[str, tuple[float, float, float]]) -> Figure:
    """For each layer its parameters, multiply-adds and time, relative to the first one."""
    figure, axes = panels(1, 3, (9.2, 0.4 * len(costs) + 1.0))
    titles = ("parameters", "multiply-adds", "time, measured here")
    first = next(iter(costs.values()))
    for number, (ax, title) in enumerate(zip(axes[0], titles, strict=True)):
        values = [cost[number] / first[number] for cost in costs.values()]
        ax.barh(range(len(costs)), values, color=(INPUT, KERNEL, OUTPUT)[number], alpha=0.75, height=0.62)
        for row, value in enumerate(values):
            ax.annotate(f"{value:.3g}", (value, row), (4, 0), textcoords="offset points", va="center")
        ax.set_yticks(range(len(costs)), list(costs) if number == 0 else [""] * len(costs))
        ax.set(title=title, ylim=(len(costs) - 0.5, -0.5), xlim=(0, max(values) * 1.25), xticks=[])
        ax.tick_params(axis="y", length=0)
    return figure
