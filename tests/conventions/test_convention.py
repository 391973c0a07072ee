"""A convention expresses some models and not others, and each of its options is documented."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

import bptt_check as bc
from bptt_check.errors import SpecError


@pytest.mark.parametrize(
    ("options", "model", "why"),
    [
        ({"gate_order": "ifog"}, "gru", "gate_order 'ifog' has other gates than"),
        ({"layer_axis": False}, "lstm+2layers", "one layer and one direction"),
        ({"names": {"W_xh": "Wx"}}, "lstm+2layers", "W_xh_l0 and W_xh_l1 would both be called"),
        ({"names": {"b_h": "b{k}"}}, "lstm+bidirectional", "would both be called 'b0'"),
    ],
)
def test_a_model_that_cannot_be_expressed_is_declined(
    options: dict[str, Any], model: str, why: str
) -> None:
    """`supports` says no, `why_not` why, and naming it for verification is an error."""
    convention = bc.Convention(**options)
    subject = convention.adapt(lambda view: (0.0, {}))

    assert why in convention.why_not(bc.Model.parse(model))
    assert not subject.supports(bc.Model.parse(model))
    assert subject.supports(bc.Model("rnn"))
    with pytest.raises(SpecError, match="cannot be adapted"):
        convention.adapt(lambda view: (0.0, {}), models=["rnn-tanh", model])


PAGE = Path(__file__).parents[2] / "docs" / "conventions.md"


def rows_to_write() -> list[str]:
    """What the table of the page says to write for code of some kind."""
    (_, rest) = PAGE.read_text().split("| in your code | write |\n")
    rows = rest.split("\n\n")[0].splitlines()[1:]
    return [row.split("|")[-2].strip().strip("`") for row in rows]


def test_there_is_a_row_for_every_kind_of_code() -> None:
    """The table is found, and its rows name options."""
    assert len(rows_to_write()) >= 12
    assert all("=" in row for row in rows_to_write())


@pytest.mark.parametrize("row", rows_to_write())
def test_what_the_docs_say_to_write_expresses_models(row: str) -> None:
    """It is read as Python, and has at least one cell's arrays."""
    convention = eval(f"bc.Convention({row})", {"bc": bc})

    assert convention != bc.Convention()
    assert any(not convention.why_not(bc.Model.parse(n)) for n in ("rnn-tanh+mse", "lstm+mse"))


def test_every_model_that_the_docs_say_is_one() -> None:
    """The second table names models, and each is known."""
    (_, rest) = PAGE.read_text().split("| in your code | model |\n")
    rows = rest.split("\n\n")[0].splitlines()[1:]
    named = [row.split("|")[-2].split("`")[1] for row in rows]

    assert len(named) == 5
    assert [str(bc.Model.parse(name)) for name in named] == named


def teaching_texts() -> list[tuple[str, str]]:
    """What the table of the teaching texts says: options, and a model."""
    (_, rest) = PAGE.read_text().split("| text | names and options | model |\n")
    rows = [row.split("|") for row in rest.split("\n\n")[0].splitlines()[1:]]
    return [(row[2].strip().strip("`"), row[3].strip().strip("`")) for row in rows]


def test_every_teaching_text_has_a_row() -> None:
    """There are five."""
    assert len(teaching_texts()) == 5


@pytest.mark.parametrize(("options", "model"), teaching_texts())
def test_a_teaching_text_can_be_said(options: str, model: str) -> None:
    """Its names and shapes express its model, and every name that it has is there."""
    convention = eval(f"bc.Convention({options})", {"bc": bc})
    case = bc.Spec.parse(f"{model} B=1").build()

    assert convention.why_not(case.model) == ""
    assert {*convention.names.values()} <= {*convention.view(case).params}


def test_every_option_and_layout_is_in_the_docs() -> None:
    """The tables of the page have a row for each."""
    page = PAGE.read_text()
    layouts = [n for n, c in vars(bc.conventions).items() if isinstance(c, bc.Convention)]

    assert len(layouts) == 5
    for name in [*(field.name for field in fields(bc.Convention)), *layouts]:
        assert f"| `{name}` |" in page
