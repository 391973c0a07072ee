"""A tiny hand-written BPTT to be edited: one unit, one formula of each kind."""

from __future__ import annotations

from typing import Any

import numpy as np

from bptt_check import Unsupported


def loss_and_grads(case: Any) -> tuple[float, dict[str, Any]]:
    """An RNN with identity activation and the linear loss; sums over the batch."""
    if case.truncation is not None or case.lengths is not None:
        raise Unsupported("full BPTT over sequences of one length only")
    p, T = case.params, len(case.x)
    h = [case.h0[0]]
    for t in range(T):
        h.append(case.x[t] @ p["W_xh_l0"].T + h[t] @ p["W_hh_l0"].T + p["b_h_l0"])
    return backward(case, h)


def backward(case: Any, h: Any) -> tuple[float, dict[str, Any]]:
    """Sum of targets*h, and its gradients (1.1)."""
    p, T = case.params, len(case.x)
    grads = {name: np.zeros_like(a) for name, a in case.inputs.items()}
    loss = float((case.targets * np.stack(h[1:])).sum() + (case.cotangent_h_n[0] * h[T]).sum())
    h_t_bar = case.cotangent_h_n[0].copy()
    for t in reversed(range(T)):
        h_prev, x_t = h[t], case.x[t]
        h_t_bar = h_t_bar + case.targets[t]
        grads["W_xh_l0"] += h_t_bar.T @ x_t
        grads["W_hh_l0"] += h_t_bar.T @ h_prev  # (1.2)
        grads["b_h_l0"] += h_t_bar.sum(axis=0)
        grads["x"][t] = h_t_bar @ p["W_xh_l0"]
        h_t_bar = h_t_bar @ p["W_hh_l0"]
    grads["h0"][0] += h_t_bar
    return loss, grads


def supports(model: Any) -> bool:
    """The one model that this file knows."""
    return str(model) == "rnn-identity+linear"


vars(loss_and_grads).update(supports=supports)
