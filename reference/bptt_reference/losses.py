"""The losses of P (step, sequence) pairs from their logits, and the output layer that makes these.

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
    """Cross entropy of softmax(y) and the label k.

    Args:
        y: logits, [P, O].
        targets: labels in 0..O-1, [P].

    Returns:
        The loss of all pairs and y_bar, [P, O].
    """
    pair, best = np.arange(len(y)), y.argmax(axis=1)
    shifted = y - y[pair, best][:, None]
    e = np.exp(shifted)
    e[pair, best] = 0.0
    others = e.sum(axis=1)  # without the largest, whose term is 1: hence log1p
    e[pair, best] = 1.0
    loss = (np.log1p(others) - shifted[pair, targets]).sum()  # (8.1)  L_p =
    #     log Σ_j e^(y_j - m) - (y_k - m),   m = max_j y_j
    y_bar = e
    y_bar[pair, targets] = 0.0
    y_bar[pair, targets] = -y_bar.sum(axis=1)  # for e_k - Σ_i e_i, which loses its digits
    y_bar /= (1.0 + others)[:, None]  # (8.2)  y_j_bar = e^(y_j - m) / Σ_i e^(y_i - m) - [j = k]
    return float(loss), y_bar


def bce(y: Array, targets: NDArray[Any]) -> tuple[float, Array]:
    """Binary cross-entropy of σ(y).

    Args:
        y: logits, [P, O].
        targets: t in 0..1, [P, O].

    Returns:
        The loss of all pairs and y_bar, [P, O].
    """
    # softplus(y) = max(y, 0) + log1p(e^-|y|), and softplus(-y) has the same second summand.
    linear_part = np.where(y > 0.0, 1.0 - targets, -targets) * y
    loss = (linear_part + np.log1p(np.exp(-np.abs(y)))).sum()  # (8.3)  L_p =
    #     Σ_j (1 - t_j) softplus(y_j) + t_j softplus(-y_j)
    sigma, sigma_of_minus = np.empty_like(y), np.empty_like(y)
    sigmoid(y.copy(), sigma)
    sigmoid(-y, sigma_of_minus)
    y_bar = (1.0 - targets) * sigma - targets * sigma_of_minus  # (8.4)  y_j_bar =
    #     (1 - t_j) σ(y_j) - t_j σ(-y_j)
    return float(loss), y_bar


def mse(y: Array, targets: NDArray[Any]) -> tuple[float, Array]:
    """Squared error, without the factor 1/2 that some texts have.

    Returns:
        The loss of all pairs and y_bar, [P, O].
    """
    error = y - targets
    loss = np.square(error).sum()  # (8.5)  L_p = Σ_j (y_j - t_j)^2
    y_bar = 2.0 * error  # (8.6)  y_j_bar = 2 (y_j - t_j)
    return float(loss), y_bar


LOSSES: dict[str, Loss] = {"cross_entropy": cross_entropy, "bce": bce, "mse": mse}


def head_loss(
    name: str, p: Params, h: Array, targets: NDArray[Any], divisor: int
) -> tuple[float, Array, Gradients]:
    """Loss of the states `h` [P, H*N], divided by `divisor`; h_bar; gradients of the output layer.

    The linear loss has no output layer: the targets are its cotangents of the states.
    """
    if name == "linear":
        loss = float(np.vdot(targets, h))  # (8.7)  L = Σ_p u_p · h_p + Σ v_h · h_T + Σ v_c · c_T
        return loss, targets, {}
    y = logits(p, h)
    loss, y_bar = LOSSES[name](y, targets)
    y_bar /= divisor  # (8.9)  L = (1/M) Σ_p L_p,
    #     hence y_p_bar = (1/M) times (8.2), (8.4) or (8.6)
    grads = {"W_hy": affine_weight_bar(y_bar, h)}  # (8.10)  W_hy_bar = Σ_p y_p_bar h_p^T
    if "b_y" in p:
        grads["b_y"] = affine_bias_bar(y_bar)  # (8.11)  b_y_bar = Σ_p y_p_bar
    h_bar = affine_input_bar(y_bar, p["W_hy"])  # (8.12)  h_p_bar = W_hy^T y_p_bar
    return loss / divisor, h_bar, grads


def logits(p: Params, h: Array) -> Array:
    """What the output layer makes of h [..., H*N]: [..., O]."""
    return affine(h, p["W_hy"], p.get("b_y"))  # (8.8)  y_p = W_hy h_p + b_y
