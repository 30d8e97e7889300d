"""Going down and up in resolution: the reference operators of the course, for NumPy arrays and torch tensors."""

from importlib import import_module

from resampling import (
    adjoint,
    alias_free,
    aliasing,
    checkerboard,
    convolution,
    convolution_matrix,
    cost,
    data,
    filtering,
    gradients,
    grid_sizes,
    interpolation,
    metrics,
    padding,
    pixel_centres,
    pooling,
    sub_pixel,
    timing,
    transposed_convolution,
    unpooling,
    weight_layouts,
)
from resampling.adjoint import *
from resampling.alias_free import *
from resampling.aliasing import *
from resampling.checkerboard import *
from resampling.convolution import *
from resampling.convolution_matrix import *
from resampling.cost import *
from resampling.data import *
from resampling.filtering import *
from resampling.gradients import *
from resampling.grid_sizes import *
from resampling.interpolation import *
from resampling.metrics import *
from resampling.padding import *
from resampling.pixel_centres import *
from resampling.pooling import *
from resampling.sub_pixel import *
from resampling.timing import *
from resampling.transposed_convolution import *
from resampling.unpooling import *
from resampling.weight_layouts import *

__all__ = [
    *adjoint.__all__,
    *alias_free.__all__,
    *aliasing.__all__,
    *checkerboard.__all__,
    *convolution.__all__,
    *convolution_matrix.__all__,
    *cost.__all__,
    *data.__all__,
    *filtering.__all__,
    *gradients.__all__,
    *grid_sizes.__all__,
    *interpolation.__all__,
    *metrics.__all__,
    *padding.__all__,
    *pixel_centres.__all__,
    *pooling.__all__,
    *sub_pixel.__all__,
    *timing.__all__,
    *transposed_convolution.__all__,
    *unpooling.__all__,
    *weight_layouts.__all__,
]
# The networks are torch modules: torch is imported when one of them is first asked for.
NETWORKS = ("Autoencoder", "ESPCN", "Generator", "SegNet", "UNet", "count_parameters", "upsampler")


def __getattr__(name: str) -> object:
    if name in NETWORKS:
        return getattr(import_module("resampling.encoder_decoders"), name)
    raise AttributeError(f"module 'resampling' has no attribute {name!r}")
