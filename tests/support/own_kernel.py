"""A file of a user: a kernel in NumPy, right and wrong, beside plain code that defines it."""

from __future__ import annotations

PROGRAM = """
import bptt_check as bc
import numpy as np

INPUTS = bc.Inputs(
    x="T B", decay=bc.between(0.1, 0.9, "B"), sizes={"T": (1, 24), "B": (1, 3)}, time="T"
)


def reference(x, decay):
    h, outs = np.zeros_like(x[0]), []
    for x_t in x:
        h = decay * h + np.tanh(x_t)
        outs.append(h)
    return np.stack(outs), h


def forward(x, decay):
    return reference(x, decay), (x, decay)


def backward(residuals, cotangents, lost_at=None):
    x, decay = residuals
    bars, h_bar = cotangents
    h_prev = np.concatenate([np.zeros_like(x[:1]), reference(x, decay)[0][:-1]])
    x_bar, decay_bar, h_bar = np.zeros_like(x), np.zeros_like(decay), h_bar * 1.0
    for t in reversed(range(len(x))):
        h_bar = h_bar + bars[t]
        x_bar[t] = h_bar * (1.0 - np.tanh(x[t]) ** 2)
        decay_bar += h_bar * h_prev[t]
        h_bar = h_bar * decay * (t != lost_at)
    return {"x": x_bar, "decay": decay_bar}


RIGHT = bc.Vjp(forward, backward)
WRONG = bc.Vjp(forward, lambda residuals, cotangents: backward(residuals, cotangents, 16))
"""
