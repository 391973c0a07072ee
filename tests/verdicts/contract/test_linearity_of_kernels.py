"""Linear in the cotangent up to lost digits: kernels whose small entries are differences of large
ones are judged for that as imprecise, not as no vector-Jacobian product.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import bptt_check as bc
from bptt_check.cases.follow_up import every_call
from bptt_check.cases.recurrences.recurrence import Recurrence, RecurrenceCase
from bptt_check.equations.conditioning import conditioning, conditioning_in_float64
from bptt_check.recurrences.code import reference_code
from bptt_check.subjects.calling import call
from bptt_check.subjects.kernels.kernel import kernel_subject
from bptt_check.verdicts.budget import Budgets, Tolerance
from bptt_check.verdicts.contract.linearity import Linearity, Probe, not_linear

INPUTS = bc.Inputs(x="T B", sizes={"T": (2, 9), "B": (1, 3)}, time="T")


def sizes_of_steps(x):
    """1, and far less at every other step."""
    return np.where(np.arange(len(x)) == 0, 1.0, 2.0**-20)[:, None].astype(x.dtype)


def reference(x):
    """At each step the same sum over all of them."""
    scaled = x * np.where(np.arange(len(x)) == 0, 1.0, 2.0**-20)[:, None]
    return np.zeros_like(x) + scaled.sum(0)


def forward(x):
    return np.zeros_like(x) + (x * sizes_of_steps(x)).sum(0), x


def lost(x, bar):
    """Differences of cumulative sums, which round at the size of the first step."""
    sums = np.cumsum(bar.sum(0) * sizes_of_steps(x), axis=0)
    return {"x": np.diff(sums, axis=0, prepend=np.zeros_like(x[:1]))}


def squared(x, bar):
    """No vector-Jacobian product at all."""
    return {"x": bar.sum(0) * np.abs(bar.sum(0)) * sizes_of_steps(x)}


def found(backward: Any, line: str) -> tuple[list[Any], bool]:
    """What is not linear, and whether parts add up within budgets alone."""
    case = Recurrence("plain", INPUTS, reference_code(reference)).spec_of(line).build()
    answer = call(kernel_subject(bc.Vjp(forward, backward)), case, calls=every_call(case))
    assert answer.result is not None

    def budgets_of(of: RecurrenceCase) -> Budgets:
        own, oracle = conditioning(of, of.dtype), conditioning_in_float64(of)
        return Budgets(Tolerance(), own, oracle, None)

    def budget(of: Any, name: str) -> Any:
        return np.array(budgets_of(of).of_loss()) if name == "loss" else budgets_of(of).of(name)

    one, rest = (answer.linear[kind].result for kind in ("one", "rest"))
    assert one is not None
    assert rest is not None
    off = np.abs(one.grads["x"] + rest.grads["x"] - answer.result.grads["x"])
    within = bool(np.all(off <= 3.0 * budget(case, "x")))
    return not_linear(case, answer.result, answer.linear, budget), within


LINES = [f"plain T={3 + n} B=3 dtype=float32 seed={n}" for n in range(6)]


def test_digits_that_sums_lose_are_no_breach():
    """Though parts do not add up within three times the budget of their small entries."""
    every = [found(lost, line) for line in LINES]

    assert [broken for broken, _ in every] == [[]] * len(LINES)
    assert not all(within for _, within in every)


def test_what_is_not_linear_is_one():
    for line in LINES:
        ((broken,), _) = found(squared, line)
        assert broken.kind is Linearity.NOT_LINEAR
        assert broken.probe is Probe.SCALED
