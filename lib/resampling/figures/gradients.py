"""Figures of the chapter on gradients."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from resampling import conv1d, conv1d_backward, conv_output_size
from resampling.figures import INPUT, KERNEL, OUTPUT, panels
from resampling.figures.cells import draw_cells
from resampling.figures.matrices import draw_matrix

Array = np.ndarray
Cell = tuple[float, float, str, str, float]

PICKS = ("an output, forward", "an input, backward")
PADDING = "#888888"


# --------------------------------------------------------------------------- one sum, three derivatives


def plot_one_sum(x: Array, weight: Array, grad_output: Array) -> Figure:
    """The same products of a convolution without stride, added up in three ways: y, dx and dw."""
    n, k, o = len(x), len(weight), len(grad_output)
    figure, axes = panels(1, 3, (0.62 * (2 * n + k + 4.2), 0.62 * o + 1.9), width_ratios=[n + 1.4, n, k])
    windows = [(i, t, i + t) for i in range(o) for t in range(k)]
    forward = [(j, i, _product(("w", t, weight), ("x", j, x)), KERNEL, 0.15) for i, t, j in windows]
    to_x = [(j, i, _product(("g", i, grad_output), ("w", t, weight)), KERNEL, 0.15) for i, t, j in windows]
    to_w = [(t, i, _product(("g", i, grad_output), ("x", j, x)), INPUT, 0.15) for i, t, j in windows]
    dx, dw, _ = (a.ravel() for a in conv1d_backward(grad_output[None], x[None], weight[None, None]))
    y = conv1d(x[None], weight[None, None]).ravel()
    draw_cells(axes[0, 0], forward + [(n + 0.4, i, f"{value:g}", OUTPUT, 0.35) for i, value in enumerate(y)])
    draw_cells(axes[0, 1], to_x + [(j, o + 0.4, f"{value:g}", INPUT, 0.35) for j, value in enumerate(dx)])
    draw_cells(axes[0, 2], to_w + [(t, o + 0.4, f"{value:g}", KERNEL, 0.35) for t, value in enumerate(dw)])
    titles = "y: without $g$,\nalong each window", "dx: without $x$,\nat each sample", "dw: without $w$,\nat each tap"
    for ax, title in zip(axes[0], titles, strict=True):
        ax.set(title=title, anchor="N")
    return figure


def _product(*factors: tuple[str, int, Array]) -> str:
    """Two factors, in letters and in numbers below."""
    letters = "\\,".join(f"{letter}_{index}" for letter, index, _ in factors)
    return f"${letters}$\n" + "·".join(f"{values[index]:g}" for _, index, values in factors)


# --------------------------------------------------------------------------- who reads whom


def plot_reading(
    length: int = 7,
    kernel_size: int = 3,
    stride: int = 2,
    padding: int = 1,
    dilation: int = 1,
    pick: str = PICKS[1],
    number: int = 3,
) -> Figure:
    """What one output reads, or which outputs have read one input and send their gradient back to it.

    Parameters
    ----------
    length, kernel_size, stride, padding, dilation : int
        ``n``, ``k``, ``s``, ``p`` and ``d`` of the convolution.
    pick : "an output, forward" or "an input, backward"
        What `number` counts.
    number : int
        Which one; the last one if there are not so many.
    """
    sizes = length, kernel_size, stride, padding, dilation
    figure, axes = panels(1, 1, (0.5 * (length + 2 * padding) + 1.6, 3.3))
    ax = axes[0, 0]
    if length + 2 * padding <= dilation * (kernel_size - 1):
        ax.set(xticks=[], yticks=[], title="no window fits")
        return figure
    readings = _readings(*sizes)
    forward = pick == PICKS[0]
    last = conv_output_size(*sizes) - 1 if forward else length - 1
    number = min(number, last)
    chosen = [r for r in readings if r[0 if forward else 2] == number]
    _draw_lines(ax, sizes, readings, chosen)
    _draw_both_rows(ax, sizes, chosen, readings, "y" if forward else "g")
    ax.set_title(_in_words(chosen, number, forward, length))
    return figure


def _readings(n: int, k: int, s: int, p: int, d: int) -> list[tuple[int, int, int]]:
    """(window, tap, sample) of all that is read, in the padding too."""
    o = conv_output_size(n, k, s, p, d)
    return [(i, t, s * i + d * t - p) for i in range(o) for t in range(k)]


def _above(i: int, sizes: tuple[int, ...]) -> float:
    """Where output `i` is drawn: over the middle of its window."""
    _, k, s, p, d = sizes
    return s * i - p + d * (k - 1) / 2


def _draw_lines(ax: Axes, sizes: tuple[int, ...], readings: list[tuple[int, int, int]], chosen: list) -> None:
    for i, t, j in readings:
        strong = (i, t, j) in chosen
        look = {"color": KERNEL, "linewidth": 2.2} if strong else {"color": "#cccccc", "linewidth": 0.9}
        ax.plot([j, _above(i, sizes)], [2.05, 0.5], zorder=3 if strong else 1, **look)
        if strong:
            middle = (1.35 * j + _above(i, sizes)) / 2.35, (1.35 * 2.05 + 0.5) / 2.35
            ax.annotate(f"$w_{t}$", middle, ha="center", va="center", fontsize=9.5, zorder=4,
                        bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": KERNEL})  # fmt: skip


def _draw_both_rows(
    ax: Axes,
    sizes: tuple[int, ...],
    chosen: list[tuple[int, int, int]],
    readings: list[tuple[int, int, int]],
    letter: str,
) -> None:
    n, _, _, p, _ = sizes
    outputs, inputs = {i for i, _, _ in chosen}, {j for _, _, j in chosen}
    cells = [(_above(i, sizes), 0, f"${letter}_{{{i}}}$", OUTPUT, 0.5 if i in outputs else 0.12)
             for i in dict.fromkeys(r[0] for r in readings)]  # fmt: skip
    for j in range(-p, n + p):
        inside = 0 <= j < n
        cells.append((j, 2.55, f"$x_{{{j}}}$" if inside else "0", INPUT if inside else PADDING,
                      0.5 if j in inputs else 0.12))  # fmt: skip
    draw_cells(ax, cells)
    for j in range(n):
        readers = sum(reading[2] == j for reading in readings)
        ax.text(j, 3.35, str(readers), ha="center", va="center", fontsize=8.5, color="#444444")
    ax.text(-p - 0.8, 3.35, "read by", ha="right", va="center", fontsize=8.5, color="#444444")
    ax.set(ylim=(3.7, -0.6), xlim=(-p - 2.4, n + p - 0.4))


def _in_words(chosen: list[tuple[int, int, int]], number: int, forward: bool, n: int) -> str:
    """The sum that stands for the lines, as a formula."""
    if forward:
        terms = [f"w_{t}\\,x_{{{j}}}" for _, t, j in chosen if 0 <= j < n]
        return f"$y_{{{number}}} = {' + '.join(terms) or '0'}$"
    terms = [f"w_{t}\\,g_{{{i}}}" for i, t, _ in chosen]
    return f"$dx_{{{number}}} = {' + '.join(terms) or '0'}$" + ("" if terms else ": no window reads it")


# --------------------------------------------------------------------------- Jacobians


def plot_jacobians(matrices: Mapping[str, Array]) -> Figure:
    """Matrices of derivatives side by side, each cell equally large, positive orange and negative violet."""
    shapes = [m.shape for m in matrices.values()]
    cell = min(0.4, 7.4 / sum(columns for _, columns in shapes))
    size = cell * sum(c for _, c in shapes) + 0.9 * len(shapes), cell * max(r for r, _ in shapes) + 1.3
    figure, axes = panels(1, len(shapes), size, width_ratios=[c for _, c in shapes])
    for ax, (name, matrix) in zip(axes[0], matrices.items(), strict=True):
        draw_matrix(ax, matrix, numbers=True)
        ax.set(title=f"{name}\n{matrix.shape[0]}×{matrix.shape[1]}", anchor="N")
    return figure


# --------------------------------------------------------------------------- difference quotients


def difference_errors(steps: Sequence[float], dtype: str, central: bool) -> Array:
    """Relative error of the gradient of ``sum(g * tanh(conv(x, w)))`` by differences, for each step, in `dtype`.

    The loss is computed in `dtype` throughout; the gradient that it is compared with, in float64 by the chain rule.
    """
    rng = np.random.default_rng(0)
    x, w, g = (rng.standard_normal(shape) for shape in ((1, 12), (1, 1, 3), (1, 10)))
    slope = g / np.cosh(conv1d(x, w)) ** 2
    exact = conv1d_backward(slope, x, w)[0]
    errors = []
    for step in steps:
        found = _differences(lambda a: np.tanh(conv1d(a, w.astype(dtype))), x.astype(dtype), g.astype(dtype),
                             np.dtype(dtype).type(step), central)  # fmt: skip
        errors.append(np.linalg.norm(found - exact) / np.linalg.norm(exact))
    return np.array(errors)


def _differences(function: Callable[[Array], Array], x: Array, g: Array, step: float, central: bool) -> Array:
    found = np.zeros(x.shape)
    for j in range(x.shape[1]):
        move = np.zeros_like(x)
        move[0, j] = step
        low = np.sum(g * function(x - move if central else x))
        found[0, j] = (np.sum(g * function(x + move)) - low) / ((1 + central) * step)
    return found


def plot_steps(steps: Sequence[float]) -> Figure:
    """Relative error against the step: central and forward differences in two precisions."""
    figure, axes = panels(1, 1, (7.0, 3.9))
    ax = axes[0, 0]
    looks = {
        ("float32", False): (KERNEL, "--", "v"),
        ("float32", True): (KERNEL, "-", "o"),
        ("float64", False): (INPUT, "--", "v"),
        ("float64", True): (INPUT, "-", "o"),
    }
    for (dtype, central), (colour, line, marker) in looks.items():
        errors = difference_errors(steps, dtype, central)
        name = f"{'central' if central else 'forward'}, {dtype}"
        ax.loglog(steps, np.maximum(errors, 1e-16), line, marker=marker, color=colour, label=name, markersize=3.5,
                  linewidth=1.3)  # fmt: skip
    ax.set(xlabel="step h", ylabel="relative error of the gradient", ylim=(1e-12, 30))
    ax.grid(color="#dddddd", linewidth=0.6)
    ax.legend(fontsize=8.5, loc="lower left")
    return figure


# --------------------------------------------------------------------------- patterns in gradients


def plot_patterns_in_gradients(gradients: Mapping[str, Array]) -> Figure:
    """Gradients as pictures: orange positive, violet negative, each on a scale of its own."""
    figure, axes = panels(1, len(gradients), (2.35 * len(gradients) + 0.3, 2.9))
    for ax, (name, gradient) in zip(axes[0], gradients.items(), strict=True):
        largest = 1.5 * np.max(np.abs(gradient), initial=0) or 1.0
        ax.imshow(gradient, cmap="PuOr_r", vmin=-largest, vmax=largest, interpolation="nearest")
        ax.set(title=name, xticks=[], yticks=[])
        ax.spines[:].set(visible=True, color="#999999")
    return figure
