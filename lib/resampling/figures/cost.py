"""Figures of the chapter on cost."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from resampling.figures import INPUT, KERNEL, OUTPUT, panels
from resampling.figures.cells import draw_cells

MARKERS = "osD^vPX*"
PLAIN = FuncFormatter(lambda value, _: f"{value:g}")


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
    ax.xaxis.set_major_formatter(PLAIN)
    ax.set_yticks(range(len(operators)), operators)
    ax.set_xlabel("time / time of the peer (torch, or SciPy where torch has none)")
    ax.grid(axis="y", color="#dddddd")
    figure.legend(loc="outside upper left", ncols=min(len(ways), 4))
    return figure


def _draw_roof(ax: Axes, peak: float, bandwidth: float, span: tuple[float, float]) -> None:
    ridge = peak / bandwidth
    places = sorted([*span, ridge])
    ax.plot(places, [min(peak, bandwidth * place) for place in places], color=INPUT)
    ax.axvline(ridge, color="#bbbbbb", linewidth=1, linestyle=":")
    ax.set(xscale="log", yscale="log", xlim=span, ylim=(bandwidth * span[0] / 2, 3 * peak))
    ax.xaxis.set_major_formatter(PLAIN)
    ax.annotate(f"ridge: {ridge:.3g}", (ridge, 0), (4, 5), ax.get_xaxis_transform(), "offset points", fontsize=9)
    ax.set(xlabel="intensity, flops a byte", ylabel="flops a second")


def plot_measured(rows: Sequence[Mapping[str, Any]], rates: Mapping[str, float], operators: Sequence[str]) -> Figure:
    """Measured calls under the measured roof of their machine.

    Parameters
    ----------
    rows : sequence of mappings
        Records of ``tools/bench.py``.
    rates : mapping
        What it says about the machine: "operations per second" and "bytes per second".
    operators : sequence of str
        Those to show, each with a mark of its own; only the ways of ``peer``.
    """
    figure, axes = panels(1, 1, (7.6, 4.2))
    ax = axes[0, 0]
    _draw_roof(ax, rates["operations per second"], rates["bytes per second"], (1 / 16, 512))
    for number, operator in enumerate(operators):
        mine = [row for row in rows if row["operator"] == operator and row["way"] == row["peer"] and row["operations"]]
        places = [row["operations"] / row["bytes"] for row in mine]
        speeds = [row["operations"] / (1e-3 * row["milliseconds"]) for row in mine]
        ax.plot(places, speeds, MARKERS[number % len(MARKERS)], color=COLOURS[number % len(COLOURS)], alpha=0.8,
                label=operator)  # fmt: skip
        ax.set_ylim(bottom=min([ax.get_ylim()[0], *(speed / 2 for speed in speeds)]))
    ax.legend(loc="upper left", fontsize=9)
    return figure


COLOURS = (KERNEL, OUTPUT, "#CC79A7", "#E69F00", "#56B4E9")


def plot_columns(x: Sequence[float], weight: Sequence[float], stride: int) -> Figure:
    """One product of matrices, kernel times samples, and where each of its rows falls in the output."""
    k, n, o = len(weight), len(x), stride * (len(x) - 1) + len(weight)
    columns = [[w * v for v in x] for w in weight]
    cells = [(-2.0, t, f"{w:g}", KERNEL, 0.3) for t, w in enumerate(weight)]
    cells += [(j, -1.6, f"{v:g}", INPUT, 0.3) for j, v in enumerate(x)]
    cells += [(j, t, f"{v:g}", TAPS[t % 4], 0.3) for t, row in enumerate(columns) for j, v in enumerate(row)]
    right = n + 2.5
    cells += [(right + i, t, "", "#888888", 0.05) for t in range(k) for i in range(o)]
    cells += [(right + stride * j + t, t, f"{v:g}", TAPS[t % 4], 0.3) for t, row in enumerate(columns)
              for j, v in enumerate(row)]  # fmt: skip
    total = [sum(columns[t][j] for t in range(k) for j in range(n) if stride * j + t == i) for i in range(o)]
    cells += [(right + i, k + 0.6, f"{v:g}", OUTPUT, 0.3) for i, v in enumerate(total)]
    figure, axes = panels(1, 1, (0.46 * (right + o + 2.5), 0.46 * (k + 3)))
    ax = axes[0, 0]
    draw_cells(ax, cells)
    ax.annotate("", (right - 0.8, (k - 1) / 2), (n - 0.2, (k - 1) / 2), arrowprops={"arrowstyle": "-|>"})
    words = ((-2.0, -1.6, "taps"), (right + (o - 1) / 2, -1.6, "row t moves to the places s·j + t"))
    for place, row, text in words:
        ax.text(place, row, text, ha="center", va="center", fontsize=9)
    ax.text(right - 0.8, k + 0.6, "added up", ha="right", va="center", fontsize=9)
    return figure


TAPS = ("#D55E00", "#CC79A7", "#E69F00", "#56B4E9")


def plot_rounds(first: Mapping[str, float], seconds: Mapping[str, Sequence[float]]) -> Figure:
    """Milliseconds of each call in every round, and of the very first one before them.

    Parameters
    ----------
    first : mapping
        Seconds of the first call of each.
    seconds : mapping
        What `time_in_turns` returns.
    """
    figure, axes = panels(1, 2, (8.2, 3.2), width_ratios=[3, 2])
    left, right = axes[0]
    for number, (name, times) in enumerate(seconds.items()):
        colour, marker = (INPUT, KERNEL, OUTPUT)[number % 3], MARKERS[number]
        left.plot(0, 1e3 * first[name], marker, color=colour, markerfacecolor="white", markersize=8)
        left.plot(range(1, len(times) + 1), [1e3 * t for t in times], marker, color=colour, alpha=0.7, markersize=4,
                  label=name)  # fmt: skip
    left.set(yscale="log", xlabel="round (0: the first call)", ylabel="milliseconds")
    left.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    left.yaxis.set_major_formatter(PLAIN)
    left.yaxis.set_minor_formatter(NullFormatter())
    left.legend(fontsize=9)
    one, other = seconds.values()
    ratios = sorted(b / a for a, b in zip(one, other, strict=True))
    few = len(ratios) // 40
    right.hist(ratios[few : len(ratios) - few], bins=20, color=OUTPUT, alpha=0.7)
    right.axvline(1, color="#444444", linewidth=1)
    right.set(
        xlabel=f"{list(seconds)[1]} ÷ {list(seconds)[0]}, in one round\n(without the most extreme twentieth)",
        ylabel="rounds",
    )
    return figure


def plot_counted_and_timed(rows: Mapping[str, Mapping[str, tuple[float, tuple[float, float, float]]]]) -> Figure:
    """For each setting, multiply-adds of some layers against their time, both relative to the first one.

    Parameters
    ----------
    rows : mapping
        For each setting, for each layer: the ratio of multiply-adds, and (lower quartile, median, upper quartile) of
        the ratios of times.
    """
    figure, axes = panels(1, len(rows), (3.1 * len(rows) + 0.6, 3.4))
    for ax, (title, layers) in zip(axes[0], rows.items(), strict=True):
        for row, (counted, (low, middle, high)) in enumerate(layers.values()):
            ax.plot(counted, row - 0.14, "D", color=KERNEL, label=None if row else "multiply-adds, counted")
            ax.plot([low, high], [row + 0.14] * 2, color=INPUT, linewidth=3, alpha=0.5)
            ax.plot(middle, row + 0.14, "o", color=INPUT, label=None if row else "time: median, quartiles")
        ax.axvline(1, color="#888888", linewidth=1)
        ax.set_xscale("log", base=2)
        ax.xaxis.set_major_formatter(PLAIN)
        ax.set_yticks(range(len(layers)), list(layers) if ax is axes[0, 0] else [""] * len(layers))
        ax.set(title=title, ylim=(len(layers) - 0.5, -0.5))
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=9)
    return figure


def plot_drift(ratios: Mapping[str, Sequence[float]], truth: float = 1.0) -> Figure:
    """What several ways of measuring said in many repetitions, one row each, and the truth as a line."""
    figure, axes = panels(1, 1, (7.4, 0.55 * len(ratios) + 1.1))
    ax = axes[0, 0]
    ax.axvline(truth, color=OUTPUT, linewidth=1.4)
    for row, values in enumerate(ratios.values()):
        ax.plot(values, [row] * len(values), "|", color=INPUT, alpha=0.35, markersize=14)
    ax.set_yticks(range(len(ratios)), list(ratios))
    ax.set_xscale("log")
    ticks = (0.1, 0.2, 0.5, 1, 2, 5)
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.minorticks_off()
    ax.set(xlabel="time of b ÷ time of a, as measured", ylim=(len(ratios) - 0.5, -0.5))
    return figure
