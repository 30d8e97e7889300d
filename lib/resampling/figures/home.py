"""The picture on the book's first page: every way down, and the way up that is its transpose."""

import base64
import io
from collections.abc import Callable
from html import escape
from typing import NamedTuple

import numpy as np
from IPython.display import HTML
from PIL import Image

from resampling import (
    avg_pool2d,
    avg_pool2d_adjoint,
    bed_of_nails,
    conv2d,
    conv_transpose2d,
    interpolate,
    interpolate_adjoint,
    max_pool2d,
    max_unpool2d,
    pixel_shuffle,
    pixel_unshuffle,
    subsample,
)

S = 4  # the factor, on both axes
CONV = {"stride": S, "padding": 1}
KERNEL = np.ones((1, 1, 6, 6)) / 36  # 6 is no multiple of 4: on the way up the copies overlap unevenly


class Way(NamedTuple):
    """A way down and its transpose, with the pages on which they stand; ``gain`` makes the way up keep grey grey."""

    down: str
    down_page: str
    up: str
    up_page: str
    forward: Callable[[np.ndarray], np.ndarray]
    transpose: Callable[[np.ndarray, np.ndarray], np.ndarray]
    gain: float = S * S


def _max_unpool(small: np.ndarray, x: np.ndarray) -> np.ndarray:
    _, indices = max_pool2d(x, S, return_indices=True)
    return max_unpool2d(small, indices, S)


WAYS = (
    Way("every fourth sample", "03_aliasing", "a bed of nails", "06_unpooling",
        lambda x: subsample(x, (S, S)), lambda y, _: bed_of_nails(y, (S, S)), 1),
    Way("average pooling", "02_pooling", "nearest neighbour", "04_interpolation",
        lambda x: avg_pool2d(x, S), lambda y, x: avg_pool2d_adjoint(y, x.shape[-2:], S)),
    Way("blur, then every fourth", "03_aliasing", "bilinear interpolation", "04_interpolation",
        lambda x: interpolate_adjoint(x, [n // S for n in x.shape[-2:]], scale_factor=S, mode="bilinear") / S**2,
        lambda y, _: interpolate(y, scale_factor=S, mode="bilinear") / S**2),
    Way("max pooling", "02_pooling", "max unpooling", "06_unpooling",
        lambda x: max_pool2d(x, S), _max_unpool, 1),
    Way("strided convolution", "07_convolution_matrix", "transposed convolution", "09_transposed_convolution",
        lambda x: conv2d(x, KERNEL, **CONV), lambda y, _: conv_transpose2d(y, KERNEL, **CONV)),
    Way("pixel unshuffle", "11_sub_pixel", "pixel shuffle", "11_sub_pixel",
        lambda x: pixel_unshuffle(x, S), lambda y, _: pixel_shuffle(y, S), 1),
)  # fmt: skip


def _png(x: np.ndarray) -> str:
    """The address of a picture x[h, w] with values in [0, 1]."""
    file = io.BytesIO()
    Image.fromarray(np.uint8(np.clip(x, 0, 1) * 255 + 0.5)).save(file, "png", optimize=True)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def _mosaic(x: np.ndarray) -> np.ndarray:
    """Channels x[s * s, h, w] side by side."""
    side = int(len(x) ** 0.5)
    _, h, w = x.shape
    return x.reshape(side, side, h, w).swapaxes(1, 2).reshape(side * h, side * w)


def _image(x: np.ndarray, alt: str) -> str:
    height, width = x.shape
    return f'<img src="{_png(x)}" width="{width}" height="{height}" alt="{escape(alt)}">'


def _row(way: Way, x: np.ndarray) -> str:
    x = x[None, None]
    small = way.forward(x)
    up = way.gain * way.transpose(small, x)
    down = _image(_mosaic(small[0]), f"The picture after: {way.down}.")
    again = _image(up[0, 0], f"That small picture after: {way.up}.")
    return (
        f'<li><a href="{way.down_page}.html">{down}<span>{escape(way.down)}</span></a>'
        f'<a href="{way.up_page}.html">{again}<span>{escape(way.up)}</span></a></li>'
    )


def pairs(x: np.ndarray) -> HTML:
    """The picture x[h, w] down and up again by each of the `WAYS`, as links to their pages; `S` divides h and w."""
    return HTML(f'<ul class="pairs">{"".join(_row(way, x) for way in WAYS)}</ul>')
