"""Figures of the chapter on the convolution matrix."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from resampling import conv_matrix1d, conv_matrix2d, count_nonzeros, kron, sampling_matrix
from resampling.figures import INPUT, KERNEL, OUTPUT, panels
from resampling.figures.cells import draw_cells
from resampling.figures.matrices import draw_grid, draw_matrix

Array = np.ndarray


def plot_sliding_kernel(weight: Array, x: Array, **options: int) -> Figure:
    """Row by row: the window over the input, the row of the matrix, the output.

    Parameters
    ----------
    weight : array (k,)
    x : array (n,)
    **options
        `stride`, `padding`, `dilation` as in `conv_matrix1d`.
    """
    matrix = conv_matrix1d(weight, len(x), **options)
    rows, columns = matrix.shape
    padding = options.get("padding", 0)
    widths = [columns + 2 * padding, columns, 1]
    figure, axes = panels(1, 3, (0.42 * sum(widths) + 1.6, 0.42 * rows + 0.8), width_ratios=widths)
    windows, middle, right = axes[0]
    _draw_windows(windows, weight, x, rows, **options)
    draw_matrix(middle, matrix, numbers=True)
    draw_cells(right, [(0, i, f"{y:.4g}", OUTPUT, 0.25) for i, y in enumerate(matrix @ x)])
    windows.set_title("the kernel over x")
    middle.set_title(f"C, {rows}×{columns}")
    right.set_title("y = C x")
    return figure


def _draw_windows(
    ax: Axes, weight: Array, x: Array, rows: int, stride: int = 1, padding: int = 0, dilation: int = 1
) -> None:
    """One line of cells a window: x between its padding, each tap laid over its sample as ``tap·sample``."""
    samples = dict.fromkeys(range(-padding, len(x) + padding), 0.0) | dict(enumerate(x.tolist()))
    cells = []
    for i in range(rows):
        taps = {stride * i + dilation * t - padding: w for t, w in enumerate(weight)}
        for j, sample in samples.items():
            colour = KERNEL if j in taps else INPUT if 0 <= j < len(x) else "#aaaaaa"
            text = f"{taps[j]:g}·{sample:g}" if j in taps else f"{sample:g}"
            cells.append((j, i, text, colour, 0.3 if j in taps else 0.08))
    draw_cells(ax, cells)


def plot_patterns(weight: Array, length: int, variants: Mapping[str, Mapping[str, int]]) -> Figure:
    """The matrix of one kernel under several options, side by side: ``{"stride 2": {"stride": 2}, ...}``."""
    matrices = {name: conv_matrix1d(weight, length, **options) for name, options in variants.items()}
    tallest = max(len(m) for m in matrices.values())
    figure, axes = panels(1, len(matrices), (2.5 * len(matrices), 2.3 * tallest / length + 0.7))
    for ax, (name, matrix) in zip(axes[0], matrices.items(), strict=True):
        draw_matrix(ax, matrix, largest=float(np.max(np.abs(weight))))
        ax.set_title(f"{name}\n{matrix.shape[0]}×{matrix.shape[1]}")
        ax.set_anchor("N")
    return figure


def plot_stride_as_sampling(weight: Array, length: int, stride: int) -> Figure:
    """Sampling matrix times the matrix of the unstrided convolution equals that of the strided one."""
    dense = conv_matrix1d(weight, length)
    factors = {"S": sampling_matrix(len(dense), stride), "C at stride 1": dense, f"C at stride {stride}": None}
    factors[f"C at stride {stride}"] = factors["S"] @ dense
    return _plot_product(factors, ["·", "="])


def plot_kronecker(column: Array, row: Array, size: tuple[int, int]) -> Figure:
    """The matrix of the separable kernel ``outer(column, row)`` as a Kronecker product of two 1-D matrices."""
    vertical, horizontal = conv_matrix1d(column, size[0]), conv_matrix1d(row, size[1])
    figure = _plot_product(
        {"A, vertical": vertical, "B, horizontal": horizontal, "A ⊗ B": kron(vertical, horizontal)}, ["⊗", "="]
    )
    draw_grid(figure.axes[-1], kron(vertical, horizontal).shape, horizontal.shape, color="#444444", linewidth=1.1)
    return figure


def _plot_product(factors: Mapping[str, Array], signs: Sequence[str]) -> Figure:
    """Matrices in a line, each cell equally large, with a sign between neighbours."""
    shapes = [m.shape for m in factors.values()]
    cell = min(0.42, 8.6 / sum(columns for _, columns in shapes))
    size = cell * sum(c for _, c in shapes) + 1.6, cell * max(r for r, _ in shapes) + 0.8
    figure, axes = panels(1, len(factors), size, width_ratios=[c for _, c in shapes])
    for ax, (name, matrix) in zip(axes[0], factors.items(), strict=True):
        draw_matrix(ax, matrix)
        ax.set_title(f"{name}\n{matrix.shape[0]}×{matrix.shape[1]}")
    for ax, sign in zip(axes[0], signs, strict=False):
        ax.annotate(sign, (1, 0.5), (14, 0), xycoords="axes fraction", textcoords="offset points", fontsize=15,
                    ha="center", va="center", annotation_clip=False)  # fmt: skip
    figure.get_layout_engine().set(w_pad=0.2)
    return figure


def plot_doubly_blocked(weight: Array, size: tuple[int, int], **options: Any) -> Figure:
    """The matrix of a 2-D convolution, with a line between its blocks: one block a pair of picture rows."""
    matrix = conv_matrix2d(weight, size, **options)
    below = conv_matrix2d(weight[:1], (1, size[1]), **_horizontal(options)).shape[0]
    figure, axes = panels(1, 1, (0.36 * matrix.shape[1] + 1.0, 0.36 * matrix.shape[0] + 1.0))
    ax = axes[0, 0]
    draw_matrix(ax, matrix, numbers=True)
    draw_grid(ax, matrix.shape, (below, size[1]), color="#444444", linewidth=1.3)
    ax.set_xticks(np.arange(size[1] / 2 - 0.5, matrix.shape[1], size[1]), [f"picture row {y}" for y in range(size[0])])
    outs = matrix.shape[0] // below
    ax.set_yticks(np.arange(below / 2 - 0.5, matrix.shape[0], below), [f"output row {i}" for i in range(outs)])
    ax.tick_params(length=0, labeltop=True, labelbottom=False)
    return figure


def _horizontal(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of the horizontal axis alone."""
    return {name: (1 if name == "stride" else 0, value[1]) for name, value in options.items()}


