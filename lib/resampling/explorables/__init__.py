"""The interactive figures: live in Jupyter, and on the book's pages without a kernel."""

from resampling.explorables.adjoint import Adjoint
from resampling.explorables.aliasing import Aliasing
from resampling.explorables.base import FOLDER, STYLE, Explorable, module
from resampling.explorables.checkerboard import Checkerboard
from resampling.explorables.convolution_matrix import ConvolutionMatrix
from resampling.explorables.cost import CostRoofline
from resampling.explorables.grid_sizes import GridSizes
from resampling.explorables.interpolation import Interpolation
from resampling.explorables.pixel_centres import PixelCentres
from resampling.explorables.pooling import Pooling
from resampling.explorables.sub_pixel import SubPixel
from resampling.explorables.transposed_convolution import TransposedConvolution
from resampling.explorables.unpooling import Unpooling

__all__ = [
    "FOLDER",
    "STYLE",
    "Adjoint",
    "Aliasing",
    "Checkerboard",
    "ConvolutionMatrix",
    "CostRoofline",
    "GridSizes",
    "Interpolation",
    "PixelCentres",
    "Pooling",
    "SubPixel",
    "TransposedConvolution",
    "Unpooling",
    "explorables",
    "module",
]


def explorables() -> dict[str, type[Explorable]]:
    """Every explorable by the stem of its JavaScript module."""
    return {kind.stem: kind for kind in Explorable.__subclasses__()}
