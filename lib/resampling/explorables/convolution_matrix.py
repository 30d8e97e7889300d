"""The convolution matrix, one row or one column at a time (chapter 7)."""

import traitlets

from resampling.explorables.base import Explorable


class ConvolutionMatrix(Explorable):
    """The matrix ``C`` with ``C @ x == conv1d(x, weight)`` (or ``conv2d``), one row or one column at a time.

    Examples
    --------
    >>> figure = ConvolutionMatrix(weight=[1, 2], length=3)
    >>> figure.stride
    1
    """

    stem = "convolution_matrix"

    mode = traitlets.Enum(["1d", "2d"], "1d").tag(sync=True)
    weight = traitlets.List(traitlets.Float(), [1.0, 2.0, 3.0], minlen=1, maxlen=5).tag(sync=True)
    length = traitlets.Int(5, min=1, max=10).tag(sync=True)
    stride = traitlets.Int(1, min=1, max=4).tag(sync=True)
    padding = traitlets.Int(0, min=0, max=3).tag(sync=True)
    dilation = traitlets.Int(1, min=1, max=3).tag(sync=True)
    height = traitlets.Int(3, min=2, max=4).tag(sync=True)
    width = traitlets.Int(3, min=2, max=4).tag(sync=True)
    weight2d = traitlets.List(
        traitlets.List(traitlets.Float(), minlen=1, maxlen=3), [[1.0, 2.0], [3.0, 4.0]], minlen=1, maxlen=3
    ).tag(sync=True)
    axis = traitlets.Enum(["row", "column"], "row").tag(sync=True)
    index = traitlets.Int(0, min=0).tag(sync=True)
