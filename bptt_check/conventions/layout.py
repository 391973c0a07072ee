"""Which steps a convention takes, for a model and for the data of a case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..cases.case import Case
from ..cases.model import Model, Sizes, parameter_shapes
from ..errors import BrokenContract
from . import bias_transforms, transforms
from .gates import CANDIDATE, order_for, permutation
from .names import Name, called

if TYPE_CHECKING:
    from .convention import Convention

Arrays = transforms.Arrays


def chain(convention: Convention, model: Model) -> list[transforms.Step]:
    """The steps of the parameters, in order."""
    return [*_gates(convention, model), *_shapes(convention, model)]


def _gates(convention: Convention, model: Model) -> list[transforms.Step]:
    """What happens while gates are still blocks of rows."""
    gates = model.layout.gates
    order = order_for(convention.gate_order, model) or gates
    index = permutation(order, gates) or [0]
    two, gru = set(model.layout.biases) == {"b_xh", "b_hh"}, model.cell == "gru"
    found: list[transforms.Step] = []
    if convention.z_means == "renew" and gru:
        found.append(transforms.negated(gates.index("z"), len(gates)))
    if convention.biases == "two" and not two:
        found.append(bias_transforms.TwoBiases())
    if index != sorted(index):
        found.append(transforms.reordered(index))
    if convention.biases == "candidate" and two and gru:
        at = next(n for n, g in enumerate(index) if gates[g] in CANDIDATE)
        found.append(bias_transforms.CandidateBias(at, len(gates), order[at]))
    return found


def _shapes(convention: Convention, model: Model) -> list[transforms.Step]:
    """What happens to the shapes of whole arrays."""
    gates = model.layout.gates
    order = order_for(convention.gate_order, model) or gates
    found: list[transforms.Step] = []
    if convention.biases == "stacked":
        found.append(bias_transforms.stacked_biases())
    if convention.joined:
        found.append(transforms.one_matrix(convention.joined, len(gates)))
    if convention.per_gate and len(gates) > 1:
        uncut = ("b_hh",) if convention.biases == "candidate" and model.cell == "gru" else ()
        found.append(transforms.PerGate(order, uncut))
    if convention.transposed is True:
        found.append(transforms.transposed(lambda name: name.is_matrix))
    elif convention.transposed:
        named = convention.transposed
        found.append(transforms.transposed(lambda name: name.base in named))
    if convention.columns:
        found.append(transforms.as_columns(lambda name: name.is_bias))
    return found


def data_steps(convention: Convention, case: Case) -> list[transforms.Step]:
    """The steps of `x`, states, targets and cotangents."""
    token: list[transforms.Step] = [transforms.Tokens(case.sizes.D)] if convention.tokens else []
    return token + [
        transforms.Axes(base, source, wanted, listed=convention.lists and wanted.startswith("T"))
        for base, source in _axes(convention, case).items()
        for wanted in [_wanted(convention, source)]
    ]


def output_axes(convention: Convention) -> transforms.Step:
    """The step of the top layer's outputs `h` and their cotangent."""
    return transforms.Axes("h", "TBD", _wanted(convention, "TBD"), listed=convention.lists)


def data(case: Case) -> Arrays:
    """The arrays of a case that are no parameters."""
    names = ("x", "h0", "c0", "targets", "lengths", "cotangent_h_n", "cotangent_c_n")
    return {Name(n): a for n in names if (a := getattr(case, n)) is not None}


def _axes(convention: Convention, case: Case) -> dict[str, str]:
    """The axes of each array of the data."""
    steps_axis = "T" if case.model.readout == "every" else ""
    width = "" if case.model.loss == "cross_entropy" else "D"
    states = ("h0", "c0", "cotangent_h_n", "cotangent_c_n")
    found = {"x": "TB" if convention.tokens else "TBD", "targets": steps_axis + "B" + width}
    return found | dict.fromkeys(states, "LBD")


def _wanted(convention: Convention, source: str) -> str:
    """The axes that a subject has instead."""
    axes = source if convention.layer_axis else source.replace("L", "")
    if convention.batch == "none" and not (convention.columns and "D" in axes):
        return axes.replace("B", "")
    if convention.columns:
        return axes.replace("BD", "DB")
    return axes.replace("TB", "BT") if convention.batch == "first" else axes


def forward(found: list[transforms.Step], arrays: Arrays) -> Arrays:
    """All steps, one after the other."""
    for step in found:
        arrays = step.forward(arrays)
    return arrays


def back(found: list[transforms.Step], grads: Arrays) -> Arrays:
    """Gradients home again."""
    for step in reversed(found):
        grads = step.back(grads)
    return grads


def cell_steps(convention: Convention, model: Model, params: Arrays) -> Arrays:
    """Parameters in a convention, under what they are and not yet under the subject's names."""
    return forward(chain(convention, model), params)


def blank(model: Model) -> Arrays:
    """Parameters of the smallest sizes, for what depends on their names only."""
    shapes = parameter_shapes(model, Sizes(1, 1, 1, 1, 1))
    return {Name.of(name): np.zeros(shape) for name, shape in shapes.items()}


def home(convention: Convention, model: Model, arrays: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters of the contract from a subject's own."""
    given = flat(arrays) if convention.nested else dict(arrays)
    wanted = cell_steps(convention, model, blank(model))
    names = {name: called(name, convention.names, model.cell) for name in wanted}
    missing = [text for text in names.values() if text not in given]
    if missing:
        raise BrokenContract(missing[0], f"the array {missing[0]!r} is missing")
    found: Arrays = {name: np.asarray(given[text]) for name, text in names.items()}
    for step in reversed(chain(convention, model)):
        found = step.inverse(found)
    return {str(name): array for name, array in found.items()}


def nested(arrays: Mapping[str, Any]) -> dict[str, Any]:
    """Names with slashes as dicts in dicts."""
    found: dict[str, Any] = {}
    for name, array in arrays.items():
        *folders, last = name.split("/")
        inner = found
        for folder in folders:
            inner = inner.setdefault(folder, {})
        inner[last] = array
    return found


def flat(arrays: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Dicts in dicts as names with slashes."""
    found: dict[str, Any] = {}
    for name, value in arrays.items():
        inside = isinstance(value, Mapping)
        found |= flat(value, f"{before}{name}/") if inside else {f"{before}{name}": value}
    return found
