"""The arrays of a case as the parameters of a torch module, by torch's names or its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from ..errors import SpecError
from .tensors import TensorCase


def named_by_convention(module: torch.nn.Module, case: TensorCase) -> dict[str, Any]:
    """The parameters of a module that a convention calls as the module does.

    Raises:
        SpecError: the two have other names or other shapes.
    """
    names = case.names
    head = {own for _, own in names.head} if names else set[str]()
    named = {n: case[n] for n in (names.params if names else ()) if n not in head}
    theirs = {n: tuple(p.shape) for n, p in module.named_parameters()}
    ours = {n: tuple(a.shape) for n, a in named.items()}
    if theirs != ours:
        other = [n for n in {**theirs, **ours} if theirs.get(n) != ours.get(n)]
        raise SpecError(
            f"the module and the convention differ in {', '.join(other)}: the module has "
            f"{_listed(theirs)}; the convention has {_listed(ours)}. Say the module's names and "
            "shapes in the Convention (names, biases, transposed, joined, per_gate)."
        )
    return named


def _listed(shapes: Mapping[str, tuple[int, ...]]) -> str:
    return ", ".join(f"{n} {shape}" for n, shape in shapes.items()) or "none"


def contract_parameters(module: torch.nn.Module, case: TensorCase) -> dict[str, Any]:
    """Our arrays under torch's names; gate orders are the same (i f g o; r z n).

    Where torch has two biases and we have one, each gets half of it. Then both are seen to work:
    the gradient of ours is the mean of theirs, and the forward needs their sum.
    """
    kinds = {"weight_ih": "W_xh", "weight_hh": "W_hh", "bias_ih": "b_xh", "bias_hh": "b_hh"}
    params = case.params
    given: dict[str, Any] = {}
    for name, parameter in module.named_parameters():
        kind, _, place = name.partition("_l")
        ours = f"{kinds.get(kind)}_l{place}"
        half = 1.0
        if ours not in params and kind.startswith("bias"):
            ours, half = f"b_h_l{place}", 0.5
        if ours not in params or params[ours].shape != parameter.shape:
            raise SpecError(
                f"the module's parameter {name} {tuple(parameter.shape)} has no counterpart; "
                f"names and shapes must be those of torch.nn.RNN, LSTM or GRU, or say yours: "
                f"bc.Convention(names={{'W_xh': {name!r}, ...}}).adapt(from_module(...))."
            )
        given[name] = params[ours] * half
    return given
