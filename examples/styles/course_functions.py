"""Functions of a course's assignment: batch first (N, T, D), weights (in, out), a cache.

`rnn_forward` gives all hidden states, `rnn_backward` takes the gradient of all of them.
"""

import numpy as np


def rnn_forward(x, h0, Wx, Wh, b):
    """Hidden states (N, T, H) and what the backward pass needs."""
    h = np.zeros((x.shape[0], x.shape[1] + 1, len(b)), x.dtype)
    h[:, 0] = h0
    for t in range(x.shape[1]):
        h[:, t + 1] = np.tanh(x[:, t] @ Wx + h[:, t] @ Wh + b)
    return h[:, 1:], (x, h, Wx, Wh)


def rnn_backward(dh, cache, shift=0):
    """Gradients of x, h0, Wx, Wh and b."""
    x, h, Wx, Wh = cache
    dx, dWx, dWh = np.zeros_like(x), np.zeros_like(Wx), np.zeros_like(Wh)
    db, dh_prev = np.zeros(len(Wh), x.dtype), np.zeros_like(h[:, 0])
    for t in reversed(range(x.shape[1])):
        da = (dh[:, t] + dh_prev) * (1 - h[:, t + 1] ** 2)
        dx[:, t], dh_prev = da @ Wx.T, da @ Wh.T
        dWx += x[:, t].T @ da
        dWh += h[:, t + shift].T @ da
        db += da.sum(axis=0)
    return dx, dh_prev, dWx, dWh, db


def rnn_backward_shifted(dh, cache):
    """The same with h_t for h_{t-1} in the recurrent weights: the mistake."""
    return rnn_backward(dh, cache, shift=1)
