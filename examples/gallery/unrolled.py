"""What the formulas are made of: states, slopes and output errors of one sequence.

Everything here is evaluated from the equations of the Elman network itself, step by step, so that
the gallery leans neither on the forward pass of the oracles nor on any autograd. Steps are numbered
as in the texts: 1 to T, state 0 being the initial one. Row 0 of what exists at steps only is NaN: a
formula that reaches for it cannot go unnoticed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from bptt_check.cases.case import Case
from bptt_check.cases.types import Array
from bptt_check.equations.namespaces.numpy import NumPy
from bptt_check.equations.network import Problem, problem_of
from bptt_check.errors import Unsupported

Grads = dict[str, Array]


@dataclass(frozen=True, eq=False)
class Unrolled:
    """One sequence of a tanh network with one layer: `h_t = tanh(a_t)`, `z_t = W_hy h_t + b_y`.

    Args:
        T: number of steps.
        W_xh, W_hh, W_hy: (H, D), (H, H), (O, H).
        x, a, h: (T + 1, D), (T + 1, H), (T + 1, H): inputs, pre-activations, states.
        error: (T + 1, O): derivative of the loss of each step by that step's logits z_t; zero
            where the step carries no loss.
    """

    T: int
    W_xh: Array
    W_hh: Array
    W_hy: Array
    x: Array
    a: Array
    h: Array
    error: Array

    def slope(self, t: int) -> Array:
        """`tanh'(a_t)`, (H,)."""
        return 1.0 - np.tanh(self.a[t]) ** 2

    def diag(self, t: int) -> Array:
        """`diag(1 - h_t^2)`, (H, H)."""
        return np.diag(self.slope(t))

    def jacobian(self, t: int) -> Array:
        """`dh_t / dh_{t-1} = diag(1 - h_t^2) W_hh`, (H, H)."""
        return self.diag(t) @ self.W_hh

    def own(self, t: int) -> Array:
        """`dL_t / dh_t`: of the loss of step t alone, (H,)."""
        return self.W_hy.T @ self.error[t]

    def whole(self) -> dict[int, Array]:
        """`dL / dh_t` of the losses of step t and of all later steps, by step."""
        dL_dh = {self.T: self.own(self.T)}
        for t in range(self.T - 1, 0, -1):
            dL_dh[t] = self.own(t) + self.jacobian(t + 1).T @ dL_dh[t + 1]
        return dL_dh

    def immediate(self, t: int, used: Array) -> Array:
        """`dh_t / dW` with `h_{t-1}` held, W being the weight that multiplies `used` [n] at step t:
        (H, H, n).
        """
        return np.einsum("uv,n->uvn", self.diag(t), used)

    def total(self, used: Callable[[int], Array]) -> dict[int, Array]:
        """`dh_t / dW` through all steps up to t, by step from 0: (H, H, n)."""
        dh_dW = {0: np.zeros_like(self.immediate(1, used(1)))}
        for t in range(1, self.T + 1):
            through = np.einsum("uv,vwn->uwn", self.jacobian(t), dh_dW[t - 1])
            dh_dW[t] = self.immediate(t, used(t)) + through
        return dh_dW

    def x_t(self, t: int) -> Array:
        """What `W_xh` multiplies at step t, (D,)."""
        return self.x[t]

    def h_prev(self, t: int) -> Array:
        """What `W_hh` multiplies at step t, (H,)."""
        return self.h[t - 1]


def summed(case: Case, of_sequence: Callable[[Unrolled], Grads]) -> Grads:
    """Gradients of a case from those of its sequences: added up; `x` (T, D) put side by side."""
    per_sequence = [of_sequence(run) for run in _sequences(case)]
    names = per_sequence[0]
    stacked = {
        n: np.stack([grads[n] for grads in per_sequence], axis=1 if n == "x" else 0) for n in names
    }
    return {n: a if n == "x" else a.sum(axis=0) for n, a in stacked.items()}


def require(fits: bool, what: str) -> None:
    """Decline a case on which a formula cannot be evaluated."""
    if not fits:
        raise Unsupported(f"the formula needs {what}")


def _sequences(case: Case) -> Iterable[Unrolled]:
    given = problem_of(case)
    return [_unrolled(case, given, b) for b in range(case.sizes.B)]


def _unrolled(case: Case, given: Problem, b: int) -> Unrolled:
    """The forward pass of one sequence."""
    p, sizes = given.inputs, case.sizes
    x, a = np.full((sizes.T + 1, sizes.D), np.nan), np.full((sizes.T + 1, sizes.H), np.nan)
    h, error = np.full((sizes.T + 1, sizes.H), np.nan), np.full((sizes.T + 1, sizes.O), np.nan)
    x[1:], h[0] = p["x"][:, b], p["h0"][0, b]
    for t in range(1, sizes.T + 1):
        a[t] = p["W_xh_l0"] @ x[t] + p["W_hh_l0"] @ h[t - 1] + p.get("b_h_l0", 0.0)
        h[t] = np.tanh(a[t])
        z_t = p["W_hy"] @ h[t] + p.get("b_y", 0.0)
        error[t] = given.weights[t - 1, b] * ERRORS[case.model.loss](z_t, given.targets[t - 1, b])
    return Unrolled(sizes.T, p["W_xh_l0"], p["W_hh_l0"], p["W_hy"], x, a, h, error)


def _softmax(z_t: Array) -> Array:
    raised = np.exp(z_t - z_t.max())
    return raised / raised.sum()


ERRORS: dict[str, Callable[[Array, Array], Array]] = {
    "cross_entropy": lambda z_t, y_t: _softmax(z_t) - y_t,
    "bce": lambda z_t, y_t: NumPy().sigmoid(z_t) - y_t,
    "mse": lambda z_t, y_t: 2.0 * (z_t - y_t),
}
"""Derivative of the loss of one step by its logits, `y_t` being the target."""
