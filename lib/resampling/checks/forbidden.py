"""Find the use of forbidden functions in source text, through imports and aliases."""

import ast
from collections.abc import Iterable, Mapping

LOADERS = ("importlib.import_module", "__import__")


def forbidden_uses(
    source: str, forbidden: Iterable[str], names: Mapping[str, str] | None = None
) -> list[tuple[int, str]]:
    """Lines of `source` that use a forbidden name: ``[(line, dotted name), ...]``, in order.

    Parameters
    ----------
    source : str
        Python source. What does not parse uses nothing.
    forbidden : iterable of str
        Dotted names; ``"scipy.linalg"`` stands for everything in it.
    names : mapping, optional
        What names mean before the first line, ``{"np": "numpy"}``.

    Examples
    --------
    >>> forbidden_uses("import numpy as np\\nf = np.kron\\nf(a, b)", ["numpy.kron"])
    [(2, 'numpy.kron'), (3, 'numpy.kron')]
    """
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return []
    finder = _Finder(tuple(forbidden), dict(names or {}))
    finder.visit(tree)
    return sorted(set(finder.found))


class _Finder(ast.NodeVisitor):
    """Follows what each name stands for; scopes are not told apart, so a name once bound keeps its meaning."""

    def __init__(self, forbidden: tuple[str, ...], names: dict[str, str]) -> None:
        self.forbidden, self.names, self.found = forbidden, names, []

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._report(node, alias.name)
            self.names[alias.asname or alias.name.split(".")[0]] = (
                alias.name if alias.asname else alias.name.split(".")[0]
            )

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            if alias.name == "*":
                self._report_all_of(node, node.module or "")
                continue
            full = f"{node.module}.{alias.name}"
            self._report(node, full)
            self.names[alias.asname or alias.name] = full

    def visit_Assign(self, node: ast.Assign) -> None:
        self.generic_visit(node)
        meaning = self._dotted(node.value)
        for target in node.targets:
            if isinstance(target, ast.Name) and meaning:
                self.names[target.id] = meaning

    def visit_Name(self, node: ast.Name) -> None:
        self._report(node, self._dotted(node))

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self._report(node, self._dotted(node))
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        self._report(node, self._dotted(node))
        self.generic_visit(node)

    def _dotted(self, node: ast.AST) -> str | None:
        """What an expression stands for: numpy.kron for np.kron, getattr(np, "kron"), import_module("numpy").kron."""
        match node:
            case ast.Name(id):
                return self.names.get(id, id if id == "__import__" or id == "getattr" else None)
            case ast.Attribute(value, attribute):
                owner = self._dotted(value)
                return owner and f"{owner}.{attribute}"
            case ast.Call(ast.Name("getattr"), [owner, ast.Constant(str(attribute)), *_]):
                owner = self._dotted(owner)
                return owner and f"{owner}.{attribute}"
            case ast.Call(function, [ast.Constant(str(module)), *_]) if self._dotted(function) in LOADERS:
                return module
            case ast.NamedExpr(_, value):
                return self._dotted(value)
        return None

    def _report(self, node: ast.AST, name: str | None) -> None:
        if name and not _is_check(name) and any(name == f or name.startswith(f + ".") for f in self.forbidden):
            self.found.append((node.lineno, name))

    def _report_all_of(self, node: ast.AST, module: str) -> None:
        for name in self.forbidden:
            if name == module or name.startswith(module + ".") or module.startswith(name + "."):
                self.found.append((node.lineno, name))


def _is_check(name: str) -> bool:
    """A check may always be called."""
    module, _, function = name.rpartition(".")
    return module.startswith("resampling.checks") and function.startswith("check_")
