"""A cell that is not built in: registered with one step, and a NumPy BPTT of it to be checked.

    bptt-check run examples/minimal_gated_unit.py:right --model mgu
    bptt-check run examples/minimal_gated_unit.py:broken --model mgu

The minimal gated unit (Zhou, Wu, Zhang, Zhou 2016) is a GRU with one gate in place of two:

    f_t = sigmoid(W_xf x_t + W_hf h_{t-1} + b_f)
    n_t = tanh(W_xn x_t + W_hn (f_t * h_{t-1}) + b_n)
    h_t = (1 - f_t) * h_{t-1} + f_t * n_t
"""

from __future__ import annotations

from typing import Any

import numpy as np

import bptt_check as bc
from bptt_check.cells import affine, gates


@bc.cells.register("mgu", bc.Layout(gates=("f", "n")))
def step(xp: Any, p: Any, x_t: Any, state: Any) -> Any:
    """One step, written once for the arrays of every oracle."""
    (h_prev,) = state
    H = h_prev.shape[-1]
    x_f, x_n = gates(affine(x_t, p["W_xh"], p.get("b_h")), 2)
    f_t = xp.sigmoid(x_f + affine(h_prev, p["W_hh"][..., :H, :]))
    n_t = xp.tanh(x_n + affine(f_t * h_prev, p["W_hh"][..., H:, :]))
    return ((1.0 - f_t) * h_prev + f_t * n_t,)


class BPTT:
    """Loss and gradients of one layer with softmax cross-entropy at every step."""

    def __init__(self, name: str, through_gate: bool = True) -> None:
        self.name, self.through_gate = name, through_gate

    def supports(self, model: bc.Model) -> bool:
        """One layer, one direction, the default loss."""
        return model == bc.Model("mgu", bias=model.bias)

    def __call__(self, case: bc.Case) -> Any:
        """Forward through all steps, then backward; a bar is a gradient of the loss."""
        if case.truncation is not None or case.lengths is not None:
            raise bc.Unsupported("full BPTT over sequences of one length only")
        p, H = case.params, case.sizes.H
        W_xh, W_hh, W_hy = (p[n].astype(case.dtype) for n in ("W_xh_l0", "W_hh_l0", "W_hy"))
        W_hf, W_hn = W_hh[:H], W_hh[H:]
        h, steps = [case.h0[0]], []
        for x_t in case.x:
            x_f, x_n = np.split(x_t @ W_xh.T + p.get("b_h_l0", 0), 2, axis=-1)
            f_t = 1 / (1 + np.exp(-(x_f + h[-1] @ W_hf.T)))
            n_t = np.tanh(x_n + (f_t * h[-1]) @ W_hn.T)
            steps.append((f_t, n_t))
            h.append((1 - f_t) * h[-1] + f_t * n_t)

        grads = {name: np.zeros_like(a) for name, a in case.inputs.items()}
        loss, h_bar = 0.0, np.zeros_like(h[0])
        for t in reversed(range(len(case.x))):
            step_loss, y_bar = cross_entropy(h[t + 1] @ W_hy.T + p.get("b_y", 0), case.targets[t])
            loss += step_loss
            add(grads, W_hy=y_bar.T @ h[t + 1], b_y=y_bar.sum(0))
            h_bar = h_bar + y_bar @ W_hy

            f_t, n_t = steps[t]
            n_a_bar = h_bar * f_t * (1 - n_t**2)
            gated_bar = n_a_bar @ W_hn  # of f_t * h_prev
            f_bar = h_bar * (n_t - h[t])
            if self.through_gate:  # the gate also scales what the candidate sees of h_prev
                f_bar = f_bar + gated_bar * h[t]
            f_a_bar = f_bar * f_t * (1 - f_t)
            a_bar = np.concatenate([f_a_bar, n_a_bar], axis=-1)
            W_hh_bar = np.concatenate([f_a_bar.T @ h[t], n_a_bar.T @ (f_t * h[t])])
            add(grads, W_xh_l0=a_bar.T @ case.x[t], W_hh_l0=W_hh_bar, b_h_l0=a_bar.sum(0))
            grads["x"][t] = a_bar @ W_xh
            h_bar = h_bar * (1 - f_t) + gated_bar * f_t + f_a_bar @ W_hf
        grads["h0"][0] = h_bar
        return loss, grads


def add(grads: dict[str, Any], **more: Any) -> None:
    """Add to gradients in place; biases that a model does not have are left out."""
    for name in grads.keys() & more.keys():
        grads[name] += more[name]


def cross_entropy(y: Any, labels: Any) -> Any:
    """Softmax cross-entropy of one step, summed over sequences, and its gradient."""
    shifted = y - y.max(axis=-1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    rows = np.arange(len(labels))
    y_bar = np.exp(log_p)
    y_bar[rows, labels] -= 1
    return -log_p[rows, labels].sum(), y_bar


right = BPTT("right")
broken = BPTT("broken", through_gate=False)
