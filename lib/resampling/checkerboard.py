"""The checkerboard: when a transposed convolution paints it, how strong it is, and the nearest kernel without it.

All rests on one fact. On a constant input, output sample ``j`` of a transposed convolution with stride ``s`` is the
*phase gain* of ``r = (j + p) mod s``: the sum of the taps that meet this residue. Equal gains leave a constant;
unequal ones leave a pattern of period ``s``, whose frequencies are the multiples of ``1/s`` cycles/sample.
"""

from collections.abc import Sequence
from typing import Any

import numpy
from array_api_compat import array_namespace, device

from resampling.grid_sizes import check_arrays, conv_output_size, per_axis, real_number, unused_samples
from resampling.sub_pixel import pixel_unshuffle
from resampling.transposed_convolution import conv_transpose1d, conv_transpose2d, conv_transpose3d

__all__ = [
    "clean_projection",
    "gradient_checkerboard",
    "is_checkerboard_free",
    "nyquist_energy",
    "overlap_map",
    "phase_gain_spectrum",
    "phase_gains",
]

Array = Any
CONV_TRANSPOSE = {1: conv_transpose1d, 2: conv_transpose2d, 3: conv_transpose3d}


def overlap_map(
    size: int | Sequence[int],
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    output_padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    *,
    like: Array | None = None,
) -> Array:
    """``out[j]`` = how many pairs (i, t) have ``s*i + d*t - p == j``: the taps that paint each output sample.

    What a transposed convolution makes of ones with a kernel of ones. On several axes it is the outer product of the
    maps of each. Uneven overlap is the folklore of the checkerboard; `phase_gains` is the exact condition.

    Parameters
    ----------
    size : int or sequence of int
        Input length ``n``, or one for each of up to 3 axes.
    kernel_size, stride, padding, output_padding, dilation : int or sequence of int
        ``k``, ``s``, ``p``, ``op`` and ``d`` of the transposed convolution, in samples, as `conv_transpose1d`.
    like : array, optional
        Array whose namespace, dtype and device the result takes; NumPy float64 when left out.

    Returns
    -------
    array (o,), (oH, oW) or (oD, oH, oW)

    Raises
    ------
    ValueError
        When an argument is out of range.

    Examples
    --------
    >>> overlap_map(3, 3, stride=2)
    array([1., 1., 2., 1., 2., 1., 1.])
    >>> overlap_map((2, 2), (3, 2), stride=2)
    array([[1., 1., 1., 1.],
           [1., 1., 1., 1.],
           [2., 2., 2., 2.],
           [1., 1., 1., 1.],
           [1., 1., 1., 1.]])

    See also the book page ``checkerboard``.
    """
    axes = len(size) if isinstance(size, Sequence) else 1
    if axes not in CONV_TRANSPOSE:
        raise ValueError(f"size must be one number, or one for each of 1 to 3 axes; got {size!r}")
    like = numpy.zeros(0) if like is None else like
    input, weight = (
        _ones((1, 1, *per_axis(name, value, axes, 1)), like)
        for name, value in (("size", size), ("kernel_size", kernel_size))
    )
    return CONV_TRANSPOSE[axes](input, weight, None, stride, padding, output_padding, 1, dilation)[0, 0, ...]


