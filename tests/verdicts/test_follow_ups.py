"""Subjects that are right when they are asked once, and what they remember."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support.right import RightOracle, right

import bptt_check as bc
from bptt_check.cases import contract as cases_contract
from bptt_check.cases.contract import FollowUp
from bptt_check.cases.follow_up import FollowUpCall, FollowUpKind, follow_up_case
from bptt_check.cases.precision import PRECISIONS
from bptt_check.cases.result import Result
from bptt_check.errors import Unsupported
from bptt_check.runs.check import Setup, check_case
from bptt_check.verdicts import measurement
from bptt_check.verdicts.budget import Tolerance
from bptt_check.verdicts.cause import ContractBroken, NoAnswer, WrongFollowUp
from bptt_check.verdicts.contract.breaches import KeptByShape
from bptt_check.verdicts.follow_ups import JudgedCall, plainly_right

LINE = "lstm T=3 B=2 D=2 H=3 O=2 seed=1"
ORACLES = ["complex_step"]
Answer = tuple[float, dict[str, Any]]


def check(subject: Callable[[bc.Case], Any], line: str = LINE) -> bc.CaseReport:
    """The report on one case."""
    return bc.check(subject, bc.Spec.parse(line).build(), ORACLES)


def key_of(case: bc.Case, *names: str) -> bytes:
    """Some arrays of a case as bytes."""
    arrays = {**case.inputs, "targets": case.targets}
    return b"|".join(arrays[name].tobytes() for name in names or arrays)


class Counting:
    """Wrong in one call of each case, and right in the others."""

    def __init__(self, wrong: int, change: Callable[[Any], Any] = lambda g: 2.0 * g) -> None:
        self.calls: dict[bytes, int] = {}
        self.wrong, self.change = wrong, change

    def __call__(self, case: bc.Case) -> Answer:
        """What is right, unless it is the call that is wrong."""
        key = key_of(case)
        self.calls[key] = self.calls.get(key, 0) + 1
        loss, grads = right(case)
        if self.calls[key] == self.wrong:
            grads["W_hh_l0"] = self.change(grads["W_hh_l0"])
        return loss, grads


class Keeping:
    """Keeps some gradients by a key, and gives them again."""

    def __init__(self, key: Callable[[bc.Case], Any], *names: str) -> None:
        self.kept: dict[Any, Answer] = {}
        self.key, self.names = key, names

    def __call__(self, case: bc.Case) -> Answer:
        """The right loss, and gradients of which some may be old."""
        loss, grads = right(case)
        _, old = self.kept.setdefault(self.key(case), (loss, grads))
        return loss, {**grads, **{name: old[name] for name in self.names or grads}}


def by_shape(case: bc.Case) -> Any:
    """A key that no number goes into."""
    return case.sizes


# --- each kind of call ------------------------------------------------------------------------


def test_a_third_call_that_is_wrong_is_found():
    """Two calls agree with each other and the truth; a graph that is replayed from then on."""
    report = check(Counting(wrong=3))

    assert (report.verdict, report.parameter) == ("fail", "W_hh_l0")
    assert report.cause.call.kind is FollowUpKind.THIRD_CALL
    assert report.message.splitlines()[0] == (
        "FAIL  lstm: right when asked once, but not in the third call: "
        "the gradient of W_hh_l0 is wrong"
    )
    assert "  wrong: W_hh_l0 (36 of 36)" in report.message.splitlines()
    assert {row.verdict for row in report.rows} == {"pass"}


def test_a_later_call_that_rounds_otherwise_is_right():
    """What differs is judged, not compared."""
    assert check(Counting(3, lambda g: g * (1.0 + 2.0**-50))).passed


def test_what_a_later_call_breaks_is_a_breach_of_the_contract():
    """A gradient that is not finite, or has another shape."""
    report = check(Counting(3, lambda g: g[:1]))

    assert (report.verdict, report.parameter) == ("contract", "W_hh_l0")
    assert report.message.splitlines()[0].startswith(
        "CONTRACT  lstm: right when asked once, but not in the third call: what came back"
    )


@pytest.mark.parametrize("name", ["W_hh_l0", "b_y", "x"])
def test_a_gradient_that_is_kept_by_shape_is_found_by_its_values(name):
    """One of them is enough, and the message says that it is the very same."""
    report = check(Keeping(by_shape, name))

    assert (report.verdict, report.parameter) == ("fail", name)
    assert report.cause.call.kind is FollowUpKind.OTHER_VALUES
    assert report.cause.unchanged == (name,)
    assert (
        f"  diagnosis: the very same came for the case itself: {name}; kept by shape?"
        in report.message.splitlines()
    )


def test_all_gradients_kept_by_shape_break_the_contract():
    """The sentence of old."""
    report = check(Keeping(by_shape))

    assert report.verdict == "contract"
    assert report.cause == ContractBroken((KeptByShape(),))
    assert "other arrays of the same shapes got the very same gradients" in report.message


def nearly_dead(dtype: str) -> bc.Case:
    """A relu that is off: all gradients are 0 but that of the bias of the output, about -2."""
    one = np.ones((1, 1, 1))
    weights = {n: np.full((1, 1), 0.5) for n in ("W_xh_l0", "W_hh_l0", "W_hy")}
    return bc.Case(
        model=bc.Model("rnn", activation="relu", loss="mse"),
        params=weights | {"b_h_l0": [-8.0], "b_y": [1e-4]},
        x=one, h0=0.5 * one, targets=one, dtype=dtype,
    )  # fmt: skip


@pytest.mark.parametrize(("dtype", "verdict"), [("bfloat16", "pass"), ("float32", "contract")])
def test_gradients_that_differ_by_less_than_rounding_may_be_the_very_same(dtype, verdict):
    """-1.9998 and -1.99985 are both -2 in eight digits; who has more of them has kept one."""

    def subject(case: bc.Case) -> Answer:
        loss, grads = right(case)
        return loss, {n: PRECISIONS["bfloat16"].rounded(a) for n, a in grads.items()}

    def keeping(case: bc.Case) -> Answer:
        return right(case)[0], right(nearly_dead(dtype))[1]

    report = check_case(
        subject if dtype == "bfloat16" else keeping, nearly_dead(dtype), Setup((RightOracle(),))
    )

    assert report.verdict == verdict, report.message


@pytest.mark.parametrize("line", [LINE, "gru+bce T=2", "gru+mse T=2"])
def test_an_answer_that_is_kept_whatever_the_targets_is_found(line):
    """Its key is all inputs, and the loss is right."""
    names = tuple(bc.Spec.parse(line).build().inputs)
    report = check(Keeping(lambda case: key_of(case, *names), "x"), line)

    assert (report.verdict, report.parameter) == ("fail", "x")
    assert report.cause.call.kind is FollowUpKind.OTHER_TARGETS
    assert "right when asked once, but not for other targets alone:" in report.message


def test_an_answer_that_is_kept_whatever_the_cotangents_is_found():
    """In a run not every case is asked for all that a linear loss says."""
    case = bc.Spec.parse("lstm+linear T=3 B=2 D=2 H=2").build()
    subject = Keeping(lambda case: key_of(case, *case.inputs), "x")
    calls = [FollowUpCall(FollowUpKind.OTHER_TARGETS)]
    report = check_case(subject, case, Setup((RightOracle(),)), calls)

    assert (report.verdict, report.parameter) == ("fail", "x")
    assert "right when asked once, but not for other cotangents alone:" in report.message


def test_an_answer_that_is_kept_by_everything_is_right():
    """The right sibling: a cache is no mistake."""
    assert check(Keeping(key_of)).passed


def test_a_case_asked_again_after_others_is_judged_again():
    """A cache of one place for each shape that is written under the wrong key."""
    last: dict[Any, bytes] = {}
    seen: dict[bytes, int] = {}

    def subject(case: bc.Case) -> Answer:
        loss, grads = right(case)
        key = key_of(case)
        comes_back = seen.get(key, 0) and last[case.sizes] != key
        seen[key], last[case.sizes] = 1, key
        return loss, {n: -g if comes_back else g for n, g in grads.items()}

    report = check(subject)

    assert report.verdict == "fail"
    assert report.cause.call.kind is FollowUpKind.AFTER_OTHERS
    assert report.cause.after == 2
    assert "right when asked once, but not when asked again after 2 other cases:" in report.message
    assert report.explanation.reproduction.endswith(f"print(bc.check(subject, '{LINE}'))")
    assert "seen: dict" not in report.explanation.reproduction
    assert "\nseen = {}\n" in report.explanation.reproduction


def test_an_error_in_a_later_call_counts():
    """It says in which."""

    def raising(gradient: Any) -> Any:
        raise RuntimeError("state left over")

    report = check(Counting(3, raising))

    assert report.verdict == "error"
    assert isinstance(report.cause.cause, NoAnswer)
    assert report.message.splitlines()[0].startswith(
        "ERROR  lstm: right when asked once, but not in the third call: the subject raised Runtime"
    )


def test_other_values_may_be_declined():
    """A subject need not take numbers that it was not asked for."""

    def shy(case: bc.Case) -> Answer:
        if case.spec is None:
            raise Unsupported("only cases with a spec")
        return right(case)

    assert check(shy).passed


@pytest.mark.parametrize("line", [LINE, "lstm+linear T=2", "gru+mean T=4 regime=sparse"])
def test_a_right_subject_passes_every_call(line):
    """On arrays that are zero, one-hot or repeated, too."""
    assert check(right, line).passed


def test_a_case_that_is_wrong_itself_is_reported_as_that():
    """Further calls say nothing of it."""
    report = check(lambda case: (right(case)[0], {n: 2 * g for n, g in right(case)[1].items()}))

    assert report.verdict == "fail"
    assert not isinstance(report.cause, WrongFollowUp)


# --- in a run ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [
        lambda: Counting(3),
        lambda: Keeping(by_shape, "W_hh_l0"),
        lambda: Keeping(lambda case: key_of(case, *case.inputs), "W_hh_l0"),
    ],
)
@pytest.mark.parametrize("seed", range(3))
def test_a_run_finds_each_within_a_few_cases(make, seed):
    """Its failure is on a small case, and shows again there."""
    report = bc.verify(make(), ["lstm"], cases=16, oracles=ORACLES, seed=seed)
    (failure,) = report.failures
    again = bc.check(make(), bc.Spec.parse(failure.spec).build(), ORACLES)

    assert (failure.verdict, failure.parameter) == ("fail", "W_hh_l0")
    assert "wrong: W_hh_l0" in failure.message
    assert failure.diagnoses == ()
    assert (again.verdict, again.parameter) == (failure.verdict, failure.parameter)


@pytest.mark.parametrize("kind", list(FollowUpKind))
def test_every_kind_of_call_that_can_be_wrong_has_words(kind):
    """None is left without its part of the sentence."""
    from bptt_check.cases.follow_up import NO_ANSWERS
    from bptt_check.verdicts.sentences.follow_up_sentences import when

    case = bc.Spec.parse(LINE).build()
    if kind not in NO_ANSWERS:
        cause = WrongFollowUp(FollowUpCall(kind, ("x", "h0")), 3, case, NoAnswer("died"), ())
        assert when(cause)


def test_a_run_of_right_code_has_no_failure():
    """Over all kinds of calls, and both precisions."""
    report = bc.verify(
        right,
        ["lstm", "gru+linear", "rnn-relu+bce+lengths"],
        cases=16,
        oracles=["complex_step", "finite_difference"],
        dtypes=["float64", "float32"],
    )

    assert report.passed, report.message
    assert np.isfinite(report.rows[0].max_budgets)


def judged(factor: float, spec: str = LINE) -> JudgedCall:
    """A further call on other values, answered by the truth times a factor."""
    case = bc.Spec.parse(spec).build()
    other = follow_up_case(case, FollowUpCall(FollowUpKind.OTHER_VALUES))
    assert other is not None
    truth = RightOracle()(other)
    got = Result(truth.loss, {n: g * factor for n, g in truth.grads.items()})
    follow_up = FollowUp(FollowUpCall(FollowUpKind.OTHER_VALUES), cases_contract.Answer(got))
    return JudgedCall(follow_up, other, {"truth": truth})


@pytest.mark.parametrize(("units", "plain"), [(0, True), (8, True), (64, False), (1e6, False)])
def test_what_differs_by_few_roundings_is_right_without_a_simulation(units, plain):
    """Half of what is allowed of the rounding of a value alone; beyond it, it is simulated."""
    call = judged(1.0 + units * PRECISIONS["float64"].unit)

    assert plainly_right(call, Tolerance()) == plain


def test_an_answer_that_is_no_number_is_not_plainly_right():
    """Nor one without gradients, nor one against nothing."""
    call = judged(1.0)
    nothing = replace(call, results={})
    without = replace(
        call, follow_up=replace(call.follow_up, answer=cases_contract.Answer(Result(1.0, {})))
    )

    assert not plainly_right(judged(float("nan")), Tolerance())
    assert not plainly_right(nothing, Tolerance())
    assert not plainly_right(without, Tolerance())


@pytest.mark.parametrize(("subject", "simulated"), [("right", 1), ("off", 2)])
def test_rounding_is_not_simulated_for_calls_that_are_plainly_right(
    monkeypatch, subject, simulated
):
    """Of a right subject for the case alone; of one that is off by more, for a further call too."""
    cases: list[bc.Case] = []
    whole = measurement.conditioning

    def counted(case: bc.Case, dtype: str) -> Any:
        cases.append(case)
        return whole(case, dtype)

    monkeypatch.setattr(measurement, "conditioning", counted)
    case = bc.Spec.parse(LINE).build()
    calls = (FollowUpCall(FollowUpKind.OTHER_VALUES),)
    asked = {"right": right, "off": off_in_other_values}[subject]

    check_case(asked, case, Setup((RightOracle(),)), calls)

    assert len({id(case) for case in cases}) == simulated


def off_in_other_values(case: bc.Case) -> Answer:
    """Off by some thousand roundings where the values are others."""
    loss, grads = right(case)
    first = bc.Spec.parse(LINE).build()
    other = not np.array_equal(case.x, first.x)
    return loss, {n: g * (1.0 + other * 2.0**-42) for n, g in grads.items()}
