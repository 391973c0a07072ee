"""The mLSTM keeps its digits where one weight outweighs the others."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import torch
from support.recurrence_examples import example

HIGH, LOW = 4.7, -10.0
"""Input gates of the first and of the second step: nearly all that h_2 reads is what came first."""


def error_of_f(kernel: Any) -> float:
    """The relative error in float32 of the gradient of the second forget gate, through h_2."""
    mlstm = example("mlstm")
    numbers = {
        "q": [1.8, 0.632],
        "k": [-6.368, -7.592],
        "v": [4.876, 1.768],
        "i": [HIGH, LOW],
        "f": [4.515, 1.599],
        "C0": [2.108],
        "n0": [-2.34],
    }
    shapes = {"i": (2, 1), "f": (2, 1), "C0": (1, 1, 1), "n0": (1, 1)}
    arrays = {
        n: torch.tensor(a).view(shapes.get(n, (2, 1, 1))).requires_grad_()
        for n, a in numbers.items()
    }
    (got,) = torch.autograd.grad(kernel(**arrays)[0][1].sum(), [arrays["f"]])
    doubles = {n: a.detach().double().requires_grad_() for n, a in arrays.items()}
    (want,) = torch.autograd.grad(mlstm.reference(**doubles)[0][1].sum(), [doubles["f"]])
    return float(abs(got[1] / want[1] - 1))


def summed_before(logs_bar: torch.Tensor, _: torch.Tensor) -> torch.Tensor:
    """All weights before each step, the largest one among them."""
    return logs_bar.cumsum(dim=2)[:, :, :-1].tril().sum(dim=1)


def as_it_is(logs_bar: torch.Tensor, P: torch.Tensor, _: torch.Tensor) -> tuple[Any, Any]:
    """The largest weight like all others."""
    return logs_bar, torch.zeros_like(P).bool()


def test_a_gradient_that_cancels_is_summed_from_the_other_side(monkeypatch: pytest.MonkeyPatch):
    """It is made of a weight of 5e-7 beside one of 1, and right to single precision all the same:
    what cancels is off by 1e-7 / 5e-7.
    """
    mlstm = example("mlstm")

    assert error_of_f(mlstm.kernel) < 1e-5
    assert error_of_f(partial(mlstm.kernel, decay=summed_before)) > 1e-5
    monkeypatch.setattr(mlstm, "balanced", as_it_is)
    assert error_of_f(mlstm.kernel) > 1e-2