def plot_groups(length: int, kernel_size: int, channels: int, groups: Sequence[int]) -> Figure:
    """Block patterns of a convolution from `channels` to as many channels, for several numbers of groups."""
    figure, axes = panels(1, len(groups), (2.7 * len(groups), 3.0))
    for ax, g in zip(axes[0], groups, strict=True):
        weight = np.ones((channels, channels // g, kernel_size))
        matrix = conv_matrix1d(weight, length, padding=kernel_size // 2, groups=g)
        draw_matrix(ax, matrix, numbers=False)
        draw_grid(ax, matrix.shape, (length, length), color="#444444", linewidth=1.1)
        ax.set_title(f"groups = {g}: {weight.size} weights")
    return figure


def plot_picture_through_matrix(picture: Array, weight: Array, **options: Any) -> Figure:
    """A picture, the matrix that filters it, and the result, each in its own colours."""
    matrix = conv_matrix2d(weight, picture.shape, **options)
    result = matrix @ picture.ravel()
    side = picture.shape[1] + 2 * _horizontal(options).get("padding", (0, 0))[1] - weight.shape[1] + 1
    figure, axes = panels(1, 3, (8.4, 3.3), width_ratios=[1, 1.4, 1])
    left, middle, right = axes[0]
    left.imshow(picture, cmap="gray")
    draw_matrix(middle, matrix, numbers=False)
    result = result.reshape(-1, side)
    right.imshow(result, cmap="PuOr_r", vmin=-np.max(np.abs(result)), vmax=np.max(np.abs(result)))
    for ax, title in zip(axes[0], ("x", "C", "C x"), strict=True):
        shape = ax.images[0].get_array().shape
        ax.set(title=f"{title}, {shape[0]}×{shape[1]}", xticks=[], yticks=[])
    return figure


def plot_density(kernel_size: int, lengths: Sequence[int]) -> Figure:
    """Share of entries that are not zero against the side of the picture, for a square kernel that keeps the size."""
    figure, axes = panels(1, 1, (5.6, 3.2))
    ax = axes[0, 0]
    filled = [count_nonzeros(n, kernel_size, padding=kernel_size // 2) ** 2 for n in lengths]
    ax.loglog(lengths, [c / n**4 for c, n in zip(filled, lengths, strict=True)], "o-", color=KERNEL)
    ax.set(xlabel="side of the picture, pixels", ylabel="share of entries not zero")
    ax.set_xticks(lengths, [str(n) for n in lengths])
    ax.minorticks_off()
    return figure
