"""Aliasing, and the filters that prevent it: what a sampled frequency turns into, blur-pooling, low-pass design.

Frequencies are in cycles/sample: 1/2 is the highest that samples can carry. Filters multiply the samples as they stand,
not flipped, as everywhere in the course.
"""

from collections.abc import Sequence
from math import ceil, comb, inf, isfinite, log10, pi
from typing import Any

import numpy
from array_api_compat import array_namespace, device, is_array_api_obj

from resampling.filtering import filtered_by_axis, filtered_by_axis_adjoint, taps_like
from resampling.grid_sizes import check_arrays, per_axis, real_number, whole_number
from resampling.padding import pad, pad_adjoint
from resampling.pooling import max_pool2d

__all__ = [
    "alias_frequency",
    "binomial",
    "blur",
    "blur_adjoint",
    "blur_pool",
    "blur_pool1d",
    "blur_pool1d_adjoint",
    "blur_pool2d",
    "blur_pool2d_adjoint",
    "blur_pool3d",
    "blur_pool3d_adjoint",
    "blur_pool_adjoint",
    "decimate",
    "decimate_adjoint",
    "design_lowpass",
    "folding_matrix",
    "frequency_response",
    "kaiser_order",
    "max_blur_pool2d",
    "windowed_sinc",
]

Array = Any


def alias_frequency(frequency: Array | float, factor: int = 1, sampling_rate: float | None = None) -> Array | float:
    """``f' = abs(s*f - round(s*f))``: the frequency that a sinusoid of ``f`` shows after every s-th sample is kept.

    Parameters
    ----------
    frequency : float or array
        ``f`` in cycles/sample of the input; any real number, also above 1/2.
    factor : int
        Step ``s``; 1 says what a frequency above 1/2 looks like in the samples themselves.
    sampling_rate : float, optional
        Of the input, in Hz. Then `frequency` and the result are in Hz too.

    Returns
    -------
    float or array
        Between 0 and 1/2 cycles/sample of the *output*, or between 0 and half the new sampling rate in Hz.
        Namespace, dtype and device of `frequency`; whole numbers become float64.

    Raises
    ------
    ValueError
        When `factor` is not a whole number of at least 1, or `sampling_rate` is not positive.

    Examples
    --------
    Every second sample of ``cos(2*pi*7n/16)`` is ``cos(2*pi*n/8)``; a tone of 7 kHz in 8000 samples a second is heard
    at 1 kHz.

    >>> alias_frequency(7 / 16, 2), alias_frequency(7000.0, sampling_rate=8000.0)
    (0.125, 1000.0)
    """
    if not is_array_api_obj(frequency):
        number = real_number("frequency", frequency, "an array or a finite number", isfinite)
        return float(alias_frequency(numpy.asarray(number), factor, sampling_rate))
    s, xp = whole_number("factor", factor, 1), array_namespace(frequency)
    rate = 1.0 if sampling_rate is None else _positive("sampling_rate", sampling_rate) / s
    floats = xp.isdtype(frequency.dtype, "real floating")
    cycles = (frequency if floats else xp.astype(frequency, xp.float64)) * (s if sampling_rate is None else 1 / rate)
    return xp.abs(cycles - xp.floor(cycles + 0.5)) * rate


