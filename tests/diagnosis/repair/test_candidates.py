"""Edits of lines that ran, each once, the most suspicious lines in depth first."""

from __future__ import annotations

from bptt_check.diagnosis.repair.candidates import SourceEdit, candidates, in_style
from bptt_check.diagnosis.repair.own_file import OwnFile
from bptt_check.mutation import Edit
from bptt_check.mutation.missing import Surroundings

CODE = """def f(a, b):
    c = a * b
    d = (c - b)
    if a is None:
        c = -d
    return c + d
"""
FILE = OwnFile("a.py", CODE)
SHAPES = {"a": (2, 3), "b": (2, 3), "c": (2, 3), "d": (2, 3)}
SEEN = {("a.py", "f", line): Surroundings(SHAPES) for line in (2, 3, 4, 6)}


def drawn(rank: dict[tuple[str, int], int]) -> list[SourceEdit]:
    """All of them."""
    return list(candidates([FILE], SEEN, rank))


def test_only_lines_that_ran_are_edited() -> None:
    """Every one of them; no text twice."""
    found = drawn({})
    texts = [edit.function.text for edit in found]

    assert {edit.line for edit in found} == {2, 3, 4, 6}
    assert len(texts) == len(set(texts))


def test_what_is_missing_is_offered_and_what_is_wrong() -> None:
    """Operators of both kinds."""
    lines = {edit.changed_lines()[1] for edit in drawn({})}

    assert {"c = a / b", "c += a * b", "c = a * b * d", "c = a * d"} <= lines


def test_a_suspicious_line_comes_first_in_depth() -> None:
    """Its names and factors before small edits of lines that nobody suspects."""
    order = [("a.py", 3), *(("a.py", line) for line in (100, 101, 102, 103, 104, 105, 106, 6))]
    found = drawn({place: n for n, place in enumerate(order)})
    places = [edit.line for edit in found]
    named = [n for n, edit in enumerate(found) if edit.operator == "other name" and edit.line == 3]

    assert places[0] == 3
    assert max(named) < places.index(6)


def test_parentheses_that_change_nothing_are_taken_away() -> None:
    """And those that do are kept."""
    start = CODE.index("a * b")
    edits = (Edit(start, start + 5, "((a + b))"), Edit(start, start + 1, "(a + d)"))
    found = []
    for edit in edits:
        function = FILE.function_with(edit)
        assert function is not None
        found.append(SourceEdit(FILE, 2, "", edit, function).tidied())

    assert [f.changed_lines()[1] for f in found] == ["c = a + b", "c = (a + d) * b"]
    assert found[0].function.text.startswith("def f(a, b):\n    c = a + b\n")


def test_the_smaller_edit_is_known() -> None:
    """What is written counts more than what is taken away."""
    start = CODE.index("a * b")

    def size(edit: Edit) -> float:
        function = FILE.function_with(edit)
        assert function is not None
        return SourceEdit(FILE, 2, "", edit, function).size()

    less, more = Edit(start, start + 5, "a"), Edit(start, start + 5, "-(-a * b)")
    assert size(less) < size(more)


def test_other_lines_get_their_turn_while_much_is_tried_on_one() -> None:
    """Factors of a suspicious line and small edits of the last one, one after the other."""
    order = [("a.py", 3), *(("a.py", line) for line in (100, 101, 102, 103, 104, 105, 106, 6))]
    found = drawn({place: n for n, place in enumerate(order)})
    deep = [n for n, e in enumerate(found) if e.operator == "add factor" and e.line == 3]
    broad = [n for n, e in enumerate(found) if e.operator == "swap operator" and e.line == 6]

    assert min(deep) < max(broad)
    assert min(broad) < max(deep)


def test_keys_are_written_as_the_text_writes_them() -> None:
    """With its quotation marks; a text with the other ones, or without any, keeps Python's."""
    edit = Edit(0, 1, "p['W'] * q['U']")

    assert in_style(edit, 'a = p["W"]').text == 'p["W"] * q["U"]'
    assert in_style(edit, "a = p['W']") == edit
    assert in_style(edit, "a = 1") == edit
