"""Gradients of the layers by hand: what autograd does for a convolution and a transposed convolution, and its test.

Of a linear layer ``y = A x`` the gradient with respect to ``x`` is the adjoint of ``A`` applied to the gradient ``g``
with respect to ``y``; with respect to the weight it is the correlation of ``x`` and ``g``. The functions
``conv*_input`` and ``conv*_weight`` are not layers: they are these two gradients, under the names of `torch.nn.grad`.
"""

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy
from array_api_compat import array_namespace, device

from resampling.adjoint import (
    conv1d_adjoint,
    conv2d_adjoint,
    conv3d_adjoint,
    conv_transpose1d_adjoint,
    conv_transpose2d_adjoint,
    conv_transpose3d_adjoint,
    random_like,
)
from resampling.convolution import check_weight, steps_and_pads, with_batch
from resampling.grid_sizes import (
    check_arrays,
    conv_transpose_output_size,
    real_number,
    size_with_padding,
    transposed_options,
    whole_number,
)
from resampling.padding import pad_axes
from resampling.windows import taps

__all__ = [
    "conv1d_backward",
    "conv1d_input",
    "conv1d_weight",
    "conv2d_backward",
    "conv2d_input",
    "conv2d_weight",
    "conv3d_backward",
    "conv3d_input",
    "conv3d_weight",
    "conv_transpose1d_backward",
    "conv_transpose2d_backward",
    "conv_transpose3d_backward",
    "gradcheck",
]

Array = Any
CONV_ADJOINT = {1: conv1d_adjoint, 2: conv2d_adjoint, 3: conv3d_adjoint}
CONV_TRANSPOSE_ADJOINT = {1: conv_transpose1d_adjoint, 2: conv_transpose2d_adjoint, 3: conv_transpose3d_adjoint}
COLUMNS = 1 << 19  # numbers in the columns of one matrix product; a larger image has a product of its own


def conv1d_input(
    input_size: Sequence[int],
    weight: Array,
    grad_output: Array,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] | str = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Array:
    """Gradient ``dx`` of `conv1d`: ``sum(dx * v) == sum(grad_output * conv1d(v, weight))`` for every ``v``.

    The adjoint of the convolution, `conv1d_adjoint`, with the arguments of ``torch.nn.grad.conv1d_input``.

    Parameters
    ----------
    input_size : (N, C_in, n) or (C_in, n)
        Whole shape of the convolution's input.
    weight : array (C_out, C_in / groups, k)
    grad_output : array (N, C_out, o) or (C_out, o)
        Gradient of the loss with respect to what the convolution returned.
    stride, padding, dilation, groups : int
        Those of the convolution, as in `conv1d`; `padding` in words too.

    Returns
    -------
    array of shape `input_size`
        Gradient of the loss with respect to the input. Namespace, dtype and device of `grad_output`.

    Raises
    ------
    ValueError
        When the shapes are not those of one convolution, or an option is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> conv1d_input((1, 3), np.array([[[1.0, 2.0]]]), np.array([[1.0, 1.0]]))
    array([[1., 3., 2.]])

    See also the book page ``gradients``.
    """
    return _conv_input(input_size, weight, grad_output, stride, padding, dilation, groups, axes=1)


def conv1d_weight(
    input: Array,
    weight_size: Sequence[int],
    grad_output: Array,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] | str = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Array:
    """Gradient ``dw`` of `conv1d`: ``sum(dw * v) == sum(grad_output * conv1d(input, v))`` for every ``v``.

    A correlation of the input and the upstream gradient, in which stride and dilation have changed places::

        dw[m, c, t] = sum over i of grad_output[m, i] * input[c, s*i + d*t - p]     (and over the batch)

    Arguments are those of ``torch.nn.grad.conv1d_weight``.

    Parameters
    ----------
    input : array (N, C_in, n) or (C_in, n)
    weight_size : (C_out, C_in / groups, k)
        Whole shape of the convolution's weight.
    grad_output : array (N, C_out, o) or (C_out, o)
        Gradient of the loss with respect to what the convolution returned.
    stride, padding, dilation, groups : int
        Those of the convolution, as in `conv1d`; `padding` in words too.

    Returns
    -------
    array of shape `weight_size`
        Gradient of the loss with respect to the weight. Namespace, dtype and device of `input`.

    Raises
    ------
    ValueError
        When the shapes are not those of one convolution, or an option is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> conv1d_weight(np.array([[1.0, 2.0, 3.0]]), (1, 1, 2), np.array([[1.0, 1.0]]))
    array([[[3., 5.]]])

    See also the book page ``gradients``.
    """
    return _conv_weight(input, weight_size, grad_output, stride, padding, dilation, groups, axes=1)


