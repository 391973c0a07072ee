"""One sequence of characters, as integers; column vectors (H, 1); a loss summed over the steps."""

import numpy as np


def loss_and_grads(inputs, targets, hprev, Wxh, Whh, Why, bh, by, slope=lambda h: 1 - h * h):
    """Loss, the gradient of each parameter in the order of the arguments, and the last state."""
    xs, hs, ps, loss = {}, {-1: hprev}, {}, 0.0
    for t, token in enumerate(inputs):
        xs[t] = np.zeros((Wxh.shape[1], 1), Wxh.dtype)
        xs[t][token] = 1
        hs[t] = np.tanh(Wxh @ xs[t] + Whh @ hs[t - 1] + bh)
        y = Why @ hs[t] + by
        y = y - y.max()
        log_p = y - np.log(np.exp(y).sum())
        ps[t] = np.exp(log_p)
        loss -= log_p[targets[t], 0]
    dWxh, dWhh, dWhy, dbh, dby = (np.zeros_like(w) for w in (Wxh, Whh, Why, bh, by))
    dhnext = np.zeros_like(hprev)
    for t in reversed(range(len(inputs))):
        dy = ps[t].copy()
        dy[targets[t]] -= 1
        da = slope(hs[t]) * (Why.T @ dy + dhnext)
        dWhy += dy @ hs[t].T
        dby += dy
        dbh += da
        dWxh += da @ xs[t].T
        dWhh += da @ hs[t - 1].T
        dhnext = Whh.T @ da
    return loss, dWxh, dWhh, dWhy, dbh, dby, hs[len(inputs) - 1]


def loss_and_grads_activated_twice(*arguments):
    """The same with the derivative of tanh at the activated value: the mistake."""
    return loss_and_grads(*arguments, slope=lambda h: 1 - np.tanh(h) ** 2)
