"""What a subject called its things can be shown: control characters stand as escapes."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from bptt_check.runs.cleaning import clean, cleaned
from bptt_check.runs.measurements import ErrorByLength, ErrorHistogram
from bptt_check.runs.records import Failure
from bptt_check.verdicts.verdict import Verdict


@pytest.mark.parametrize(
    ("given_text", "want"),
    [
        ("plain é ∂ 漢", "plain é ∂ 漢"),
        ("\x1b[31m", "\\x1b[31m"),
        ("a\u202eb", "a\\u202eb"),
        ("a\u2028b", "a\\u2028b"),
        ("\ud800", "\\ud800"),
        ("a\nb\tc", "a\\nb\\tc"),
    ],
)
def test_control_characters_stand_as_escapes(given_text: str, want: str) -> None:
    """Control characters and direction marks are shown, everything that can be read is kept."""
    assert want == clean(given_text)


def test_messages_keep_their_lines() -> None:
    """Line breaks are harmless in a message, and needed."""
    assert clean("a\n\tb\r", lines=True) == "a\n\tb\\r"


@given(st.text())
def test_cleaning_twice_changes_nothing(text: str) -> None:
    """A cleaned text is clean, and can be encoded."""
    once = clean(text)

    assert once == clean(once)
    once.encode()


def failure(text: str) -> Failure:
    """A failure that has a text everywhere."""
    return Failure(
        Verdict.FAIL, text, text, text, text, 1, text, (text,), test_code=text, arrays={text: text}
    )


def test_every_text_of_a_record_is_cleaned() -> None:
    """Also in tuples and dicts; lines stay where lines are meant."""
    record = cleaned(failure("a\n\x1b"))

    assert (record.model, record.diagnoses) == ("a\\n\\x1b", ("a\\n\\x1b",))
    assert record.arrays == {"a\\n\\x1b": "a\n\\x1b"}
    assert (record.message, record.test_code) == ("a\n\\x1b", "a\n\\x1b")


def test_values_that_are_no_text_keep_their_type() -> None:
    """A verdict stays a verdict, a named tuple a named tuple, and a clean record equals itself."""
    by_length = (ErrorByLength(1, 2, 0.5),)
    histogram = ErrorHistogram(
        "gru", "x", "torch", "float64", 2, 2, Verdict.PASS, 0.5, 1.0, 0, ((-1, 2),), (), by_length
    )
    record = cleaned(histogram)

    assert record == histogram
    assert isinstance(record.verdict, Verdict)
    assert isinstance(record.by_length[0], ErrorByLength)
