"""Figures of the chapter on the checkerboard."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from resampling import conv_transpose1d, frequency_response, phase_gains
from resampling.figures import KERNEL, OUTPUT, panels
from resampling.figures.cells import draw_cells
from resampling.figures.matrices import draw_matrix

Array = np.ndarray

COUNTED = "#aaaaaa"


def painted(weight: Array, stride: int, ones: int) -> Array:
    """What a transposed convolution without padding makes of some ones."""
    return conv_transpose1d(np.ones((1, ones)), weight[None, None], stride=stride)[0]


def plot_painting(kernels: Sequence[Sequence[float]], stride: int, ones: int) -> Figure:
    """For each kernel: what each one of the input paints, and below it the sum."""
    weights = [np.asarray(kernel, float) for kernel in kernels]
    widths = [stride * (ones - 1) + len(w) for w in weights]
    figure, axes = panels(1, len(weights), (0.33 * sum(widths) + 0.8, 0.33 * ones + 1.5), width_ratios=widths)
    for ax, weight in zip(axes[0], weights, strict=True):
        _draw_strokes(ax, weight, stride, ones)
        gains = ", ".join(f"{g:g}" for g in phase_gains(weight, stride))
        taps = ", ".join(f"{w:g}" for w in weight)
        ax.set_title(f"[{taps}]\ngains {gains}")
        ax.set_anchor("N")
    return figure


def _draw_strokes(ax: Axes, weight: Array, stride: int, ones: int) -> None:
    """A line of cells for each one, and the sum below, faint where the border still has a say."""
    cells = [(stride * i + t, i, f"{w:g}", KERNEL, 0.25) for i in range(ones) for t, w in enumerate(weight)]
    for j, value in enumerate(painted(weight, stride, ones)):
        inside = len(weight) - 1 - stride < j < stride * ones
        cells.append((j, ones + 0.4, f"{value:g}", OUTPUT, 0.35 if inside else 0.05))
    draw_cells(ax, cells)


def plot_random_starts(kernel_sizes: Sequence[int], stride: int, seeds: int = 400) -> Figure:
    """Variance of the gains against the size of the kernel: constant kernels, and random ones of mean 0."""
    k = np.asarray(kernel_sizes)
    rng = np.random.default_rng(0)
    counts = np.array([np.var(phase_gains(np.ones(n), stride)) for n in k])
    drawn = np.array([[np.var(phase_gains(rng.standard_normal(n), stride)) for _ in range(seeds)] for n in k])
    figure, axes = panels(1, 1, (7.0, 3.3))
    ax = axes[0, 0]
    ax.plot(k, counts, "s-", color=COUNTED, label="all taps 1: uneven overlap alone")
    ax.plot(k, k / stride * (1 - 1 / stride), "-", color=KERNEL, label="random taps, mean 0, variance 1: expected")
    error = 2 * drawn.std(axis=1) / np.sqrt(seeds)
    ax.errorbar(
        k, drawn.mean(axis=1), error, fmt="o", color=KERNEL, label=f"… mean of {seeds} drawn, ± 2 standard errors"
    )
    for multiple in k[k % stride == 0]:
        ax.axvline(multiple, color="#dddddd", linewidth=5, zorder=0)
    ax.set(xlabel=f"taps k (grey: divisible by s = {stride})", ylabel="variance of the gains", xticks=k)
    ax.legend(loc="upper left", fontsize=9)
    return figure


def image_strength(weight: Array, stride: int, wave: Array) -> Array:
    """Strongest image of a wave, over the wave itself: ``max over m of |W((wave+m)/s)| / |W(wave/s)|``."""
    images = [np.abs(frequency_response(weight, (wave + m) / stride)) for m in range(1, stride)]
    return np.max(images, axis=0) / np.abs(frequency_response(weight, wave / stride))


def plot_images(kernels: Mapping[str, Array], stride: int) -> Figure:
    """How strong the images of a wave are, against its frequency."""
    wave = np.geomspace(1 / 500, 0.45, 60)
    figure, axes = panels(1, 1, (7.0, 3.4))
    ax = axes[0, 0]
    for (name, weight), style in zip(kernels.items(), ("-", "--", "-.", ":", "-"), strict=False):
        ax.loglog(wave, image_strength(weight, stride, wave), style, label=name)
    ax.set(xlabel="frequency of the wave, cycles per input sample", ylabel="image / wave", ylim=(1e-7, 3))
    ax.legend(loc="lower right", fontsize=9)
    return figure


def spectrum(picture: Array) -> Array:
    """Energy of the windowed picture without its mean, frequency 0 in the middle, in dB below the strongest."""
    window = np.outer(np.hanning(picture.shape[0]), np.hanning(picture.shape[1]))
    mean = np.average(picture, weights=window)
    energy = np.abs(np.fft.fftshift(np.fft.fft2((picture - mean) * window))) ** 2
    return 10 * np.log10(energy / energy.max() + 1e-12)


def plot_with_spectra(pictures: Mapping[str, Array], zoom: int = 48, floor: float = -70) -> Figure:
    """Pictures, the middle of each enlarged, and below them their spectra in dB."""
    figure, axes = panels(2, len(pictures), (2.75 * len(pictures) + 0.7, 5.5))
    for (top, bottom), (name, picture) in zip(axes.T, pictures.items(), strict=True):
        y, x = (max(0, (n - zoom) // 2) for n in picture.shape)
        part = picture[y : y + zoom, x : x + zoom]
        low, high = np.percentile(part, (0.5, 99.5))
        top.imshow(part, cmap="gray", vmin=low, vmax=high)
        top.set(title=name, xticks=[], yticks=[])
        drawn = bottom.imshow(spectrum(picture), cmap="magma", vmin=floor, vmax=0, extent=(-0.5, 0.5, 0.5, -0.5))
        bottom.set(xticks=[-0.5, 0, 0.5], yticks=[-0.5, 0, 0.5], xlabel="cycles/sample")
    figure.colorbar(drawn, ax=axes[1], label="dB", shrink=0.8)
    return figure


def plot_gradients(gradients: Mapping[str, tuple[Array, float]], columns: int = 4) -> Figure:
    """Gradients with respect to a picture, each with its score, on scales of their own."""
    rows = -(-len(gradients) // columns)
    figure, axes = panels(rows, columns, (2.15 * columns, 2.5 * rows))
    for ax in axes.ravel():
        ax.set_axis_off()
    for ax, (name, (gradient, score)) in zip(axes.ravel(), gradients.items(), strict=False):
        ax.set_axis_on()
        draw_matrix(ax, gradient, numbers=False)
        ax.set_title(f"{name}\nscore {score:.2f}", fontsize=9.5)
    return figure


def plot_training(curves: Mapping[str, Array], steps: Sequence[int], floor: float = 1e-5) -> Figure:
    """Contrast on a flat picture while training: median and range over the seeds, ``curves[name][seed, step]``."""
    figure, axes = panels(1, 1, (7.6, 3.9))
    ax = axes[0, 0]
    styles = ("-", "--", "-.", ":")
    for number, (name, runs) in enumerate(curves.items()):
        shown = np.maximum(runs, floor)
        (line,) = ax.semilogy(steps, np.median(shown, axis=0), styles[number // 6], label=name)
        ax.fill_between(steps, shown.min(axis=0), shown.max(axis=0), color=line.get_color(), alpha=0.1, linewidth=0)
    ax.set(xlabel="training steps", ylabel="contrast on flat grey")
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize=8.5)
    return figure
