"""Find the use of forbidden functions in source text, through imports, aliases and getattr."""

import ast
from collections.abc import Iterable, Iterator, Mapping

# What would do the work of a task instead of the student, in every chapter.
LIBRARIES = (
    "cv2",
    "numpy.convolve",
    "numpy.correlate",
    "numpy.interp",
    "resampling",
    "scipy.interpolate",
    "scipy.linalg",
    "scipy.ndimage",
    "scipy.signal",
    "skimage.measure",
    "skimage.transform",
    "sklearn",
    "torch.conv1d",
    "torch.conv2d",
    "torch.conv3d",
    "torch.conv_transpose1d",
    "torch.conv_transpose2d",
    "torch.conv_transpose3d",
    "torch.convolution",
    "torch.nn",
)
LOADERS = ("importlib.import_module", "__import__")
Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def forbidden_uses(
    source: str, forbidden: Iterable[str], names: Mapping[str, str] | None = None
) -> list[tuple[int, str]]:
    """Places in `source` that use a forbidden name: ``[(line, as it is written there), ...]``, in order.

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
    [(2, 'np.kron'), (3, 'f')]
    """
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return []
    finder = _Finder(tuple(forbidden), dict(names or {}))
    finder.visit(tree)
    return sorted(set(finder.found))


class _Finder(ast.NodeVisitor):
    """Follows what each name stands for. A name once bound to something forbidden keeps that meaning in its scope."""

    def __init__(self, forbidden: tuple[str, ...], names: dict[str, str]) -> None:
        self.forbidden, self.found = forbidden, []
        self.scopes: list[dict[str, str | None]] = [names]

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._report(node, alias.name)
            top = alias.name.partition(".")[0]
            self._bind(alias.asname or top, alias.name if alias.asname else top)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            full = f"{node.module}.{alias.name}" if alias.name != "*" else f"{node.module}"
            self._report(node, full, all_of_it=alias.name == "*")
            self._bind(alias.asname or alias.name, full)

    def visit_Assign(self, node: ast.Assign) -> None:
        self.generic_visit(node)
        for target in node.targets:
            if isinstance(target, ast.Name):
                self._bind(target.id, self._dotted(node.value))

    def visit_FunctionDef(self, node: Function) -> None:
        self.scopes.append(dict.fromkeys(_own_names(node)))
        self.generic_visit(node)
        self.scopes.pop()

    visit_AsyncFunctionDef = visit_Lambda = visit_FunctionDef

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self._report(node, self._dotted(node))

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self._report(node, self._dotted(node))
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        self._report(node, self._dotted(node))
        self.generic_visit(node)

    def _bind(self, name: str, meaning: str | None) -> None:
        if meaning:
            self.scopes[-1][name] = meaning

    def _meaning(self, name: str) -> str | None:
        return next((scope[name] for scope in reversed(self.scopes) if name in scope), name)

    def _dotted(self, node: ast.AST) -> str | None:
        """What an expression stands for: numpy.kron for np.kron, getattr(np, "kron"), import_module("numpy").kron."""
        match node:
            case ast.Name(id):
                return self._meaning(id)
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

    def _report(self, node: ast.AST, name: str | None, all_of_it: bool = False) -> None:
        if name and not _is_check(name) and any(_covers(f, name, all_of_it) for f in self.forbidden):
            self.found.append((node.lineno, ast.unparse(node)))


def _covers(forbidden: str, name: str, all_of_it: bool) -> bool:
    return f"{name}.".startswith(f"{forbidden}.") or (all_of_it and f"{forbidden}.".startswith(f"{name}."))


def _is_check(name: str) -> bool:
    """A check may always be called."""
    module, _, function = name.rpartition(".")
    return module.startswith("resampling.checks") and function.startswith("check_")


def _own_names(function: Function) -> Iterator[str]:
    """Arguments of `function` and names that it binds itself, less those that it declares global."""
    arguments = function.args
    yield from (a.arg for a in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs])
    yield from (a.arg for a in (arguments.vararg, arguments.kwarg) if a)
    nodes = list(ast.walk(function))
    elsewhere = {name for node in nodes if isinstance(node, ast.Global) for name in node.names}
    bound = (node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
    yield from (name for name in bound if name not in elsewhere)
