"""Budgets and judgement: every verdict a case can get, and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import FrozenInstanceError, dataclass, replace
from typing import Any

import numpy as np
import pytest
from support.right import right

from bptt_check import oracles
from bptt_check.cases.case import Case, Spec
from bptt_check.cases.model import Model
from bptt_check.cases.precision import PRECISIONS
from bptt_check.cases.result import Result
from bptt_check.equations.conditioning import Conditioning
from bptt_check.equations.exact import exact_gradients
from bptt_check.errors import Undecidable
from bptt_check.runs.check import Setup, check_case
from bptt_check.runs.failures import check_in_detail
from bptt_check.verdicts.budget import Budgets, Tolerance
from bptt_check.verdicts.case_report import CaseReport
from bptt_check.verdicts.difference import Difference
from bptt_check.verdicts.oracle_disagreement import disagreement
from bptt_check.verdicts.row import is_imprecise, judge_gradient, not_judged
from bptt_check.verdicts.verdict import Reason, Verdict, decisive, sentence, worst

U64, U32 = PRECISIONS["float64"].unit, PRECISIONS["float32"].unit
Gradients = dict[str, np.ndarray]


# --- budgets ------------------------------------------------------------------------------------


def conditioning_of(size: float, dtype: str = "float64", **shapes: Any) -> Conditioning:
    """The same conditioning everywhere."""
    return Conditioning(dtype, size, {n: np.full(s, size) for n, s in shapes.items()})


def budgets_of(
    size: float = 1.0,
    units: float = 32.0,
    dtype: str = "float64",
    bounds: Mapping[str, np.ndarray] | None = None,
    **shapes: Any,
) -> Budgets:
    """Budgets with the same conditioning for subject and oracle; of one `b` of four by default."""
    shapes = shapes or {"b": 4}
    own, exact = (conditioning_of(size, d, **shapes) for d in (dtype, "float64"))
    return Budgets(Tolerance(units), own, exact, bounds)


def difference(got: Any, want: Any, name: str = "b") -> Difference:
    """The difference of two lists."""
    return Difference(name, np.array(got, dtype=float), np.array(want, dtype=float))


@pytest.mark.parametrize(("dtype", "u"), [("float64", U64), ("float32", U32)])
def test_the_budget_is_its_formula(dtype, u):
    """`units * (u_s k_s + u_64 k_64) + bound`, and what a dtype may flush to zero."""
    budgets = budgets_of(5.0, 32.0, dtype, {"b": np.array([0.0, 1.0, 0.0, np.inf])})
    rounding = 32.0 * (5.0 * u + 5.0 * U64) + PRECISIONS[dtype].tiniest

    assert budgets.of("b").tolist() == [rounding, rounding + 1.0, rounding, np.inf]
    assert budgets.of_loss() == rounding


def test_zero_units_are_zero():
    """Zero means zero and not unset: only the oracle's own bound is left."""
    budgets = budgets_of(5.0, 0.0, bounds={"b": np.full(4, 1e-9)})

    assert np.allclose(budgets.of("b"), 1e-9, rtol=1e-15)
    assert judge_gradient(difference([1e-8, 1, 1, 1], [0, 1, 1, 1]), "o", budgets).verdict == "fail"


def test_the_tolerance_is_one_frozen_number():
    """It is passed whole, and nobody changes it on the way."""
    with pytest.raises(FrozenInstanceError):
        Tolerance().units = 1e9  # type: ignore[misc]


