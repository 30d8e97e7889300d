"""Matrices as pictures and as typeset formulas."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

COLOURS = "PuOr_r"  # diverging, and told apart by colour-blind readers


def draw_matrix(ax: Axes, matrix: np.ndarray, *, largest: float | None = None, numbers: bool | None = None) -> None:
    """Draw `matrix` on `ax`: violet below zero, white at zero, orange above.

    Parameters
    ----------
    largest : float, optional
        Magnitude at the ends of the colour scale; the largest entry when left out.
    numbers : bool, optional
        Whether entries are written into their cells; when left out, if they fit.
    """
    largest = largest or np.max(np.abs(matrix), initial=0) or 1.0
    # Half of the scale stays unused, so that black numbers can be read on every cell.
    ax.imshow(matrix, cmap=COLOURS, vmin=-2 * largest, vmax=2 * largest, aspect="equal")
    ax.set(xticks=[], yticks=[])
    for spine in ax.spines.values():
        spine.set(visible=True, color="#999999")
    if max(matrix.shape) <= 40:
        draw_grid(ax, matrix.shape)
    if numbers or (numbers is None and max(matrix.shape) <= 14):
        write_numbers(ax, matrix)


def draw_grid(ax: Axes, shape: tuple[int, int], every: tuple[int, int] = (1, 1), **line: Any) -> None:
    """Lines between the cells of a matrix of `shape`, or between blocks of `every` cells."""
    rows, columns = shape
    line = {"color": "#d4d4d4", "linewidth": 0.5} | line
    ax.hlines(np.arange(every[0], rows, every[0]) - 0.5, -0.5, columns - 0.5, **line)
    ax.vlines(np.arange(every[1], columns, every[1]) - 0.5, -0.5, rows - 0.5, **line)


def write_numbers(ax: Axes, matrix: np.ndarray, size: float = 8.5) -> None:
    """Each entry in its cell, zeros in grey."""
    for (row, column), value in np.ndenumerate(matrix):
        colour = "#aaaaaa" if value == 0 else "black"
        ax.text(column, row, f"{value:.3g}", ha="center", va="center", fontsize=size, color=colour)


def equation(*parts: Any) -> Any:
    """A displayed formula; arrays in `parts` become typeset matrices, their zeros grey.

    Examples
    --------
    >>> equation("C =", np.array([[1, 0], [0, 1]])).data.count("gray")
    2
    """
    from IPython.display import Math

    return Math(" ".join(p if isinstance(p, str) else _bmatrix(np.asarray(p)) for p in parts))


def _bmatrix(matrix: np.ndarray) -> str:
    rows = matrix[:, None] if matrix.ndim == 1 else matrix
    body = r" \\ ".join(" & ".join(_number(entry) for entry in row) for row in rows.tolist())
    return rf"\begin{{bmatrix}} {body} \end{{bmatrix}}"


def _number(value: float) -> str:
    return r"\textcolor{gray}{0}" if value == 0 else f"{value:.4g}"
