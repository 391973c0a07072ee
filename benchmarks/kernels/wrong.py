"""The wrong kernels: those of the examples, and more that are made of right ones here."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

import bptt_check as bc

from . import changes, normalised
from .tested import TestedKernel, changed, made
from .twins import NORMALISED, twins
from .wrapped import chunk_by_chunk, with_changed_gradients, with_cotangents_read


def wrong_kernels() -> list[TestedKernel]:
    """Those made here, and the broken twins of the examples."""
    return [*_of_parts(), *_of_states(), *_of_cotangents(), *_of_changed_gradients(), *twins()]


def _of_changed_gradients() -> list[TestedKernel]:
    linear, gated, scan = "decayed_linear_attention", "gated_delta_rule", "selective_scan"
    at_normalised = with_changed_gradients(normalised.kernel, changes.normalised_backwards)
    return [
        changed(linear, "scale", "1/sqrt(K) twice in q", lambda: changes.scaled_once_more),
        changed(gated, "1 %", "gradient of v 1 % too large", lambda: changes.times("v", 1.01)),
        changed(
            linear,
            "lone last step",
            "last chunk of a single step gets nothing (T % 16 = 1)",
            lambda: changes.without_lone_last_step,
        ),
        changed(
            "rwkv",
            "batch index",
            "gradient of d goes to the next sequence",
            lambda: changes.of_the_next_sequence("d"),
        ),
        changed(
            gated,
            "four chunks",
            "no gradient of beta from step 64 on",
            lambda: changes.nothing_after_64_steps("beta"),
        ),
        changed(
            gated,
            "old state",
            "gradient of beta with the state before its decay",
            lambda: changes.beta_of_state_before_decay,
        ),
        changed(
            "mlstm",
            "n0 of short ones",
            "no gradient of n0 where T < chunk",
            lambda: changes.nothing_if_short("n0", 16),
        ),
        changed(
            scan,
            "mean over batch",
            "gradient of D: mean over sequences, not sum",
            lambda: changes.mean_over_batch("D"),
        ),
        changed(
            scan,
            "slope of softplus",
            "slope taken at its result",
            lambda: changes.slope_at_step_size,
        ),
        changed(
            gated,
            "kept by shape",
            "gradient of g is that of the first call with its shape",
            lambda: changes.kept_by_shape("g"),
        ),
        TestedKernel(
            "normalised_keys: norm",
            "through k/|k| without division by |k|",
            NORMALISED,
            lambda: at_normalised,
        ),
    ]


def _of_cotangents() -> list[TestedKernel]:
    def read(**reads: Any) -> Callable[[Any], Any]:
        return lambda module: with_cotangents_read(module.kernel, **reads)

    return [
        made(
            "gated_delta_rule",
            "strides",
            "cotangent of o read in the order of memory",
            read(first=changes.misread_if_not_contiguous),
        ),
        made(
            "selective_scan",
            "stride 0",
            "expanded cotangent of y: its first number, then zeros",
            read(first=changes.first_element_if_expanded),
        ),
        made("mlstm", "n unread", "cotangent of the last n unread", read(last=torch.zeros_like)),
        made(
            "gated_delta_rule",
            "S0 with S only",
            "no gradient of S0 where the last state has no cotangent",
            lambda module: partial(module.kernel, backward=partial(first_state_needs_last, module)),
        ),
        made(
            "gated_delta_rule",
            "overwritten",
            "o's cotangent overwritten by v's gradient before q's is made",
            lambda module: partial(module.kernel, backward=partial(overwritten, module)),
        ),
    ]


def first_state_needs_last(module: Any, residuals: Any, o_bar: Tensor, S_bar: Tensor) -> Any:
    """Without a cotangent of the last state the loop does not hand its own to the first."""
    *bars, S0_bar = module.gradients(residuals, o_bar, S_bar)
    return *bars, S0_bar if S_bar.any() else torch.zeros_like(S0_bar)


def overwritten(module: Any, residuals: Any, o_bar: Tensor, S_bar: Tensor) -> Any:
    """One buffer for v's gradient and o's cotangent."""
    _, *bars = module.gradients(residuals, o_bar, S_bar)
    q_bar, *_ = module.gradients(residuals, bars[1], S_bar)
    return q_bar, *bars


def _of_states() -> list[TestedKernel]:
    def delta_rule(hand_on: Callable[[], Any]) -> Callable[[Any], Any]:
        over_time = ("q", "k", "v", "beta", "g")
        return lambda module: chunk_by_chunk(module.kernel, hand_on(), "S0", over_time)

    def scan(hand_on: Callable[[], Any]) -> Callable[[Any], Any]:
        over_time = ("u", "delta", "B", "C")
        return lambda module: chunk_by_chunk(module.kernel, hand_on(), "h0", over_time)

    return [
        made(
            "selective_scan",
            "race",
            "now and then a chunk gets the state before the one it should",
            scan(lambda: partial(at_times_the_one_before, random.Random(0))),
        ),
        made(
            "gated_delta_rule",
            "state in bfloat16",
            "state kept in bfloat16 between chunks",
            delta_rule(lambda: kept_in_bfloat16),
            ("float32",),
        ),
        made(
            "gated_delta_rule",
            "detached",
            "each chunk's first state is a constant to autograd",
            delta_rule(lambda: lambda states: states[-1].detach()),
        ),
    ]


def at_times_the_one_before(draw: random.Random, states: Sequence[Tensor]) -> Tensor:
    """The state that another thread had not written yet, in one of sixteen."""
    return states[-2 if draw.random() < 1 / 16 else -1]


def kept_in_bfloat16(states: Sequence[Tensor]) -> Tensor:
    """Rounded to eight digits; gradients pass."""
    return states[-1].bfloat16().to(states[-1].dtype)


def _of_parts() -> list[TestedKernel]:
    return [
        made(
            "mlstm",
            "divisor constant",
            "normaliser has no part in the gradient",
            lambda module: partial(module.kernel, moves=lambda size, floor: size < 0),
        ),
        made("mingru", "h_t for h_{t-1}", "gate's gradient reads h_t for h_{t-1}", state_after),
        made("mingru", "64 steps", "backward pass ends after 64 steps", after_four_chunks),
        made(
            "diagonal_complex",
            "imaginary part unread",
            "cotangent of the last x's imaginary part unread",
            imaginary_part_unread,
        ),
        made(
            "decayed_linear_attention",
            "gate by cancellation",
            "gate's gradient as differences of cumulative sums",
            gate_by_cancellation,
        ),
    ]


def state_after(module: Any) -> bc.Vjp:
    """The states that the backward pass reads are one step late."""

    def forward(**arrays: Any) -> Any:
        outputs, residuals = module.forward(**arrays)
        *first, h_prev, chunk, dtype = residuals
        h = np.concatenate([h_prev[1:], outputs[1][None].astype(h_prev.dtype)])
        return outputs, (*first, h, chunk, dtype)

    return bc.Vjp(forward, module.backward)


def after_four_chunks(module: Any) -> bc.Vjp:
    """The fourth chunk from the end hands nothing on."""

    def backward(residuals: Any, cotangents: Any) -> Any:
        number = itertools.count(1)
        return module.backward(
            residuals, cotangents, carry=lambda bar: 0 * bar if next(number) == 4 else bar
        )

    return bc.Vjp(module.forward, backward)


def imaginary_part_unread(module: Any) -> bc.Vjp:
    """The last state goes out in two parts, of which one comes back."""

    def backward(residuals: Any, cotangents: Any) -> Any:
        y_bar, re_bar, im_bar = cotangents
        return module.backward(residuals, (y_bar, re_bar, 0 * im_bar))

    return bc.Vjp(module.forward, backward)


def gate_by_cancellation(module: Any) -> bc.Vjp:
    """See `changes.gate_by_cancellation`."""

    def forward(**arrays: Any) -> Any:
        outputs, residuals = module.forward(**arrays)
        return outputs, (residuals, outputs[1])

    def backward(residuals: Any, cotangents: Any) -> Any:
        own, S = residuals
        grads = module.backward(own, cotangents)
        return {**grads, "of last state": (S * cotangents[1]).sum(-1)}

    return with_changed_gradients(bc.Vjp(forward, backward), changes.gate_by_cancellation)