@pytest.mark.parametrize("size", [4, 4000])
def test_no_budget_grows_with_the_size_of_an_array(size):
    """One wrong entry among thousands is as wrong as one among four."""
    want = np.ones(size)
    got = want.copy()
    got[size // 2] += 1e-12
    row = judge_gradient(difference(got, want), "o", budgets_of(b=size))

    assert (row.verdict, row.wrong, row.index) == ("fail", 1, (size // 2,))
    assert row.budget == pytest.approx(64 * U64, rel=1e-12)


# --- one gradient against one oracle ------------------------------------------------------------


def test_a_right_gradient_passes():
    """Within budget, and large enough that its absence would have shown."""
    row = judge_gradient(difference([1 + 1e-15, 2, 3, 0], [1, 2, 3, 0]), "torch", budgets_of())

    assert (row.verdict, row.reason) == ("pass", "")
    assert (row.parameter, row.oracle, row.entries, row.wrong) == ("b", "torch", 4, 0)
    assert row.decided == 3
    assert row.max_budgets == pytest.approx(1.11e-15 / (64 * U64), rel=1e-2)


def test_chaos_is_the_reason_also_where_there_are_kinks():
    """Which decides nothing, whatever subgradient is taken."""
    lost = {"b": np.full(4, np.inf)}
    subject = replace(conditioning_of(1.0, b=4), kinks={"b": np.ones(4)}, lost=lost)
    row = judge_gradient(
        difference([9, 9, 9, 9], [1, 2, 3, 4]), "o", replace(budgets_of(), subject=subject)
    )

    assert (row.verdict, row.reason) == (
        "inconclusive",
        "rounding in float64 grows until trajectories diverge, which explains any value",
    )


def test_a_wrong_gradient_fails_at_its_worst_entry():
    """The worst entry is the one with most budgets, not with the largest error."""
    budgets = replace(budgets_of(), subject=conditioning_of(1.0, b=4))
    budgets.subject.grads["b"][0] = 1e6
    row = judge_gradient(difference([1 + 1e-10, 2, 3 + 1e-11, 4], [1, 2, 3, 4]), "o", budgets)

    assert (row.verdict, row.index, row.wrong) == ("fail", (2,), 1)
    assert (row.got, row.want) == (3 + 1e-11, 3.0)
    assert row.max_abs == pytest.approx(1e-10, rel=1e-4)
    assert row.max_rel == pytest.approx(1e-10, rel=1e-4)
    assert row.max_budgets == pytest.approx(1e-11 / row.budget, rel=1e-4)


@pytest.mark.parametrize("got", [[0, 0, 0, 0], [1e-16, 0, 0, 0]])
def test_a_gradient_below_its_budget_is_vacuous(got):
    """Where the truth is lost in rounding, zero would pass as well, and so nothing passes."""
    row = judge_gradient(difference(got, [1e-16, 1e-17, 0, -1e-16]), "o", budgets_of())

    assert (row.verdict, row.decided) == ("inconclusive", 0)
    assert row.reason == "vacuous: the true gradient lies below the budget"


def test_an_error_in_a_vacuous_gradient_still_fails():
    """Something large where nothing should be is wrong."""
    row = judge_gradient(difference([1e-3, 0, 0, 0], [0, 0, 0, 0]), "o", budgets_of())

    assert (row.verdict, row.max_rel) == ("fail", np.inf)


def test_a_kink_everywhere_is_inconclusive():
    """Where no entry has a finite bound nothing is decided, however large the error."""
    budgets = budgets_of(bounds={"b": np.full(4, np.inf)})
    row = judge_gradient(difference([9, 9, 9, 9], [1, 2, 3, 4]), "finite_difference", budgets)

    assert row.verdict == "inconclusive"
    assert row.reason == "a kink lies within the step of every entry"
    assert row.max_budgets == 0


def test_a_kink_somewhere_leaves_the_other_entries():
    """They pass or fail by themselves."""
    budgets = budgets_of(bounds={"b": np.array([np.inf, 0, 0, 0])})

    assert judge_gradient(difference([9, 2, 3, 4], [1, 2, 3, 4]), "o", budgets).verdict == "pass"
    assert judge_gradient(difference([1, 2, 3, 5], [1, 2, 3, 4]), "o", budgets).verdict == "fail"


@pytest.mark.parametrize(
    ("name", "verdict"), [("x", "pass"), ("h0", "pass"), ("b", "inconclusive")]
)
def test_what_cannot_influence_the_loss_must_be_zero(name, verdict):
    """An input that is cut off has a zero gradient that can be checked; a weight shows nothing."""
    budgets = budgets_of(0.0, **{name: 4})

    assert (
        judge_gradient(difference([0, 0, 0, 0], [0, 0, 0, 0], name), "o", budgets).verdict
        == verdict
    )
    assert (
        judge_gradient(difference([0, 1e-9, 0, 0], [0, 0, 0, 0], name), "o", budgets).verdict
        == "fail"
    )


def test_a_gradient_that_is_no_number_does_not_pass():
    """NaN compares as not larger than anything; it is wrong all the same."""
    assert (
        judge_gradient(difference([np.nan, 2, 3, 4], [1, 2, 3, 4]), "o", budgets_of()).verdict
        == "fail"
    )


def test_an_oracle_that_declines_has_a_row_with_its_reason():
    """Nothing was measured, which is not zero."""
    row = not_judged("x", "complex_step", Reason.DECLINED, "not for relu")

    assert (row.verdict, row.reason, row.entries, row.index) == (
        "unsupported",
        "not for relu",
        0,
        (),
    )
    assert np.isnan([row.max_abs, row.max_rel, row.max_ulps, row.max_budgets, row.got]).all()


@pytest.mark.parametrize(
    ("verdicts", "which"),
    [
        ((), "inconclusive"),
        (("pass",), "pass"),
        (("pass", "inconclusive"), "inconclusive"),
        (("pass", "imprecise", "fail"), "fail"),
        (Verdict, "error"),
        (reversed(Verdict), "error"),
    ],
)
def test_worst(verdicts, which):
    """From error to pass; nothing at all is inconclusive."""
    assert worst(map(Verdict, verdicts)) == which


@pytest.mark.parametrize(
    ("verdicts", "which"),
    [
        ((), "inconclusive"),
        (("pass", "inconclusive"), "pass"),
        (("unsupported", "inconclusive"), "inconclusive"),
        (("inconclusive", "pass", "imprecise"), "imprecise"),
        (Verdict, "error"),
    ],
)
def test_decisive(verdicts, which):
    """Failures win, then a pass, then whatever says why nothing was decided."""
    assert decisive(map(Verdict, verdicts)) == which


def test_verdict_is_its_string():
    """Users compare with strings, and files hold them."""
    assert [f"{v}" for v in Verdict] == [
        *("error", "contract", "fail", "imprecise"),
        *("inconclusive", "unsupported", "pass"),
    ]
    assert Verdict.PASS == "pass" != Verdict.FAIL
    assert {Verdict.FAIL: 1}["fail"] == 1
    with pytest.raises(ValueError, match="passed"):
        Verdict("passed")


DETAILS = {
    Reason.DECLINED: ("not for relu",),
    Reason.AT_KINK: (2, 7),
    Reason.CHAOTIC: ("float32",),
    Reason.OUT_OF_RANGE: ("numbers reach 1e400",),
    Reason.ORACLES_DISAGREE: ("W_hh_l0",),
    Reason.WORST_ENTRY: ("b_h_l0[1]",),
    Reason.NO_SINGLE_SLOPE: (0, 1),
}
"""What the sentences of some reasons need."""


def test_reasons_are_told_apart():
    """Each has a sentence of its own, with all of its numbers and names in it."""
    sentences = [sentence(reason, *DETAILS.get(reason, ())) for reason in Reason]

    assert len(set(sentences)) == len(sentences) == len(set(Reason))
    assert [reason for reason, text in zip(Reason, sentences, strict=True) if not text] == [""]
    for reason, details in DETAILS.items():
        assert all(str(detail) in sentence(reason, *details) for detail in details)


@pytest.mark.parametrize("reason", list(DETAILS))
def test_reason_without_its_details_is_refused(reason):
    """A sentence with a hole in it is never printed."""
    with pytest.raises(IndexError):
        sentence(reason)


def test_failing_and_decided_follow_the_order():
    """The four worst are failures, and beside them only a pass decides anything."""
    assert [v for v in Verdict if v.failing] == ["error", "contract", "fail", "imprecise"]
    assert {v for v in Verdict if v.decided} == {v for v in Verdict if v.failing} | {"pass"}
    assert [v.rank for v in Verdict] == [0, 1, 2, 3, 4, 5, 6]
    assert [v.failure_rank for v in Verdict] == [0, 1, 2, 3, 4, 4, 4]


# --- rounding of a lower precision --------------------------------------------------------------

RNG = np.random.default_rng(0)
TRUTH = {"W": RNG.uniform(0.5, 1.5, 40), "b": RNG.uniform(0.5, 1.5, 10)}
NOISE = {n: RNG.uniform(-1, 1, a.shape) * U32 for n, a in TRUTH.items()}
LOWER = conditioning_of(1.0, "float32", W=40, b=10)


def imprecise(errors: Gradients) -> bool:
    """Whether relative errors are taken for those of float32."""
    found = {
        n: Difference(n, a * (1 + errors.get(n, np.zeros(a.shape))), a) for n, a in TRUTH.items()
    }
    return is_imprecise(found, budgets_of(W=40, b=10), LOWER)


def test_errors_of_float32_are_imprecise():
    """Random errors of float32's size, in all gradients or in all entries of one."""
    assert imprecise(NOISE)
    assert imprecise({"W": NOISE["W"]})


def test_one_common_factor_is_a_formula():
    """A gradient scaled by 1 + 1e-7 has errors of that size too, but all alike."""
    assert not imprecise({n: np.full(a.shape, 1e-7) for n, a in TRUTH.items()})
    assert not imprecise({"b": np.full(10, -1e-7)})


def test_one_entry_is_a_formula():
    """Rounding does not pick one entry and leave the others right."""
    one = np.zeros(40)
    one[7] = 1e-7

    assert not imprecise({"W": one})
    assert not imprecise({"b": np.where(np.arange(10) < 3, NOISE["b"], 0.0)})


def test_larger_errors_are_a_formula():
    """Beyond the budget of float32 nothing is explained by float32."""
    assert not imprecise({n: 1e3 * a for n, a in NOISE.items()})


def test_no_error_is_not_imprecise():
    """There is nothing to explain."""
    assert not imprecise({})


# --- oracles among each other -------------------------------------------------------------------


def results(**values: Any) -> dict[str, Result]:
    """Oracles' results for a gradient `b` of four entries."""
    return {n: Result(0.0, {"b": np.array(v, dtype=float)}) for n, v in values.items()}


def test_agreeing_oracles_do_not_disagree():
    """Rounding and bounds are no disagreement."""
    found = results(one=[1, 2, 3, 4], two=[1 + 1e-15, 2, 3, 4], three=[1, 2, 3.001, 4])
    budgets = {n: budgets_of() for n in ("one", "two")}
    budgets["three"] = budgets_of(bounds={"b": np.full(4, 0.01)})

    assert disagreement(found, budgets) is None


def test_the_worst_entry_and_the_outvoted_are_named():
    """The oracle farthest from the median of at least three."""
    found = results(one=[1, 2, 3, 4], two=[1, 2, 3, 4], liar=[1.001, 2, 3.1, 4])
    worst_entry = disagreement(found, {n: budgets_of() for n in found})

    assert (worst_entry.parameter, worst_entry.index) == ("b", (2,))
    assert worst_entry.values == {"one": 3.0, "two": 3.0, "liar": 3.1}
    assert worst_entry.outvoted == "liar"


def test_two_oracles_outvote_nobody():
    """Who of two is wrong cannot be said."""
    found = results(one=[1, 2, 3, 4], two=[1, 2, 3, 5])

    assert disagreement(found, {n: budgets_of() for n in found}).outvoted == ""


def test_an_infinite_bound_disagrees_with_nobody():
    """An oracle that cannot tell excludes nothing."""
    found = results(one=[1, 2, 3, 4], two=[9, 9, 9, 9])
    budgets = {"one": budgets_of(), "two": budgets_of(bounds={"b": np.full(4, np.inf)})}

    assert disagreement(found, budgets) is None


# --- one case -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fake:
    """An oracle made of a function from the right gradients to its own."""

    name: str
    change: Callable[[Gradients], Gradients] = dict
    bounds: Mapping[str, np.ndarray] | None = None

    def __call__(self, case: Case) -> Result:
        return Result(right(case)[0], self.change(exact_gradients(case)), bounds=self.bounds)


def changed(change: Callable[[float, Gradients], Any]) -> Callable[[Case], Any]:
    """A subject made of a function of the right loss and gradients."""
    return lambda case: change(*right(case))


def scaled(name: str, factor: float) -> Callable[[Gradients], Gradients]:
    """One gradient times a factor."""
    return lambda grads: {**grads, name: grads[name] * factor}


def check(subject: Any, text: str = "lstm T=4", *others: Any, detail: bool = False) -> CaseReport:
    """A subject on one case, against an oracle that is right and others."""
    setup = Setup((Fake("truth"), *others))
    check = check_in_detail if detail else check_case
    return check(subject, Spec.parse(text).build(), setup)


def in_float32(case: Case) -> Any:
    """Right, but float32 inside."""
    loss, grads = right(replace(case, dtype="float32", spec=None))
    return np.float32(loss), {n: np.float64(np.float32(g)) for n, g in grads.items()}


def unknown(case: Case) -> Any:
    """Declines."""
    raise NotImplementedError


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


# --- oracles that lie, decline or break ---------------------------------------------------------


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


def test_one_oracle_s_word_against_another_s():
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
    report = check_case(right, case, Setup((oracles.load("complex_step"),)))

    assert report.verdict == "inconclusive"
    assert {r.verdict for r in report.rows} == {"unsupported"}


def test_a_wrong_loss_needs_no_oracle():
    """The expected loss comes from the shared forward pass."""
    case = Spec.parse("rnn-relu T=3").build()
    wrong = changed(lambda v, g: (2 * v, g))

    assert check_case(wrong, case, Setup((oracles.load("complex_step"),))).verdict == "fail"


def no_way_out() -> Case:
    """A relu that is off at every step: nothing reaches the loss, whatever the weights."""
    case = Spec.parse("rnn-relu+linear T=2 B=2 D=2 H=2").build()
    return case.with_inputs({"b_h_l0": np.full(2, -100.0)})


def test_a_vacuous_case_shows_nothing_about_its_weights():
    """Zeros are right there, and prove nothing."""
    report = check_case(right, no_way_out(), Setup((Fake("truth"),)))
    weights = {r.reason for r in report.rows if r.parameter not in ("x", "h0")}

    assert weights == {"vacuous: the true gradient lies below the budget"}


# --- two calls ----------------------------------------------------------------------------------


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


# --- two questions ------------------------------------------------------------------------------


def test_half_a_loss_with_half_a_gradient_is_the_derivative_of_its_own_loss():
    """Question 1 is answered apart from question 2."""
    half = changed(lambda v, g: (v / 2, {n: a / 2 for n, a in g.items()}))
    report = check(half, "rnn-tanh T=3 B=1 D=2 H=2 O=2", detail=True)

    assert report.verdict == "fail"
    assert report.parameter == "loss"
    assert (
        "your backward is right for your forward, but your forward is another model (or loss)"
        in report.message
    )
    assert "  error     " in report.message
    assert "your forward first differs at step 0" in report.message


def test_half_a_loss_with_a_whole_gradient_is_only_another_loss():
    """Then the gradients are those of the model."""
    report = check(changed(lambda v, g: (v / 2, g)), "rnn-tanh T=3 B=1 D=2 H=2 O=2", detail=True)

    assert "your gradients are those of the model, only the loss is another one" in report.message


def with_other_forward(case: Case) -> Any:
    """The right loss and gradient of another case: x is doubled from step 3 on."""
    x = case.x.copy()
    x[3:] *= 2.0
    loss, grads = right(case.with_inputs({"x": x}))
    grads["x"][3:] *= 2.0
    return loss, grads


@pytest.mark.parametrize("name", ["rnn-tanh", "lstm+last", "gru+mean+mse", "rnn-tanh+linear"])
def test_the_first_step_of_another_forward_is_found(name):
    """A forward that differs from step 3 on is found at step 3, from losses alone."""
    report = check(with_other_forward, f"{name} T=6 B=1 D=1 H=2 O=2", detail=True)

    assert report.verdict == "fail"
    assert "  your forward first differs at step 3\n" in report.message
    assert "your backward is right for your forward" in report.message


def hidden(case: Case) -> np.ndarray:
    """Top states of a one-layer tanh rnn, (T, B, H)."""
    h, states = case.h0[0], []
    p = case.params
    for x_t in case.x:
        h = np.tanh(x_t @ p["W_xh_l0"].T + h @ p["W_hh_l0"].T + p["b_h_l0"])
        states.append(h)
    return np.stack(states)


def test_offered_outputs_name_the_layer():
    """With `outputs` the first step and the first array are told."""

    def subject(case: Case) -> Result:
        x = case.x.copy()
        x[2:] *= 2.0
        other = case.with_inputs({"x": x})
        return Result(*right(other), outputs={"h_l0": hidden(other)})

    report = check(subject, "rnn-tanh T=4 B=1 D=1 H=2 O=2", detail=True)

    assert "your forward first differs at step 2, in h_l0" in report.message


def test_right_outputs_leave_the_loss():
    """Where every offered output is right, the loss itself is another one."""

    def subject(case: Case) -> Result:
        loss, grads = right(case)
        return Result(loss / 2, grads, outputs={"h_l0": hidden(case)})

    report = check(subject, "rnn-tanh T=4 B=1 D=1 H=2 O=2", detail=True)

    assert "every output that you offer is right: the loss itself is another one" in report.message


def test_the_model_of_a_case_need_not_be_ours():
    """A case made by hand has no spec, and says how to keep it."""
    zero = np.zeros((1, 1, 1))
    case = Case(
        model=Model("rnn", activation="identity", loss="linear"),
        params={"W_xh_l0": [[2.0]], "W_hh_l0": [[3.0]], "b_h_l0": [1.0]},
        x=zero + 1.0, h0=zero + 1.0, targets=zero + 1.0, cotangent_h_n=zero,
    )  # fmt: skip
    report = check_case(unknown, case, Setup((Fake("truth"),)))

    assert report.spec == ""
    assert "reproduce: bc.check(unknown, case)" in report.message


# --- clipping and updating ----------------------------------------------------------------------


class WithClip:
    """A right subject whose `clip` does something else."""

    name = "with_clip"

    def __init__(self, clip: Callable[..., Any]) -> None:
        self.clip = clip

    def __call__(self, case: Case) -> Any:
        return right(case)


def clipped(grads: Gradients, max_norm: float) -> Gradients:
    """Clipping by the global norm."""
    norm = np.sqrt(sum(float((g**2).sum()) for g in grads.values()))
    return {n: g * min(1.0, max_norm / norm) for n, g in grads.items()}


def leaves(grads: Gradients, max_norm: float) -> Gradients:
    """Ends the process."""
    raise SystemExit(0)


@pytest.mark.parametrize(
    ("clip", "verdict"),
    [
        (clipped, "pass"),
        (lambda grads, max_norm: grads, "fail"),
        pytest.param(
            lambda grads, max_norm: None,
            "error",
        ),
        pytest.param(
            leaves,
            "error",
        ),
    ],
)
def test_what_a_subject_does_with_its_gradients_cannot_spoil_the_run(clip, verdict):
    """`clip` is foreign code like the subject itself."""
    assert check(WithClip(clip)).verdict == verdict
