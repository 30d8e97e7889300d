"""A kernel laid on the wanted place, its weights, and what it passes (chapter 4)."""

import traitlets

from resampling.explorables.base import Explorable


class Interpolation(Explorable):
    """A kernel on eight samples, the value that it reads there, and its frequency response.

    Examples
    --------
    >>> figure = Interpolation(kernel="lanczos")
    >>> figure.position
    1.6
    """

    stem = "interpolation"

    kernel = traitlets.Enum(["nearest", "linear", "cubic", "mitchell", "lanczos"], "cubic").tag(sync=True)
    a = traitlets.Float(-0.5, min=-1.0, max=0.0).tag(sync=True)
    position = traitlets.Float(1.6, min=0.0, max=7.0).tag(sync=True)
    stretch = traitlets.Float(1.0, min=1.0, max=4.0).tag(sync=True)
