"""Tasks of the chapter on gradients."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.random import Generator

import resampling
from resampling import avg_pool2d_adjoint, conv_output_size, conv_transpose_output_size, max_pool2d, max_pool2d_backward
from resampling.checks import make_check
from resampling.checks.cases import distinct
from resampling.checks.forbidden import LIBRARIES
from resampling.checks.functions import Function
from resampling.checks.refusals import item, wrong_shape, wrong_values
from resampling.checks.task import Arguments, Cases, Mistake, Property, Task

Array = np.ndarray
Pair = tuple[int, int]
Place = Callable[[int, int, int, int], int]  # window, tap, stride, padding -> sample

FORBIDDEN = (*LIBRARIES, "numpy.gradient", "scipy.differentiate", "scipy.optimize", "torch")
EVERY_READ = "Tap t of window i reads sample s*i + t - p. Each such reading gives one term to each of the gradients."
ONE_SUM, WHICH_SIZE = "One sum, three derivatives", "Which size was it?"


def _place(i: int, t: int, s: int, p: int) -> int:
    return s * i + t - p


def _reads(windows: int, taps: int, samples: int, s: int, p: int, place: Place = _place) -> Iterator[tuple[int, ...]]:
    """(window, tap, sample) of every reading that does not fall into the padding."""
    for i, t in np.ndindex(windows, taps):
        j = place(i, t, s, p)
        if -samples <= j < samples and (j >= 0 or place is _wrapped):
            yield i, t, j


def _wrapped(i: int, t: int, s: int, p: int) -> int:
    """The same place; but Python counts what is negative from the end."""
    return s * i + t - p


def _options(stride: Any, padding: Any) -> dict[str, Any]:
    """Only those that are not the default."""
    given = {"stride": stride, "padding": padding}
    return {name: value for name, value in given.items() if value not in (int(name == "stride"), None)}


# --------------------------------------------------------------------------- conv1d_gradients


def conv1d_gradients(
    grad_output: Array, input: Array, weight: Array, stride: int = 1, padding: int = 0
) -> tuple[Array, Array, float]:
    """The library's `conv1d_backward`, without channels."""
    dx, dw, db = resampling.conv1d_backward(grad_output[None], input[None], weight[None, None], stride, padding)
    return dx[0], dw[0, 0], float(db[0])


def _lines(*settings: tuple[int, int, int, int], stride: bool = False, padding: bool = False) -> Cases:
    """Signals and kernels of the settings (n, k, s, p) given, then three random ones."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        drawn = [
            (int(rng.integers(6, 10)), int(rng.integers(2, 5)), int(rng.integers(2, 4)) if stride else 1,
             int(rng.integers(1, 3)) if padding else 0)
            for _ in range(3)
        ]  # fmt: skip
        for n, k, s, p in (*settings, *drawn):
            o = conv_output_size(n, k, s, p)
            arrays = {"grad_output": distinct(rng, o), "input": distinct(rng, n), "weight": distinct(rng, k)}
            yield arrays | _options(s, p or None)

    return draw


def _by_readings(
    place: Place = _place,
    weight_place: Place | None = None,
    dx_tap: Callable[[int, int], int] = lambda t, k: t,
    dw_tap: Callable[[int, int], int] = lambda t, k: t,
    upstream: Callable[[Array], Array] = lambda g: g,
    bias: Callable[[Array], float] = np.sum,
    kept: float = 1.0,
) -> Callable[..., tuple[Array, Array, float]]:
    """The three gradients by somebody with one wrong rule; `kept` is what stays of a sum when a term comes."""

    def wrong(
        grad_output: Array, input: Array, weight: Array, stride: int = 1, padding: int = 0
    ) -> tuple[Array, Array, float]:
        g, dx, dw = upstream(grad_output), np.zeros(len(input)), np.zeros(len(weight))
        sizes = len(g), len(weight), len(input), stride, padding
        for i, t, j in _reads(*sizes, place):
            dx[j] = kept * dx[j] + g[i] * weight[dx_tap(t, len(weight))]
        for i, t, j in _reads(*sizes, weight_place or place):
            dw[dw_tap(t, len(weight))] += g[i] * input[j]
        return dx, dw, float(bias(g))

    return wrong


def _cut_to_the_windows(
    grad_output: Array, input: Array, weight: Array, stride: int = 1, padding: int = 0
) -> tuple[Array, Array, float]:
    dx, dw, db = conv1d_gradients(grad_output, input, weight, stride, padding)
    return dx[: max(stride * (len(grad_output) - 1) + len(weight) - 2 * padding, 0)], dw, db


def _padding_left_on(
    grad_output: Array, input: Array, weight: Array, stride: int = 1, padding: int = 0
) -> tuple[Array, Array, float]:
    _, dw, db = conv1d_gradients(grad_output, input, weight, stride, padding)
    return conv1d_gradients(grad_output, np.pad(input, padding), weight, stride)[0], dw, db


def _filled_with_zeros(
    grad_output: Array, input: Array, weight: Array, stride: int = 1, padding: int = 0
) -> tuple[Array, Array, float]:
    """Somebody who cuts the padding off what the windows reach, and then fills up to the size of the input."""
    dx, dw, db = conv1d_gradients(grad_output, input, weight, stride, padding)
    if padding:
        dx[stride * (len(grad_output) - 1) + len(weight) - 2 * padding :] = 0
    return dx, dw, db


def _whole_correlation(
    grad_output: Array, input: Array, weight: Array, stride: int = 1, padding: int = 0
) -> tuple[Array, Array, float]:
    """Somebody who lets the spread gradient slide as far as it can."""
    padded = np.pad(input, padding)
    taps = len(padded) - stride * (len(grad_output) - 1)
    _, dw, db = conv1d_gradients(grad_output, padded, np.zeros(taps), stride)
    return conv1d_gradients(grad_output, input, weight, stride, padding)[0], dw, db


def _weight_first(
    grad_output: Array, input: Array, weight: Array, stride: int = 1, padding: int = 0
) -> tuple[Array, Array, float]:
    dx, dw, db = conv1d_gradients(grad_output, input, weight, stride, padding)
    return dw, dx, db


def _weight_mean(
    grad_output: Array, input: Array, weight: Array, stride: int = 1, padding: int = 0
) -> tuple[Array, Array, float]:
    dx, dw, db = conv1d_gradients(grad_output, input, weight, stride, padding)
    return dx, dw / len(grad_output), db


CONV1D_GRADIENTS = Task(
    reference=conv1d_gradients,
    summary="the gradients (dx, dw, db) of a convolution with one channel.",
    properties=(
        Property(
            "the gradient of the input",
            1,
            _lines((3, 2, 1, 0), (5, 3, 1, 0), (1, 1, 1, 0)),
            item(0, wrong_values),
            "dx[j] adds up g[i] * w[t] over all windows i and taps t that read sample j. " + EVERY_READ,
        ),
        Property(
            "the gradient of the weight",
            1,
            _lines((3, 2, 1, 0), (5, 3, 1, 0), (4, 4, 1, 0)),
            item(1, wrong_values),
            "dw[t] adds up g[i] times the sample that tap t of window i reads.",
        ),
        Property(
            "the gradient of the bias",
            0.5,
            _lines((3, 2, 1, 0), (6, 3, 1, 0)),
            item(2, wrong_values),
            "the bias was added to every output.",
        ),
        Property(
            "a stride, with samples left over",
            1,
            _lines((8, 3, 2, 0), (9, 2, 3, 0), (5, 1, 3, 0), stride=True),
            wrong_values,
            "window i begins at sample s*i. dx is as long as the input, whatever the windows reach; dw as the weight.",
        ),
        Property(
            "padding",
            0.5,
            _lines((4, 3, 1, 1), (6, 3, 2, 1), (8, 2, 3, 1), (2, 5, 1, 2), padding=True),
            wrong_values,
            "window i begins at sample s*i - p. What a tap reads in the padding is 0, and nobody wants its gradient.",
        ),
    ),
    mistakes=(
        Mistake(
            "kernel flipped in dx",
            _by_readings(dx_tap=lambda t, k: k - 1 - t),
            "Tap t carried sample s*i + t - p forward with weight w[t]; it carries the gradient back to the same "
            "sample with the same weight. Written as a gather this looks flipped, written as paint it does not.",
        ),
        Mistake(
            "dw back to front",
            _by_readings(dw_tap=lambda t, k: k - 1 - t),
            "dw[0] belongs to the first tap, which multiplied the first sample of each window.",
        ),
        Mistake(
            "upstream gradient taken as ones",
            _by_readings(upstream=np.ones_like),
            "The gradient that comes from above, grad_output, weighs every output. With ones you get the gradient of "
            "the plain sum of the outputs.",
        ),
        Mistake(
            "assigned where windows overlap",
            _by_readings(kept=0.0),
            "A sample that several windows read gets a term from each: add them, do not overwrite.",
        ),
        Mistake(
            "cut to what the windows reach",
            _cut_to_the_windows,
            "s*(o-1) + k - 2p samples are not always all of them. The gradient has the size of the input; samples "
            "behind the last window get 0.",
            WHICH_SIZE,
        ),
        Mistake(
            "what the windows reach, filled up with zeros",
            _filled_with_zeros,
            "With padding the last window may read samples that you fill up with zeros. Add up in an array of n + 2p, "
            "then cut p off on each side.",
            WHICH_SIZE,
        ),
        Mistake(
            "padding left on",
            _padding_left_on,
            "That is the gradient of the padded input. Cut off the p zeros on each side: they are not yours to change.",
            WHICH_SIZE,
        ),
        Mistake(
            "stride forgotten",
            _by_readings(place=lambda i, t, s, p: i + t - p),
            "Window i begins at sample s*i, not at sample i, in dx and in dw.",
        ),
        Mistake(
            "stride forgotten in dw",
            _by_readings(weight_place=lambda i, t, s, p: i + t - p),
            "dw meets the samples where the windows stood: s*i + t - p. There the stride acts like a dilation of the "
            "upstream gradient.",
        ),
        Mistake(
            "padding forgotten",
            _by_readings(place=lambda i, t, s, p: s * i + t),
            "Window i begins p samples before s*i: tap t reads sample s*i + t - p.",
        ),
        Mistake(
            "wrapped around the border",
            _by_readings(place=_wrapped),
            "dx[-1] is the last sample in Python. A tap that reads in the padding gives nothing to anybody.",
        ),
        Mistake(
            "dw longer than the weight",
            _whole_correlation,
            "The upstream gradient, spread by the stride, has room to slide further when samples are left over. The "
            "weight has k taps: the first k numbers are its gradient.",
        ),
        Mistake(
            "dw in the first place",
            _weight_first,
            "The order is (dx, dw, db): the gradient of the input comes first.",
        ),
        Mistake(
            "db is the mean",
            _by_readings(bias=np.mean),
            "The bias is added to every output, so it gets the sum of their gradients. A mean may come from the loss, "
            "not from the layer.",
        ),
        Mistake(
            "dw divided by the number of windows",
            _weight_mean,
            "The weight gets the sum over all windows. A mean may come from the loss, not from the layer.",
        ),
    ),
    forbidden=FORBIDDEN,
    section=ONE_SUM,
)

# --------------------------------------------------------------------------- conv2d_backward


def conv2d_backward(
    grad_output: Array, input: Array, weight: Array, stride: Pair = (1, 1), padding: Pair = (0, 0)
) -> tuple[Array, Array, Array]:
    """The library's function, without dilation and groups."""
    return resampling.conv2d_backward(grad_output, input, weight, stride, padding)


