"""h_t = decay h_{t-1} + x_t of vectors, as plain NumPy and as kernels with a fault to choose."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import bptt_check as bc

INPUTS = bc.Inputs(
    x="T K", decay=bc.between(0, 1, "K"), sizes={"T": (1, 12), "K": (1, 9)}, time="T"
)


def decayed_sum(x: Any, decay: Any) -> Any:
    """All states."""
    h, states = 0.0 * decay, []
    for x_t in x:
        h = decay * h + x_t
        states.append(h)
    return np.stack(states)


def kernel_with(
    change: Callable[[dict[str, Any]], dict[str, Any]] = lambda grads: grads,
    forward: Callable[..., Any] = decayed_sum,
) -> bc.Vjp:
    """A kernel whose gradients are changed, or whose outputs are those of another function."""

    def with_residuals(x: Any, decay: Any) -> tuple[Any, tuple[Any, ...]]:
        states = forward(x, decay)
        return states, (decay, states)

    def backward(residuals: tuple[Any, ...], cotangents: Any) -> dict[str, Any]:
        decay, states = residuals
        h_bar, x_bar, decay_bar = 0.0 * decay, np.empty_like(states), 0.0 * decay
        for t in reversed(range(len(states))):
            h_bar = h_bar + cotangents[t]
            x_bar[t] = h_bar
            if t:
                decay_bar = decay_bar + h_bar * states[t - 1]
            h_bar = decay * h_bar
        return change({"x": x_bar, "decay": decay_bar})

    return bc.Vjp(with_residuals, backward)
