"""The reference as an oracle: its outputs, its own gradients, and the loss of both."""

from __future__ import annotations

import numpy as np
from support.plain_code import cotangents_of

import bptt_check as bc
from bptt_check.cases.recurrences.inputs import Inputs
from bptt_check.cases.recurrences.recurrence import Recurrence, RecurrenceSpec
from bptt_check.oracles.recurrences.reverse_mode import ReferenceOracle
from bptt_check.recurrences.numpy_code import NumPyCode

INPUTS = Inputs(x="T B", a=bc.between(0, 1, "B"), sizes={"T": 3, "B": 2}, time="T")


def products(x, a):
    return x * a, (x * x).sum(0)


def specs():
    recurrence = Recurrence("products", INPUTS, NumPyCode(products))
    return [RecurrenceSpec(recurrence, (("T", 3), ("B", 2)), seed=seed) for seed in range(3)]


def test_loss_gradients_and_outputs():
    case = specs()[0].build()
    x, a = case.arrays["x"], case.arrays["a"]
    bars = [case.cotangents["output[0]"], case.cotangents["output[1]"]]

    result = ReferenceOracle()(case)

    assert result.outputs is not None
    assert (result.outputs["output[0]"] == x * a).all()
    # a dozen roundings of float64, of numbers below a hundred
    within = 12 * 100 * 2.0**-53
    assert abs(result.loss - (bars[0] * x * a).sum() - (bars[1] * (x * x).sum(0)).sum()) < within
    np.testing.assert_allclose(result.grads["x"], bars[0] * a + bars[1] * 2 * x, atol=within)
    np.testing.assert_allclose(result.grads["a"], (bars[0] * x).sum(0), atol=within)


def test_other_cotangents_have_other_gradients():
    case = specs()[0].build()
    other = case.with_data(
        {f"cotangent of {n}": a for n, a in cotangents_of(case.cotangents).items()}
    )

    one, two = ReferenceOracle()(case), ReferenceOracle()(other)

    assert (one.grads["x"] != two.grads["x"]).all()
    assert one.loss != two.loss


def test_many_cases_are_answered_in_order():
    cases = [spec.build() for spec in specs()]

    found = [*ReferenceOracle().many(cases)]

    assert [outcome.loss for outcome in found] == [ReferenceOracle()(c).loss for c in cases]  # type: ignore[union-attr]
