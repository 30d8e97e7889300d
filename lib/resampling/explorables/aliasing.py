"""Where a frequency lands when every s-th sample is kept: on one wave, and on a zone plate (chapter 3)."""

import traitlets

from resampling.explorables.base import Explorable


class Aliasing(Explorable):
    """The folding line, with one wave and its alias, or with a zone plate and the rings that are not there.

    Examples
    --------
    >>> figure = Aliasing(mode="zone", factor=4)
    >>> figure.filter
    'none'
    """

    stem = "aliasing"

    mode = traitlets.Enum(["wave", "zone"], "wave").tag(sync=True)
    frequency = traitlets.Float(0.45, min=0.0, max=1.0).tag(sync=True)
    factor = traitlets.Int(2, min=1, max=6).tag(sync=True)
    filter = traitlets.Enum(["none", "average", "binomial3", "binomial5", "sinc"], "none").tag(sync=True)
