"""A right formula in an arithmetic that loses digits is imprecise, and the arithmetic is named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.few_bits import FewBits
from support.implementations import Numpy
from support.right import RightOracle, right

from bptt_check.cases.case import Case, Spec
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


@pytest.mark.parametrize("bits", [10, 13])
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