def conv2d_input(
    input_size: Sequence[int],
    weight: Array,
    grad_output: Array,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] | str = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Array:
    """Gradient ``dx`` of `conv2d`: ``sum(dx * v) == sum(grad_output * conv2d(v, weight))`` for every ``v``.

    As `conv1d_input`, with one more axis: `input_size` (N, C_in, H, W) or (C_in, H, W), weight (C_out,
    C_in / groups, kH, kW), grad_output (N, C_out, oH, oW) or (C_out, oH, oW).

    Examples
    --------
    >>> import numpy as np
    >>> conv2d_input((1, 1, 3), np.array([[[[1.0, 2.0]]]]), np.array([[[1.0, 1.0]]]))
    array([[[1., 3., 2.]]])
    """
    return _conv_input(input_size, weight, grad_output, stride, padding, dilation, groups, axes=2)


def conv2d_weight(
    input: Array,
    weight_size: Sequence[int],
    grad_output: Array,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] | str = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Array:
    """Gradient ``dw`` of `conv2d`: ``sum(dw * v) == sum(grad_output * conv2d(input, v))`` for every ``v``.

    As `conv1d_weight`, with one more axis: input (N, C_in, H, W) or (C_in, H, W), `weight_size` (C_out,
    C_in / groups, kH, kW), grad_output (N, C_out, oH, oW) or (C_out, oH, oW).

    Examples
    --------
    >>> import numpy as np
    >>> conv2d_weight(np.array([[[1.0, 2.0, 3.0]]]), (1, 1, 1, 2), np.array([[[1.0, 1.0]]]))
    array([[[[3., 5.]]]])
    """
    return _conv_weight(input, weight_size, grad_output, stride, padding, dilation, groups, axes=2)


def conv3d_input(
    input_size: Sequence[int],
    weight: Array,
    grad_output: Array,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] | str = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Array:
    """Gradient ``dx`` of `conv3d`: ``sum(dx * v) == sum(grad_output * conv3d(v, weight))`` for every ``v``.

    As `conv1d_input`, with two more axes: `input_size` (N, C_in, D, H, W) or (C_in, D, H, W), weight (C_out,
    C_in / groups, kD, kH, kW), grad_output (N, C_out, oD, oH, oW) or (C_out, oD, oH, oW).

    Examples
    --------
    >>> import numpy as np
    >>> conv3d_input((1, 1, 1, 3), np.array([[[[[1.0, 2.0]]]]]), np.array([[[[1.0, 1.0]]]]))
    array([[[[1., 3., 2.]]]])
    """
    return _conv_input(input_size, weight, grad_output, stride, padding, dilation, groups, axes=3)


def conv3d_weight(
    input: Array,
    weight_size: Sequence[int],
    grad_output: Array,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] | str = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Array:
    """Gradient ``dw`` of `conv3d`: ``sum(dw * v) == sum(grad_output * conv3d(input, v))`` for every ``v``.

    As `conv1d_weight`, with two more axes: input (N, C_in, D, H, W) or (C_in, D, H, W), `weight_size` (C_out,
    C_in / groups, kD, kH, kW), grad_output (N, C_out, oD, oH, oW) or (C_out, oD, oH, oW).

    Examples
    --------
    >>> import numpy as np
    >>> conv3d_weight(np.array([[[[1.0, 2.0, 3.0]]]]), (1, 1, 1, 1, 2), np.array([[[[1.0, 1.0]]]]))
    array([[[[[3., 5.]]]]])
    """
    return _conv_weight(input, weight_size, grad_output, stride, padding, dilation, groups, axes=3)


