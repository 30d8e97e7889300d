"""Transposed convolution by four algorithms, step by step (chapter 9)."""

import traitlets

from resampling.explorables.base import Explorable


class TransposedConvolution(Explorable):
    """``conv_transpose1d`` by matrix, paint, zeros and phases, and what comes out when a step is forgotten.

    Examples
    --------
    >>> figure = TransposedConvolution(input=[1, 2, 3], weight=[1, 10, 100], forget="flip")
    >>> figure.algorithm
    'zero_insertion'
    """

    stem = "transposed_convolution"

    input = traitlets.List(traitlets.Float(), [1.0, 2.0, 3.0], minlen=1, maxlen=6).tag(sync=True)
    weight = traitlets.List(traitlets.Float(), [1.0, 10.0, 100.0], minlen=1, maxlen=5).tag(sync=True)
    stride = traitlets.Int(2, min=1, max=4).tag(sync=True)
    padding = traitlets.Int(1, min=0, max=4).tag(sync=True)
    output_padding = traitlets.Int(1, min=0, max=3).tag(sync=True)
    dilation = traitlets.Int(1, min=1, max=2).tag(sync=True)
    algorithm = traitlets.Enum(["matrix", "scatter", "zero_insertion", "polyphase"], "zero_insertion").tag(sync=True)
    step = traitlets.Int(5, min=0).tag(sync=True)
    forget = traitlets.Enum(["nothing", "zeros", "around", "flip", "crop", "op", "weave"], "nothing").tag(sync=True)
