"""What an operator costs, under the roofline of a machine (chapter 15)."""

import traitlets

from resampling.explorables.base import Explorable

OPERATORS = ["polyphase", "scatter", "zero_insertion", "sub_pixel", "bilinear", "bicubic", "nearest"]
OPERATORS += ["convolution", "max_pool", "average_pool", "blur_pool"]


class CostRoofline(Explorable):
    """Multiply-adds, bytes and least time of an operator on a square picture, and of those that do the same job.

    ``peak`` are the flops and ``bandwidth`` the bytes that the machine does in a second, ``width`` the bytes of a
    number; the other traits are the sizes of the operator.

    Examples
    --------
    >>> figure = CostRoofline(operator="scatter", peak=1e12, bandwidth=1e11)
    >>> figure.channels
    64
    """

    stem = "cost"

    operator = traitlets.Enum(OPERATORS, "polyphase").tag(sync=True)
    channels = traitlets.Int(64, min=1, max=512).tag(sync=True)
    size = traitlets.Int(56, min=1, max=224).tag(sync=True)
    kernel = traitlets.Int(4, min=1, max=8).tag(sync=True)
    stride = traitlets.Int(2, min=1, max=4).tag(sync=True)
    depthwise = traitlets.Bool(False).tag(sync=True)
    width = traitlets.Enum([2, 4, 8], 4).tag(sync=True)
    peak = traitlets.Float(2e11, min=1e9, max=1e16).tag(sync=True)
    bandwidth = traitlets.Float(7e10, min=1e8, max=1e14).tag(sync=True)