def conv1d_backward(
    grad_output: Array,
    input: Array,
    weight: Array,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] | str = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> tuple[Array, Array, Array]:
    """``(conv1d_input(...), conv1d_weight(...), grad_output summed over all but its channels)``.

    The whole backward pass of `conv1d`: the gradients of its three arguments.

    Parameters
    ----------
    grad_output : array (N, C_out, o) or (C_out, o)
        Gradient of the loss with respect to what the convolution returned.
    input : array (N, C_in, n) or (C_in, n)
    weight : array (C_out, C_in / groups, k)
    stride, padding, dilation, groups : int
        Those of the convolution, as in `conv1d`; `padding` in words too.

    Returns
    -------
    grad_input, grad_weight, grad_bias : arrays of the shapes of `input`, of `weight`, and (C_out,)
        Namespace, dtype and device of the arguments.

    Raises
    ------
    ValueError
        When the shapes are not those of one convolution, or an option is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> x, w = np.array([[1.0, 2.0, 3.0]]), np.array([[[1.0, 2.0]]])
    >>> conv1d_backward(np.array([[1.0, 1.0]]), x, w)
    (array([[1., 3., 2.]]), array([[[3., 5.]]]), array([2.]))

    See also the book page ``gradients``.
    """
    return _conv_backward(grad_output, input, weight, stride, padding, dilation, groups, axes=1)


def conv2d_backward(
    grad_output: Array,
    input: Array,
    weight: Array,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] | str = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> tuple[Array, Array, Array]:
    """``(conv2d_input(...), conv2d_weight(...), grad_output summed over all but its channels)``.

    As `conv1d_backward`, with one more axis, as in `conv2d`.

    Examples
    --------
    >>> import numpy as np
    >>> x, w = np.ones((1, 1, 3)), np.ones((1, 1, 1, 2))
    >>> conv2d_backward(np.ones((1, 1, 2)), x, w)[0]
    array([[[1., 2., 1.]]])
    """
    return _conv_backward(grad_output, input, weight, stride, padding, dilation, groups, axes=2)


def conv3d_backward(
    grad_output: Array,
    input: Array,
    weight: Array,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] | str = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> tuple[Array, Array, Array]:
    """``(conv3d_input(...), conv3d_weight(...), grad_output summed over all but its channels)``.

    As `conv1d_backward`, with two more axes, as in `conv3d`.

    Examples
    --------
    >>> import numpy as np
    >>> x, w = np.ones((1, 1, 1, 3)), np.ones((1, 1, 1, 1, 2))
    >>> conv3d_backward(np.ones((1, 1, 1, 2)), x, w)[0]
    array([[[[1., 2., 1.]]]])
    """
    return _conv_backward(grad_output, input, weight, stride, padding, dilation, groups, axes=3)


def conv_transpose1d_backward(
    grad_output: Array,
    input: Array,
    weight: Array,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    output_padding: int | Sequence[int] = 0,
    groups: int = 1,
    dilation: int | Sequence[int] = 1,
) -> tuple[Array, Array, Array]:
    """Gradients of `conv_transpose1d`: ``dx = conv_transpose1d_adjoint(grad_output, weight)``, ``dw`` and ``db``.

    Forward and backward of a convolution with their places changed: ``dx`` is a convolution of the upstream gradient,
    and in ``dw`` it is the upstream gradient over which the windows slide::

        dw[c, m, t] = sum over j of input[c, j] * grad_output[m, s*j + d*t - p]     (and over the batch)

    Parameters
    ----------
    grad_output : array (N, C_out, o) or (C_out, o)
        Gradient of the loss with respect to what the transposed convolution returned.
    input : array (N, C_in, n) or (C_in, n)
    weight : array (C_in, C_out / groups, k)
    stride, padding, output_padding, groups, dilation : int
        Those of the transposed convolution, as in `conv_transpose1d`.

    Returns
    -------
    grad_input, grad_weight, grad_bias : arrays of the shapes of `input`, of `weight`, and (C_out,)
        Namespace, dtype and device of the arguments.

    Raises
    ------
    ValueError
        When the shapes are not those of one transposed convolution, or an option is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> x, w = np.array([[1.0, 2.0]]), np.array([[[1.0, 10.0, 100.0]]])
    >>> conv_transpose1d_backward(np.array([[1.0, 1.0, 0.0, 0.0, 0.0]]), x, w, stride=2)
    (array([[11.,  0.]]), array([[[1., 1., 0.]]]), array([2.]))

    See also the book page ``gradients``.
    """
    return _conv_transpose_backward(
        grad_output, input, weight, stride, padding, output_padding, groups, dilation, axes=1
    )


