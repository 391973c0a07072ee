"""Texts of others: no commands, nothing that hides, no end out of sight."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from bptt_check.errors import (
    LONGEST_LINE,
    GradientMismatch,
    SpecError,
    SubjectFailed,
    UnknownName,
    clean,
    cut,
    enumerated,
    printable,
    quoted,
    why_no_json,
)


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("plain é ∂ 漢", "plain é ∂ 漢"),
        ("\x1b[31m\x9b", "\\x1b[31m\\x9b"),
        ("a\u202eb\u200f\u061c", "a\\u202eb\\u200f\\u061c"),
        ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
        ("\U000e0041", "\\U000e0041"),
        ("no\u00a0break", "no\u00a0break"),
        ("soft\u00adhyphen \ue000 \U00055a6b", "soft\\xadhyphen \\ue000 \\U00055a6b"),
        ("\ud800", "\\ud800"),
        ("a\nb\tc", "a\\nb\\tc"),
    ],
)
def test_what_is_no_letter_stands_as_an_escape(text, want):
    """Control characters, direction marks, invisible ones; all that can be read is kept."""
    assert want == clean(text)


@given(st.text(st.characters(), max_size=50))
def test_a_message_is_printable_and_keeps_its_lines(text):
    """And twice is once."""
    done = printable(text)

    assert clean(done, lines=True) == done
    assert done.count("\n") == text.count("\n")
    assert printable(done) == done


@pytest.mark.parametrize("length", [5, LONGEST_LINE, LONGEST_LINE + 1, 10**6])
def test_a_long_line_is_cut_with_a_count(length):
    """To the very limit, and a line of that length is not."""
    line = cut("x" * length)

    assert len(line) == min(length, LONGEST_LINE)
    assert line.endswith(f"... ({length:,} characters)") == (length > LONGEST_LINE)
    assert cut(line) == line


def test_names_are_listed_as_far_as_anybody_reads():
    """With the number of the others."""
    assert enumerated(["a", "b"]) == "a, b"
    assert enumerated(range(20_000), 2) == "0, 1 and 19,998 more"
    assert enumerated(["\x1b", "y" * 100], 2).startswith("\\x1b, yyy")
    assert enumerated(["y" * 100]).endswith("... (100 characters)")
    assert enumerated([]) == ""


class Unshowable:
    """An object whose `repr` raises."""

    def __repr__(self) -> str:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("value", "want"),
    [
        ("x\x1b", "'x\\x1b'"),
        ("y" * 70, f"'{'y' * 60}'... (70 characters)"),
        (list(range(100)), "... (390 characters)"),
        (Unshowable(), "a Unshowable"),
        (None, "None"),
    ],
)
def test_a_value_is_shown_as_python_writes_it(value, want):
    """Cut, and whatever its own text does."""
    assert quoted(value).endswith(want)


@pytest.mark.parametrize(
    "error",
    [
        SpecError("\x1b[31m" + "x" * 10**6),
        SubjectFailed("\u202e" + "x" * 10**6),
        UnknownName("model", "\x1b" * 10**6, ["lstm"]),
    ],
)
def test_every_error_of_ours_can_be_printed(error):
    """Whatever was put into it."""
    text = str(error)

    assert text.isprintable()
    assert "characters)" in text
    assert len(text) <= LONGEST_LINE


def test_an_error_with_code_in_it_is_clean_and_whole():
    """A line that is to be pasted is not cut."""
    code = f"x = [{', '.join(['1.0'] * 1000)}]"

    assert str(GradientMismatch(f"\x1b\n{code}")) == f"\\x1b\n{code}"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b'{"a": "\xff"}', "it is not UTF-8: byte 0xff at 7"),
        (b'"\\ud800"', "it has half of a surrogate pair, \\ud800"),
        (b'"\\udc00 and more"', "it has half of a surrogate pair, \\udc00"),
        (b'"\\ud83d\\ude00', "broken"),
        (b"{", "broken"),
    ],
)
def test_what_is_no_json_is_told_as_what_it_is(content, why):
    """Of the bytes, where an error of a library says less; a whole pair is no half of one."""
    assert why_no_json(content, ValueError("broken")) == why
    assert why_no_json(b"", RecursionError()) == "RecursionError"
