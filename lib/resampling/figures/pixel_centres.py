"""Figures of the chapter on pixel centres."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from resampling import centre_of_mass, conv_transpose2d, resize, resize_shift, source_coordinates
from resampling.figures import INPUT, KERNEL, OUTPUT, panels

Array = np.ndarray
GREY = "#777777"
CONVENTIONS = ("half_pixel", "align_corners", "asymmetric")
COLOURS = dict(zip(CONVENTIONS, (OUTPUT, "#E69F00", "#CC79A7"), strict=True))
MARKERS = dict(zip(CONVENTIONS, "osD", strict=True))
LINES = dict(zip(CONVENTIONS, ("-", "--", ":"), strict=True))


def plot_conventions(samples: int, size: int) -> Figure:
    """The same two grids in three conventions, one below the other."""
    figure, axes = panels(3, 1, (7.4, 4.9))
    for ax, name in zip(axes[:, 0], CONVENTIONS, strict=True):
        read = source_coordinates(size, samples, name)
        _draw_grid(ax, samples, read, size)
        ax.set_title(name)
        for c in read:
            ax.text(c, -0.42, f"{c:.2f}".rstrip("0").rstrip("."), ha="center", va="top", fontsize=8, color="#333333")
        ax.set_ylim(-0.75, 1.4)
    return figure


def _draw_grid(ax: Axes, samples: int, read: Array, size: int) -> None:
    """Input pixels above, output pixels below them with their centres at `read`; lines join what belongs together."""
    for j in range(samples):
        ax.add_patch(Rectangle((j - 0.5, 0.65), 1, 0.45, facecolor=INPUT, alpha=0.15, edgecolor=INPUT))
        ax.text(j, 1.14, str(j), ha="center", va="bottom", fontsize=8, color=INPUT)
    ax.plot(np.arange(samples), np.full(samples, 0.875), "o", color=INPUT, markersize=6)
    width = samples / size if size == 1 else (read[-1] - read[0]) / (size - 1)
    for c in read:
        ax.add_patch(Rectangle((c - width / 2, -0.3), width, 0.45, facecolor=OUTPUT, alpha=0.15, edgecolor=OUTPUT))
    ax.plot(read, np.full(size, -0.075), "o", color=OUTPUT, markersize=5)
    ax.vlines(np.clip(read, 0, samples - 1), 0.2, 0.6, color=GREY, linewidth=0.7)
    ax.set(xlim=(-1.3, samples + 0.3), ylim=(-0.4, 1.4), yticks=[0.875, -0.075], xticks=[])
    ax.set_yticklabels(["input", "output"])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)


def plot_shifts(samples: int, sizes: Sequence[int]) -> Figure:
    """By how much each output sample shows the picture moved, for several sizes of the output."""
    figure, axes = panels(1, len(sizes), (4.1 * len(sizes), 3.0), wspace=0.04)
    for ax, size in zip(axes[0], sizes, strict=True):
        place = source_coordinates(size, samples)
        for name in CONVENTIONS:
            shift = place - source_coordinates(size, samples, name)
            ax.plot(place, shift, color=COLOURS[name], linestyle=LINES[name], label=name, linewidth=2.2)
        ax.set(title=f"{samples} samples to {size}", xlabel="place in the picture, input samples")
    axes[0, 0].set_ylabel("shift, input samples")
    _legend_below(figure, axes[0, 0])
    return figure


def _legend_below(figure: Figure, ax: Axes, columns: int = 3) -> None:
    handles, labels = ax.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=columns, fontsize=8.5, frameon=False)


Trip = tuple[Mapping[str, Any], Mapping[str, Any]]


def round_trips(x: Array, trip: Trip, trips: int) -> list[Array]:
    """`x` and what is left of it after 1, 2, … `trips` times half the size and back, by the options of `trip`."""
    half = tuple(n // 2 for n in x.shape)
    pictures = [x]
    for _ in range(trips):
        small = resize(pictures[-1], half, **trip[0])
        pictures.append(resize(small, x.shape, **trip[1]))
    return pictures


def horizontal_drift(pictures: Sequence[Array]) -> Array:
    """How far the centre of mass has moved to the right since the first picture."""
    centres = np.array([centre_of_mass(p)[-1] for p in pictures])
    return centres - centres[0]


def plot_drift(x: Array, trips: Mapping[str, Trip], count: int, spot: Array) -> Figure:
    """A picture after `count` round trips of each kind, and above, how far a spot has moved after each."""
    figure, axes = panels(2, len(trips), (2.75 * len(trips), 4.9), height_ratios=[1, 1.5])
    for (above, below), (name, trip) in zip(axes.T, trips.items(), strict=True):
        drift = horizontal_drift(round_trips(spot, trip, count))
        above.axhline(0, color=GREY, linewidth=0.8)
        above.plot(drift, "o-", color=KERNEL, markersize=4)
        above.set(title=name, ylim=(-6, 6), xticks=range(0, count + 1, 5), xlabel="round trips")
        below.imshow(np.clip(round_trips(x, trip, count)[-1], 0, 1), cmap="gray", vmin=0, vmax=1)
        middle = x.shape[1] // 2
        below.axvline(middle, color=INPUT, linewidth=1)
        below.axvline(middle + drift[-1], color=KERNEL, linewidth=1.4, linestyle="--")
        below.set(xticks=[], yticks=[])
    axes[0, 0].set_ylabel("moved right, pixels")
    return figure


def plot_study(tables: Mapping[str, Array], pictures: Sequence[str]) -> Figure:
    """Decibels of each convention above or below half_pixel: a dot a picture; the key is the title of the panel."""
    figure, axes = panels(1, len(tables), (4.3 * len(tables), 0.3 * len(pictures) + 1.4), wspace=0.03)
    places = np.arange(len(pictures))
    for ax, (title, table) in zip(axes[0], tables.items(), strict=True):
        ax.axvline(0, color=COLOURS["half_pixel"], linewidth=1.4)
        for column, name in enumerate(CONVENTIONS[1:], start=1):
            gain = table[:, column] - table[:, 0]
            ax.plot(gain, places, MARKERS[name], color=COLOURS[name], label=name, markersize=6, alpha=0.9)
        ax.grid(axis="y", color="#dddddd")
        ax.set(title=title, xlabel="dB above half_pixel", ylim=(len(pictures) - 0.5, -0.5))
        ax.set_yticks(places, pictures if ax is axes[0, 0] else [""] * len(pictures))
    _legend_below(figure, axes[0, 0], 2)
    return figure


def tent_gain(size: tuple[int, int], factor: int) -> Array:
    """What the usual bilinear transposed convolution makes of a picture of ones."""
    taps = 2 * factor - factor % 2
    tent = 1 - np.abs(np.arange(taps) - (taps - 1) / 2) / factor
    kernel = np.outer(tent, tent)[None, None]
    return conv_transpose2d(np.ones((1, *size)), kernel, stride=factor, padding=factor // 2)[0]


def plot_border(picture: Array, factors: Sequence[int], size: tuple[int, int]) -> Figure:
    """A white picture through the tent layer of two factors, and a real one before and after the repair."""
    figure, axes = panels(1, len(factors) + 2, (2.5 * (len(factors) + 2), 2.9))
    for ax, factor in zip(axes[0], factors, strict=False):
        gain = tent_gain(size, factor)
        ax.imshow(gain, cmap="gray", vmin=0, vmax=1)
        ax.set_title(f"white, times {factor}\nedge {gain[0, gain.shape[1] // 2]:.3g}, corner {gain[0, 0]:.3g}")
    factor = factors[-1]
    large = resize(picture, tuple(n * factor for n in picture.shape))
    dark = large * tent_gain(picture.shape, factor)
    results = {"layer": dark, "divided by its gain": large}
    for ax, (title, shown) in zip(axes[0, len(factors) :], results.items(), strict=True):
        ax.imshow(shown, cmap="gray", vmin=0, vmax=1)
        ax.set_title(f"a picture, times {factor}\n{title}")
    for ax in axes[0]:
        ax.set(xticks=[], yticks=[])
    return figure


def plot_halving(length: int) -> Figure:
    """What the halvings of a network read: centres of their windows against the centres of a halved picture."""
    kinds = {
        "pool or conv k=2, s=2, p=0": (2, 0),
        "conv k=3, s=2, p=1": (3, 1),
        "conv k=4, s=2, p=1": (4, 1),
        "conv k=7, s=2, p=3": (7, 3),
    }
    figure, axes = panels(len(kinds), 1, (7.4, 1.0 * len(kinds) + 0.8), hspace=0.05)
    for ax, (name, (k, p)) in zip(axes[:, 0], kinds.items(), strict=True):
        size = (length + 2 * p - k) // 2 + 1
        centres = 2 * np.arange(size) + (k - 1) / 2 - p
        for j in range(length):
            ax.add_patch(Rectangle((j - 0.5, 0), 1, 1, facecolor=INPUT, alpha=0.13, edgecolor=INPUT))
        ax.hlines(np.linspace(0.2, 0.8, size), centres - k / 2, centres + k / 2, color=KERNEL, linewidth=2)
        ax.plot(centres, np.linspace(0.2, 0.8, size), "o", color=OUTPUT, markersize=6)
        ax.vlines(2 * np.arange(length // 2) + 0.5, 0, 1, color="black", linewidth=1, linestyle=":")
        ax.set(xlim=(-4, length + 1.5), ylim=(-0.05, 1.05), yticks=[], xticks=[])
        ax.set_title(f"{name}: centres {centres[0]:g}, {centres[1]:g}, {centres[2]:g}, …", loc="left", fontsize=9.5)
        ax.spines[:].set_visible(False)
    axes[-1, 0].set(xticks=range(length), xlabel="input sample")
    return figure


def nearest_shifts(factors: Sequence[int]) -> dict[str, list[float]]:
    """Shift of a picture that is made `factor` times smaller, by torch's two kinds of nearest."""
    kinds = {"nearest": ("asymmetric", "floor"), "nearest-exact": ("half_pixel", "round_prefer_ceil")}
    return {
        name: [resize_shift(8, 8 * f, convention, rounding=rounding) for f in factors]
        for name, (convention, rounding) in kinds.items()
    }
