"""Figures of the chapter on interpolation."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from resampling import box, interpolation_matrix, keys, lanczos, mitchell_netravali, resize, tent
from resampling.figures import INPUT, KERNEL, OUTPUT, panels
from resampling.figures.matrices import draw_matrix

Array = np.ndarray
Kernel = Callable[[Array], Array]
GREY = "#777777"

# Kernel and radius, by the name that the reader knows.
KERNELS: dict[str, tuple[Kernel, float]] = {
    "nearest": (box, 0.5),
    "linear": (tent, 1),
    "cubic": (keys, 2),
    "cubic, a = −3/4": (partial(keys, a=-0.75), 2),
    "Mitchell": (mitchell_netravali, 2),
    "Lanczos": (lanczos, 3),
}
COLOURS = dict(zip(KERNELS, ("#000000", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#D55E00"), strict=True))
LINES = dict(zip(KERNELS, ("-", "--", "-", (0, (5, 1)), "-.", ":"), strict=True))


def plot_reading(samples: Array, c: float, kernels: Sequence[str]) -> Figure:
    """Each kernel laid on coordinate `c`: the samples that it meets, their weights, and the value that comes out."""
    figure, axes = panels(1, len(kernels), (2.9 * len(kernels), 2.9), wspace=0.05)
    j = np.arange(len(samples))
    for ax, name in zip(axes[0], kernels, strict=True):
        kernel, reach = KERNELS[name]
        weights = kernel(j - c)
        x = np.linspace(c - reach, c + reach, 301)
        ax.fill_between(x, kernel(x - c), color=KERNEL, alpha=0.15)
        ax.plot(x, kernel(x - c), color=KERNEL)
        ax.plot(j, samples, "o", color=INPUT, markersize=7)
        ax.vlines(j, 0, weights, color=KERNEL, linewidth=2.5)
        _write_weights(ax, j, weights)
        value = weights @ samples / weights.sum()
        ax.plot(c, value, "D", color=OUTPUT, markersize=8)
        ax.annotate(f"{value:.3f}", (c, value), (-8, -3), textcoords="offset points", color=OUTPUT, ha="right")
        ax.axhline(0, color=GREY, linewidth=0.8)
        ax.set(title=name, xticks=j, xlabel="coordinate, samples", ylim=(-0.3, 2.3), xlim=(-0.6, j[-1] + 0.6))
    return figure


def _write_weights(ax: Axes, j: Array, weights: Array) -> None:
    for sample, weight in zip(j.tolist(), weights.tolist(), strict=True):
        if abs(weight) > 1e-9:
            away = 4 if weight > 0 else -11
            ax.annotate(
                f"{weight:.3g}", (sample, weight), (0, away), textcoords="offset points", ha="center", fontsize=8
            )


def plot_kernels() -> Figure:
    """Every kernel of the chapter, with dots at the whole distances, where a kernel that keeps the samples is 0."""
    figure, axes = panels(2, 3, (8.6, 4.4), wspace=0.03)
    x, whole = np.linspace(-3.3, 3.3, 1321), np.arange(-3.0, 4)
    for ax, (name, (kernel, _)) in zip(axes.flat, KERNELS.items(), strict=True):
        ax.axhline(0, color=GREY, linewidth=0.8)
        ax.fill_between(x, kernel(x), color=KERNEL, alpha=0.15)
        ax.plot(x, kernel(x), color=KERNEL)
        ax.plot(whole, kernel(whole), "o", color="black", markersize=4)
        ax.set(title=name, xticks=whole, ylim=(-0.22, 1.12))
        ax.label_outer()
    for ax in axes[1]:
        ax.set_xlabel("distance, samples")
    return figure


def moment(kernel: Kernel, reach: float, m: int, s: Array) -> Array:
    """Sum over samples of weight times ``(j - s) ** m``, the weights divided by their sum, for coordinates `s`."""
    j = np.arange(-np.ceil(reach), np.ceil(reach) + 2)
    weights = kernel(j - s[:, None])
    weights = weights / weights.sum(axis=1, keepdims=True)
    return (weights * (j - s[:, None]) ** m).sum(axis=1)


def plot_moments(names: Sequence[str] = tuple(KERNELS)) -> Figure:
    """First and second moment of each kernel's weights, for outputs between two samples: 0 is what we want."""
    figure, axes = panels(1, 2, (8.8, 3.4))
    s = np.linspace(0, 1, 401)
    for ax, m in zip(axes[0], (1, 2), strict=True):
        for name in names:
            ax.plot(s, moment(*KERNELS[name], m, s), color=COLOURS[name], linestyle=LINES[name], label=name)
        ax.set(xlabel="output at s, between samples 0 and 1", title=f"moment {m}: how t{'²' * (m - 1)} is missed")
    axes[0, 0].set_ylim(-0.2, 0.2)
    figure.legend(
        *axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=6, fontsize=8, frameon=False
    )
    return figure


