"""Faults of arrays made beforehand, one matrix for all gates, and padded steps."""

from __future__ import annotations

from ..fault import Fault

FILE = "fused_lstm"
FAULTS = (
    Fault(
        FILE, "loss placement", "padded steps have a loss",
        "    weight = mask\n", "    weight = np.ones_like(mask)\n",
        "The mask is forgotten in the loss.",
    ),
    Fault(
        FILE, "carry", "carry lost at padded steps",
        "dh_next = dxh[t, :, D:] + (1 - mask[t]) * dh", "dh_next = dxh[t, :, D:]",
        "A padded step keeps its state, and its gradient stops there.",
    ),
    Fault(
        FILE, "carry", "carry not added",
        "dh = dout[t] + dh_next", "dh = dout[t]",
        "Every step is differentiated as if h went nowhere else.",
    ),
    Fault(
        FILE, "carry", "dc not carried",
        "dc_new = mask[t] * dc_next + dh_new", "dc_new = dh_new",
        "The cell gets nothing from step t+1.",
    ),
    Fault(
        FILE, "loss placement", "padded steps not masked in the backward pass",
        "dh_new = mask[t] * dh", "dh_new = dh",
        "What a padded step hands on goes through its gates as well.",
    ),
    Fault(
        FILE, "index", "c_t for c_{t-1}",
        "dc_new * c[t] * f * (1 - f)", "dc_new * c[t + 1] * f * (1 - f)",
        "The forget gate scales the cell before the step.",
    ),
    Fault(
        FILE, "index", "readout of the state before",
        '"V": np.einsum("tbi,tbj->ij", h[1:], err)',
        '"V": np.einsum("tbi,tbj->ij", h[:-1], err)',
        "The readout is paired with the state before the step.",
    ),
    Fault(
        FILE, "index", "delta shifted by a step",
        "dxh[t] = da[t] @ W.T", "dxh[t] = da[t - 1] @ W.T",
        "What goes back is the delta of a step that was not reached yet.",
    ),
    Fault(
        FILE, "wrong variable", "input gate in place of the forget gate",
        "dc_next = dc_new * f +", "dc_next = dc_new * i +",
        "The gradient of the cell goes back through the wrong gate.",
    ),
    Fault(
        FILE, "wrong variable", "slope of another gate",
        "da[t, :, :N] = dc_new * g * i * (1 - i)", "da[t, :, :N] = dc_new * g * f * (1 - f)",
        "The input gate gets the forget gate's slope.",
    ),
    Fault(
        FILE, "activation", "c for tanh(c) at the output gate",
        "dh_new * tanh_c[t] * o * (1 - o)", "dh_new * c[t + 1] * o * (1 - o)",
        "The output gate scales tanh(c), not c.",
    ),
    Fault(
        FILE, "activation", "a factor of 2",
        "dout = err @ V.T", "dout = 2 * err @ V.T",
        "The loss has a half, and the gradient of the states has lost it.",
    ),
    Fault(
        FILE, "regulariser or clamp", "pre-activations clipped",
        "a = xh[t] @ W + b", "a = np.clip(xh[t] @ W + b, -4, 4)",
        "The forward pass clips, the backward pass knows nothing of it.",
    ),
    Fault(
        FILE, "aliasing", "deltas written over the gates",
        "da = np.zeros_like(gates)", "da = gates",
        "The gates are views; the first delta overwrites one that is read further down.",
    ),
    Fault(
        FILE, "accumulation", "one step's share",
        'np.einsum("tbi,tbj->ij", xh, da)', "xh[0].T @ da[0]",
        "The matrix gets the share of the first step only.",
    ),
    Fault(
        FILE, "convention", "bias averaged over the batch",
        '"b": da.sum(axis=(0, 1))', '"b": da.mean(axis=1).sum(axis=0)',
        "The loss is a sum over the batch; one gradient is divided by its size.",
    ),
    Fault(
        FILE, "boundary", "c0 before the forget gate",
        '"c0": dc_next', '"c0": dc_new',
        "The gradient of c_1 stands for that of c_0.",
    ),
    Fault(
        FILE, "boundary", "h0 never read",
        "h[0], c[0] = h0, c0", "c[0] = c0",
        "The forward pass starts from zeros.",
    ),
    Fault(
        FILE, "convention", "divided by the number of steps",
        "dout = err @ V.T", "dout = err @ V.T / T",
        "The loss is a sum over steps; what the states get of it is a mean.",
    ),
)  # fmt: skip
