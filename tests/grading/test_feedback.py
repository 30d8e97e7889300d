"""Formulas on feedback pages are typeset without a script, and nothing else is taken for one."""

import pytest

from grading.feedback import typeset


@pytest.mark.parametrize(("text", "parts"), [
    ("the matrix $S$", ["<mi>S</mi>"]),
    (r"$$C = \begin{bmatrix} 1&amp;2 \\ 0&amp;1 \end{bmatrix}$$", ['display="block"', "<mtable>", "<mn>2</mn>"]),
    ("$a &lt; b$ and $10^{12}$", ["<mi>a</mi>", "<msup>"]),
])  # fmt: skip
def test_formulas_become_mathml(text, parts):
    page = typeset(f"<p>{text}</p>")
    assert "$" not in page
    assert all(part in page for part in ["<math", *parts])


@pytest.mark.parametrize("html", [
    "<p>it costs $ 5</p>",
    "<p>$ a $</p>",
    "<code>$x$</code>",
    "<pre><span>$x$ and $y$</span></pre>",
    "<p>no formula &lt;b&gt;</p>",
    r"<p>$\frac{$</p>",
])  # fmt: skip
def test_all_else_stays_as_it_is(html):
    assert typeset(html) == html


def test_markup_in_a_formula_stays_text():
    assert "<script" not in typeset("<p>$x &lt;script&gt;alert(1)&lt;/script&gt;$</p>")
