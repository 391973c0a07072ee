"""What is not finite: a breach where the truth is finite, nothing where no number could hold it."""

from __future__ import annotations

import math
from typing import Any

import bptt_reference
import numpy as np
import pytest
from support.implementations import Numpy

import bptt_check as bc
from bptt_check.equations.conditioning import conditioning
from bptt_check.equations.largest import largest_value
from bptt_check.equations.namespaces.recording import Recording
from bptt_check.subjects.calling import call
from bptt_check.verdicts.budget import Budgets, Tolerance
from bptt_check.verdicts.contract.breach_sentences import breach_sentence
from bptt_check.verdicts.contract.breaches import breaches
from bptt_check.verdicts.nonfinite import NotFinite, limits, overflow
from bptt_check.verdicts.verdict import Reason

ORACLES = ["complex_step"]
EXPLODES = "rnn-identity+linear T={T} B=1 D=1 H=3 regime=exploding dtype={dtype}"


def quiet(*faults: str) -> Any:
    """An implementation that overflows without a warning."""

    def subject(case: bc.Case) -> Any:
        with np.errstate(all="ignore"):
            return Numpy(frozenset(faults))(case)

    return subject


def with_nan(name: str, index: tuple[int, ...]) -> Any:
    """A right subject with NaN in one entry."""

    def subject(case: bc.Case) -> Any:
        loss, grads = Numpy()(case)
        grads[name][index] = np.nan
        return loss, grads

    return subject


def test_the_truth_is_told():
    """Where, what came, what belongs there and who says so."""
    case = bc.Spec.parse("lstm T=2 B=1 D=1 H=1 O=2").build()
    report = bc.check(with_nan("b_y", (1,)), case, oracles=ORACLES)
    truth = bc.check(Numpy(), case, oracles=ORACLES)
    (row,) = [r for r in truth.rows if r.parameter == "b_y"]
    want = row.want if row.index == (1,) else -row.want  # of two classes one gains what one loses

    assert (report.verdict, report.parameter) == ("contract", "b_y")
    start, _, by = report.message.splitlines()[1].rpartition(" (")
    assert start.startswith("  the gradient of b_y is nan at [1]; the truth there is finite: ")
    assert float(start.rpartition(" ")[2]) == pytest.approx(want, rel=1e-14)
    assert by == "by complex_step)"


@pytest.mark.parametrize(
    ("fault", "text", "says"),
    [
        (
            "no_shift",
            "lstm T=2 regime=exploding seed=1",
            "the largest logit of this case is 2989, and exp overflows float64 beyond 709.78: take "
            "the maximum out",
        ),
        (
            "no_shift",
            "lstm T=2 regime=exploding seed=1 dtype=float32",
            "and exp overflows float32 beyond 88.72: take the maximum out",
        ),
        (
            "naive_bce",
            "lstm+bce T=2 regime=exploding seed=1",
            "in float64 1 - sigmoid(z) is 0 from 36.74 on: take the loss of the logits",
        ),
        (
            "naive_bce",
            "lstm+bce T=2 regime=exploding seed=1 dtype=float32",
            "in float32 1 - sigmoid(z) is 0 from 16.64 on",
        ),
    ],
)
def test_why_is_told_where_it_is_so(fault, text, says):
    """The largest logit and the limit that it is beyond."""
    report = bc.check(quiet(fault), bc.Spec.parse(text).build(), oracles=ORACLES)

    assert report.verdict == "contract"
    assert says in report.message
    assert "the loss is nan; the truth there is finite: " in report.message
    assert f"bc.check(subject, '{bc.Spec.parse(text)}')" in report.message


def test_why_is_not_told_where_it_is_not():
    """NaN in a case without large numbers has another reason, which nobody knows."""
    report = bc.check(with_nan("x", (0, 0, 0)), bc.Spec.parse("lstm T=2").build(), oracles=ORACLES)

    assert "the truth there is finite" in report.message
    assert "largest" not in report.message


@pytest.mark.parametrize(
    ("T", "dtype", "size"), [(120, "float32", "reach "), (1000, "float64", "reach beyond float64")]
)
def test_a_case_out_of_range_decides_nothing(T, dtype, size):
    """A right implementation can only return infinity there, and is not blamed."""
    case = bc.Spec.parse(EXPLODES.format(T=T, dtype=dtype)).build()
    report = bc.check(quiet(), case, oracles=ORACLES)

    assert not all(np.isfinite(g).all() for g in quiet()(case)[1].values())
    assert report.verdict == "inconclusive"
    assert f"this case leaves the range of {dtype}" in report.message
    assert f"on the way to the true value numbers {size}" in report.message
    assert "not finite: " in report.message
    assert {r.verdict for r in report.rows if r.parameter == "W_hh_l0"} == {"inconclusive"}


