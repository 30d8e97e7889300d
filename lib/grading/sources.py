"""Which of a notebook's own lines an answer is made of, and whether they use what the task forbids."""

import ast
import symtable
from collections import defaultdict
from collections.abc import Iterator

from IPython.core.inputtransformer2 import TransformerManager

from grading.stage import Submission
from resampling.checks import refusal_of_source
from resampling.checks.refusals import Refusal
from resampling.checks.task import Task

Statement = tuple[int, ast.stmt]  # cell and top-level statement


def refusal_of_notebook(task: Task, submission: Submission) -> Refusal | None:
    """Why the answer to `task` may not be used: a forbidden name in it, or in what it uses from any cell."""
    try:
        return _refusal(task, submission)
    except (RecursionError, MemoryError, SyntaxError, ValueError):
        return Refusal("forbidden", "the code is nested too deeply to be read; write it more simply.")


def _refusal(task: Task, submission: Submission) -> Refusal | None:
    cells = {number: _python(source) for number, source in submission.own_code}
    statements = [(n, s) for n, source in cells.items() for s in _parsed(source)]
    given = [(-1, s) for cell in submission.cells if cell.runs and not cell.own for s in _parsed(cell.source)]
    used = _reachable(task.name, statements)
    global_names = set().union(*(_loaded(s) for _, s in used))
    names = {name: meaning for name, meaning in _meanings(given + statements) if name in global_names}
    for number, source in cells.items():
        refusal = refusal_of_source(task, _kept(source, [s for n, s in used if n == number]), names)
        if refusal:
            return refusal
    return None


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
    for number, (_, statement) in enumerate(statements):
        for bound in _bound(statement):
            binding[bound].append(number)
    waiting, used = [name], set()
    while waiting:
        new = set(binding.pop(waiting.pop(), ())) - used
        used |= new
        waiting += set().union(*(_loaded(statements[number][1]) for number in new))
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


def _meanings(statements: list[Statement]) -> Iterator[tuple[str, str]]:
    """What imports anywhere in the notebook make names stand for: ``("np", "numpy")``."""
    known: dict[str, str] = {}
    for _, statement in statements:
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
