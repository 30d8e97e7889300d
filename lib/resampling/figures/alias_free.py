"""Figures of the chapter on alias-free layers."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from resampling import expand_kernel, filtered_nonlinearity, matrix_of, upfirdn1d, windowed_sinc
from resampling.figures import INPUT, KERNEL, OUTPUT, panels
from resampling.figures.cells import draw_cells
from resampling.figures.matrices import draw_matrix

Array = np.ndarray
Bend = Callable[[Array], Array]
Curve = Mapping[str, Sequence[float]]

ALIAS = "#CC79A7"
EMPTY = "#888888"
MARKERS = ("o", "s", "^", "D")
BENDS: dict[str, Bend] = {
    "ReLU": lambda v: np.maximum(v, 0),
    "leaky ReLU": lambda v: np.where(v >= 0, v, 0.2 * v),
    "square": lambda v: v * v,
    "tanh(2x)": lambda v: np.tanh(2 * v),
}
BETA = 5.0  # of the Kaiser window of every filter here


def lowpass(taps: int, cutoff: float) -> Array:
    """The filter of this chapter: a sinc under a Kaiser window, `cutoff` in cycles/sample of the rate it runs at."""
    return windowed_sinc(taps, cutoff, BETA)


def ideal_bend(x: Array, bend: Bend, up: int = 8) -> Array:
    """`bend` at `up` times the rate along every axis, with the DFT as ideal filter both ways; x goes in a circle."""
    for axis in range(x.ndim):
        x = _resampled(x, axis, x.shape[axis] * up)
    x = bend(x)
    for axis in range(x.ndim):
        x = _resampled(x, axis, x.shape[axis] // up)
    return x


def _resampled(x: Array, axis: int, size: int) -> Array:
    """The same frequencies on `size` samples; those from 1/2 of the lower rate on are left out."""
    n = x.shape[axis]
    spectrum = np.moveaxis(np.fft.rfft(x, axis=axis), axis, -1)[..., : (min(n, size) + 1) // 2]
    return np.moveaxis(np.fft.irfft(spectrum, size), -1, axis) * size / n


def plot_upfirdn(
    input: Sequence[float], taps: Sequence[float], up: int, down: int, padding: tuple[int, int]
) -> Figure:  # fmt: skip
    """The four steps of up, filter, down, one below the other: samples blue, zeros grey, results green."""
    x, k = np.array(input, float), len(taps)
    spread = upfirdn1d(x, None, up)
    ready = upfirdn1d(x, None, up, padding=padding)
    fine = upfirdn1d(x, taps, up, padding=padding)
    kept = np.arange(len(fine)) % down == 0
    left = max(padding[0], 0)
    rows = (
        (f"up {up}", spread, left, INPUT, spread != 0),
        (f"pad {padding}", ready, left - padding[0], INPUT, ready != 0),
        (f"filter, k = {k}", fine, left - padding[0] + k - 1, OUTPUT, np.ones(len(fine), bool)),
        (f"every {_ordinal(down)}", fine, left - padding[0] + k - 1, OUTPUT, kept),
    )
    figure, axes = panels(1, 1, (8.2, 3.3))
    draw_cells(axes[0, 0], [cell for number, row in enumerate(rows) for cell in _row(2 * number / 1.4, row)])
    axes[0, 0].set_yticks([2 * number / 1.4 for number in range(4)], [row[0] for row in rows])
    axes[0, 0].tick_params(axis="y", length=0, labelleft=True)
    return figure


def _ordinal(number: int) -> str:
    return {1: "one", 2: "2nd", 3: "3rd"}.get(number, f"{number}th")


def _row(y: float, row: tuple[str, Array, int, str, Array]) -> list[tuple[float, float, str, str, float]]:
    """Cells of one step; those that do not count are faint."""
    _, values, start, colour, counts = row
    return [
        (start + i, y, f"{value:g}", colour if strong else EMPTY, 0.3 if strong else 0.05)
        for i, (value, strong) in enumerate(zip(values, counts, strict=True))
    ]


def plot_noble(taps: Sequence[float], factor: int, length: int) -> Figure:
    """Three matrices: spread taps and every s-th, every s-th and taps, and, not the same, taps and every s-th."""
    taps = np.array(taps, float)
    wide = expand_kernel(taps, factor)
    shown = {
        f"{_named(wide)}, then every {_ordinal(factor)}": lambda x: causal(x, wide)[..., ::factor],
        f"every {_ordinal(factor)}, then {_named(taps)}": lambda x: causal(x[..., ::factor], taps),
        f"{_named(taps)}, then every {_ordinal(factor)}": lambda x: causal(x, taps)[..., ::factor],
    }
    figure, axes = panels(1, 3, (10.2, 2.5))
    for ax, (name, operator), sign in zip(axes[0], shown.items(), ("=", "≠", ""), strict=True):
        draw_matrix(ax, matrix_of(operator, length))
        ax.set_title(name)
        ax.annotate(sign, (1, 0.5), (12, 0), xycoords="axes fraction", textcoords="offset points", fontsize=17,
                    ha="center", va="center", annotation_clip=False)  # fmt: skip
    figure.get_layout_engine().set(w_pad=0.16)
    return figure


def causal(x: Array, taps: Array) -> Array:
    """``y[i] = sum over t of taps[t] * x[i-t]``, with zeros before the first sample."""
    return upfirdn1d(x, taps, padding=(len(taps) - 1, 0))


def _named(taps: Array) -> str:
    return "[" + " ".join(f"{w:g}" for w in taps) + "]"


def plot_bend(cycles: int = 20, bend: str = "ReLU", up: int = 2, taps: int = 16, cutoff: float = 0.25) -> Figure:
    """The spectrum of a bent cosine: what is true of it, and what has folded, at the low rate and at a higher one.

    Parameters
    ----------
    cycles : int
        Turns of the cosine in 64 samples, at most 31.
    bend : str
        One of `BENDS`.
    up : int
        How many times the rate is raised for the bend.
    taps : int
        Of the low-pass filter, at most 64.
    cutoff : float
        Of the filter, in cycles/sample at the *higher* rate times ``up / 2``, so that 1/4 is always the low rate's
        limit.
    """
    n = 64
    x = np.cos(2 * np.pi * cycles * np.arange(n) / n + 0.3)
    w = lowpass(taps, min(2 * cutoff / up, 0.5))
    around = filtered_nonlinearity(np.tile(x, 5), BENDS[bend], w, up=up, axes=1)[2 * n : 3 * n]
    truth = _spectrum(ideal_bend(x, BENDS[bend], 64))
    figure, axes = panels(2, 1, (7.4, 4.9))
    for ax, name, y in ((axes[0, 0], "at the low rate", BENDS[bend](x)), (axes[1, 0], f"at {up} × the rate", around)):
        _draw_spectrum(ax, f"{bend} {name}", _spectrum(y), truth)
    axes[1, 0].set_xlabel("cycles/sample (low rate)")
    return figure


def _spectrum(x: Array) -> Array:
    return np.fft.rfft(x) * 2 / len(x)


def _draw_spectrum(ax: Axes, title: str, found: Array, truth: Array) -> None:
    """Circles where the ideal result lies, green what was found there, pink how far it is off."""
    f, wrong = np.arange(len(found)) / (2 * len(found) - 2), np.abs(found - truth)
    power = _power(wrong) / _power(truth)
    ax.vlines(f, 0, np.abs(found), color=OUTPUT, linewidth=4, label="found")
    ax.vlines(f, 0, -wrong, color=ALIAS, linewidth=4, label="its error")
    there = np.abs(truth) > 0.004
    ax.plot(f[there], np.abs(truth[there]), "o", color=INPUT, mfc="none", markersize=8, label="ideal")
    ax.axhline(0, color="#777777", linewidth=0.8)
    ax.set(xlim=(-0.012, 0.512), ylim=(-0.28, 0.72), yticks=[0, 0.5], title=f"{title}: error {_share(power)} of power")
    ax.legend(loc="upper right", ncols=3)


def _power(spectrum: Array) -> float:
    """Of the signal, its mean included: a bent wave may have nothing else below the limit."""
    return float(np.sum(np.abs(spectrum[1:]) ** 2) + np.abs(spectrum[0]) ** 2 / 2)


def _share(power: float) -> str:
    """A share in per cent, as short as it can be said."""
    return "0 %" if power < 1e-12 else f"{100 * power:.2g} %" if power < 1 else f"{100 * power:.0f} %"


def plot_equivariance(taps: Sequence[int], curves: Mapping[str, Array], plain: Array) -> Figure:
    """Equivariance in dB against the number of taps, mean and spread over pictures, with the plain bend as a line.

    Parameters
    ----------
    taps : sequence of int
    curves : mapping
        For each cutoff, by name: an array (pictures, taps).
    plain : array (pictures,)
    """
    figure, axes = panels(1, 1, (7.2, 4.0))
    ax = axes[0, 0]
    colours = (OUTPUT, INPUT, KERNEL, ALIAS)
    for (name, scores), colour, marker in zip(curves.items(), colours, MARKERS, strict=False):
        mean, spread = scores.mean(axis=0), scores.std(axis=0)
        ax.plot(taps, mean, marker=marker, color=colour, label=name)
        ax.fill_between(taps, mean - spread, mean + spread, color=colour, alpha=0.13, linewidth=0)
    ax.axhline(plain.mean(), color="black", linestyle="--", linewidth=1.2, label="no filter at all")
    ax.set(xlabel="taps k", ylabel="equivariance, dB", xticks=taps)
    ax.legend(title="cutoff", loc="upper left", bbox_to_anchor=(1, 1))
    return figure


def plot_trade(points: Mapping[str, tuple[Array, Array]]) -> Figure:
    """How near to the ideal bend against how equivariant, both in dB: one mark for each picture, one colour a method.

    Parameters
    ----------
    points : mapping
        For each method, by name: distance from the ideal and equivariance, arrays (pictures,).
    """
    figure, axes = panels(1, 1, (7.2, 3.9))
    ax = axes[0, 0]
    colours = ("black", OUTPUT, INPUT, KERNEL, ALIAS, "#E69F00")
    for (name, (near, steady)), colour, marker in zip(points.items(), colours, (*MARKERS, "v", "P"), strict=False):
        ax.plot(near, steady, marker, color=colour, alpha=0.55, linestyle="none", markersize=6)
        ax.plot(near.mean(), steady.mean(), marker, color=colour, markersize=12, mec="white", label=name)
    ax.set(xlabel="PSNR against the ideal bend, dB  (more is nearer)", ylabel="equivariance, dB")
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return figure


def plot_misses(picture: Array, misses: Mapping[str, Array], largest: float) -> Figure:
    """A picture, and by how much operators miss when it moves: white is nothing, black is `largest` or more."""
    shown: dict[str, Any] = {"bent": picture} | misses
    height, width = picture.shape
    figure, axes = panels(1, len(shown), (2.55 * len(shown), 2.55 * height / width + 0.35))
    for ax, (name, image) in zip(axes[0], shown.items(), strict=True):
        error = name != "bent"
        ax.imshow(np.abs(image) if error else image, cmap="gray_r" if error else "gray",
                  vmin=0 if error else None, vmax=largest if error else None)  # fmt: skip
        ax.set(title=name, xticks=[], yticks=[])
    return figure
