"""Rows of coverings that are kept: the very same ones, searched for once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bptt_check.cases.design import saved_rows
from bptt_check.cases.design.covering import Covering
from bptt_check.cases.design.design import EVERYTHING, Design
from bptt_check.cases.design.recipe import Recipe
from bptt_check.cases.design.saved_rows import load_or_search
from bptt_check.cases.design.space import Space
from bptt_check.cases.design.within import Within
from bptt_check.cases.targets import parse_targets
from bptt_check.cases.written.kept import keep

searched: list[str] = []


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of this test alone."""
    searched.clear()
    monkeypatch.setenv("BPTT_CHECK_CACHE", str(tmp_path))
    return tmp_path / "designs"


def space_of(name: str, within: Within = EVERYTHING) -> Space:
    """The space of a target."""
    return Design(parse_targets(name)[0], ("float64",), 0, within).space


def rows_of(space: Space, start: str = "0 0") -> tuple[Recipe, ...]:
    """Its rows, kept or not."""

    def search(start: str) -> tuple[Recipe, ...]:
        searched.append(start)
        return tuple(Covering(space).rows(start))

    return load_or_search(space, start, search)


SMALL = Within.parse("T=1..9 B=1..3 D=1..3 H=1..3 O=2..3")


@pytest.mark.parametrize("name", ["lstm", "gru+truncated", "rnn-tanh+lengths"])
def test_kept_rows_are_those_that_were_searched_for(name):
    """With their cuts and choices, of the very same types."""
    space = space_of(name, SMALL)

    first, second = rows_of(space), rows_of(space)

    assert searched == ["0 0"]
    assert first == second
    assert [list(map(type, row)) for row in first] == [list(map(type, row)) for row in second]


def test_another_start_and_another_space_have_rows_of_their_own():
    """A seed, a limit."""
    space, other = space_of("lstm", SMALL), space_of("lstm", Within.parse("T=1..8 B=2 D=2 H=2"))

    assert len({rows_of(space), rows_of(space, "1 0"), rows_of(other)}) == 3
    assert searched == ["0 0", "1 0", "0 0"]


@pytest.mark.parametrize("content", [b"", b"{", b"[[1, 2]]", b"[3]", b"\xff"])
def test_rows_that_cannot_be_read_are_searched_for(folder, content):
    """And kept anew."""
    space = space_of("lstm", SMALL)
    rows = rows_of(space)
    (path,) = folder.iterdir()
    keep(path, content, saved_rows.MOST)

    assert rows_of(space) == rows_of(space) == rows
    assert searched == ["0 0"] * 2


def test_a_changed_row_of_a_whole_file_would_be_taken(folder):
    """The comparison above sees one: what is kept is what is drawn."""
    space = space_of("lstm", SMALL)
    rows = rows_of(space)
    (path,) = folder.iterdir()
    keep(path, json.dumps([rows[0]._replace(T=8, B=3)]).encode(), saved_rows.MOST)

    assert rows_of(space) != rows