def conv_transpose2d_backward(
    grad_output: Array,
    input: Array,
    weight: Array,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    output_padding: int | Sequence[int] = 0,
    groups: int = 1,
    dilation: int | Sequence[int] = 1,
) -> tuple[Array, Array, Array]:
    """Gradients of `conv_transpose2d`: ``dx = conv_transpose2d_adjoint(grad_output, weight)``, ``dw`` and ``db``.

    As `conv_transpose1d_backward`, with one more axis, as in `conv_transpose2d`.

    Examples
    --------
    >>> import numpy as np
    >>> x, w = np.ones((1, 1, 2)), np.ones((1, 1, 1, 2))
    >>> conv_transpose2d_backward(np.ones((1, 1, 3)), x, w)[1]
    array([[[[2., 2.]]]])
    """
    return _conv_transpose_backward(
        grad_output, input, weight, stride, padding, output_padding, groups, dilation, axes=2
    )


def conv_transpose3d_backward(
    grad_output: Array,
    input: Array,
    weight: Array,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    output_padding: int | Sequence[int] = 0,
    groups: int = 1,
    dilation: int | Sequence[int] = 1,
) -> tuple[Array, Array, Array]:
    """Gradients of `conv_transpose3d`: ``dx = conv_transpose3d_adjoint(grad_output, weight)``, ``dw`` and ``db``.

    As `conv_transpose1d_backward`, with two more axes, as in `conv_transpose3d`.

    Examples
    --------
    >>> import numpy as np
    >>> x, w = np.ones((1, 1, 1, 2)), np.ones((1, 1, 1, 1, 2))
    >>> conv_transpose3d_backward(np.ones((1, 1, 1, 3)), x, w)[1]
    array([[[[[2., 2.]]]]])
    """
    return _conv_transpose_backward(
        grad_output, input, weight, stride, padding, output_padding, groups, dilation, axes=3
    )


def _conv_input(
    input_size: Sequence[int],
    weight: Array,
    grad_output: Array,
    stride: int | Sequence[int],
    padding: int | Sequence[int] | str,
    dilation: int | Sequence[int],
    groups: int,
    axes: int,
) -> Array:
    size, groups = _shape("input_size", input_size, (axes + 1, axes + 2)), whole_number("groups", groups, 1)
    check_arrays(weight=weight, grad_output=grad_output)
    if weight.ndim == axes + 2 and size[-axes - 1] != weight.shape[1] * groups:
        raise ValueError(f"input_size must have {weight.shape[1]} * {groups} channels, that weight reads; got {size}")
    if size[: -axes - 1] != tuple(grad_output.shape[: -axes - 1]):
        raise ValueError(f"input_size must have the batch of grad_output {tuple(grad_output.shape)}, got {size}")
    return CONV_ADJOINT[axes](grad_output, weight, size[-axes:], stride, padding, dilation, groups)


def _conv_weight(
    input: Array,
    weight_size: Sequence[int],
    grad_output: Array,
    stride: int | Sequence[int],
    padding: int | Sequence[int] | str,
    dilation: int | Sequence[int],
    groups: int,
    axes: int,
) -> Array:
    x, lead = with_batch(input, axes)
    size, groups = _shape("weight_size", weight_size, (axes + 2,)), whole_number("groups", groups, 1)
    if size[1] * groups != x.shape[1] or size[0] % groups:
        raise ValueError(f"weight_size must be (C_out, C_in / groups, ...) for {x.shape[1]} input channels, groups "
                         f"dividing C_out; got {size}, groups={groups}")  # fmt: skip
    stride, dilation, pads = steps_and_pads(size[2:], stride, padding, dilation)
    out = tuple(map(size_with_padding, x.shape[2:], size[2:], stride, pads, dilation))
    _check_upstream(grad_output, input, (*lead, size[0], *out))
    upstream, _ = with_batch(grad_output, axes)
    return _correlation(pad_axes(x, pads), upstream, size, stride, dilation)


def _conv_backward(
    grad_output: Array,
    input: Array,
    weight: Array,
    stride: int | Sequence[int],
    padding: int | Sequence[int] | str,
    dilation: int | Sequence[int],
    groups: int,
    axes: int,
) -> tuple[Array, Array, Array]:
    check_arrays(input=input, weight=weight)
    options = stride, padding, dilation, groups
    grad_weight = _conv_weight(input, weight.shape, grad_output, *options, axes=axes)
    return _conv_input(input.shape, weight, grad_output, *options, axes=axes), grad_weight, _sums(grad_output, axes)


