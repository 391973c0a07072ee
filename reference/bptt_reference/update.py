"""What training does with gradients: clipping (Pascanu et al. 2013) and the gradient step.

Pure functions of dictionaries of arrays: nothing given is written to, everything returned is new.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from .types import Array, Gradients, Params


def clip_by_global_norm(grads: Mapping[str, Array], max_norm: float) -> Gradients:
    """All gradients times `min(1, max_norm/norm)`, with their common norm.

    Raises:
        ValueError: `max_norm` is not positive and finite, or the norm is not finite, so that no
            factor exists that would bring it down.
    """
    _check_positive("max_norm", max_norm)
    norm = global_norm(grads)
    if not math.isfinite(norm):
        raise ValueError(f"The global norm is {norm}: an entry is infinite or not a number.")
    factor = 1.0 if norm <= max_norm else max_norm / norm  # (13.2)  by global norm:
    #     g_n becomes g_n min(1, max_norm / norm)
    return {name: g * factor for name, g in grads.items()}


def global_norm(grads: Mapping[str, Array]) -> float:
    """`sqrt(sum of the squares of all entries)`.

    Relative to the largest entry, because squares of exploding or vanishing gradients leave the
    range of floating point long before the gradients do.
    """
    largest = max((float(np.abs(g).max(initial=0.0)) for g in grads.values()), default=0.0)
    if largest == 0.0 or not math.isfinite(largest):
        return largest
    squares = sum(float(np.square(g / largest).sum()) for g in grads.values())
    return largest * math.sqrt(squares)  # (13.1)  norm = sqrt(Σ_n g_n^2)


def clip_by_value(grads: Mapping[str, Array], limit: float) -> Gradients:
    """Every entry moved into [-limit, limit].

    Raises:
        ValueError: `limit` is not positive and finite.
    """
    _check_positive("limit", limit)
    return {name: np.clip(g, -limit, limit) for name, g in grads.items()}  # (13.3)  by value:
    #     g_n becomes min(max(g_n, -limit), limit)


def sgd_update(params: Params, grads: Mapping[str, Array], learning_rate: float) -> Gradients:
    """`W - learning_rate * W_bar` for every parameter.

    Gradients that belong to no parameter (of x, h0, c0) are left out.

    Raises:
        ValueError: `learning_rate` is not positive and finite, or a gradient is missing or has
            another shape than its parameter.
    """
    _check_positive("learning_rate", learning_rate)
    for name, W in params.items():
        got = grads[name].shape if name in grads else None
        if got != W.shape:
            raise ValueError(f"The gradient of {name} must have the shape {W.shape}; got {got}.")
    return {name: W - learning_rate * grads[name] for name, W in params.items()}  # (13.4)  step:
    #     W becomes W - learning_rate W_bar


def _check_positive(name: str, value: float) -> None:
    if not (math.isfinite(value) and value > 0.0):
        raise ValueError(f"{name} must be a positive, finite number; got {value!r}.")
