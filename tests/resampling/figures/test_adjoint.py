"""The figures of the chapter on the adjoint compute what they say."""

import numpy as np
import pytest

from resampling import conv_matrix1d
from resampling.figures.adjoint import KERNELS, plot_gram, plot_there_and_back


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize(("stride", "phase", "name"), [(1, 0, "camera"), (2, 3, "coins"), (4, 2, "page")])
def test_only_the_pseudo_inverse_makes_the_same_output_again(kernel, stride, phase, name):
    figure = plot_there_and_back(kernel, stride, phase, name)
    transpose, inverse = (float(ax.get_xlabel().split()[-1]) for ax in figure.axes[2:])
    assert inverse < 1e-6 < transpose


def test_the_verdict_on_a_layer():
    figure = plot_gram({"copy": conv_matrix1d(np.ones(1), 3), "blur": conv_matrix1d(np.ones(2), 3)})
    assert [ax.get_title().split(": ")[1] for ax in figure.axes] == ["CᵀC = I", "CᵀC ≠ I"]
