"""The interactive figures: live in Jupyter, and on the book's pages without a kernel."""

from resampling.explorables.base import FOLDER, STYLE, Explorable, module
from resampling.explorables.convolution_matrix import ConvolutionMatrix

__all__ = ["FOLDER", "STYLE", "ConvolutionMatrix", "explorables", "module"]


def explorables() -> dict[str, type[Explorable]]:
    """Every explorable by the stem of its JavaScript module."""
    return {kind.stem: kind for kind in Explorable.__subclasses__()}
