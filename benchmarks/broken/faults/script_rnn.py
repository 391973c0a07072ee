"""Faults of a flat function with columns and lists of states."""

from __future__ import annotations

from ..fault import Fault

FILE = "script_rnn"
FAULTS = (
    Fault(
        FILE, "carry", "carry not added",
        "dh = dh + Why.T @ dy", "dh = Why.T @ dy",
        "What h_t gets from step t+1 is overwritten by its share of the loss.",
    ),
    Fault(
        FILE, "index", "h_t for h_{t-1}",
        "dWhh += dz @ hs[t].T", "dWhh += dz @ hs[t + 1].T",
        "The recurrent weights are paired with the state after the step.",
    ),
    Fault(
        FILE, "index", "wrap at -1",
        "dWhh += dz @ hs[t].T", "dWhh += dz @ hs[t - 1].T",
        "One step too early, and at t = 0 the last state of all, which -1 names.",
    ),
    Fault(
        FILE, "activation", "tanh taken twice",
        "dz = (1 - hs[t + 1] * hs[t + 1]) * dh", "dz = (1 - np.tanh(hs[t + 1]) ** 2) * dh",
        "The slope of tanh is taken of the activated value.",
    ),
    Fault(
        FILE, "activation", "slope of the logistic function",
        "dz = (1 - hs[t + 1] * hs[t + 1]) * dh", "dz = hs[t + 1] * (1 - hs[t + 1]) * dh",
        "The slope is that of the logistic function, the activation is tanh.",
    ),
    Fault(
        FILE, "activation", "no slope in the carry",
        "dhnext = Whh.T @ dz", "dhnext = Whh.T @ dh",
        "What goes back to step t-1 has not been through 1 - h^2.",
    ),
    Fault(
        FILE, "transpose", "Whh not transposed",
        "dhnext = Whh.T @ dz", "dhnext = Whh @ dz",
        "The recurrent matrix is square, so no shape tells.",
    ),
    Fault(
        FILE, "accumulation", "bias assigned",
        "dbh += dz", "dbh = dz",
        "The bias keeps the share of the step that comes last, the first one.",
    ),
    Fault(
        FILE, "accumulation", "bias summed over units",
        "dbh += dz", "dbh += dz.sum(axis=0)",
        "In a column axis 0 is that of the units; the sum is spread over all of them.",
    ),
    Fault(
        FILE, "truncation", "window one step short",
        "first = max(0, end - k2)", "first = max(0, end - k2 + 1)",
        "The window holds k2 - 1 steps.",
    ),
    Fault(
        FILE, "truncation", "window of a short last block",
        "first = max(0, end - k2)", "first = max(0, start + k1 - k2)",
        "Where k1 does not divide T the last window is counted from an end that is not there.",
    ),
    Fault(
        FILE, "loss placement", "losses of earlier blocks again",
        "if t >= start:", "if t >= first:",
        "Every step in the window adds its loss, those of earlier blocks once more.",
    ),
    Fault(
        FILE, "convention", "clipped inside the loop",
        "dhnext = Whh.T @ dz", "dhnext = np.clip(Whh.T @ dz, -1, 1)",
        "What is carried is clipped at every step, not the gradient at the end.",
    ),
    Fault(
        FILE, "convention", "clipped at the end",
        "    return loss, dxs,",
        "    for grad in (dWxh, dWhh, dWhy, dbh, dby):\n"
        "        np.clip(grad, -1, 1, out=grad)\n"
        "    return loss, dxs,",
        "Gradients of parameters are clipped entry by entry before they are returned.",
    ),
    Fault(
        FILE, "partial", "x before the slope",
        "dxs[t] += Wxh.T @ dz", "dxs[t] += Wxh.T @ dh",
        "The gradient of the input is that of h_t through the matrix, without 1 - h^2.",
    ),
    Fault(
        FILE, "boundary", "h0 from the first block only",
        "if first == 0:", "if start == 0:",
        "Other windows that reach the beginning give h0 nothing.",
    ),
    Fault(
        FILE, "other forward", "recurrence from h0 at every step",
        "h = np.tanh(Wxh @ xs[t] + Whh @ hs[t] + bh)",
        "h = np.tanh(Wxh @ xs[t] + Whh @ hs[0] + bh)",
        "The forward pass reads the initial state at every step.",
    ),
)  # fmt: skip
