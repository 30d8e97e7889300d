"""A figure with controls: sliders in Jupyter, and its first state on a page that has no kernel."""

import base64
import inspect
import io
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import ipywidgets
from matplotlib.figure import Figure

Choice = bool | tuple[float, ...] | Sequence[Any]


class Explored(ipywidgets.VBox):
    """The controls of `plot`, and below them what it draws."""

    def __init__(self, plot: Callable[..., Figure], alt: str, choices: dict[str, Choice]) -> None:
        starts = inspect.signature(plot).parameters
        self.plot, self.alt = plot, alt
        self.controls = {name: _control(name, choice, starts[name].default) for name, choice in choices.items()}
        self.picture = ipywidgets.HTML()
        super().__init__([*self.controls.values(), self.picture])
        for control in self.controls.values():
            control.observe(self.draw, "value")
        self.draw()

    def draw(self, _change: Any = None) -> None:
        """Draw the present state."""
        figure = self.plot(**{name: control.value for name, control in self.controls.items()})
        self.picture.value = _as_image(figure, self.alt)

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        bundle = super()._repr_mimebundle_(**kwargs) or {}
        names = ", ".join(control.description for control in self.controls.values())
        note = f"In Jupyter this figure has controls: {names}."
        return {**bundle, "text/html": f'<div class="explored">{self.picture.value}<p>{escape(note)}</p></div>'}


def explore(plot: Callable[..., Figure], alt: str, /, **choices: Choice) -> Explored:
    """A figure to play with: `plot` is drawn again whenever one of its arguments is changed.

    Parameters
    ----------
    plot : callable
        ``plot_…(…) -> Figure``; the defaults of its arguments are where the controls start.
    alt : str
        What the first state shows, in words.
    **choices
        For an argument that can be changed: ``(low, high)`` or ``(low, high, start)``, whole numbers or floats, for a
        slider; a list for a choice; a bool for a box to tick.

    Examples
    --------
    >>> from resampling.figures.convolution_matrix import plot_density
    >>> figure = explore(lambda k=3: plot_density(k, [8, 16]), "A falling line.", k=(1, 5))
    >>> figure.controls["k"].value
    3
    """
    return Explored(plot, alt, choices)


def _control(name: str, choice: Choice, start: Any) -> ipywidgets.ValueWidget:
    """The widget for one argument; `start` is the argument's default, if it has one."""
    words = {"description": name.replace("_", " "), "style": {"description_width": "initial"}}
    if isinstance(choice, bool):
        return ipywidgets.Checkbox(choice, indent=False, **words)
    given = [] if start is inspect.Parameter.empty else [start]
    if isinstance(choice, list):
        return ipywidgets.Dropdown(options=choice, value=(given or choice)[0], **words)
    low, high, value = (*choice, *given, choice[0])[:3]
    if all(isinstance(number, int) for number in (low, high)):
        return ipywidgets.IntSlider(value, low, high, **words)
    return ipywidgets.FloatSlider(value, min=low, max=high, step=(high - low) / 100, **words)


def _as_image(figure: Figure, alt: str) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg")
    data = base64.b64encode(buffer.getvalue()).decode()
    return f'<img alt="{escape(alt)}" src="data:image/svg+xml;base64,{data}">'
