"""What a diagnosis cites stands in reference/README.md: every equation, every section."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import bptt_check as bc
from bptt_check.diagnosis.mistakes.dictionary import entries
from bptt_check.diagnosis.mistakes.sections import (
    IN_OTHER_CELLS,
    OF_CELL,
    OF_FUNCTION,
    SECTIONS,
    equations_of,
    place_of,
)

README = Path(__file__).parents[3] / "reference" / "README.md"
MODELS = ("rnn-tanh", "lstm", "gru", "gru-reset-before")


def headings() -> dict[int, str]:
    """Number of each section to its title, without the paper that stands in brackets behind it."""
    lines = re.findall(
        r"^## (\d+)\. (.+?)(?: \([^)]*\))?$", README.read_text("utf-8"), re.MULTILINE
    )
    return {int(number): title for number, title in lines}


def equations() -> dict[str, str]:
    """Number of each equation to its text."""
    lines = re.findall(r"^(.*\S) +\((\d+\.\d+)\)$", README.read_text("utf-8"), re.MULTILINE)
    return {number: text for text, number in lines}


def test_sections_have_the_titles_of_the_readme() -> None:
    """A section that is renumbered or renamed there is renamed here."""
    there = headings()

    assert {n: there.get(n) for n in SECTIONS} == SECTIONS
    assert set(OF_CELL.values()) | set(OF_FUNCTION.values()) <= set(SECTIONS)


@pytest.mark.parametrize("name", MODELS)
def test_every_equation_cited_stands_in_the_readme(name: str) -> None:
    """In the model's own derivation, that of the loss, or that of several layers."""
    model, there = bc.Model.parse(name), equations()
    cited = {n for e in entries(model) for n in equations_of(model, e.equations)}
    sections = {int(n.partition(".")[0]) for n in cited}

    assert cited
    assert cited <= set(there)
    assert sections & set(OF_CELL.values()) == {OF_CELL[name.removesuffix("-tanh")]}
    assert sections <= set(SECTIONS)


def test_equations_that_cells_share_say_the_same() -> None:
    """Each computes what the one of the simple recurrent cell does, which the shared loop cites."""
    there = equations()

    for number, others in IN_OTHER_CELLS.items():
        computed = there[number].partition("=")[0].strip()
        for other in others.values():
            assert there[other].partition("=")[0].strip() == computed


def test_equation_that_is_not_in_the_readme_is_noticed() -> None:
    """Numbers are read from the README, not made up here."""
    assert "5.10" in equations()
    assert "5.99" not in equations()
    assert 99 not in headings()


@pytest.mark.parametrize("name", MODELS)
def test_every_line_has_a_section_and_no_file(name: str) -> None:
    """Also a line that no equation stands for, such as the head of the loop over time."""
    model = bc.Model.parse(name)
    places = {
        place_of(model, e.change.function, equations_of(model, e.equations)) for e in entries(model)
    }

    assert all(place.startswith("section ") for place in places)
    assert not any(".py" in place for place in places)


def test_place_names_section_and_title() -> None:
    """With an equation its section, without one that of the function in the model's cell."""
    lstm = bc.Model.parse("lstm")

    assert place_of(lstm, "lstm_backward", ["5.10"]) == "section 5 of reference/README.md, LSTM"
    assert place_of(lstm, "layer_backward", []) == "section 5 of reference/README.md, LSTM"
    assert place_of(lstm, "loss_backward", []) == "section 8 of reference/README.md, Losses"
    assert place_of(lstm, "lstm_backward", ["5.10", "8.6", "5.9"]) == (
        "section 5 of reference/README.md, LSTM; section 8 of reference/README.md, Losses"
    )
