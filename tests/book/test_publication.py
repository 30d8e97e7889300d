"""What pages carry once it is known where the course lives, and what they do not carry before."""

import struct

import chapter_numbers
import notebooks
import previews
import publication
import pytest
from docutils import nodes
from sphinx.errors import ConfigError

SITE = "https://someone.github.io/course/"


def test_links_of_a_known_repository():
    place = publication.place_of("https://github.com/someone/course", SITE.rstrip("/"))
    assert place.site == SITE
    links = place.notebook_links("notebooks/08_adjoint.ipynb")
    colab = "https://colab.research.google.com/github/someone/course/blob/gh-pages/notebooks/08_adjoint.ipynb"
    assert links["Colab"] == colab
    binder = "https://mybinder.org/v2/gh/someone/course/gh-pages?urlpath=lab%2Ftree%2Fnotebooks%2F08_adjoint.ipynb"
    assert links["Binder"] == binder
    assert place.issue_link("The adjoint", "book/08_adjoint").startswith(
        "https://github.com/someone/course/issues/new?"
    )


def test_nothing_is_invented():
    assert publication.place_of("", "") == publication.Place("", "")


@pytest.mark.parametrize(("repository", "site"), [("https://example.org/x", ""), ("", "example.org")])
def test_an_address_of_another_form_is_refused(repository, site):
    with pytest.raises(ConfigError, match="it must"):
        publication.place_of(repository, site)


def test_card_is_a_picture_of_the_right_size():
    png = publication.card('<svg width="10pt" height="10pt" viewBox="0 0 10 10"><rect width="10" height="10"/></svg>')
    assert png.startswith(b"\x89PNG")
    assert struct.unpack(">II", png[16:24]) == (1200, 630)


def test_bibtex_names_page_and_course():
    cff = {"title": "C", "authors": [{"name": "The group"}, {"family-names": "N", "given-names": "E"}]}
    entry = publication.bibtex(cff | {"date-released": "2026-01-02", "version": "1.0"}, "P", "key", SITE)
    assert entry.startswith("@incollection{key,\n  title     = {P},\n  booktitle = {C},")
    assert "author    = {{The group} and N, E}" in entry
    assert "year      = {2026}" in entry


def test_numbers_of_chapters():
    assert chapter_numbers.chapter("book/08_adjoint") == (8,)
    assert chapter_numbers.chapter("book/api") == ()


def test_packages_follow_what_cells_import(root):
    assert notebooks.packages_for(["import numpy as np"], root / "lib") == {}
    assert notebooks.packages_for(["import torch.nn.functional as F"], root / "lib") == {"torch": "torch"}
    through_the_library = notebooks.packages_for(["from resampling.data import *"], root / "lib")
    assert {"skimage", "sklearn"} & set(through_the_library)


def test_piece_of_an_article():
    article = (
        '<section id="s"><span id="label"></span><h2>Title<a class="headerlink" href="#s">#</a></h2>'
        "<p>First.</p></section>"
        '<div class="math" id="equation-e"><span class="eqno">(1)</span><div>x</div></div>'
    )
    assert previews.cleaned(previews.piece(article, "label")) == "<strong>Title</strong><p>First.</p>"
    assert previews.piece(article, "equation-e").endswith("<div>x</div></div>")
    assert previews.piece(article, "nowhere") is None


def test_description_is_cut_after_a_word():
    document = nodes.section("", nodes.paragraph("", "Short."), nodes.paragraph("", "word " * 60))
    text = publication.description_of(document)
    assert len(text) <= 162
    assert text.endswith("word …")
