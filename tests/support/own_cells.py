"""Cells that a user might register, each with code of torch that is right, and some that is wrong.

`with registered(cell):` has it among the models, and nowhere else.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from typing import Any

import bptt_check as bc
from bptt_check.cases.model import LAYOUTS
from bptt_check.equations.cells import CELLS, affine, gates, register, step_function
from bptt_check.equations.network import Problem


@dataclass(frozen=True)
class OwnCell:
    """A cell under its name; `step` as it is registered."""

    name: str
    layout: bc.Layout
    step: Callable[..., Any]


@contextlib.contextmanager
def registered(cell: OwnCell) -> Generator[None]:
    """The cell is a model in the body."""
    register(cell.name, cell.layout)(cell.step)
    try:
        yield
    finally:
        del CELLS[cell.name], LAYOUTS[cell.name]


def pre_activations(p: Any, x_t: Any, h: Any) -> Any:
    """`W_xh x_t + W_hh h + b_h`."""
    return affine(x_t, p["W_xh"]) + affine(h, p["W_hh"], p.get("b_h"))


def _decaying(xp: Any, p: Any, x_t: Any, state: Any, t: Any) -> Any:
    (h,) = state
    return (xp.tanh(pre_activations(p, x_t, h)) / (1.0 + 0.25 * t) + 0.5 * h,)


def _alternating(xp: Any, p: Any, x_t: Any, state: Any, t: Any) -> Any:
    (h,) = state
    a = pre_activations(p, x_t, h)
    return (xp.where(t % 2 == 0, xp.tanh(a), 0.5 * h),)


def _positional(xp: Any, p: Any, x_t: Any, state: Any, t: Any) -> Any:
    (h,) = state
    return (xp.tanh(pre_activations(p, x_t, h)) + p["w_t"] * xp.exp(-0.5 * t),)


DECAYING = OwnCell("rnn-decaying", bc.Layout(gates=("h",)), _decaying)
ALTERNATING = OwnCell("every-other-step", bc.Layout(gates=("h",)), _alternating)
POSITIONAL = OwnCell("pos-1", bc.Layout(gates=("h",), further={"w_t": ("H",)}), _positional)
"""Cells whose step gets its number, under names with hyphens."""


def _slstm(xp: Any, p: Any, x_t: Any, state: Any) -> Any:
    """Exponential gates with a stabilizer m and a normalizer n (Beck et al. 2024)."""
    h, c, n, m = state
    a_i, a_f, a_z, a_o = gates(pre_activations(p, x_t, h), 4)
    log_f = -xp.softplus(-a_f)
    m_t = xp.maximum(log_f + m, a_i)
    i_t, f_t = xp.exp(a_i - m_t), xp.exp(log_f + m - m_t)
    c_t, n_t = f_t * c + i_t * xp.tanh(a_z), f_t * n + i_t
    return xp.sigmoid(a_o) * c_t / xp.maximum(n_t, 1.0), c_t, n_t, m_t


def _momentum(xp: Any, p: Any, x_t: Any, state: Any) -> Any:
    h, c, v = state
    v_t = 0.5 * v + xp.tanh(pre_activations(p, x_t, h))
    c_t = xp.sigmoid(c) + v_t
    return xp.tanh(c_t), c_t, v_t


def _delayed(xp: Any, p: Any, x_t: Any, state: Any) -> Any:
    h, a, b, d = state
    return xp.tanh(pre_activations(p, x_t, h) + 0.5 * d), h, a, b


SLSTM = OwnCell("slstm", bc.Layout(("i", "f", "z", "o"), ("h", "c", "n", "m")), _slstm)
MOMENTUM = OwnCell("momentum", bc.Layout(("h",), ("h", "c", "v")), _momentum)
DELAYED = OwnCell("delayed-3", bc.Layout(("h",), ("h", "a", "b", "d")), _delayed)
"""Cells of three and four states."""


def _lstmp(xp: Any, p: Any, x_t: Any, state: Any) -> Any:
    h, c = state
    a_i, a_f, a_g, a_o = gates(pre_activations(p, x_t, h), 4)
    c_t = xp.sigmoid(a_f) * c + xp.sigmoid(a_i) * xp.tanh(a_g)
    return affine(xp.sigmoid(a_o) * xp.tanh(c_t), p["W_hr"]), c_t


def _peephole(xp: Any, p: Any, x_t: Any, state: Any) -> Any:
    h, c = state
    a_i, a_f, a_g, a_o = gates(pre_activations(p, x_t, h), 4)
    c_t = xp.sigmoid(a_f + p["w_f"] * c) * c + xp.sigmoid(a_i + p["w_i"] * c) * xp.tanh(a_g)
    return xp.sigmoid(a_o + p["w_o"] * c_t) * xp.tanh(c_t), c_t


def _two_matrices(xp: Any, p: Any, x_t: Any, state: Any) -> Any:
    (h,) = state
    return (xp.tanh(affine(xp.tanh(affine(h, p["V"])), p["U"]) + pre_activations(p, x_t, h)),)


LSTMP = OwnCell(
    "lstm-p",
    bc.Layout(
        ("i", "f", "g", "o"),
        ("h", "c"),
        further={"W_hr": ("P", "H")},
        proj_size=lambda H: -(-H // 2),
    ),
    _lstmp,
)
PEEPHOLE = OwnCell(
    "peephole",
    bc.Layout(
        ("i", "f", "g", "o"), ("h", "c"), further={"w_i": ("H",), "w_f": ("H",), "w_o": ("H",)}
    ),
    _peephole,
)
TWO_MATRICES = OwnCell(
    "two-matrices",
    bc.Layout(("h",), further={"V": ("2*H", "P"), "U": ("H", "2*H")}),
    _two_matrices,
)
"""Cells with further arrays, one with a projection."""


def _hard_gru(xp: Any, p: Any, x_t: Any, state: Any) -> Any:
    (h,) = state
    a_z, a_n = gates(pre_activations(p, x_t, h), 2)
    z_t = xp.clip(0.2 * a_z + 0.5, 0.0, 1.0)
    return ((1.0 - z_t) * xp.tanh(a_n) + z_t * h,)


def _leaky(xp: Any, p: Any, x_t: Any, state: Any) -> Any:
    (h,) = state
    a = pre_activations(p, x_t, h)
    return (xp.where((a > 0.0) | (a < -1.0), xp.tanh(a), 0.5 * xp.tanh(a)) - 0.1 * a,)


def _limited(xp: Any, p: Any, x_t: Any, state: Any) -> Any:
    (h,) = state
    a = pre_activations(p, x_t, h)
    return (xp.where(a >= 1.0, 1.0, xp.maximum(xp.minimum(a, 1.0), -0.5)),)


HARD_GRU = OwnCell("hard-gru", bc.Layout(("z", "n")), _hard_gru)
LEAKY = OwnCell("leaky", bc.Layout(("h",)), _leaky)
LIMITED = OwnCell("limited", bc.Layout(("h",)), _limited)
"""Cells that choose by a condition."""

ALL = (
    *(DECAYING, ALTERNATING, POSITIONAL, SLSTM, MOMENTUM, DELAYED),
    *(LSTMP, PEEPHOLE, TWO_MATRICES, HARD_GRU, LEAKY, LIMITED),
)


@contextlib.contextmanager
def as_own(problem: Problem) -> Generator[Problem]:
    """The problem with a cell of the user's that has the equations of its own."""
    model = problem.model
    equations = step_function(model)

    def step(xp: Any, p: Any, x_t: Any, state: Any, t: Any) -> Any:
        return equations(xp, p, x_t, state, t)

    with registered(OwnCell("of-the-user", model.layout, step)):
        own = replace(model, cell="of-the-user", activation="tanh", reset_after=True)
        yield replace(problem, model=own)
