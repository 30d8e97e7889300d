"""Every page with code as a notebook, for plain Jupyter and Colab: `notebooks/<page>.ipynb` in the built site.

Made from the page's source. What only Sphinx understands becomes plain Markdown: numbers, links, citations, boxes.
The first cell installs what is missing, the course's library from a wheel that lies beside the notebooks.
"""

import ast
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import nbformat
from build_math import MACROS
from pybtex.plugin import find_plugin
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

LOGGER = logging.getLogger(__name__)
LIBRARY_SOURCES = ("pyproject.toml", "README.md", "LICENSE", "lib")
LAUNCH = """# Run this cell first: it installs what is missing, and does nothing where all is there.
import importlib.util
import subprocess
import sys

needed = {needed}  # the library: {where}
missing = [source for module, source in needed.items() if not importlib.util.find_spec(module)]
if missing:
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", *missing], check=True)"""
# The book puts these values into its text; here they stand there already.
GLUE = ("from myst_nb import glue", "def glue(name, value, display=False):\n    pass  # a value for the page's text")
PACKAGES = {"torch": "torch", "skimage": "scikit-image", "sklearn": "scikit-learn", "tqdm": "tqdm"}
OPTION = r"(?:^:[\w-]+:.*\n)*\n?"


class PageText:
    """The text of one page as plain Markdown."""

    def __init__(self, env: BuildEnvironment, page: str, values: dict[str, str], site: str) -> None:
        self.env, self.page, self.values, self.site = env, page, values, site
        self.std, self.equations = env.domains["std"], env.domains["math"].equations
        self.entries = env.domains["cite"].bibdata.data.entries
        self.cited: list[str] = []

    def plain(self, text: str) -> str:
        """One cell of text."""
        for pattern, replacement in self.rules():
            text = re.sub(pattern, replacement, text, flags=re.MULTILINE)
        return text.strip()

    def rules(self) -> list[tuple[str, str | Callable[[re.Match], str]]]:
        return [
            (r"^\([\w-]+\)=\n", ""),
            (r"^```\{math\}\n(?::label: (.*)\n)?\n?((?:.*\n)+?)```", self.equation),
            (rf"^```\{{footbibliography\}}\n{OPTION}```", lambda _: self.references()),
            (rf"^:::\{{(\w+)\}} *(.*)\n({OPTION})((?:.*\n)+?):::$", self.box),
            (r"\{glue:text\}`([\w-]+)`", lambda m: self.values[m[1]]),
            (r"\{eq\}`([\w-]+)`", self.equation_link),
            (r"\{numref\}`([\w-]+)`", lambda m: self.label_link(m[1])),
            (r"\{ref\}`([\w-]+)`", lambda m: self.label_link(m[1])),
            (r"\{footcite(?::t)?\}`([^`]+)`", self.citation),
            (r"\{download\}`([^<`]*?) *<([^`]*)>`", r"`\1`"),
            (r"\[([^\]]*)\]\(#([\w-]+)\)", lambda m: self.label_link(m[2], m[1])),
            (r"\[([^\]]*)\]\((\w+)\.md\)", lambda m: self.page_link(m[2], m[1])),
            (r"\[([^\]\[]*)\]\{\.[\w-]+\}", r"*\1*"),
            (r"^: ", ""),
            (r"\\T(?![A-Za-z])", lambda _: MACROS[r"\T"]),
            (r"\\(?:IN|KER|OUT)(?![A-Za-z])", ""),
        ]

    def address(self, page: str, anchor: str = "") -> str:
        return f"{self.site}{page}.html{'#' + anchor if anchor else ''}"

    def equation(self, match: re.Match) -> str:
        tag = rf" \tag{{{self.number('displaymath', match[1])}}}" if match[1] else ""
        return f"$$\n{match[2].strip()}{tag}\n$$"

    def number(self, kind: str, label: str) -> str:
        page = self.equations[label][0] if kind == "displaymath" else self.std.anonlabels[label][0]
        name = f"equation-{label}" if kind == "displaymath" else self.std.anonlabels[label][1]
        return ".".join(map(str, self.env.toc_fignumbers[page][kind][name]))

    def equation_link(self, match: re.Match) -> str:
        page = self.equations[match[1]][0]
        return f"[({self.number('displaymath', match[1])})]({self.address(page, f'equation-{match[1]}')})"

    def label_link(self, label: str, text: str = "") -> str:
        page, anchor = self.std.anonlabels[label][:2]
        if not text and anchor in self.env.toc_fignumbers.get(page, {}).get("figure", {}):
            text = f"Fig. {self.number('figure', label)}"
        return f"[{text or self.std.labels[label][2]}]({self.address(page, anchor)})"

    def page_link(self, stem: str, text: str) -> str:
        page = f"{self.page.rpartition('/')[0]}/{stem}"
        return f"[{text or self.env.titles[page].astext()}]({self.address(page)})"

    def box(self, match: re.Match) -> str:
        kind, title, options, body = match[1], match[2] or match[1].capitalize(), match[3], match[4]
        if "dropdown" in options:
            return f"<details>\n<summary>{title}</summary>\n\n{body.strip()}\n\n</details>"
        quoted = "\n".join(f"> {line}".rstrip() for line in body.strip().split("\n"))
        return f"> **{title}**\n>\n{quoted}" if kind != "note" or match[2] else quoted

    def citation(self, match: re.Match) -> str:
        keys = [key.strip() for key in match[1].split(",")]
        self.cited += [key for key in keys if key not in self.cited]
        return "[" + ", ".join(str(self.cited.index(key) + 1) for key in keys) + "]"

    def references(self) -> str:
        style = find_plugin("pybtex.style.formatting", "unsrt")()
        backend = find_plugin("pybtex.backends", "html")()
        entries = style.format_entries([self.entries[key] for key in self.cited])
        return "\n".join(f"{number}. {entry.text.render(backend)}" for number, entry in enumerate(entries, 1))