Planes = tuple[tuple[int, int, int, int, int], Pair, Pair, Pair]  # (N, C_in, C_out, H, W), kernel, stride, padding


def _pictures(*settings: Planes, batch: bool = False, channels: bool = True, steps: bool = False,
              pads: bool = False) -> Cases:  # fmt: skip
    """Batches of the settings given, then two random ones."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        drawn = [_random_planes(rng, batch, channels, steps, pads) for _ in range(2)]
        for (images, c, m, *size), kernel, stride, padding in (*settings, *drawn):
            out = map(conv_output_size, size, kernel, stride, padding)
            arrays = {
                "grad_output": distinct(rng, images, m, *out),
                "input": distinct(rng, images, c, *size),
                "weight": distinct(rng, m, c, *kernel),
            }
            chosen = {"stride": stride, "padding": padding}
            yield arrays | {n: v for n, v in chosen.items() if v != ((1, 1) if n == "stride" else (0, 0))}

    return draw


def _random_planes(rng: Generator, batch: bool, channels: bool, steps: bool, pads: bool) -> Planes:
    h, w, m = int(rng.integers(4, 6)), int(rng.integers(6, 8)), int(rng.integers(2, 4))
    stride = tuple(map(int, rng.permutation([1, 2] if rng.random() < 0.5 else [2, 3]))) if steps else (1, 1)
    padding = tuple(map(int, rng.permutation([0, 1] if rng.random() < 0.5 else [1, 2]))) if pads else (0, 0)
    kernel = tuple(map(int, rng.permutation([2, 3])))
    return (1 + batch, 1 + channels * (m % 2 + 1), m if channels else 1, h, w), kernel, stride, padding


def _by_taps(
    stride_of: Callable[[Pair], Pair] = lambda stride: stride,
    padding_of: Callable[[Pair], Pair] = lambda padding: padding,
    dx_weight: Callable[[Array], Array] = lambda w: w,
    dw_of: Callable[[Array], Array] = lambda dw: dw,
    images: Callable[[Array], Array] = lambda dws: dws.sum(axis=0),
    bias: Callable[[Array], Array] = lambda g: g.sum(axis=(0, 2, 3)),
    kept: float = 1.0,
) -> Callable[..., tuple[Array, Array, Array]]:
    """The three gradients by somebody with one wrong rule."""

    def wrong(
        grad_output: Array, input: Array, weight: Array, stride: Pair = (1, 1), padding: Pair = (0, 0)
    ) -> tuple[Array, Array, Array]:
        (s0, s1), (p0, p1), w = stride_of(stride), padding_of(padding), dx_weight(weight)
        dx, dw = np.zeros(input.shape), np.zeros((len(input), *weight.shape))
        for i, j in np.ndindex(*grad_output.shape[2:]):
            g = grad_output[:, :, i, j]
            for a, b in np.ndindex(*weight.shape[2:]):
                y, x = s0 * i + a - p0, s1 * j + b - p1
                if 0 <= y < input.shape[2] and 0 <= x < input.shape[3]:
                    dx[:, :, y, x] = kept * dx[:, :, y, x] + g @ w[:, :, a, b]
                    dw[:, :, :, a, b] += g[:, :, None] * input[:, None, :, y, x]
        return dx, dw_of(images(dw)), bias(grad_output)

    return wrong


def _windows_only(
    grad_output: Array, input: Array, weight: Array, stride: Pair = (1, 1), padding: Pair = (0, 0)
) -> tuple[Array, Array, Array]:
    dx, dw, db = conv2d_backward(grad_output, input, weight, stride, padding)
    reach = zip(stride, grad_output.shape[2:], weight.shape[2:], padding, strict=True)
    rows, columns = (max(s * (o - 1) + k - 2 * p, 0) for s, o, k, p in reach)
    return dx[:, :, :rows, :columns], dw, db


CONV2D_BACKWARD = Task(
    reference=conv2d_backward,
    summary="the gradients (dx, dw, db) of a strided 2-D convolution with channels.",
    properties=(
        Property(
            "one channel",
            1,
            _pictures(
                ((1, 1, 1, 3, 4), (2, 2), (1, 1), (0, 0)), ((1, 1, 1, 4, 4), (3, 2), (1, 1), (0, 0)), channels=False
            ),
            wrong_values,
            "as in one dimension, with two windows, two taps and two samples: row and column.",
        ),  # fmt: skip
        Property(
            "channels",
            1,
            _pictures(((1, 2, 3, 3, 4), (2, 2), (1, 1), (0, 0)), ((1, 3, 1, 3, 3), (2, 3), (1, 1), (0, 0))),
            wrong_values,
            "weight[m, c] leads from input channel c to output channel m: dx[c] adds up over m, dw[m, c] meets "
            "grad_output[m] and input[c].",
        ),
        Property(
            "a batch",
            0.5,
            _pictures(((2, 1, 2, 3, 4), (2, 2), (1, 1), (0, 0)), ((3, 2, 1, 3, 3), (2, 2), (1, 1), (0, 0)), batch=True),
            wrong_values,
            "each picture has its own dx. All pictures share one weight and one bias.",
        ),
        Property(
            "a stride of its own for each axis",
            1,
            _pictures(
                ((1, 1, 2, 5, 6), (2, 2), (2, 3), (0, 0)),
                ((1, 2, 1, 6, 5), (3, 2), (3, 1), (0, 0)),
                ((1, 1, 1, 5, 5), (1, 2), (2, 2), (0, 0)),
                steps=True,
            ),
            wrong_values,
            "stride[0] moves the windows down, stride[1] moves them to the right. Pixels that no window reads get 0.",
        ),  # fmt: skip
        Property(
            "a padding of its own for each axis",
            0.5,
            _pictures(
                ((1, 2, 1, 3, 4), (3, 2), (1, 1), (1, 0)),
                ((1, 1, 2, 4, 4), (2, 3), (1, 1), (0, 1)),
                ((1, 1, 1, 4, 5), (3, 3), (2, 1), (1, 2)),
                pads=True,
            ),
            wrong_values,
            "padding[0] lies above and below, padding[1] to the left and right: window (i, j) begins at row s0*i - p0 "
            "and column s1*j - p1. The last window may read the last row, and nobody wants the gradient of padding.",
        ),  # fmt: skip
    ),
    mistakes=(
        Mistake(
            "kernel turned in dx",
            _by_taps(dx_weight=lambda w: w[:, :, ::-1, ::-1]),
            "Tap (a, b) carries the gradient back to the pixel that it read, with the same weight. Turned kernels "
            "belong to the other way of writing it, as a convolution of the upstream gradient.",
        ),
        Mistake(
            "dw turned",
            _by_taps(dw_of=lambda dw: dw[:, :, ::-1, ::-1]),
            "dw[m, c, 0, 0] belongs to the tap that met the top left pixel of each window.",
        ),
        Mistake(
            "assigned where windows overlap",
            _by_taps(kept=0.0),
            "A pixel that several windows read gets a term from each: add them, do not overwrite.",
        ),
        Mistake(
            "strides swapped",
            _by_taps(stride_of=lambda stride: stride[::-1]),
            "stride[0] is for the rows, from top to bottom; stride[1] is for the columns.",
        ),
        Mistake(
            "one stride for both axes",
            _by_taps(stride_of=lambda stride: stride[:1] * 2),
            "The two axes have strides of their own: stride[0] down and stride[1] across.",
        ),
        Mistake(
            "stride forgotten",
            _by_taps(stride_of=lambda stride: (1, 1)),
            "Window (i, j) begins at row s0*i and column s1*j.",
        ),
        Mistake(
            "paddings swapped",
            _by_taps(padding_of=lambda padding: padding[::-1]),
            "padding[0] lies above and below, padding[1] to the left and right.",
        ),
        Mistake(
            "padding forgotten",
            _by_taps(padding_of=lambda padding: (0, 0)),
            "Window (i, j) begins at row s0*i - p0 and column s1*j - p1.",
        ),
        Mistake(
            "cut to what the windows reach",
            _windows_only,
            "dx has the shape of the input. Pixels behind the last window get 0.",
            WHICH_SIZE,
        ),
        Mistake(
            "mean over the batch",
            _by_taps(images=lambda dws: dws.mean(axis=0), bias=lambda g: g.sum(axis=(2, 3)).mean(axis=0)),
            "The weight serves all pictures, so its gradient is the sum over them. If the loss is a mean, the upstream "
            "gradient already has the 1/N in it.",
        ),
        Mistake(
            "only the last picture",
            _by_taps(images=lambda dws: dws[-1]),
            "dw is added up over the pictures; here each one overwrote the one before.",
        ),
        Mistake(
            "db is the mean",
            _by_taps(bias=lambda g: g.mean(axis=(0, 2, 3))),
            "The bias of a channel is added at every position, so it gets the sum of grad_output over them.",
        ),
        Mistake(
            "db for each picture",
            _by_taps(bias=lambda g: g.sum(axis=(2, 3))),
            "There is one bias for each output channel: db has the shape (C_out,). Add up over the batch too.",
        ),
        Mistake(
            "db over all channels",
            _by_taps(bias=lambda g: np.full(g.shape[1], g.sum())),
            "Each output channel has a bias of its own: keep the channel axis when you add up.",
        ),
    ),
    forbidden=FORBIDDEN,
    section=ONE_SUM,
)

# --------------------------------------------------------------------------- conv_transpose1d_backward


def conv_transpose1d_backward(
    grad_output: Array, input: Array, weight: Array, stride: int = 1, padding: int = 0, output_padding: int = 0
) -> tuple[Array, Array, Array]:
    """The library's function, without groups and dilation."""
    return resampling.conv_transpose1d_backward(grad_output, input, weight, stride, padding, output_padding)


