"""The zip of the site where it is unpacked, and previews beside links: in a browser, from files, without a server."""

import zipfile

import pytest

import site_zip


@pytest.fixture(scope="module")
def unpacked(site, tmp_path_factory):
    folder = tmp_path_factory.mktemp("zip")
    site_zip.pack(site, folder / "book.zip")
    with zipfile.ZipFile(folder / "book.zip") as archive:
        archive.extractall(folder)
    return folder / "book"


def test_same_site_same_bytes(site, tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        site_zip.pack(site, tmp_path / name / "book.zip")
    assert (tmp_path / "one/book.zip").read_bytes() == (tmp_path / "two/book.zip").read_bytes()


def test_without_a_site_it_says_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError, match="run make book first"):
        site_zip.pack(tmp_path, tmp_path / "book.zip")


def test_the_zip_opens_searches_and_asks_nobody(visit, unpacked):
    page = visit("index.html", root=unpacked.as_uri())
    page.wait_for_url("**/book/index.html")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="The adjoint").click()
    page.get_by_role("heading", name="The adjoint", level=1).wait_for()
    page.goto(f"{unpacked.as_uri()}/search.html?q=transpose")
    page.locator("#search-results li a").first.click()
    assert page.get_by_role("heading", level=1).first.inner_text()
    assert page.troubles == []


def test_a_link_shows_what_it_leads_to(visit):
    page = visit("book/08_adjoint.html", "file", "dark")
    link = page.locator('article a[href^="07_convolution_matrix.html#equation-"]').first
    link.scroll_into_view_if_needed()
    link.hover()
    tip = page.get_by_role("tooltip")
    tip.locator(".katex").first.wait_for()
    assert link.get_attribute("aria-describedby") == tip.get_attribute("id")
    page.keyboard.press("Escape")
    assert page.locator(".preview").count() == 0
    reference = page.locator("article a.footnote-reference").first
    page.keyboard.press("Tab")  # a key was used last, so focus is shown
    reference.focus()
    tip.wait_for()
    assert tip.inner_text().strip()
    reference.blur()
    assert page.locator(".preview").count() == 0
    assert page.troubles == []


def test_a_citation_can_be_copied(visit, browser):
    page = visit("book/08_adjoint.html")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_text("Cite this page").click()
    box = page.locator("details.cite")
    box.hover()
    box.locator("button.copybtn").click()
    box.locator("button.copybtn.success").wait_for()
    assert page.evaluate("navigator.clipboard.readText()").startswith("@incollection{resampling-adjoint,")
