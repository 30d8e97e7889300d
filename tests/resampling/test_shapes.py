"""The size theorems as types: jaxtyping checks every result's shape against a formula in the signature.

hypothesis draws the sizes and options; a draw for which no window fits is left out.
"""

from typing import Any

import numpy as np
import pytest
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
def conv3d(
    x: Float[Array, "*batch c l h v"], w: Float[Array, "o c kl kh kv"], s: tuple, p: tuple, d: tuple
) -> Float[
    Array,
    "*batch o (l+2*{p[0]}-{d[0]}*(kl-1)-1)//{s[0]}+1 (h+2*{p[1]}-{d[1]}*(kh-1)-1)//{s[1]}+1 "
    "(v+2*{p[2]}-{d[2]}*(kv-1)-1)//{s[2]}+1",
]:
    return resampling.conv3d(x, w, stride=s, padding=p, dilation=d)


@theorem
def conv_transpose2d(
    x: Float[Array, "*batch c h v"], w: Float[Array, "c o kh kv"], s: tuple, p: tuple, d: tuple
) -> Float[Array, "*batch o (h-1)*{s[0]}-2*{p[0]}+{d[0]}*(kh-1)+1 (v-1)*{s[1]}-2*{p[1]}+{d[1]}*(kv-1)+1"]:
    return resampling.conv_transpose2d(x, w, stride=s, padding=p, dilation=d)


@theorem
def conv_transpose3d(
    x: Float[Array, "*batch c l h v"], w: Float[Array, "c o kl kh kv"], s: tuple, p: tuple, d: tuple
) -> Float[
    Array,
    "*batch o (l-1)*{s[0]}-2*{p[0]}+{d[0]}*(kl-1)+1 (h-1)*{s[1]}-2*{p[1]}+{d[1]}*(kh-1)+1 "
    "(v-1)*{s[2]}-2*{p[2]}+{d[2]}*(kv-1)+1",
]:
    return resampling.conv_transpose3d(x, w, stride=s, padding=p, dilation=d)


@theorem
def conv_matrix1d(
    w: Float[Array, " k"], n: int, s: int, p: int, d: int
) -> Float[Array, "({n}+2*{p}-{d}*(k-1)-1)//{s}+1 {n}"]:
    return resampling.conv_matrix1d(w, n, stride=s, padding=p, dilation=d)


@theorem
def conv_matrix2d(
    w: Float[Array, "o c kh kv"], n: tuple, s: tuple, p: tuple
) -> Float[Array, "o*(({n[0]}+2*{p[0]}-kh)//{s[0]}+1)*(({n[1]}+2*{p[1]}-kv)//{s[1]}+1) c*{n[0]}*{n[1]}"]:
    return resampling.conv_matrix2d(w, n, stride=s, padding=p)


# Per number of axes, what a window of k in steps of s leaves of n, what takes it back, and a size that is given.
NAMES = {1: ("n",), 2: ("h", "v"), 3: ("l", "h", "v")}
POOLED = {axes: " ".join(f"({n}+2*{{p}}-{{k}})//{{s}}+1" for n in names) for axes, names in NAMES.items()}
UNPOOLED = {axes: " ".join(f"({n}-1)*{{s}}+{{k}}-2*{{p}}" for n in names) for axes, names in NAMES.items()}
GIVEN = {axes: " ".join("{o}" for _ in names) for axes, names in NAMES.items()}
SCALED = {axes: " ".join(f"{n}*{{r}}" for n in names) for axes, names in NAMES.items()}
EVERY = {axes: " ".join(f"-(-{n}//{{s}})" for n in names) for axes, names in NAMES.items()}


def operator(name, axes):
    return getattr(resampling, f"{name}{axes}d")


def pools(name, axes):
    """The theorem of `max_pool` or `avg_pool` on so many axes."""

    @theorem
    def pool(
        x: Float[Array, f"*batch c {' '.join(NAMES[axes])}"], k: int, s: int, p: int
    ) -> Float[Array, f"*batch c {POOLED[axes]}"]:
        return operator(name, axes)(x, k, s, p)

    return pool


def unpools(axes):
    @theorem
    def unpool(
        x: Float[Array, f"*batch c {' '.join(NAMES[axes])}"], k: int, s: int, p: int
    ) -> Float[Array, f"*batch c {UNPOOLED[axes]}"]:
        return operator("max_unpool", axes)(x, np.zeros(x.shape, np.int64), k, s, p)

    return unpool


def resizes(function, axes):
    """The theorem of an operator that is given one output size for all axes: adaptive pools, interpolation."""

    @theorem
    def resize(x: Float[Array, f"*batch c {' '.join(NAMES[axes])}"], o: int) -> Float[Array, f"*batch c {GIVEN[axes]}"]:
        return function(x, o)

    return resize


def scales(axes):
    @theorem
    def scale(x: Float[Array, f"batch c {' '.join(NAMES[axes])}"], r: int) -> Float[Array, f"batch c {SCALED[axes]}"]:
        return resampling.interpolate(x, scale_factor=r)

    return scale


