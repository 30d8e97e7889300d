"""Alias-free layers: up, filter, down in one operator, non-linearities at a higher rate, and how equivariant they are.

`upfirdn1d` and `upfirdn2d` speak StyleGAN's conventions (Karras et al. 2021, arXiv 2106.12423): every sample is
followed by zeros, the last one too; a negative padding crops; the filter is *flipped*, as mathematics means
convolution, unless `flip_filter` says that it is not; and where each axis has its own number, the horizontal one comes
first.
"""

from collections.abc import Callable, Sequence
from math import isfinite, pi, prod
from numbers import Integral, Real
from typing import Any

import numpy
from array_api_compat import array_namespace, device, is_array_api_obj

from resampling.aliasing import phasor
from resampling.filtering import (
    filtered,
    filtered_adjoint,
    filtered_by_axis,
    filtered_by_axis_adjoint,
    taps_like,
)
from resampling.grid_sizes import check_arrays, per_axis, real_number, whole_number
from resampling.metrics import psnr

__all__ = [
    "downsample1d",
    "downsample2d",
    "equivariance_psnr",
    "expand_kernel",
    "filtered_leaky_relu",
    "filtered_nonlinearity",
    "fourier_shift",
    "upfirdn1d",
    "upfirdn1d_adjoint",
    "upfirdn2d",
    "upfirdn2d_adjoint",
    "upsample1d",
    "upsample2d",
]

Array = Any
Taps = Array | Sequence[float] | None
Numbers = int | Sequence[int]


def upfirdn1d(
    input: Array,
    taps: Taps,
    up: Numbers = 1,
    down: Numbers = 1,
    padding: Numbers = 0,
    flip_filter: bool = False,
    gain: float = 1,
) -> Array:
    """``out[m] = gain * sum over t of taps[k-1-t] * z[down*m + t - x0]``, with ``z[up*i] = input[i]``, else 0.

    The definition has four steps: put ``up - 1`` zeros after *every* sample; pad or crop; convolve, keeping the
    positions where the filter lies inside; keep every down-th result. They are computed by polyphase: no zero is made
    or multiplied. ``scipy.signal.upfirdn(taps, input, up, down)`` ends with the last sample and pads on its own: it is
    ``padding=(k-1, k-up)``, of length ``up*(n-1) + k`` before every down-th is kept.

    Parameters
    ----------
    input : array (..., n)
        Every channel is filtered alike, on its own.
    taps : array (k,) or sequence of float, optional
        None is a filter of one tap, 1.
    up, down : int
        Factors, at least 1.
    padding : int or (x0, x1)
        Zeros before and after, in samples at the higher rate, the zeros after the last sample not counted. Negative
        numbers crop.
    flip_filter : bool
        Whether the taps multiply the samples as they stand (cross-correlation): ``taps[t]`` above.
    gain : float
        Multiplies the result; `up` makes up for the zeros in between.

    Returns
    -------
    array (..., o)
        ``o = floor((up*n + x0 + x1 - k) / down) + 1``; namespace, dtype and device of `input`.

    Raises
    ------
    ValueError
        When an option is out of range, no window fits, or an integer `input` meets taps or a gain that are not whole.

    Examples
    --------
    >>> import numpy as np
    >>> upfirdn1d(np.array([1, 2, 3]), [1, 10, 100], up=2, padding=(2, 1))
    array([  1,  10, 102,  20, 203,  30, 300])
    >>> upfirdn1d(np.array([1, 2, 3]), [1, 10, 100], up=2, down=3, padding=(2, -1))
    array([ 1, 20])
    """
    return _upfirdn(input, taps, up, down, padding, flip_filter, gain, 1)


