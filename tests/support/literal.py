"""The equations of reference/README.md, evaluated literally: loops over single Python floats.

Nothing here is shared with the reference, nothing is fast, and every line says which equation it
is. Vectors are lists of floats, matrices lists of rows; one sequence at a time.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

Vector = list[float]
Matrix = list[Vector]
Step = dict[str, Vector]


def times(W: Matrix, x: Vector) -> Vector:
    """`W x`."""
    return [sum(w * v for w, v in zip(row, x, strict=True)) for row in W]


def transposed_times(W: Matrix, a_bar: Vector) -> Vector:
    """`W^T a_bar`."""
    return [sum(W[k][d] * a_bar[k] for k in range(len(W))) for d in range(len(W[0]))]


def outer(u: Vector, v: Vector) -> Matrix:
    """`u v^T`."""
    return [[a * b for b in v] for a in u]


def each(f: Callable[..., float], *vectors: Vector) -> Vector:
    """A function of numbers, entry by entry."""
    return [f(*numbers) for numbers in zip(*vectors, strict=True)]


def plus(*vectors: Vector) -> Vector:
    return each(lambda *numbers: sum(numbers), *vectors)


def mul(*vectors: Vector) -> Vector:
    return each(lambda *numbers: math.prod(numbers), *vectors)


def minus(u: Vector) -> Vector:
    return [-a for a in u]


def sigma(a: float) -> float:
    return math.exp(a) / (1 + math.exp(a))  # (3.1)


def sigma_slope(a: float) -> float:
    return sigma(a) / (1 + math.exp(a))  # (3.2)


def tanh_slope(a: float) -> float:
    return 1 / math.cosh(a) ** 2  # (3.3)


ACTIVATIONS: dict[str, tuple[Callable[[float], float], Callable[[float], float]]] = {
    "sigmoid": (sigma, sigma_slope),
    "tanh": (math.tanh, tanh_slope),
    "relu": (lambda a: max(a, 0.0), lambda a: 1.0 if a > 0 else 0.0),  # (3.4)
    "identity": (lambda a: a, lambda a: 1.0),  # (3.5)
}


class Cell:
    """Forward and backward of one cell; `p` are its parameters, all biases among them."""

    def __init__(self, p: dict[str, Any], activation: str = "tanh") -> None:
        self.p = p
        self.f, self.slope = ACTIVATIONS[activation]
        self.grads: dict[str, Any] = {}

    def collect(self, name: str, share: Any) -> None:
        """Add to a sum over steps."""
        old = self.grads.get(name)
        if isinstance(share[0], list):
            rows = share if old is None else [plus(a, b) for a, b in zip(old, share, strict=True)]
        else:
            rows = share if old is None else plus(old, share)
        self.grads[name] = rows

    def backward(
        self, steps: list[Step], above: list[Vector], later: list[Vector]
    ) -> tuple[list[Vector], list[Vector]]:
        """All steps from the last to the first: cotangents of the inputs and of the first state."""
        x_bar: list[Vector] = []
        for s, from_above in zip(reversed(steps), reversed(above), strict=True):
            x_t_bar, later = self.back(s, from_above, later)
            x_bar.insert(0, x_t_bar)
        return x_bar, later

    def forward(self, x: list[Vector], state: list[Vector]) -> list[Step]:
        steps: list[Step] = []
        for x_t in x:
            steps.append({"x": x_t, **self.step(x_t, state)})
            state = [steps[-1][name] for name in ("h", "c")[: len(state)]]
        return steps

    def step(self, x_t: Vector, state: list[Vector]) -> Step:
        raise NotImplementedError

    def back(self, s: Step, above_t: Vector, later: list[Vector]) -> tuple[Vector, list[Vector]]:
        raise NotImplementedError


class Rnn(Cell):
    def step(self, x_t: Vector, state: list[Vector]) -> Step:
        p, h_prev = self.p, state[0]
        a_t = plus(times(p["W_xh"], x_t), times(p["W_hh"], h_prev), p["b_h"])  # (4.1)
        h_t = each(self.f, a_t)  # (4.2)
        return {"h_prev": h_prev, "a": a_t, "h": h_t}

    def back(self, s: Step, above_t: Vector, later: list[Vector]) -> tuple[Vector, list[Vector]]:
        (later_t,) = later
        h_t_bar = plus(above_t, later_t)  # (4.3)
        a_t_bar = mul(h_t_bar, each(self.slope, s["a"]))  # (4.4)
        h_prev_bar = transposed_times(self.p["W_hh"], a_t_bar)  # (4.5)
        self.collect("W_xh", outer(a_t_bar, s["x"]))  # (4.6)
        self.collect("W_hh", outer(a_t_bar, s["h_prev"]))  # (4.7)
        self.collect("b_h", a_t_bar)  # (4.8)
        return transposed_times(self.p["W_xh"], a_t_bar), [h_prev_bar]  # (4.9)


def blocks(a: Vector, count: int) -> list[Vector]:
    H = len(a) // count
    return [a[g * H : (g + 1) * H] for g in range(count)]


class Lstm(Cell):
    def step(self, x_t: Vector, state: list[Vector]) -> Step:
        p, (h_prev, c_prev) = self.p, state
        a_t = plus(times(p["W_xh"], x_t), times(p["W_hh"], h_prev), p["b_h"])  # (5.1)
        a_i, a_f, a_g, a_o = blocks(a_t, 4)
        i = each(sigma, a_i)  # (5.2)
        f = each(sigma, a_f)  # (5.3)
        g = each(math.tanh, a_g)  # (5.4)
        o = each(sigma, a_o)  # (5.5)
        c_t = plus(mul(f, c_prev), mul(i, g))  # (5.6)
        h_t = mul(o, each(math.tanh, c_t))  # (5.7)
        return {"h_prev": h_prev, "c_prev": c_prev, "a": a_t, "h": h_t, "c": c_t} | {
            "i": i, "f": f, "g": g, "o": o
        }  # fmt: skip

    def back(self, s: Step, above_t: Vector, later: list[Vector]) -> tuple[Vector, list[Vector]]:
        later_t, later_c_t = later
        a_i, a_f, a_g, a_o = blocks(s["a"], 4)
        h_t_bar = plus(above_t, later_t)  # (5.8)
        o_bar = mul(h_t_bar, each(math.tanh, s["c"]))  # (5.9)
        c_t_bar = plus(later_c_t, mul(h_t_bar, s["o"], each(tanh_slope, s["c"])))  # (5.10)
        i_bar = mul(c_t_bar, s["g"])  # (5.11)
        g_bar = mul(c_t_bar, s["i"])  # (5.12)
        f_bar = mul(c_t_bar, s["c_prev"])  # (5.13)
        a_i_bar, a_f_bar = mul(i_bar, each(sigma_slope, a_i)), mul(f_bar, each(sigma_slope, a_f))
        a_g_bar, a_o_bar = mul(g_bar, each(tanh_slope, a_g)), mul(o_bar, each(sigma_slope, a_o))
        a_t_bar = a_i_bar + a_f_bar + a_g_bar + a_o_bar  # (5.14), the four on top of one another
        c_prev_bar = mul(c_t_bar, s["f"])  # (5.15)
        h_prev_bar = transposed_times(self.p["W_hh"], a_t_bar)  # (5.16)
        self.collect("W_xh", outer(a_t_bar, s["x"]))  # (5.17)
        self.collect("W_hh", outer(a_t_bar, s["h_prev"]))  # (5.18)
        self.collect("b_h", a_t_bar)  # (5.19)
        return transposed_times(self.p["W_xh"], a_t_bar), [h_prev_bar, c_prev_bar]  # (5.20)


class GruResetAfter(Cell):
    def step(self, x_t: Vector, state: list[Vector]) -> Step:
        p, h_prev = self.p, state[0]
        a_xr, a_xz, a_xn = blocks(plus(times(p["W_xh"], x_t), p["b_xh"]), 3)  # (6.1)
        a_hr, a_hz, a_hn = blocks(plus(times(p["W_hh"], h_prev), p["b_hh"]), 3)
        a_r = plus(a_xr, a_hr)
        r = each(sigma, a_r)  # (6.2)
        a_z = plus(a_xz, a_hz)
        z = each(sigma, a_z)  # (6.3)
        not_z = each(sigma, minus(a_z))  # (6.4)
        a_n = plus(a_xn, mul(r, a_hn))
        n = each(math.tanh, a_n)  # (6.5)
        h_t = plus(mul(not_z, n), mul(z, h_prev))  # (6.6)
        return {"h_prev": h_prev, "a_r": a_r, "a_z": a_z, "a_n": a_n, "a_hn": a_hn} | {
            "r": r, "z": z, "not_z": not_z, "n": n, "h": h_t
        }  # fmt: skip

    def back(self, s: Step, above_t: Vector, later: list[Vector]) -> tuple[Vector, list[Vector]]:
        (later_t,) = later
        h_t_bar = plus(above_t, later_t)  # (6.7)
        n_bar = mul(h_t_bar, s["not_z"])  # (6.8)
        z_bar = mul(h_t_bar, plus(s["h_prev"], minus(s["n"])))  # (6.9)
        a_n_bar = mul(n_bar, each(tanh_slope, s["a_n"]))  # (6.10)
        r_bar = mul(a_n_bar, s["a_hn"])  # (6.11)
        a_r_bar = mul(r_bar, each(sigma_slope, s["a_r"]))  # (6.12)
        a_z_bar = mul(z_bar, each(sigma_slope, s["a_z"]))
        a_hn_bar = mul(a_n_bar, s["r"])  # (6.13)
        a_x_bar, a_h_bar = a_r_bar + a_z_bar + a_n_bar, a_r_bar + a_z_bar + a_hn_bar
        h_prev_bar = plus(mul(s["z"], h_t_bar), transposed_times(self.p["W_hh"], a_h_bar))  # (6.14)
        self.collect("W_xh", outer(a_x_bar, s["x"]))  # (6.15)
        self.collect("W_hh", outer(a_h_bar, s["h_prev"]))  # (6.16)
        self.collect("b_xh", a_x_bar)  # (6.17)
        self.collect("b_hh", a_h_bar)  # (6.18)
        return transposed_times(self.p["W_xh"], a_x_bar), [h_prev_bar]  # (6.19)


class GruResetBefore(Cell):
    def step(self, x_t: Vector, state: list[Vector]) -> Step:
        p, h_prev = self.p, state[0]
        a_xr, a_xz, a_xn = blocks(plus(times(p["W_xh"], x_t), p["b_h"]), 3)
        H = len(h_prev)
        W_hr, W_hz, W_hn = (p["W_hh"][g * H : (g + 1) * H] for g in range(3))
        a_r, a_z = plus(a_xr, times(W_hr, h_prev)), plus(a_xz, times(W_hz, h_prev))  # (7.1)
        r = each(sigma, a_r)  # (7.2)
        z = each(sigma, a_z)  # (7.3)
        not_z = each(sigma, minus(a_z))  # (7.4)
        s = mul(r, h_prev)  # (7.5)
        a_n = plus(a_xn, times(W_hn, s))
        n = each(math.tanh, a_n)  # (7.6)
        h_t = plus(mul(not_z, n), mul(z, h_prev))  # (7.7)
        return {"h_prev": h_prev, "a_r": a_r, "a_z": a_z, "a_n": a_n, "s": s} | {
            "r": r, "z": z, "not_z": not_z, "n": n, "h": h_t
        }  # fmt: skip

    def back(self, s: Step, above_t: Vector, later: list[Vector]) -> tuple[Vector, list[Vector]]:
        (later_t,) = later
        H = len(s["h"])
        W_hr, W_hz, W_hn = (self.p["W_hh"][g * H : (g + 1) * H] for g in range(3))
        h_t_bar = plus(above_t, later_t)  # (7.8)
        n_bar = mul(h_t_bar, s["not_z"])  # (7.9)
        z_bar = mul(h_t_bar, plus(s["h_prev"], minus(s["n"])))  # (7.10)
        a_n_bar = mul(n_bar, each(tanh_slope, s["a_n"]))  # (7.11)
        s_bar = transposed_times(W_hn, a_n_bar)  # (7.12)
        r_bar = mul(s_bar, s["h_prev"])  # (7.13)
        a_r_bar = mul(r_bar, each(sigma_slope, s["a_r"]))  # (7.14)
        a_z_bar = mul(z_bar, each(sigma_slope, s["a_z"]))
        through_r, through_z = transposed_times(W_hr, a_r_bar), transposed_times(W_hz, a_z_bar)
        h_prev_bar = plus(mul(s["z"], h_t_bar), mul(s["r"], s_bar), through_r, through_z)  # (7.15)
        W_hrz_bar = outer(a_r_bar, s["h_prev"]) + outer(a_z_bar, s["h_prev"])  # (7.16)
        self.collect("W_hh", W_hrz_bar + outer(a_n_bar, s["s"]))  # (7.17)
        a_t_bar = a_r_bar + a_z_bar + a_n_bar
        self.collect("W_xh", outer(a_t_bar, s["x"]))  # (7.18)
        self.collect("b_h", a_t_bar)  # (7.19)
        return transposed_times(self.p["W_xh"], a_t_bar), [h_prev_bar]  # (7.20)


def softplus(y: float) -> float:
    return math.log(1 + math.exp(y))


def cross_entropy(y: Vector, k: int) -> tuple[float, Vector]:
    m = max(y)
    total = sum(math.exp(v - m) for v in y)
    loss = math.log(total) - (y[k] - m)  # (8.1)
    return loss, [math.exp(v - m) / total - (j == k) for j, v in enumerate(y)]  # (8.2)


def bce(y: Vector, t: Vector) -> tuple[float, Vector]:
    pairs = list(zip(y, t, strict=True))
    loss = sum((1 - w) * softplus(v) + w * softplus(-v) for v, w in pairs)  # (8.3)
    return loss, [(1 - w) * sigma(v) - w * sigma(-v) for v, w in pairs]  # (8.4)


def mse(y: Vector, t: Vector) -> tuple[float, Vector]:
    loss = sum((v - w) ** 2 for v, w in zip(y, t, strict=True))  # (8.5)
    return loss, [2 * (v - w) for v, w in zip(y, t, strict=True)]  # (8.6)


LOSSES: dict[str, Callable[..., tuple[float, Vector]]] = {
    "cross_entropy": cross_entropy,
    "bce": bce,
    "mse": mse,
}
