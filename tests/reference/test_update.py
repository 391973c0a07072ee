"""Clipping and the gradient step."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from bptt_reference import clip_by_global_norm, clip_by_value, loss_and_grads, sgd_update

GRADS = {"W": np.array([[3.0, 0.0], [0.0, 0.0]]), "b": np.array([0.0, -4.0])}


def test_clipping_uses_the_norm_of_all_arrays_together() -> None:
    """(3, 4) in two arrays has the norm 5; clipped to 1 it keeps its direction."""
    clipped = clip_by_global_norm(GRADS, 1.0)

    assert pytest.approx(clipped["W"][0, 0]) == 0.6
    assert pytest.approx(clipped["b"][1]) == -0.8


@pytest.mark.parametrize("max_norm", [5.0, 5.1, 1e300])
def test_gradients_below_the_norm_are_not_changed(max_norm: float) -> None:
    """A norm of at most `max_norm` changes no bit, and still returns new arrays."""
    clipped = clip_by_global_norm(GRADS, max_norm)

    for name, g in GRADS.items():
        assert g.tobytes() == clipped[name].tobytes()
        assert not np.shares_memory(g, clipped[name])


@pytest.mark.parametrize("scale", [1e-200, 1e-300, 1e200, 1e300])
def test_gradients_whose_squares_overflow_are_clipped(scale: float) -> None:
    """Gradients whose squares overflow or vanish are clipped like any other."""
    clipped = clip_by_global_norm({n: g * scale for n, g in GRADS.items()}, scale)

    assert pytest.approx(clipped["W"][0, 0] / scale) == 0.6
    assert pytest.approx(clipped["b"][1] / scale) == -0.8


def test_clipping_by_norm_equals_torch(draw: Any) -> None:
    """Clipped gradients are those of PyTorch's clip_grad_norm_, but for its 1e-6."""
    torch = pytest.importorskip("torch")
    _, grads = loss_and_grads(draw(loss="mse"))
    tensors = [
        torch.nn.Parameter(torch.zeros(g.shape, dtype=torch.float64)) for g in grads.values()
    ]
    for tensor, g in zip(tensors, grads.values(), strict=True):
        tensor.grad = torch.tensor(g)
    torch.nn.utils.clip_grad_norm_(tensors, 0.5)
    clipped = clip_by_global_norm(grads, 0.5)

    for tensor, g in zip(tensors, clipped.values(), strict=True):
        assert np.allclose(tensor.grad.numpy(), g, rtol=2e-6, atol=0)
    assert pytest.approx(math.sqrt(sum(np.square(g).sum() for g in clipped.values()))) == 0.5


def test_values_are_clipped_one_by_one() -> None:
    """Entries beyond the limit are moved to it; the others stay."""
    clipped = clip_by_value(GRADS, 3.5)

    assert clipped["W"].tolist() == [[3.0, 0.0], [0.0, 0.0]]
    assert clipped["b"].tolist() == [0.0, -3.5]


def test_a_step_lowers_the_loss(draw: Any) -> None:
    """A small step along the negative gradient lowers the loss, and one uphill raises it."""
    case = draw(loss="cross_entropy", scale=0.3)
    loss, grads = loss_and_grads(case)
    params = case.params
    case.params = sgd_update(params, grads, 1e-3)
    lower, _ = loss_and_grads(case)
    case.params = sgd_update(params, {n: -g for n, g in grads.items()}, 1e-3)
    higher, _ = loss_and_grads(case)

    assert lower < loss < higher


def test_a_step_updates_parameters_only(draw: Any) -> None:
    """Only parameters are updated, and those given are not written to."""
    case = draw()
    before = {n: W.copy() for n, W in case.params.items()}
    updated = sgd_update(case.params, loss_and_grads(case)[1], 0.1)

    assert set(case.params) == set(updated)
    for name, W in before.items():
        assert W.tobytes() == case.params[name].tobytes()


def test_clipping_and_step_keep_the_dtype() -> None:
    """float32 in, float32 out."""
    grads = {n: g.astype(np.float32) for n, g in GRADS.items()}
    results = [clip_by_global_norm(grads, 1.0), clip_by_value(grads, 1.0)]
    results.append(sgd_update(grads, grads, 0.1))

    assert {np.dtype(np.float32)} == {a.dtype for r in results for a in r.values()}


def test_empty_and_zero_gradients_are_clipped_to_themselves() -> None:
    """Nothing to clip is clipped to nothing; a zero gradient stays zero."""
    assert clip_by_global_norm({}, 1.0) == {}
    assert not clip_by_global_norm({"W": np.zeros(3)}, 1e-300)["W"].any()


@pytest.mark.parametrize("bad", [0.0, -1.0, math.nan, math.inf])
def test_limits_and_rates_must_be_positive_and_finite(bad: float) -> None:
    """A limit that limits nothing, or reverses the step, is refused with its name and value."""
    with pytest.raises(ValueError, match=f"max_norm must be a positive, finite number; got {bad}"):
        clip_by_global_norm(GRADS, bad)
    with pytest.raises(ValueError, match="limit must be"):
        clip_by_value(GRADS, bad)
    with pytest.raises(ValueError, match="learning_rate must be"):
        sgd_update(GRADS, GRADS, bad)


@pytest.mark.parametrize("entry", [math.nan, math.inf])
def test_a_norm_that_is_no_number_is_refused(entry: float) -> None:
    """Infinite or undefined gradients cannot be scaled down, and are not passed on silently."""
    with pytest.raises(ValueError, match="infinite or not a number"):
        clip_by_global_norm({"W": np.array([1.0, entry])}, 1.0)


def test_gradients_must_fit_their_parameters() -> None:
    """A missing or transposed gradient is refused."""
    with pytest.raises(ValueError, match=r"gradient of b must have .* got None"):
        sgd_update(GRADS, {"W": GRADS["W"]}, 0.1)
    with pytest.raises(ValueError, match=r"gradient of W .* \(2, 2\); got \(4,\)"):
        sgd_update(GRADS, {**GRADS, "W": GRADS["W"].ravel()}, 0.1)
