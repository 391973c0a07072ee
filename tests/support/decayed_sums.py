"""A recurrence of one line in torch and NumPy: plain code, kernels, and broken twins of them.

    S_t = decay_t S_{t-1} + x_t

Backwards, with S_t_bar the sum of the cotangent of output t and of what later steps give:

    x_t_bar = S_t_bar,      decay_t_bar = S_t_bar S_{t-1},      S_{t-1}_bar = decay_t S_t_bar
"""

from __future__ import annotations

import os
import time
from typing import Any

import numpy as np
import torch

import bptt_check as bc

INPUTS = bc.Inputs(
    x="T B",
    decay=bc.between(0.25, 1.0, "T B"),
    S="B",
    sizes={"T": (1, 6), "B": (1, 3)},
    time="T",
)


def plain_sums(x: torch.Tensor, decay: torch.Tensor, S: torch.Tensor) -> Any:
    """Every state (T, B), and the last."""
    states = []
    for x_t, decay_t in zip(x, decay, strict=True):
        S = decay_t * S + x_t
        states.append(S)
    return torch.stack(states), S


def plain_sums_in_numpy(x: Any, decay: Any, S: Any) -> Any:
    """The same."""
    states = []
    for x_t, decay_t in zip(x, decay, strict=True):
        S = decay_t * S + x_t
        states.append(S)
    return np.stack(states), S


class Sums(torch.autograd.Function):
    """The kernel: states kept, and a backward pass by hand."""

    @staticmethod
    def forward(ctx: Any, x: Any, decay: Any, S: Any) -> Any:
        before = [S]
        for x_t, decay_t in zip(x, decay, strict=True):
            before.append(decay_t * before[-1] + x_t)
        ctx.save_for_backward(decay, torch.stack(before[:-1]))
        return torch.stack(before[1:]), before[-1].clone()

    @staticmethod
    def backward(ctx: Any, *bars: Any) -> Any:
        decay, before = ctx.saved_tensors
        x_bar, S_t_bar = torch.empty_like(decay), bars[1]
        for t in reversed(range(len(decay))):
            x_bar[t] = S_t_bar = S_t_bar + bars[0][t]
            S_t_bar = decay[t] * S_t_bar
        return x_bar, x_bar * before, S_t_bar


def sums(x: torch.Tensor, decay: torch.Tensor, S: torch.Tensor) -> Any:
    """The right kernel."""
    return Sums.apply(x, decay, S)


def sums_that_forget(x: torch.Tensor, decay: torch.Tensor, S: torch.Tensor) -> Any:
    """From 4 steps on nothing flows back into the first state."""
    return sums(x, decay, S if len(x) < 4 else S.detach())


class _Scaled(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, a: Any, factor: float) -> Any:
        ctx.factor = factor
        return a.clone()

    @staticmethod
    def backward(ctx: Any, *bars: Any) -> Any:
        return ctx.factor * bars[0], None


def sums_doubled(x: torch.Tensor, decay: torch.Tensor, S: torch.Tensor) -> Any:
    """The gradient of the decays is twice what it should be."""
    return sums(x, _Scaled.apply(decay, 2.0), S)


def sums_slightly_off(x: torch.Tensor, decay: torch.Tensor, S: torch.Tensor) -> Any:
    """The gradient of the inputs is a twentieth too large: in bfloat16 a few units of rounding."""
    return sums(_Scaled.apply(x, 1.05), decay, S)


def sums_off(x: torch.Tensor, decay: torch.Tensor, S: torch.Tensor) -> Any:
    """Outputs of another recurrence, with their own gradients."""
    return sums(1.25 * x, decay, S)


def sums_infinite(x: torch.Tensor, decay: torch.Tensor, S: torch.Tensor) -> Any:
    """Outputs that are no numbers."""
    states, last = sums(x, decay, S)
    return states * float("nan"), last


def sums_that_raise(x: torch.Tensor, decay: torch.Tensor, S: torch.Tensor) -> Any:
    """As a kernel does whose tile does not fit."""
    raise ValueError("no tile of this size")


def sums_that_abort(x: torch.Tensor, decay: torch.Tensor, S: torch.Tensor) -> Any:
    """As a kernel does that writes where it must not."""
    os.abort()


def sums_that_hang(x: torch.Tensor, decay: torch.Tensor, S: torch.Tensor) -> Any:
    """As a kernel does that waits for itself."""
    time.sleep(60.0)
    return sums(x, decay, S)


def forward(x: Any, decay: Any, S: Any) -> Any:
    """In NumPy: outputs, and what is kept."""
    before = [S]
    for x_t, decay_t in zip(x, decay, strict=True):
        before.append(decay_t * before[-1] + x_t)
    return (np.stack(before[1:]), before[-1]), (decay, np.stack(before[:-1]))


def backward(kept: Any, bars: Any) -> dict[str, Any]:
    """By hand, as above."""
    (decay, before), (states_bar, S_t_bar) = kept, bars
    x_bar = np.empty_like(decay)
    for t in reversed(range(len(decay))):
        x_bar[t] = S_t_bar = S_t_bar + states_bar[t]
        S_t_bar = decay[t] * S_t_bar
    return {"x": x_bar, "decay": x_bar * before, "S": S_t_bar}


def backward_from_the_wrong_side(kept: Any, bars: Any) -> dict[str, Any]:
    """Decays are multiplied with the state after them."""
    grads = backward(kept, bars)
    _, before = kept
    return {**grads, "decay": grads["x"] * np.concatenate([before[1:], before[-1:]])}


VJP = bc.Vjp(forward, backward, "sums in NumPy")
WRONG_VJP = bc.Vjp(forward, backward_from_the_wrong_side, "wrong side")
