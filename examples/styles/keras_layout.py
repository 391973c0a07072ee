"""A GRU on the weights of a Keras layer: kernels (in, out) with gates z r h, a bias of two rows.

Batch first, softmax cross-entropy averaged over steps and sequences. Buffers for the gradients are
handed in.
"""

import numpy as np


def sigmoid(a):
    """Without overflow and without loss of digits."""
    return np.exp(-np.logaddexp(0.0, -a))


def gru(x, h0, labels, weights, grads, stacked=("z", "r", "h")):
    """The loss; gradients are added to the buffers of `grads`, by the names of the weights."""
    kernel, recurrent = weights["kernel"], weights["recurrent_kernel"]
    (B, T, _), h, memory, loss, dh_next = x.shape, h0, [], 0.0, 0.0
    for t in range(T):
        xz, xr, xh = np.split(x[:, t] @ kernel + weights["bias"][0], 3, axis=1)
        hz, hr, hh = np.split(h @ recurrent + weights["bias"][1], 3, axis=1)
        z, r = sigmoid(xz + hz), sigmoid(xr + hr)
        new = np.tanh(xh + r * hh)
        memory.append((h, z, r, new, hh))
        h = z * h + (1 - z) * new
    for t in reversed(range(T)):
        h_prev, z, r, new, hh = memory[t]
        h = z * h_prev + (1 - z) * new
        loss_t, dh = dense(h, labels[:, t], weights, grads, B * T)
        loss, dh = loss + loss_t, dh + dh_next
        da = {"h": dh * (1 - z) * (1 - new**2), "z": dh * (h_prev - new) * z * (1 - z)}
        da["r"] = da["h"] * hh * r * (1 - r)
        da_x = np.hstack([da[gate] for gate in stacked])
        da_h = np.hstack([da["h"] * r if gate == "h" else da[gate] for gate in stacked])
        grads["kernel"] += x[:, t].T @ da_x
        grads["recurrent_kernel"] += h_prev.T @ da_h
        grads["bias"] += [da_x.sum(axis=0), da_h.sum(axis=0)]
        grads["x"][:, t] = np.hstack([da["z"], da["r"], da["h"]]) @ kernel.T
        dh_next = dh * z + np.hstack([da["z"], da["r"], da["h"] * r]) @ recurrent.T
    grads["h0"] += dh_next
    return loss


def dense(h, labels, weights, grads, count):
    """Loss of one step and its gradient with respect to h; those of the layer are added."""
    y = h @ weights["dense/kernel"] + weights["dense/bias"]
    y = y - y.max(axis=1, keepdims=True)
    log_p = y - np.log(np.exp(y).sum(axis=1, keepdims=True))
    rows = np.arange(len(labels))
    dy = np.exp(log_p)
    dy[rows, labels] -= 1
    dy /= count
    grads["dense/kernel"] += h.T @ dy
    grads["dense/bias"] += dy.sum(axis=0)
    return -log_p[rows, labels].sum() / count, dy @ weights["dense/kernel"].T


def gru_wrong_gate(x, h0, labels, weights, grads):
    """The same with the deltas of z and r in each other's place: the mistake."""
    return gru(x, h0, labels, weights, grads, stacked=("r", "z", "h"))