def gradient_checkerboard(
    weight: Array,
    size: int | Sequence[int],
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Array:
    """``out`` = gradient of ``conv(x, weight, ...).sum()`` in ``x``: what a strided convolution leaves in gradients.

    Each input sample gets the taps that have read it, ``out[j] = sum of weight[t] over the windows i and taps t with
    s*i + d*t - p == j``. It does not depend on ``x``: it is the transposed convolution of ones, so it has the phase
    gains of `weight`, and samples that no window reads get 0.

    Parameters
    ----------
    weight : array (k,) or (kH, kW), or (C_out, C_in / groups, ...) with 1 to 3 axes of taps
        Of the convolution; ones give the number of windows that read each sample.
    size : int or sequence of int
        Of the convolution's input: ``n``, for all axes of taps or one for each.
    stride, padding, dilation, groups : int or sequence of int
        Of the convolution, as `conv1d`.

    Returns
    -------
    array (n,) or (H, W), or (C_in, ...) with channels
        Namespace, dtype and device of `weight`.

    Raises
    ------
    ValueError
        When an argument is out of range, shapes do not fit, or no window fits.

    Examples
    --------
    >>> import numpy as np
    >>> gradient_checkerboard(np.ones(3), 8, stride=2)
    array([1., 1., 2., 1., 2., 1., 1., 0.])

    Odena, Dumoulin and Olah 2016 (Distill, doi 10.23915/distill.00003). See also the book page ``checkerboard``.
    """
    axes = _kernel_axes(weight)
    full = weight if weight.ndim > axes else weight[(None, None, ...)]
    n, s = per_axis("size", size, axes, 1), per_axis("stride", stride, axes, 1)
    p, d = per_axis("padding", padding, axes, 0), per_axis("dilation", dilation, axes, 1)
    o, spare = (tuple(map(count, n, full.shape[2:], s, p, d)) for count in (conv_output_size, unused_samples))
    out = CONV_TRANSPOSE[axes](_ones((full.shape[0], *o), weight), full, None, s, p, spare, groups, d)
    return out if weight.ndim > axes else out[0, ...]


def phase_gains(weight: Array, stride: int | Sequence[int], dilation: int | Sequence[int] = 1) -> Array:
    """``out[r]`` = sum of ``weight[t]`` over the taps with ``d*t mod s == r``: for ``d = 1``, of all ``weight[s*j+r]``.

    Output sample ``j`` of the transposed convolution of a constant ``c``, away from the border, is
    ``c * out[(j + p) mod s]``. It is free of checkerboard exactly when all gains are equal.

    Parameters
    ----------
    weight : array (k,) or (kH, kW), or (C_in, C_out / groups, ...) with 1 to 3 axes of taps
        Of a transposed convolution. (The order of the channel axes does not matter here.)
    stride, dilation : int or sequence of int
        ``s`` and ``d``, for all axes of taps or one for each.

    Returns
    -------
    array (s,) or (s0, s1), or (C_in, C_out / groups, ...)
        One gain for each phase, and pair of channels. Namespace, dtype and device of `weight`.

    Raises
    ------
    ValueError
        When an argument is out of range, or `weight` has no such shape.

    Examples
    --------
    The size of the kernel decides nothing: three taps may be clean at stride 2, and four not.

    >>> import numpy as np
    >>> phase_gains(np.array([1, 2, 1]), 2), phase_gains(np.array([1, 2, 3, 4]), 2)
    (array([2, 2]), array([4, 6]))

    See also the book page ``checkerboard``.
    """
    return _sum_phases(weight, _phase_matrices(weight, stride, dilation))


def phase_gain_spectrum(weight: Array, stride: int | Sequence[int], dilation: int | Sequence[int] = 1) -> Array:
    """``out[m] = W(2*pi*m/s)``, where ``W(w) = sum over t of weight[t] * exp(-1j * w * d*t)``: DFT of the phase gains.

    The gains are equal exactly when it is 0 at every ``m`` but 0: a kernel is clean when it passes no multiple of
    ``1/s`` cycles/sample, the images of the constant that zero insertion makes.

    Parameters
    ----------
    weight, stride, dilation
        As `phase_gains`, of floating point.

    Returns
    -------
    array (s,) or (s0, s1), or (C_in, C_out / groups, ...)
        Complex, of the precision of `weight`; its namespace and device.

    Raises
    ------
    ValueError
        As `phase_gains`, and when `weight` is not of floating point.

    Examples
    --------
    >>> import numpy as np
    >>> np.abs(phase_gain_spectrum(np.array([1.0, 2.0, 3.0, 4.0]), 2))
    array([10.,  2.])
    """
    _check_floating("weight", weight)
    gains, xp = phase_gains(weight, stride, dilation), array_namespace(weight)
    dtype = xp.result_type(gains.dtype, xp.complex64)
    return xp.fft.fftn(xp.astype(gains, dtype), axes=tuple(range(-_kernel_axes(weight), 0)))


def is_checkerboard_free(
    weight: Array, stride: int | Sequence[int], tol: float = 1e-5, dilation: int | Sequence[int] = 1
) -> bool:
    """Whether ``max(gains) - min(gains) <= tol * size`` for the `phase_gains` of every pair of channels.

    Then, and only then, the transposed convolution turns every constant input, whatever the constants of its
    channels, into a constant away from the border. The ``size`` is ``sum(abs(weight))`` over the taps, of the pair in
    which it is largest.

    Parameters
    ----------
    weight, stride, dilation
        As `phase_gains`.
    tol : float
        Spread of the gains that counts as rounding, relative to the size.

    Returns
    -------
    bool

    Raises
    ------
    ValueError
        As `phase_gains`, and when `tol` is below 0.

    Examples
    --------
    >>> import numpy as np
    >>> is_checkerboard_free(np.array([1.0, 2.0, 1.0]), 2), is_checkerboard_free(np.array([1.0, 2.0, 3.0, 4.0]), 2)
    (True, False)
    """
    tol = real_number("tol", tol, "at least 0", lambda v: v >= 0)
    gains, xp = phase_gains(weight, stride, dilation), array_namespace(weight)
    taps = tuple(range(-_kernel_axes(weight), 0))
    spread = xp.max(xp.max(gains, axis=taps) - xp.min(gains, axis=taps))
    return bool(spread <= tol * xp.max(xp.sum(xp.abs(weight), axis=taps)))


def clean_projection(weight: Array, stride: int | Sequence[int], dilation: int | Sequence[int] = 1) -> Array:
    """The kernel nearest to `weight`, in least squares, whose `phase_gains` are all equal.

    The taps of a phase share its correction evenly::

        out[t] = weight[t] + (g - e[r]) / n[r],    r = d*t mod s
        g = (sum of e[r] / n[r]) / (sum of 1 / n[r])

    with gains ``e[r]`` of ``n[r]`` taps each. For ``n[r]`` taps that move a gain from ``e[r]`` to ``g``, the least
    sum of squares is ``(g - e[r])**2 / n[r]``; the ``g`` that makes the sum of these least is the mean of the gains
    weighted by ``1 / n[r]``. Phases without taps (``k < s``, or ``s`` and ``d`` with a common
    factor) have the gain 0 for ever, and then all gains become 0.

    It is the orthogonal projection on a linear space: linear, idempotent and self-adjoint.

    Parameters
    ----------
    weight, stride, dilation
        As `phase_gains`, of floating point; each pair of channels is projected by itself.

    Returns
    -------
    array
        Shape, namespace, dtype and device of `weight`.

    Raises
    ------
    ValueError
        When an argument is out of range, or `weight` has no such shape or is not of floating point.

    Examples
    --------
    >>> import numpy as np
    >>> clean_projection(np.array([1.0, 2.0, 3.0, 4.0]), 2)
    array([1.5, 1.5, 3.5, 3.5])

    Phases of two taps and of one: the gains 4 and 2 meet at 8/3, nearer to that of the single tap, dearer to move.

    >>> clean_projection(np.array([1.0, 2.0, 3.0]), 2).round(3)
    array([0.333, 2.667, 2.333])

    See also the book page ``checkerboard``.
    """
    _check_floating("weight", weight)
    phases = _phase_matrices(weight, stride, dilation)
    gains, counts = _sum_phases(weight, phases), _sum_phases(_ones(weight.shape[-len(phases) :], weight), phases)
    xp, axes = array_namespace(weight), tuple(range(-len(phases), 0))
    share = 1 / xp.clip(counts, 1, None)  # of a phase without taps no tap takes a share
    level = xp.sum(gains * share, axis=axes, keepdims=True) / xp.sum(share)
    missing = (level if bool(xp.all(counts > 0)) else 0) - gains
    return weight + _sum_phases(missing * share, [xp.permute_dims(phase, (1, 0)) for phase in phases])


def nyquist_energy(x: Array, stride: int | Sequence[int] = 2, tol: float = 1e-5) -> Array:
    """Share of the AC energy of `x` at the multiples of ``1/s`` cycles/sample: 1 for a pure checkerboard.

    With ``X`` the DFT of `x` over its last axes::

        out = (sum of abs(X)**2 over the frequencies (m0/s0, m1/s1) but 0) / (sum over all frequencies but 0)

    The patterns of period ``s`` are those that have only these frequencies, so the upper sum is the energy of the
    phase means ``mean(x[a::s, b::s])``: the score is the share of the variance that the phase of a sample explains.
    No DFT is needed.

    Parameters
    ----------
    x : array (n,), (..., H, W) or (..., n, ...)
        Of floating point. Samples after the largest multiple of ``s`` are left out on each axis.
    stride : int or sequence of int
        ``s``, for the last two axes, or for the only one; or one number for each of the last axes, so ``(s,)``
        scores signals. At ``s = 2`` the frequencies are those of Nyquist.
    tol : float
        An `x` whose standard deviation is at most `tol` times its root mean square counts as constant: what
        rounding leaves is no pattern. Its score is 0.

    Returns
    -------
    array (...)
        One score in [0, 1] for each of the leading indices. Namespace, dtype and device of `x`.

    Raises
    ------
    ValueError
        When `x` is not of floating point or shorter than a stride, or `stride` is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> checkerboard = np.indices((4, 6)).sum(0) % 2.0
    >>> stack = np.stack([checkerboard, np.ones((4, 6)), np.tile([0.0, 0.0, 1.0, 1.0, 0.0, 0.0], (4, 1))])
    >>> nyquist_energy(stack).round(2)
    array([1., 0., 0.])

    See also the book page ``checkerboard``.
    """
    _check_floating("x", x)
    tol = real_number("tol", tol, "at least 0", lambda v: v >= 0)
    axes = max(len(stride) if isinstance(stride, Sequence) else min(x.ndim, 2), 1)
    s = per_axis("stride", stride, axes, 1)
    size = x.shape[x.ndim - axes :]
    if len(size) != axes or any(n < step for n, step in zip(size, s, strict=True)):
        raise ValueError(f"x must have at least stride = {stride} samples on its last axes, got shape {tuple(x.shape)}")
    xp = array_namespace(x)
    whole = x[(..., *(slice(n - n % step) for n, step in zip(size, s, strict=True)))]
    phases = pixel_unshuffle(xp.expand_dims(whole, axis=-axes - 1), s)
    inside, every = tuple(range(-axes, 0)), tuple(range(-axes - 1, 0))
    ac = phases - xp.mean(phases, axis=every, keepdims=True)
    energy = xp.mean(ac * ac, axis=every)
    pattern = xp.mean(xp.mean(ac, axis=inside) ** 2, axis=-1)
    varies = energy > tol**2 * xp.mean(phases * phases, axis=every)
    return xp.where(varies, xp.clip(pattern / xp.where(varies, energy, 1), 0, 1), 0)


def _ones(shape: Sequence[int], like: Array) -> Array:
    return array_namespace(like).ones(tuple(shape), dtype=like.dtype, device=device(like))


def _kernel_axes(weight: Array) -> int:
    """How many axes of taps there are, after two of channels or none."""
    check_arrays(weight=weight)
    if weight.ndim not in range(1, 6) or 0 in weight.shape:
        raise ValueError(f"weight must be (k,), (kH, kW) or (C_in, C_out/groups, ...) with 1 to 3 axes of taps, "
                         f"none empty; got {tuple(weight.shape)}")  # fmt: skip
    return weight.ndim if weight.ndim <= 2 else weight.ndim - 2


def _check_floating(name: str, x: Array) -> None:
    check_arrays(**{name: x})
    if not array_namespace(x).isdtype(x.dtype, "real floating"):
        raise ValueError(f"{name} must be of floating point, got {x.dtype}")


def _phase_matrices(weight: Array, stride: int | Sequence[int], dilation: int | Sequence[int]) -> list[Array]:
    """For each axis of taps the matrix (k, s) that is 1 where tap ``t`` meets phase ``r``, ``d*t mod s == r``."""
    axes, xp, where = _kernel_axes(weight), array_namespace(weight), device(weight)
    s, d = per_axis("stride", stride, axes, 1), per_axis("dilation", dilation, axes, 1)
    return [
        xp.astype(xp.arange(k, device=where)[:, None] * spacing % step == xp.arange(step, device=where), weight.dtype)
        for k, step, spacing in zip(weight.shape[-axes:], s, d, strict=True)
    ]


def _sum_phases(x: Array, matrices: Sequence[Array]) -> Array:
    """`x` with each of its last axes multiplied by a matrix."""
    for matrix in matrices:
        x = array_namespace(x).tensordot(x, matrix, axes=([x.ndim - len(matrices)], [0]))
    return x
