"""The directive ``library``: what a module of `resampling` offers, from its docstrings."""

import importlib
import inspect
import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import resampling


class Library(SphinxDirective):
    """The module's own words, then every name in its ``__all__``, under the name that people import."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        module = importlib.import_module(f"{resampling.__name__}.{self.arguments[0]}")
        entries = [entry(module, name) for name in module.__all__]
        return self.parse_text_to_nodes(
            "\n".join(
                ["````{eval-rst}", ".. py:currentmodule:: resampling", "", inspect.getdoc(module), *entries, "````"]
            )
        )


def entry(module: object, name: str) -> str:
    """One autodoc directive."""
    kind = "class" if inspect.isclass(getattr(module, name)) else "function"
    return f"\n.. auto{kind}:: resampling.{name}"


# What is markup in a docstring: literals, references and emphasis. Any other * or | is itself.
MARKUP = re.compile(r"``.+?``|`[^`]+`|(?<!\w)\*{1,2}\w[^*]*?\*{1,2}(?!\w)|[*|]")


def escape(app: Sphinx, what: str, name: str, item: object, options: object, lines: list[str]) -> None:  # noqa: ARG001
    """Puts a backslash before signs that are no markup, outside examples and indented blocks."""
    for number, line in enumerate(lines):
        if ">>>" not in line:
            lines[number] = MARKUP.sub(lambda m: m[0] if len(m[0]) > 1 else f"\\{m[0]}", line)


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("library", Library)
    app.connect("autodoc-process-docstring", escape, priority=400)  # before napoleon
    return {"parallel_read_safe": True, "parallel_write_safe": True}
