"""Samples outside the input: padding and cropping, with every border rule that the course uses."""

from collections.abc import Sequence
from math import isfinite
from numbers import Complex, Real
from typing import Any

import numpy
from array_api_compat import array_namespace, device, is_array_api_obj

from resampling.grid_sizes import check_arrays, size_with_padding, whole_number
from resampling.windows import gathered

__all__ = ["pad", "pad_adjoint", "same_padding", "tf_output_size", "tf_transposed_output_size"]

Array = Any
Pads = Sequence[tuple[int, int]]
MODES = ("constant", "reflect", "replicate", "circular")
SCALARS = {"bool": bool, "integral": int, "real floating": float, "complex floating": complex, "": float}


def pad(input: Array, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Array:
    """``out[i] = input[i - before]`` inside the input, and what `mode` says outside it.

    Names, order and semantics are those of ``torch.nn.functional.pad``: `pad` starts at the *last* axis.

    Parameters
    ----------
    input : array (..., n) or (..., H, W) and so on
    pad : sequence of int
        Samples added (before, after) on the last axis, then on the one before it, and so on; a negative number
        crops.
    mode : "constant", "reflect", "replicate" or "circular"
        Outside the input: `value`; the mirror image about the border sample, which is not repeated; the border
        sample; the other end of what a crop leaves. Any axes of an array of any dtype can be padded by each of them.
    value : float, optional
        The constant, turned into the dtype of `input`; 0 when left out.

    Returns
    -------
    array
        Namespace, dtype and device of `input`; the axes that `pad` names are longer by before + after.

    Raises
    ------
    ValueError
        When `pad` does not fit the axes, asks a border rule for more samples than there are, or crops more than
        there are.

    Examples
    --------
    >>> import numpy as np
    >>> pad(np.array([1, 2, 3]), (1, 2)), pad(np.array([1, 2, 3]), (2, -1), mode="reflect")
    (array([0, 1, 2, 3, 0, 0]), array([3, 2, 1, 2]))
    """
    check_arrays(input=input)
    axes = _sides(pad, input.ndim)
    if not isinstance(mode, str) or mode not in MODES:
        raise ValueError(f"mode must be one of {', '.join(MODES)}; got {mode!r}")
    if mode != "constant" and value is not None and value != 0:
        raise ValueError(f'value belongs to mode="constant", not to mode={mode!r}; got value={value!r}')
    padded = pad_axes(input, axes, mode, 0 if value is None else _constant_for(input, value))
    return padded if any(map(any, axes)) else array_namespace(input).astype(input, input.dtype)  # a copy, not a view


def pad_adjoint(output: Array, pad: Sequence[int], mode: str = "constant") -> Array:
    """The adjoint of `pad` with value 0: ``sum(pad(x, ...) * v) == sum(x * pad_adjoint(v, ...))``.

    What a rule copied is added back to where it came from: with zeros around, the border is cropped; otherwise it is
    folded back onto the samples that it repeats. What was cropped becomes 0.

    Parameters
    ----------
    output : array
        Of the shape that `pad` returns.
    pad : sequence of int
        The argument of `pad`: (before, after) on the last axis, then on the one before it, and so on.
    mode : "constant", "reflect", "replicate" or "circular"

    Returns
    -------
    array
        Of the shape of the argument of `pad`; namespace, dtype and device of `output`.

    Raises
    ------
    ValueError
        When no array that `pad` takes has a result of this shape.

    Examples
    --------
    >>> import numpy as np
    >>> pad_adjoint(np.array([1, 2, 3, 4, 5]), (1, 1), mode="reflect")
    array([2, 9, 4])
    """
    check_arrays(output=output)
    axes = _sides(pad, output.ndim)
    if not isinstance(mode, str) or mode not in MODES:
        raise ValueError(f"mode must be one of {', '.join(MODES)}; got {mode!r}")
    if mode == "constant":
        _sizes_before(output, axes, mode)
        output = pad_axes(output, [(-before, -after) for before, after in axes])
        return output if any(map(any, axes)) else array_namespace(output).astype(output, output.dtype)
    for axis, n in enumerate(_sizes_before(output, axes, mode), start=output.ndim - len(axes)):
        output = _folded(output, axis, n, *axes[axis - output.ndim], mode)
    return output


def pad_axes(x: Array, pads: Pads, mode: str = "constant", value: float = 0) -> Array:
    """`x` with (before, after) samples on each of its last axes, first axis first; a negative number crops."""
    for axis, (before, after) in zip(range(-len(pads), 0), pads, strict=True):
        _check_side(x.shape[axis], before, after, mode)
        if mode != "constant" and (before or after):
            x = gathered(x, _border_indices(x.shape[axis], before, after, mode, x), axis)
    return _constant(x, pads, value) if mode == "constant" and any(map(any, pads)) else x


def _sides(pad: Sequence[int], ndim: int) -> list[tuple[int, int]]:
    """torch's list, last axis first, as (before, after) for each axis, first axis first."""
    if not isinstance(pad, Sequence) or isinstance(pad, str) or len(pad) % 2 or len(pad) > 2 * ndim:
        raise ValueError(f"pad must hold (before, after) for at most {ndim} axes, got {pad!r}")
    numbers = [whole_number("pad", side) for side in pad]
    return list(zip(numbers[::2], numbers[1::2], strict=True))[::-1]


def _constant_for(x: Array, value: float) -> float:
    """`value`, refused when the dtype of `x` has no such number; a fraction is cut where it holds whole ones."""
    xp, number = array_namespace(x), value.item() if isinstance(value, numpy.generic) else value
    if is_array_api_obj(value) and not isinstance(value, Complex) and value.ndim == 0:
        number = float(value)
    kind = next(kind for kind in SCALARS if not kind or xp.isdtype(x.dtype, kind))
    fits = isinstance(number, Complex if kind == "complex floating" else Real)
    if fits and kind in ("integral", "real floating") and (kind == "integral" or isfinite(number)):
        limits = (xp.iinfo if kind == "integral" else xp.finfo)(x.dtype)
        fits = SCALARS[kind](limits.min) <= number <= SCALARS[kind](limits.max)
    if not fits:
        raise ValueError(f"value must be a number that {x.dtype} holds, got {value!r}")
    return SCALARS[kind](number)


def _check_side(n: int, before: int, after: int, mode: str) -> None:
    """Refuse what a border rule cannot give on an axis of `n` samples."""
    kept = n + min(before, 0) + min(after, 0)
    if (kept if mode in ("constant", "circular") else n + before + after - 1) < 0:
        raise ValueError(f"pad=({before}, {after}) crops too much of an axis of {n} samples for mode={mode!r}")
    most = {"reflect": n - 1, "circular": kept}.get(mode, max(before, after) if n else 0)
    if mode != "constant" and max(before, after) > most:
        raise ValueError(f"mode={mode!r} can add at most {most} samples to an axis of {n}, got pad=({before}, {after})")


def _constant(x: Array, pads: Pads, value: float) -> Array:
    """One new array, `x` copied into it."""
    xp, lead = array_namespace(x), x.shape[: x.ndim - len(pads)]
    sizes = x.shape[x.ndim - len(pads) :]
    shape = (*lead, *(n + before + after for n, (before, after) in zip(sizes, pads, strict=True)))
    to = tuple(slice(max(before, 0), max(before, 0) + n + min(before, 0) + min(after, 0))
               for n, (before, after) in zip(sizes, pads, strict=True))  # fmt: skip
    part = tuple(slice(max(-before, 0), n + min(after, 0)) for n, (before, after) in zip(sizes, pads, strict=True))
    out = xp.full(shape, value, dtype=x.dtype, device=device(x))
    out[(..., *to)] = x[(..., *part)]
    return out


def _border_indices(n: int, before: int, after: int, mode: str, like: Array) -> Array:
    """For each output sample, the input sample that the border rule names."""
    xp = array_namespace(like)
    i = xp.arange(-before, n + after, device=device(like))
    if mode == "circular":  # the other end of what a crop leaves
        first, end = max(0, -before), n + min(after, 0)
        return first + (i - first) % max(1, end - first)
    if mode == "replicate":
        return xp.clip(i, 0, n - 1)
    return (n - 1) - xp.abs((n - 1) - xp.abs(i))


def _sizes_before(output: Array, pads: Pads, mode: str) -> list[int]:
    """The lengths of the axes before they were padded."""
    sizes = []
    for axis, (before, after) in zip(range(-len(pads), 0), pads, strict=True):
        n = output.shape[axis] - before - after
        if n < 0:
            raise ValueError(f"pad=({before}, {after}) cannot give the {output.shape[axis]} samples of axis {axis}")
        _check_side(n, before, after, mode)
        sizes.append(n)
    return sizes


def _folded(output: Array, axis: int, n: int, before: int, after: int, mode: str) -> Array:
    """Each sample of one axis added to the one of `n` that the border rule copied to it."""
    sources = _border_indices(n, before, after, mode, numpy.zeros(0)).tolist()
    shape = (*output.shape[:axis], n, *output.shape[axis + 1 :])
    out = array_namespace(output).zeros(shape, dtype=output.dtype, device=device(output))
    at = lambda where: (*(slice(None),) * axis, where, ...)  # noqa: E731
    inside = range(max(0, before), min(len(sources), before + n))
    if inside:
        out[at(slice(inside.start - before, inside.stop - before))] = output[at(slice(inside.start, inside.stop))]
    for i, source in enumerate(sources):
        if i not in inside:
            out[at(source)] += output[at(i)]
    return out


def same_padding(length: int, kernel_size: int, stride: int = 1, dilation: int = 1) -> tuple[int, int]:
    """Zeros ``(before, after)`` of TensorFlow's "SAME": ``before + after == max(0, s(o-1) + d(k-1) + 1 - n)``.

    Here ``o = ceil(n / s)``, and the odd zero comes after. It depends on ``n``, as torch's ``padding`` never does.

    Parameters
    ----------
    length, kernel_size, stride, dilation : int
        Input length ``n``, kernel taps ``k``, step ``s``, tap spacing ``d``, all in samples. For a transposed
        convolution `length` is that of its *output*, and the numbers say what is cropped.

    Returns
    -------
    tuple of two int

    Raises
    ------
    ValueError
        When an argument is out of range.

    Examples
    --------
    >>> same_padding(5, 3, stride=2), same_padding(6, 3, stride=2)
    ((1, 1), (0, 1))
    """
    n, extent, s = _tf_window(length, kernel_size, stride, dilation)
    total = max(0, s * (-(-n // s) - 1) + extent - n)
    return total // 2, total - total // 2


def tf_output_size(length: int, kernel_size: int, stride: int = 1, dilation: int = 1, padding: str = "SAME") -> int:
    """Samples after TensorFlow's convolution: "SAME" ``o = ceil(n / s)``, "VALID" ``o = ceil((n - d(k-1)) / s)``.

    Parameters
    ----------
    length, kernel_size, stride, dilation : int
        As `same_padding`.
    padding : "SAME" or "VALID"
        In capitals or not, as TensorFlow and Keras write it.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        When an argument is out of range, or no window fits.

    Examples
    --------
    >>> tf_output_size(6, 3, stride=2), tf_output_size(6, 3, stride=2, padding="VALID")
    (3, 2)
    """
    n, extent, s = _tf_window(length, kernel_size, stride, dilation)
    return -(-n // s) if _is_same(padding) else size_with_padding(n, extent, s, (0, 0), 1)


def tf_transposed_output_size(
    length: int, kernel_size: int, stride: int = 1, dilation: int = 1, padding: str = "SAME"
) -> int:
    """Samples after Keras's transposed layer: "SAME" ``o = s*n``, "VALID" ``o = s*n + max(0, d(k-1) + 1 - s)``.

    It is the longest "VALID" input, and the only multiple of ``s`` among the "SAME" inputs, that `tf_output_size`
    takes to `length`, except that "VALID" with a kernel shorter than ``s`` ends with zeros.

    Parameters
    ----------
    length, kernel_size, stride, dilation, padding
        As `tf_output_size`.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        When an argument is out of range.

    Examples
    --------
    >>> tf_transposed_output_size(3, 3, stride=2), tf_transposed_output_size(3, 3, stride=2, padding="VALID")
    (6, 7)
    """
    n, extent, s = _tf_window(length, kernel_size, stride, dilation)
    return s * n + (0 if _is_same(padding) else max(0, extent - s))


def _tf_window(length: int, kernel_size: int, stride: int, dilation: int) -> tuple[int, int, int]:
    """Checked length, samples that the dilated kernel spans, stride."""
    n, k = whole_number("length", length, 1), whole_number("kernel_size", kernel_size, 1)
    s, d = whole_number("stride", stride, 1), whole_number("dilation", dilation, 1)
    return n, d * (k - 1) + 1, s


def _is_same(padding: str) -> bool:
    if str(padding).upper() not in ("SAME", "VALID"):
        raise ValueError(f'padding must be "SAME" or "VALID", got {padding!r}')
    return str(padding).upper() == "SAME"
