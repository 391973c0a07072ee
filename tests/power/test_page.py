"""A study as a page."""

from __future__ import annotations

from support.power_studies import STUDY

from bptt_check.power.page import render_study


def test_page_is_whole_escaped_and_the_same_each_time():
    """Everything is on it, nothing is loaded, and the same records give the same page."""
    page = render_study(STUDY)

    assert page == render_study(STUDY)
    assert "m.g:4 &lt;b&gt;" in page
    assert "<script" not in page
    assert "src=" not in page.replace("default-src", "").replace("style-src", "").replace(
        "img-src", ""
    )
    for words in ("another gradient of x", "the message", "bptt-check power p:f", "1/4"):
        assert words in page