def upfirdn2d(
    input: Array,
    taps: Taps,
    up: Numbers = 1,
    down: Numbers = 1,
    padding: Numbers = 0,
    flip_filter: bool = False,
    gain: float = 1,
) -> Array:
    """``upfirdn2d(x, w) == upfirdn1d`` down the columns and along the rows when ``taps == outer(w, w)``.

    As `upfirdn1d`, with two axes.

    Parameters
    ----------
    input : array (..., H, W)
    taps : array (k,) or (kH, kW), or sequence of float, optional
        On one axis: the same filter for both axes, one after the other.
    up, down : int or (horizontal, vertical)
    padding : int, (x, y) or (x0, x1, y0, y1)
        Left, right, top and bottom, as `pad` orders them; two numbers hold for both sides.
    flip_filter, gain
        As `upfirdn1d`; ``up**2`` makes up for the zeros in between.

    Returns
    -------
    array (..., oH, oW)
        Sizes as in `upfirdn1d`; namespace, dtype and device of `input`.

    Raises
    ------
    ValueError
        As `upfirdn1d`.

    Examples
    --------
    >>> import numpy as np
    >>> upfirdn2d(np.array([[1, 2]]), np.array([[1, 10], [100, 1000]]), up=(2, 1), padding=(1, 0, 1, 1))
    array([[   1,   10,    2,   20],
           [ 100, 1000,  200, 2000]])
    """
    return _upfirdn(input, taps, up, down, padding, flip_filter, gain, 2)


def upfirdn1d_adjoint(
    output: Array,
    input_size: Numbers,
    taps: Taps,
    up: Numbers = 1,
    down: Numbers = 1,
    padding: Numbers = 0,
    flip_filter: bool = False,
    gain: float = 1,
) -> Array:
    """``sum(output * upfirdn1d(x, ...)) == sum(upfirdn1d_adjoint(output, n, ...) * x)`` for every ``x``.

    It is ``upfirdn1d(output, taps, up=down, down=up, padding=(k-1-x0, up*(n-1)+1+x0-down*o), not flip_filter, gain)``.

    Parameters
    ----------
    output : array (..., o)
        Of the shape that `upfirdn1d` returns.
    input_size : int
        Length ``n`` of the input.
    taps, up, down, padding, flip_filter, gain
        As `upfirdn1d`.

    Returns
    -------
    array (..., n)
        Namespace, dtype and device of `output`.

    Raises
    ------
    ValueError
        As `upfirdn1d`, and when `output` is not of the length that `input_size` gives.

    Examples
    --------
    >>> import numpy as np
    >>> upfirdn1d_adjoint(np.array([1, 0, 0, 0, 0, 0, 1]), 3, [1, 10, 100], up=2, padding=(2, 1))
    array([  1,   0, 100])
    """
    return _upfirdn_adjoint(output, input_size, taps, up, down, padding, flip_filter, gain, 1)


def upfirdn2d_adjoint(
    output: Array,
    input_size: Numbers,
    taps: Taps,
    up: Numbers = 1,
    down: Numbers = 1,
    padding: Numbers = 0,
    flip_filter: bool = False,
    gain: float = 1,
) -> Array:
    """``sum(output * upfirdn2d(x, ...)) == sum(upfirdn2d_adjoint(output, (H, W), ...) * x)`` for every ``x``.

    As `upfirdn1d_adjoint`, with two axes: output (..., oH, oW), input_size (H, W), the rest as `upfirdn2d`.

    Examples
    --------
    >>> import numpy as np
    >>> upfirdn2d_adjoint(np.array([[0, 1, 0, 0]]), (1, 2), np.array([[1, 10]]), up=(2, 1), padding=(1, 0, 0, 0))
    array([[10,  0]])
    """
    return _upfirdn_adjoint(output, input_size, taps, up, down, padding, flip_filter, gain, 2)


