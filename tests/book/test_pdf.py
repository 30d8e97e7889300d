"""Three pages printed into one PDF: outline, page numbers, links that stay inside, and no address of this machine."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
import yaml

pypdf = pytest.importorskip("pypdf")
CHAPTERS = ["book/07_convolution_matrix", "book/08_adjoint"]
TOC = {
    "root": "book/index",
    "parts": [
        {"chapters": [{"file": "book/how_to_use"}]},
        {"caption": "A part", "chapters": [{"file": page} for page in CHAPTERS]},
    ],
}


@pytest.fixture(scope="module")
def pdf(site, chromium, root, tmp_path_factory):
    import site_pdf

    target = tmp_path_factory.mktemp("pdf") / "book.pdf"
    about = yaml.safe_load((root / "CITATION.cff").read_text("utf-8"))
    with ThreadPoolExecutor(1) as own_loop:  # Playwright's loop of the other tests runs in this thread
        own_loop.submit(site_pdf.make_pdf, site, TOC, about, target, chromium).result()
    return pypdf.PdfReader(target)


def test_outline_follows_the_table_of_contents(pdf):
    tops = [item.title for item in pdf.outline if not isinstance(item, list)]
    assert tops == ["Down and up", "How to use this course", "A part"]
    chapters = [item for item in pdf.outline[-1] if not isinstance(item, list)]
    assert [item.title for item in chapters] == ["The convolution matrix", "The adjoint"]
    text = pdf.pages[pdf.get_destination_page_number(chapters[1])].extract_text()
    assert "A decoder mirrors its encoder" in text


def test_pages_are_numbered_through(pdf):
    numbers = [re.search(r"(\d+)\s*$", page.extract_text().strip()) for page in pdf.pages]
    assert [int(number[1]) for number in numbers if number] == list(range(1, len(pdf.pages) + 1))


def test_links_stay_inside(pdf):
    links = [link.get_object() for page in pdf.pages for link in page.get("/Annots") or []]
    addresses = [str(link["/A"]["/URI"]) for link in links if "/URI" in link.get("/A", {})]
    assert len(links) - len(addresses) > 50
    assert [address for address in addresses if not address.startswith("http")] == []


def test_metadata(pdf):
    assert pdf.metadata.title == "Down and Up: resolution in deep learning"
    assert pdf.metadata.author
    assert "/StructTreeRoot" in pdf.trailer["/Root"]
