"""Everything a check can have against an answer, in words that help."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from array_api_compat import is_torch_array

LONGEST = 2000  # characters of a message that are shown


class Refusal(Exception):
    """Why an answer is not accepted. `kind` is for programs, the message for people; `error` is what code raised.

    Kinds: ``not written``, ``error``, ``time limit``, ``crash``, ``type``, ``modified``, ``shape``, ``dtype``,
    ``values``, ``forbidden``.
    """

    def __init__(self, kind: str, message: str, error: str = "") -> None:
        super().__init__(message)
        self.kind, self.error = kind, error


def not_written() -> Refusal:
    """The stub is still there."""
    return Refusal("not written", "not written yet: replace `raise NotImplementedError()` by your code.")


def raised(error: str, message: str, frames: Sequence[tuple[str, int, str]]) -> Refusal:
    """The student's code raised; `frames` are its own lines: (function, number, text), the last one where it was."""
    if error == "NotImplementedError" and len(frames) < 2:
        return not_written()
    message = message if len(message) <= LONGEST else f"{message[:LONGEST]} …"
    where = "".join(f"\n    {function}, line {number}:  {text}" for function, number, text in frames[-3:])
    place = f"your code raised this in{where}" if frames else "your function could not be called like this"
    return Refusal("error", f"{error}: {message}\n{place}", f"{error}: {message}")


def time_limit(seconds: float) -> Refusal:
    """The call did not come back."""
    return Refusal("time limit", f"no answer after {seconds:g} seconds: is there a loop that never ends?")


def as_result(value: Any, expected: Any) -> Any:
    """`value` as a NumPy array or an int, whichever `expected` is; refused when it is anything else."""
    if value is None:
        raise Refusal("type", "it returned None: did you forget `return`?")
    return _as_whole_number(value) if isinstance(expected, int) else _as_array(value)


def _as_whole_number(value: Any) -> int:
    if type(value) is int or isinstance(value, np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        raise Refusal("type", f"it returned the float {float(value)}; a count is a whole number: use // or int(...).")
    raise Refusal("type", f"it returned a {type(value).__name__}; expected an int.")


def _as_array(value: Any) -> np.ndarray:
    if is_torch_array(value):
        value = _from_torch(value)
    if type(value) is not np.ndarray:
        aid = " Turn it into an array with np.array(...)." if isinstance(value, list | tuple) else ""
        raise Refusal("type", f"it returned a {type(value).__name__}; expected a NumPy array.{aid}")
    if value.dtype.kind not in "biuf":
        raise Refusal("type", f"it returned an array of dtype {value.dtype}; expected real numbers.")
    return value


def _from_torch(value: Any) -> np.ndarray:
    try:
        return value.detach().cpu().numpy()
    except (TypeError, RuntimeError):
        kind = f"{value.layout}, {value.dtype}".replace("torch.", "")
        raise Refusal("type", f"it returned a torch tensor ({kind}) that has no NumPy form.") from None


def wrong_values(expected: Any, got: Any) -> Refusal | None:
    """Shape, then values: each entry within the rounding of the coarser dtype."""
    if isinstance(expected, int):
        return None if got == expected else Refusal("values", f"expected {expected}, got {got}.")
    refusal = wrong_shape(expected, got)
    if refusal or same(expected, got):
        return refusal
    differ = ~np.isclose(got, expected, **_tolerance(expected, got))
    first = tuple(int(i) for i in np.argwhere(differ)[0])
    where = ", ".join(map(str, first))
    return Refusal(
        "values",
        f"{np.count_nonzero(differ)} of {expected.size} entries differ; the first is [{where}]: "
        f"expected {expected[first]:g}, got {got[first]:g}.",
    )


def wrong_shape(expected: Any, got: Any) -> Refusal | None:
    """The shape alone."""
    if expected.shape == got.shape:
        return None
    aid = " Rows and columns are swapped." if got.shape == expected.shape[::-1] else ""
    return Refusal("shape", f"expected shape {expected.shape}, got {got.shape}.{aid}")


def wrong_dtype(expected: Any, got: Any) -> Refusal | None:
    """Shape, then dtype: it should follow the argument's."""
    if expected.shape != got.shape or expected.dtype == got.dtype:
        return wrong_shape(expected, got)
    return Refusal("dtype", f"expected dtype {expected.dtype}, like the argument's; got {got.dtype}.")


def same(expected: Any, got: Any) -> bool:
    """Equal shape, and equal values up to rounding."""
    if isinstance(expected, int) or isinstance(got, int):
        return type(expected) is type(got) and expected == got
    return expected.shape == got.shape and np.allclose(got, expected, **_tolerance(expected, got))


def _tolerance(expected: np.ndarray, got: np.ndarray) -> dict[str, float]:
    """Room for the rounding of sums in another order: the square root of the coarser dtype's epsilon."""
    eps = max((np.finfo(a.dtype).eps for a in (expected, got) if a.dtype.kind == "f"), default=0.0)
    largest = float(np.max(np.abs(expected), initial=1.0, where=np.isfinite(expected)))
    return {"rtol": 0.0, "atol": float(np.sqrt(eps)) * largest}
