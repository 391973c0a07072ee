"""The losses of P (step, sequence) pairs from their logits, and the head that makes the logits.

Written so that no difference of nearly equal numbers is formed: a confident, correct prediction has
a loss and a gradient near 0, and both keep all their digits there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .activations import sigmoid
from .linear import affine, affine_bias_bar, affine_input_bar, affine_weight_bar
from .types import Array, Gradients, Params

Loss = Callable[[Array, NDArray[Any]], tuple[float, Array]]


def cross_entropy(y: Array, targets: NDArray[Any]) -> tuple[float, Array]:
    """`sum of log(sum_j e^(y_j - m)) - (y_k - m)`, m the largest logit, k the target (8.1).

    Args:
        y: logits, [P, O].
        targets: labels in 0..O-1, [P].

    Returns:
        The loss and `y_bar = softmax(y) - onehot(k)`  (8.2), [P, O].
    """
    pair, best = np.arange(len(y)), y.argmax(axis=1)
    shifted = y - y[pair, best][:, None]
    e = np.exp(shifted)
    e[pair, best] = 0.0
    others = e.sum(axis=1)  # without the largest, whose term is 1: hence log1p
    e[pair, best] = 1.0
    loss = (np.log1p(others) - shifted[pair, targets]).sum()
    e[pair, targets] = 0.0
    e[pair, targets] = -e.sum(axis=1)  # p_k - 1 = -(sum of the other p_j)
    e /= (1.0 + others)[:, None]
    return float(loss), e


def bce(y: Array, targets: NDArray[Any]) -> tuple[float, Array]:
    """`sum of (1-t) softplus(y) + t softplus(-y)`: binary cross-entropy of sigma(y) (8.3).

    Args:
        y: logits, [P, O].
        targets: t in 0..1, [P, O].

    Returns:
        The loss and `y_bar = (1-t) sigma(y) - t sigma(-y)`  (8.4), [P, O].
    """
    # softplus(y) = max(y, 0) + log1p(e^-|y|), and softplus(-y) has the same second summand.
    linear_part = np.where(y > 0.0, 1.0 - targets, -targets) * y
    loss = (linear_part + np.log1p(np.exp(-np.abs(y)))).sum()
    up, down, slope = np.empty_like(y), np.empty_like(y), np.empty_like(y)
    sigmoid(y, up, slope)
    sigmoid(-y, down, slope)
    return float(loss), (1.0 - targets) * up - targets * down


def mse(y: Array, targets: NDArray[Any]) -> tuple[float, Array]:
    """`sum of (y - t)^2`, without the factor 1/2 that some texts have (8.5).

    Returns:
        The loss and `y_bar = 2 (y - t)`  (8.6), [P, O].
    """
    error = y - targets
    return float(np.square(error).sum()), 2.0 * error


LOSSES: dict[str, Loss] = {"cross_entropy": cross_entropy, "bce": bce, "mse": mse}


def head_loss(
    name: str, p: Params, h: Array, targets: NDArray[Any], divisor: int
) -> tuple[float, Array, Gradients]:
    """Loss of the states `h` [P, H*N], divided by `divisor`; h_bar; gradients of the head.

    The linear loss has no head: it is `sum(targets*h)`, and `h_bar = targets` (8.7).
    """
    if name == "linear":
        return float(np.vdot(targets, h)), targets, {}
    y = logits(p, h)
    loss, y_bar = LOSSES[name](y, targets)
    y_bar /= divisor  # (8.9)
    grads = {"W_hy": affine_weight_bar(y_bar, h)}  # (8.10)
    if "b_y" in p:
        grads["b_y"] = affine_bias_bar(y_bar)  # (8.11)
    return loss / divisor, affine_input_bar(y_bar, p["W_hy"]), grads  # (8.12)


def logits(p: Params, h: Array) -> Array:
    """`y = W_hy h + b_y`  (8.8): h [..., H*N] gives [..., O]."""
    return affine(h, p["W_hy"], p.get("b_y"))
