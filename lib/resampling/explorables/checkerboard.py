"""The kernel of a transposed convolution and the checkerboard that it paints, or not (chapter 12)."""

import traitlets

from resampling.explorables.base import Explorable


class Checkerboard(Explorable):
    """The taps of a kernel counted and added up by phase, its spectrum, and what a constant becomes behind it.

    Examples
    --------
    >>> figure = Checkerboard(weight=[1, 2, 1], stride=2)
    >>> figure.layers
    1
    """

    stem = "checkerboard"

    mode = traitlets.Enum(["1d", "2d"], "1d").tag(sync=True)
    weight = traitlets.List(traitlets.Float(), [1.0, 2.0, 3.0, 4.0], minlen=1, maxlen=8).tag(sync=True)
    weight2d = traitlets.List(
        traitlets.List(traitlets.Float(), minlen=1, maxlen=6), [[1.0, 0.0], [0.0, 1.0]], minlen=1, maxlen=6
    ).tag(sync=True)
    stride = traitlets.Int(2, min=1, max=4).tag(sync=True)
    layers = traitlets.Int(1, min=1, max=3).tag(sync=True)
    tap = traitlets.Int(0, min=0, max=35).tag(sync=True)
    seed = traitlets.Int(0, min=0).tag(sync=True)
