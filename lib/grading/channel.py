"""Values over a private socket: a JSON header that says what they are, then raw bytes.

Shared by the runner and the judge. Nothing that arrives is ever executed or unpickled: arrays come as dtype, shape and
bytes, whole numbers as decimal text, and an object of any other type as the name of its type.
"""

import json
import re
import select
import socket
import struct
import time
from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

PREFIX = struct.Struct("<4sIQ")
MAGIC = b"GRD1"
HEADER_CAP, BODY_CAP = 1 << 20, 1 << 25
ITEMS_CAP, DEPTH_CAP, RANK_CAP, DIGITS_CAP = 20_000, 8, 16, 1200
DTYPES = frozenset(["|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8", "<c8", "<c16"])
TICK = 0.05  # seconds between two looks at the clock while waiting


class Malformed(ValueError):
    """What arrived is not a message."""


class Closed(ConnectionError):
    """The other side is gone."""


class Expression(str):
    """The text of a function. Only the runner makes a function of it."""


class Unsupported:
    """Stands for a value that does not travel; a subclass of it has the name of the value's type."""


def pack(message: dict[str, Any]) -> bytes:
    """Bytes of a message, a dict with text keys."""
    body: list[bytes] = []
    header = json.dumps(_describe(message, body)).encode()
    size = sum(map(len, body))
    if len(header) > HEADER_CAP or size > BODY_CAP:
        raise Malformed("the message is too large")
    return b"".join([PREFIX.pack(MAGIC, len(header), size), header, *body])


def sizes(prefix: bytes) -> tuple[int, int]:
    """Lengths of the header and the body that follow a prefix."""
    magic, header, body = PREFIX.unpack(prefix)
    if magic != MAGIC or header > HEADER_CAP or body > BODY_CAP:
        raise Malformed("not a message, or one that is too large")
    return header, body


def unpack(header: bytes, body: bytes) -> dict[str, Any]:
    """The message in a header and a body; `Malformed` whatever is wrong with them."""
    try:
        reader = _Reader(body)
        message = reader.value(json.loads(header))
    except Malformed:
        raise
    except Exception as error:  # whatever somebody has made up
        raise Malformed(f"not a message: {type(error).__name__}") from None
    if not isinstance(message, dict) or reader.left:
        raise Malformed("not a message: no names, or bytes left over")
    return message


class Channel:
    """Messages over a socket. `tick` is called while waiting, and may raise to give up."""

    def __init__(self, connection: socket.socket, tick: Callable[[], None] | None = None) -> None:
        self.connection, self.tick, self.ticked = connection, tick, 0.0
        connection.setblocking(tick is None)

    def send(self, message: dict[str, Any]) -> None:
        """Send all of a message."""
        left = memoryview(pack(message))
        while left:
            self._wait(writing=True)
            try:
                left = left[self.connection.send(left) :]
            except BlockingIOError:
                continue
            except OSError:
                raise Closed from None

    def receive(self) -> dict[str, Any]:
        """The next message."""
        header, body = sizes(self._exactly(PREFIX.size))
        return unpack(self._exactly(header), self._exactly(body))

    def _exactly(self, count: int) -> bytes:
        data = bytearray()
        while len(data) < count:
            self._wait()
            try:
                piece = self.connection.recv(min(count - len(data), 1 << 20))
            except BlockingIOError:
                continue
            except OSError:
                raise Closed from None
            if not piece:
                raise Closed
            data += piece
        return bytes(data)

    def _wait(self, writing: bool = False) -> None:
        while self.tick is not None:
            if time.monotonic() - self.ticked > TICK:  # which takes longer than many an answer
                self.tick()
                self.ticked = time.monotonic()
            side = [self.connection]
            if any(select.select([] if writing else side, side if writing else [], [], TICK)):
                return


def _describe(value: Any, body: list[bytes], depth: int = 0) -> list[Any]:
    """``[kind, …]`` of a value; its bytes, if it has any, are added to `body`."""
    if type(value) is range and len(value[:ITEMS_CAP]) < ITEMS_CAP:
        value = list(value)
    kind = type(value)
    if value is None or kind is bool:
        return ["constant", value]
    if kind is int and value.bit_length() < 3 * DIGITS_CAP:
        return ["int", str(value)]
    if kind is float:
        return ["float", value.hex()]
    if kind in (str, Expression):
        return _describe_text("text" if kind is str else "function", value, body)
    if kind in (tuple, list, dict) and depth < DEPTH_CAP and _count(value, depth) < ITEMS_CAP // 4:
        return _describe_items(value, body, depth + 1)
    if f"{kind.__module__}.".startswith("torch."):
        value = _as_numpy(value)
    if type(value) is np.ndarray or isinstance(value, np.generic):
        return _describe_array(value, body)
    return ["other", kind.__name__]


