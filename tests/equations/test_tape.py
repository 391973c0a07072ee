"""The tape: without rounding its reverse accumulation is exact."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bptt_check import oracles
from bptt_check.cases.case import Spec
from bptt_check.cases.generate import REGIMES
from bptt_check.cases.model import families
from bptt_check.equations.exact import sweep
from bptt_check.equations.namespaces.taped import Taped
from bptt_check.equations.network import problem_of
from bptt_check.equations.tape import Tape

LOSSES = ["cross_entropy", "bce", "mse", "linear"]
VARIANTS = ["", "+nobias+last", "+2layers+bidirectional lengths", "+3layers+mean lengths"]


@pytest.mark.parametrize("family", families())
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("variant", VARIANTS)
def test_without_rounding_it_equals_torch(family, loss, variant):
    """Values and gradients are those of autograd over the same forward pass."""
    pytest.importorskip("torch")
    if "mean" in variant and loss == "linear":
        variant = variant.replace("+mean", "")
    text = f"{family}+{loss}{variant} T=4 B=2 D=3 H=3 O=2 seed=3"
    want = oracles.load_oracle("torch")(Spec.parse(text).build())
    swept = sweep(problem_of(Spec.parse(text).build()))

    assert swept.losses.sum() == pytest.approx(want.loss, rel=1e-13)
    for name, array in want.grads.items():
        got = swept.bars[name][0]
        np.testing.assert_allclose(got, array, rtol=1e-13, atol=1e-14, err_msg=name)


@pytest.mark.parametrize("regime", REGIMES)
def test_without_rounding_it_equals_torch_in_every_regime(regime):
    """Large, small and missing values too."""
    pytest.importorskip("torch")
    text = f"gru+2layers T=6 B=2 D=3 H=3 O=2 regime={regime}"
    want = oracles.load_oracle("torch")(Spec.parse(text).build())
    swept = sweep(problem_of(Spec.parse(text).build()))

    for name, array in want.grads.items():
        scale = np.abs(array).max()
        np.testing.assert_allclose(swept.bars[name][0], array, rtol=1e-10, atol=1e-13 * scale)


XP = Taped()
A = np.array([[0.3, -0.7, 1.2], [0.5, 0.1, -0.4]])
W = np.array([[0.2, -0.5, 0.9], [1.1, 0.3, -0.6]])
C = np.array([[2.0, -1.0, 0.5], [1.5, 3.0, -2.0]])
OPERATIONS: dict[str, Any] = {
    "add": lambda a, w: (a + w) * C,
    "add a constant": lambda a, w: (2.0 + a + A) * C,
    "subtract": lambda a, w: (a - w) * C,
    "subtract from a constant": lambda a, w: (1.0 - a) * C,
    "negate": lambda a, w: -a * C,
    "multiply": lambda a, w: a * w,
    "multiply by itself": lambda a, w: a * a,
    "multiply by a constant": lambda a, w: A * a * 2.0,
    "broadcast": lambda a, w: a * w[..., :1, :],
    "matmul": lambda a, w: (a @ w.mT) * C[:, :2],
    "index": lambda a, w: a[..., [1, 0]] * C[:, :2],
    "slice": lambda a, w: a[..., 1:] * C[:, 1:],
    "tanh": lambda a, w: XP.tanh(a) * C,
    "sigmoid": lambda a, w: XP.sigmoid(a) * C,
    "relu": lambda a, w: XP.relu(a) * C,
    "softplus": lambda a, w: XP.softplus(a) * C,
    "log_softmax": lambda a, w: XP.log_softmax(a) * C,
    "where": lambda a, w: XP.where(A > 0, a, w) * C,
    "concat": lambda a, w: XP.concat([a, w]) * np.arange(6.0),
    "reorder": lambda a, w: XP.reorder([a, w], np.array([[1, 0], [0, 1]]))[0] * C,
}


def numeric(function: Any, name: str) -> np.ndarray:
    """Central differences of an operation in one of its arguments."""
    arguments = {"a": A, "w": W}
    slopes = np.zeros(A.shape)
    for index in np.ndindex(A.shape):
        ends = []
        for step in (1e-6, -1e-6):
            moved = arguments[name].copy()
            moved[index] += step
            tape = Tape()
            nodes = {n: tape.input(v) for n, v in {**arguments, name: moved}.items()}
            ends.append(function(nodes["a"], nodes["w"]).sum(-1).value.sum())
        slopes[index] = (ends[0] - ends[1]) / 2e-6
    return slopes


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_has_its_derivative(name):
    """Each pull-back is the derivative of its operation, in both arguments."""
    function = OPERATIONS[name]
    tape = Tape()
    a, w = tape.input(A), tape.input(W)
    tape.backward(function(a, w).sum(-1))

    for node, argument in ((a, "a"), (w, "w")):
        np.testing.assert_allclose(node.cotangent[0], numeric(function, argument), atol=1e-8)


def test_a_sum_has_its_derivative():
    """A cell may sum what was not just multiplied."""
    tape = Tape()
    a = tape.input(A)
    tape.backward(a.sum(-1))

    assert a.bar.tolist() == np.ones((1, 2, 3)).tolist()
