"""Everything a check can have against an answer, in words that help."""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from array_api_compat import is_torch_array

Test = Callable[[Any, Any], "Refusal | None"]
LONGEST = 2000  # characters of a message that are shown


class Refusal(Exception):
    """Why an answer is not accepted. `kind` is for programs, the message for people; `error` is what code raised.

    `item` counts the item of a tuple that is meant.
    Kinds: ``not written``, ``error``, ``time limit``, ``crash``, ``type``, ``modified``, ``shape``, ``dtype``,
    ``values``, ``forbidden``.
    """

    def __init__(self, kind: str, message: str, error: str = "", item: int | None = None) -> None:
        super().__init__(message if len(message) <= 2 * LONGEST else f"{message[: 2 * LONGEST]} …")
        self.kind, self.error, self.item = kind, error, item


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
    """`value` in the form of `expected`: an array, number, truth value, text, None or tuple; refused if it has none."""
    if value is None and expected is not None:
        raise Refusal("type", "it returned None, and there is an answer: did you forget `return`?")
    return FORMS[type(expected)](value, expected)


def _a_kind(value: Any) -> str:
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiou' or name == 'ndarray' else 'a'} {name}"


def _as_none(value: Any, _: None) -> Any:
    if value is None or type(value) in (bool, int, float, str, tuple):
        return value
    raise Refusal("type", f"it returned {_a_kind(value)}; expected None.")


def _as_truth(value: Any, _: bool) -> bool:
    if isinstance(value, bool | np.bool_):
        return bool(value)
    raise Refusal("type", f"it returned {_a_kind(value)}; expected True or False.")


