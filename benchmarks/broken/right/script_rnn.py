"""A tanh RNN for one sequence: columns (n, 1), states in a list, hs[t] is the one before step t.

Softmax and cross-entropy at every step, loss summed. Truncated BPTT: after every k1 steps go back
k2.
"""

import numpy as np


def train_step(xs, targets, h0, Wxh, Whh, Why, bh, by, k1=None, k2=None):
    """Loss, then gradients of x, h0, Wxh, Whh, Why, bh, by."""
    T = len(xs)
    k1 = k1 or T
    k2 = k2 or T

    # forward
    loss = 0.0
    hs = [h0]
    probs = []
    for t in range(T):
        h = np.tanh(Wxh @ xs[t] + Whh @ hs[t] + bh)
        hs.append(h)
        scores = Why @ h + by
        scores = scores - np.max(scores)
        e = np.exp(scores)
        total = np.sum(e)
        probs.append(e / total)
        loss += np.log(total) - scores[targets[t], 0]

    # backward
    dxs = [np.zeros_like(x) for x in xs]
    dh0 = np.zeros_like(h0)
    dWxh, dWhh, dWhy = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros_like(Why)
    dbh, dby = np.zeros_like(bh), np.zeros_like(by)
    for start in range(0, T, k1):
        end = min(start + k1, T)
        first = max(0, end - k2)
        dhnext = np.zeros_like(h0)
        for t in reversed(range(first, end)):
            dh = dhnext
            if t >= start:
                dy = probs[t].copy()
                dy[targets[t]] -= 1
                dWhy += dy @ hs[t + 1].T
                dby += dy
                dh = dh + Why.T @ dy
            dz = (1 - hs[t + 1] * hs[t + 1]) * dh
            dbh += dz
            dWxh += dz @ xs[t].T
            dWhh += dz @ hs[t].T
            dxs[t] += Wxh.T @ dz
            dhnext = Whh.T @ dz
        if first == 0:
            dh0 += dhnext
    return loss, dxs, dh0, dWxh, dWhh, dWhy, dbh, dby
