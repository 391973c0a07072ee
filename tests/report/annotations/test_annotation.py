"""Failures become remarks on the lines that they are about."""

from __future__ import annotations

from pathlib import Path

from support import made, searches

from bptt_check.report.annotations.annotation import MOST, annotations_of
from bptt_check.verdicts.case_kind import CaseKind


def test_the_line_of_a_repair_is_marked() -> None:
    """With what stands there instead; the title is the headline."""
    search = searches.search()
    run = made.failing(
        failures=(made.failure(kind=CaseKind.WRONG_GRADIENT),), searches=(search,)
    ).run
    (one,) = annotations_of(run)
    assert search.repair is not None
    edit = search.repair.edits[0]

    assert (one.title, one.verdict) == ("W_hh is wrong", "fail")
    assert (one.file, one.line, one.fix) == (edit.file, edit.line, edit.after)
    assert "the gradient of W_hh_l0 is wrong" in one.text


def test_without_a_repair_the_most_suspicious_line_is() -> None:
    """Nothing is offered in its place."""
    search = searches.search(repair=None, lines=("my_rnn.py:7", "my_rnn.py:9"))
    (one,) = annotations_of(made.failing(searches=(search,)).run)

    assert (one.file, one.line, one.fix) == ("my_rnn.py", 7, "")


def test_without_a_search_the_function_is(tmp_path: Path) -> None:
    """Its first line; where it cannot be found the file is, or nothing."""
    (tmp_path / "my_rnn.py").write_text("import math\n\n\ndef backward(case):\n    return 0\n")
    (tmp_path / "broken.py").write_text("def (:\n")
    places = {}
    for address in ("my_rnn.py:backward", "my_rnn.py:other", "broken.py:f", "no.py:f", "a.b:c", ""):
        (one,) = annotations_of(made.failing(address=address).run, tmp_path)
        places[address] = (one.file, one.line)

    assert places == {
        "my_rnn.py:backward": ("my_rnn.py", 4),
        "my_rnn.py:other": ("my_rnn.py", 1),
        "broken.py:f": ("", 0),
        "no.py:f": ("", 0),
        "a.b:c": ("", 0),
        "": ("", 0),
    }


def test_a_run_that_did_not_fail_has_no_remarks() -> None:
    """One that failed without an explanation has one, and many failures have a few."""
    many = tuple(made.failure(model=f"gru+{n}layers") for n in range(2, 40))

    assert annotations_of(made.report().run) == []
    assert len(annotations_of(made.failing(failures=()).run)) == 1
    assert len(annotations_of(made.failing(failures=many).run)) == MOST
