"""Figures, equations and statements bear the number of their chapter: Fig. 8.1, (8.1), Statement 8.1.

Pages without a number in their name count for themselves.
"""

import re
from collections import Counter

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms import SphinxTransform

STATEMENT = re.compile(r"(Statement|Definition)(\.?)")


def chapter(page: str) -> tuple[int, ...]:
    """The chapter's number, if the page is a chapter."""
    number = re.match(r"(\d+)_", page.rpartition("/")[2])
    return (int(number[1]),) if number else ()


def count_in_chapters(_app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Numbers that Sphinx counted through the whole book, counted again within each page."""
    env.course_counted = env.toc_fignumbers
    env.toc_fignumbers = {
        page: {
            kind: {name: (*chapter(page), place) for place, name in enumerate(names, 1)}
            for kind, names in kinds.items()
        }
        for page, kinds in env.toc_fignumbers.items()
    }
    return []


def as_sphinx_counted(_app: Sphinx, env: BuildEnvironment, _pages: list[str]) -> None:
    """Sphinx compares its own numbers with those of the build before."""
    env.toc_fignumbers = getattr(env, "course_counted", env.toc_fignumbers)


class NumberStatements(SphinxTransform):
    """A paragraph that begins with a bold `Statement.` or `Definition.` gets a number, and an address to link to."""

    default_priority = 400

    def apply(self) -> None:
        counts = Counter()
        for paragraph in self.document.findall(nodes.paragraph):
            strong = paragraph[0] if paragraph.children and isinstance(paragraph[0], nodes.strong) else None
            found = STATEMENT.fullmatch(strong.astext()) if strong else None
            if found:
                counts[found[1]] += 1
                number = ".".join(map(str, (*chapter(self.env.docname), counts[found[1]])))
                self.give_number(paragraph, strong, found, number)

    def give_number(self, paragraph: nodes.paragraph, strong: nodes.strong, found: re.Match, number: str) -> None:
        strong[:] = [nodes.Text(f"{found[1]} {number}{found[2]}")]
        address = f"{found[1]}-{number}".lower().replace(".", "-")
        paragraph["ids"].append(address)
        paragraph["classes"].append("statement")
        here = nodes.reference("", "#", refid=address, classes=["headerlink"], reftitle="Link to this statement")
        paragraph.insert(1, here)


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_transform(NumberStatements)
    app.connect("env-before-read-docs", as_sphinx_counted)
    app.connect("env-get-updated", count_in_chapters, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
