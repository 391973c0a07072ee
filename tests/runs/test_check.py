"""One case: every verdict it can get, whatever the subject and the oracles do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support.budgets import Gradients
from support.checks import Fake, changed, check, scaled, unknown
from support.right import right

from bptt_check import oracles
from bptt_check.cases.case import Case, Spec
from bptt_check.cases.model import Model
from bptt_check.cases.result import Result
from bptt_check.errors import LeftAlone, Undecidable
from bptt_check.runs.check import Setup, check_case, check_cases, trusted_results
from bptt_check.verdicts.case_report import CaseReport


def in_float32(case: Case) -> Any:
    """Right, but float32 inside."""
    loss, grads = right(replace(case, dtype="float32", spec=None))
    return np.float32(loss), {n: np.float64(np.float32(g)) for n, g in grads.items()}


SUBJECTS: dict[str, tuple[Any, str]] = {
    "right": (right, "pass"),
    "right in the ninth digit": (changed(lambda v, g: (v, scaled("x", 1 + 1e-9)(g))), "fail"),
    "one gradient of zeros": (changed(lambda v, g: (v, scaled("b_h_l0", 0.0)(g))), "fail"),
    "another sign": (changed(lambda v, g: (v, scaled("h0", -1.0)(g))), "fail"),
    "another loss": (changed(lambda v, g: (v * 1.001, g)), "fail"),
    "a loss in float32": (changed(lambda v, g: (float(np.float32(v)), g)), "imprecise"),
    "float32 inside": (in_float32, "imprecise"),
    "a missing gradient": (
        changed(lambda v, g: (v, {n: a for n, a in g.items() if n != "b_y"})),
        "contract",
    ),
    "NaN": (changed(lambda v, g: (v, scaled("W_hy", np.nan)(g))), "contract"),
    "float32 outside": (
        changed(lambda v, g: (v, {n: a.astype("f4") for n, a in g.items()})),
        "contract",
    ),
    "nothing": (lambda case: None, "contract"),
    "an exception": (unknown, "error"),
}


@pytest.mark.parametrize("name", SUBJECTS)
def test_every_verdict_of_a_case(name):
    """One subject for each way in which a case can go."""
    subject, verdict = SUBJECTS[name]
    report = check(subject)

    assert report.verdict == verdict
    assert report.passed == (verdict == "pass")
    assert bool(report.message) == (verdict != "pass")
    assert report.spec == "lstm T=4 B=3 D=4 H=5 O=3 seed=0"


def test_rows_of_a_failure():
    """The wrong gradient fails, the others pass, and the parameter is named."""
    report = check(changed(lambda v, g: (v, scaled("W_hh_l0", 1.5)(g))))
    verdicts = {r.parameter: r.verdict for r in report.rows}

    assert report.parameter == "W_hh_l0"
    assert verdicts.pop("W_hh_l0") == "fail"
    assert set(verdicts.values()) == {"pass"}


def test_structure_comes_before_value_and_value_before_derivative():
    """A subject that is wrong in every way is told the first one first."""
    everything = changed(lambda v, g: (2 * v, {n: 3 * a for n, a in g.items() if n != "b_y"}))
    wrong_loss = changed(lambda v, g: (2 * v, {n: 3 * a for n, a in g.items()}))
    wrong_gradient = changed(lambda v, g: (v, {n: 3 * a for n, a in g.items()}))

    assert check(everything).verdict == "contract"
    assert check(wrong_loss).parameter == "loss"
    assert "the loss is not that of this model" in check(wrong_loss).message
    assert "your forward is right (the loss agrees), your backward is wrong" in (
        check(wrong_gradient).message
    )


def test_gradients_that_are_not_offered_are_shown_as_such():
    """x and the initial states are optional; absent is not zero."""
    report = check(changed(lambda v, g: (v, {n: a for n, a in g.items() if n[0] in "Wb"})))
    reasons = {r.parameter: r.reason for r in report.rows if r.verdict == "unsupported"}

    assert report.verdict == "pass"
    assert reasons == dict.fromkeys(["x", "h0", "c0"], "not offered by the subject")


def test_a_lying_oracle_is_outvoted():
    """A wrong oracle does not fail a right subject: they disagree, and the message has names."""
    liar = Fake("liar", scaled("W_hy", 1.001))
    report = check(right, "lstm T=4", Fake("second"), liar)

    assert report.verdict == "inconclusive"
    assert "the oracles disagree at W_hy[" in report.message
    assert "outvoted: liar. Please report this case: it is a bug in one of them." in report.message
    assert {r.verdict for r in report.rows} == {"pass", "inconclusive"}
    assert {r.reason for r in report.rows if r.verdict == "inconclusive"} == {
        "the oracles disagree on W_hy"
    }


def test_two_oracles_that_disagree_outvote_nobody():
    """With two of them nobody is outvoted, and both values are shown."""
    report = check(right, "lstm T=4", Fake("liar", scaled("b_y", -1.0)))

    assert report.verdict == "inconclusive"
    assert "outvoted" not in report.message
    assert "  truth    " in report.message
    assert "  liar     " in report.message


def test_oracles_that_disagree_judge_nobody():
    """Not even a subject that is wrong in another gradient of that case."""
    subject = changed(lambda v, g: (v, scaled("b_y", -1.0)(g)))
    report = check(subject, "lstm T=4", Fake("second"), Fake("liar", scaled("W_hy", 1.001)))

    assert report.verdict == "inconclusive"


def test_an_oracle_that_declines_leaves_the_others():
    """Its rows have its reason."""

    def refuse(grads: Gradients) -> Gradients:
        raise Undecidable("not today")

    report = check(right, "lstm T=4", Fake("shy", refuse))
    shy = [r for r in report.rows if r.oracle == "shy"]

    assert report.verdict == "pass"
    assert len(shy) == 8
    assert {(r.verdict, r.reason) for r in shy} == {("unsupported", "not today")}


def test_an_oracle_that_breaks_leaves_the_others():
    """Its exception is its reason; the run goes on."""

    def broken(grads: Gradients) -> Gradients:
        raise ZeroDivisionError("oops")

    report = check(right, "lstm T=4", Fake("broken", broken))

    assert report.verdict == "pass"
    assert {r.reason for r in report.rows if r.oracle == "broken"} == {
        "raised ZeroDivisionError: oops"
    }


def test_an_oracle_without_a_number_fails_nobody():
    """An oracle that overflows has decided nothing."""

    def overflow(grads: Gradients) -> Gradients:
        return {**grads, "b_y": np.full(grads["b_y"].shape, np.nan)}

    assert check(right, "lstm T=4", Fake("overflow", overflow)).verdict in ("pass", "inconclusive")


def test_where_no_oracle_decides_the_case_is_inconclusive():
    """complex_step alone has nothing to say about relu."""
    case = Spec.parse("rnn-relu T=3").build()
    report = check_case(
        right, case, Setup((oracles.load_oracle("complex_step", every_entry=True),))
    )

    assert report.verdict == "inconclusive"
    assert {r.verdict for r in report.rows} == {"unsupported"}


def test_a_wrong_loss_needs_no_oracle():
    """The expected loss comes from the shared forward pass."""
    case = Spec.parse("rnn-relu T=3").build()
    wrong = changed(lambda v, g: (2 * v, g))

    assert (
        check_case(
            wrong, case, Setup((oracles.load_oracle("complex_step", every_entry=True),))
        ).verdict
        == "fail"
    )


def no_way_out() -> Case:
    """A relu that is off at every step: nothing reaches the loss, whatever the weights."""
    case = Spec.parse("rnn-relu+linear T=2 B=2 D=2 H=2").build()
    return case.with_inputs({"b_h_l0": np.full(2, -100.0)})


def test_a_gradient_below_its_budget_decides_nothing_about_weights():
    """Zeros are right there, and prove nothing."""
    report = check_case(right, no_way_out(), Setup((Fake("truth"),)))
    weights = {r.reason for r in report.rows if r.parameter not in ("x", "h0")}

    assert weights == {"vacuous: the true gradient lies below the budget"}


def calls_differ_by(size: float) -> Callable[[Case], Any]:
    """A subject with a relative error in x that grows with every call."""
    calls = [0]

    def subject(case: Case) -> Any:
        calls[0] += 1
        return changed(lambda v, g: (v, scaled("x", 1 + size * calls[0])(g)))(case)

    return subject


def test_two_answers_break_the_contract():
    """A subject that is not a function of its case cannot be checked."""
    report = check(calls_differ_by(1e-6))

    assert report.verdict == "contract"
    assert "two calls on the same case gave two answers, in x" in report.message


def test_two_answers_within_rounding_do_not():
    """Sums in another order are no other answer."""
    assert check(calls_differ_by(1e-16)).verdict == "pass"


def test_a_case_made_by_hand_has_no_spec():
    """A case made by hand has no spec, and says how to keep it."""
    zero = np.zeros((1, 1, 1))
    case = Case(
        model=Model("rnn", activation="identity", loss="linear"),
        params={"W_xh_l0": [[2.0]], "W_hh_l0": [[3.0]], "b_h_l0": [1.0]},
        x=zero + 1.0, h0=zero + 1.0, targets=zero + 1.0, cotangent_h_n=zero,
    )  # fmt: skip
    report = check_case(unknown, case, Setup((Fake("truth"),)))

    assert report.spec == ""
    assert "\nprint(bc.check(subject, case))" in report.message


# --- oracles ------------------------------------------------------------------------------------


def test_oracles_are_asked_one_by_one():
    """In the order of the cases; an exception takes the place of a result."""

    def oracle(case: Case) -> Result:
        if case.sizes.T == 2:
            raise Undecidable("not for T = 2")
        return Result(float(case.sizes.T), {})

    cases = [Spec.parse(f"lstm T={T}").build() for T in (1, 2, 3)]
    one, two, three = trusted_results(oracle, cases)

    assert (one.loss, three.loss) == (1.0, 3.0)
    assert isinstance(two, Undecidable)


def test_an_oracle_may_answer_many_cases_at_once():
    """One that has `many` is handed all of them."""
    asked: list[int] = []

    class Batched:
        def __call__(self, case: Case) -> Result:
            raise AssertionError

        def many(self, cases: Any) -> list[Result]:
            asked.append(len(cases))
            return [Result(float(c.sizes.T), {}) for c in cases]

    cases = [Spec.parse(f"lstm T={T}").build() for T in (1, 2, 3)]

    assert [r.loss for r in trusted_results(Batched(), cases)] == [1.0, 2.0, 3.0]
    assert asked == [3]


class Shy:
    """An oracle that has results for one case of a chunk alone, or for a case by itself.

    Args:
        proof: what it has for a case by itself.
    """

    name = "shy"

    def __init__(self, proof: Any = None) -> None:
        self.asked: list[int] = []
        self._proof = proof or (lambda case: Result(*right(case), proven=True, bounds=none(case)))

    def many(self, cases: Any) -> list[Any]:
        return [LeftAlone("not among others")] * len(cases)

    def __call__(self, case: Case) -> Result:
        self.asked.append(case.sizes.T)
        return self._proof(case)


def none(case: Case) -> dict[str, Any]:
    """Bounds of a proof that is exact."""
    return {n: np.zeros(a.shape) for n, a in case.inputs.items()}


def checked(subject: Any, shy: Shy) -> list[CaseReport]:
    """The reports of two cases, of which the other oracle knows all."""
    cases = [Spec.parse(f"lstm T={T}").build() for T in (1, 2)]
    return list(check_cases(subject, cases, Setup((Fake("truth"), shy))))


def wrong_for_two(case: Case) -> Any:
    """Right for T = 1, and for T = 2 off by half a gradient."""
    loss, grads = right(case)
    return loss, (scaled("b_y", 0.5)(grads) if case.sizes.T == 2 else grads)


def test_a_case_that_fails_is_asked_about_by_itself():
    """An oracle that left it alone among others has a proof for it then, and the report has it."""
    shy = Shy()
    passed, failed = checked(wrong_for_two, shy)

    assert shy.asked == [2]
    assert (passed.verdict, failed.verdict) == ("pass", "fail")
    assert failed.proven
    assert {r.verdict for r in passed.rows if r.oracle == "shy"} == {"unsupported"}


def test_a_case_that_passes_is_not():
    """Its rows say why that oracle left it alone."""
    shy = Shy()
    reports = checked(right, shy)

    assert shy.asked == []
    assert [r.verdict for r in reports] == ["pass", "pass"]
    assert {r.reason for r in reports[0].rows if r.oracle == "shy"} == {"not among others"}


def test_an_oracle_that_leaves_a_case_alone_by_itself_too_changes_nothing():
    """It is asked once, and the failure rests on the other one."""

    def too_large(case: Case) -> Result:
        raise LeftAlone("too large")

    shy = Shy(too_large)
    failed = checked(wrong_for_two, shy)[1]

    assert shy.asked == [2]
    assert failed.verdict == "fail"
    assert not failed.proven
    assert {r.reason for r in failed.rows if r.oracle == "shy"} == {"not among others"}