def shuffles(axes):
    """Channels to space, and space to channels."""

    @theorem
    def shuffle(
        x: Float[Array, f"*batch m {' '.join(NAMES[axes])}"], r: int
    ) -> Float[Array, f"*batch m//{{r}}**{axes} {SCALED[axes]}"]:
        return resampling.pixel_shuffle(x, (r,) * axes)

    @theorem
    def unshuffle(
        x: Float[Array, f"*batch c {' '.join(NAMES[axes])}"], r: int
    ) -> Float[Array, f"*batch c*{{r}}**{axes} {' '.join(f'{n}//{{r}}' for n in NAMES[axes])}"]:
        return resampling.pixel_unshuffle(x, (r,) * axes)

    return shuffle, unshuffle


def blurs(axes):
    @theorem
    def blur(
        x: Float[Array, f"*batch {' '.join(NAMES[axes])}"], k: int, s: int
    ) -> Float[Array, f"*batch {EVERY[axes]}"]:
        return operator("blur_pool", axes)(x, k, s, "constant")

    return blur


@theorem
def upfirdn2d(
    x: Float[Array, "*batch h v"], w: Float[Array, "kh kv"], up: int, down: int, p: int
) -> Float[Array, "*batch (h*{up}+2*{p}-kh)//{down}+1 (v*{up}+2*{p}-kv)//{down}+1"]:
    return resampling.upfirdn2d(x, w, up, down, p)


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


TRIPLE, SMALLS = st.tuples(SIZE, SIZE, SIZE), st.tuples(SMALL, SMALL, SMALL)
AXES = pytest.mark.parametrize("axes", [1, 2, 3])


@MANY
@given(BATCH, TRIPLE, SMALLS, SMALLS, st.tuples(PADDING, PADDING, PADDING))
def test_conv3d(batch, n, k, s, p):
    d = s[::-1]
    assume(all(n[i] + 2 * p[i] > d[i] * (k[i] - 1) for i in range(3)))
    conv3d(noise(*batch, 2, *n), noise(3, 2, *k), s, p, d)


@pytest.mark.parametrize(("axes", "function"), [(2, conv_transpose2d), (3, conv_transpose3d)])
@MANY
@given(batch=BATCH, n=TRIPLE, k=SMALLS, s=SMALLS, p=st.tuples(PADDING, PADDING, PADDING))
def test_transposed_convolutions(axes, function, batch, n, k, s, p):
    n, k, s, p, d = n[:axes], k[:axes], s[:axes], p[:axes], s[:axes][::-1]
    assume(all(s[i] * (n[i] - 1) + d[i] * (k[i] - 1) + 1 > 2 * p[i] for i in range(axes)))
    function(noise(*batch, 2, *n), noise(2, 3, *k), s, p, d)


@MANY
@given(st.tuples(SIZE, SIZE), st.tuples(SMALL, SMALL), st.tuples(SMALL, SMALL), st.tuples(PADDING, PADDING))
def test_conv_matrix2d(n, k, s, p):
    assume(all(n[i] + 2 * p[i] >= k[i] for i in (0, 1)))
    conv_matrix2d(noise(3, 2, *k), n, s, p)


@AXES
@pytest.mark.parametrize("name", ["max_pool", "avg_pool"])
@MANY
@given(batch=BATCH, n=TRIPLE, k=SMALL, s=SMALL, p=PADDING)
def test_pools(name, axes, batch, n, k, s, p):
    assume(p <= k // 2)
    assume(min(n[:axes]) >= k)
    pools(name, axes)(noise(*batch, 2, *n[:axes]), k, s, p)


@AXES
@MANY
@given(batch=BATCH, n=TRIPLE, k=SMALL, s=SMALL, p=PADDING)
def test_unpools(axes, batch, n, k, s, p):
    assume(s * (min(n) - 1) + k > 2 * p)
    unpools(axes)(noise(*batch, 2, *n[:axes]), k, s, p)


@AXES
@pytest.mark.parametrize("name", ["adaptive_avg_pool", "adaptive_max_pool"])
@MANY
@given(batch=BATCH, n=TRIPLE, o=st.integers(0, 6))
def test_adaptive_pools(name, axes, batch, n, o):
    resizes(operator(name, axes), axes)(noise(*batch, 2, *n[:axes]), o)


@AXES
@pytest.mark.parametrize("mode", ["nearest", "area", "linear"])
@MANY
@given(batch=st.integers(0, 2), n=TRIPLE, o=SIZE, r=SMALL)
def test_interpolation(mode, axes, batch, n, o, r):
    mode = ("linear", "bilinear", "trilinear")[axes - 1] if mode == "linear" else mode
    x = noise(batch, 2, *n[:axes])
    resizes(lambda x, o: resampling.interpolate(x, o, mode=mode), axes)(x, o)
    scales(axes)(x, r)


@AXES
@MANY
@given(batch=BATCH, c=st.integers(0, 3), n=SMALLS, r=st.integers(1, 3))
def test_shuffles(axes, batch, c, n, r):
    shuffle, unshuffle = shuffles(axes)
    unshuffle(shuffle(noise(*batch, c * r**axes, *n[:axes]), r), r)


@AXES
@MANY
@given(batch=BATCH, n=TRIPLE, k=SMALL, s=SMALL)
def test_blur_pools(axes, batch, n, k, s):
    blurs(axes)(noise(*batch, *n[:axes]), k, s)


@MANY
@given(BATCH, st.tuples(SIZE, SIZE), st.tuples(SMALL, SMALL), SMALL, SMALL, PADDING)
def test_upfirdn2d(batch, n, k, up, down, p):
    assume(up * min(n) + 2 * p >= max(k))
    upfirdn2d(noise(*batch, *n), noise(*k), up, down, p)
