"""Which of a notebook's own lines an answer is made of, and whether they use what the task forbids.

Reading is the one thing that the trusted side does with student code, so what can be read has a size.
"""

import ast
import re
import symtable
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from IPython.core.inputtransformer2 import TransformerManager

from grading.stage import Submission
from resampling.checks import refusal_of_source
from resampling.checks.forbidden import forbidden_uses
from resampling.checks.refusals import Refusal
from resampling.checks.task import Task

STATEMENTS, BRACES = 10_000, 5_000  # of a notebook, at the top level; of a cell, in f-strings or not
MAGIC = re.compile(r"^([ \t]*+)(?:[%!?,;/].*|[^#'\"\n]*\?)$|^([ \t]*+[\w,][\w, ]*+=)[ \t]*+[%!].*$", re.MULTILINE)
MAGIC_WORK, MAGICS = 1_000_000, 400  # characters, for IPython reads the whole cell again for each magic line; and lines
TOO_DEEP = "the code is nested too deeply to be read; write it more simply."
DYNAMIC = (
    *("exec", "eval", "compile", "__import__", "builtins", "importlib", "runpy", "pickle", "marshal", "ctypes", "gc"),
    *("subprocess", "multiprocessing", "os.system", "os.popen", "os.fork", "os.execv", "os.execvp", "os.posix_spawn"),
    *("inspect", "operator.attrgetter", "operator.methodcaller", "sys.modules", "sys.meta_path", "sys._getframe"),
    *("types.FunctionType", "types.CodeType", "globals", "vars", "locals", "IPython", "get_ipython"),
)
INNER = {"__dict__", "__globals__", "__getattribute__", "__builtins__", "__subclasses__", "__code__", "__closure__"}


@dataclass(frozen=True)
class Statement:
    """A top-level statement: its cell, the global names that it gives a meaning to, and those that it uses."""

    cell: int
    tree: ast.stmt
    bound: frozenset[str]
    loaded: frozenset[str]


@dataclass(frozen=True)
class Code:
    """All code of a notebook, read once for all tasks."""

    cells: dict[int, str]
    statements: list[Statement]
    meanings: dict[str, str]


def refusal_of_notebook(task: Task, submission: Submission) -> Refusal | None:
    """Why the answer to `task` may not be used: a forbidden name in it, or in what it uses from any cell."""
    code = _read(submission)
    try:
        return Refusal("forbidden", code) if isinstance(code, str) else _refusal(task, code)
    except RecursionError:
        return Refusal("forbidden", TOO_DEEP)


def unreadable(submission: Submission) -> list[str]:
    """For the instructor: cells whose code is made, found or run in ways that reading does not show."""
    code = _read(submission)
    cells = {} if isinstance(code, str) else code.cells
    found = [(number, _dynamic(source)) for number, source in cells.items()]
    return [f"cell {number + 1} cannot be understood by reading alone ({what})" for number, what in found if what][:5]


def _dynamic(source: str) -> str | None:
    try:
        return _made(source)
    except RecursionError:
        return "it is nested too deeply"


def _made(source: str) -> str | None:
    for _, written in forbidden_uses(source, DYNAMIC):
        return written.partition("\n")[0][:60]
    for node in ast.walk(ast.parse(source)) if _parses(source) else ():
        match node:
            case ast.Attribute(attr=name) if name in INNER:
                return name
            case ast.Call(ast.Name("getattr" as name), [_, argument, *_]) if not isinstance(argument, ast.Constant):
                return name
    return None


def _refusal(task: Task, code: Code) -> Refusal | None:
    used = _reachable(task.name, code.statements)
    global_names = set().union(*(s.loaded for s in used))
    names = {name: meaning for name, meaning in code.meanings.items() if name in global_names}
    for number, source in code.cells.items():
        refusal = refusal_of_source(task, _kept(source, [s.tree for s in used if s.cell == number]), names)
        if refusal:
            return refusal
    return None


@lru_cache(maxsize=1)
def _read(submission: Submission) -> Code | str:
    """All code, or a sentence about why it cannot be read."""
    if any(source.count("{") > BRACES for _, source in submission.own_code):
        return f"a cell has more than {BRACES} braces, too many to be read; write it more simply."
    try:
        cells = {number: _python(source) for number, source in submission.own_code}
        if sum(len(ast.parse(source).body) for source in cells.values() if _parses(source)) > STATEMENTS:
            return f"the notebook has more than {STATEMENTS} statements, too many to be read."
        return _understood(cells, submission)
    except (RuntimeError, MemoryError, SyntaxError, ValueError):  # RecursionError is a RuntimeError
        return TOO_DEEP


