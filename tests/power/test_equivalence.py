"""A mutant beside the original in exact arithmetic: the first difference, or none."""

from __future__ import annotations

from support.power_studies import TARGET, needs_flint, sample_mutant

from bptt_check.power.equivalence import CASES, DIGITS, compare_formulas
from bptt_check.power.records import FormulaComparison, FormulaGap, GapKind

pytestmark = needs_flint


def gap_of(ending: str) -> FormulaGap:
    """The difference of the mutant of the sample whose name ends so."""
    gap = compare_formulas(sample_mutant(ending), [TARGET]).gap
    assert gap is not None
    return gap


def test_edit_without_effect_agrees_on_all_cases():
    """No gap, and how many cases show it."""
    comparison = compare_formulas(sample_mutant("grads['h0'][0]: += -> ="), [TARGET])

    assert comparison == FormulaComparison(None, DIGITS, exact_cases=CASES)


def test_wrong_sign_is_another_gradient():
    """The gap names the input whose gradient differs, and the case."""
    gap = gap_of("h_t_bar: + -> -")

    assert (gap.kind, gap.is_undecided) == (GapKind.GRADIENT, False)
    assert gap.gradient
    assert "rnn-identity+linear" in gap.spec


def test_edit_that_raises_cannot_run():
    """The reason is kept; whether the two are the same formula stays undecided."""
    gap = gap_of("(h_prev, x_t): t -> t + 1 (2)")

    assert (gap.kind, gap.is_undecided) == (GapKind.EDIT_CANNOT_RUN, True)
    assert "IndexError" in gap.reason
