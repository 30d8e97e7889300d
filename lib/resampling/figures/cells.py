"""Samples, taps and pixels as framed cells."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle


def draw_cells(ax: Axes, cells: Sequence[tuple[float, float, str, str, float]]) -> None:
    """Framed cells (column, row, text, colour, opacity), and nothing else on `ax`."""
    for column, row, text, colour, opacity in cells:
        corner = column - 0.46, row - 0.46
        ax.add_patch(Rectangle(corner, 0.92, 0.92, facecolor=colour, alpha=opacity, edgecolor="none"))
        ax.add_patch(Rectangle(corner, 0.92, 0.92, fill=False, edgecolor=colour, linewidth=1.1))
        ax.text(column, row, text, ha="center", va="center", fontsize=8)
    columns, rows = [c[0] for c in cells], [c[1] for c in cells]
    ax.set(aspect="equal", xticks=[], yticks=[])
    ax.set(xlim=(min(columns) - 0.5, max(columns) + 0.5), ylim=(max(rows) + 0.5, min(rows) - 0.5))
    ax.spines[:].set_visible(False)