def modules_of(source: str) -> set[str]:
    """What a piece of Python imports, by full name."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def packages_for(sources: list[str], library: Path) -> dict[str, str]:
    """The optional packages that these cells need, themselves or through the library's modules that they import."""
    modules, todo = set(), set().union(*map(modules_of, sources))
    while todo:
        module = todo.pop()
        modules.add(module)
        file = library / (module.replace(".", "/") + ".py")
        if file.is_file():
            todo |= modules_of(file.read_text("utf-8")) - modules
    roots = {module.partition(".")[0] for module in modules}
    return {module: package for module, package in PACKAGES.items() if module in roots}


def notebook_of(app: Sphinx, page: str, executed: Path, wheel: str) -> nbformat.NotebookNode:
    """The page's notebook, without outputs: whoever opens it runs it."""
    glued = executed.with_suffix(".glue.json")
    values = json.loads(glued.read_text("utf-8")) if glued.exists() else {}
    shown = {name: value["data"]["text/plain"].strip("'\"") for name, value in values.items()}
    site = app.config.course_place.site
    text = PageText(app.env, page, shown, site or "../")
    notebook = nbformat.read(executed, as_version=4)
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    needed = {"resampling": f"{site}notebooks/{wheel}" if site else wheel} | packages_for(code, Path(app.srcdir, "lib"))
    where = "as published with this page" if site else "a file beside this notebook, in the site's folder notebooks/"
    launch = nbformat.v4.new_code_cell(LAUNCH.format(needed=needed, where=where))
    notebook.cells.insert(0, launch)
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:03d}"
        if cell.cell_type == "markdown":
            cell.source = text.plain(cell.source)
        else:
            cell.update(source=cell.source.replace(*GLUE), outputs=[], execution_count=None)
            folded = {"hide-input", "remove-input", "remove-cell"} & set(cell.metadata.get("tags", []))
            cell.metadata = {"jupyter": {"source_hidden": True}} if folded else {}
    notebook.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return notebook


def build_wheel(root: Path, target: Path) -> str:
    """Put the library's wheel into `target`, unless the one there is newer than every source, and return its name."""
    sources = [path for path in (root / "lib").rglob("*.*") if path.suffix not in (".pyc", "")]
    newest = max(path.stat().st_mtime for path in [root / "pyproject.toml", *sources])
    for wheel in target.glob("*.whl"):
        if wheel.stat().st_mtime > newest:
            return wheel.name
        wheel.unlink()
    with tempfile.TemporaryDirectory() as copy:
        for name in LIBRARY_SOURCES:
            source, ignore = root / name, shutil.ignore_patterns("*.egg-info", "__pycache__")
            (shutil.copytree(source, Path(copy, name), ignore=ignore) if source.is_dir() else shutil.copy(source, copy))
        options = ["--no-deps", "--no-build-isolation", "--quiet", "--disable-pip-version-check"]
        subprocess.run([sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", target, copy], check=True)
    return next(target.glob("*.whl")).name


def executed_notebook(app: Sphinx, page: str) -> Path:
    return Path(app.outdir).parent / "jupyter_execute" / f"{page}.ipynb"


def find_notebooks(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Pages with code, except the home page."""
    pages = env.found_docs - {app.config.root_doc}
    env.course_notebooks = {page for page in pages if executed_notebook(app, page).exists()}
    return []


def write_notebooks(app: Sphinx, exception: Exception | None) -> None:
    if exception or app.builder.name != "html":
        return
    target = Path(app.outdir, "notebooks")
    target.mkdir(exist_ok=True)
    wheel = build_wheel(Path(app.srcdir), target)
    for page in sorted(app.env.course_notebooks):
        notebook = notebook_of(app, page, executed_notebook(app, page), wheel)
        nbformat.write(notebook, target / f"{Path(page).name}.ipynb")
    extras = [f"./notebooks/{wheel}", *PACKAGES.values()]
    (target.parent / "binder").mkdir(exist_ok=True)
    (target.parent / "binder" / "requirements.txt").write_text("\n".join([*extras, "jupyterlab", ""]), "utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("env-get-updated", find_notebooks)
    app.connect("build-finished", write_notebooks, priority=800)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
