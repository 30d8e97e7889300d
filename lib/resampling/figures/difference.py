"""Expected against returned, as pictures."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from resampling.figures import panels
from resampling.figures.matrices import draw_matrix


def plot_difference(expected: np.ndarray, got: np.ndarray) -> Figure:
    """Two matrices side by side; where they disagree, the second has its cells framed.

    Parameters
    ----------
    expected, got : array (rows, columns)
        Shapes may differ: then cells that only one of them has are framed.
    """
    columns = expected.shape[1] + got.shape[1]
    cell = min(0.5, 8.0 / columns)
    height = max(expected.shape[0], got.shape[0]) * cell + 0.7
    figure, axes = panels(1, 2, (columns * cell + 1.6, height), width_ratios=[expected.shape[1], got.shape[1]])
    left, right = axes[0]
    largest = max(_largest(expected), _largest(got))
    draw_matrix(left, expected, largest=largest)
    draw_matrix(right, got, largest=largest)
    left.set_title(f"expected\n{_shape(expected)}")
    right.set_title(f"yours\n{_shape(got)}")
    differ = _differences(expected, got)
    _frame(right, differ)
    if differ.any():
        figure.supxlabel("framed: differs", fontsize=8)
    return figure


def _largest(matrix: np.ndarray) -> float:
    return np.max(np.abs(matrix[np.isfinite(matrix)]), initial=0)


def _differences(expected: np.ndarray, got: np.ndarray) -> np.ndarray:
    """Cells of `got` that differ, or have no counterpart."""
    differ = np.ones(got.shape, dtype=bool)
    rows, columns = np.minimum(expected.shape, got.shape)
    near = np.isclose(expected[:rows, :columns], got[:rows, :columns], rtol=1e-3, atol=1e-6)
    differ[:rows, :columns] = ~near
    return differ


def _frame(ax: Axes, where: np.ndarray) -> None:
    for row, column in np.argwhere(where):
        ax.add_patch(Rectangle((column - 0.44, row - 0.44), 0.88, 0.88, fill=False, edgecolor="black", linewidth=1.6))


def _shape(matrix: np.ndarray) -> str:
    return "×".join(map(str, matrix.shape))
