"""A right formula in an arithmetic that loses digits is imprecise, and the arithmetic is named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.few_bits import FewBits
from support.implementations import Numpy
from support.right import RightOracle, right

from bptt_check.cases.case import Case, Spec
from bptt_check.equations import low_precision
from bptt_check.equations.arithmetics.rounding_model import RoundingModel
from bptt_check.equations.rounding_errors import Conditioning
from bptt_check.runs.check import Setup, check_case
from bptt_check.verdicts.case_report import CaseReport

RIGHT = Setup((RightOracle(),))
TF32 = "errors are no larger than those of matrix products on 11 bits with float32 sums (TF32)"
BFLOAT16 = (
    "errors are no larger than those of matrix products on 8 bits with float32 sums (bfloat16)"
)
FLOAT32 = "errors are no larger than those of float32 inside"


def judged(subject: Any, text: str) -> CaseReport:
    """The report of a subject on one case, asked as little as possible."""
    return check_case(subject, Spec.parse(text).build(), RIGHT, ())


MODELS = ("rnn-tanh T=5", "lstm T=4", "gru+linear T=7 B=2", "lstm+2layers+mse T=3", "rnn-relu T=5")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("digits", "truncate", "said"),
    [(11, False, TF32), (11, True, TF32), (8, False, BFLOAT16), (8, True, BFLOAT16)],
)
@pytest.mark.parametrize("model", MODELS)
def test_products_on_few_bits_are_imprecise_by_name(model, digits, truncate, said, dtype):
    """Matrix units round the factors, or cut them off; the formula is right."""
    report = judged(FewBits(Numpy(), digits, truncate), f"{model} dtype={dtype}")

    assert report.verdict == "imprecise", report.message
    assert said in report.message


@pytest.mark.parametrize("model", MODELS[:3])
def test_products_on_all_bits_of_float32_are_float32(model):
    """What reads its factors in full is not said to round them."""
    subject = FewBits(Numpy(), 24)

    assert judged(subject, f"{model} dtype=float32").verdict == "pass"
    assert FLOAT32 in judged(subject, model).message


@pytest.mark.parametrize("digits", [11, 8])
@pytest.mark.parametrize(
    ("fault", "model"), [("carry_dh", "rnn-tanh T=5"), ("f_slope", "lstm T=4"), ("h_t", "gru T=5")]
)
def test_wrong_formula_on_few_bits_fails(fault, model, digits):
    """Few bits excuse no missing term."""
    report = judged(FewBits(Numpy(frozenset({fault})), digits), f"{model} dtype=float32")

    assert report.verdict == "fail"


@pytest.mark.parametrize("bits", [7, 10])
@pytest.mark.parametrize("model", MODELS[:3])
def test_errors_of_that_size_that_no_factor_explains_fail(model, bits):
    """Eight bits would explain many a wrong formula by the size of its errors."""

    def subject(case: Case) -> Any:
        loss, grads = right(case)
        draw = np.random.default_rng(1)
        return loss, {
            n: (g * (1 + draw.normal(size=g.shape) * 2.0**-bits)).astype(g.dtype)
            for n, g in grads.items()
        }

    assert judged(subject, f"{model} dtype=float32").verdict == "fail"


def test_what_float32_underflows_to_zero_is_float32_inside():
    """A softmax at 1e-110 is a number of float64 and none of float32."""
    text = "rnn-relu T=1 B=1 D=1 H=5 O=3 regime=saturated seed=0"
    report = judged(FewBits(Numpy(), 24), text)

    assert report.verdict == "imprecise", report.message
    assert FLOAT32 in report.message


def test_zeros_in_place_of_numbers_that_float32_has_fail():
    """The sibling: what float32 holds is not lost to underflow."""

    def subject(case: Case) -> Any:
        loss, grads = right(case)
        size = np.abs(grads["x"])
        return loss, grads | {"x": np.where(size == size.min(), 0.0, grads["x"])}

    assert judged(subject, "rnn-tanh T=5").verdict == "fail"


def off(name: str, change: Any) -> Any:
    """A subject whose gradient of that name is off by `change(entries)`."""

    def subject(case: Case) -> Any:
        loss, grads = right(case)
        wrong = (grads[name] + change(grads[name])).astype(case.stored)
        return loss, grads | {name: wrong}

    return subject


UNNAMED = "errors are too small for a wrong formula, and larger than the rounding that is known"


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    ("model", "name"), [("rnn-tanh T=3", "x"), ("lstm T=2", "b_h_l0"), ("gru T=4", "W_hy")]
)
def test_error_of_a_few_budgets_is_imprecise(model, name, dtype):
    """In one entry alone, which no arithmetic that is known by name would do."""
    text = f"{model} dtype={dtype}"
    evidence = judged(right, text).evidence
    assert evidence is not None
    budget = evidence.plain.of(name).flat[0]

    def first_entry_off_by(budgets: float) -> Any:
        return off(name, lambda g: np.eye(1, g.size).reshape(g.shape) * budgets * budget)

    assert judged(first_entry_off_by(0.5), text).verdict == "pass"
    few = judged(first_entry_off_by(4.0), text)
    assert few.verdict == "imprecise"
    assert UNNAMED in few.message or "keeps no digits" in few.message
    assert judged(first_entry_off_by(100.0), text).verdict == "fail"


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_in_half_precision_a_few_budgets_fail(dtype):
    """There they are as much as the gradient: a lost carry is eight budgets."""
    lost = Numpy(frozenset({"carry_dh"}))

    assert judged(lost, f"rnn-tanh T=5 dtype={dtype}").verdict == "fail"


@pytest.mark.parametrize("model", MODELS[:3])
def test_hundreds_of_budgets_that_are_spread_like_rounding_are_imprecise(model):
    """A layer that loses three digits is right; one factor, or one entry, is a formula."""

    def rounding(g: np.ndarray) -> np.ndarray:
        return 300 * 2.0**-48 * np.abs(g) * np.random.default_rng(2).uniform(-1, 1, g.shape)

    spread = off("x", rounding)
    factor = off("x", lambda g: 300 * 2.0**-48 * g)

    report = judged(spread, model)
    assert report.verdict == "imprecise", report.message
    assert max(r.max_budgets for r in report.rows) > 10
    assert judged(factor, model).verdict == "fail"


ONE = "rnn-tanh+linear T=1 B=1 H=1"
SEVERAL = [(model, 28, "fail") for model in MODELS[:3]]


@pytest.mark.parametrize(
    ("model", "digits", "verdict"),
    [(ONE, 28, "imprecise"), (f"{ONE} D=3", 26, "imprecise"), (ONE, 20, "fail"), *SEVERAL],
)
def test_one_factor_is_one_rounding_where_there_is_one_number(model, digits, verdict):
    """As float32 does to the only unit of the only step; several are not rounded alike."""

    def subject(case: Case) -> Any:
        loss, grads = right(case)
        return loss, {n: g * (1 + 2.0**-digits) for n, g in grads.items()}

    assert judged(subject, model).verdict == verdict


@pytest.mark.parametrize(("times", "verdict"), [(0.5, "pass"), (4.0, "imprecise"), (1e9, "fail")])
def test_loss_of_a_few_budgets_is_not_another_loss(times, verdict):
    """Layers that lose digits get no "your forward is another model"."""
    evidence = judged(right, "lstm T=4").evidence
    assert evidence is not None
    budget = evidence.plain.of_loss()

    def subject(case: Case) -> Any:
        loss, grads = right(case)
        return loss + times * budget, grads

    report = judged(subject, "lstm T=4")

    assert report.verdict == verdict
    assert ("the loss is not that of this model" in report.message) == (verdict == "fail")


@pytest.fixture
def simulated(monkeypatch: pytest.MonkeyPatch) -> list[RoundingModel]:
    """The arithmetics that are simulated beside that of the case."""
    asked: list[RoundingModel] = []
    simulate = low_precision.conditioning_in

    def recorded(case: Case, rounding: RoundingModel) -> Conditioning:
        asked.append(rounding)
        return simulate(case, rounding)

    monkeypatch.setattr(low_precision, "conditioning_in", recorded)
    return asked


@pytest.mark.parametrize("model", MODELS)
def test_a_wrong_formula_is_too_far_off_for_single_precision_to_be_simulated(model, simulated):
    """What a term is worth is a thousand times what any unit of float32 leaves of it."""
    report = judged(scaled(1.5), model)

    assert report.verdict == "fail"
    assert RoundingModel("float32") not in simulated


@pytest.mark.parametrize(("regime", "asked"), [("normal", False), ("saturated", True)])
def test_functions_without_digits_are_simulated_where_they_saturate(regime, asked, simulated):
    """Elsewhere a wrong formula is off by far more than they could lose."""
    report = judged(scaled(1.5), f"lstm T=4 regime={regime}")

    assert report.verdict == "fail"
    assert (RoundingModel("float64", keeps_digits=False) in simulated) == asked


@pytest.mark.parametrize("model", MODELS)
def test_errors_of_the_size_of_single_precision_have_it_simulated(model, simulated):
    """Else code that computes in it would be called wrong."""
    report = judged(FewBits(Numpy(), 24), model)

    assert FLOAT32 in report.message
    assert RoundingModel("float32") in simulated


def scaled(factor: float) -> Any:
    """Right code whose every gradient is a multiple."""

    def subject(case: Case) -> Any:
        loss, grads = right(case)
        return loss, {name: factor * gradient for name, gradient in grads.items()}

    return subject
