"""The cells of `own_cells` as functions of torch, and with one mistake in their backward pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

Step = Callable[..., Any]


def layer(step: Step) -> Callable[[Any], Any]:
    """The outputs of one layer: `step(p, x_t, state, t)` over all steps."""

    def run(case: Any) -> Any:
        p = {n.removesuffix("_l0"): a for n, a in case.params.items()}
        first = case.state if isinstance(case.state, tuple) else (case.state,)
        state, outputs = tuple(s[0] for s in first), []
        for t, x_t in enumerate(case.x):
            state = step(p, x_t, state, t)
            outputs.append(state[0])
        finals = tuple(s[None] for s in state)
        return torch.stack(outputs), finals if len(finals) > 1 else finals[0]

    return run


def pre_activations(p: Any, x_t: Any, h: Any) -> Any:
    """`W_xh x_t + W_hh h + b_h`."""
    return x_t @ p["W_xh"].T + h @ p["W_hh"].T + p["b_h"]


def kept(a: Any) -> Any:
    """What is as it was: the place of a mistake."""
    return a


def cut(a: Any) -> Any:
    """The mistake: nothing flows back here."""
    return a.detach()


def decaying(here: Any = kept) -> Step:
    """Mistake: the state's own path."""
    return lambda p, x, s, t: (
        torch.tanh(pre_activations(p, x, s[0])) / (1 + 0.25 * t) + 0.5 * here(s[0]),
    )


def alternating(here: Any = kept) -> Step:
    """Mistake: the state of the steps that keep it."""
    return lambda p, x, s, t: (
        (torch.tanh(pre_activations(p, x, s[0])),) if t % 2 == 0 else (0.5 * here(s[0]),)
    )


def positional(here: Any = kept) -> Step:
    """Mistake: the weight of the position."""
    return lambda p, x, s, t: (
        torch.tanh(pre_activations(p, x, s[0])) + here(p["w_t"]) * 2.718281828459045 ** (-0.5 * t),
    )


def slstm(here: Any = kept) -> Step:
    """Mistake: the stabilizer's forget gate."""

    def step(p: Any, x: Any, state: Any, _: int) -> Any:
        h, c, n, m = state
        a_i, a_f, a_z, a_o = pre_activations(p, x, h).chunk(4, -1)
        log_f = torch.nn.functional.logsigmoid(a_f)
        m_t = torch.maximum(log_f + m, a_i)
        i_t, f_t = torch.exp(a_i - m_t), here(torch.exp(log_f + m - m_t))
        c_t, n_t = f_t * c + i_t * torch.tanh(a_z), f_t * n + i_t
        return torch.sigmoid(a_o) * c_t / n_t.clamp(min=1.0), c_t, n_t, m_t

    return step


def momentum(here: Any = kept) -> Step:
    """Mistake: the velocity."""

    def step(p: Any, x: Any, state: Any, _: int) -> Any:
        h, c, v = state
        v_t = 0.5 * here(v) + torch.tanh(pre_activations(p, x, h))
        c_t = torch.sigmoid(c) + v_t
        return torch.tanh(c_t), c_t, v_t

    return step


def delayed(here: Any = kept) -> Step:
    """Mistake: the oldest state."""
    return lambda p, x, s, _: (
        torch.tanh(pre_activations(p, x, s[0]) + 0.5 * here(s[3])), s[0], s[1], s[2]
    )  # fmt: skip


def lstmp(here: Any = kept) -> Step:
    """Mistake: the projection."""

    def step(p: Any, x: Any, state: Any, _: int) -> Any:
        a_i, a_f, a_g, a_o = pre_activations(p, x, state[0]).chunk(4, -1)
        c_t = torch.sigmoid(a_f) * state[1] + torch.sigmoid(a_i) * torch.tanh(a_g)
        return (torch.sigmoid(a_o) * torch.tanh(c_t)) @ here(p["W_hr"]).T, c_t

    return step


def peephole(here: Any = kept) -> Step:
    """Mistake: the peephole of the forget gate."""

    def step(p: Any, x: Any, state: Any, _: int) -> Any:
        h, c = state
        a_i, a_f, a_g, a_o = pre_activations(p, x, h).chunk(4, -1)
        forget = torch.sigmoid(a_f + p["w_f"] * here(c))
        c_t = forget * c + torch.sigmoid(a_i + p["w_i"] * c) * torch.tanh(a_g)
        return torch.sigmoid(a_o + p["w_o"] * c_t) * torch.tanh(c_t), c_t

    return step


def two_matrices(here: Any = kept) -> Step:
    """Mistake: the inner matrix."""
    return lambda p, x, s, _: (
        torch.tanh(torch.tanh(s[0] @ here(p["V"]).T) @ p["U"].T + pre_activations(p, x, s[0])),
    )


def hard_gru(here: Any = kept) -> Step:
    """Mistake: the gate."""

    def step(p: Any, x: Any, state: Any, _: int) -> Any:
        a_z, a_n = pre_activations(p, x, state[0]).chunk(2, -1)
        z_t = here((0.2 * a_z + 0.5).clamp(0.0, 1.0))
        return ((1 - z_t) * torch.tanh(a_n) + z_t * state[0],)

    return step


def leaky(here: Any = kept) -> Step:
    """Mistake: the small slope."""

    def step(p: Any, x: Any, state: Any, _: int) -> Any:
        a = pre_activations(p, x, state[0])
        return (
            torch.where((a > 0) | (a < -1), torch.tanh(a), 0.5 * torch.tanh(a)) - 0.1 * here(a),
        )

    return step


def limited(here: Any = kept) -> Step:
    """Mistake: the recurrent path."""
    return lambda p, x, s, _: (pre_activations(p, x, here(s[0])).clamp(-0.5, 1.0),)
