"""The first state of each explorable as an SVG drawing: for print, for readers without JavaScript, until it loads."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from resampling.convolution_matrix import conv_matrix1d, conv_matrix2d

# The input that the explorable draws: its SAMPLES, in the same order.
SAMPLES = (3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3)
CELL, LEFT, GAP, BODY = 36, 32, 18, 54


def convolution_matrix_poster(state: dict[str, Any]) -> str:
    """Input, matrix and output of a `ConvolutionMatrix`, with the same numbers in words."""
    matrix = _matrix(state)
    if matrix is None:
        return "<p>No window fits: the kernel is longer than the padded input, so C would have no rows.</p>"
    x = np.array(SAMPLES[: matrix.shape[1]])
    y = matrix @ x
    return f'{_drawing(matrix, x, y)}<p class="explorable-words">{_in_words(matrix, x, y)}</p>'


def _matrix(state: dict[str, Any]) -> np.ndarray | None:
    options = {"stride": state["stride"], "padding": state["padding"]}
    try:
        if state["mode"] == "2d":
            return conv_matrix2d(np.array(state["weight2d"], float), (state["height"], state["width"]), **options)
        return conv_matrix1d(np.array(state["weight"], float), state["length"], dilation=state["dilation"], **options)
    except ValueError:
        return None


def _in_words(matrix: np.ndarray, x: np.ndarray, y: np.ndarray) -> str:
    rows = "; ".join(f"row {i}: {_numbers(row)}" for i, row in enumerate(matrix))
    return f"The convolution matrix C has {rows}. With input x = {_numbers(x)} the output is y = C x = {_numbers(y)}."


def _numbers(values: Iterable[float]) -> str:
    return " ".join(_number(value) for value in values)


def _number(value: float) -> str:
    return f"{value:.4g}".replace("-", "\N{MINUS SIGN}")


def _drawing(matrix: np.ndarray, x: np.ndarray, y: np.ndarray) -> str:
    right = LEFT + len(x) * CELL + GAP
    width, height = right + CELL + 4, BODY + len(y) * CELL + 4
    parts = [
        *(_cell(LEFT + j * CELL, 4, value, "input") for j, value in enumerate(x)),
        *(_cell(right, BODY + i * CELL, value, "output") for i, value in enumerate(y)),
        *(_cell(LEFT + j * CELL, BODY + i * CELL, v, "kernel" if v else "") for (i, j), v in np.ndenumerate(matrix)),
        *_letters((14, 4 + CELL / 2, "x"), (14, BODY + CELL / 2, "C"), (right + CELL / 2, BODY - 12, "y")),
    ]
    # Hidden from screen readers: the words below it say the same.
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    return f'<svg {size} aria-hidden="true">{"".join(parts)}</svg>'


def _cell(left: float, top: float, value: float, role: str) -> str:
    box = f'<rect x="{left + 1}" y="{top + 1}" width="{CELL - 2}" height="{CELL - 2}" rx="3" class="{role}"/>'
    return f'{box}<text x="{left + CELL / 2}" y="{top + CELL / 2}">{_number(value)}</text>'


def _letters(*letters: Sequence[Any]) -> list[str]:
    return [f'<text x="{x}" y="{y}" class="letter">{letter}</text>' for x, y, letter in letters]