def _painted(*settings: tuple[int, ...], channels: bool = False, cut: bool = False) -> Cases:
    """Transposed layers of the settings (C_in, C_out, n, k, s, p, op) given, then two random ones."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        for c, m, n, k, s, p, op in (*settings, *(_random_layer(rng, channels, cut) for _ in range(2))):
            o = conv_transpose_output_size(n, k, s, p, op)
            arrays = {
                "grad_output": distinct(rng, m, o),
                "input": distinct(rng, c, n),
                "weight": distinct(rng, c, m, k),
            }
            yield arrays | _options(s, p or None) | ({"output_padding": op} if op else {})

    return draw


def _random_layer(rng: Generator, channels: bool, cut: bool) -> tuple[int, ...]:
    c, m = ((2, 3), (3, 2), (2, 1))[int(rng.integers(3))] if channels else (1, 1)
    s = int(rng.integers(2, 4))
    k = s + int(rng.integers(0, 3))
    return c, m, int(rng.integers(3, 5)), k, s, int(rng.integers(1, 3)) * cut, int(rng.integers(1, s)) * cut


def _by_strokes(
    place: Callable[[int, int, int, int, int], int] = lambda j, t, s, p, op: s * j + t - p,
    dx_tap: Callable[[int, int], int] = lambda t, k: t,
    dw_tap: Callable[[int, int], int] = lambda t, k: t,
    bias: Callable[[Array, int], Array] = lambda g, painted: g.sum(axis=1),
    kept: float = 1.0,
    wraps: bool = False,
) -> Callable[..., tuple[Array, Array, Array]]:
    """The three gradients by somebody with one wrong rule: sample j paints tap t at ``place(j, t, s, p, op)``."""

    def wrong(
        grad_output: Array, input: Array, weight: Array, stride: int = 1, padding: int = 0, output_padding: int = 0
    ) -> tuple[Array, Array, Array]:
        dx, dw = np.zeros(input.shape), np.zeros(weight.shape)
        (_, _, k), (_, n), (_, o) = weight.shape, input.shape, grad_output.shape
        for j, t in np.ndindex(n, k):
            at = place(j, t, stride, padding, output_padding)
            if (-o if wraps else 0) <= at < o:
                g = grad_output[:, at]
                dx[:, j] += weight[:, :, dx_tap(t, k)] @ g
                tap = dw_tap(t, k)
                dw[:, :, tap] = kept * dw[:, :, tap] + input[:, j, None] * g
        return dx, dw, bias(grad_output, stride * (n - 1) + k - padding)

    return wrong


def _painted_again(
    grad_output: Array, input: Array, weight: Array, stride: int = 1, padding: int = 0, output_padding: int = 0
) -> tuple[Array, Array, Array]:
    """Somebody who runs the layer itself on the upstream gradient."""
    _, dw, db = conv_transpose1d_backward(grad_output, input, weight, stride, padding, output_padding)
    again = resampling.conv_transpose1d(grad_output, weight.swapaxes(0, 1).copy(), None, stride)
    return again[:, : input.shape[1]], dw, db


def _whole_strokes_only(
    grad_output: Array, input: Array, weight: Array, stride: int = 1, padding: int = 0, output_padding: int = 0
) -> tuple[Array, Array, Array]:
    """Somebody who leaves out a sample when one of its taps hangs over the border."""
    del output_padding
    dx, dw = np.zeros(input.shape), np.zeros(weight.shape)
    k = weight.shape[2]
    for j in range(input.shape[1]):
        window = grad_output[:, max(stride * j - padding, 0) : stride * j - padding + k]
        if stride * j >= padding and window.shape[1] == k:
            dx[:, j] = np.tensordot(weight, window, 2)
            dw += input[:, j, None, None] * window
    return dx, dw, grad_output.sum(axis=1)


CONV_TRANSPOSE1D_BACKWARD = Task(
    reference=conv_transpose1d_backward,
    summary="the gradients (dx, dw, db) of a transposed convolution.",
    properties=(
        Property(
            "the gradient of the input",
            1,
            _painted((1, 1, 3, 2, 1, 0, 0), (1, 1, 2, 3, 2, 0, 0), (1, 1, 3, 1, 2, 0, 0)),
            item(0, wrong_values),
            "sample j painted its kernel onto outputs s*j + t. What comes back to it is a window of grad_output, "
            "weighted with the same kernel: a convolution.",
        ),
        Property(
            "the gradient of the weight",
            1,
            _painted((1, 1, 3, 2, 1, 0, 0), (1, 1, 2, 3, 2, 0, 0)),
            item(1, wrong_values),
            "dw[t] adds up input[j] * grad_output[s*j + t - p] over all samples j.",
        ),
        Property(
            "the gradient of the bias",
            0.5,
            _painted((1, 1, 3, 3, 2, 1, 1), (1, 2, 2, 2, 3, 0, 2), cut=True),
            item(2, wrong_values),
            "the bias was added to every output, painted or not.",
        ),
        Property(
            "channels",
            0.5,
            _painted((2, 1, 3, 2, 1, 0, 0), (1, 3, 2, 3, 2, 0, 0), channels=True),
            wrong_values,
            "weight[c, m] leads from input channel c to output channel m.",
        ),
        Property(
            "padding and output_padding",
            1,
            _painted((1, 1, 3, 3, 2, 1, 0), (1, 1, 2, 3, 2, 1, 1), (2, 1, 3, 4, 2, 2, 1), cut=True),
            wrong_values,
            "padding has cut p outputs off on each side, so tap t of sample j went to s*j + t - p. output_padding only "
            "cut less at the end: what it has kept may be painted.",
        ),
    ),
    mistakes=(
        Mistake(
            "kernel flipped in dx",
            _by_strokes(dx_tap=lambda t, k: k - 1 - t),
            "Tap t painted output s*j + t - p, and reads it again on the way back, with the same weight.",
        ),
        Mistake(
            "dw back to front",
            _by_strokes(dw_tap=lambda t, k: k - 1 - t),
            "dw[..., 0] belongs to the first tap, which painted the first output of each stroke.",
        ),
        Mistake(
            "painted again",
            _painted_again,
            "That runs the layer forward on the upstream gradient. Its gradient is the other direction: a convolution "
            "that reads a window of grad_output for each input sample.",
            "The other way round",
        ),
        Mistake(
            "stride forgotten",
            _by_strokes(place=lambda j, t, s, p, op: j + t - p),
            "The window of sample j begins at output s*j - p: a transposed convolution goes back by a strided one.",
        ),
        Mistake(
            "padding forgotten",
            _by_strokes(place=lambda j, t, s, p, op: s * j + t),
            "padding has cut off p outputs at the beginning, so tap t of sample j went to output s*j + t - p.",
        ),
        Mistake(
            "padding added",
            _by_strokes(place=lambda j, t, s, p, op: s * j + t + p),
            "padding makes the output smaller: the window of sample j begins p places earlier, at s*j - p, not later.",
        ),
        Mistake(
            "output_padding moved everything",
            _by_strokes(place=lambda j, t, s, p, op: s * j + t - p + op),
            "output_padding only keeps more outputs at the end. It moves nothing, and need not appear in the "
            "gradients.",
        ),
        Mistake(
            "wrapped around the border",
            _by_strokes(wraps=True),
            "grad_output[-1] is the last one in Python. What was cut off has no gradient: leave it out.",
        ),
        Mistake(
            "strokes over the border left out",
            _whole_strokes_only,
            "A sample whose stroke was cut at the border still painted with its other taps. Leave out taps, not "
            "samples.",
        ),
        Mistake(
            "assigned in dw",
            _by_strokes(kept=0.0),
            "Every sample used the same kernel: dw adds up over all samples.",
        ),
        Mistake(
            "db only where there is paint",
            _by_strokes(bias=lambda g, painted: g[:, :painted].sum(axis=1)),
            "The bias is added to every output, also to those behind the last stroke that output_padding has kept.",
        ),
        Mistake(
            "db is the mean",
            _by_strokes(bias=lambda g, painted: g.mean(axis=1)),
            "The bias of a channel is added to every output, so it gets the sum of their gradients.",
        ),
    ),
    forbidden=FORBIDDEN,
    section="The other way round",
)

# --------------------------------------------------------------------------- pool2d_backward


def pool2d_backward(grad_output: Array, input: Array, mode: str, kernel_size: Pair, stride: Pair) -> Array:
    """The library's gradients of `avg_pool2d` and `max_pool2d`, for one plane and without padding."""
    if mode == "avg":
        return avg_pool2d_adjoint(grad_output[None], input.shape, kernel_size, stride)[0]
    _, indices = max_pool2d(input[None], kernel_size, stride, return_indices=True)
    return max_pool2d_backward(grad_output[None], indices, input.shape)[0]


