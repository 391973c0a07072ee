"""A search for a repair on the page: the diff, and the user's own source."""

from __future__ import annotations

import html

from support import made, searches

from bptt_check.report.html.edited_source import edited_source
from bptt_check.report.html.page import render_run


def test_lines_of_the_diff_have_their_kind() -> None:
    """Those of its head have none."""
    kinds = [kind for kind, _ in edited_source(searches.search()).diff]

    assert kinds == ["", "", "", "removed", "added"]
    assert edited_source(searches.search(repair=None)).diff == ()


def test_the_source_has_its_marks_and_what_values_are() -> None:
    """Of values of this file alone."""
    ((file, lines),) = edited_source(searches.search()).listings

    assert file == "a.py"
    assert [(line.number, line.marked, line.note) for line in lines] == [
        (1, False, ""),
        (2, False, "da is a_t_bar"),
        (3, True, "dW is W_hh_bar in the first of 3 turns"),
    ]


def test_the_page_shows_it_first_and_once() -> None:
    """Above the counts; those of other checks than the first failure's have a section."""
    other = searches.search(check="test_b.py::test_other")
    run = made.failing(searches=(searches.search(), other)).run
    page = html.unescape(render_run(run))

    assert page.count("+    dW += da @ h[t - 1]") == 2
    assert page.index("+    dW += da @ h[t - 1]") < page.index('<ul class="tiles">')
    assert page.index('<section id="repair"') < page.index("test_b.py::test_other")
    assert '<section id="repair"' not in render_run(made.failing(searches=(other,)[:0]).run)


def test_hostile_sources_are_text() -> None:
    """Whatever a line of a source says."""
    for text in made.HOSTILE:
        excerpt = searches.SourceExcerpt(text, 1, text.replace("\n", " "), (1,))
        run = made.failing(searches=(searches.search(excerpts=(excerpt,), check=text),)).run
        assert "<script>alert(1)</script>" not in render_run(run)
