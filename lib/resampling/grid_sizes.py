"""How many samples an operator returns.

Symbols, as everywhere in the course: input length ``n``, output length ``o``, kernel ``k``, stride ``s``,
padding ``p``, dilation ``d``.
"""

from collections.abc import Sequence
from operator import index

__all__ = ["conv_output_size"]


def conv_output_size(length: int, kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    """Number of kernel positions: ``o = floor((n + 2p - d(k-1) - 1) / s) + 1``.

    Parameters
    ----------
    length, kernel_size, stride, padding, dilation : int
        Input length ``n``, kernel taps ``k``, step ``s``, zeros ``p`` added on *each* side, tap spacing ``d``,
        all in samples.

    Returns
    -------
    int
        Output length ``o``, at least 1.

    Raises
    ------
    ValueError
        When an argument is out of range, or the padded input is shorter than the dilated kernel.

    Examples
    --------
    Lengths 5 and 6 both give 3 outputs: the last sample of the longer one starts no new window.

    >>> conv_output_size(5, 3, stride=2, padding=1), conv_output_size(6, 3, stride=2, padding=1)
    (3, 3)
    """
    n = whole_number("length", length, 1)
    k = whole_number("kernel_size", kernel_size, 1)
    s = whole_number("stride", stride, 1)
    p = whole_number("padding", padding, 0)
    d = whole_number("dilation", dilation, 1)
    return size_with_padding(n, k, s, (p, p), d)


def size_with_padding(length: int, kernel_size: int, stride: int, padding: tuple[int, int], dilation: int) -> int:
    """`conv_output_size` for ``padding = (before, after)``; arguments already checked."""
    room, extent = length + sum(padding), dilation * (kernel_size - 1) + 1
    if room < extent:
        raise ValueError(
            f"the padded input has {room} samples, but the dilated kernel spans d(k-1)+1 = {extent}: "
            "no window fits; lengthen the input, add padding or shrink the kernel"
        )
    return (room - extent) // stride + 1


def whole_number(name: str, value: int, minimum: int | None = None) -> int:
    """`value` as an int, refused with its name when it is not whole or below `minimum`."""
    rule = "a whole number" if minimum is None else f"a whole number >= {minimum}"
    try:
        number = index(value)
    except TypeError:
        raise ValueError(f"{name} must be {rule}, got {value!r}") from None
    if isinstance(value, bool) or (minimum is not None and number < minimum):
        raise ValueError(f"{name} must be {rule}, got {value!r}")
    return number


def per_axis(name: str, value: int | Sequence[int], axes: int, minimum: int) -> tuple[int, ...]:
    """`value` for each of `axes` axes: one number for all of them, or one each."""
    values = tuple(value) if isinstance(value, Sequence) else (value,) * axes
    if len(values) == 1:
        values *= axes
    if len(values) != axes:
        raise ValueError(f"{name} must be one number or {axes}, got {value!r}")
    return tuple(whole_number(name, v, minimum) for v in values)
