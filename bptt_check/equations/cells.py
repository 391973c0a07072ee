"""The cells: equations of one step each, written once for any array namespace.

Shapes of one step: `x_t` [..., B, D], states [..., B, H], matrices [..., G*H, D] and [..., G*H, H],
biases [..., G*H]; any leading axes broadcast, which is how many perturbed copies run at once.
A user's own cell is one decorated function (see `register`); every oracle then has its gradient.
One whose step has a parameter `t` gets the number of the step, from 0, as its direction goes.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import CodeType
from typing import Any

from ..cases.arrays.cell_layout import Layout
from ..cases.model import LAYOUTS, Model, families
from ..errors import SpecError
from .namespaces.numpy import Namespace
from .own_step import run_step

State = tuple[Any, ...]
Step = Callable[[Namespace, Mapping[str, Any], Any, State, Any], State]
"""`step(xp, params, x_t, state, t)`."""


@dataclass(frozen=True)
class Cell:
    """A cell: its layout and its step, both as functions of the model's options."""

    layout: Callable[[Model], Layout]
    step: Callable[[Model], Step]


CELLS: dict[str, Cell] = {}


def register(
    name: str,
    layout: Layout | Callable[[Model], Layout] | None = None,
    *,
    per_model: bool = False,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator that adds a cell under `name`.

    Args:
        name: as in `Model(cell=name)`: letters, digits, `_`, and `-` between them.
        layout: its gates, states and biases, or a function of the model that returns them; None
            for a cell whose layout `model.LAYOUTS` has already.
        per_model: the decorated function takes a `Model` and returns the step; otherwise it is
            the step itself: `step(xp, params, x_t, state) -> state`, `state` and result being
            tuples of the layout's states and `params` the layer's arrays by their plain names
            (`W_xh`, ...). Without biases (`bias=False`) the names of the biases are missing from
            `params`. With a parameter `t` it gets the number of the step too, `step(..., t)`.

    Raises:
        SpecError: the name cannot stand in a spec, or is that of another model.
    """
    if not re.fullmatch(r"\w+(-\w+)*", name):
        raise SpecError(
            f"the name of a cell must be letters, digits and _, and - between them, got {name!r}."
        )
    if name not in LAYOUTS and name in families():
        raise SpecError(f"{name!r} is the name of a model already: give the cell another one.")
    chosen = LAYOUTS[name] if layout is None else layout
    make = chosen if callable(chosen) else lambda model: chosen

    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        CELLS[name] = Cell(make, function if per_model else lambda model: function)
        LAYOUTS[name] = make
        return function

    return add


def step_function(model: Model) -> Step:
    """The step function of a model's cell; what a user's own raises names its line."""
    step: Callable[..., State] = CELLS[model.cell].step(model)
    if is_built_in(model):
        return step
    with_time = "t" in inspect.signature(step).parameters
    count = len(model.layout.states)

    @functools.wraps(step)
    def own(xp: Namespace, params: Mapping[str, Any], x_t: Any, state: State, t: Any) -> State:
        arguments = (xp, params, x_t, state, *((t,) if with_time else ()))
        return run_step(step, arguments, model.cell, count)

    return own


def is_built_in(model: Model) -> bool:
    """Whether the cell of a model is one of this package."""
    return getattr(CELLS[model.cell].step(model), "__module__", None) == __name__


def step_code(model: Model) -> CodeType | None:
    """The code of the function that the step of a cell is; None where it is another callable."""
    return getattr(CELLS[model.cell].step(model), "__code__", None)


def affine(x: Any, W: Any, b: Any = None) -> Any:
    """`x W^T + b` over the last axis; `b=None` is no bias."""
    product = x @ W.mT
    return product if b is None else product + b


def gates(a_t: Any, count: int) -> list[Any]:
    """The `count` blocks of H columns of the pre-activation `a_t` [..., B, count*H]."""
    H = a_t.shape[-1] // count
    return [a_t[..., g * H : (g + 1) * H] for g in range(count)]


@register("rnn", per_model=True)
def rnn(model: Model) -> Step:
    """Elman network (Elman 1990): `h_t = f(W_xh x_t + W_hh h_{t-1} + b_h)`."""

    def step(xp: Namespace, p: Mapping[str, Any], x_t: Any, state: State, t: Any = None) -> State:
        (h_prev,) = state
        a_t = affine(x_t, p["W_xh"]) + affine(h_prev, p["W_hh"], p.get("b_h"))
        return (a_t if model.activation == "identity" else getattr(xp, model.activation)(a_t),)

    return step


@register("lstm")
def lstm(xp: Namespace, p: Mapping[str, Any], x_t: Any, state: State, t: Any = None) -> State:
    """Long short-term memory with forget gate (Hochreiter & Schmidhuber 1997; Gers et al. 2000).

    `i, f, o = sigmoid(...)`, `g = tanh(...)`, `c_t = f*c_{t-1} + i*g`, `h_t = o*tanh(c_t)`.
    """
    h_prev, c_prev = state
    a_t = affine(x_t, p["W_xh"]) + affine(h_prev, p["W_hh"], p.get("b_h"))
    a_i, a_f, a_g, a_o = gates(a_t, 4)
    c_t = xp.sigmoid(a_f) * c_prev + xp.sigmoid(a_i) * xp.tanh(a_g)
    return xp.sigmoid(a_o) * xp.tanh(c_t), c_t


@register("gru", per_model=True)
def gru(model: Model) -> Step:
    """Gated recurrent unit (Cho et al. 2014), reset gate after or before the recurrent product."""
    return gru_reset_after if model.reset_after else gru_reset_before


def gru_reset_after(
    xp: Namespace, p: Mapping[str, Any], x_t: Any, state: State, t: Any = None
) -> State:
    """`n = tanh(W_xn x + b_xn + r*(W_hn h + b_hn))`, `h_t = (1-z)*n + z*h_{t-1}`."""
    (h_prev,) = state
    x_r, x_z, x_n = gates(affine(x_t, p["W_xh"], p.get("b_xh")), 3)
    h_r, h_z, h_n = gates(affine(h_prev, p["W_hh"], p.get("b_hh")), 3)
    r_t, z_t = xp.sigmoid(x_r + h_r), xp.sigmoid(x_z + h_z)
    n_t = xp.tanh(x_n + r_t * h_n)
    return (xp.lerp(n_t, h_prev, z_t),)


def gru_reset_before(
    xp: Namespace, p: Mapping[str, Any], x_t: Any, state: State, t: Any = None
) -> State:
    """`n = tanh(W_xn x + b_n + W_hn (r*h))`, `h_t = (1-z)*n + z*h_{t-1}`."""
    (h_prev,) = state
    H = h_prev.shape[-1]
    W_hrz, W_hn = p["W_hh"][..., : 2 * H, :], p["W_hh"][..., 2 * H :, :]
    x_r, x_z, x_n = gates(affine(x_t, p["W_xh"], p.get("b_h")), 3)
    h_r, h_z = gates(affine(h_prev, W_hrz), 2)
    r_t, z_t = xp.sigmoid(x_r + h_r), xp.sigmoid(x_z + h_z)
    n_t = xp.tanh(x_n + affine(r_t * h_prev, W_hn))
    return (xp.lerp(n_t, h_prev, z_t),)
