"""The interactive figures: live in Jupyter, and on the book's pages without a kernel.

Each explorable is one JavaScript module, and one class here that knows its stem. In Jupyter the class is a widget. On a
page of the book its `text/html` form is used: the first state as a drawing, which the page's script brings to life.
"""

import json
from html import escape
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from resampling.explorables.posters import convolution_matrix_poster

__all__ = ["ConvolutionMatrix", "explorables"]

FOLDER = Path(__file__).parent


class Explorable(anywidget.AnyWidget):
    """An interactive figure whose state is its own synchronised traits."""

    stem: str

    def state(self) -> dict[str, Any]:
        """The traits that the JavaScript module reads."""
        of_every_widget = anywidget.AnyWidget.class_trait_names()
        own = [name for name in self.trait_names(sync=True) if not name.startswith("_") and name not in of_every_widget]
        return {name: getattr(self, name) for name in own}

    def poster(self) -> str:
        """The first state as HTML that needs no script."""
        raise NotImplementedError

    def static_html(self) -> str:
        """What a page of the book contains: the poster, and the state for the page's script."""
        state = json.dumps(self.state()).replace("</", "<\\/")
        return (
            f'<div class="explorable" data-explorable="{escape(self.stem)}">'
            f'<script type="application/json">{state}</script>'
            f'<div class="explorable-poster">{self.poster()}</div></div>'
        )

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict] | None:
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle:
            bundle[0]["text/html"] = self.static_html()
        return bundle


class ConvolutionMatrix(Explorable):
    """The matrix ``C`` with ``C @ x == conv1d(x, weight)`` (or ``conv2d``), one row or one column at a time.

    Examples
    --------
    >>> figure = ConvolutionMatrix(weight=[1, 2], length=3)
    >>> figure.stride
    1
    """

    stem = "convolution_matrix"
    _esm = FOLDER / "convolution_matrix.js"

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

    def poster(self) -> str:
        return convolution_matrix_poster(self.state())


def explorables() -> dict[str, type[Explorable]]:
    """Every explorable by the stem of its JavaScript module."""
    return {kind.stem: kind for kind in Explorable.__subclasses__()}
