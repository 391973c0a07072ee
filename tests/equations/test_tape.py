"""The tape: reverse accumulation that is exact without rounding, and disturbed with it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bptt_check import oracles
from bptt_check.cases.case import Spec
from bptt_check.cases.generate import REGIMES
from bptt_check.cases.model import families
from bptt_check.equations.arithmetic import Arithmetic, Exact
from bptt_check.equations.network import losses, problem_of
from bptt_check.equations.rounding import GridRounding, KinkSlopes
from bptt_check.equations.tape import Node, Tape, Taped

LOSSES = ["cross_entropy", "bce", "mse", "linear"]
VARIANTS = ["", "+nobias+last", "+2layers+bidirectional lengths", "+3layers+mean lengths"]


def taped(text: str, arithmetic: Arithmetic) -> tuple[dict[str, Node], Node]:
    """Inputs and losses of a case on a tape, swept backwards."""
    problem = problem_of(Spec.parse(text).build())
    tape = Tape(arithmetic)
    inputs = {n: tape.input(a) for n, a in problem.inputs.items()}
    out = losses(Taped(), problem, inputs)
    tape.backward(out)
    return inputs, out


@pytest.mark.parametrize("family", families())
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("variant", VARIANTS)
def test_without_rounding_it_equals_torch(family, loss, variant):
    """Values and gradients are those of autograd over the same forward pass."""
    pytest.importorskip("torch")
    if "mean" in variant and loss == "linear":
        variant = variant.replace("+mean", "")
    text = f"{family}+{loss}{variant} T=4 B=2 D=3 H=3 O=2 seed=3"
    want = oracles.load("torch")(Spec.parse(text).build())
    inputs, out = taped(text, Exact())

    assert out.value.sum() == pytest.approx(want.loss, rel=1e-13)
    for name, array in want.grads.items():
        bar = inputs[name].bar
        got = np.zeros(array.shape) if bar is None else bar[0]
        np.testing.assert_allclose(got, array, rtol=1e-13, atol=1e-14, err_msg=name)


@pytest.mark.parametrize("regime", REGIMES)
def test_without_rounding_it_equals_torch_in_every_regime(regime):
    """Large, small and missing values too."""
    pytest.importorskip("torch")
    text = f"gru+2layers T=6 B=2 D=3 H=3 O=2 regime={regime}"
    want = oracles.load("torch")(Spec.parse(text).build())
    inputs, _ = taped(text, Exact())

    for name, array in want.grads.items():
        scale = np.abs(array).max()
        np.testing.assert_allclose(inputs[name].bar[0], array, rtol=1e-10, atol=1e-13 * scale)


def scalar_tape(arithmetic: Arithmetic | None = None) -> Tape:
    """A tape for single operations."""
    return Tape(Exact() if arithmetic is None else arithmetic)


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
    numeric = np.zeros(A.shape)
    for index in np.ndindex(A.shape):
        ends = []
        for step in (1e-6, -1e-6):
            moved = arguments[name].copy()
            moved[index] += step
            tape = scalar_tape()
            nodes = {n: tape.input(v) for n, v in {**arguments, name: moved}.items()}
            ends.append(function(nodes["a"], nodes["w"]).sum(-1).value.sum())
        numeric[index] = (ends[0] - ends[1]) / 2e-6
    return numeric


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_has_its_derivative(name):
    """Each pull-back is the derivative of its operation, in both arguments."""
    function = OPERATIONS[name]
    tape = scalar_tape()
    a, w = tape.input(A), tape.input(W)
    tape.backward(function(a, w).sum(-1))

    for node, argument in ((a, "a"), (w, "w")):
        bar = np.zeros(A.shape) if node.bar is None else node.bar[0]
        np.testing.assert_allclose(bar, numeric(function, argument), atol=1e-8)


def test_a_sum_has_its_derivative():
    """A cell may sum what was not just multiplied."""
    tape = scalar_tape()
    a = tape.input(A)
    tape.backward(a.sum(-1))

    assert a.bar.tolist() == np.ones((1, 2, 3)).tolist()


@pytest.mark.parametrize("unit", [2.0**-24, 2.0**-40])
def test_rounding_disturbs_by_its_unit(unit):
    """Samples scatter around the exact value by some units, and are all different."""
    _, exact = taped("lstm T=3", Exact())
    _, out = taped("lstm T=3", GridRounding(unit, 16))
    off = (out.value - exact.value) / exact.value / unit

    assert out.value.shape == (16, 3)
    assert len(np.unique(out.value[:, 0])) == 16
    assert 0.1 < np.abs(off).max() < 100


def test_samples_lie_along_the_first_axis_of_every_gradient():
    """One sweep gives all samples of all gradients."""
    inputs, _ = taped("gru+2layers+bidirectional T=3 B=2 D=2 H=3 O=2", GridRounding(2.0**-40, 5))

    for node in inputs.values():
        assert node.bar.shape == (5, *node.value.shape[1:])


def test_rounding_is_the_same_every_time():
    """The model of rounding has no randomness of its own."""
    one, other = (taped("lstm T=3", GridRounding(2.0**-40, 4))[1].value for _ in range(2))

    assert np.array_equal(one, other)


def test_the_slope_at_a_kink_is_drawn():
    """Every slope between 0 and 1 is as good as another at the kink; elsewhere it is certain."""
    z = np.array([[-1.0, 0.0, 1.0]])
    slopes = KinkSlopes(64, [z == 0]).slope_of_relu(np.broadcast_to(z, (64, 1, 3)))

    assert not slopes[..., 0].any()
    assert 0.0 <= slopes[..., 1].min() < 0.2 < 0.8 < slopes[..., 1].max() <= 1.0
    assert slopes[..., 2].all()
    assert Exact().slope_of_relu(z).tolist() == [[0.0, 0.0, 1.0]]


def test_large_arrays_need_more_numbers_than_the_pool_has():
    """The pool grows with what is asked of it."""
    noise = GridRounding(1.0, 16)
    disturbed = noise.relative(np.ones((1, 100, 100)))

    assert disturbed.shape == (16, 100, 100)
    assert np.all(np.abs(disturbed - 1.0) <= 1.0)
    assert np.std(disturbed) > 0.5
    assert noise.relative(np.ones((1, 7))).shape == (16, 7)


def test_a_sum_of_products_rounds_at_the_size_of_its_terms():
    """What cancels leaves the rounding of what was cancelled."""
    rounding = GridRounding(2.0**-40, 256)
    a, b = np.array([[[1e6, 1e6]]]), np.array([[[1.0], [-1.0]]])
    product = rounding.product(a @ b, a, b)
    total = rounding.total(np.array([[1e6, -1e6]]), -1)

    assert 0.3e6 < np.std(product) / 2.0**-40 < 2.4e6
    assert 0.3e6 < np.std(total) / 2.0**-40 < 2.4e6
