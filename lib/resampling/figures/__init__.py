"""Figures of the course: functions ``plot_…(…) -> Figure``, drawn without pyplot, so nothing is left to close.

One look for all, and input, kernel and output keep one colour each from page to page. In a notebook, importing this
package makes figures appear as SVG.
"""

from pathlib import Path
from typing import Any

import matplotlib.style
from matplotlib.figure import Figure

INPUT, KERNEL, OUTPUT = "#0072B2", "#D55E00", "#009E73"
STYLE = Path(__file__).with_name("course.mplstyle")


def panels(rows: int, columns: int, size: tuple[float, float], **options: Any) -> tuple[Figure, Any]:
    """A figure of `size` inches in the course's style, and its array of axes."""
    with matplotlib.style.context(STYLE):
        figure = Figure(figsize=size, layout="constrained")
        axes = figure.subplots(rows, columns, squeeze=False, gridspec_kw=options)
    return figure, axes


def show_as_svg() -> None:
    """Let a running notebook show figures as SVG."""
    try:
        from IPython import get_ipython
        from IPython.core.pylabtools import select_figure_formats
    except ImportError:
        return
    shell = get_ipython()
    if shell is not None:
        select_figure_formats(shell, ["svg"])


show_as_svg()