def plot_edge(names: Sequence[str], factor: int = 16) -> Figure:
    """A step and a straight line through each kernel, enlarged: overshoot on the left, waves on the right."""
    figure, axes = panels(1, 2, (8.8, 3.4))
    n = 12
    c = (np.arange(n * factor) + 0.5) / factor - 0.5
    step, line = (np.arange(n) >= n // 2) * 1.0, np.arange(n) * 1.0
    for name in names:
        style = {"color": COLOURS[name], "linestyle": LINES[name], "label": name}
        axes[0, 0].plot(c, _enlarged(step, name, factor), **style)
        axes[0, 1].plot(c, _enlarged(line, name, factor) - c, **style)
    axes[0, 0].plot(np.arange(n), step, "o", color=INPUT, zorder=5)
    axes[0, 0].set(xlim=(2.5, 8.5), xlabel="coordinate, samples", title="an edge")
    axes[0, 1].set(xlim=(3.5, 7.5), ylim=(-0.1, 0.1), xlabel="coordinate, samples", title="a straight line: the error")
    figure.legend(
        *axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=6, fontsize=8, frameon=False
    )
    return figure


RULES: dict[str, dict[str, Any]] = {
    "nearest": {"mode": "nearest"},
    "linear": {"mode": "linear"},
    "cubic": {"mode": "cubic"},
    "cubic, a = −3/4": {"mode": "cubic", "a": -0.75},
    "Mitchell": {"mode": "mitchell"},
    "Lanczos": {"mode": "lanczos"},
}


def _enlarged(x: Array, name: str, factor: int) -> Array:
    return resize(x, len(x) * factor, **RULES[name])


def plot_interpolation_matrices(length: int, size: int, names: Sequence[str]) -> Figure:
    """The matrices of several kernels between the same lengths, side by side."""
    figure, axes = panels(1, len(names), (0.58 * length * len(names) + 0.8, 0.52 * size + 0.4))
    for ax, name in zip(axes[0], names, strict=True):
        matrix = interpolation_matrix(length, size, **RULES[name])
        draw_matrix(ax, matrix, largest=1.0, numbers=True)
        ax.set_title(f"{name}, {size}×{length}")
    return figure


def plot_stretched(length: int, size: int, name: str = "linear") -> Figure:
    """A matrix that shrinks, without and with a stretched kernel; below, how much each input sample counts."""
    options = RULES[name]
    matrices = {
        "as it is": interpolation_matrix(length, size, **options),
        "antialias: stretched": interpolation_matrix(length, size, antialias=True, exclude_outside=True, **options),
    }
    figure, axes = panels(2, 2, (9.0, 3.9), height_ratios=[size, 2.2])
    for (title, matrix), (above, below) in zip(matrices.items(), axes.T, strict=True):
        draw_matrix(above, matrix, largest=0.6, numbers=False)
        above.set_aspect("auto")
        above.set_title(f"{title}, {size}×{length}")
        counts = matrix.sum(axis=0)
        below.bar(np.arange(length), counts, color=INPUT, width=0.8)
        unread = np.flatnonzero(np.abs(counts) < 1e-12)
        below.plot(unread, np.zeros(len(unread)), "x", color=KERNEL, markersize=6)
        below.set(xlim=(-0.5, length - 0.5), ylim=(-0.05, 0.62), xlabel="input sample", xticks=range(0, length, 4))
    axes[1, 0].set_ylabel("counts")
    return figure


def plot_enlarged(picture: Array, names: Sequence[str], factor: int) -> Figure:
    """A small picture enlarged by each kernel; black and white are the small picture's darkest and lightest values."""
    figure, axes = panels(1, len(names), (2.35 * len(names), 2.35 * picture.shape[0] / picture.shape[1] + 0.5))
    size = tuple(n * factor for n in picture.shape)
    shades = {"cmap": "gray", "vmin": picture.min(), "vmax": picture.max(), "interpolation": "nearest"}
    for ax, name in zip(axes[0], names, strict=True):
        ax.imshow(resize(picture, size, **RULES[name]), **shades)
        ax.set(title=name, xticks=[], yticks=[])
    return figure


def plot_gains(tables: Mapping[str, Array], pictures: Sequence[str], names: Sequence[str]) -> Figure:
    """For every way of halving and every picture: decibels of each kernel above or below linear.

    Parameters
    ----------
    tables : mapping of array (pictures, names)
        PSNR in decibels; the key is the title of the panel.
    """
    figure, axes = panels(1, len(tables), (4.4 * len(tables), 0.36 * len(pictures) + 1.3), wspace=0.03)
    places = np.arange(len(pictures))
    marks = dict(zip(KERNELS, "soD^vP", strict=True))
    for ax, (title, table) in zip(axes[0], tables.items(), strict=True):
        ax.axvline(0, color=COLOURS["linear"], linewidth=1.2)
        linear = table[:, names.index("linear")]
        for name in names:
            if name != "linear":
                gain = table[:, names.index(name)] - linear
                ax.plot(gain, places, marks[name], color=COLOURS[name], label=name, markersize=6, alpha=0.85)
        ax.set(title=title, xlabel="dB above linear", yticks=places, ylim=(len(pictures) - 0.5, -0.5))
        ax.grid(axis="y", color="#dddddd")
        ax.set_yticks(places, pictures if ax is axes[0, 0] else [""] * len(pictures))
    figure.legend(
        *axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=6, fontsize=8, frameon=False
    )
    return figure
