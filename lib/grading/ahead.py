"""Import libraries ahead of time, then hide them, so that a later ``import`` finds them ready.

Until it is imported, a hidden module is in no table and no attribute, as if it had never been loaded. When it is, those
that its import would have brought with it appear as well, and no others: which ones was noted while they were loaded.
"""

import builtins
import contextlib
import importlib
import importlib.machinery
import importlib.util
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

Spec = importlib.machinery.ModuleSpec


class Ahead:
    """Modules in waiting. It stands in ``sys.meta_path`` before the finders of files."""

    def __init__(self, names: list[str]) -> None:
        self.before = {*sys.modules}
        self.loading: list[str] = []
        self.needs: dict[str, dict[str, None]] = {}
        with self._noting():
            for name in names:
                with contextlib.suppress(Exception):  # absent here: then it is absent for the notebook too
                    importlib.import_module(name)
        self.waiting = {name: m for name, m in sys.modules.items() if name not in self.before}
        self.specs = {name: getattr(module, "__spec__", None) for name, module in self.waiting.items()}
        self.attributes = {name for name, module in self.waiting.items() if _attribute(name) is module}
        self._hide()

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Spec | None:
        del path, target
        if self.loading:
            return self._noted_spec(name)
        return self._spec_of_waiting(name) if name in self.waiting else None

    def _spec_of_waiting(self, name: str) -> Spec:
        usual = self.specs[name]
        spec = Spec(name, _Ready(self), origin=getattr(usual, "origin", None))
        spec.submodule_search_locations = getattr(usual, "submodule_search_locations", None)
        return spec

    def appear(self, name: str) -> None:
        """Put a module where its import would have put it, with all that it needs."""
        left = [name]
        while left:
            current = left.pop()
            if current in self.waiting:
                module = self.waiting.pop(current)
                sys.modules.setdefault(current, module)
                left += self.needs.get(current, ())
                if current in self.attributes:
                    self._attach(current, module)

    def _attach(self, name: str, module: ModuleType) -> None:
        parent, _, child = name.rpartition(".")
        owner = self.waiting.get(parent) or sys.modules.get(parent)
        if owner is not None:
            setattr(owner, child, module)

    def _hide(self) -> None:
        for name in self.attributes:
            parent, _, child = name.rpartition(".")
            delattr(sys.modules[parent], child)
        for name in self.waiting:
            del sys.modules[name]
        sys.meta_path.insert(0, self)

    @contextlib.contextmanager
    def _noting(self) -> Iterator[None]:
        usual, module_by_name = builtins.__import__, importlib.import_module
        sys.meta_path.insert(0, self)
        self.loading.append("")
        builtins.__import__ = self._noting_import(usual)
        importlib.import_module = self._noting_import_module(module_by_name)
        try:
            yield
        finally:
            builtins.__import__, importlib.import_module = usual, module_by_name
            self.loading.pop()
            sys.meta_path.remove(self)

    def _note(self, name: str) -> None:
        parts = name.split(".")
        for end in range(1, len(parts) + 1):
            self.needs.setdefault(self.loading[-1], {})[".".join(parts[:end])] = None

    def _noting_import(self, usual: Callable[..., Any]) -> Callable[..., Any]:
        def noting(
            name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0
        ) -> Any:  # under the names that the usual one has
            module = usual(name, globals, locals, fromlist, level)
            package = (globals or {}).get("__package__") or ""
            full = importlib.util.resolve_name("." * level + name, package) if level else name
            for part in (full, *(f"{full}.{item}" for item in fromlist or ())):
                self._note(part)
            return module

        return noting

    def _noting_import_module(self, usual: Callable[..., Any]) -> Callable[..., Any]:
        def noting(name: str, package: str | None = None) -> Any:
            module = usual(name, package)
            self._note(importlib.util.resolve_name(name, package))
            return module

        return noting

    def _noted_spec(self, name: str) -> Spec | None:
        later = (finder for finder in sys.meta_path if finder is not self)
        spec = next(filter(None, (finder.find_spec(name, _path_of(name)) for finder in later)), None)
        self._note(name)
        if spec is not None and hasattr(spec.loader, "exec_module") and not isinstance(spec.loader, type):
            spec.loader.exec_module = self._noting_exec(name, spec.loader.exec_module)
        return spec

    def _noting_exec(self, name: str, execute: Callable[[ModuleType], None]) -> Callable[[ModuleType], None]:
        def noting(module: ModuleType) -> None:
            del vars(module.__spec__.loader)["exec_module"]  # once is enough
            known = {*sys.modules}
            self.loading.append(name)
            try:
                execute(module)
            finally:
                for new in sys.modules.keys() - known:
                    self._note(new)
                self.loading.pop()

        return noting


class _Ready:
    """Loads a module that is loaded already."""

    def __init__(self, ahead: Ahead) -> None:
        self.ahead = ahead

    def create_module(self, spec: Spec) -> ModuleType:
        return self.ahead.waiting[spec.name]

    def exec_module(self, module: ModuleType) -> None:
        name = module.__spec__.name
        module.__spec__ = self.ahead.specs[name]
        self.ahead.appear(name)


def _attribute(name: str) -> Any:
    """What a module's parent has under the module's name."""
    parent, _, child = name.rpartition(".")
    return vars(sys.modules[parent]).get(child) if parent in sys.modules else None


def _path_of(name: str) -> Any:
    parent = name.rpartition(".")[0]
    return sys.modules[parent].__path__ if parent else None
