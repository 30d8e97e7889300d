"""The adjoint of a convolution, and what it brings back (chapter 8)."""

import traitlets

from resampling.explorables.base import Explorable


class Adjoint(Explorable):
    """``<C x, v> == <x, C.T v>`` for the matrix ``C`` of a convolution, and ``C.T C x`` beside ``pinv(C) C x``.

    Examples
    --------
    >>> figure = Adjoint(x=[1, 2, 3], weight=[1, 2], mode="back")
    >>> figure.stride
    1
    """

    stem = "adjoint"

    mode = traitlets.Enum(["pair", "back"], "pair").tag(sync=True)
    x = traitlets.List(traitlets.Float(), [1.0, 2.0, 3.0], minlen=2, maxlen=6).tag(sync=True)
    weight = traitlets.List(traitlets.Float(), [1.0, 2.0], minlen=1, maxlen=4).tag(sync=True)
    stride = traitlets.Int(1, min=1, max=3).tag(sync=True)
    padding = traitlets.Int(0, min=0, max=2).tag(sync=True)
    v = traitlets.List(traitlets.Float(), [4.0, -1.0], maxlen=10).tag(sync=True)
    row = traitlets.Int(1, min=0).tag(sync=True)
    column = traitlets.Int(1, min=0).tag(sync=True)
