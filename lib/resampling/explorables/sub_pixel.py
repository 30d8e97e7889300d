"""Channels to space and back, and a transposed convolution cut into phases (chapter 11)."""

import traitlets

from resampling.explorables.base import Explorable


class SubPixel(Explorable):
    """Where a pixel shuffle takes each sample from, in both orders; and the sub-pixel form of a transposed convolution.

    Examples
    --------
    >>> figure = SubPixel(rows=2, columns=3, order="DCR")
    >>> figure.maps
    2
    """

    stem = "sub_pixel"

    show = traitlets.Enum(["shuffle", "unshuffle", "kernel"], "shuffle").tag(sync=True)
    order = traitlets.Enum(["CRD", "DCR"], "CRD").tag(sync=True)
    rows = traitlets.Int(2, min=1, max=3).tag(sync=True)
    columns = traitlets.Int(2, min=1, max=3).tag(sync=True)
    maps = traitlets.Int(2, min=1, max=3).tag(sync=True)
    pixel = traitlets.Int(22, min=0).tag(sync=True)
    taps = traitlets.Int(6, min=1, max=8).tag(sync=True)
    stride = traitlets.Int(2, min=1, max=3).tag(sync=True)
    padding = traitlets.Int(2, min=0, max=4).tag(sync=True)
    output = traitlets.Int(3, min=0).tag(sync=True)