def _as_whole_number(value: Any, _: int) -> int:
    if type(value) is int or isinstance(value, np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        raise Refusal("type", f"it returned the float {float(value)}; a count is a whole number: use // or int(...).")
    raise Refusal("type", f"it returned {_a_kind(value)}; expected an int.")


def _as_real(value: Any, _: float) -> float:
    if is_torch_array(value):
        value = _from_torch(value)
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if type(value) in (int, float) or isinstance(value, np.integer | np.floating):
        return float(value)
    raise Refusal("type", f"it returned {_a_kind(value)}; expected one number.")


def _as_text(value: Any, _: str) -> str:
    if isinstance(value, str) and len(value) <= LONGEST:
        return str(value)
    kind = f"a string of {len(value)} characters" if isinstance(value, str) else _a_kind(value)
    raise Refusal("type", f"it returned {kind}; expected a {'short ' * isinstance(value, str)}string.")


def _as_items(value: Any, expected: tuple) -> tuple:
    """Each item in the form of its counterpart; items too many in that of the last."""
    if type(value) not in (tuple, list, range):
        raise Refusal("type", f"it returned {_a_kind(value)}; expected a tuple or a list of {len(expected)}.")
    models = [*expected, *expected[-1:] * len(value)] or [None] * len(value)
    return tuple(_as_item(i, *pair) for i, pair in enumerate(zip(value, models, strict=False)))


def _as_item(index: int, value: Any, expected: Any) -> Any:
    if value is None and expected is not None:
        raise Refusal("type", f"item {index} is None, and there is an answer.")
    try:
        return as_result(value, expected)
    except Refusal as refusal:
        raise Refusal(refusal.kind, f"item {index}: {refusal}") from None


def _as_array(value: Any, _: np.ndarray) -> np.ndarray:
    if is_torch_array(value):
        value = _from_torch(value)
    if type(value) is not np.ndarray:
        aid = " Turn it into an array with np.array(...)." if isinstance(value, list | tuple) else ""
        raise Refusal("type", f"it returned {_a_kind(value)}; expected a NumPy array.{aid}")
    if value.dtype.kind not in "biuf":
        raise Refusal("type", f"it returned an array of dtype {value.dtype}; expected real numbers.")
    return value


def _from_torch(value: Any) -> np.ndarray:
    try:
        return value.detach().cpu().numpy()
    except (TypeError, RuntimeError):
        kind = f"{value.layout}, {value.dtype}".replace("torch.", "")
        raise Refusal("type", f"it returned a torch tensor ({kind}) that has no NumPy form.") from None


FORMS = {
    type(None): _as_none,
    bool: _as_truth,
    int: _as_whole_number,
    float: _as_real,
    str: _as_text,
    tuple: _as_items,
    np.ndarray: _as_array,
}


def item(index: int, test: Test) -> Test:
    """`test` for one item of a tuple."""

    def of_item(expected: tuple, got: tuple) -> Refusal | None:
        refusal = _wrong_length(expected, got) or test(expected[index], got[index])
        if refusal is None:
            return None
        mark = ":" if refusal.item is None else ","  # "item 1, item 0: …"
        return Refusal(refusal.kind, f"item {index}{mark} {refusal}", item=index)

    return of_item


def _wrong_length(expected: tuple, got: tuple) -> Refusal | None:
    if len(expected) == len(got):
        return None
    return Refusal("shape", f"expected a tuple of {len(expected)}, got {len(got)}.")


def wrong_values(expected: Any, got: Any) -> Refusal | None:
    """Shape, then values: each entry within the rounding of the coarser dtype; of a tuple, item by item."""
    if isinstance(expected, tuple):
        of_items = (item(i, wrong_values)(expected, got) for i in range(len(expected)))
        return _wrong_length(expected, got) or next(filter(None, of_items), None)
    if not isinstance(expected, np.ndarray):
        return None if same(expected, got) else Refusal("values", f"expected {_short(expected)}, got {_short(got)}.")
    refusal = wrong_shape(expected, got)
    if refusal or same(expected, got):
        return refusal
    differ = ~np.isclose(got, expected, equal_nan=True, **_tolerance(expected, got))
    first = tuple(np.argwhere(differ)[0].tolist())
    where = ", ".join(map(str, first))
    return Refusal(
        "values",
        f"{np.count_nonzero(differ)} of {expected.size} entries differ; the first is [{where}]: "
        f"expected {float(expected[first]):g}, got {float(got[first]):g}.",
    )


def _short(value: Any) -> str:
    """As Python writes it, but for what is too long to be read."""
    form = reprlib.Repr()
    form.maxstring = form.maxother = form.maxlong = 300
    form.maxtuple = form.maxlist = form.maxdict = 50
    return form.repr(value)


def wrong_shape(expected: Any, got: Any) -> Refusal | None:
    """The shape alone."""
    if np.shape(expected) == np.shape(got):
        return None
    swapped = expected.ndim == 2 and got.shape == expected.shape[::-1]
    aid = " Rows and columns are swapped." if swapped else ""
    return Refusal("shape", f"expected shape {expected.shape}, got {got.shape}.{aid}")


def wrong_dtype(expected: Any, got: Any) -> Refusal | None:
    """Shape, then dtype: it should follow the argument's."""
    if expected.shape != got.shape or expected.dtype == got.dtype:
        return wrong_shape(expected, got)
    return Refusal("dtype", f"expected dtype {expected.dtype}, like the argument's; got {got.dtype}.")


def same(expected: Any, got: Any) -> bool:
    """Of one type, and equal up to rounding."""
    if type(expected) is not type(got):
        return False
    if isinstance(expected, tuple):
        return len(expected) == len(got) and all(map(same, expected, got))
    if not isinstance(expected, float | np.ndarray):
        return expected == got
    expected, got = np.asarray(expected), np.asarray(got)
    return expected.shape == got.shape and np.allclose(got, expected, equal_nan=True, **_tolerance(expected, got))


def size_of(value: Any) -> int:
    """Entries of an array or, of a tuple, of all its items; one for anything else."""
    return sum(map(size_of, value)) if isinstance(value, tuple) else np.size(value)


def _tolerance(expected: np.ndarray, got: np.ndarray) -> dict[str, float]:
    """Room for the rounding of sums in another order: the square root of the coarser dtype's epsilon.

    Half precision is room only where it was asked for.
    """
    wanted, given = (np.finfo(a.dtype).eps if a.dtype.kind == "f" else 0.0 for a in (expected, got))
    eps = max(wanted, min(given, np.finfo(np.float32).eps))
    largest = float(np.max(np.abs(expected), initial=1.0, where=np.isfinite(expected)))
    return {"rtol": 0.0, "atol": float(np.sqrt(eps)) * largest}