def _pools(mode: str, *settings: tuple[Pair, Pair, Pair], overlap: bool = False, ties: bool = False) -> Cases:
    """Planes of the settings (size, kernel, stride) given, then two random ones."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        for size, kernel, stride in (*settings, *(_random_pool(rng, overlap) for _ in range(2))):
            out = map(conv_output_size, size, kernel, stride)
            x = rng.integers(-2, 0, size).astype(float) if ties else distinct(rng, *size)
            yield {"grad_output": distinct(rng, *out), "input": x, "mode": mode, "kernel_size": kernel,
                   "stride": stride}  # fmt: skip

    return draw


def _random_pool(rng: Generator, overlap: bool) -> tuple[Pair, Pair, Pair]:
    kernel = tuple(map(int, rng.permutation([3, 4] if overlap else [2, 3])))
    stride = tuple(k - 2 for k in kernel) if overlap else kernel
    return (int(rng.integers(5, 8)), int(rng.integers(6, 9))), kernel, stride


Share = Callable[[Array, int, int], Array]  # window, and where it stands -> weight of each of its pixels


def _first(window: Array, *_: int) -> Array:
    share = np.zeros(window.shape)
    share.flat[np.argmax(window)] = 1
    return share


def _last(window: Array, *_: int) -> Array:
    return _first(window[::-1, ::-1])[::-1, ::-1]


def _first_by_columns(window: Array, *_: int) -> Array:
    return _first(window.T).T


def _all_of_them(window: Array, *_: int) -> Array:
    return (window == window.max()).astype(float)


def _shared(window: Array, *_: int) -> Array:
    return _all_of_them(window) / _all_of_them(window).sum()


def _first_above_zero(window: Array, *_: int) -> Array:
    return _first(window) * (window.max() > 0)


def _mean(window: Array, *_: int) -> Array:
    return np.full(window.shape, 1 / window.size)


def _shares_out(
    maximum: Share = _first,
    average: Share = _mean,
    stride_of: Callable[[Pair], Pair] = lambda stride: stride,
    kernel_of: Callable[[Pair], Pair] = lambda kernel: kernel,
    kept: float = 1.0,
) -> Callable[..., Array]:
    """Each window shares out its gradient, by a rule that is wrong for one of the modes, or from a wrong place."""

    def wrong(grad_output: Array, input: Array, mode: str, kernel_size: Pair, stride: Pair) -> Array:
        (k0, k1), (s0, s1) = kernel_of(kernel_size), stride_of(stride)
        grad_input = np.zeros(input.shape)
        for (i, j), g in np.ndenumerate(grad_output):
            place = slice(s0 * i, s0 * i + k0), slice(s1 * j, s1 * j + k1)
            if input[place].size:
                share = (average if mode == "avg" else maximum)(input[place], i, j)
                grad_input[place] = np.where(share != 0, kept * grad_input[place] + g * share, grad_input[place])
        return grad_input

    return wrong


def _divided_by_the_readers(grad_output: Array, input: Array, mode: str, kernel_size: Pair, stride: Pair) -> Array:
    """Somebody who counts the windows that contain a pixel, and divides by it."""
    given = grad_output, input, mode, kernel_size, stride
    readers = _shares_out(_ones, _ones)(np.ones_like(grad_output), *given[1:])
    return pool2d_backward(*given) / np.maximum(readers, 1)


def _ones(window: Array, *_: int) -> Array:
    return np.ones(window.shape)


def _values_laid(grad_output: Array, input: Array, mode: str, kernel_size: Pair, stride: Pair) -> Array:
    """Somebody who unpools the maxima instead of the gradient."""
    if mode == "avg":
        return pool2d_backward(grad_output, input, mode, kernel_size, stride)
    y = max_pool2d(input[None], kernel_size, stride)[0]
    return _shares_out(kept=0.0)(y, input, mode, kernel_size, stride)


def _windows_without_rest(grad_output: Array, input: Array, mode: str, kernel_size: Pair, stride: Pair) -> Array:
    full = pool2d_backward(grad_output, input, mode, kernel_size, stride)
    rows, columns = (s * (o - 1) + k for s, o, k in zip(stride, grad_output.shape, kernel_size, strict=True))
    return full[:rows, :columns]


POOL2D_BACKWARD = Task(
    reference=pool2d_backward,
    summary="the gradient of max-pooling or average pooling with respect to its input.",
    properties=(
        Property(
            "average, windows side by side or apart",
            0.5,
            _pools(
                "avg",
                ((2, 4), (2, 2), (2, 2)),
                ((4, 6), (2, 3), (2, 3)),
                ((5, 7), (2, 2), (3, 2)),
                ((4, 6), (2, 1), (2, 2)),
            ),
            wrong_values,
            "each of the kH * kW pixels of a window had the weight 1 / (kH * kW).",
        ),
        Property(
            "maximum, windows side by side or apart",
            1,
            _pools("max", ((2, 4), (2, 2), (2, 2)), ((4, 6), (2, 3), (2, 3)), ((5, 7), (2, 2), (3, 2))),
            wrong_values,
            "each window gives its gradient to the pixel that was its maximum, and nothing to the others.",
        ),
        Property(
            "average, overlapping windows",
            0.5,
            _pools("avg", ((3, 4), (2, 2), (1, 1)), ((5, 7), (3, 3), (2, 2)), ((4, 6), (3, 2), (2, 1)), overlap=True),
            wrong_values,
            "a pixel of several windows gets a share from each of them.",
        ),
        Property(
            "maximum, overlapping windows",
            1,
            _pools("max", ((3, 4), (2, 2), (1, 1)), ((5, 7), (3, 3), (2, 2)), ((6, 7), (3, 4), (1, 1)), overlap=True),
            wrong_values,
            "a pixel that is the maximum of several windows gets the sum of their gradients.",
        ),
        Property(
            "of equal maxima the first one, row after row",
            1,
            _pools("max", ((2, 4), (2, 2), (2, 2)), ((6, 6), (3, 3), (3, 3)), ((5, 7), (3, 3), (2, 2)), ties=True),
            wrong_values,
            "where several pixels of a window are equal and largest, the first one gets all, as in torch.",
        ),
    ),
    mistakes=(
        Mistake(
            "all equal maxima get the whole gradient",
            _shares_out(_all_of_them),
            "Comparing with == finds every equal maximum, and the gradient is paid out several times. Take one of "
            "them: the first.",
            "Ties",
        ),
        Mistake(
            "equal maxima share the gradient",
            _shares_out(_shared),
            "That is a subgradient too, and torch.amax does it. The layer max_pool2d gives all to the first one.",
            "Ties",
        ),
        Mistake(
            "the last of equal maxima",
            _shares_out(_last),
            "Of equal maxima the first one counts: with >= in place of > a later one takes it.",
            "Ties",
        ),
        Mistake(
            "the first one column after column",
            _shares_out(_first_by_columns),
            "Inside a window pixels are counted row after row: the inner loop runs over the columns.",
            "Ties",
        ),
        Mistake(
            "the maximum sought from zero",
            _shares_out(_first_above_zero),
            "A window in which all is negative has a maximum too. Start from its first pixel, or from -inf.",
        ),
        Mistake(
            "assigned where windows overlap",
            _shares_out(kept=0.0),
            "A pixel that several windows took gets a gradient from each: add them, do not overwrite.",
        ),
        Mistake(
            "mean over the windows",
            _divided_by_the_readers,
            "Gradients that meet are added. They are not divided by the number of windows that read the pixel.",
        ),
        Mistake(
            "the maxima laid back",
            _values_laid,
            "That is unpooling. What travels back is the upstream gradient, not the values.",
        ),
        Mistake(
            "the whole gradient for every pixel",
            _shares_out(average=_ones),
            "In a mean of kH * kW pixels each has the weight 1 / (kH * kW), forward and backward.",
        ),
        Mistake(
            "divided by one side of the window",
            _shares_out(average=lambda window, *_: np.full(window.shape, 1 / len(window))),
            "A window has kH * kW pixels: divide by the product.",
        ),
        Mistake(
            "the average as if it were a maximum",
            _shares_out(average=_first),
            "The mean reads all pixels of the window, so all of them get a share.",
        ),
        Mistake(
            "cut to what the windows reach",
            _windows_without_rest,
            "The gradient has the shape of the input. Pixels that no window reads get 0.",
        ),
        Mistake(
            "windows side by side",
            lambda grad_output, input, mode, kernel_size, stride: _shares_out()(
                grad_output, input, mode, kernel_size, kernel_size
            ),
            "Window (i, j) begins at row s0*i and column s1*j; the stride need not be the kernel size.",
        ),
        Mistake(
            "strides swapped",
            _shares_out(stride_of=lambda stride: stride[::-1]),
            "stride[0] moves the windows down, stride[1] moves them to the right.",
        ),
    ),
    forbidden=FORBIDDEN,
    section="Pooling",
)

# --------------------------------------------------------------------------- numerical_vjp


def numerical_vjp(function: Callable[[Array], Array], x: Array, upstream: Array, step: float) -> Array:
    """Central differences of ``sum(upstream * function(x))``, one entry of `x` at a time, in float64."""
    x, slopes = x.astype(np.float64), []
    for place in np.ndindex(*x.shape):
        moved = np.zeros(x.shape)
        moved[place] = step
        slopes.append(np.sum(upstream * (function(x + moved) - function(x - moved))) / (2 * step))
    return np.array(slopes).reshape(x.shape)


def _quadratic(rng: Generator, n: int, m: int) -> Function:
    return Function(f"lambda x: (np.array({distinct(rng, m, n).tolist()}) @ x) ** 2")


def _slopes(rng: Generator) -> Iterator[Arguments]:
    """Signals, and functions whose differences depend on the step."""
    functions = [
        (Function("lambda x: x ** 3"), 3, 3),
        (Function("lambda x: x[1:] ** 2 * x[:-1]"), 4, 3),
        (_quadratic(rng, 3, 2), 3, 2),
        (Function("lambda x: np.cumsum(x) ** 3"), 4, 4),
        (Function("lambda x: np.maximum(x[::2], x[1::2]) ** 3"), 4, 2),
    ]
    for function, n, m in functions:
        x, step = distinct(rng, n), float(rng.choice([0.5, 0.25, 0.125]))
        yield {"function": function, "x": x, "upstream": distinct(rng, m), "step": step}


def _tables(rng: Generator) -> Iterator[Arguments]:
    """Pictures, stacks, and results of another shape."""
    functions = [
        ("lambda x: x.sum(axis=0) ** 3", (2, 3), (3,)),
        ("lambda x: x[:, 1:] ** 2 * x[:, :-1]", (2, 3), (2, 2)),
        ("lambda x: x[::2, ::2] ** 3", (3, 4), (2, 2)),
        ("lambda x: x.ravel() ** 3", (2, 2, 2), (8,)),
    ]
    for text, shape, out in functions:
        step = float(rng.choice([0.5, 0.25]))
        yield {"function": Function(text), "x": distinct(rng, *shape), "upstream": distinct(rng, *out), "step": step}


def _whole_numbers(rng: Generator) -> Iterator[Arguments]:
    for text, n in (("lambda x: x ** 3", 3), ("lambda x: x[1:] ** 2 * x[:-1] ** 3", 4)):
        x = (2 * distinct(rng, n)).astype(np.int64)
        upstream = distinct(rng, n if n == 3 else n - 1)
        yield {"function": Function(text), "x": x, "upstream": upstream, "step": float(rng.choice([0.5, 0.25]))}


def _single_precision(rng: Generator) -> Iterator[Arguments]:
    for text, n in (("lambda x: x ** 3", 3), ("lambda x: x[1:] ** 2 * x[:-1] ** 3", 4)):
        x = (distinct(rng, n) + rng.uniform(0.1, 0.2, n)).astype(np.float32)
        upstream = distinct(rng, n if n == 3 else n - 1)
        yield {"function": Function(text), "x": x, "upstream": upstream, "step": 1e-5}


def _by_differences(
    difference: Callable[..., Array] = lambda f, x, h: (f(x + h) - f(x - h)) / 2,
    step_of: Callable[[float], float] = lambda step: step,
    weigh: Callable[[Array], Array] = lambda upstream: upstream,
    moves: Callable[[tuple[int, ...], int], Array] = lambda shape, number: _one(shape, number),
    dtype_of: Callable[[Array], Any] = lambda x: np.float64,
    finish: Callable[[Array], Array] = lambda slopes: slopes,
) -> Callable[..., Array]:
    """Slopes by somebody with one wrong rule."""

    def wrong(function: Callable[[Array], Array], x: Array, upstream: Array, step: float) -> Array:
        h, x, slopes = step_of(step), x.astype(dtype_of(x)), np.zeros(x.size)
        for number in range(x.size):
            moved = (h * moves(x.shape, number)).astype(x.dtype)
            slopes[number] = np.sum(weigh(upstream) * difference(function, x, moved)) / h
        return finish(slopes.reshape(x.shape))

    return wrong


def _one(shape: tuple[int, ...], number: int) -> Array:
    moved = np.zeros(shape)
    moved.flat[number] = 1
    return moved


def _row(shape: tuple[int, ...], number: int) -> Array:
    moved = np.zeros(shape)
    moved[np.unravel_index(number, shape)[0]] = 1
    return moved


def _not_put_back(function: Callable[[Array], Array], x: Array, upstream: Array, step: float) -> Array:
    moved, slopes = x.astype(np.float64), np.zeros(x.shape)
    for place in np.ndindex(*x.shape):
        moved[place] += step
        above = function(moved)
        moved[place] -= 2 * step
        slopes[place] = np.sum(upstream * (above - function(moved))) / (2 * step)
    return slopes


def _written_into_a_copy(function: Callable[[Array], Array], x: Array, upstream: Array, step: float) -> Array:
    """``moved = x.copy(); moved[place] = x[place] + step``: the copy has the dtype of x."""
    slopes = np.zeros(x.shape)
    for place in np.ndindex(*x.shape):
        above, below = x.copy(), x.copy()
        above[place], below[place] = x[place] + step, x[place] - step
        slopes[place] = np.sum(upstream * (function(above) - function(below))) / (2 * step)
    return slopes


def _step_rounded(function: Callable[[Array], Array], x: Array, upstream: Array, step: float) -> Array:
    """``moved = x.astype(float); moved[place] = x[place] + step``: that sum is still in the dtype of x."""
    slopes = np.zeros(x.shape)
    for place in np.ndindex(*x.shape):
        above, below = x.astype(np.float64), x.astype(np.float64)
        above[place], below[place] = x[place] + step, x[place] - step
        slopes[place] = np.sum(upstream * (function(above) - function(below))) / (2 * step)
    return slopes


def _slopes_of_the_dtype(function: Callable[[Array], Array], x: Array, upstream: Array, step: float) -> Array:
    """``slopes = np.zeros_like(x)``"""
    return numerical_vjp(function, x, upstream, step).astype(x.dtype if x.dtype.kind == "i" else np.float64)


NUMERICAL_VJP = Task(
    reference=numerical_vjp,
    summary="the gradient of sum(upstream * function(x)) with respect to x, by central differences.",
    properties=(
        Property(
            "one slope for each entry of x",
            0.5,
            _tables,
            wrong_shape,
            "the result has the shape of x, whatever the shape of function(x).",
        ),
        Property(
            "a signal",
            1.5,
            _slopes,
            wrong_values,
            "move one entry up by `step` and down by `step`, leave all others where they are, and compare the two "
            "losses sum(upstream * function(...)).",
        ),
        Property(
            "x of several axes",
            0.5,
            _tables,
            wrong_values,
            "np.ndindex(*x.shape) goes through the places of an array of any shape.",
        ),
        Property(
            "x of whole numbers",
            0.5,
            _whole_numbers,
            wrong_values,
            "an array of whole numbers has no room for half a step.",
        ),
        Property(
            "x in single precision",
            0.5,
            _single_precision,
            wrong_values,
            "in float32 the rounding is as large as the difference. Compute in float64.",
        ),
    ),
    mistakes=(
        Mistake(
            "forward difference",
            _by_differences(lambda f, x, h: f(x + h) - f(x)),
            "One step forward leaves an error of the order of the step, one to each side of its square: "
            "(loss(x + step) - loss(x - step)) / (2 * step).",
        ),
        Mistake(
            "backward difference",
            _by_differences(lambda f, x, h: f(x) - f(x - h)),
            "One step back leaves an error of the order of the step, one to each side of its square: "
            "(loss(x + step) - loss(x - step)) / (2 * step).",
        ),
        Mistake(
            "divided by step",
            _by_differences(lambda f, x, h: f(x + h) - f(x - h)),
            "From x - step to x + step it is two steps: divide by 2 * step.",
        ),
        Mistake(
            "not divided",
            _by_differences(
                finish=lambda slopes: slopes,
                step_of=lambda step: step,
                difference=lambda f, x, h: (f(x + h) - f(x - h)) * np.max(np.abs(h)),
            ),
            "A slope is a difference divided by how far you went, 2 * step.",
        ),
        Mistake(
            "upstream forgotten",
            _by_differences(weigh=np.ones_like),
            "The loss is sum(upstream * function(x)): each output counts with its upstream gradient.",
        ),
        Mistake(
            "all entries moved at once",
            _by_differences(moves=lambda shape, number: np.ones(shape)),
            "Moving everything together gives one slope, the sum of all. Move one entry at a time.",
        ),
        Mistake(
            "whole rows moved",
            _by_differences(moves=_row),
            "x[i] is a whole row if x has two axes. Move one number at a time: np.ndindex(*x.shape).",
        ),
        Mistake(
            "not put back",
            _not_put_back,
            "After an entry was moved it must return before the next one moves. Work on a fresh copy each time.",
        ),
        Mistake(
            "not with the step that was given",
            _by_differences(step_of=lambda step: 1e-6),
            "This is closer to the derivative than a central difference with `step` comes. Use the step that is given: "
            "the caller decides between truncation and rounding.",
            "How far to step",
        ),
        Mistake(
            "step far too small",
            _by_differences(step_of=lambda step: 1e-13),
            "With such a step the two losses agree in nearly all digits, and rounding is what is left. Use the step "
            "that is given.",
            "How far to step",
        ),
        Mistake(
            "computed in single precision",
            _by_differences(dtype_of=lambda x: x.dtype if x.dtype.kind == "f" else np.float64),
            "In float32 two losses that are close agree in most of their few digits. Turn x into float64 first.",
            "How far to step",
        ),
        Mistake(
            "the step written into whole numbers",
            _written_into_a_copy,
            "A copy of x has the dtype of x: whole numbers cut the step off, float32 rounds it. Turn x into float64 "
            "first.",
            "How far to step",
        ),
        Mistake(
            "slopes in whole numbers",
            _slopes_of_the_dtype,
            "np.zeros_like(x) has the dtype of x, and whole numbers cut the slopes off. Use np.zeros(x.shape).",
        ),
        Mistake(
            "the step rounded to single precision",
            _step_rounded,
            "A number taken out of a float32 array is float32, and so is the sum of it and the step. Turn x into "
            "float64 first, then move its entries.",
            "How far to step",
        ),
        Mistake(
            "one flat list",
            _by_differences(finish=np.ravel),
            "The gradient has the shape of x: end with .reshape(x.shape).",
        ),
    ),
    forbidden=FORBIDDEN,
    section="How far to step",
)

# --------------------------------------------------------------------------- conv1d_double_backward


def conv1d_double_backward(
    grad_grad_input: Array,
    grad_grad_weight: Array,
    grad_output: Array,
    input: Array,
    weight: Array,
    stride: int = 1,
    padding: int = 0,
) -> tuple[Array, Array, Array]:
    """Each of the three is the sum with two of its arguments replaced."""
    u, v, options = grad_grad_input, grad_grad_weight, (stride, padding)
    dg = resampling.conv1d(u, weight, None, *options) + resampling.conv1d(input, v, None, *options)
    dx = resampling.conv1d_input(input.shape, v, grad_output, *options)
    return dg, dx, resampling.conv1d_weight(u, weight.shape, grad_output, *options)


def _second(*settings: tuple[int, ...], channels: bool = False, stride: bool = False) -> Cases:
    """Layers of the settings (C_in, C_out, n, k, s, p) given, then two random ones."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        drawn = [
            (*((2, 3), (3, 2), (3, 1))[int(rng.integers(3))], int(rng.integers(6, 9)), int(rng.integers(2, 4)),
             int(rng.integers(2, 4)), int(rng.integers(1, 3)))
            for _ in range(2)
        ]  # fmt: skip
        drawn = [(*(layer[:2] if channels else (1, 1)), *layer[2:4], *(layer[4:] if stride else (1, 0)))
                 for layer in drawn]  # fmt: skip
        for c, m, n, k, s, p in (*settings, *drawn):
            yield {
                "grad_grad_input": distinct(rng, c, n),
                "grad_grad_weight": distinct(rng, m, c, k),
                "grad_output": distinct(rng, m, conv_output_size(n, k, s, p)),
                "input": distinct(rng, c, n),
                "weight": distinct(rng, m, c, k),
            } | _options(s, p or None)

    return draw


