"""An LSTM that reads a sequence and classifies it from its last state.

Batch first: x is (batch, steps, features). Every gate has a matrix (hidden + features, hidden) for
[h, x]. The loss is the mean over the batch.
"""

import numpy as np


def sigmoid(a):
    """The logistic function."""
    return np.exp(-np.logaddexp(0.0, -a))


class LSTMClassifier:
    """forward() keeps a dict for each step, backward() fills self.grads."""

    def __init__(self, n_in, n_hidden, n_out):
        self.n_hidden = n_hidden
        self.Wf = np.zeros((n_hidden + n_in, n_hidden))
        self.Wi = np.zeros((n_hidden + n_in, n_hidden))
        self.Wc = np.zeros((n_hidden + n_in, n_hidden))
        self.Wo = np.zeros((n_hidden + n_in, n_hidden))
        self.bf = np.zeros(n_hidden)
        self.bi = np.zeros(n_hidden)
        self.bc = np.zeros(n_hidden)
        self.bo = np.zeros(n_hidden)
        self.Wy = np.zeros((n_hidden, n_out))
        self.by = np.zeros(n_out)
        self.grads = {}

    def forward(self, x, h0, c0, labels):
        """Mean loss of a batch."""
        self.x, self.labels = x, labels
        self.cache = {}
        h, c = h0, c0.copy()
        for t in range(x.shape[1]):
            z = np.concatenate([h, x[:, t]], axis=1)
            f = sigmoid(z @ self.Wf + self.bf)
            i = sigmoid(z @ self.Wi + self.bi)
            g = np.tanh(z @ self.Wc + self.bc)
            o = sigmoid(z @ self.Wo + self.bo)
            c_prev = c
            c = f * c_prev + i * g
            h = o * np.tanh(c)
            step = {"z": z, "f": f, "i": i, "g": g, "o": o, "c_prev": c_prev, "c": c}
            self.cache[t] = step
        self.h_last = h
        scores = h @ self.Wy + self.by
        scores = scores - scores.max(axis=1, keepdims=True)
        log_probs = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        self.probs = np.exp(log_probs)
        return -log_probs[np.arange(len(labels)), labels].mean()

    def backward(self):
        """Gradients of the mean loss."""
        n, H = len(self.labels), self.n_hidden
        names = ("Wf", "Wi", "Wc", "Wo", "bf", "bi", "bc", "bo")
        grads = {name: np.zeros_like(getattr(self, name)) for name in names}
        dscores = self.probs.copy()
        dscores[np.arange(n), self.labels] -= 1
        dscores /= n
        grads["Wy"] = self.h_last.T @ dscores
        grads["by"] = dscores.sum(axis=0)
        dx = np.zeros_like(self.x)
        dh = dscores @ self.Wy.T
        dc = np.zeros_like(dh)
        for t in reversed(range(self.x.shape[1])):
            step = self.cache[t]
            z, f, i, g, o = step["z"], step["f"], step["i"], step["g"], step["o"]
            tanh_c = np.tanh(step["c"])
            dc = dc + dh * o * (1 - tanh_c**2)
            do = dh * tanh_c * o * (1 - o)
            df = dc * step["c_prev"] * f * (1 - f)
            di = dc * g * i * (1 - i)
            dg = dc * i * (1 - g**2)
            grads["Wf"] += z.T @ df
            grads["Wi"] += z.T @ di
            grads["Wc"] += z.T @ dg
            grads["Wo"] += z.T @ do
            grads["bf"] += df.sum(axis=0)
            grads["bi"] += di.sum(axis=0)
            grads["bc"] += dg.sum(axis=0)
            grads["bo"] += do.sum(axis=0)
            dz = df @ self.Wf.T + di @ self.Wi.T + dg @ self.Wc.T + do @ self.Wo.T
            dx[:, t] = dz[:, H:]
            dh = dz[:, :H]
            dc = dc * f
        grads["x"], grads["h0"], grads["c0"] = dx, dh, dc
        self.grads = grads
