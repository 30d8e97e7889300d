"""Going down and up in resolution: the reference operators of the course, for NumPy arrays and torch tensors."""

from resampling import convolution, convolution_matrix, grid_sizes, padding
from resampling.convolution import *
from resampling.convolution_matrix import *
from resampling.grid_sizes import *
from resampling.padding import *

__all__ = [*convolution.__all__, *convolution_matrix.__all__, *grid_sizes.__all__, *padding.__all__]
