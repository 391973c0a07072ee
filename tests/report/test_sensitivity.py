"""How much a run can see."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support import made

from bptt_check.report.html import page, sensitivity


def fate(name: str, operator: str, outcome: str, **first: int) -> dict[str, Any]:
    """What became of one planted mistake."""
    edit = {"before": name, "after": f"-{name}"}
    return {"name": name, "operator": operator, "kind": outcome, "first": first, **edit}


FATES = [
    fate("a", "flip sign", "caught", torch=1, harness=1),
    fate("b", "flip sign", "missed"),
    fate("c", "drop term", "caught", harness=3),
    fate("d", "drop term", "equivalent"),
]
STUDY = {"subject": "reference", "oracles": ["torch"], "outcomes": FATES}


def test_the_sight_of_an_oracle_is_over_the_gradients_it_decided() -> None:
    """Best, median and worst floor; rows that decided nothing do not count."""
    rows = (
        made.row(floor_any=1e-12, proven=True),
        made.row(parameter="x", floor_any=1e-10),
        made.row(parameter="h0", floor_any=1e-8),
        made.vacuous(parameter="b_y", floor_any=1e-3),
    )
    (found,) = sensitivity.sights(made.report(rows=rows).document)

    assert found == sensitivity.Sight("torch", 3, 1, 1e-12, 1e-10, 1e-8)


def test_the_least_seen_gradient_comes_first() -> None:
    """The sharpest oracle of each gradient counts, and the largest floor leads."""
    rows = (
        made.row(floor_any=1e-3),
        made.row(oracle="jax", floor_any=1e-12),
        made.row(parameter="x", floor_any=1e-6),
    )

    assert sensitivity.least_seen(made.report(rows=rows).document) == [
        ("lstm", "x", 1e-6),
        ("lstm", "W_hh_l0", 1e-12),
    ]


def test_kills_are_counted_by_kind_and_oracle() -> None:
    """What is equivalent was no mistake; what was missed is named with its edit."""
    found = sensitivity.kills(STUDY)

    assert found is not None
    assert (found.planted, found.caught, found.equivalent) == (3, 2, 1)
    assert found.lines == (("flip sign", 2, (1, 1)), ("drop term", 1, (0, 1)))
    assert found.missed == ("b: b became -b",)


def test_a_study_without_mutants_is_not_shown() -> None:
    """A study of false alarms only has no kill matrix."""
    assert sensitivity.kills({**STUDY, "outcomes": []}) is None


def test_the_study_beside_a_run_is_on_its_page(tmp_path: Path) -> None:
    """Its matrix is there, with a link to the whole study."""
    (tmp_path / "power").mkdir()
    (tmp_path / "power" / "power.json").write_text(json.dumps(STUDY))
    source = made.report().to_folder(tmp_path).read_text()

    assert "Planted mistakes: 2 of 3 caught" in source
    assert 'href="power/index.html"' in source
    assert "<code>b: b became -b</code>" in source


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"outcomes": 1, "oracles": []}'])
def test_a_file_that_is_no_study_is_told(tmp_path: Path, content: str) -> None:
    """The page says so instead of leaving it out."""
    (tmp_path / "power").mkdir()
    (tmp_path / "power" / "power.json").write_text(content)

    assert "power/power.json is no power study" in made.report().to_folder(tmp_path).read_text()


def test_without_floors_and_study_there_is_no_such_section() -> None:
    """A report of the first schema has neither."""
    rows = (made.row(floor=made.NAN, floor_any=made.NAN, proven=False),)

    assert 'id="trust"' not in page.render(made.report(rows=rows).document)
