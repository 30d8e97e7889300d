"""Figures of the chapter on cost."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import ScalarFormatter

from resampling.figures import panels

MARKERS = "osD^vPX*"


def plot_bench(rows: Sequence[Mapping[str, Any]]) -> Figure:
    """Time of every way of computing an operator, relative to its peer: one mark a shape, one line an operator.

    Parameters
    ----------
    rows : sequence of mappings
        Records of ``tools/bench.py``: operator, way, peer, ratio.
    """
    rows = [row for row in rows if row["way"] != row["peer"]]
    operators = list(dict.fromkeys(row["operator"] for row in rows))[::-1]
    ways = list(dict.fromkeys(row["way"] for row in rows))
    figure, axes = panels(1, 1, (8.5, 0.42 * len(operators) + 1.6))
    ax = axes[0, 0]
    ax.axvline(1, color="#444444", linewidth=1)
    for number, way in enumerate(ways):
        mine = [row for row in rows if row["way"] == way]
        height = 0.3 * (number / max(1, len(ways) - 1) - 0.5)
        places = [operators.index(row["operator"]) - height for row in mine]
        ax.plot([row["ratio"] for row in mine], places, MARKERS[number % len(MARKERS)], alpha=0.75, label=way)
    ax.set_xscale("log", base=2)
    ax.xaxis.set_major_formatter(ScalarFormatter())
    ax.set_yticks(range(len(operators)), operators)
    ax.set_xlabel("time / time of the peer (torch, or SciPy where torch has none)")
    ax.grid(axis="y", color="#dddddd")
    figure.legend(loc="outside upper left", ncols=min(len(ways), 4))
    return figure