def folding_matrix(length: int, factor: int, *, like: Array | None = None) -> Array:
    """Matrix ``A`` with ``A @ fft(x) == fft(x[::factor])``: the spectrum, cut in s pieces, is averaged.

    Frequency ``k`` of the output is the mean of the s frequencies of the input that keeping every s-th sample makes
    alike::

        A[k, m] = 1/s where m = k mod n/s, else 0

    Parameters
    ----------
    length, factor : int
        Input length ``n``, and the step ``s``, which must divide it.
    like : array, optional
        Array whose namespace, dtype and device the result takes; NumPy float64 when left out.

    Returns
    -------
    array (n / s, n)

    Raises
    ------
    ValueError
        When an argument is out of range, or `factor` does not divide `length`.

    Examples
    --------
    >>> folding_matrix(4, 2)
    array([[0.5, 0. , 0.5, 0. ],
           [0. , 0.5, 0. , 0.5]])
    """
    n, s = whole_number("length", length, 1), whole_number("factor", factor, 1)
    if n % s:
        raise ValueError(f"factor must divide length = {n}, got {factor!r}")
    like = numpy.zeros(0) if like is None else like
    xp = array_namespace(like)
    return xp.concat([xp.eye(n // s, dtype=like.dtype, device=device(like))] * s, axis=1) / s


def binomial(size: int, *, like: Array | None = None) -> Array:
    """``w[t] = comb(k-1, t) / 2**(k-1)``: a row of Pascal's triangle with sum 1, [1 1] / 2 convolved k-1 times.

    Its response is ``cos(pi*f)**(k-1)``, which is 0 at 1/2 cycles/sample from two taps on.

    Parameters
    ----------
    size : int
        Taps ``k``.
    like : array, optional
        Array whose namespace, dtype and device the result takes; NumPy float64 when left out.

    Returns
    -------
    array (k,)

    Raises
    ------
    ValueError
        When `size` is not a whole number of at least 1.

    Examples
    --------
    >>> binomial(3), binomial(5)
    (array([0.25, 0.5 , 0.25]), array([0.0625, 0.25  , 0.375 , 0.25  , 0.0625]))
    """
    k = whole_number("size", size, 1)
    return _made_like([comb(k - 1, t) / 2 ** (k - 1) for t in range(k)], like)


def blur(input: Array, kernel: Array | Sequence[float], axes: int = 2, mode: str = "reflect") -> Array:
    """``out[i, j] = sum over a, b of kernel[a] * kernel[b] * input[i + a - (k-1)//2, j + b - (k-1)//2]``.

    Parameters
    ----------
    input : array (..., H, W), or another number of last axes
        Every channel is filtered alike, on its own.
    kernel : array (k,) or sequence of float
        Taps, the same for each axis; those of an even number reach one sample farther to the right.
    axes : int
        How many of the last axes are blurred.
    mode : str
        Samples outside the input, as in `pad`: ``"reflect"``, ``"constant"`` (zeros), ``"replicate"`` or
        ``"circular"``.

    Returns
    -------
    array
        Shape, namespace, dtype and device of `input`.

    Raises
    ------
    ValueError
        When shapes do not fit, an option is out of range, or `mode` asks for more samples than there are.

    Examples
    --------
    >>> import numpy as np
    >>> blur(np.array([0.0, 0.0, 4.0, 0.0]), [0.25, 0.5, 0.25], axes=1)
    array([0., 1., 2., 2.])
    """
    return _blurred(input, [kernel] * whole_number("axes", axes, 1), 1, mode)


def blur_adjoint(output: Array, kernel: Array | Sequence[float], axes: int = 2, mode: str = "reflect") -> Array:
    """``sum(output * blur(x, ...)) == sum(blur_adjoint(output, ...) * x)`` for every ``x``.

    Parameters
    ----------
    output : array (..., H, W)
        Of the shape that `blur` returns.
    kernel, axes, mode
        As `blur`.

    Returns
    -------
    array
        Shape, namespace, dtype and device of `output`.

    Raises
    ------
    ValueError
        As `blur`.

    Examples
    --------
    >>> import numpy as np
    >>> blur_adjoint(np.array([0.0, 0.0, 0.0, 4.0]), [0.25, 0.5, 0.25], axes=1)
    array([0., 0., 2., 2.])
    """
    check_arrays(output=output)
    axes = whole_number("axes", axes, 1)
    return _blurred_adjoint(output, tuple(output.shape[-axes:]), [kernel] * axes, 1, mode)


def blur_pool(
    input: Array,
    kernel_size: int | Sequence[int] = 3,
    stride: int | Sequence[int] = 2,
    mode: str = "reflect",
    axes: int = 2,
) -> Array:
    """``blur_pool(x, k, s, axes=a) == blur_pool1d(x, k, s)`` along each of the last ``a`` axes.

    As `blur_pool1d`, each of `kernel_size` and `stride` one number or one for each axis.

    Parameters
    ----------
    axes : int
        How many of the last axes are pooled, ``a``.

    Examples
    --------
    >>> import numpy as np
    >>> blur_pool(np.ones((4, 5, 6)), axes=3).shape
    (2, 3, 3)
    """
    axes = whole_number("axes", axes, 1)
    kernels = [binomial(k) for k in per_axis("kernel_size", kernel_size, axes, 1)]
    return _blurred(input, kernels, stride, mode)


def blur_pool_adjoint(
    output: Array,
    input_size: int | Sequence[int],
    kernel_size: int | Sequence[int] = 3,
    stride: int | Sequence[int] = 2,
    mode: str = "reflect",
    axes: int = 2,
) -> Array:
    """``sum(output * blur_pool(x, ...)) == sum(blur_pool_adjoint(output, size, ...) * x)`` for every ``x``.

    As `blur_pool1d_adjoint`, `input_size` one number or one for each axis, and `axes` as in `blur_pool`.

    Parameters
    ----------
    axes : int
        How many of the last axes were pooled.

    Examples
    --------
    >>> import numpy as np
    >>> blur_pool_adjoint(np.ones((2, 3, 3)), (4, 5, 6), axes=3).shape
    (4, 5, 6)
    """
    axes = whole_number("axes", axes, 1)
    kernels = [binomial(k) for k in per_axis("kernel_size", kernel_size, axes, 1)]
    return _blurred_adjoint(output, per_axis("input_size", input_size, axes, 1), kernels, stride, mode)


def blur_pool1d(
    input: Array, kernel_size: int | Sequence[int] = 3, stride: int | Sequence[int] = 2, mode: str = "reflect"
) -> Array:
    """``out[i] = sum over t of binomial(k)[t] * input[s*i + t - (k-1)//2]``: blur, then keep every s-th sample.

    Parameters
    ----------
    input : array (..., n)
        Every channel is filtered alike, on its own.
    kernel_size : int
        Taps ``k`` of the `binomial` filter.
    stride : int
        Step ``s``, in samples.
    mode : str
        Samples outside the input, as in `pad`: ``"reflect"``, ``"constant"`` (zeros), ``"replicate"`` or
        ``"circular"``.

    Returns
    -------
    array (..., o)
        ``o = ceil(n / s)``; namespace, dtype and device of `input`, which must be floating.

    Raises
    ------
    ValueError
        When an option is out of range, or `mode` asks for more samples than there are.

    References
    ----------
    Zhang, Making convolutional networks shift-invariant again, ICML 2019, section 3.2, BlurPool (arXiv 1904.11486).

    Examples
    --------
    >>> import numpy as np
    >>> blur_pool1d(np.array([0.0, 0.0, 4.0, 4.0, 0.0, 0.0]))
    array([0., 3., 1.])
    """
    return blur_pool(input, kernel_size, stride, mode, 1)


def blur_pool2d(
    input: Array, kernel_size: int | Sequence[int] = 3, stride: int | Sequence[int] = 2, mode: str = "reflect"
) -> Array:
    """``blur_pool2d(x) == blur_pool1d`` down the columns, then along the rows.

    As `blur_pool1d`, with two axes: input (..., H, W), and each of `kernel_size` and `stride` one number or
    (vertical, horizontal).

    Examples
    --------
    >>> import numpy as np
    >>> blur_pool2d(np.array([[0.0, 16.0, 0.0], [0.0, 0.0, 0.0]]))
    array([[4., 4.]])
    """
    return blur_pool(input, kernel_size, stride, mode, 2)


def blur_pool3d(
    input: Array, kernel_size: int | Sequence[int] = 3, stride: int | Sequence[int] = 2, mode: str = "reflect"
) -> Array:
    """``blur_pool3d(x) == blur_pool1d`` along each of the last three axes.

    As `blur_pool1d`, with three axes: input (..., D, H, W), and each of `kernel_size` and `stride` one number or
    (depth, vertical, horizontal).

    Examples
    --------
    >>> import numpy as np
    >>> blur_pool3d(np.ones((3, 4, 5))).shape
    (2, 2, 3)
    """
    return blur_pool(input, kernel_size, stride, mode, 3)


def blur_pool1d_adjoint(
    output: Array,
    input_size: int | Sequence[int],
    kernel_size: int | Sequence[int] = 3,
    stride: int | Sequence[int] = 2,
    mode: str = "reflect",
) -> Array:
    """``sum(output * blur_pool1d(x, ...)) == sum(blur_pool1d_adjoint(output, n, ...) * x)`` for every ``x``.

    Parameters
    ----------
    output : array (..., o)
        Of the shape that `blur_pool1d` returns.
    input_size : int
        Length ``n`` of the input.
    kernel_size, stride, mode
        As `blur_pool1d`.

    Returns
    -------
    array (..., n)
        Namespace, dtype and device of `output`.

    Raises
    ------
    ValueError
        As `blur_pool1d`, and when `output` is not of the length that `input_size` gives.

    Examples
    --------
    >>> import numpy as np
    >>> blur_pool1d_adjoint(np.array([4.0, 0.0, 4.0]), 6)
    array([2., 2., 0., 1., 2., 1.])
    """
    return blur_pool_adjoint(output, input_size, kernel_size, stride, mode, 1)


def blur_pool2d_adjoint(
    output: Array,
    input_size: int | Sequence[int],
    kernel_size: int | Sequence[int] = 3,
    stride: int | Sequence[int] = 2,
    mode: str = "reflect",
) -> Array:
    """``sum(output * blur_pool2d(x, ...)) == sum(blur_pool2d_adjoint(output, (H, W), ...) * x)`` for every ``x``.

    As `blur_pool1d_adjoint`, with two axes: output (..., oH, oW), input_size (H, W), options as `blur_pool2d`.

    Examples
    --------
    >>> import numpy as np
    >>> blur_pool2d_adjoint(np.array([[8.0, 0.0]]), (2, 3))
    array([[2., 2., 0.],
           [2., 2., 0.]])
    """
    return blur_pool_adjoint(output, input_size, kernel_size, stride, mode, 2)


def blur_pool3d_adjoint(
    output: Array,
    input_size: int | Sequence[int],
    kernel_size: int | Sequence[int] = 3,
    stride: int | Sequence[int] = 2,
    mode: str = "reflect",
) -> Array:
    """``sum(output * blur_pool3d(x, ...)) == sum(blur_pool3d_adjoint(output, (D, H, W), ...) * x)`` for every ``x``.

    As `blur_pool1d_adjoint`, with three axes: output (..., oD, oH, oW), input_size (D, H, W), options as
    `blur_pool3d`.

    Examples
    --------
    >>> import numpy as np
    >>> blur_pool3d_adjoint(np.ones((2, 2, 3)), (3, 4, 5)).shape
    (3, 4, 5)
    """
    return blur_pool_adjoint(output, input_size, kernel_size, stride, mode, 3)


def max_blur_pool2d(
    input: Array,
    kernel_size: int | Sequence[int] = 2,
    stride: int | Sequence[int] = 2,
    blur_size: int | Sequence[int] = 3,
    mode: str = "reflect",
) -> Array:
    """``max_blur_pool2d(x, k, s, b) == blur_pool2d(max_pool2d(x, k, stride=1), b, s)``: max at every pixel first.

    Parameters
    ----------
    input : array (N, C, H, W) or (C, H, W)
    kernel_size : int or (vertical, horizontal)
        Window of the maximum.
    stride : int or (vertical, horizontal)
        Step after the blur, in pixels.
    blur_size : int or (vertical, horizontal)
        Taps of the `binomial` filter.
    mode : str
        Border rule of the blur, as in `blur_pool2d`.

    Returns
    -------
    array (N, C, oH, oW) or (C, oH, oW)
        ``oH = ceil((H - kH + 1) / sH)``; namespace, dtype and device of `input`.

    Raises
    ------
    ValueError
        As `max_pool2d` and `blur_pool2d`.

    References
    ----------
    Zhang, Making convolutional networks shift-invariant again, ICML 2019, section 3.2, MaxBlurPool (arXiv 1904.11486).

    Examples
    --------
    >>> import numpy as np
    >>> max_blur_pool2d(np.array([[[0.0, 0.0, 4.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0, 0.0]]]), blur_size=(1, 3))
    array([[[2., 3.]]])
    """
    return blur_pool2d(max_pool2d(input, kernel_size, stride=1), blur_size, stride, mode)


def decimate(
    input: Array, factor: int, taps: Array | Sequence[float] | None = None, axis: int = -1, mode: str = "constant"
) -> Array:
    """``out[i] = sum over t of taps[t] * input[s*i + t - (k-1)//2]``: filter, then keep every s-th sample.

    Parameters
    ----------
    input : array (..., n, ...)
    factor : int
        Step ``s``, in samples.
    taps : array (k,) or sequence of float, optional
        The filter against aliasing, such as ``design_lowpass(0.4 / s, 0.2 / s)``. None when left out: then the result
        is ``input[::s]``, aliases included.
    axis : int
        The axis that gets shorter.
    mode : str
        Samples outside the input, as in `pad`: ``"constant"`` (zeros), ``"reflect"``, ``"replicate"`` or
        ``"circular"``.

    Returns
    -------
    array (..., ceil(n / s), ...)
        Namespace, dtype and device of `input`.

    Raises
    ------
    ValueError
        When an option is out of range, or `mode` asks for more samples than there are.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([1.0, -1.0, 1.0, -1.0, 1.0])
    >>> decimate(x, 2), decimate(x, 2, [0.25, 0.5, 0.25], mode="reflect")
    (array([1., 1., 1.]), array([0., 0., 0.]))
    """
    check_arrays(input=input)
    xp = array_namespace(input)
    x = xp.moveaxis(input, _axis(input, axis), -1)
    return xp.moveaxis(_blurred(x, [(1,) if taps is None else taps], factor, mode, ("taps", "factor")), -1, axis)


def decimate_adjoint(
    output: Array,
    input_size: int,
    factor: int,
    taps: Array | Sequence[float] | None = None,
    axis: int = -1,
    mode: str = "constant",
) -> Array:
    """``sum(output * decimate(x, ...)) == sum(decimate_adjoint(output, n, ...) * x)`` for every ``x``.

    Parameters
    ----------
    output : array (..., o, ...)
        Of the shape that `decimate` returns.
    input_size : int
        Length ``n`` of the input along `axis`.
    factor, taps, axis, mode
        As `decimate`.

    Returns
    -------
    array (..., n, ...)
        Namespace, dtype and device of `output`.

    Raises
    ------
    ValueError
        As `decimate`, and when `output` is not of the length that `input_size` gives.

    Examples
    --------
    >>> import numpy as np
    >>> decimate_adjoint(np.array([1.0, 2.0]), 4, 2)
    array([1., 0., 2., 0.])
    """
    check_arrays(output=output)
    xp, sizes = array_namespace(output), (whole_number("input_size", input_size, 1),)
    y = xp.moveaxis(output, _axis(output, axis), -1)
    return xp.moveaxis(
        _blurred_adjoint(y, sizes, [(1,) if taps is None else taps], factor, mode, ("taps", "factor")), -1, axis
    )


def kaiser_order(stopband_db: float, transition: float) -> tuple[int, float]:
    """Kaiser's estimate ``k = ceil((A - 7.95) / (14.36 * transition)) + 1`` of the taps needed, and the window's beta.

    Parameters
    ----------
    stopband_db : float
        Attenuation ``A`` in dB, at least 8: pass- and stop-band may be off by ``10**(-A/20)``.
    transition : float
        Width between pass- and stop-band, in cycles/sample.

    Returns
    -------
    size : int
        Taps ``k``. An estimate: the filter may turn out a few taps too short, which `design_lowpass` sees to.
    beta : float
        Shape of the Kaiser window: 0 is a rectangle, larger ones fall off more gently.

    Raises
    ------
    ValueError
        When `stopband_db` is below 8 or `transition` not positive.

    References
    ----------
    Kaiser, Nonrecursive digital filter design using the I0-sinh window function, IEEE ISCAS 1974; in Oppenheim and
    Schafer, Discrete-Time Signal Processing, under "Kaiser window filter design method" (14.36 is 2.285 * 2pi).

    Examples
    --------
    >>> size, beta = kaiser_order(60.0, 0.1)
    >>> size, round(beta, 4)
    (38, 5.6533)
    """
    width = _positive("transition", transition)
    a = real_number("stopband_db", stopband_db, "at least 8 and finite", lambda v: 8 <= v < inf)
    low = 0.5842 * (a - 21) ** 0.4 + 0.07886 * (a - 21) if a > 21 else 0.0
    return ceil((a - 7.95) / (2.285 * 2 * pi * width) + 1), 0.1102 * (a - 8.7) if a > 50 else low


def windowed_sinc(size: int, cutoff: float, beta: float = 0.0, *, like: Array | None = None) -> Array:
    """``w[t] = sinc(2*cutoff*(t - (k-1)/2)) * kaiser(k, beta)[t]``, divided by its sum.

    Parameters
    ----------
    size : int
        Taps ``k``.
    cutoff : float
        In cycles/sample, above 0 and at most 1/2: the ideal low-pass passes below it and stops above it.
    beta : float
        Of the Kaiser window; 0 cuts the sinc off without one.
    like : array, optional
        Array whose namespace, dtype and device the result takes; NumPy float64 when left out.

    Returns
    -------
    array (k,)
        Symmetric, with sum 1.

    Raises
    ------
    ValueError
        When an argument is out of range.

    Examples
    --------
    >>> windowed_sinc(5, 0.25).round(4) + 0.0
    array([0.    , 0.28  , 0.4399, 0.28  , 0.    ])
    """
    k = whole_number("size", size, 1)
    f = real_number("cutoff", cutoff, "above 0 and at most 1/2 cycles/sample", lambda v: 0 < v <= 0.5)
    beta = real_number("beta", beta, "at least 0 and finite", lambda v: 0 <= v < inf)
    w = numpy.sinc(2 * f * (numpy.arange(k) - (k - 1) / 2)) * numpy.kaiser(k, beta)
    return _made_like(w / w.sum(), like)


def design_lowpass(
    cutoff: float,
    transition: float,
    stopband_db: float = 60.0,
    ripple_db: float | None = None,
    *,
    odd: bool = True,
    like: Array | None = None,
) -> Array:
    """Taps ``w`` with sum 1, ``abs(W(f)) <= 10**(-A/20)`` in the stop-band and ``abs(W(f))`` near 1 in the pass-band.

    The pass-band reaches from 0 to ``cutoff - transition/2``, the stop-band from ``cutoff + transition/2`` to 1/2. A
    windowed sinc of the length that `kaiser_order` estimates; where that misses, the length grows by two until the
    response, computed on a fine grid of frequencies in float64, keeps to what was asked.

    Parameters
    ----------
    cutoff, transition : float
        Middle and width of the band between the two, in cycles/sample.
    stopband_db : float
        Attenuation ``A`` in dB, at most 200, and at least 8 unless `ripple_db` asks for more accuracy.
    ripple_db : float, optional
        The pass-band's response lies within ``10**(+-ripple_db/20)``; left out, within ``1 +- 10**(-A/20)``.
    odd : bool
        Whether the number of taps is odd (centred on a sample) or even (between two).
    like : array, optional
        Array whose namespace, dtype and device the result takes; NumPy float64 when left out.

    Returns
    -------
    array (k,)
        Symmetric.

    Raises
    ------
    ValueError
        When an argument is out of range, or the bands do not fit between 0 and 1/2.

    References
    ----------
    Kaiser 1974, as in `kaiser_order`.

    Examples
    --------
    >>> import numpy as np
    >>> taps = design_lowpass(0.2, 0.1, stopband_db=40)
    >>> taps.shape, bool(abs(frequency_response(taps, np.array([0.3]))) <= 0.01)
    ((27,), True)
    """
    cutoff, transition = _positive("cutoff", cutoff), _positive("transition", transition)
    edges = cutoff - transition / 2, cutoff + transition / 2
    if not 0 < edges[0] <= edges[1] <= 0.5:
        raise ValueError(f"cutoff -+ transition/2 must lie between 0 and 1/2 cycles/sample, got the edges {edges}")
    stop = 10 ** (-real_number("stopband_db", stopband_db, "positive and at most 200", lambda v: 0 < v <= 200) / 20)
    ripple = stop if ripple_db is None else 1 - 10 ** (-_positive("ripple_db", ripple_db) / 20)
    if ripple < 1e-10:
        raise ValueError(f"ripple_db must be at least 1e-9, which float64 can still keep, got {ripple_db!r}")
    size, beta = kaiser_order(-20 * log10(min(stop, ripple)), transition)
    size += size % 2 != odd
    while True:
        taps = windowed_sinc(size, cutoff, beta)
        off, through = _worst(taps, edges)
        if off <= ripple and through <= stop:
            return _made_like(taps, like)
        size += 2


def _worst(taps: Array, edges: tuple[float, float]) -> tuple[float, float]:
    """Largest deviation from 1 up to the first edge, largest response from the second on."""
    frequencies = numpy.concat([numpy.fft.rfftfreq(32 * len(taps)), edges])
    size = numpy.abs(numpy.concat([numpy.fft.rfft(taps, 32 * len(taps)), frequency_response(taps, numpy.array(edges))]))
    passed, stopped = frequencies <= edges[0], frequencies >= edges[1]
    return numpy.abs(size[passed] - 1).max(), size[stopped].max()


def frequency_response(taps: Array, frequencies: Array) -> Array:
    """``W(f) = sum over t of taps[t] * exp(-2j*pi*f*t)``, tap 0 at time 0.

    Parameters
    ----------
    taps : array (k,)
    frequencies : array
        In cycles/sample, of any shape.

    Returns
    -------
    array
        Complex, of the shape of `frequencies` and the precision of `taps`. Namespace and device of the arguments.

    Raises
    ------
    ValueError
        When an argument does not hold floats, or `taps` has more than one axis.

    Examples
    --------
    >>> import numpy as np
    >>> frequency_response(np.array([0.25, 0.5, 0.25]), np.array([0.0, 0.5])).real.round(6) + 0.0
    array([1., 0.])
    """
    check_arrays(taps=taps, frequencies=frequencies)
    xp = array_namespace(taps, frequencies)
    if taps.ndim != 1 or not all(xp.isdtype(a.dtype, "real floating") for a in (taps, frequencies)):
        raise ValueError(
            "taps must be floats on one axis and frequencies floats, "
            f"got {taps.dtype} {tuple(taps.shape)} and {frequencies.dtype}"
        )
    t = xp.arange(taps.shape[0], dtype=taps.dtype, device=device(taps))
    turns = phasor(2 * pi * xp.astype(frequencies, taps.dtype)[..., None] * t)
    return xp.sum(xp.astype(taps, turns.dtype) * turns, axis=-1)


def phasor(angles: Array) -> Array:
    """``exp(-1j * angles)``, complex at the precision of `angles`."""
    xp = array_namespace(angles)
    dtype = xp.result_type(angles.dtype, xp.complex64)
    return xp.astype(xp.cos(angles), dtype) - 1j * xp.astype(xp.sin(angles), dtype)


def _blurred(
    input: Array,
    kernels: Sequence[Any],
    stride: int | Sequence[int],
    mode: str,
    names: tuple[str, str] = ("kernel", "stride"),
) -> Array:
    """One kernel for each of the last axes, centred on the samples that are kept."""
    kernels, steps, pads = _plan("input", input, kernels, stride, names)
    ones, none = (1,) * len(steps), [(0, 0)] * len(steps)
    return filtered_by_axis(pad(input, pads, mode), kernels, ones, steps, none)


def _blurred_adjoint(
    output: Array,
    sizes: Sequence[int],
    kernels: Sequence[Any],
    stride: int | Sequence[int],
    mode: str,
    names: tuple[str, str] = ("kernel", "stride"),
) -> Array:
    """The adjoint of the filter, then of the padding."""
    kernels, steps, pads = _plan("output", output, kernels, stride, names)
    ones, none = (1,) * len(steps), [(0, 0)] * len(steps)
    padded = [n + kernel.shape[0] - 1 for n, kernel in zip(sizes, kernels, strict=True)]
    return pad_adjoint(filtered_by_axis_adjoint(output, padded, kernels, ones, steps, none), pads, mode)


def _plan(
    name: str, x: Array, kernels: Sequence[Any], steps: int | Sequence[int], names: tuple[str, str]
) -> tuple[list[Array], tuple[int, ...], list[int]]:
    """Kernels as arrays like `x`, a step for each axis, and `pad`'s numbers, the odd sample after the last."""
    check_arrays(**{name: x})
    if x.ndim < len(kernels):
        raise ValueError(f"{name} must have at least {len(kernels)} axes, got {tuple(x.shape)}")
    kernels = [taps_like(names[0], kernel, x) for kernel in kernels]
    pads = [side for w in reversed(kernels) for side in ((w.shape[0] - 1) // 2, w.shape[0] // 2)]
    return kernels, per_axis(names[1], steps, len(kernels), 1), pads


def _made_like(values: Sequence[float], like: Array | None) -> Array:
    """`values` as an array of the namespace, dtype and device of `like`."""
    like = numpy.zeros(0) if like is None else like
    return array_namespace(like).asarray(values, dtype=like.dtype, device=device(like))


def _positive(name: str, value: float) -> float:
    return real_number(name, value, "positive and finite", lambda v: 0 < v < inf)


def _axis(x: Array, axis: int) -> int:
    """`axis`, refused when `x` has none of that number."""
    if not -x.ndim <= whole_number("axis", axis) < x.ndim:
        raise ValueError(f"axis must be one of the {x.ndim} axes, got {axis!r}")
    return axis
