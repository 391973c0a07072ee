"""How small an error a run can see."""

from __future__ import annotations

from pathlib import Path

from support import made
from support.shared_errors import with_floors

from bptt_check.report.html import page, sensitivity


def test_sensitivity_of_an_oracle_is_over_the_gradients_it_decided() -> None:
    """Best, median and worst floor; rows that decided nothing do not count."""
    rows = (
        made.row(floor_any=1e-12, proven=True),
        made.row(parameter="x", floor_any=1e-10),
        made.row(parameter="h0", floor_any=1e-8),
        made.vacuous(parameter="b_y", floor_any=1e-3),
    )
    (found,) = sensitivity.sensitivities(made.report(rows=rows).run)

    assert found == sensitivity.Sensitivity("torch", 3, 1, 1e-12, 1e-10, 1e-8)


def test_the_least_seen_gradient_comes_first() -> None:
    """The sharpest oracle of each gradient counts, and the largest floor leads."""
    rows = (
        made.row(floor_any=1e-3),
        made.row(oracle="jax", floor_any=1e-12),
        made.row(parameter="x", floor_any=1e-6),
    )

    assert sensitivity.least_seen(made.report(rows=rows).run) == [
        ("lstm", "x", 1e-6),
        ("lstm", "W_hh_l0", 1e-12),
    ]


def test_page_leads_to_the_study_beside_the_run(tmp_path: Path) -> None:
    """The study has a page of its own; a run without one says nothing of planted mistakes."""
    (tmp_path / "with" / "power").mkdir(parents=True)
    (tmp_path / "with" / "power" / "index.html").write_text("the study")
    beside = made.report().to_folder(tmp_path / "with").read_text()
    alone = made.report().to_folder(tmp_path / "without").read_text()

    assert 'href="power/index.html"' in beside
    assert "Planted mistakes" in beside
    assert "power/" not in alone
    assert "Planted mistakes" not in alone


def test_without_floors_and_study_there_is_no_such_section() -> None:
    """A report of the first schema has neither."""
    rows = (made.row(floor=made.NAN, floor_any=made.NAN, proven=False),)

    assert 'id="sensitivity"' not in page.render_run(made.report(rows=rows).run)


def test_floors_of_all_cases_stand_beside_those_of_one_entry() -> None:
    """A line for each dtype, and for families."""
    shown = page.render_run(with_floors().run)

    assert '<th scope="row">bfloat16</th><td class="n">3</td><td class="n">0.001</td>' in shown
    assert '<th scope="row">bfloat16, of families</th>' in shown
    assert "Nothing is claimed of the other gradients" in shown


def test_few_cases_claim_nothing_of_what_they_share() -> None:
    """The page says what it would take; one of a declared accuracy says why there is none."""
    shown = page.render_run(made.report().run)

    assert "Detection floors of all cases together" not in shown
    assert "that takes at least some 20 cases of a model" in shown
    assert "may have any direction" in page.render_run(made.report(accuracy=1e-3).run)
