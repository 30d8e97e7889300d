"""Every page of the built site in a real browser: whole, accessible, light, and silent towards everybody else.

A page is visited twice, over HTTP in light colours and as a file in dark ones, and all is looked at in that visit.
"""

import gzip
import re
from pathlib import Path

import pytest

AXE = Path(pytest.importorskip("axe_playwright_python").__file__).with_name("axe.min.js")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Contrast takes axe a minute on a long page of code: there, one text of each look stands for all that look like it.
RUN_AXE = """async tags => {
    const looks = new Map();
    const ground = e => !e || getComputedStyle(e).backgroundColor !== "rgba(0, 0, 0, 0)" ? e : ground(e.parentElement);
    for (const text of document.querySelectorAll("body :not(script, style, noscript)")) {
        if (!text.checkVisibility() || ![...text.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
        const {color, fontSize, fontWeight, opacity} = getComputedStyle(text), behind = ground(text);
        const under = behind ? getComputedStyle(behind).backgroundColor : "";
        const look = [color, under, fontSize, fontWeight, opacity, !!text.closest("a")].join();
        if (!looks.has(look)) looks.set(look, text);
    }
    const shared = {resultTypes: ["violations"], preload: false};
    const all = await axe.run({runOnly: tags, rules: {"color-contrast": {enabled: false}}, ...shared});
    const contrast = await axe.run({include: [...looks.values()]}, {runOnly: ["color-contrast"], ...shared});
    return [...all.violations, ...contrast.violations]
        .map(v => `${v.id}: ${v.nodes.length} times, first ${v.nodes[0].target} ${v.nodes[0].failureSummary}`);
}"""
CONTROLS = "button|link|slider|textbox|checkbox|radio|combobox|spinbutton|searchbox|switch|tab|menuitem|option|listbox"
NAMELESS = re.compile(rf'^\s*- ({CONTROLS})\b(?! ").*', re.MULTILINE)
PHOTOGRAPHS = (".png", ".jpg", ".jpeg", ".webp")
BUDGET = 300  # kB


def bring_to_life(page):
    """Scroll to every explorable and wait until it stands."""
    hosts = page.locator("[data-explorable]")
    for number in range(hosts.count()):
        hosts.nth(number).scroll_into_view_if_needed()
        page.locator("[data-explorable][data-state=ready]").nth(number).wait_for(timeout=5000)
    page.evaluate("scrollTo(0, 0)")


def kilobytes(site, address):
    """What a file of the site weighs on the wire: compressed, unless it is already."""
    path = site / address.split("?")[0]
    data = path.read_bytes()
    if path.suffix == ".svg" and b"<image" in data:
        return 0.0  # a photograph in a drawing
    return len(data if path.suffix in {".woff", ".woff2", *PHOTOGRAPHS} else gzip.compress(data)) / 1000


@pytest.mark.parametrize(("scheme", "colours"), [("http", "light"), ("file", "dark")])
def test_page_is_whole(visit, site, roots, name, scheme, colours):
    page = visit(name, scheme, colours)
    first = [url.removeprefix(roots[scheme] + "/") for url in page.first_view if url.startswith(roots[scheme])]
    weights = {url: kilobytes(site, url) for url in first if not url.lower().endswith(PHOTOGRAPHS)}
    assert len([url for url in first if ".css" in url]) == 1, "the first paint waits for several style sheets"
    assert page.evaluate("document.documentElement.dataset.theme") == colours
    bring_to_life(page)
    for width in (390, 320, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(60)  # the explorables draw again
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} scrolls sideways at {width} px"
    unnamed = page.eval_on_selector_all("img", "all => all.filter(e => !e.alt.trim()).map(e => e.src)")
    assert not unnamed, f"images without alt text: {unnamed}"
    nameless = [found[0].strip() for found in NAMELESS.finditer(page.locator("body").aria_snapshot())]
    assert not nameless, f"controls without a name: {nameless}"
    page.evaluate(AXE.read_text("utf-8"))
    assert page.evaluate(RUN_AXE, TAGS) == []
    assert page.troubles == []
    assert sum(weights.values()) <= BUDGET, sorted(weights.items(), key=lambda item: -item[1])[:12]


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_search_finds_pages(visit, scheme):
    page = visit("search.html?q=convolution", scheme)
    page.wait_for_selector("#search-results li a", timeout=5000)
    assert page.troubles == []


def test_a_control_without_a_name_is_seen(browser):
    page = browser.new_page()
    page.set_content("<main><label>padding <output>2</output><input type=range></label><button>Named</button></main>")
    assert [found[1] for found in NAMELESS.finditer(page.locator("body").aria_snapshot())] == ["slider"]
    page.close()


def test_pale_text_is_seen(browser):
    page = browser.new_page()
    page.set_content(
        '<html lang=en><title>T</title><main><h1>Dark</h1><p>dark</p><p style="color:#aaa">pale</p></main>'
    )
    page.evaluate(AXE.read_text("utf-8"))
    assert [found.split(":")[0] for found in page.evaluate(RUN_AXE, TAGS)] == ["color-contrast"]
    page.close()
