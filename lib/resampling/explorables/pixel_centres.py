"""The conventions of pixel centres on two grids over one ruler (chapter 5)."""

import traitlets

from resampling.explorables.base import Explorable


class PixelCentres(Explorable):
    """The coordinates of `source_coordinates`, the weights of `resize`, and how far each convention moves the picture.

    Examples
    --------
    >>> figure = PixelCentres(samples=5, size=3, convention="align_corners")
    >>> figure.mode
    'linear'
    """

    stem = "pixel_centres"

    samples = traitlets.Int(4, min=1, max=12).tag(sync=True)
    size = traitlets.Int(8, min=1, max=24).tag(sync=True)
    scale = traitlets.Float(1.3, min=0.1, max=3.0).tag(sync=True)
    by = traitlets.Enum(["size", "scale"], "size").tag(sync=True)
    convention = traitlets.Enum(
        ["half_pixel", "align_corners", "asymmetric", "pytorch_half_pixel", "half_pixel_symmetric"], "asymmetric"
    ).tag(sync=True)
    mode = traitlets.Enum(["linear", "nearest", "floor"], "linear").tag(sync=True)
    move = traitlets.Float(0.0, min=-1.0, max=1.0).tag(sync=True)
    index = traitlets.Int(5, min=0).tag(sync=True)
