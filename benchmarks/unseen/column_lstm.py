"""An LSTM on columns: x (D, N, T), one matrix per gate on [a; x], a tuple of cached values a step.

Cross-entropy of a softmax at every step, summed over steps and sequences.
"""

import numpy as np


def sigmoid(v):
    """The logistic function."""
    return np.exp(-np.logaddexp(0, -v))


def log_softmax(v):
    """Of each column."""
    v = v - np.max(v, axis=0, keepdims=True)
    return v - np.log(np.sum(np.exp(v), axis=0, keepdims=True))


def cell_forward(xt, a_prev, c_prev, W):
    """One step."""
    concat = np.concatenate((a_prev, xt), axis=0)
    ft = sigmoid(np.dot(W["Wf"], concat) + W["bf"])
    it = sigmoid(np.dot(W["Wi"], concat) + W["bi"])
    cct = np.tanh(np.dot(W["Wc"], concat) + W["bc"])
    ot = sigmoid(np.dot(W["Wo"], concat) + W["bo"])
    c_next = ft * c_prev + it * cct
    a_next = ot * np.tanh(c_next)
    lt = log_softmax(np.dot(W["Wy"], a_next) + W["by"])
    return a_next, c_next, lt, (c_next, a_prev, c_prev, ft, it, cct, ot, concat)


def forward(x, labels, a0, c0, W):
    """All steps; the loss, logarithms of the predictions, states and caches."""
    caches, logs, states = [], [], []
    a, c, loss = a0, c0, 0.0
    for t in range(x.shape[2]):
        a, c, lt, cache = cell_forward(x[:, :, t], a, c, W)
        loss += -np.sum(lt[labels[:, t], np.arange(x.shape[1])])
        caches.append(cache)
        logs.append(lt)
        states.append(a)
    return loss, logs, states, caches


def cell_backward(da, dc, cache, W, g):
    """One step back: adds to the gradients g; returns those of x, a_prev and c_prev."""
    c_next, a_prev, c_prev, ft, it, cct, ot, concat = cache
    n_a = a_prev.shape[0]
    tc = np.tanh(c_next)
    dc = dc + da * ot * (1 - np.square(tc))
    dot = da * tc * ot * (1 - ot)
    dcct = dc * it * (1 - np.square(cct))
    dit = dc * cct * it * (1 - it)
    dft = dc * c_prev * ft * (1 - ft)
    g["Wf"] += np.dot(dft, concat.T)
    g["Wi"] += np.dot(dit, concat.T)
    g["Wc"] += np.dot(dcct, concat.T)
    g["Wo"] += np.dot(dot, concat.T)
    g["bf"] += np.sum(dft, axis=1, keepdims=True)
    g["bi"] += np.sum(dit, axis=1, keepdims=True)
    g["bc"] += np.sum(dcct, axis=1, keepdims=True)
    g["bo"] += np.sum(dot, axis=1, keepdims=True)
    dconcat = np.dot(W["Wf"].T, dft) + np.dot(W["Wi"].T, dit)
    dconcat += np.dot(W["Wc"].T, dcct) + np.dot(W["Wo"].T, dot)
    return dconcat[n_a:, :], dconcat[:n_a, :], dc * ft


def loss_and_gradients(x, labels, a0, c0, W):
    """The loss and the gradients of everything."""
    loss, logs, states, caches = forward(x, labels, a0, c0, W)
    g = {name: np.zeros_like(value) for name, value in W.items()}
    dx = np.zeros_like(x)
    da_next = np.zeros_like(a0)
    dc_next = np.zeros_like(c0)
    for t in reversed(range(len(caches))):
        dy = np.exp(logs[t])
        dy[labels[:, t], np.arange(x.shape[1])] -= 1
        g["Wy"] += np.dot(dy, states[t].T)
        g["by"] += np.sum(dy, axis=1, keepdims=True)
        da = np.dot(W["Wy"].T, dy) + da_next
        dx[:, :, t], da_next, dc_next = cell_backward(da, dc_next, caches[t], W, g)
    return loss, {**g, "x": dx, "a0": da_next, "c0": dc_next}
