"""What a student wrote or showed stays readable, and nothing of it can act. `test_browser` tries it in a browser."""

import base64
import json
import re
from io import BytesIO

import pytest
from nbconvert.filters import markdown2html
from PIL import Image

from grading import cleaning

BLOCK = re.compile(r'<div class="tex2jax_ignore">([^\n]*)</div>')


def said(text):
    """The inside of the one block that Markdown becomes."""
    return BLOCK.fullmatch(cleaning.markdown(text))[1]


@pytest.mark.parametrize(
    "html",
    [
        "<script>x</script>",
        "<img src=x onerror=x>",
        "<svg onload=x>",
        "<a href='javascript:x'>y</a>",
        "<iframe srcdoc='x'>",
        "<style>@import 'x'</style>",
        "<div style='background:url(http://x)'>",
        "<math><mtext><script>x",
        "<img src='http://x/y.png'>",
        "<form action=x>",
        "<p id=x name=y class=z>",
    ],
)
def test_students_html_is_harmless(html):
    clean = cleaning.student_html(html)
    assert set(re.findall(r"<(\w+)", clean)) <= {"p", "div"}
    assert "=" not in clean


def test_tables_survive():
    table = "<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>1</td></tr></tbody></table>"
    assert cleaning.student_html(table) == table


@pytest.mark.parametrize(
    "text", ["not json", "3", '[1, {"output_type": 2}, {"output_type": "display_data", "data": {"x": 1}}]', "[" * 10**5]
)
def test_outputs_that_are_none_are_left_out(text):
    assert all(item == cleaning.LEFT_OUT for item in cleaning.student_outputs(text))


def png(width, height):
    file = BytesIO()
    Image.new("1", (width, height)).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def test_only_real_pictures_stay():
    small = png(3, 2)
    items = [
        {"output_type": "display_data", "data": {"image/png": v, "image/svg+xml": "<svg/>"}}
        for v in (small, "iVBORw0KGgo=", "AAAA", "'><script>", png(30_000, 30_000))
    ]
    shown = cleaning.student_outputs(json.dumps(items))
    assert shown[0]["data"] == {"image/png": small}
    assert shown[1:] == [cleaning.LEFT_OUT] * 4


@pytest.mark.parametrize(
    "html",
    [
        "<p>" + "".join(f"<b a{i}>" for i in range(8000)) + "<p>a" * 8000,
        "<b>" * 60_000,
        "<b><p>" * 30_000,
        "<table><tr><td>" * 12_000,
        "<" * 200_000,
        "<a " * 60_000,
        "<!--" * 50_000,
        "<i><table>" * 20_000,
    ],
)
def test_html_grows_no_more_than_its_signs_do(html):
    assert len(cleaning.student_html(html)) <= len("&lt;") * len(html)


def test_what_is_not_meant_to_be_read_is_not_shown():
    shown = cleaning.student_html("a<style scoped>.x > y {}</style>b<script>if (a<b) x</script>c<!-- d -->e</title>f")
    assert shown == "abcef"


def test_a_table_stays_a_table():
    table = '<table><thead><tr><th>x</th></tr></thead><tbody><tr><td colspan="2">1 &lt; 2</td></tr></tbody></table>'
    assert cleaning.student_html(f'<div style="x"><style>p {{}}</style>{table}</div>') == f"<div>{table}</div>"


def test_of_many_codes_for_colours_the_text_stays():
    text = json.dumps([{"output_type": "stream", "name": "stdout", "text": "\x1b[1mx\x1b[0m" * 12_000}])
    assert cleaning.student_outputs(text)[0]["text"] == "x" * 12_000


@pytest.mark.parametrize(
    "tex",
    [
        r'\text{<meta http-equiv="refresh" content="0;url=https://example.org/">}',
        r"\text{<form action=https://example.org><iframe src=x></iframe><img src=x onerror=y>}",
        r"\style{position:fixed;top:0}{\text{3 of 3 points}}",
        r"\href{javascript:alert(1)}{x}",
    ],
)
def test_a_formula_makes_nothing_but_a_formula(tex):
    made = cleaning.mathml(tex, "inline") or ""
    assert not re.findall(r"<(?!/?(?:math|mrow|mtext|mi|mo|mn|mstyle)\b)|style=|href|https", made)