Terms = Callable[..., tuple[Array, Array, Array]]


def _derived(terms: Terms, steps: Callable[[int, int], Pair] = lambda s, p: (s, p)) -> Callable[..., Any]:
    """`terms` gets the layer's three maps, each as ``map(a, b)``, and the five arrays u, v, g, x and w."""

    def wrong(
        grad_grad_input: Array,
        grad_grad_weight: Array,
        grad_output: Array,
        input: Array,
        weight: Array,
        stride: int = 1,
        padding: int = 0,
    ) -> tuple[Array, Array, Array]:
        arrays = grad_grad_input, grad_grad_weight, grad_output, input, weight
        sizes = *steps(stride, padding), grad_output.shape[1], input.shape[1], weight.shape[2]
        maps = (lambda *two, way=way: _one_sum(way, two, sizes) for way in ("mcj,t", "gw", "gx"))
        return terms(*maps, *arrays)

    return wrong


def _one_sum(way: str, two: tuple[Array, Array], sizes: tuple[int, ...]) -> Array:
    """The derivative of the sum g[m, i] * w[m, c, t] * x[c, s*i + t - p], as a map of the two others."""
    s, p, windows, samples, taps = sizes
    reads = np.zeros((windows, taps, samples))
    for i, t, j in _reads(windows, taps, samples, s, p):
        reads[i, t, j] = 1
    pattern = {"mcj,t": "itj,cj,mct->mi", "gw": "itj,mi,mct->cj", "gx": "itj,mi,cj->mct"}[way]
    return np.einsum(pattern, reads, *two)


