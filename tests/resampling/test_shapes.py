"""The size theorems as types: jaxtyping checks every result's shape against a formula in the signature.

hypothesis draws the sizes and options; a draw for which no window fits is left out.
"""

from typing import Any

import numpy as np
from beartype import beartype
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from jaxtyping import Float, jaxtyped

import resampling

SMALL = st.integers(1, 5)
SIZE = st.integers(1, 12)
PADDING = st.integers(0, 3)
BATCH = st.sampled_from([(), (0,), (1,), (2,)])
MANY = settings(deadline=None, max_examples=60, derandomize=True)
Array = Any


def theorem(function):
    """`function` with its shape annotations enforced."""
    return jaxtyped(function, typechecker=beartype)


def noise(*shape):
    return np.random.default_rng(0).normal(size=shape)


@theorem
def conv1d(
    x: Float[Array, "*batch c n"], w: Float[Array, "o share k"], s: int, p: int, d: int, g: int
) -> Float[Array, "*batch o (n+2*{p}-{d}*(k-1)-1)//{s}+1"]:
    return resampling.conv1d(x, w, stride=s, padding=p, dilation=d, groups=g)


@theorem
def conv_transpose1d(
    x: Float[Array, "*batch c n"], w: Float[Array, "c share k"], s: int, p: int, d: int, g: int, op: int
) -> Float[Array, "*batch share*{g} (n-1)*{s}-2*{p}+{d}*(k-1)+{op}+1"]:
    return resampling.conv_transpose1d(x, w, stride=s, padding=p, dilation=d, groups=g, output_padding=op)


@theorem
def conv2d(
    x: Float[Array, "*batch c h v"], w: Float[Array, "o c kh kv"], s: tuple, p: tuple, d: tuple
) -> Float[Array, "*batch o (h+2*{p[0]}-{d[0]}*(kh-1)-1)//{s[0]}+1 (v+2*{p[1]}-{d[1]}*(kv-1)-1)//{s[1]}+1"]:
    return resampling.conv2d(x, w, stride=s, padding=p, dilation=d)


@theorem
def conv_matrix1d(
    w: Float[Array, " k"], n: int, s: int, p: int, d: int
) -> Float[Array, "({n}+2*{p}-{d}*(k-1)-1)//{s}+1 {n}"]:
    return resampling.conv_matrix1d(w, n, stride=s, padding=p, dilation=d)


@MANY
@given(BATCH, SMALL, SMALL, SMALL, SIZE, SMALL, SMALL, PADDING, SMALL)
def test_conv1d(batch, g, share, outs, n, k, s, p, d):
    assume(n + 2 * p > d * (k - 1))
    conv1d(noise(*batch, g * share, n), noise(g * outs, share, k), s, p, d, g)


@MANY
@given(BATCH, SMALL, SMALL, SMALL, SIZE, SMALL, SMALL, PADDING, SMALL, PADDING)
def test_conv_transpose1d(batch, g, share, outs, n, k, s, p, d, op):
    assume(op < max(s, d))
    assume((n - 1) * s - 2 * p + d * (k - 1) + op + 1 > 0)
    conv_transpose1d(noise(*batch, g * outs, n), noise(g * outs, share, k), s, p, d, g, op)


@MANY
@given(BATCH, *[st.tuples(SIZE, SIZE), st.tuples(SMALL, SMALL), st.tuples(SMALL, SMALL)], st.tuples(PADDING, PADDING))
def test_conv2d(batch, n, k, s, p):
    d = s[::-1]
    assume(all(n[i] + 2 * p[i] > d[i] * (k[i] - 1) for i in (0, 1)))
    conv2d(noise(*batch, 2, *n), noise(3, 2, *k), s, p, d)


@MANY
@given(SIZE, SMALL, SMALL, PADDING, SMALL)
def test_conv_matrix1d(n, k, s, p, d):
    assume(n + 2 * p > d * (k - 1))
    conv_matrix1d(noise(k), n, s, p, d)
