"""Hardware without numbers below the normal ones: right code passes on it, too."""

from __future__ import annotations

from typing import Any

import bptt_reference
import numpy as np
import pytest
from support.right import RightOracle

import bptt_check as bc
from bptt_check.cases.precision import PRECISIONS
from bptt_check.equations.arithmetics.rounding_model import SAMPLES
from bptt_check.equations.conditioning import conditioning
from bptt_check.equations.discontinuities.flushing import change_by_flushing
from bptt_check.equations.network import problem_of
from bptt_check.runs.check import Setup, check_case

TINIEST = PRECISIONS["float32"].tiniest
CASES = [
    "rnn-tanh+nobias+mse T=1 B=1 D=1 H=1 O=1 regime=saturated inputs=subnormal initial_state=zero",
    "lstm+nobias T=1 B=1 D=1 H=2 O=2 regime=saturated inputs=subnormal initial_state=zero",
    "rnn-relu+nobias+linear T=1 B=2 D=1 H=3 O=1 inputs=subnormal initial_state=zero",
    "rnn-relu+nobias+linear T=20 B=1 D=1 H=3 O=1 regime=exploding inputs=subnormal "
    "initial_state=zero",
]
"""What such an input is multiplied by may be as large as 60, and a relu of it has another slope."""


def flushes(below: float) -> Any:
    """A right implementation that takes inputs whose size is below a limit for zero."""

    def subject(case: bc.Case) -> Any:
        x = np.where(np.abs(case.x) < below, 0.0, case.x).astype(case.stored)
        return bptt_reference.loss_and_grads(case.with_inputs({"x": x}))

    return subject


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("line", CASES)
def test_right_code_that_flushes_passes(line, dtype, seed):
    """What is tiny is flushed by JAX, by vector units and by accelerators."""
    case = bc.Spec.parse(f"{line} dtype={dtype} seed={seed}").build()
    tiniest = PRECISIONS[dtype].tiniest

    for subject in (flushes(tiniest), bptt_reference.loss_and_grads):
        report = check_case(subject, case, Setup((RightOracle(),)), ())
        assert not report.verdict.failing, report.message


@pytest.mark.parametrize("line", CASES)
def test_code_that_takes_numbers_for_zero_that_are_not_tiny_fails(line):
    """The sibling: it flushes what no hardware does."""
    text = line.replace("subnormal", "random").replace("saturated", "normal")
    case = bc.Spec.parse(f"{text} dtype=float32 seed=1").build()

    report = check_case(flushes(0.9), case, Setup((RightOracle(),)), ())

    assert report.verdict == "fail"


def test_a_relu_of_what_is_flushed_has_another_slope():
    """The gradient of x is the weights, or zero; nothing else of the case is as small."""
    case = bc.Spec.parse("rnn-relu+nobias+linear T=1 B=1 D=1 H=1 O=1 initial_state=zero").build()
    case = case.with_inputs({"x": np.full((1, 1, 1), np.sign(case.params["W_xh_l0"]) * 1e-310)})

    _, grads = change_by_flushing(problem_of(case), 2.0**-1022, SAMPLES)
    kept = conditioning(case, "float64").flushed("x")

    slope = abs(case.params["W_xh_l0"][0, 0] * (case.targets + case.cotangent_h_n).item())
    assert grads["x"].item() == pytest.approx(slope)
    assert np.array_equal(kept, grads["x"])


def test_nothing_changes_where_nothing_is_tiny():
    """Then no pass is made for it either."""
    case = bc.Spec.parse("lstm T=4 dtype=float32 inputs=random").build()

    losses, grads = change_by_flushing(problem_of(case), TINIEST, SAMPLES)

    assert not losses.any()
    assert not any(a.any() for a in grads.values())
    assert conditioning(case, "float32").flush is None


TINY_SUM = (
    "gru-reset-before+2layers+bidirectional+linear T=8 B=2 D=2 H=1 O=1 dtype=float16 "
    "regime=exploding lengths=full layout=fortran seed=45574"
)
"""Both directions read the layer below, and what flows back from the second makes a tiny sum."""


@pytest.mark.parametrize(("factor", "passes"), [(1.0, True), (2.0, False)])
def test_tiny_sum_of_what_is_not_tiny_is_one_of_every_sample(factor, passes):
    """One sample was enough for its terms."""

    def subject(case: bc.Case) -> Any:
        loss, grads = bptt_reference.loss_and_grads(case)
        return loss, grads | {"b_h_l1": factor * grads["b_h_l1"]}

    case = bc.Spec.parse(TINY_SUM).build()

    assert (check_case(subject, case, Setup((RightOracle(),))).verdict == "pass") == passes
