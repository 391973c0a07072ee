"""An LSTM on arrays made beforehand: one matrix W (D + N, 4 N) for [x, h], gates i f o g in slices.

Time first. Sequences have lengths: a padded step keeps the state and has no loss. The loss is half
the squared error of every step, or of the last state only.
"""

import numpy as np


def sigmoid(a):
    """The logistic function."""
    return np.exp(-np.logaddexp(0.0, -a))


def lstm_loss(x, lengths, targets, h0, c0, W, b, V, d, last_only=False):
    """The loss and a dict of gradients."""
    T, B, D = x.shape
    N = h0.shape[1]
    mask = (np.arange(T)[:, None] < lengths).astype(x.dtype)[:, :, None]
    h, c = np.zeros((T + 1, B, N), x.dtype), np.zeros((T + 1, B, N), x.dtype)
    tanh_c = np.zeros((T, B, N), x.dtype)
    gates = np.zeros((T, B, 4 * N), x.dtype)
    xh = np.zeros((T, B, D + N), x.dtype)
    h[0], c[0] = h0, c0
    for t in range(T):
        xh[t, :, :D] = x[t]
        xh[t, :, D:] = h[t]
        a = xh[t] @ W + b
        gates[t, :, : 3 * N] = sigmoid(a[:, : 3 * N])
        gates[t, :, 3 * N :] = np.tanh(a[:, 3 * N :])
        i, f = gates[t, :, :N], gates[t, :, N : 2 * N]
        o, g = gates[t, :, 2 * N : 3 * N], gates[t, :, 3 * N :]
        c_new = f * c[t] + i * g
        tanh_c[t] = np.tanh(c_new)
        c[t + 1] = mask[t] * c_new + (1 - mask[t]) * c[t]
        h[t + 1] = mask[t] * o * tanh_c[t] + (1 - mask[t]) * h[t]
    weight = mask
    if last_only:
        weight = np.zeros_like(mask)
        weight[-1] = 1
    err = weight * (h[1:] @ V + d - targets)
    loss = 0.5 * np.sum(err**2)

    dout = err @ V.T
    da = np.zeros_like(gates)
    dxh = np.zeros_like(xh)
    dh_next, dc_next = np.zeros_like(h0), np.zeros_like(c0)
    for t in range(T - 1, -1, -1):
        i, f = gates[t, :, :N], gates[t, :, N : 2 * N]
        o, g = gates[t, :, 2 * N : 3 * N], gates[t, :, 3 * N :]
        dh = dout[t] + dh_next
        dh_new = mask[t] * dh
        dc_new = mask[t] * dc_next + dh_new * o * (1 - tanh_c[t] ** 2)
        da[t, :, :N] = dc_new * g * i * (1 - i)
        da[t, :, N : 2 * N] = dc_new * c[t] * f * (1 - f)
        da[t, :, 2 * N : 3 * N] = dh_new * tanh_c[t] * o * (1 - o)
        da[t, :, 3 * N :] = dc_new * i * (1 - g**2)
        dxh[t] = da[t] @ W.T
        dh_next = dxh[t, :, D:] + (1 - mask[t]) * dh
        dc_next = dc_new * f + (1 - mask[t]) * dc_next
    grads = {
        "W": np.einsum("tbi,tbj->ij", xh, da),
        "b": da.sum(axis=(0, 1)),
        "V": np.einsum("tbi,tbj->ij", h[1:], err),
        "d": err.sum(axis=(0, 1)),
        "x": dxh[:, :, :D],
        "h0": dh_next,
        "c0": dc_next,
    }
    return loss, grads
