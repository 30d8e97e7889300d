"""The figures of the chapter on the adjoint compute what they say."""

import numpy as np

from resampling import conv_matrix1d
from resampling.figures.adjoint import plot_gram


def test_the_verdict_on_a_layer():
    figure = plot_gram({"copy": conv_matrix1d(np.ones(1), 3), "blur": conv_matrix1d(np.ones(2), 3)})
    assert [ax.get_title().split(": ")[1] for ax in figure.axes] == ["CᵀC = I", "CᵀC ≠ I"]
