"""A GRU as an object that remembers its steps on a stack: one sequence, vectors, two biases.

r = s(Wr x + br + Ur h + cr)    z = s(Wz x + bz + Uz h + cz)
n = tanh(Wn x + bn + r * (Un h + cn))    h' = z * h + (1 - z) * n
"""

import numpy as np


class GatedUnit:
    """One layer, and a linear readout with the squared error at every step."""

    def __init__(self, weights):
        self.w = weights
        self.grad = {name: np.zeros(array.shape) for name, array in weights.items()}
        self.stack = []

    @staticmethod
    def squash(v):
        """The logistic function."""
        return np.where(v < 0, np.exp(-np.abs(v)), 1.0) / (1.0 + np.exp(-np.abs(v)))

    def step(self, x, h):
        """The next state; what the way back needs goes onto the stack."""
        w = self.w
        r = self.squash(w["Wr"] @ x + w["br"] + w["Ur"] @ h + w["cr"])
        z = self.squash(w["Wz"] @ x + w["bz"] + w["Uz"] @ h + w["cz"])
        inner = w["Un"] @ h + w["cn"]
        n = np.tanh(w["Wn"] @ x + w["bn"] + r * inner)
        new = z * h + (1.0 - z) * n
        self.stack.append((x, h, r, z, inner, n, new))
        return new

    def add(self, gate, delta, x, h_delta, h):
        """Add to the gradients of one gate."""
        self.grad["W" + gate] += np.outer(delta, x)
        self.grad["b" + gate] += delta
        self.grad["U" + gate] += np.outer(h_delta, h)
        self.grad["c" + gate] += h_delta

    def step_back(self, grad_h):
        """The gradients of input and state of the last step on the stack."""
        w = self.w
        x, h, r, z, inner, n, _ = self.stack.pop()
        delta_n = grad_h * (1.0 - z) * (1.0 - n * n)
        delta_z = grad_h * (h - n) * z * (1.0 - z)
        delta_r = delta_n * inner * r * (1.0 - r)
        self.add("n", delta_n, x, delta_n * r, h)
        self.add("z", delta_z, x, delta_z, h)
        self.add("r", delta_r, x, delta_r, h)
        grad_x = delta_n @ w["Wn"] + delta_z @ w["Wz"] + delta_r @ w["Wr"]
        grad_h = grad_h * z + (delta_n * r) @ w["Un"] + delta_z @ w["Uz"] + delta_r @ w["Ur"]
        return grad_x, grad_h

    def run(self, xs, targets, h):
        """Loss and gradients of a sequence xs (T, D)."""
        errors, loss = [], 0.0
        for x, target in zip(xs, targets, strict=True):
            h = self.step(x, h)
            error = self.w["V"] @ h + self.w["v"] - target
            loss += error @ error
            errors.append(2.0 * error)
        grad_xs, grad_h = [], np.zeros(h.shape)
        for error in errors[::-1]:
            new = self.stack[-1][-1]
            self.grad["V"] += np.outer(error, new)
            self.grad["v"] += error
            grad_h = grad_h + error @ self.w["V"]
            grad_x, grad_h = self.step_back(grad_h)
            grad_xs.append(grad_x)
        return loss, np.array(grad_xs[::-1]), grad_h, self.grad


def run(xs, targets, h, weights):
    """Loss and gradients by name."""
    loss, x, h0, grads = GatedUnit(weights).run(xs, targets, h)
    return loss, {**grads, "x": x, "h0": h0}
