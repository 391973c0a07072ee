"""The numbers of a study as rows, and its facts in words."""

from __future__ import annotations

import pytest
from support.power_studies import STUDY

from bptt_check.power import tables
from bptt_check.power.records import FormulaComparison, FormulaGap, GapKind

CASE = "lstm T=2"


def test_tables_count_mutants_by_function_cases_and_checker():
    """One function with what was caught, one with the rest; the checker passed what we caught."""
    f, g, everything = tables.by_function(STUDY)
    (score,) = tables.checker_scores(STUDY)

    assert (f.name, f.mutants, f.stopped, f.caught, f.missed) == ("m.f", 2, 1, 2, 0)
    assert (g.equivalent, g.missed, everything.mutants) == (1, 1, 4)
    assert f.alone == {"torch": (1, 1), "jax": (0, 1)}
    assert dict(tables.caught_within(STUDY, "torch"))[5] == 0
    assert dict(tables.caught_within(STUDY, "torch"))[10] == 1
    assert (score.passed, score.caught, score.rejected_right) == (2, 0, (1, 4))
    assert score.share == 0.0


@pytest.mark.parametrize(
    ("comparison", "text"),
    [
        (None, ""),
        (FormulaComparison(None, 60, 3), "equal to 60 digits in exact arithmetic on 3 cases"),
        (
            FormulaComparison(None, 60, 3, 2),
            "equal to 60 digits in exact arithmetic on 3 cases, to the last bit on 2 where that "
            "cannot run",
        ),
        (
            FormulaComparison(FormulaGap(GapKind.GRADIENT, gradient="W", spec=CASE)),
            "another gradient of W of lstm T=2",
        ),
        (
            FormulaComparison(FormulaGap(GapKind.LOSS, losses=("1", "2"), spec=CASE)),
            "another loss: 1 for 2 of lstm T=2",
        ),
        (
            FormulaComparison(FormulaGap(GapKind.EDIT_CANNOT_RUN, "raised E", spec=CASE)),
            "in exact arithmetic, the edit raised E of lstm T=2",
        ),
        (
            FormulaComparison(FormulaGap(GapKind.ORIGINAL_CANNOT_RUN, "raised E", spec=CASE)),
            "in exact arithmetic, the original raised E of lstm T=2",
        ),
    ],
)
def test_comparison_is_told_in_one_line(comparison: FormulaComparison | None, text: str):
    """How the same formula is shown, or what is different and on which case."""
    assert tables.same_formula_text(comparison) == text