def upsample1d(
    input: Array, taps: Taps, up: Numbers = 2, padding: Numbers = 0, flip_filter: bool = False, gain: float = 1
) -> Array:
    """``upfirdn1d(input, taps, up, gain=up*gain)`` padded by ``((k+up-1)//2, (k-up)//2)``: up times as many samples.

    Parameters
    ----------
    input : array (..., n)
    taps : array (k,) or sequence of float, optional
        A low-pass filter with sum 1 and a cutoff of at most ``1 / (2*up)`` cycles/sample. When ``k - up`` is even, its
        middle falls on the pixel centres of the finer grid.
    up : int
    padding : int or (x0, x1)
        On top of the padding above.
    flip_filter, gain
        As `upfirdn1d`.

    Returns
    -------
    array (..., up * n)
        When `padding` is 0. Namespace, dtype and device of `input`.

    Raises
    ------
    ValueError
        As `upfirdn1d`.

    Examples
    --------
    >>> import numpy as np
    >>> upsample1d(np.array([4.0, 8.0]), [0.125, 0.375, 0.375, 0.125])
    array([3., 5., 7., 6.])
    """
    return _upsample(input, taps, up, padding, flip_filter, gain, 1)


def upsample2d(
    input: Array, taps: Taps, up: Numbers = 2, padding: Numbers = 0, flip_filter: bool = False, gain: float = 1
) -> Array:
    """``upsample2d(x) == upsample1d`` down the columns, then along the rows, for taps on one axis.

    As `upsample1d`, with two axes: input (..., H, W), and `taps`, `up` and `padding` as in `upfirdn2d`.

    Examples
    --------
    >>> import numpy as np
    >>> upsample2d(np.array([[4.0, 8.0]]), [0.5, 0.5])
    array([[4., 4., 8., 8.],
           [4., 4., 8., 8.]])
    """
    return _upsample(input, taps, up, padding, flip_filter, gain, 2)


def downsample1d(
    input: Array, taps: Taps, down: Numbers = 2, padding: Numbers = 0, flip_filter: bool = False, gain: float = 1
) -> Array:
    """``upfirdn1d(input, taps, down=down)`` padded by ``((k-down+1)//2, (k-down)//2)``: one sample for every `down`.

    When ``k - down`` is even, ``down * downsample1d`` with the taps flipped is the adjoint of `upsample1d`.

    Parameters
    ----------
    input : array (..., n)
    taps : array (k,) or sequence of float, optional
        A low-pass filter with sum 1 and a cutoff of at most ``1 / (2*down)`` cycles/sample.
    down : int
    padding : int or (x0, x1)
        On top of the padding above.
    flip_filter, gain
        As `upfirdn1d`.

    Returns
    -------
    array (..., floor(n / down))
        When `padding` is 0. Namespace, dtype and device of `input`.

    Raises
    ------
    ValueError
        As `upfirdn1d`.

    Examples
    --------
    >>> import numpy as np
    >>> downsample1d(np.array([0.0, 8.0, 8.0, 0.0]), [0.125, 0.375, 0.375, 0.125])
    array([4., 4.])
    """
    return _downsample(input, taps, down, padding, flip_filter, gain, 1)


def downsample2d(
    input: Array, taps: Taps, down: Numbers = 2, padding: Numbers = 0, flip_filter: bool = False, gain: float = 1
) -> Array:
    """``downsample2d(x) == downsample1d`` down the columns, then along the rows, for taps on one axis.

    As `downsample1d`, with two axes: input (..., H, W), and `taps`, `down` and `padding` as in `upfirdn2d`.

    Examples
    --------
    >>> import numpy as np
    >>> downsample2d(np.array([[1.0, 2.0], [3.0, 6.0]]), [0.5, 0.5])
    array([[3.]])
    """
    return _downsample(input, taps, down, padding, flip_filter, gain, 2)


