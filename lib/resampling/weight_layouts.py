"""Weights of transposed convolutions in the layouts of several frameworks: the same layer, other axes.

For torch's weight ``w`` of shape (C_in, C_out / groups, k, ...)::

    torch, onnx            w[c, m, t]                         as it is
    keras, tensorflow      v[t, m, c]     == w[c, m, t]       kernel, C_out, C_in
    jax                    v[k-1-t, c, m] == w[c, m, t]       kernel, C_in / groups, C_out: flipped
    jax_transpose_kernel   v[t, m, c]     == w[c, m, t]       kernel, C_out, C_in

"jax" is ``jax.lax.conv_transpose`` as it stands, a convolution of the zero-inserted input; with groups, which that
function does not have, ``jax.lax.conv_general_dilated`` with ``lhs_dilation`` and ``feature_group_count``. The other is
``jax.lax.conv_transpose(..., transpose_kernel=True)``. The sources are the documentation of `torch.nn.ConvTranspose2d`,
of the operator `ConvTranspose` of ONNX, of `keras.ops.conv_transpose`, of `tf.nn.conv2d_transpose` and of
`jax.lax.conv_transpose`.
"""

from typing import Any

from array_api_compat import array_namespace

from resampling.grid_sizes import check_arrays, whole_number
from resampling.transposed_convolution import transposed_weight

__all__ = ["transposed_weight_from", "transposed_weight_to"]

Array = Any
AS_TORCH = ("torch", "onnx")
KERNEL_FIRST = ("keras", "tensorflow", "jax_transpose_kernel")  # kernel, C_out, C_in; these have no groups
FRAMEWORKS = (*AS_TORCH, "jax", *KERNEL_FIRST)


def transposed_weight_to(framework: str, weight: Array, groups: int = 1) -> Array:
    """The weight with which `framework` computes what torch's transposed convolution does with `weight`.

    Weights alone do not make a layer: padding means another thing in each framework too. Zeros around the zero-inserted
    input, as ``jax`` takes them by default, are ``(d(k-1) - p, d(k-1) - p + output_padding)`` on each axis.

    Parameters
    ----------
    framework : "torch", "onnx", "keras", "tensorflow", "jax" or "jax_transpose_kernel"
        Whose layout the result has; see the first lines of the module.
    weight : array (C_in, C_out / groups, k, ...)
        In torch's layout, with any number of axes after the channels.
    groups : int
        1 for "keras", "tensorflow" and "jax_transpose_kernel", which have no others.

    Returns
    -------
    array
        "torch", "onnx": (C_in, C_out / groups, k, ...). "keras", "tensorflow", "jax_transpose_kernel":
        (k, ..., C_out, C_in). "jax": (k, ..., C_in / groups, C_out). Namespace, dtype and device of `weight`, and often
        its memory: copy it before you write into it.

    Raises
    ------
    ValueError
        When `framework` is none of these or has no groups, or `groups` does not divide the channels.

    Examples
    --------
    >>> import numpy as np
    >>> w = np.array([[[1, 10, 100]]])
    >>> transposed_weight_to("keras", w)[:, 0, 0], transposed_weight_to("jax", w)[:, 0, 0]
    (array([  1,  10, 100]), array([100,  10,   1]))
    >>> transposed_weight_to("jax", np.zeros((4, 3, 5, 7)), groups=2).shape
    (5, 7, 2, 6)

    See also the book page ``transposed-convolution-names``.
    """
    _check(framework, weight, groups)
    if framework in AS_TORCH:
        _check_groups(weight.shape[0], groups)
        return weight
    kernel = range(2, weight.ndim)
    if framework in KERNEL_FIRST:
        return array_namespace(weight).permute_dims(weight, (*kernel, 1, 0))
    return array_namespace(weight).permute_dims(transposed_weight(weight, groups), (*kernel, 1, 0))


def transposed_weight_from(framework: str, weight: Array, groups: int = 1) -> Array:
    """The weight with which torch's transposed convolution computes what `framework` does with `weight`.

    It undoes `transposed_weight_to`: ``transposed_weight_from(f, transposed_weight_to(f, w, g), g) == w``.

    Parameters
    ----------
    framework, groups
        As in `transposed_weight_to`.
    weight : array
        In the layout of `framework`.

    Returns
    -------
    array (C_in, C_out / groups, k, ...)
        Namespace, dtype and device of `weight`, and often its memory.

    Raises
    ------
    ValueError
        As `transposed_weight_to`.

    Examples
    --------
    >>> import numpy as np
    >>> transposed_weight_from("keras", np.zeros((5, 7, 3, 4))).shape  # kernel 5 by 7, 3 channels out, 4 in
    (4, 3, 5, 7)
    >>> transposed_weight_from("jax", np.array([[[1]], [[10]], [[100]]]))
    array([[[100,  10,   1]]])
    """
    _check(framework, weight, groups)
    if framework in AS_TORCH:
        _check_groups(weight.shape[0], groups)
        return weight
    channels_first = array_namespace(weight).permute_dims(
        weight, (weight.ndim - 1, weight.ndim - 2, *range(weight.ndim - 2))
    )
    return transposed_weight(channels_first, groups) if framework == "jax" else channels_first


def _check(framework: str, weight: Array, groups: int) -> None:
    """Refuse a framework that is not known, one without groups, and a weight that is none."""
    if not isinstance(framework, str) or framework not in FRAMEWORKS:
        raise ValueError(f"framework must be one of {', '.join(FRAMEWORKS)}; got {framework!r}")
    if whole_number("groups", groups, 1) > 1 and framework in KERNEL_FIRST:
        raise ValueError(f"groups must be 1, {framework} has no others; got {groups}")
    check_arrays(weight=weight)
    if weight.ndim < 3:
        raise ValueError(f"weight must have two axes of channels and at least one of the kernel, got {weight.shape}")


def _check_groups(channels: int, groups: int) -> None:
    if channels % groups:
        raise ValueError(f"groups must divide the {channels} first channels of weight, got {groups}")
