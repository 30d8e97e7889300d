"""Max-unpooling with its arrows, and three ways up that need no indices (chapter 6)."""

import traitlets

from resampling.explorables.base import Explorable

START = [[1.0, -3.0, 2.0, 4.0], [5.0, 2.0, -1.0, -2.0], [-1.0, -6.0, 3.0, 1.0], [-4.0, -2.0, 2.0, 7.0]]


class Unpooling(Explorable):
    """A picture, max-pooled, and laid out again: `max_unpool2d`, `bed_of_nails`, copies, and copied averages.

    Examples
    --------
    >>> figure = Unpooling(kernel_size=3, stride=1)
    >>> figure.way
    'indices'
    """

    stem = "unpooling"

    picture = traitlets.List(traitlets.List(traitlets.Float(), minlen=2, maxlen=6), START, minlen=2, maxlen=6).tag(
        sync=True
    )
    kernel_size = traitlets.Int(2, min=1, max=3).tag(sync=True)
    stride = traitlets.Int(2, min=1, max=3).tag(sync=True)
    way = traitlets.Enum(["indices", "nails", "nearest", "average"], "indices").tag(sync=True)
    values = traitlets.Enum(["pooled", "own"], "pooled").tag(sync=True)
    row = traitlets.Int(1, min=0).tag(sync=True)
    column = traitlets.Int(0, min=0).tag(sync=True)

    @traitlets.validate("picture")
    def _square(self, proposal: dict) -> list[list[float]]:
        rows = proposal["value"]
        if any(len(row) != len(rows) for row in rows):
            raise traitlets.TraitError(f"picture must be square, got rows of {[len(row) for row in rows]} pixels")
        return rows
