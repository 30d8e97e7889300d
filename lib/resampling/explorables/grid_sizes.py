"""The size calculator: windows on the padded input, what is left over, and the staircase (chapter 1)."""

import traitlets

from resampling.explorables.base import Explorable


class GridSizes(Explorable):
    """How many windows stand on the padded input, what is left over, and which lengths give the same output.

    Examples
    --------
    >>> figure = GridSizes(operator="pool", length=7, kernel_size=2)
    >>> figure.stride
    2
    """

    stem = "grid_sizes"

    operator = traitlets.Enum(["round", "conv", "pool", "transposed"], "round").tag(sync=True)
    length = traitlets.Int(6, min=1, max=20).tag(sync=True)
    kernel_size = traitlets.Int(3, min=1, max=7).tag(sync=True)
    stride = traitlets.Int(2, min=1, max=5).tag(sync=True)
    padding = traitlets.Int(1, min=0, max=4).tag(sync=True)
    dilation = traitlets.Int(1, min=1, max=3).tag(sync=True)
    output_padding = traitlets.Int(0, min=0, max=4).tag(sync=True)
    ceil_mode = traitlets.Bool(False).tag(sync=True)