def _flip(w: Array) -> Array:
    return w[..., ::-1]


CONV1D_DOUBLE_BACKWARD = Task(
    reference=conv1d_double_backward,
    summary="gradients of sum(u * dx) + sum(v * dw) with respect to grad_output, input and weight.",
    properties=(
        Property(
            "with respect to grad_output",
            1.5,
            _second((1, 1, 3, 2, 1, 0), (1, 1, 4, 3, 1, 0)),
            item(0, wrong_values),
            "grad_output occurs in dx and in dw: two terms, each of them a convolution.",
        ),
        Property(
            "with respect to the input",
            1,
            _second((1, 1, 3, 2, 1, 0), (1, 1, 4, 3, 1, 0)),
            item(1, wrong_values),
            "dx does not depend on the input, dw does: only sum(v * dw) counts. In which role does v stand in it?",
        ),
        Property(
            "with respect to the weight",
            1,
            _second((1, 1, 3, 2, 1, 0), (1, 1, 4, 3, 1, 0)),
            item(2, wrong_values),
            "dw does not depend on the weight, dx does: only sum(u * dx) counts. In which role does u stand in it?",
        ),
        Property(
            "channels",
            0.5,
            _second((2, 1, 3, 2, 1, 0), (1, 3, 4, 3, 1, 0), channels=True),
            wrong_values,
            "write the sum with all its indices first: m, c, i and t.",
        ),
        Property(
            "stride and padding",
            1,
            _second((1, 1, 8, 3, 2, 0), (2, 1, 6, 3, 2, 1), (1, 2, 9, 2, 3, 0), channels=True, stride=True),
            wrong_values,
            "in every one of the sums, tap t of window i reads sample s*i + t - p. Each result has the shape of what "
            "it belongs to.",
        ),
    ),
    mistakes=(
        Mistake(
            "only through dx",
            _derived(lambda y, dx, dw, u, v, g, x, w: (y(u, w), dx(g, v), dw(g, u))),
            "grad_output also occurs in dw: a second term, the convolution of the input with v, is missing.",
        ),
        Mistake(
            "only through dw",
            _derived(lambda y, dx, dw, u, v, g, x, w: (y(x, v), dx(g, v), dw(g, u))),
            "grad_output also occurs in dx: a second term, the convolution of u with the weight, is missing.",
        ),
        Mistake(
            "u with v, input with weight",
            _derived(lambda y, dx, dw, u, v, g, x, w: (y(u, v) + y(x, w), dx(g, v), dw(g, u))),
            "u takes the place of the input and v that of the weight, one at a time: u goes with the weight, v with "
            "the input.",
        ),
        Mistake(
            "no second derivative",
            _derived(lambda y, dx, dw, u, v, g, x, w: (y(u, w) + y(x, v), 0 * x, 0 * w)),
            "A convolution is linear in the input, and linear in the weight, but not in both together: their product "
            "has mixed second derivatives.",
        ),
        Mistake(
            "the first derivatives again",
            _derived(lambda y, dx, dw, u, v, g, x, w: (y(u, w) + y(x, v), dx(g, w), dw(g, x))),
            "These are dx and dw themselves. To derive sum(v * dw) by the input, put v where the weight stood; to "
            "derive sum(u * dx) by the weight, put u where the input stood.",
        ),
        Mistake(
            "first derivatives added",
            _derived(lambda y, dx, dw, u, v, g, x, w: (y(u, w) + y(x, v), dx(g, v + w), dw(g, u + x))),
            "Only sum(u * dx) + sum(v * dw) is to be derived; the loss of the first pass is not part of it.",
        ),
        Mistake(
            "kernel flipped on the way back",
            _derived(lambda y, dx, dw, u, v, g, x, w: (y(u, w) + y(x, v), dx(g, _flip(v)), dw(g, u))),
            "Tap t of window i reads sample s*i + t - p, in all of the sums. Nothing is flipped as long as you write "
            "them with these indices.",
        ),
        Mistake(
            "weight gradient back to front",
            _derived(lambda y, dx, dw, u, v, g, x, w: (y(u, w) + y(x, v), dx(g, v), _flip(dw(g, u)))),
            "Entry t of the result belongs to tap t, which reads sample s*i + t - p.",
        ),
        Mistake(
            "convolutions with the kernel flipped",
            _derived(lambda y, dx, dw, u, v, g, x, w: (y(u, _flip(w)) + y(x, _flip(v)), dx(g, v), dw(g, u))),
            "Deep learning does not flip: output i adds up w[t] * x[s*i + t - p].",
        ),
        Mistake(
            "stride forgotten",
            _derived(lambda y, dx, dw, u, v, g, x, w: (y(u, w) + y(x, v), dx(g, v), dw(g, u)), lambda s, p: (1, p)),
            "Window i begins at sample s*i - p, in all three results.",
        ),
        Mistake(
            "padding forgotten",
            _derived(lambda y, dx, dw, u, v, g, x, w: (y(u, w) + y(x, v), dx(g, v), dw(g, u)), lambda s, p: (s, 0)),
            "Window i begins at sample s*i - p, in all three results.",
        ),
    ),
    forbidden=FORBIDDEN,
    section="Twice",
)

TASKS = (
    CONV1D_GRADIENTS,
    CONV2D_BACKWARD,
    CONV_TRANSPOSE1D_BACKWARD,
    POOL2D_BACKWARD,
    NUMERICAL_VJP,
    CONV1D_DOUBLE_BACKWARD,
)

check_conv1d_gradients = make_check(CONV1D_GRADIENTS)
check_conv2d_backward = make_check(CONV2D_BACKWARD)
check_conv_transpose1d_backward = make_check(CONV_TRANSPOSE1D_BACKWARD)
check_pool2d_backward = make_check(POOL2D_BACKWARD)
check_numerical_vjp = make_check(NUMERICAL_VJP)
check_conv1d_double_backward = make_check(CONV1D_DOUBLE_BACKWARD)
