"""Figures of the chapter on the adjoint."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from resampling import conv_matrix1d, psnr
from resampling.figures import INPUT, KERNEL, OUTPUT, panels
from resampling.figures.cells import draw_cells
from resampling.figures.matrices import draw_matrix

Array = np.ndarray

EMPTY = "#888888"
DEPTH = 2.4  # from the upper row of an arrow diagram to the lower one


def plot_arrows(weight: Array, x: Array, **options: int) -> Figure:
    """The same arrows twice: downwards they make ``C x`` of `x`, upwards ``Cᵀ y`` of that.

    Parameters
    ----------
    weight : array (k,)
    x : array (n,)
    **options
        `stride`, `padding`, `dilation` as in `conv_matrix1d`.
    """
    matrix = conv_matrix1d(weight, len(x), **options)
    y = matrix @ x
    figure, axes = panels(1, 2, (1.3 * 2 * len(x) + 0.4, 2.9))
    for ax, upper, up in zip(axes[0], (x, matrix.T @ y), (False, True), strict=True):
        left = (len(x) - len(y)) / 2
        colours = (OUTPUT, INPUT) if up else (INPUT, OUTPUT)
        cells = [(1.4 * j, 0, f"{value:g}", colours[0], 0.25) for j, value in enumerate(upper)]
        cells += [(1.4 * (left + i), DEPTH, f"{value:g}", colours[1], 0.25) for i, value in enumerate(y)]
        draw_cells(ax, cells)
        for i, j in np.argwhere(matrix):
            _labelled_arrow(ax, (1.4 * j, 0), (1.4 * (left + i), DEPTH), f"{matrix[i, j]:g}", up)
        ax.set_title("y = C x: every output asks" if not up else "Cᵀ y: every output tells")
    return figure


def _labelled_arrow(ax: Axes, top: tuple[float, float], bottom: tuple[float, float], text: str, upwards: bool) -> None:
    start, end = ((top[0], top[1] + 0.5), (bottom[0], bottom[1] - 0.5))[:: -1 if upwards else 1]
    style = {"arrowstyle": "-|>", "color": KERNEL, "shrinkA": 1, "shrinkB": 1, "linewidth": 1.5, "mutation_scale": 11}
    ax.annotate("", end, start, arrowprops=style)
    middle = 0.62 * np.array(top) + 0.38 * np.array(bottom)
    ax.text(
        *middle,
        text,
        ha="center",
        va="center",
        color=KERNEL,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.2},
    )


def plot_copies(v: Array, weight: Array, length: int, **options: int) -> Figure:
    """Every value of `v` lays down a copy of the kernel; the last line is their sum, ``Cᵀ v``.

    What falls into the padding is shown in grey, and does not count.
    """
    stride, padding = options.get("stride", 1), options.get("padding", 0)
    places = range(-padding, max(length, stride * (len(v) - 1) + len(weight) - padding))
    cells = []
    for i, value in enumerate(v):
        cells.append((places[0] - 1.6, i, f"{value:g}", INPUT, 0.25))
        for t, tap in enumerate(weight):
            inside = 0 <= stride * i + t - padding < length
            colour = KERNEL if inside else EMPTY
            cells.append((stride * i + t - padding, i, f"{tap:g}·{value:g}", colour, 0.25 if inside else 0.05))
    total = conv_matrix1d(weight, length, **options).T @ v
    cells += [(j, len(v) + 0.35, f"{value:g}", OUTPUT, 0.25) for j, value in enumerate(total)]
    figure, axes = panels(1, 1, (0.62 * (len(places) + 3), 0.62 * (len(v) + 1.9)))
    draw_cells(axes[0, 0], cells)
    axes[0, 0].text(places[0] - 1.6, len(v) + 0.35, "Cᵀv", ha="center", va="center")
    axes[0, 0].text(places[0] - 1.6, -0.75, "v", ha="center", va="center")
    axes[0, 0].set_ylim(len(v) + 0.9, -1.0)
    return figure


def plot_sizes(weight: Array, lengths: Sequence[int], **options: int) -> Figure:
    """The transposes of the convolution matrices for several lengths, all with as many outputs."""
    matrices = [conv_matrix1d(weight, n, **options).T for n in lengths]
    figure, axes = panels(
        1, len(lengths), (0.42 * matrices[0].shape[1] * len(lengths) + 1.2, 0.42 * max(lengths) + 1.4)
    )
    for ax, n, matrix in zip(axes[0], lengths, matrices, strict=True):
        draw_matrix(ax, matrix, numbers=True)
        ax.set_title(f"n = {n}, op = {n - lengths[0]}")
        ax.set_anchor("N")
    return figure


def plot_gram(layers: Mapping[str, Array]) -> Figure:
    """``CᵀC`` of several matrices side by side: the identity if, and only if, the transpose undoes the layer."""
    figure, axes = panels(1, len(layers), (2.35 * len(layers), 2.9))
    for ax, (name, matrix) in zip(axes[0], layers.items(), strict=True):
        gram = matrix.T @ matrix
        draw_matrix(ax, np.where(np.abs(gram) < 1e-12, 0, gram), largest=float(np.max(gram)), numbers=len(gram) <= 6)
        shape = f"{matrix.shape[0]}×{matrix.shape[1]}"
        verdict = "CᵀC = I" if np.allclose(gram, np.eye(len(gram))) else "CᵀC ≠ I"
        ax.set_title(f"{name}\nC is {shape}: {verdict}")
    return figure


def plot_restorations(rows: Mapping[str, Mapping[str, Array]]) -> Figure:
    """One line of pictures for each name, black 0 and white 1; the first of a line is the true one."""
    columns = len(next(iter(rows.values())))
    figure, axes = panels(len(rows), columns, (1.75 * columns, 2.05 * len(rows) + 0.1))
    for ax, title in zip(axes[0], next(iter(rows.values())), strict=True):
        ax.set_title(title)
    for line, (name, images) in zip(axes, rows.items(), strict=True):
        truth = next(iter(images.values()))
        for ax, image in zip(line, images.values(), strict=True):
            ax.imshow(image, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
            ax.set(xticks=[], yticks=[])
            ax.set_xlabel(name if image is truth else f"{float(psnr(image, truth)):.1f} dB", fontsize=9)
            ax.spines[:].set_visible(False)
    return figure


def plot_iterations(counts: Sequence[int], curves: Mapping[str, Array]) -> Figure:
    """PSNR against the number of iterations: the mean over the pictures, and a band one standard deviation wide."""
    figure, axes = panels(1, 1, (6.6, 3.7))
    ax = axes[0, 0]
    for (name, decibels), dash in zip(curves.items(), ("-", "--", ":", "-."), strict=False):
        mean, spread = decibels.mean(axis=0), decibels.std(axis=0)
        (line,) = ax.plot(counts, mean, dash, marker="o", markersize=4, label=name)
        ax.fill_between(counts, mean - spread, mean + spread, color=line.get_color(), alpha=0.13, linewidth=0)
    ax.set_xscale("log", base=2)
    ax.set_xticks(counts, [str(n) for n in counts])
    ax.set(xlabel="iterations of conjugate gradients", ylabel="PSNR, dB (mean ± spread)")
    ax.legend(title="noise", loc="lower left")
    return figure
