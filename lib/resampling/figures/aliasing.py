"""Figures of the chapter on aliasing."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from resampling import alias_frequency, binomial, decimate, design_lowpass, folding_matrix, frequency_response
from resampling.figures import INPUT, KERNEL, OUTPUT, panels
from resampling.figures.matrices import draw_grid, draw_matrix

Array = np.ndarray
ALIAS = "#CC79A7"
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1)))
FILTERS = ("none", "average", "binomial 3", "binomial 5", "windowed sinc")


def prefilter(name: str, factor: int) -> Array:
    """Taps of a filter named in `FILTERS`, made for keeping every `factor`-th sample."""
    makers = {
        "none": lambda: np.ones(1),
        "average": lambda: np.full(factor, 1 / factor),
        "binomial 3": lambda: binomial(3),
        "binomial 5": lambda: binomial(5),
        "windowed sinc": lambda: design_lowpass(0.4 / factor, 0.2 / factor, 40.0),
    }
    return makers[name]()


def plot_alias(cycles: int = 7, length: int = 16, factor: int = 2) -> Figure:
    """A cosine, the samples of it that are kept, and the slowest cosine through them."""
    figure, axes = panels(1, 1, (7.6, 2.9))
    ax, n, fine = axes[0, 0], np.arange(length), np.linspace(0, length, 40 * length + 1)
    slow = alias_frequency(cycles / length, factor) / factor
    ax.plot(fine, np.cos(2 * np.pi * cycles / length * fine), color=INPUT, linewidth=1, label=f"{cycles}/{length}")
    ax.plot(n, np.cos(2 * np.pi * cycles / length * n), "o", color=INPUT, markersize=4)
    ax.plot(fine, np.cos(2 * np.pi * slow * fine), "--", color=OUTPUT, label=f"{slow * length:g}/{length}")
    ax.plot(n[::factor], np.cos(2 * np.pi * cycles / length * n[::factor]), "o", color=OUTPUT, markersize=9, mfc="none")
    ax.set(xlabel="sample", ylim=(-1.2, 1.2), yticks=[-1, 0, 1], xlim=(-0.3, length))
    ax.legend(title="cycles/sample", loc="upper left", bbox_to_anchor=(1, 1))
    return figure


def plot_zigzag(factors: tuple[int, ...] = (1, 2, 4), marked: float = 7 / 16) -> Figure:
    """What a frequency turns into, for several steps, one below the other."""
    figure, axes = panels(len(factors), 1, (6.4, 1.35 * len(factors) + 0.4), hspace=0.1)
    f = np.linspace(0, 1, 961)
    for ax, s in zip(axes[:, 0], factors, strict=True):
        ax.axvspan(0, 1 / (2 * s), color=OUTPUT, alpha=0.12, linewidth=0)
        ax.plot(f, alias_frequency(f, s), color=OUTPUT)
        ax.plot(marked, alias_frequency(marked, s), "o", color=INPUT)
        ax.annotate(f"{alias_frequency(marked, s):.4g}", (marked, alias_frequency(marked, s)), (7, 0),
                    textcoords="offset points", fontsize=9, va="center")  # fmt: skip
        ax.set(xlim=(0, 1), ylim=(0, 0.56), yticks=[0, 0.5], ylabel=f"s = {s}", xticks=np.arange(0, 1.01, 1 / 8))
        ax.set_xticklabels([] if s != factors[-1] else ["0", "1/8", "1/4", "3/8", "1/2", "5/8", "3/4", "7/8", "1"])
    axes[-1, 0].set_xlabel("frequency f, cycles per input sample")
    axes[0, 0].set_title("frequency that comes out, cycles per output sample")
    return figure


def plot_folding_matrix(length: int, factor: int) -> Figure:
    """The folding matrix times the DFT of `length` samples equals the DFT of fewer samples times the sampling."""
    outputs = length // factor
    fold, large, small = folding_matrix(length, factor), _cosines(length), _cosines(outputs)
    sampled = np.zeros((outputs, length))
    sampled[np.arange(outputs), factor * np.arange(outputs)] = 1
    parts = {f"Φ, {outputs}×{length}": fold, f"F, {length}×{length}": large,
             f"F, {outputs}×{outputs}": small, f"S, {outputs}×{length}": sampled}  # fmt: skip
    figure, axes = panels(1, 4, (9.6, 3.3), width_ratios=[length, length, outputs, length])
    for ax, (name, matrix), sign in zip(axes[0], parts.items(), ("·", "=", "·", ""), strict=True):
        draw_matrix(ax, matrix, largest=1.0, numbers=False)
        ax.set_title(name)
        ax.annotate(sign, (1, 0.5), (11, 0), xycoords="axes fraction", textcoords="offset points", fontsize=15,
                    ha="center", va="center", annotation_clip=False)  # fmt: skip
    draw_grid(axes[0, 0], fold.shape, (outputs, outputs), color="#444444", linewidth=1.3)
    figure.get_layout_engine().set(w_pad=0.16)
    return figure


def _cosines(length: int) -> Array:
    """Real part of the DFT's matrix."""
    n = np.arange(length)
    return np.cos(2 * np.pi * np.outer(n, n) / length)


def plot_responses(filters: Mapping[str, Array], factor: int) -> Figure:
    """Gain of several filters in decibels; what lies right of the line is folded when every `factor`-th is kept."""
    figure, axes = panels(1, 1, (7.4, 3.5))
    ax, f = axes[0, 0], np.linspace(0, 0.5, 1001)
    colours = ("#777777", INPUT, KERNEL, "#E69F00", "#000000")
    for (name, taps), colour, dashes in zip(filters.items(), colours, DASHES, strict=False):
        gain = np.abs(frequency_response(taps, f))
        ax.plot(f, 20 * np.log10(np.maximum(gain, 1e-6)), color=colour, linestyle=dashes, label=name, linewidth=1.6)
    ax.axvspan(1 / (2 * factor), 0.5, color=ALIAS, alpha=0.13, linewidth=0)
    ax.set(xlim=(0, 0.5), ylim=(-80, 4), xlabel="cycles per input sample", ylabel="gain, dB")
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return figure


