"""Runs whose cases are all within budget, and have an error in common or have none."""

from __future__ import annotations

from typing import Any

import pytest
from support.implementations import Numpy
from support.right import RightOracle
from support.rounded_once import Grads, RoundedOnce, scaled
from support.rounded_results import RoundedResults

import bptt_check as bc
from bptt_check.cases.case import Case
from bptt_check.cases.design.within import Within
from bptt_check.cases.targets import parse_targets
from bptt_check.equations.terms import shares_of_terms
from bptt_check.errors import Unsupported
from bptt_check.runs.check import Setup
from bptt_check.runs.effort.quick import Quick
from bptt_check.runs.records import Run
from bptt_check.runs.run import verify_plan
from bptt_check.runs.target_cases import Plan
from bptt_check.verdicts.budget import Tolerance
from bptt_check.verdicts.case_kind import CaseKind
from bptt_check.verdicts.verdict import Reason, Verdict

SMALL = Within(
    T=(1, 8), B=(1, 4), D=(1, 6), H=(1, 6), O=(1, 6), regimes=("normal",), lengths=False,
    truncation=False,
)  # fmt: skip


def run_of(
    subject: Any,
    *models: str,
    cases: int = 60,
    dtype: str = "bfloat16",
    seed: int = 0,
    accuracy: float = 0.0,
    quick: Quick | None = None,
) -> Run:
    """The run of a subject on small cases."""
    targets = tuple(t for model in models for t in parse_targets(model))
    setup = Setup((RightOracle(),), Tolerance(accuracy=accuracy), thorough=False)
    return verify_plan(subject, Plan(targets, cases, (dtype,), seed, SMALL, quick), setup).run


@pytest.mark.parametrize("dtype", ["bfloat16", "float64"])
def test_right_code_passes_and_it_is_known_what_would_not(dtype: str) -> None:
    """Nothing is found; the smallest systematic error that would be is far below one entry's."""
    run = run_of(RoundedOnce(), "lstm", dtype=dtype)
    floors = {floor.parameter: floor.floor for floor in run.systematic_floors}
    of_entries = {row.parameter: row.floor_any for row in run.rows if row.floor_any > 0}

    assert run.verdict is Verdict.PASS
    assert run.systematic == ()
    assert {"W_xh_l0", "W_hh_l0", "b_h_l0", "x", "h0", "c0"} <= set(floors)
    assert all(floors[n] < 0.1 * of_entries[n] for n in floors if n in of_entries)
    assert all(abs(f.estimate) < f.floor for f in run.systematic_floors)


@pytest.mark.parametrize(("factor", "dtype"), [(1.02, "bfloat16"), (0.995, "float16")])
def test_factor_below_the_rounding_of_an_entry_is_found(factor: float, dtype: str) -> None:
    """All cases pass; together they say which gradient is off, by how much, and how surely."""
    run = run_of(scaled(factor, "W_hh"), "rnn-tanh", dtype=dtype)
    (found,), (failure,) = run.systematic, run.failures

    assert set(run.cases) <= {"pass", "inconclusive"}
    assert run.verdict is found.verdict is failure.verdict is Verdict.FAIL
    assert (found.parameter, found.kind, found.name) == ("W_hh_l0", "whole", "")
    assert abs(found.estimate - (factor - 1.0)) < 4.0 * found.uncertainty < 0.002
    assert found.share > 0.9
    assert found.chance < 1e-6
    assert failure.kind is CaseKind.SYSTEMATIC
    assert f"{1.0 + found.estimate:.6g}" in failure.message
    assert "W_hh_l0 is wrong, by less than rounding leaves in one entry" in failure.message
    verdicts = {row.parameter: (row.verdict, row.reason_kind) for row in run.rows}
    assert verdicts["W_hh_l0"] == (Verdict.FAIL, Reason.SYSTEMATIC)
    assert verdicts["W_xh_l0"] == (Verdict.PASS, Reason.NONE)


def without(term: str, share: float) -> RoundedOnce:
    """With so much of what comes through a term missing."""

    def change(case: Case, grads: Grads) -> Grads:
        lost = shares_of_terms(case)[term]
        return {name: g - share * lost[name] for name, g in grads.items()}

    return RoundedOnce(change, f"without {share} of {term}")


@pytest.mark.parametrize(
    ("model", "term", "names"),
    [
        ("lstm", "a_f", {"a_f", "f"}),
        ("gru", "h_z", {"h_z", "z", "z_t"}),
        ("rnn-tanh", "h_prev", {"h_prev", ""}),
    ],
)
def test_part_of_a_term_that_is_missing_is_found_by_name(
    model: str, term: str, names: set[str]
) -> None:
    """Three hundredths of what comes through a gate: its name, and that number."""
    run = run_of(without(term, 0.03), model)

    assert run.verdict is Verdict.FAIL
    assert {found.name for found in run.systematic} <= names
    for found in run.systematic:
        assert abs(found.estimate + 0.03) < max(6.0 * found.uncertainty, 0.002)