def test_what_is_finite_behind_an_overflow_is_not_blamed():
    """At NaN relu has the slope 0: the gradients of right code are small numbers, and wrong."""
    pytest.importorskip("torch")
    text = "rnn-relu+linear T={} B=1 D=1 H=16 O=3 dtype=float32 regime=exploding seed=2"
    case = bc.Spec.parse(text.format(129)).build()
    with np.errstate(all="ignore"):
        loss, grads = bptt_reference.loss_and_grads(case)
        report = bc.check(bptt_reference.loss_and_grads, case, oracles=["torch"])

    assert np.isnan(loss)
    assert np.isfinite(grads["x"]).all()
    assert report.verdict == "inconclusive"
    assert {r.reason_kind for r in report.rows if r.parameter == "x"} == {Reason.OUT_OF_RANGE}

    within = bc.Spec.parse(text.format(40)).build()
    assert bc.check(Numpy(), within, oracles=["torch"]).verdict == "pass"
    assert bc.check(Numpy(frozenset(["no_slope"])), within, oracles=["torch"]).verdict == "fail"


def test_a_case_within_the_range_is_a_breach():
    """The sibling: shorter by some steps, everything can be held, and NaN is the subject's own."""
    case = bc.Spec.parse(EXPLODES.format(T=30, dtype="float32")).build()

    assert largest_value(case) < np.finfo("float32").max
    assert bc.check(quiet(), case, oracles=ORACLES).verdict == "pass"
    assert bc.check(with_nan("x", (0, 0, 0)), case, oracles=ORACLES).verdict == "contract"


def test_another_mistake_is_told_in_any_case():
    """Out of range or not, a missing gradient is missing."""

    def incomplete(case: bc.Case) -> Any:
        loss, grads = quiet()(case)
        return loss, {n: g for n, g in grads.items() if n != "b_h_l0"}

    case = bc.Spec.parse(EXPLODES.format(T=120, dtype="float32")).build()
    report = bc.check(incomplete, case, oracles=ORACLES)

    assert report.verdict == "contract"
    assert "the gradient of b_h_l0 is missing" in report.message


def test_an_oracle_without_the_truth_is_not_quoted():
    """Where no oracle knows it either, only what came is said."""
    case = bc.Spec.parse("lstm T=2").build()
    budgets = Budgets(Tolerance(), *(conditioning(case, "float64"),) * 2, None)
    answer = call(with_nan("x", (0, 0, 0)), case)
    unknown = {"finite_difference": bc.Result(1.0, {"x": np.full(case.x.shape, np.nan)})}

    for truths in ({}, unknown):
        found = breaches(case, answer, budgets, truths, 1.0)
        assert found.closing == (NotFinite(answer.breaches[0]),)
        assert breach_sentence(found.closing[0]) == "the gradient of x is nan at [0, 0, 0]"


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", ["log_softmax", "softplus", "sigmoid", "tanh"])
def test_the_limits_are_where_formulas_break(name, dtype):
    """Each textbook formula is finite just below its limit and not beyond it."""
    literal = {
        "log_softmax": np.exp,
        "softplus": lambda z: np.log(1 - 1 / (1 + np.exp(-z))),
        "sigmoid": np.exp,
        "tanh": lambda z: np.exp(2 * z),
    }[name]
    limit = limits(dtype)[name]
    with np.errstate(all="ignore"):
        below, beyond = literal(np.array([0.99 * limit, 1.01 * limit], dtype))

    assert np.isfinite(below)
    assert not np.isfinite(beyond)


@pytest.mark.parametrize(("largest", "told"), [(700.0, False), (-710.0, True)])
def test_a_reason_needs_an_argument_beyond_the_limit(largest, told):
    """Of either sign: exp(-z) overflows as well."""
    xp = Recording()
    xp.sigmoid(np.array([[0.5, largest]]))

    beyond = overflow("sigmoid", xp, "float64")

    assert (beyond is not None) == told
    if beyond is not None:
        assert (beyond.largest, beyond.dtype) == (710.0, "float64")
        assert breach_sentence(beyond).startswith(
            "the largest pre-activation of a sigmoid is 710, "
            "and exp overflows float64 beyond 709.78"
        )
    assert overflow("tanh", xp, "float64") is None


def test_the_sum_of_the_losses_counts():
    """Each sequence's is within the range of the dtype, all together are not."""
    text = "rnn-relu+2layers+bce T=2 B={} D=9 H=3 O=9 dtype=float16 regime=saturated seed=222"
    many, few = (bc.Spec.parse(text.format(B)).build() for B in (33, 1))

    def overflows(case: bc.Case) -> Any:
        loss, grads = quiet()(case)
        return (loss if loss < 65504 else np.inf), grads

    assert largest_value(many) > 65504 > largest_value(few)
    assert bc.check(overflows, many, oracles=["finite_difference"]).verdict == "inconclusive"
    assert bc.check(overflows, few, oracles=["finite_difference"]).verdict == "pass"


def test_partial_sums_count():
    """What cancels in the end still has to be held on the way."""
    case = bc.Spec.parse("rnn-identity+linear T=1 B=1 D=2 H=1").build()
    large = case.with_inputs({"x": np.array([[[1e300, -1e300]]])})

    assert math.isclose(
        largest_value(large), 1e300 * np.abs(case.params["W_xh_l0"]).sum(), rel_tol=0.1
    )
