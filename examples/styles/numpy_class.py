"""A class with its weights and gradients in attributes: U, W, V, b, c and dU, dW, dV, db, dc.

Sequences `x` (T, B, D), states (B, H); half the squared error at every step.
"""

import numpy as np


class Elman:
    """A tanh network that remembers its forward pass."""

    def __init__(self, inputs, hidden, outputs):
        self.U = np.zeros((hidden, inputs))
        self.W = np.zeros((hidden, hidden))
        self.V = np.zeros((outputs, hidden))
        self.b, self.c = np.zeros(hidden), np.zeros(outputs)

    def forward(self, x, h0, targets):
        """The loss."""
        self.x, self.h = x, [h0]
        for x_t in x:
            self.h.append(np.tanh(x_t @ self.U.T + self.h[-1] @ self.W.T + self.b))
        self.error = np.stack(self.h[1:]) @ self.V.T + self.c - targets
        return 0.5 * np.sum(self.error**2)

    def backward(self):
        """Leaves the gradients in attributes."""
        self.dU, self.dW, self.dV = (np.zeros_like(w) for w in (self.U, self.W, self.V))
        self.db, self.dc = np.zeros_like(self.b), np.zeros_like(self.c)
        self.dx = np.zeros_like(self.x)
        self.dh0 = np.zeros_like(self.h[0])
        for t in reversed(range(len(self.x))):
            dh_t = self.error[t] @ self.V + self.carried(self.dh0)
            da_t = dh_t * (1 - self.h[t + 1] ** 2)
            self.dV += self.error[t].T @ self.h[t + 1]
            self.dc += self.error[t].sum(axis=0)
            self.dU += da_t.T @ self.x[t]
            self.dW += da_t.T @ self.h[t]
            self.db += da_t.sum(axis=0)
            self.dx[t] = da_t @ self.U
            self.dh0 = da_t @ self.W

    def carried(self, dh_next):
        """What h_t gets from step t+1."""
        return dh_next


class LostCarry(Elman):
    """The same, but every step is differentiated as if it were the last."""

    def carried(self, dh_next):
        """Nothing: the mistake."""
        return 0.0
