"""Code in shapes of its own: the reference behind other calls, and a kernel without a head."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from bptt_reference import loss_and_grads

import bptt_check as bc

PLAIN = bc.Convention()


NAMES = ("W_xh_l0", "W_hh_l0", "b_h_l0", "W_hy", "b_y")


SPEC = bc.Spec(bc.Model("rnn", loss="mse"), bc.Sizes(4, 2, 3, 2, 2), seed=1)


Reference: Any = loss_and_grads


def verdict(subject: Any, case: bc.Case | None = None) -> bc.CaseReport:
    """The judgement of one case by one exact oracle."""
    return bc.check(subject, SPEC.build() if case is None else case, oracles=["complex_step"])


def in_tuple(*arguments: Any) -> tuple[Any, ...]:
    """Loss and the gradients of `NAMES` in order, from arrays in this order: x, h0, targets."""
    x, h0, targets, *params = arguments
    given = dict(zip(NAMES, params, strict=True))
    case = bc.Case(SPEC.model, given, x=x, h0=h0, targets=targets)
    loss, grads = Reference(case)
    return (loss, *(grads[n] for n in NAMES))


ARGUMENTS = "x h0 targets " + " ".join(NAMES)


class Net:
    """A class that leaves its gradients in attributes, or in a dict."""

    def __init__(self, outputs: int) -> None:
        self.outputs = outputs
        self.grads: dict[str, Any] = {}

    def forward(self, x: Any, h0: Any, targets: Any) -> float:
        """The loss; everything is kept."""
        arrays = [getattr(self, n) for n in NAMES]
        loss, *gradients = in_tuple(x, h0, targets, *arrays)
        self.gradients = dict(zip(NAMES, gradients, strict=True))
        return loss

    def backward(self) -> None:
        """Into attributes and into the dict."""
        for name, gradient in self.gradients.items():
            setattr(self, f"d{name}", gradient)
            self.grads[name] = gradient


def filled(view_of_params: dict[str, Any], x: Any, h0: Any, targets: Any, grads: Any) -> float:
    """Adds the gradients up in buffers."""
    loss, *gradients = in_tuple(x, h0, targets, *(view_of_params[n] for n in NAMES))
    for name, gradient in zip(NAMES, gradients, strict=True):
        grads[name] += gradient
    return loss


def forward(x: Any, h0: Any, W: Any, U: Any, b: Any) -> tuple[Any, Any]:
    """A kernel without head: states (T, B, H) and a cache."""
    h = [h0[0]]
    for x_t in x:
        h.append(np.tanh(x_t @ W.T + h[-1] @ U.T + b))
    return np.stack(h[1:]), (x, h, W, U)


def backward(dh: Any, cache: Any) -> dict[str, Any]:
    """Its gradients by name."""
    x, h, W, U = cache
    dx, da, carried = np.zeros_like(x), np.zeros((*x.shape[:2], len(U)), x.dtype), 0.0
    for t in reversed(range(len(x))):
        da[t] = (dh[t] + carried) * (1 - h[t + 1] ** 2)
        carried, dx[t] = da[t] @ U, da[t] @ W
    dW, dU = (np.einsum("tbh,tbd->hd", da, np.stack(a)) for a in (x, h[:-1]))
    return {"x": dx, "h0": carried[None], "W_xh_l0": dW, "W_hh_l0": dU, "b_h_l0": da.sum((0, 1))}


class Kernel:
    """The same kernel as a class."""

    def run(self, x: Any, h0: Any) -> Any:
        """States only."""
        h, self.cache = forward(x, h0, self.W_xh_l0, self.W_hh_l0, self.b_h_l0)  # type: ignore[attr-defined]
        return h

    def pull(self, dh: Any) -> None:
        """Into one dict."""
        self.grads = backward(dh, self.cache)


KERNEL: dict[str, Any] = {"backward": backward, "arguments": "x h0 W_xh_l0 W_hh_l0 b_h_l0"}


def without(name: str) -> Callable[[Any], Any]:
    """The reference without one gradient."""
    return lambda view: (
        Reference(view)[0],
        {n: g for n, g in Reference(view)[1].items() if n != name},
    )
