"""Models that only a name asks for are what the docs say: by PyTorch's autograd of their equations.

Nothing of the package computes here: equations, losses and gradients are written out once more.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import bptt_check as bc
from bptt_check import oracles

pytestmark = pytest.mark.skipif(not oracles.available("torch"), reason="torch is not installed")


def _states(case: bc.Case, leaf: dict[str, Any], wrong: bool) -> Any:
    """The states h (T, B, H), and the last one of each kind, of one layer."""
    import torch

    W, U, H = leaf["W_xh_l0"], leaf["W_hh_l0"], case.sizes.H
    h, c, out = leaf["h0"][0], leaf["c0"][0] if "c0" in leaf else None, []
    for x in leaf["x"]:
        if case.model.cell == "gru":
            p, q = x @ W.T + leaf["b_xh_l0"], h @ U.T
            r, z = (
                torch.sigmoid(p[:, n * H : n * H + H] + q[:, n * H : n * H + H]) for n in (0, 1)
            )
            inner = q[:, 2 * H :] + (leaf["b_xh_l0"][2 * H :] if wrong else 0.0)
            h = (1 - z) * torch.tanh(p[:, 2 * H :] + r * inner) + z * h
        elif case.model.cell == "lstm":
            i, f, g, o = (x @ W.T + h @ U.T + leaf["b_h_l0"]).chunk(4, -1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
        else:
            h = torch.tanh(x @ W.T + h @ U.T + leaf["b_h_l0"])
        out.append(h)
    return torch.stack(out), h, c


def written_out(wrong: bool = False) -> Any:
    """A subject for these models; with `wrong` its loss or its cell is a near miss."""
    import torch

    def subject(case: bc.Case) -> Any:
        leaf = {n: torch.tensor(a, requires_grad=True) for n, a in case.inputs.items()}
        h, h_n, c_n = _states(case, leaf, wrong)
        model, target = case.model, torch.tensor(case.targets)
        if model.loss == "linear":
            loss = (target * h).sum()
            if model.cotangents == "h_n":
                loss = loss + (torch.tensor(case.cotangent_h_n)[0] * h_n).sum()
            loss = loss + (1e-3 * c_n.sum() if wrong else 0.0)
        else:
            y = h @ leaf["W_hy"].T + leaf["b_y"] if model.head else h
            y = torch.sigmoid(y) if model.loss == "sigmoid_mse" and not wrong else y
            loss = ((y - target) ** 2).sum() * (1.001 if wrong else 1.0)
            loss = loss / target.numel() if model.reduction == "mean" else loss
        loss.backward()
        grads = {n: np.zeros(a.shape) if a.grad is None else a.grad for n, a in leaf.items()}
        return loss.item(), grads

    return subject


NAMES = (
    "rnn-tanh+mse+nohead", "lstm+mse+mean+nohead", "rnn-tanh+sigmoid_mse", "lstm+sigmoid_mse+mean",
    "gru+mse+onebias", "gru+mse+nohead+onebias", "lstm+linear+h_n", "lstm+linear+outputs",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_its_equations_pass_and_a_near_miss_does_not(name: str) -> None:
    """Loss and every gradient, by the oracles that are quickest."""
    case = bc.Spec.parse(f"{name} T=4 B=2 D=3 H=2 O=3").build()
    right, near = (
        bc.check(written_out(wrong), case, oracles=["complex_step"]) for wrong in (False, True)
    )

    assert right.verdict == "pass", right.message
    assert {row.parameter for row in right.rows} == set(case.inputs)
    assert near.verdict == "fail"


def test_every_oracle_knows_them(sharp_oracles: list[str]) -> None:
    """They agree with each other, lengths and layers included."""
    text = "gru+sigmoid_mse+nohead+onebias+2layers T=4 B=2 D=3 H=2 O=3 lengths seed=3"
    results = bc.check(_exact, text, oracles=["finite_difference", *sharp_oracles])

    assert results.verdict == "pass", results.message
    assert {row.verdict for row in results.rows} == {"pass"}


def _exact(case: bc.Case) -> Any:
    """What the tape says."""
    from bptt_check.equations.exact import exact_gradients, exact_loss

    return exact_loss(case), exact_gradients(case)
