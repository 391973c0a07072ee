"""Errors over budget that are those of an arithmetic, and wrong formulas that are not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.right import RightOracle, right

from bptt_check.cases.case import Case, Spec
from bptt_check.cases.precision import PRECISIONS
from bptt_check.equations.arithmetics.on_grid import OnGrid
from bptt_check.equations.exact import gradients_in
from bptt_check.runs.check import Setup, check_case

RIGHT = Setup((RightOracle(),))
STAGNATING = (
    "lstm T=1 B=65 D=1 H=65 O=128 dtype=bfloat16 regime=sparse inputs=negative_zero "
    "initial_state=zero layout=fortran seed=47413"
)
TRUNCATING = (
    "lstm T=64 B=2 D=64 H=1 O=8 dtype=bfloat16 regime=vanishing inputs=alike "
    "initial_state=zero_c layout=expanded seed=11229"
)


def in_arithmetic(**how: Any) -> Any:
    """The right formula in plain arithmetic of the case's dtype."""

    def subject(case: Case) -> Any:
        found = gradients_in(case, OnGrid(PRECISIONS[case.dtype], **how))
        return right(case)[0], {n: g.astype(case.stored) for n, g in found.items()}

    return subject


@pytest.mark.parametrize(
    ("line", "how", "said"),
    [
        (STAGNATING, {"sums_in_turn": True}, "sums that are rounded after each addition"),
        (TRUNCATING, {"to_integer": np.trunc}, "arithmetic that rounds towards zero"),
    ],
)
def test_right_formula_in_such_arithmetic_is_imprecise_by_name(line, how, said) -> None:
    """Where the errors are over budget; to the nearest and with wide sums they are not."""
    case = Spec.parse(line).build()
    report = check_case(in_arithmetic(**how), case, RIGHT, ())

    assert report.verdict == "imprecise", report.message
    assert f"errors are no larger than those of {said}" in report.message
    assert check_case(in_arithmetic(), case, RIGHT, ()).verdict == "pass"


@pytest.mark.parametrize("line", [STAGNATING, TRUNCATING])
@pytest.mark.parametrize("names", [("b_y",), ("W_xh_l0", "W_hh_l0", "b_h_l0", "W_hy", "b_y", "x")])
def test_wrong_formula_is_not_taken_for_it(line, names) -> None:
    """Gradients that are too small, one or nearly all: off in one direction, and wrong."""

    def too_small(case: Case) -> Any:
        loss, grads = right(case)
        return loss, {n: g * (0.6 if n in names else 1.0) for n, g in grads.items()}

    report = check_case(too_small, Spec.parse(line).build(), RIGHT, ())

    assert report.verdict == "fail", report.message
    assert "is wrong" in report.message
