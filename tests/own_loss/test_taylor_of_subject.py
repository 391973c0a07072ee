"""The Taylor test of subjects: their own loss, in every regime, truncated or not."""

from __future__ import annotations

from typing import Any

import bptt_reference
import numpy as np
import pytest
from support.implementations import Numpy

import bptt_check as bc
from bptt_check.cases.generate import REGIMES
from bptt_check.own_loss.taylor import EVERYTHING


def broken(*faults: str) -> Any:
    """An implementation with faults."""
    return Numpy(frozenset(faults))


@pytest.mark.parametrize("regime", REGIMES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("model", ["rnn-relu+mse", "gru-reset-before+linear"])
def test_a_right_gradient_is_never_called_wrong(model, dtype, regime):
    """Every curve passes or says why it cannot decide."""
    case = bc.Spec.parse(
        f"{model} T=4 B=2 D=2 H=3 O=2 dtype={dtype} regime={regime} seed=3"
    ).build()
    test = bc.taylor(broken(), case)

    assert test.verdict != "fail"
    assert all(c.verdict == "pass" or c.reason for c in test.curves)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("model", ["lstm", "rnn-relu+mse", "gru+linear", "rnn-sigmoid+bce"])
def test_a_right_gradient_has_order_two(model, dtype):
    """In the normal regime single precision leaves enough as well."""
    test = bc.taylor(broken(), bc.Spec.parse(f"{model} T=4 B=2 D=2 H=3 O=2 dtype={dtype}").build())

    assert test.verdict == "pass"
    assert test.curves[0].order == pytest.approx(2.0, abs=0.3)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    ("fault", "model", "wrong"),
    [
        ("h_t", "lstm", ("W_hh_l0",)),
        ("assign_W_hy", "gru+mse", ("W_hy",)),
        ("x_o_path", "lstm", ("x",)),
        ("bias_twice", "rnn-relu", ("b_h_l0",)),
        ("dc_prev", "lstm", ("W_xh_l0", "W_hh_l0", "b_h_l0", "x", "h0", "c0")),
    ],
)
def test_a_wrong_gradient_is_named(fault, model, wrong, dtype):
    """Exactly those inputs whose gradient is wrong have order 1."""
    test = bc.taylor(
        broken(fault), bc.Spec.parse(f"{model} T=4 B=2 D=2 H=3 O=2 dtype={dtype}").build()
    )

    assert (test.verdict, test.wrong) == ("fail", wrong)
    others = {c.verdict for c in test.curves if c.parameter not in (EVERYTHING, *wrong)}
    # single precision leaves too few steps along some of them
    assert others <= ({"pass"} if dtype == "float64" else {"pass", "inconclusive"})


def test_another_forward_with_its_own_backward_is_right():
    """No oracle is asked: a model that nobody has heard of has its own loss."""

    def doubled(case: bc.Case) -> Any:
        loss, grads = broken()(case)
        return 2.0 * loss, {n: 2.0 * g for n, g in grads.items()}

    case = bc.Spec.parse("rnn-tanh T=2 B=1 D=1 H=2 O=2").build()

    assert bc.check(doubled, case, oracles=["complex_step"]).verdict == "fail"
    assert bc.taylor(doubled, case).verdict == "pass"


TRUNCATED = "gru+mse T=5 B=2 D=2 H=3 k1=2 k2=3 lengths seed=1"


def test_a_truncated_gradient_is_compared_with_its_surrogate():
    """The loss is whole, the gradient is not; the surrogate is what it is the gradient of."""
    case = bc.Spec.parse(TRUNCATED).build()
    whole = bc.Spec.parse(TRUNCATED.replace(" k1=2 k2=3", "")).build()

    def forgets(given: bc.Case) -> Any:
        return bptt_reference.loss_and_grads(whole)

    right = bc.taylor(bptt_reference.loss_and_grads, case)
    assert right.verdict == "pass"
    assert right.curves[0].order == pytest.approx(2.0, abs=0.2)
    assert bc.taylor(forgets, case).verdict == "fail"
    assert bc.taylor(bptt_reference.loss_and_grads, whole).verdict == "pass"


def test_only_offered_gradients_are_tested():
    """Gradients of inputs are optional."""

    def only_params(case: bc.Case) -> Any:
        loss, grads = broken()(case)
        return loss, {n: grads[n] for n in case.params}

    case = bc.Spec.parse("lstm T=2 B=1 D=2 H=2 O=2").build()
    test = bc.taylor(only_params, case)

    assert [c.parameter for c in test.curves] == [EVERYTHING, *case.params]


def test_each_false_leaves_one_curve_for_a_direction():
    """Which is what a run shows."""
    test = bc.taylor(
        broken("h_t"), bc.Spec.parse("lstm T=2 B=1 D=2 H=2 O=2").build(), directions=2, each=False
    )

    assert [c.parameter for c in test.curves] == [EVERYTHING] * 2
    assert (test.verdict, test.wrong) == ("fail", ())


def test_curve_holds_model_and_spec_of_its_case():
    """Model and spec."""
    spec = bc.Spec.parse("lstm T=2 D=1 H=1 O=2")
    (curve, *_) = bc.taylor(broken(), spec.build()).curves

    assert (curve.model, curve.spec) == ("lstm", str(spec))


@pytest.mark.parametrize(
    ("returned", "reason"),
    [
        (RuntimeError("no"), "raised RuntimeError: no"),
        (bc.Unsupported("not this"), "not this"),
        (None, "no gradient came back"),
        ((1.0, {}), "no gradient came back"),
    ],
)
def test_a_subject_without_a_gradient_has_no_curve(returned, reason):
    """It is said why."""

    def subject(case: bc.Case) -> Any:
        if isinstance(returned, Exception):
            raise returned
        return returned

    test = bc.taylor(subject, bc.Spec.parse("lstm T=2 B=1 D=2 H=2 O=2").build())

    assert (test.verdict, test.curves) == ("inconclusive", ())
    assert test.reason.startswith(reason)


def test_a_subject_that_fails_nearby_has_no_curve():
    """Nothing it raises ends the test."""
    case = bc.Spec.parse("lstm T=2 B=1 D=2 H=2 O=2").build()

    def fragile(given: bc.Case) -> Any:
        if not np.array_equal(given.x, case.x):
            raise RuntimeError("not here")
        return broken()(given)

    test = bc.taylor(fragile, case)

    assert test.verdict == "inconclusive"
    assert test.reason.startswith("raised RuntimeError: not here")