def zone_plate(size: int) -> Array:
    """Rings whose frequency, r / size cycles/pixel at distance r from the middle, reaches 1/2 at the sides."""
    return 0.5 + 0.5 * np.cos(np.pi * _radius(size) ** 2 / size)


def _radius(size: int) -> Array:
    """Distance of each pixel of a square from its middle."""
    line = np.arange(size) - size // 2
    return np.hypot(line[:, None], line)


def shrunk(x: Array, factor: int, taps: Array) -> Array:
    """`decimate` on both axes of a picture that is mirrored at its border."""
    for axis in (0, 1):
        x = decimate(x, factor, taps, axis=axis, mode="reflect")
    return x


def false_rings(small: Array, factor: int) -> float:
    """RMS contrast where a shrunk zone plate should be grey: from 1.5 times the radius that samples can carry."""
    middle, r = len(small) / 2, _radius(len(small))
    return float(np.std(small[(r > 1.5 * middle / factor) & (r < middle)]))


def plot_zone_plate(size: int, factor: int, filters: Mapping[str, Array]) -> Figure:
    """A zone plate, and what several filters leave of it; rings outside the small circle are aliases."""
    plate = zone_plate(size)
    smalls = {name: shrunk(plate, factor, taps) for name, taps in filters.items()}
    figure, axes = _in_rows_of_three(len(filters) + 1, 2.9)
    for ax, (name, x) in zip(axes, {f"{size}×{size}": plate, **smalls}.items(), strict=False):
        _draw_picture(ax, x, name)
        # at distance r the rings have r / size cycles per pixel; half a cycle per kept pixel is the limit
        limit = len(x) / (2 * factor)
        ax.add_patch(Circle((len(x) // 2, len(x) // 2), limit, fill=False, edgecolor="#E69F00", linewidth=1.2))
    return figure


def _in_rows_of_three(count: int, height: float) -> tuple[Figure, list[Axes]]:
    """A figure with `count` places for pictures."""
    rows = -(-count // 3)
    figure, axes = panels(rows, 3, (7.8, height * rows))
    for ax in axes.flat[count:]:
        ax.axis("off")
    return figure, list(axes.flat[:count])


def _draw_picture(ax: Axes, x: Array, title: str, **options: Any) -> None:
    ax.imshow(x, **{"cmap": "gray", "vmin": 0, "vmax": 1} | options)
    ax.set(title=title, xticks=[], yticks=[])
    ax.spines[:].set_visible(False)


def plot_attack(cover: Array, secret: Array, factor: int) -> Figure:
    """A picture in which every `factor`-th pixel was replaced, and its small versions with and without a filter."""
    attacked = cover.copy()
    attacked[::factor, ::factor] = secret
    taps = prefilter("windowed sinc", factor)
    figure, axes = panels(2, 2, (6.6, 7.3))
    pictures = {
        "the picture, attacked": attacked,
        f"every {factor}th pixel, no filter": attacked[::factor, ::factor],
        "filtered first": shrunk(attacked, factor, taps),
        "the cover, filtered first": shrunk(cover, factor, taps),
    }
    for ax, (name, x) in zip(axes.flat, pictures.items(), strict=True):
        _draw_picture(ax, x, f"{name}\n{x.shape[0]}×{x.shape[1]}")
    return figure


def cheapest_attack(cover: Array, secret: Array, factor: int, taps: Array) -> Array:
    """The picture nearest to `cover` whose small version, filtered with a border that wraps around, is `secret`.

    In the frequency domain, where the filter multiplies and the sampling folds.
    """
    gains = [_gain(taps, n) for n in cover.shape]
    gain = np.outer(*gains)
    power = _folded(np.abs(gain) ** 2, factor) / factor**2
    missing = np.fft.fft2(secret) - _folded(gain * np.fft.fft2(cover), factor) / factor**2
    return cover + np.fft.ifft2(np.conj(gain) * np.tile(missing / power, (factor, factor))).real


def _gain(taps: Array, length: int) -> Array:
    """What a filter multiplies each frequency by: conjugate, for it is not flipped, and centred as `decimate` does."""
    f = np.fft.fftfreq(length)
    return np.conj(frequency_response(taps, f) * np.exp(2j * np.pi * f * ((len(taps) - 1) // 2)))


def _folded(spectrum: Array, factor: int) -> Array:
    height, width = spectrum.shape
    return spectrum.reshape(factor, height // factor, factor, width // factor).sum(axis=(0, 2))


def plot_prices(cover: Array, secret: Array, factor: int, filters: Mapping[str, Array]) -> Figure:
    """What the cheapest attack has to show in large: how much it changes, and how many pixels leave 0 to 1."""
    figure, axes = _in_rows_of_three(len(filters) + 1, 3.2)
    _draw_picture(axes[0], secret, "the small version of each")
    for ax, (name, taps) in zip(axes[1:], filters.items(), strict=True):
        attacked = cheapest_attack(cover, secret, factor, taps)
        change = float(np.sqrt(np.mean((attacked - cover) ** 2)))
        beyond = float(np.mean((attacked < 0) | (attacked > 1)))
        _draw_picture(ax, attacked, f"{name}\nchange {change:.2f}, {beyond:.0%} impossible")
    return figure