def _conv_transpose_backward(
    grad_output: Array,
    input: Array,
    weight: Array,
    stride: int | Sequence[int],
    padding: int | Sequence[int],
    output_padding: int | Sequence[int],
    groups: int,
    dilation: int | Sequence[int],
    axes: int,
) -> tuple[Array, Array, Array]:
    (x, lead), groups = with_batch(input, axes), whole_number("groups", groups, 1)
    check_weight(weight, x)
    if weight.shape[0] != x.shape[1]:
        raise ValueError(f"weight must have {x.shape[1]} first channels, as many as input, got {tuple(weight.shape)}")
    stride, padding, extra, dilation = transposed_options(axes, stride, padding, output_padding, dilation)
    out = map(conv_transpose_output_size, x.shape[2:], weight.shape[2:], stride, padding, extra, dilation)
    _check_upstream(grad_output, input, (*lead, weight.shape[1] * groups, *out))
    grad_input = CONV_TRANSPOSE_ADJOINT[axes](grad_output, weight, stride, padding, extra, groups, dilation)
    upstream = pad_axes(with_batch(grad_output, axes)[0], [(p, p) for p in padding])
    grad_weight = _correlation(upstream, x, weight.shape, stride, dilation)
    return grad_input, grad_weight, _sums(grad_output, axes)


