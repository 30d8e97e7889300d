"""Going down and up in resolution: the reference operators of the course, for NumPy arrays and torch tensors."""

from resampling.convolution import conv1d, conv2d
from resampling.convolution_matrix import (
    conv_matrix1d,
    conv_matrix2d,
    count_nonzeros,
    kron,
    sampling_matrix,
    tap_matrices,
)
from resampling.grid_sizes import conv_output_size

__all__ = [
    "conv1d",
    "conv2d",
    "conv_matrix1d",
    "conv_matrix2d",
    "conv_output_size",
    "count_nonzeros",
    "kron",
    "sampling_matrix",
    "tap_matrices",
]
