"""Parts of a user's source around what is edited, or looked at first."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.repairs import RIGHT

from bptt_check.diagnosis.repair import OwnFile
from bptt_check.runs.repairs.excerpts import LONGEST, changed_lines, excerpts

FILE = OwnFile("my_rnn.py", RIGHT)
LINE = next(n for n, line in enumerate(RIGHT.splitlines(), 1) if "a_bar.T @ h[t]" in line)


def edited(*changes: tuple[str, str]) -> OwnFile:
    text = RIGHT
    for before, after in changes:
        assert text.count(before) == 1
        text = text.replace(before, after)
    return OwnFile("my_rnn.py", text)


def test_the_function_of_an_edit_is_shown_as_it_was() -> None:
    """With the line marked."""
    (one,) = excerpts([FILE], [edited(("a_bar.T @ h[t]\n", "a_bar.T @ h[t + 1]\n"))], [])

    assert one.text.startswith("def loss_and_grads(case):\n")
    assert one.text.endswith("    return loss, grads")
    assert one.marked == (LINE,)
    assert one.text.split("\n")[LINE - one.first] == '        grads["W_hh_l0"] += a_bar.T @ h[t]'
    assert list(one.numbers)[-1] == len(RIGHT.splitlines())


def test_without_an_edit_the_most_suspicious_line_is_marked() -> None:
    """And nothing else; without such a line nothing is shown."""
    (one,) = excerpts([FILE], [FILE], [("my_rnn.py", LINE + 1), ("my_rnn.py", LINE)])

    assert one.marked == (LINE + 1,)
    assert excerpts([FILE], [FILE], []) == ()
    assert excerpts([FILE], [FILE], [("other.py", 1)]) == ()


def test_a_long_function_is_shown_around_the_line() -> None:
    """So many lines at most, the marked one among them."""
    body = "".join(f"    x{n} = {n}\n" for n in range(500))
    file = OwnFile("long.py", f"def f():\n{body}    return x1\n")
    for line in (1, 2, 250, 501, 502):
        (one,) = excerpts([file], [file], [("long.py", line)])
        assert len(one.numbers) == LONGEST
        assert line in one.numbers


def test_edits_in_two_functions_are_two_excerpts() -> None:
    """Each with its own marks."""
    file = OwnFile("two.py", "def f():\n    return 1\n\n\ndef g():\n    return 2\n")
    new = OwnFile("two.py", file.text.replace("1", "3").replace("2", "4"))
    found = excerpts([file], [new], [])

    assert [(e.first, e.marked) for e in found] == [(1, (2,)), (5, (6,))]


@pytest.mark.parametrize(
    ("new", "lines"),
    [("a b c", []), ("a B c", [2]), ("a b x c", [2]), ("x a b c", [1]), ("a c", [2])],
)
def test_lines_that_differ(new: str, lines: list[int]) -> None:
    """Changed, added after, added at the beginning, dropped."""
    assert changed_lines("a\nb\nc\n", new.replace(" ", "\n")) == lines


def test_paths_are_as_their_user_has_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the present folder."""
    monkeypatch.chdir(tmp_path)
    file = OwnFile(str(tmp_path / "my_rnn.py"), RIGHT)
    (one,) = excerpts([file], [file], [(file.path, LINE)])

    assert one.file == "my_rnn.py"
