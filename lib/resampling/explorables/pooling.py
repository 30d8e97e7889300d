"""A ring of samples that is moved, and whether its pooling moves along (chapter 2)."""

import traitlets

from resampling.explorables.base import Explorable


class Pooling(Explorable):
    """A moved signal, its pooling, and how far that is from the pooling of the signal at rest, moved along.

    Examples
    --------
    >>> figure = Pooling(signal="step", blur=3)
    >>> figure.mode
    'max'
    """

    stem = "pooling"

    signal = traitlets.Enum(["blocks", "step", "wave", "peak", "digits"], "blocks").tag(sync=True)
    mode = traitlets.Enum(["max", "avg", "sample"], "max").tag(sync=True)
    kernel_size = traitlets.Int(2, min=1, max=6).tag(sync=True)
    stride = traitlets.Int(2, min=1, max=4).tag(sync=True)
    blur = traitlets.Int(1, min=1, max=7).tag(sync=True)
    shift = traitlets.Int(1, min=0, max=15).tag(sync=True)