def _understood(cells: dict[int, str], submission: Submission) -> Code:
    trees = [(number, tree) for number, source in cells.items() for tree in _parsed(source)]
    given = [tree for cell in submission.cells if cell.runs and not cell.own for tree in _parsed(cell.source)]
    statements = [Statement(number, tree, frozenset(_bound(tree)), frozenset(_loaded(tree))) for number, tree in trees]
    return Code(cells, statements, dict(_meanings([*given, *(tree for _, tree in trees)])))


def _kept(source: str, statements: list[ast.stmt]) -> str:
    """The lines of `statements` where they are; or the statements alone, if a line begins something else as well."""
    starts = [min(n.lineno for n in (s, *getattr(s, "decorator_list", ()))) for s in statements]
    lines = {n for start, s in zip(starts, statements, strict=True) for n in range(start, s.end_lineno + 1)}
    kept = "\n".join(text if n in lines else "" for n, text in enumerate(source.split("\n"), start=1))
    return kept if _parses(kept) else "\n".join(map(ast.unparse, statements))


def _python(source: str) -> str:
    """A cell without its magics, its lines kept."""
    if _parses(source):
        return source
    head, newline, rest = source.partition("\n")
    plain = newline + rest if head.lstrip().startswith("%%") else source
    magics = sum(1 for _ in MAGIC.finditer(plain))
    if magics > MAGICS or len(plain) * magics > MAGIC_WORK:
        return MAGIC.sub(lambda found: f"{found[2]} None" if found[2] else f"{found[1]}pass", plain)
    try:
        return TransformerManager().transform_cell(plain)
    except SyntaxError:
        return source


def _parses(source: str) -> bool:
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True


def _parsed(source: str) -> list[ast.stmt]:
    """Statements that can run. IPython compiles one after the other: what comes before a wrong one does run."""
    return [s for s in ast.parse(source).body if _compiles(s)] if _parses(source) else []


def _compiles(statement: ast.stmt) -> bool:
    try:
        compile(ast.Module([statement], []), "cell", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except SyntaxError:
        return False
    return True


def _reachable(name: str, statements: list[Statement]) -> list[Statement]:
    """The statements that bind `name` or change what it stands for, and those of every name that they use."""
    binding = defaultdict(list)
    for number, statement in enumerate(statements):
        for bound in statement.bound:
            binding[bound].append(number)
    waiting, used = [name], set()
    while waiting:
        new = set(binding.pop(waiting.pop(), ())) - used
        used |= new
        waiting += set().union(*(statements[number].loaded for number in new))
    return [statements[number] for number in sorted(used)]


def _scopes(statement: ast.stmt) -> Iterator[tuple[symtable.SymbolTable, bool]]:
    """Symbol tables of a statement and of the functions in it, and whether it is the outermost one."""
    waiting = [symtable.symtable(ast.unparse(statement), "cell", "exec")]
    yield waiting[0], True
    while waiting:
        children = waiting.pop().get_children()
        waiting += children
        yield from ((child, False) for child in children)


def _bound(statement: ast.stmt) -> set[str]:
    """Global names that a statement gives a meaning to, or of whose value it changes an attribute or an item."""
    symbols = [(s, outermost) for table, outermost in _scopes(statement) for s in table.get_symbols()]
    given = {s.get_name() for s, outermost in symbols if _gives(s) and (outermost or s.is_declared_global())}
    stores = [
        n for n in ast.walk(statement) if isinstance(n, ast.Attribute | ast.Subscript) and isinstance(n.ctx, ast.Store)
    ]
    changed = {n.id for store in stores for n in ast.walk(store) if isinstance(n, ast.Name)}
    return given | (changed & _loaded(statement))


def _gives(symbol: symtable.Symbol) -> bool:
    return symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()


def _loaded(statement: ast.stmt) -> set[str]:
    """Global names that a statement uses."""
    symbols = [(s, outermost) for table, outermost in _scopes(statement) for s in table.get_symbols()]
    return {s.get_name() for s, outermost in symbols if s.is_referenced() and (outermost or s.is_global())}


def _meanings(statements: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    """What imports anywhere in the notebook make names stand for: ``("np", "numpy")``."""
    known: dict[str, str] = {}
    for statement in statements:
        for node in ast.walk(statement):
            known.update(_imported(node))
            match node:
                case ast.Assign([ast.Name(alias)], ast.Name(name)) if name in known:
                    known[alias] = known[name]
    yield from known.items()


def _imported(node: ast.AST) -> Iterator[tuple[str, str]]:
    match node:
        case ast.Import(aliases):
            for alias in aliases:
                top = alias.name.partition(".")[0]
                yield (alias.asname, alias.name) if alias.asname else (top, top)
        case ast.ImportFrom(module, aliases, level=0):
            for alias in aliases:
                if not f"{module}.".startswith("resampling.checks."):
                    yield alias.asname or alias.name, f"{module}.{alias.name}"