def filtered_nonlinearity(
    input: Array,
    function: Callable[[Array], Array],
    up_taps: Array | Sequence[float],
    down_taps: Array | Sequence[float] | None = None,
    up: int = 2,
    down: int | None = None,
    axes: int = 2,
) -> Array:
    """``upfirdn(function(upfirdn(x, up_taps, up, gain=up**axes)), down_taps, down=down)``: bend at the higher rate.

    A non-linearity makes frequencies that the grid of `input` cannot carry and that would alias. At the finer grid
    there is room for them, and the second filter removes them before the samples are dropped.

    Parameters
    ----------
    input : array (..., n) or (..., H, W)
    function : callable
        Works on each sample by itself, as ``np.tanh`` does.
    up_taps, down_taps : array (k,) or sequence of float
        Low-pass filters with sum 1 at the higher rate, the same for each axis; `down_taps` is `up_taps` when left out.
        Best with ``k_up + k_down + up + down`` even: then nothing moves, else by half a sample of the finer grid.
    up, down : int
        Factors; `down` is `up` when left out.
    axes : 1 or 2
        How many of the last axes are resampled.

    Returns
    -------
    array (..., floor(up * n / down)), or two such axes
        Namespace, dtype and device of `input`. Zeros lie outside the input, and pixel centres are kept.

    Raises
    ------
    ValueError
        When an option is out of range, no window fits, or `function` changes the shape.

    References
    ----------
    Karras et al., Alias-free generative adversarial networks, NeurIPS 2021, "filtered nonlinearities" in section 3
    (arXiv 2106.12423).

    Examples
    --------
    >>> import numpy as np
    >>> filtered_nonlinearity(np.array([4.0, 4.0, 4.0, -4.0]), np.abs, [0.125, 0.375, 0.375, 0.125], axes=1)
    array([3.25, 4.  , 3.  , 2.25])
    """
    check_arrays(input=input)
    u, axes = whole_number("up", up, 1), whole_number("axes", axes, 1)
    s = u if down is None else whole_number("down", down, 1)
    if axes > 2:
        raise ValueError(f"axes must be 1 or 2, got {axes!r}")
    up_taps = taps_like("up_taps", up_taps, input)
    down_taps = up_taps if down_taps is None else taps_like("down_taps", down_taps, input)
    room = up_taps.shape[0] + down_taps.shape[0] - 1 - s
    sides = ((room + u) // 2, room - (room + u) // 2) * axes
    fine = _upfirdn(input, up_taps, u, 1, sides, False, u**axes, axes)
    bent = function(fine)
    if bent.shape != fine.shape:
        raise ValueError(f"function must keep the shape {tuple(fine.shape)}, but returned {tuple(bent.shape)}")
    return _upfirdn(bent, down_taps, 1, s, 0, False, 1, axes)


def filtered_leaky_relu(
    input: Array,
    taps: Array | Sequence[float],
    up: int = 2,
    down: int | None = None,
    negative_slope: float = 0.2,
    axes: int = 2,
) -> Array:
    """``filtered_nonlinearity(x, g, taps, ...)`` with ``g(v) = v`` where ``v >= 0``, else ``negative_slope * v``.

    Parameters
    ----------
    input : array (..., n) or (..., H, W)
    taps : array (k,) or sequence of float
        Low-pass filter with sum 1 at the higher rate, used on the way up and on the way down.
    up, down : int
        Factors; `down` is `up` when left out.
    negative_slope : float
        StyleGAN3's 0.2 unless given. (StyleGAN3 also multiplies by sqrt(2) to keep the variance; this does not.)
    axes : 1 or 2
        How many of the last axes are resampled.

    Returns
    -------
    array
        As `filtered_nonlinearity`.

    Raises
    ------
    ValueError
        As `filtered_nonlinearity`.

    Examples
    --------
    >>> import numpy as np
    >>> filtered_leaky_relu(np.array([8.0, -8.0]), [0.125, 0.375, 0.375, 0.125], axes=1)
    array([ 3.9, -0.3])
    """

    slope = real_number("negative_slope", negative_slope, "a finite number", isfinite)

    def leaky_relu(v: Array) -> Array:
        return array_namespace(v).where(v >= 0, v, v * slope)

    return filtered_nonlinearity(input, leaky_relu, taps, None, up, down, axes)


def expand_kernel(taps: Array | Sequence[float], factor: int) -> Array:
    """``out[s*t] = taps[t]``, 0 between: the taps of ``H(z**s)`` when `taps` are those of ``H(z)``, as dilation makes.

    The noble identities let a filter and a change of rate swap places. With ``h = expand_kernel(taps, s)``,
    ``causal(x, w) = upfirdn1d(x, w, padding=(len(w) - 1, 0))`` and ``spread(x) = upfirdn1d(x, None, up=s)``::

        causal(x, h)[..., ::s] == causal(x[..., ::s], taps)
        causal(spread(x), h) == spread(causal(x, taps))

    Parameters
    ----------
    taps : array (k,) or sequence of float
    factor : int
        ``s``, in samples.

    Returns
    -------
    array (s * (k-1) + 1,)
        Namespace, dtype and device of `taps`; NumPy's when it is a sequence.

    Raises
    ------
    ValueError
        When `taps` is not on one axis or `factor` is below 1.

    References
    ----------
    Vaidyanathan, Multirate Systems and Filter Banks, Prentice Hall 1993, section 4.2.

    Examples
    --------
    >>> import numpy as np
    >>> expand_kernel(np.array([1, 2, 3]), 2)
    array([1, 0, 2, 0, 3])
    """
    s = whole_number("factor", factor, 1)
    w = taps if is_array_api_obj(taps) else numpy.asarray(taps)
    return upfirdn1d(taps_like("taps", w, w), None, up=s, padding=(0, 1 - s))


def fourier_shift(input: Array, shift: float | Sequence[float]) -> Array:
    """``fft(out)[k] = exp(-2j*pi*k*shift/n) * fft(input)[k]``: moved in a circle by any fraction of a sample.

    The periodic signal with no frequency above 1/2 cycles/sample that passes through the samples is read off `shift`
    samples earlier. On an even length the frequency of exactly 1/2 gets ``cos(pi*shift)``, which keeps the result
    real. A whole `shift` rolls the samples.

    Parameters
    ----------
    input : array (..., n) or (..., H, W) and so on
        Floats.
    shift : float or sequence of float
        In samples, to the right and down; one number for each of the last axes, a single one for the last.

    Returns
    -------
    array
        Shape, namespace, dtype and device of `input`.

    Raises
    ------
    ValueError
        When `input` does not hold floats, or `shift` is not finite or has more numbers than `input` has axes.

    Examples
    --------
    >>> import numpy as np
    >>> fourier_shift(np.array([1.0, 0.0, -1.0, 0.0]), 0.5).round(4)
    array([ 0.7071,  0.7071, -0.7071, -0.7071])
    """
    shifts = _shifts(input, shift)
    for axis, number in zip(range(-len(shifts), 0), shifts, strict=True):
        input = _shifted(input, number, axis)
    return input


def _shifts(input: Array, shift: float | Sequence[float]) -> tuple[float, ...]:
    """A finite number for each of the last axes of a floating array."""
    check_arrays(input=input)
    shifts = tuple(shift) if isinstance(shift, Sequence) else (shift,)
    if not array_namespace(input).isdtype(input.dtype, "real floating"):
        raise ValueError(f"input must hold floats, got {input.dtype}")
    if not 0 < len(shifts) <= input.ndim or not all(isinstance(s, Real) and isfinite(s) for s in shifts):
        raise ValueError(f"shift must be finite numbers for at most {input.ndim} axes, got {shift!r}")
    return tuple(map(float, shifts))


def _shifted(x: Array, shift: float, axis: int) -> Array:
    """`fourier_shift` along one axis."""
    xp, n = array_namespace(x), x.shape[axis]
    if n == 0:
        raise ValueError(f"input must not be empty along axis {axis}, got {tuple(x.shape)}")
    k = xp.arange(n // 2 + 1, dtype=x.dtype, device=device(x))
    turn = phasor(2 * pi * shift / n * k)
    # Of the frequency 1/2 a real signal has only the real part, and not every irfft drops the other by itself.
    turn = xp.where(2 * k == n, (turn + xp.conj(turn)) / 2, turn)
    spectrum = xp.fft.rfft(x, axis=axis) * xp.reshape(turn, (-1, *(1,) * (-axis - 1)))
    return xp.astype(xp.fft.irfft(spectrum, n=n, axis=axis), x.dtype, copy=False)


def equivariance_psnr(
    operator: Callable[[Array], Array],
    input: Array,
    shift: float | Sequence[float],
    peak: float = 1.0,
    margin: int = 0,
) -> Array:
    """``psnr(operator(shifted x), shifted operator(x))`` in dB: infinite for an operator that moves with its input.

    Both shifts are `fourier_shift`; where the operator returns ``o`` samples for ``n``, the second one is
    ``shift * o / n``.

    Parameters
    ----------
    operator : callable
        Takes `input` and returns an array with as many shifted axes at its end.
    input : array (..., n) or (..., H, W)
        Floats.
    shift : float or sequence of float
        In samples of `input`, as in `fourier_shift`.
    peak : float
        The greatest value that a sample of the result can take, or its range.
    margin : int
        Output samples left out at each border, where the operator sees what the shift brought round.

    Returns
    -------
    array ()
        Namespace, dtype and device of the operator's result.

    Raises
    ------
    ValueError
        When an option is out of range, `margin` leaves nothing, or an argument is refused by `fourier_shift`.

    References
    ----------
    Karras et al., Alias-free generative adversarial networks, NeurIPS 2021, the metric EQ-T (arXiv 2106.12423).

    Examples
    --------
    Every second sample of a shifted signal is not a shifted version of every second sample, unless the signal has no
    frequencies that alias.

    >>> import numpy as np
    >>> slow, fast = (np.cos(2 * np.pi * m * np.arange(16) / 16) for m in (3, 7))
    >>> keep_even = lambda x: x[::2]
    >>> bool(equivariance_psnr(keep_even, slow, 1.0) > 200), float(equivariance_psnr(keep_even, fast, 1.0).round(2))
    (True, -3.01)
    """
    shifts, plain = _shifts(input, shift), operator(input)
    if plain.ndim < len(shifts):
        raise ValueError(f"operator must return the {len(shifts)} shifted axes last, but returned {tuple(plain.shape)}")
    edge, sizes = whole_number("margin", margin, 0), plain.shape[-len(shifts) :]
    if 2 * edge >= min(sizes):
        raise ValueError(f"margin must leave some of the {tuple(sizes)} output samples, got {margin!r}")
    moved = fourier_shift(
        plain, [s * o / n for s, o, n in zip(shifts, sizes, input.shape[-len(shifts) :], strict=True)]
    )
    inside = (..., *(slice(edge, o - edge) for o in sizes))
    return psnr(operator(fourier_shift(input, shifts))[inside], moved[inside], peak)


def _upfirdn(
    input: Array, taps: Taps, up: Numbers, down: Numbers, padding: Numbers, flip: bool, gain: float, axes: int
) -> Array:
    kernels, *options = _options("input", input, taps, up, down, padding, flip, gain, axes)
    if len(kernels) < axes:
        return filtered(input, *kernels, *options)
    return filtered_by_axis(input, kernels, *options)


def _upfirdn_adjoint(
    output: Array,
    input_size: Numbers,
    taps: Taps,
    up: Numbers,
    down: Numbers,
    padding: Numbers,
    flip: bool,
    gain: float,
    axes: int,
) -> Array:
    sizes = per_axis("input_size", input_size, axes, 1)
    kernels, *options = _options("output", output, taps, up, down, padding, flip, gain, axes)
    if len(kernels) < axes:
        return filtered_adjoint(output, sizes, *kernels, *options)
    return filtered_by_axis_adjoint(output, sizes, kernels, *options)


def _options(
    name: str, x: Array, taps: Taps, up: Numbers, down: Numbers, padding: Numbers, flip: bool, gain: float, axes: int
) -> tuple[list[Array], tuple[int, ...], tuple[int, ...], list[tuple[int, int]]]:
    """Unflipped kernels times `gain`, one for all axes or one each; factors and pads, first axis first."""
    check_arrays(**{name: x})
    if x.ndim < axes:
        raise ValueError(f"{name} must have at least {axes} axes, got {tuple(x.shape)}")
    w, xp = _taps(taps, x, axes), array_namespace(x)
    w = w if flip else xp.flip(w)
    kernels = [w * _checked_gain(name, x, gain), *[w] * (axes - w.ndim)]
    return kernels, _factors("up", up, axes), _factors("down", down, axes), _sides(padding, axes)


def _checked_gain(name: str, x: Array, gain: float) -> float:
    kind, number = (Integral, int) if array_namespace(x).isdtype(x.dtype, "integral") else (Real, float)
    if isinstance(gain, bool) or not isinstance(gain, kind):
        raise ValueError(f"gain must be a number, and whole for an {name} of integers; got {gain!r}")
    return number(gain)


def _taps(taps: Taps, like: Array, axes: int) -> Array:
    return taps_like("taps", (1,) if taps is None else taps, like, axes)


def _factors(name: str, value: Numbers, axes: int) -> tuple[int, ...]:
    """First axis first; `value` has the horizontal one first."""
    return per_axis(name, value, axes, 1)[::-1]


def _sides(padding: Numbers, axes: int) -> list[tuple[int, int]]:
    """(before, after) on each axis, first axis first; `padding` has the last axis first."""
    sides = tuple(padding) if isinstance(padding, Sequence) else (padding,)
    sides = [whole_number("padding", side) for side in (sides * axes if len(sides) == 1 else sides)]
    if len(sides) == axes:
        sides = [side for side in sides for _ in range(2)]
    if len(sides) != 2 * axes:
        raise ValueError(f"padding must be one number, {axes} or {2 * axes}, got {padding!r}")
    return list(zip(sides[::2], sides[1::2], strict=True))[::-1]


def _upsample(input: Array, taps: Taps, up: Numbers, padding: Numbers, flip: bool, gain: float, axes: int) -> Array:
    check_arrays(input=input)
    w, factors = _taps(taps, input, axes), _factors("up", up, axes)
    pads = [((k + u - 1) // 2, (k - u) // 2) for k, u in zip(_sizes(w, axes), factors, strict=True)]
    gain = _checked_gain("input", input, gain) * prod(factors)
    return _upfirdn(input, w, up, 1, _added(padding, pads), flip, gain, axes)


def _downsample(input: Array, taps: Taps, down: Numbers, padding: Numbers, flip: bool, gain: float, axes: int) -> Array:
    check_arrays(input=input)
    w, factors = _taps(taps, input, axes), _factors("down", down, axes)
    pads = [((k - s + 1) // 2, (k - s) // 2) for k, s in zip(_sizes(w, axes), factors, strict=True)]
    return _upfirdn(input, w, 1, down, _added(padding, pads), flip, gain, axes)


def _sizes(taps: Array, axes: int) -> tuple[int, ...]:
    """Of the filter along each axis; taps on one axis serve every axis."""
    return tuple(taps.shape) if taps.ndim == axes else tuple(taps.shape) * axes


def _added(padding: Numbers, pads: Sequence[tuple[int, int]]) -> list[int]:
    """`padding` on top of `pads`, last axis first."""
    own = _sides(padding, len(pads))
    both = [(a + before, b + after) for (a, b), (before, after) in zip(own, pads, strict=True)]
    return [side for pad in reversed(both) for side in pad]
