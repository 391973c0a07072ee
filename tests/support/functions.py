"""Functions that the harness has never heard of: right ones, wrong ones, and their arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Arrays = dict[str, Any]

Function = Callable[[Arrays], Any]

rng = np.random.default_rng(0)

ARRAYS: Arrays = {
    "W": rng.normal(size=(3, 4)),
    "b": rng.normal(size=4),
    "s": np.array(0.7),
    "labels": np.array([2, 0, 1]),
}


def right_function(a: Arrays, inside: Any = None) -> tuple[Any, Arrays]:
    """A loss of arrays of one, two and no axes; `inside` is the dtype of its arithmetic."""
    W, b, s = (a[n].astype(inside or a[n].dtype) for n in ("W", "b", "s"))
    h = np.tanh(W + b)
    picked = h[np.arange(3), a["labels"]]
    loss = (s * h**2).sum() + picked.sum()
    h_bar = 2 * s * h
    h_bar[np.arange(3), a["labels"]] += 1
    z_bar = h_bar * (1 - h**2)
    grads = {"W": z_bar, "b": z_bar.sum(0), "s": (h**2).sum()}
    return loss, {n: np.asarray(g, dtype=a[n].dtype) for n, g in grads.items()}


def changed(change: Callable[[Any, Arrays], Any], function: Function = right_function) -> Function:
    """The function with its answer changed."""
    return lambda a: change(*function(a))


def as_float32(arrays: Arrays) -> Arrays:
    return {n: a.astype(np.float32) if a.dtype.kind == "f" else a for n, a in arrays.items()}


def square(a: Arrays) -> tuple[Any, Arrays]:
    """The sum of squares of every array."""
    return sum((x**2).sum() for x in a.values()), {n: 2 * x for n, x in a.items()}


X = {"x": np.array([0.5, -1.25, 2.0])}


def relu(a: Arrays, at_zero: float = 0.0) -> tuple[Any, Arrays]:
    slope = np.where(a["x"] > 0, 1.0, np.where(a["x"] == 0, at_zero, 0.0))
    return np.maximum(a["x"], 0.0).sum(), {"x": slope}


def broken(kind: str) -> Function:
    """A function that breaks the contract in one way."""
    kept: list[Any] = []

    def function(a: Arrays) -> Any:
        loss, grads = square(a)
        kept.append(grads)
        if kind == "write":
            a["x"] *= 2
        if kind == "reuse":
            kept[0]["x"][:] = grads["x"]
        answers = {
            "none": None, "missing": (loss, {}), "extra": (loss, {**grads, "y": 0.0}),
            "shape": (loss, {"x": grads["x"][:2]}), "nan": (loss, {"x": grads["x"] * np.nan}),
            "dtype": (loss, {"x": grads["x"].astype("float32")}), "vector": (a["x"], grads),
            "random": (loss * (1 + 0.1 * len(kept)), grads), "kept": (loss, kept[0]),
            "reuse": (loss, kept[0]),
        }  # fmt: skip
        return answers.get(kind, (loss, grads))

    return function


BREACHES = {
    "none": "a subject must return (loss, grads) or bptt_check.Result, got NoneType",
    "missing": "the gradient of x is missing, shape (3,)",
    "extra": "there is no input 'y'; gradients may be: x",
    "shape": "the gradient of x has shape (2,), not (3,)",
    "nan": "the gradient of x is nan at [0]",
    "dtype": "the gradient of x has dtype float32, not float64",
    "vector": "the loss must be one number, got shape (3,)",
    "write": "x was written to: a subject must leave its inputs as they are",
    "random": "two calls on the same arrays gave two answers, in loss: fix the seed",
    "kept": "other arrays of the same shapes got the very same gradients: are they kept?",
    "reuse": "a later call changed the arrays that the first had returned",
}

LARGE = {"W": rng.normal(size=(50, 60)) / 8, "b": rng.normal(size=4)}

INPUT = rng.normal(size=60)


def layer(a: Arrays, wrong: bool = False) -> tuple[Any, Arrays]:
    y = np.tanh(a["W"] @ INPUT)
    gradient = np.outer(1 - y**2, INPUT)
    if wrong:
        gradient[3, 7] *= 1.5
    return y.sum() + (a["b"] ** 3).sum(), {"W": gradient, "b": 3 * a["b"] ** 2}


def of_one_number(loss: Callable[[Any], Any], derivative: Callable[[Any], Any]) -> Function:
    """A function of an array `p` of one number, with its derivative."""
    return lambda a: (
        float(loss(a["p"])), {"p": np.asarray(derivative(a["p"]), dtype="float64")},
    )  # fmt: skip


def doubled(function: Function) -> Function:
    """The function with gradients that are twice as large."""
    return changed(lambda v, g: (v, {n: 2 * x for n, x in g.items()}), function)


def chaotic_network(seed: int, steps: int = 100, width: int = 16) -> tuple[Function, Arrays]:
    """A tanh network whose trajectories diverge, right, with the gradient of its initial state."""
    own = np.random.default_rng(seed)
    W = own.normal(size=(width, width)) * 4.0 / np.sqrt(width)
    U = own.normal(size=(width, 2))
    start = own.normal(size=width) * 0.5
    x, readout = own.normal(size=(steps, 2)), own.normal(size=width)

    def function(a: Arrays) -> tuple[Any, Arrays]:
        states = [a["h0"]]
        for t in range(steps):
            states.append(np.tanh(W @ states[-1] + U @ x[t]))
        h_bar = readout
        for h in reversed(states[1:]):
            h_bar = W.T @ (h_bar * (1 - h**2))
        return readout @ states[-1], {"h0": h_bar}

    return function, {"h0": start}


def through(dtype: str, beside: bool = False) -> tuple[Function, Arrays]:
    """A layer computed in a lower precision, if asked with a part beside it that is not."""
    own = np.random.default_rng(5)
    W, x = own.normal(size=(6, 5)), own.normal(size=(5, 7)).astype(dtype)

    def function(a: Arrays) -> tuple[Any, Arrays]:
        h = np.tanh(a["W"].astype(dtype) @ x)
        loss, grad = float((h**2).sum()), ((2 * h * (1 - h**2)) @ x.T).astype("float64")
        return (
            (loss + (a["W"] ** 2).sum(), {"W": grad + 2 * a["W"]})
            if beside
            else (loss, {"W": grad})
        )

    return function, {"W": W}
