"""What holds for every explorable: one state on both sides, and no need of book, mouse or script."""

import json
import re

import pytest

from resampling.explorables import FOLDER, explorables
from resampling.explorables.base import in_language, module, poster

KINDS = explorables()
every = pytest.mark.parametrize("name", sorted(KINDS))


def test_each_module_has_a_class():
    assert {path.stem for path in FOLDER.glob("*.js")} == {"kit", *KINDS}
    assert {path.stem for path in FOLDER.glob("*.py")} == {"__init__", "base", *KINDS}


@every
def test_module_reads_the_traits_that_python_sends(name):
    named = re.search(r"^  traits: \[(.*?)\]", (FOLDER / f"{name}.js").read_text("utf-8"), re.MULTILINE | re.DOTALL)[1]
    assert set(json.loads(f"[{named}]")) == set(KINDS[name]().state())


@every
def test_what_is_delivered_is_one_file_without_imports(name):
    text = module(name)
    assert not re.search(r"^import\b|\bimport\(|^export \{", text, re.MULTILINE)
    assert len(re.findall(r"^export default ", text, re.MULTILINE)) == 1
    assert len(set(re.findall(r"^(?:const|function) (\w+)", text, re.MULTILINE))) == len(
        re.findall(r"^(?:const|function) (\w+)", text, re.MULTILINE)
    )


@every
def test_poster_draws_the_first_state(name):
    html = KINDS[name]().static_html()
    sent = json.loads(re.search(r'<script type="application/json">(.*?)</script>', html)[1])
    assert sent == KINDS[name]().state()
    assert len(re.search(r'<svg[^>]*role="img"[^>]*aria-label="([^"]*)"', html)[1]) > 40
    status = re.search(r'<p class="xp-status"[^>]*>(.*?)</p>', html)[1]
    assert len(re.sub("<.*?>", "", status)) > 30
    assert "NaN" not in html
    assert "undefined" not in html


def test_in_an_edition_the_drawing_speaks_its_language():
    english = KINDS["adjoint"](x=[3.0, -1.0, 2.0]).static_html()
    russian = in_language(english, "ru")
    state = re.compile(r'<script type="application/json">.*?</script>')
    assert state.search(russian)[0] == state.search(english)[0]
    assert not re.search("[а-я]{4}", english)
    assert len(re.findall("[а-я]{4}", russian)) > 20
    assert in_language(russian, "en") == english
    assert in_language("<p>no figure</p>", "ru") == "<p>no figure</p>"


def test_poster_names_a_module_that_fails():
    with pytest.raises(RuntimeError, match=r"convolution_matrix.js cannot draw the state"):
        poster("convolution_matrix", "{}")


@every
def test_every_language_has_every_word(name, in_node):
    shape = """
    const paths = (words, at) => words && typeof words === "object" && !Array.isArray(words)
      ? Object.entries(words).flatMap(([name, inner]) => paths(inner, `${at}.${name}`)) : [at];
    const languages = Object.entries(module.default.words);
    return Object.fromEntries(languages.map(([language, words]) => [language, paths(words, "").sort()]));
    """
    (words,) = in_node(name, shape, [None])
    assert all(paths == words["en"] for paths in words.values())


@every
@pytest.mark.parametrize(("colours", "width"), [("light", 1000), ("dark", 390), ("light", 320)])
def test_figure_comes_alive(show, name, colours, width):
    figure = show(KINDS[name](), colours, width)
    page = figure.page
    assert figure.count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert figure.locator("svg[role=img]").first.is_visible()
    assert "NaN" not in figure.inner_text()
    names = [one for one in re.findall(r"- (\w+)(.*)", figure.aria_snapshot()) if one[0] in CONTROLS]
    assert names
    assert all(re.match(r' "[^"]+', rest) for _, rest in names), f"controls without a name: {names}"


CONTROLS = {"slider", "radio", "checkbox", "combobox", "spinbutton", "button"}


@every
def test_every_control_answers_the_keyboard(show, name):
    """Each slider, radio, box and menu is reached by Tab and changes what is said or drawn."""
    figure = show(KINDS[name]())
    controls = figure.locator("fieldset :is(input, select, button):visible")
    reached = number = 0
    while number < controls.count():  # a control may bring others with it
        control = controls.nth(number)
        number += 1
        if control.is_disabled():
            continue
        control.focus()
        before = figure.inner_html()
        kind = control.get_attribute("type") or control.evaluate("one => one.tagName.toLowerCase()")
        if kind == "number":
            control.fill("1.5" if control.input_value() != "1.5" else "2.5")
        elif kind in ("checkbox", "button", "submit"):
            control.press("Space")
        else:
            control.press("ArrowRight")
            if figure.inner_html() == before:
                control.press("ArrowLeft")
        reached += figure.inner_html() != before
    assert reached >= controls.count() - 1  # a control may stand at its only value


@every
def test_arrow_keys_move_on_the_drawing(show, name):
    figure = show(KINDS[name]())
    status = figure.locator(".xp-status")
    figure.locator(".xp-box").first.focus()
    seen = {status.inner_text()}
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp", "End", "Home"):
        figure.page.keyboard.press(key)
        seen.add(status.inner_text())
    assert len(seen) > 1


@every
def test_without_script(show, name):
    figure = show(KINDS[name](), scripts=False)
    assert figure.locator("svg[role=img]").first.is_visible()
    assert not figure.locator("fieldset").first.is_visible()
    assert figure.locator(".xp-status").inner_text()