def test_arithmetic_that_truncates_is_imprecise_by_name() -> None:
    """Code not ours in plain arithmetic: cut off it is off in one direction, to nearest not."""
    truncating = run_of(RoundedResults(Numpy(), truncate=True), "gru")
    nearest = run_of(RoundedResults(Numpy()), "gru")

    assert truncating.verdict is Verdict.IMPRECISE
    assert {(f.kind, f.name) for f in truncating.systematic} == {("arithmetic", "truncating")}
    assert "arithmetic that rounds towards zero" in truncating.failures[0].message
    assert nearest.verdict is Verdict.PASS
    assert nearest.systematic == ()


def test_of_few_cases_nothing_is_claimed() -> None:
    """Not even where the error is plain: ten cases of either sign are often alike by chance."""
    run = run_of(scaled(1.02, "W_hh"), "rnn-tanh", cases=10)

    assert run.systematic == ()
    assert run.systematic_floors == ()
    assert not run.verdict.failing


def test_few_cases_of_many_models_are_put_together() -> None:
    """The models of a family together have enough; each failing gradient is told once for all."""
    models = ("rnn-tanh", "rnn-tanh+mse", "rnn-tanh+bce", "rnn-tanh+2layers", "rnn-tanh+linear")
    wrong = run_of(scaled(1.02, "W_hh"), *models, cases=9)
    right = run_of(RoundedOnce(), *models, cases=9)

    assert [(f.model, f.parameter) for f in wrong.systematic] == [("rnn-tanh", "W_hh_l0")]
    assert wrong.verdict is Verdict.FAIL
    off = {(r.model, r.parameter) for r in wrong.rows if r.reason_kind is Reason.SYSTEMATIC}
    assert {name for _, name in off} == {"W_hh_l0"}
    assert {model for model, _ in off} == set(models)
    assert right.systematic == ()
    assert {f.parameter for f in right.systematic_floors} >= {"W_hh_l0", "W_xh_l0", "x", "h0"}


@pytest.mark.parametrize("how", [{"accuracy": 0.05}, {"quick": Quick()}])
def test_nothing_is_said_of_declared_accuracy_or_in_a_quick_run(how: dict[str, Any]) -> None:
    """One may be off by that much in any direction; the other has no time, and says so."""
    run = run_of(scaled(1.02, "W_hh"), "rnn-tanh", cases=40, **how)

    assert run.systematic == run.systematic_floors == ()
    assert run.verdict is Verdict.PASS


def test_nothing_more_is_said_of_a_model_that_is_wrong_by_itself() -> None:
    """An error that cases show needs no statistics."""
    run = run_of(scaled(2.0, "W_hh"), "rnn-tanh")

    assert run.verdict is Verdict.FAIL
    assert run.systematic == ()
    assert {f.kind for f in run.failures} == {CaseKind.WRONG_GRADIENT}


def test_fresh_cases_without_an_answer_are_no_evidence() -> None:
    """What stood out is confirmed by cases that the run did not have, or not at all."""
    (target,) = parse_targets("rnn-tanh")
    of_run = set(Plan((target,), 60, ("bfloat16",), 0, SMALL).specs(target))
    asked: list[bool] = []

    def only_those(case: Case) -> Any:
        asked.append(case.spec in of_run)
        if not asked[-1]:
            raise Unsupported("another case")
        return scaled(1.02, "W_hh")(case)

    run = run_of(only_those, "rnn-tanh")

    assert not all(asked)
    assert run.systematic == ()
    assert run.verdict is Verdict.PASS


def test_an_error_that_all_cases_of_a_recurrence_share_is_found() -> None:
    """A twentieth too much is a few units of bfloat16 in any one entry."""
    pytest.importorskip("torch")
    from support import decayed_sums as code

    wrong = bc.verify_against(
        code.sums_slightly_off, code.plain_sums, code.INPUTS, 30, ("bfloat16",)
    )
    (found,) = wrong.run.systematic

    assert wrong.verdict == "fail"
    assert {f.kind for f in wrong.failures} == {CaseKind.SYSTEMATIC}
    assert (found.parameter, found.model, found.dtype) == ("x", "plain_sums", "bfloat16")
    assert abs(found.estimate - 0.05) < 4.0 * found.uncertainty
    assert "x is wrong, by less than rounding leaves in one entry" in wrong.message
    assert "cases=30, dtypes=('bfloat16',), seed=0" in wrong.message


def test_a_right_kernel_shares_none_and_it_is_known_what_would_be_found() -> None:
    """Below a twentieth, in every gradient that has a floor."""
    pytest.importorskip("torch")
    from support import decayed_sums as code

    run = bc.verify_against(code.sums, code.plain_sums, code.INPUTS, 30, ("bfloat16",)).run

    assert run.verdict is Verdict.PASS
    assert run.systematic == ()
    assert {floor.parameter for floor in run.systematic_floors} >= {"x", "decay"}
    assert all(floor.floor < 0.05 for floor in run.systematic_floors)