def _correlation(
    x: Array, upstream: Array, weight_size: Sequence[int], stride: Sequence[int], dilation: Sequence[int]
) -> Array:
    """``sum over N, i of upstream[N, m, i] * x[N, c, s*i + d*t]`` for each ``m, c, t``: a matrix product a piece.

    `x` is a padded batch; a piece is some of its images, so that the columns of all are never there at once.
    """
    xp, (batch, _, *out) = array_namespace(x, upstream), upstream.shape
    groups, share = x.shape[1] // weight_size[1], prod(weight_size[1:])
    total = xp.zeros((groups, weight_size[0] // groups, share), dtype=x.dtype, device=device(x))
    x, upstream = (xp.moveaxis(a, 1, 0) for a in (x, upstream))  # channels first: batch and positions are summed over
    images = max(1, COLUMNS // (groups * share * prod(out)))
    for first in range(0, batch, images):
        piece = slice(first, min(first + images, batch))
        seen = xp.stack(list(taps(x[:, piece, ...], weight_size[2:], stride, dilation, out)), axis=1)
        columns = xp.reshape(seen, (groups, share, -1))
        rows = xp.reshape(upstream[:, piece, ...], (groups, total.shape[1], -1))
        total = total + rows @ xp.matrix_transpose(columns)
    return xp.reshape(total, tuple(weight_size))


def _sums(grad_output: Array, axes: int) -> Array:
    """Gradient of the bias: it was added to every position of every image."""
    channels = grad_output.ndim - axes - 1
    others = tuple(axis for axis in range(grad_output.ndim) if axis != channels)
    return array_namespace(grad_output).sum(grad_output, axis=others, dtype=grad_output.dtype)


def _shape(name: str, size: Sequence[int], axes: Sequence[int]) -> tuple[int, ...]:
    """`size` as a tuple of one of the lengths `axes`; only a batch may be empty."""
    if not isinstance(size, Sequence) or len(size) not in axes:
        raise ValueError(f"{name} must have {' or '.join(map(str, axes))} numbers, got {size!r}")
    batch = len(size) - min(axes)
    return tuple(whole_number(name, n, int(position >= batch)) for position, n in enumerate(size))


def _check_upstream(grad_output: Array, input: Array, shape: tuple[int, ...]) -> None:
    """`grad_output` must have the dtype of `input` and the shape of what the layer makes of it."""
    check_arrays(grad_output=grad_output)
    if tuple(grad_output.shape) != shape or grad_output.dtype != input.dtype:
        raise ValueError(f"grad_output must be what the layer returns, {shape} of {input.dtype}, "
                         f"got {tuple(grad_output.shape)} of {grad_output.dtype}")  # fmt: skip


def gradcheck(
    func: Callable[..., Array],
    backward: Callable[..., Array | Sequence[Array]],
    inputs: Array | Sequence[Array],
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    seed: int = 0,
) -> bool:
    """True if ``|a - b| <= atol + rtol * |b|`` for each number ``a`` of ``backward`` and central difference ``b``.

    The loss is ``sum(grad_output * func(*inputs))`` with one random `grad_output`, and ``b`` at an input ``x`` is::

        (loss(x + eps) - loss(x - eps)) / (2 * eps)

    Parameters
    ----------
    func : callable
        Takes the inputs, returns one array.
    backward : callable
        ``backward(grad_output, *inputs)`` returns the gradient of the loss with respect to each input, in their order
        (for one input, just that array).
    inputs : array or sequence of arrays
        All of float64: the rounding of float32 is larger than the differences measured.
    eps : float
        Step to each side, above 0.
    atol, rtol : float
        Differences allowed.
    seed : int
        Of the random `grad_output`.

    Returns
    -------
    bool
        True; what is not so is raised.

    Raises
    ------
    AssertionError
        When a gradient differs; it says of which input, where, and by how much.
    ValueError
        When an input is not float64, `eps` is not positive, or the gradients have not the number and shapes of the
        inputs.

    Examples
    --------
    >>> import numpy as np
    >>> gradcheck(np.sin, lambda g, x: g * np.cos(x), np.array([0.0, 1.0, 2.0]))
    True
    >>> gradcheck(lambda x: x * x, lambda g, x: g * x, np.array([1.0]), seed=3)
    Traceback (most recent call last):
        ...
    AssertionError: gradient 0 differs at 1 of 1 places, first at (0,): backward gives 2.04, central differences 4.08

    See also the book page ``gradients``.
    """
    inputs = tuple(inputs) if isinstance(inputs, tuple | list) else (inputs,)
    _check_precision(inputs, eps)
    atol, rtol = (real_number(name, value, "at least 0", lambda v: v >= 0)
                  for name, value in {"atol": atol, "rtol": rtol}.items())  # fmt: skip
    output = func(*inputs)
    upstream = random_like(output.shape, output, numpy.random.default_rng(seed))
    gradients = backward(upstream, *inputs)
    gradients = tuple(gradients) if isinstance(gradients, tuple | list) else (gradients,)
    shapes, wanted = ([tuple(a.shape) for a in arrays] for arrays in (gradients, inputs))
    if shapes != wanted:
        raise ValueError(f"backward must return gradients of the shapes of the inputs, {wanted}, got {shapes}")
    for number, gradient in enumerate(gradients):
        _compare(number, gradient, _central_differences(func, inputs, number, upstream, eps), atol, rtol)
    return True


def _check_precision(inputs: Sequence[Array], eps: float) -> None:
    real_number("eps", eps, "above 0", lambda v: v > 0)
    for number, x in enumerate(inputs):
        check_arrays(**{f"inputs[{number}]": x})
        if x.dtype != array_namespace(x).float64:
            raise ValueError(f"inputs[{number}] must be float64, or rounding drowns the differences; got {x.dtype}")


def _central_differences(
    func: Callable[..., Array], inputs: Sequence[Array], number: int, upstream: Array, eps: float
) -> Array:
    """Slope of the loss along each number of ``inputs[number]``."""
    before, x, after = inputs[:number], inputs[number], inputs[number + 1 :]
    xp, slopes = array_namespace(x), []
    places = xp.reshape(xp.arange(prod(x.shape), device=device(x)), x.shape)
    for place in range(prod(x.shape)):
        step = xp.astype(places == place, x.dtype) * eps
        difference = func(*before, x + step, *after) - func(*before, x - step, *after)
        slopes.append(xp.sum(upstream * difference) / (2 * eps))
    return xp.reshape(xp.stack(slopes), x.shape) if slopes else x


def _compare(number: int, gradient: Array, differences: Array, atol: float, rtol: float) -> None:
    xp = array_namespace(gradient, differences)
    right = xp.abs(gradient - differences) <= atol + rtol * xp.abs(differences)
    wrong = [place for place in numpy.ndindex(*gradient.shape) if not bool(right[place])]
    if wrong:
        raise AssertionError(
            f"gradient {number} differs at {len(wrong)} of {prod(gradient.shape)} places, first at {wrong[0]}: "
            f"backward gives {float(gradient[wrong[0]]):.3g}, central differences {float(differences[wrong[0]]):.3g}"
        )
