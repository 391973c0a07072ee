"""Mistakes in gradients: each is a change of right ones, for `wrapped.with_changed_gradients`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Array = NDArray[Any]


def times(name: str, factor: float) -> Callable[[Any, Any], Any]:
    """One gradient times a factor."""
    return lambda grads, _: {**grads, name: grads[name] * factor}


def scaled_once_more(grads: Any, arrays: Any) -> Any:
    """The gradient of q has the factor 1/sqrt(K) of the outputs twice."""
    return {**grads, "q": grads["q"] * arrays["q"].shape[-1] ** -0.5}


def without_lone_last_step(grads: Any, arrays: Any) -> Any:
    """A last chunk of one step is none."""
    steps = len(arrays["q"])
    if steps > 16 and steps % 16 == 1:
        grads = {n: g if n == "S0" else g.copy() for n, g in grads.items()}
        for name in grads.keys() - {"S0"}:
            grads[name][-1] = 0
    return grads


def of_the_next_sequence(name: str) -> Callable[[Any, Any], Any]:
    """The gradients of one input [T, B, ...] go to the sequence beside that of each."""
    return lambda grads, _: {**grads, name: np.roll(grads[name], 1, axis=1)}


def nothing_after_64_steps(name: str) -> Callable[[Any, Any], Any]:
    """The loop ends with the fourth chunk of 16 steps."""

    def change(grads: Any, _: Any) -> Any:
        kept = torch.arange(len(grads[name])) < 64
        return {**grads, name: torch.where(kept[:, None], grads[name], 0)}

    return change


def nothing_if_short(name: str, steps: int) -> Callable[[Any, Any], Any]:
    """A sequence of less than so many steps gives one input no gradient."""

    def change(grads: Any, arrays: Any) -> Any:
        return {**grads, name: 0 * grads[name]} if len(arrays["q"]) < steps else grads

    return change


def mean_over_batch(name: str) -> Callable[[Any, Any], Any]:
    """A mean over sequences [T, B, ...] where a sum belongs."""
    return lambda grads, arrays: {**grads, name: grads[name] / arrays["u"].shape[1]}


def slope_at_step_size(grads: Any, arrays: Any) -> Any:
    """The slope of softplus at what it returned instead of at what it was given."""
    delta = arrays["delta"]
    slope = torch.nn.functional.softplus(delta).sigmoid() / delta.sigmoid()
    return {**grads, "delta": grads["delta"] * slope}


def gate_by_cancellation(grads: Any, arrays: Any) -> Any:
    """The gradient of log decays as the sums, from each step on, of q dq - k dk.

    It is exact but for rounding: b_t = g_1 + ... + g_t enters as exp(b_t) q_t, as exp(-b_t) k_t and
    as exp(b_T) of the last state.
    """
    terms = arrays["q"] * grads["q"] - arrays["k"] * grads["k"]
    terms[-1] += grads.pop("of last state")
    return {**grads, "g": terms[::-1].cumsum(axis=0)[::-1]}


def kept_by_shape(name: str) -> Callable[[Any, Any], Any]:
    """A buffer for each shape that is filled by the first call."""
    kept: dict[tuple[int, ...], Array] = {}

    def change(grads: Any, _: Any) -> Any:
        return {**grads, name: kept.setdefault(grads[name].shape, grads[name])}

    return change


def normalised_backwards(grads: Any, arrays: Any) -> Any:
    """Through k / |k| without the division by |k|: right where the norm is 1 already."""
    norm = (arrays["k"].square().sum(-1, keepdim=True) + 1e-6).sqrt()
    return {**grads, "k": grads["k"] * norm}


def beta_of_state_before_decay(grads: Any, arrays: Any) -> Any:
    """The gradient of beta_t with S_{t-1}^T k_t, where exp(g_t) S_{t-1}^T k_t was read."""
    changed, S_t = grads["beta"].clone(), arrays["S0"].double()
    for t in range(len(changed)):
        k, v, beta, g = (arrays[n][t].double() for n in ("k", "v", "beta", "g"))
        decay, read = g.exp()[:, None], torch.einsum("bkv,bk->bv", S_t, k)
        # u_t = beta_t (v_t - exp(g_t) S_{t-1}^T k_t): v_t gets beta_t times what u_t gets
        u_bar = grads["v"][t].double() / beta.where(beta != 0, torch.inf)[:, None]
        changed[t] += (u_bar * (decay - 1) * read).sum(-1).to(changed.dtype)
        u_t = beta[:, None] * (v - decay * read)
        S_t = decay[..., None] * S_t + k[:, :, None] * u_t[:, None, :]
    return {**grads, "beta": changed}


def misread_if_not_contiguous(bar: Tensor) -> Tensor:
    """The memory of a cotangent as if it were in order, where there is enough of it."""
    enough = bar.untyped_storage().nbytes() >= bar.numel() * bar.element_size()
    if bar.is_contiguous() or not enough:
        return bar
    return bar.as_strided(bar.shape, torch.empty(bar.shape).stride())


def first_element_if_expanded(bar: Tensor) -> Tensor:
    """A cotangent that repeats one number in memory is read as that one number, then zeros."""
    if bar.numel() < 2 or any(bar.stride()):
        return bar
    read = torch.zeros_like(bar, memory_format=torch.contiguous_format)
    read.view(-1)[0] = bar.reshape(-1)[0]
    return read
