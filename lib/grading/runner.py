"""The part that runs inside the sandbox: executes a notebook's cells, then answers calls of its functions.

It knows nothing that a student may not know: no reference, no check, no grade. Student code shares this process and may
do with it what it likes; whatever comes out is only a claim, which the judge compares outside.
"""

import base64
import builtins
import importlib.machinery
import io
import json
import linecache
import os
import resource
import socket
import sys
import traceback
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from grading.channel import Channel, Closed, Expression

STREAM_CAP, RICH_CAP, MESSAGE_CAP = 64_000, 2_000_000, 2_000
SOILED = [numpy.full(size, 0xFF, numpy.uint8) for size in range(8, 1024, 8)]  # the bytes of NaN
NO_REFERENCE = "the reference is not available while grading"


def main() -> None:
    """Serve until the other side hangs up."""
    descriptor, settings = int(sys.argv[1]), json.loads(sys.argv[2])
    os.set_inheritable(descriptor, False)
    confine(settings)
    shell = make_shell()
    serve(shell, Channel(socket.socket(fileno=descriptor)), settings["stripped"])


def confine(settings: dict[str, Any]) -> None:
    """Be the first to go when memory is short; take a user of its own (only root can); take limits for good."""
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")
    if settings["user"]:
        os.setgroups([])
        os.setresgid(*[settings["user"]] * 3)
        os.setresuid(*[settings["user"]] * 3)
    for name, value in settings["limits"].items():
        resource.setrlimit(getattr(resource, name), (value, value))
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    os.close(nowhere)


def make_shell() -> "Shell":
    """The one that executes all cells."""
    sys.argv = [""]
    builtins.input = _no_input
    quiet = Config({"HistoryManager": {"enabled": False}, "InteractiveShell": {"colors": "nocolor"}})
    return Shell.instance(config=quiet)


def serve(shell: "Shell", channel: Channel, stripped: list[str]) -> None:
    """Answer until the other side hangs up."""
    sys.meta_path[:0] = [CourseModules(), Stripped([n for n in stripped if not n.startswith("numpy.")])]
    _take_out_of_numpy(stripped)
    channel.send({"event": "ready"})
    try:
        while True:
            _answer(channel, shell, channel.receive())
    except Closed:
        os._exit(0)


def _answer(channel: Channel, shell: "Shell", message: dict[str, Any]) -> None:
    if message["do"] == "run":
        for number, source in json.loads(message["cells"]):
            channel.send({"event": "started", "cell": number})
            channel.send({"event": "ended", "cell": number, "outputs": shell.outputs_of(source)})
        channel.send({"event": "ran"})
    else:
        reply = _call(shell.user_ns, message["function"], message["arguments"], message.get("device", ""))
        channel.send({**reply, "id": message["id"]})


def _call(names: dict[str, Any], function: str, arguments: dict[str, Any], device: str) -> dict[str, Any]:
    if function not in names:
        return {"event": "missing"}
    if not callable(names[function]):
        return {"event": "not callable"}
    sys.stdout = sys.stderr = Stream(Outputs(), "stdout")
    _soil_memory()
    try:
        arguments = {name: _as_given(value, device) for name, value in arguments.items()}
        value = names[function](**arguments)
    except BaseException as error:  # also SystemExit and KeyboardInterrupt: the notebook goes on
        return {"event": "raised", "type": type(error).__name__, "message": _text(error), "lines": _own_lines(error)}
    return {"event": "returned", "value": value, "after": arguments}


def _as_given(value: Any, device: str) -> Any:
    """An argument in the form that the student's function gets it."""
    if type(value) is Expression:
        return eval(compile(value, "<argument>", "eval"), {"np": numpy})
    if not device or not isinstance(value, numpy.ndarray):
        return value
    import torch

    return torch.as_tensor(value, device=device)


def _soil_memory() -> None:
    """Leave no zeros where ``np.empty`` will look: fill NumPy's cache of small blocks with the bytes of NaN."""
    for block in SOILED:
        _ = block.copy(), block.copy(), block.copy(), block.copy()


def _text(error: BaseException) -> str:
    try:
        return str(error)[:MESSAGE_CAP]
    except BaseException:
        return "(its message cannot be shown)"


def _own_lines(error: BaseException) -> tuple[tuple[str, int, str], ...]:
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if f.filename.startswith("<ipython-input")][-3:]
    return tuple((f.name, f.lineno or 0, _line(f.filename, f.lineno or 0)) for f in own)


def _line(file: str, number: int) -> str:
    return linecache.getline(file, number).strip()[:MESSAGE_CAP]


def _no_input(*_: Any) -> str:
    raise EOFError("nobody is there to answer input() while grading; give the value in the code")


class Outputs:
    """What a cell shows, up to a number of bytes."""

    def __init__(self) -> None:
        self.items: list[dict[str, Any]] = []
        self.room = {"stream": STREAM_CAP, "rich": RICH_CAP}

    def stream(self, name: str, text: str) -> None:
        kept = text[: max(0, self.room["stream"])]
        self.room["stream"] -= len(text)
        if kept and self.items and self.items[-1].get("name") == name:
            self.items[-1]["text"] += kept
        elif kept:
            self.items.append({"output_type": "stream", "name": name, "text": kept})

    def rich(self, item: dict[str, Any]) -> None:
        size = len(json.dumps(item, default=str))
        if size <= self.room["rich"]:
            self.items.append(item)
        self.room["rich"] -= size

    def text(self) -> str:
        if min(self.room.values()) < 0:
            self.items.append(
                {"output_type": "stream", "name": "stderr", "text": "\n[the rest of the output was left out]"}
            )
        return json.dumps(self.items, default=str)