def test_outputs_are_capped():
    many = [{"output_type": "stream", "name": "stdout", "text": "x" * 10**6}] * 1000
    shown = cleaning.student_outputs(json.dumps(many))
    assert len(shown) == cleaning.ITEMS_CAP
    assert {len(item["text"]) for item in shown} == {cleaning.TEXT_CAP}


@pytest.mark.parametrize(
    "text",
    [
        "<script>",
        "[a](javascript:x)",
        "[a]( data:text/html,x)",
        "![a](http://x/y)",
        "[a]: javascript:x\n\n[a]",
        "$\\href{javascript:x}{y}$",
        "$$\\href{javascript:x}{y}$$",
        "$\\text{<img src=x>}$",
        "<!--",
        "<javascript:x>",
        "![a][b]\n\n[b]: http://x/y",
        "# name",
        "a\n\n</div>\n\n<img src=x>",
    ],
)
def test_students_markdown_is_harmless(text):
    html = said(text)
    tags, links = set(re.findall(r"<(\w+)", html)), set(re.findall(r'href="([^"]*)"', html))
    assert tags <= {"p", "a", "h1", "math", "mrow", "mi", "mtext"}
    assert links <= {"#harmful-link"}
    assert not re.search(r"<[^>]*\s(id|name|class|on\w+|style)=", html)


@pytest.mark.parametrize(
    "text", ["a\n\nb", "```\na\n\n# b\n\n    c\n```", "- a\n\n- b", "$$\na\n\n$$\n\n<p>\n\n# x", "&lt;b&gt;"]
)
def test_nbconvert_leaves_it_as_it_is(text):
    """It is read as Markdown once more, by whatever shows the notebook."""
    html = cleaning.markdown(text)
    assert markdown2html(html).strip() == html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**bold** and `x < y`", "<p><strong>bold</strong> and <code>x &lt; y</code></p>"),
        ("- one\n- two", "<ul>&#10;<li>one</li>&#10;<li>two</li>&#10;</ul>"),
        ("```\na\n\n  b\n```", "<pre><code>a&#10;&#10;  b&#10;</code></pre>"),
        ("a <b> c", "<p>a &lt;b&gt; c</p>"),
        (
            "[page](https://example.org)",
            '<p><a href="https://example.org" rel="noopener noreferrer">page</a></p>',
        ),
    ],
)
def test_ordinary_markdown_survives(text, html):
    assert said(text) == html


def test_formulas_survive():
    assert "<mfrac><mrow><mi>a</mi></mrow><mrow><mi>b</mi></mrow></mfrac>" in said(r"so $\frac{a}{b}$")
    assert "<mtable>" in said(r"$$\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}$$")
    assert "frac{" in said(r"no formula: $\frac{$")


@pytest.mark.parametrize("text", ["! [" * 60_000, "[" * 60_000, "> " * 60_000, "$a" * 30_000, "*a_b`[c](" * 9_000])
def test_what_is_too_much_is_cut(text):
    html = cleaning.markdown(text)
    assert "was left out" in html
    assert len(html) < 20 * cleaning.PROSE_CAP


@pytest.mark.parametrize(
    ("style", "stays"),
    [
        ("color:#D55E00", True),
        ("border:1px solid #8888;margin:.3rem 0;font-family:system-ui,sans-serif", True),
        ("background:url(https://x/y)", False),
        ("background:\\75rl(x)", False),
        ("position:fixed;inset:0", False),
    ],
)
def test_our_own_report_keeps_plain_styles_only(style, stays):
    assert (style in cleaning.report_html(f'<p style="{style}">x</p>')) == stays


def test_our_own_report_is_kept_as_it_is():
    from resampling.checks.convolution_matrix import SAMPLING_MATRIX as task
    from resampling.checks.evaluation import evaluate
    from resampling.checks.report import Report

    html = Report(evaluate(task, lambda a: (task.reference(**a).T, a), 0))._repr_html_()
    clean = cleaning.report_html(html)
    assert "<img" in clean
    for part in ("style=", "src=", "alt=", "<code", "<li", "<strong"):
        assert clean.count(part) == html.count(part)