def _as_numpy(value: Any) -> Any:
    """A torch tensor as an array, if it has that form."""
    try:
        return value.detach().cpu().numpy()
    except (AttributeError, RuntimeError, TypeError):
        return value


def _describe_text(name: str, value: str, body: list[bytes]) -> list[Any]:
    data = value.encode("utf-8", "replace")
    body.append(data)
    return [name, len(data)]


def _count(value: Any, depth: int) -> int:
    """Items of a tuple or list and of all in it; one that is nested too deeply has too many."""
    if type(value) not in (tuple, list):
        return len(value) if type(value) is dict else 1
    return 1 + sum(_count(item, depth + 1) for item in value) if depth < DEPTH_CAP else ITEMS_CAP


def _describe_items(value: tuple | list | dict, body: list[bytes], depth: int) -> list[Any]:
    if type(value) is not dict:
        return [type(value).__name__, [_describe(item, body, depth) for item in value]]
    if not all(type(name) is str for name in value):
        return ["other", "dict"]
    return ["dict", {name: _describe(item, body, depth) for name, item in value.items()}]


def _describe_array(value: Any, body: list[bytes]) -> list[Any]:
    if value.nbytes > BODY_CAP // 2:  # before it is copied: strides can make much out of little
        return ["other", f"huge array of shape {value.shape}"]
    array = np.ascontiguousarray(value).reshape(np.shape(value))
    dtype = np.dtype("f8") if array.dtype.char == "g" else array.dtype  # no two machines agree on long doubles
    array = array.astype(dtype.newbyteorder("<"), copy=False)
    if array.dtype.str not in DTYPES or array.ndim > RANK_CAP:
        return ["other", f"{type(value).__name__} of dtype {array.dtype} and shape {array.shape}"]
    body.append(array.tobytes())
    return ["scalar" if isinstance(value, np.generic) else "array", array.dtype.str, list(array.shape)]


class _Reader:
    """Turns descriptions back into values, taking their bytes from `body` one after the other."""

    def __init__(self, body: bytes) -> None:
        self.left, self.items = memoryview(body), 0

    def value(self, description: list[Any], depth: int = 0) -> Any:
        self.items += 1
        kind, *content = description
        if depth > DEPTH_CAP or self.items > ITEMS_CAP or type(kind) is not str or kind not in self.KINDS:
            raise Malformed("not a value")
        return self.KINDS[kind](self, depth + 1, *content)

    def constant(self, _: int, value: bool | None) -> bool | None:
        if value is not None and type(value) is not bool:
            raise Malformed("neither None, True nor False")
        return value

    def whole(self, _: int, digits: str) -> int:
        if not re.fullmatch(rf"-?[0-9]{{1,{DIGITS_CAP}}}", digits):
            raise Malformed("not a whole number")
        return int(digits)

    def real(self, _: int, text: str) -> float:
        return float.fromhex(text[:40])

    def text(self, _: int, length: int) -> str:
        return str(self._take(length), "utf-8", "replace")

    def function(self, _: int, length: int) -> Expression:
        return Expression(self.text(_, length))

    def tuple(self, depth: int, items: list[Any]) -> tuple[Any, ...]:
        return tuple([self.value(item, depth) for item in items])

    def items(self, depth: int, items: list[Any]) -> list[Any]:
        return [*self.tuple(depth, items)]

    def dict(self, depth: int, items: dict[str, Any]) -> dict[str, Any]:
        return {name: self.value(item, depth) for name, item in items.items()}

    def array(self, _: int, dtype: str, shape: list[int]) -> np.ndarray:
        whole = all(type(n) is int and 0 <= n <= BODY_CAP for n in shape)
        if dtype not in DTYPES or len(shape) > RANK_CAP or not whole:
            raise Malformed("not an array")
        data = self._take(prod(shape) * np.dtype(dtype).itemsize)
        if dtype == "|b1":  # bytes other than 0 and 1 make no honest truth value
            return (np.frombuffer(data, "u1") != 0).reshape(shape)
        return np.frombuffer(data, dtype).reshape(shape).copy()

    def scalar(self, _: int, dtype: str, shape: list[int]) -> np.generic:
        if shape:
            raise Malformed("not a scalar")
        return self.array(0, dtype, shape)[()]

    def other(self, _: int, name: str) -> Any:
        if name == "list":
            return []
        return type(re.sub(r"[^\w ,().<>-]", "?", name)[:100] or "object", (Unsupported,), {})()

    def _take(self, length: int) -> memoryview:
        if type(length) is not int or not 0 <= length <= len(self.left):
            raise Malformed("fewer bytes than announced")
        taken, self.left = self.left[:length], self.left[length:]
        return taken

    KINDS = {
        "constant": constant,
        "int": whole,
        "float": real,
        "text": text,
        "function": function,
        "tuple": tuple,
        "list": items,
        "dict": dict,
        "array": array,
        "scalar": scalar,
        "other": other,
    }