class Stream(io.TextIOBase):
    """Standard output or error of a cell."""

    encoding = "utf-8"

    def __init__(self, outputs: Outputs, name: str) -> None:
        self.outputs, self.name = outputs, name

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.outputs.stream(self.name, str(text))
        return len(text)


class Publisher(DisplayPublisher):
    """Keeps what ``display(…)`` shows."""

    def publish(self, data: dict[str, Any], metadata: dict[str, Any] | None = None, **_: Any) -> None:
        del metadata
        self.shell.outputs.rich({"output_type": "display_data", "data": _as_text(data)})


class Hook(DisplayHook):
    """Keeps the value of a cell's last line."""

    def write_output_prompt(self) -> None:
        pass

    def write_format_data(self, format_dict: dict[str, Any], md_dict: dict[str, Any] | None = None) -> None:
        del md_dict
        self.shell.outputs.rich({"output_type": "execute_result", "data": _as_text(format_dict)})

    def finish_displayhook(self) -> None:
        self._is_active = False


class Shell(InteractiveShell):
    """IPython without a terminal: magics and rich outputs work, everything shown is kept."""

    display_pub_class = Publisher
    displayhook_class = Hook
    outputs = Outputs()

    def outputs_of(self, source: str) -> str:
        self.outputs = Outputs()
        sys.stdout, sys.stderr = Stream(self.outputs, "stdout"), Stream(self.outputs, "stderr")
        try:
            self.run_cell(source, store_history=True)
        except BaseException as error:
            self.outputs.stream("stderr", f"{type(error).__name__}: {_text(error)}")
        return self.outputs.text()

    def _showtraceback(self, etype: type, evalue: BaseException, stb: list[str]) -> None:
        lines = [str(line)[:20_000] for line in stb][-40:]
        item = {"output_type": "error", "ename": etype.__name__, "evalue": _text(evalue), "traceback": lines}
        self.outputs.rich(item)

    def enable_gui(self, gui: str | None = None) -> None:
        """No windows here; figures are shown inline."""

    def ask_exit(self) -> None:
        """``exit`` ends nothing here."""


def _as_text(data: dict[str, Any]) -> dict[str, str]:
    encoded = {kind: base64.b64encode(v).decode() if isinstance(v, bytes) else v for kind, v in data.items()}
    return {str(kind): value for kind, value in encoded.items() if isinstance(value, str)}


class CourseModules:
    """Stands in for the course's package: its checks do nothing here, and the rest is not available."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        del path, target
        if name.partition(".")[0] != "resampling":
            return None
        if name.split(".")[1:2] not in ([], ["checks"]):
            raise ImportError(f"{name}: {NO_REFERENCE}")
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> None:
        del spec

    def exec_module(self, module: ModuleType) -> None:
        module.__getattr__ = _check_or_nothing


def _check_or_nothing(name: str) -> Callable[..., None]:
    if name.startswith("check_"):
        return lambda *_, **__: None
    if name.startswith("__"):
        raise AttributeError(name)
    raise ImportError(f"{name}: {NO_REFERENCE}")


class Stripped:
    """Lets a package be imported whole, because it needs all its parts, and then takes the given names out of it.

    This is a hurdle and no wall: a tensor library knows many ways to the same result.
    """

    def __init__(self, names: list[str]) -> None:
        self.names, self.gone = names, False

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        del target
        if self.gone and any(f"{name}.".startswith(f"{n}.") for n in self.names):
            raise ImportError(f"{name} may not be used here")
        if not any(n.startswith(f"{name}.") for n in self.names):
            return None
        spec = self._of_the_next(name, path)
        if spec is not None:
            load = spec.loader.exec_module
            spec.loader.exec_module = lambda module: (load(module), self._strip())
        return spec

    def _of_the_next(self, name: str, path: Any) -> importlib.machinery.ModuleSpec | None:
        later = sys.meta_path[sys.meta_path.index(self) + 1 :]
        return next(filter(None, (finder.find_spec(name, path) for finder in later)), None)

    def _strip(self) -> None:
        self.gone = True
        for owner, _, name in (n.rpartition(".") for n in self.names):
            vars(sys.modules.get(owner, self)).pop(name, None)
        for module in [m for m in sys.modules if any(f"{m}.".startswith(f"{n}.") for n in self.names)]:
            del sys.modules[module]


def _take_out_of_numpy(names: list[str]) -> None:
    """It is loaded already: leave a refusal in every part of it that knows a function of that name."""
    for name in [n.removeprefix("numpy.") for n in names if n.startswith("numpy.")]:
        known = getattr(numpy, name, None)
        for module in [m for n, m in sys.modules.items() if n.partition(".")[0] == "numpy" and m is not None]:
            for alias in [k for k, v in vars(module).items() if v is known or k in (name, f"{name}2")]:
                setattr(module, alias, _refusing(f"numpy.{name}"))
    numpy.poly = _poly


def _refusing(name: str) -> Callable[..., None]:
    def refuse(*_: Any, **__: Any) -> None:
        raise ImportError(f"{name} may not be used here")

    return refuse


def _poly(seq_of_zeros: Any) -> numpy.ndarray:
    """`numpy.poly`, which NumPy computes with the function that is gone: one root after the other."""
    roots = numpy.atleast_1d(seq_of_zeros)
    roots = numpy.linalg.eigvals(roots) if roots.ndim == 2 else roots
    product = numpy.ones(1, numpy.result_type(roots, 1.0))
    for root in roots:
        product = numpy.append(product, 0) - root * numpy.append(0, product)
    conjugate = numpy.array_equal(numpy.sort(roots), numpy.sort(roots.conjugate()))
    return product.real if conjugate else product
