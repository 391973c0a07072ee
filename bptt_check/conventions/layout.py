"""The steps from the contract's arrays to a subject's: of parameters, and of data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..cases.case import Case
from ..cases.model import (
    Model,
    Sizes,
    final_cotangents,
    initial_states,
    output_width,
    parameter_shapes,
)
from ..errors import BrokenContract
from .bias_columns import bias_columns, why_no_column
from .gates import CANDIDATE, order_for, permutation
from .maps import bias_transforms, transforms
from .memoised import memoised
from .names import Name, subject_name
from .options import Options

Arrays = transforms.Arrays


@memoised
def chain(options: Options, model: Model) -> list[transforms.Step]:
    """The steps from the contract's parameters to the subject's, in order."""
    return [*_gates(options, model), *_shapes(options, model)]


def _gates(options: Options, model: Model) -> list[transforms.Step]:
    """What happens while gates are still blocks of rows."""
    gates = model.layout.gates
    order = order_for(options.gate_order, model) or gates
    index = permutation(order, gates) or [0]
    two, gru = set(model.layout.biases) == {"b_xh", "b_hh"}, model.cell == "gru"
    steps: list[transforms.Step] = []
    if options.z_means == "renew" and gru:
        steps.append(transforms.negated(gates.index("z"), len(gates)))
    if options.biases == "two" and not two:
        steps.append(bias_transforms.TwoBiases())
    if index != sorted(index):
        steps.append(transforms.reordered(index, model.layout.further))
    if options.biases == "candidate" and two and gru:
        at = next(n for n, g in enumerate(index) if gates[g] in CANDIDATE)
        steps.append(bias_transforms.CandidateBias(at, len(gates), order[at]))
    return steps


def _shapes(options: Options, model: Model) -> list[transforms.Step]:
    """What happens to the shapes of whole arrays."""
    gates = model.layout.gates
    order = order_for(options.gate_order, model) or gates
    steps: list[transforms.Step] = []
    if options.biases == "stacked":
        steps.append(bias_transforms.stacked_biases())
    if options.joined:
        steps.append(transforms.one_matrix(options.joined, model.layout))
    steps += [bias_transforms.BiasColumn(*column) for column in bias_columns(options, model)]
    if options.gate_axis and len(gates) > 1:
        steps += transforms.gate_axis(_has_gate_axis(options, model), len(gates))
    if options.per_gate and len(gates) > 1:
        uncut = ("b_hh",) if options.biases == "candidate" and model.cell == "gru" else ()
        steps.append(transforms.PerGate(order, (*uncut, *model.layout.further)))
    if options.transposed is True:
        steps.append(transforms.transposed(lambda name: name.is_matrix))
    elif options.transposed:
        named = options.transposed
        steps.append(transforms.transposed(lambda name: name.base in named))
    if options.columns:
        steps.append(transforms.as_columns(lambda name: name.is_bias))
    if options.rows:
        steps.append(transforms.as_rows(lambda name: name.is_bias))
    return steps


def _has_gate_axis(options: Options, model: Model) -> Callable[[Name], bool]:
    """Which arrays have their gates on an axis."""
    named, further = options.gate_axis, model.layout.further
    return lambda name: (
        name.recurrent
        and not name.gate
        and name.base not in further
        and (named is True or name.base in (named or ()))
    )


def data_steps(options: Options, model: Model, sizes: Sizes) -> list[transforms.Step]:
    """The steps of `x`, states, targets and cotangents."""
    token: list[transforms.Step] = [transforms.Tokens(sizes.D)] if options.tokens else []
    return token + [
        transforms.Axes(base, source, wanted, listed=options.lists and wanted.startswith("T"))
        for base, source in _axes(options, model).items()
        for wanted in [_wanted(options, source)]
    ]


def output_axes(options: Options) -> transforms.Step:
    """The step of the top layer's outputs `h` and their cotangent."""
    return transforms.Axes("h", "TBD", _wanted(options, "TBD"), listed=options.lists)


def data(case: Case) -> Arrays:
    """The arrays of a case that are no parameters."""
    return {Name(n): a for n, a in case.data.items()}


def _axes(options: Options, model: Model) -> dict[str, str]:
    """The axes of each array of the data."""
    steps_axis = "T" if model.readout == "every" else ""
    width = "" if model.loss == "cross_entropy" else "D"
    states = (*initial_states(model), *final_cotangents(model))
    axes = {"x": "TB" if options.tokens else "TBD", "targets": steps_axis + "B" + width}
    return axes | dict.fromkeys(states, "LBD")


def _wanted(options: Options, source: str) -> str:
    """The axes that a subject has instead."""
    axes = source if options.layer_axis else source.replace("L", "")
    keeps_one = (options.columns or options.rows) and "D" in axes
    if options.batch == "none" and not keeps_one:
        axes = axes.replace("B", "")
    elif options.columns:
        axes = axes.replace("BD", "DB")
    elif options.batch == "first":
        axes = axes.replace("TB", "BT")
    return axes.replace("T", "") + "T" if options.time_last and "T" in axes else axes


def forward(steps: list[transforms.Step], arrays: Arrays) -> Arrays:
    """The subject's arrays from the contract's, through all steps."""
    for step in steps:
        arrays = step.forward(arrays)
    return arrays


def gradients_from_subject(steps: list[transforms.Step], grads: Arrays) -> Arrays:
    """Gradients of the contract's arrays from those of the subject's, through all steps."""
    for step in reversed(steps):
        grads = step.backward(grads)
    return grads


def cell_steps(options: Options, model: Model, params: Arrays) -> Arrays:
    """Parameters in a convention, under what they are and not yet under the subject's names."""
    return forward(chain(options, model), params)


def shapes(options: Options, case: Case) -> dict[str, tuple[int, ...]]:
    """The shape of every array of a case under its own name, of outputs `h` too."""
    params = cell_steps(options, case.model, {Name.of(n): a for n, a in case.params.items()})
    others = forward(data_steps(options, case.model, case.sizes), data(case))
    size = case.sizes
    hidden = np.zeros((size.T, size.B, output_width(case.model, size)))
    outputs = forward([output_axes(options)], {Name("h"): hidden})
    named = {subject_name(n, options.names, case.model.cell): a for n, a in others.items()}
    named |= {subject_name(n, options.names, case.model.cell): a for n, a in params.items()}
    return {text: np.shape(a) for text, a in ({"h": outputs[Name("h")]} | named).items()}


@memoised
def unsupported_reason(options: Options, model: Model) -> str:
    """Why a convention cannot express a model; empty if it can."""
    if order_for(options.gate_order, model) is None:
        return f"gate_order {options.gate_order!r} has other gates than {model.layout.gates}"
    if not options.layer_axis and model.layers * len(model.directions) > 1:
        return "without an axis of layers there is one layer and one direction"
    if why := why_no_column(options, model):
        return why
    seen: dict[str, Name] = {}
    for name in cell_steps(options, model, zero_parameters(model)):
        text = subject_name(name, options.names, model.cell)
        if text in seen:
            return f"{seen[text]} and {name} would both be called {text!r}"
        seen[text] = name
    for text in options.without:
        if text not in seen:
            return f"without names {text!r}, and the parameters are {', '.join(seen)}"
    return ""


@memoised
def parameters_without_gradient(options: Options, model: Model) -> tuple[str, ...]:
    """The contract's parameters of which part lies in arrays that are declared without gradient."""
    if not options.without:
        return ()
    tainted: Arrays = {}
    for name, array in cell_steps(options, model, zero_parameters(model)).items():
        absent = subject_name(name, options.names, model.cell) in options.without
        tainted[name] = array + (np.nan if absent else 0.0)
    ours = gradients_from_subject(chain(options, model), tainted)
    return tuple(str(name) for name, array in ours.items() if np.isnan(array).any())


def zero_parameters(model: Model) -> Arrays:
    """Parameters of the smallest sizes, for what depends on their names only."""
    shapes = parameter_shapes(model, Sizes(1, 1, 1, 1, 1))
    return {Name.of(name): np.zeros(shape) for name, shape in shapes.items()}


def from_subject(options: Options, model: Model, arrays: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters of the contract from a subject's own."""
    given = flat(arrays) if options.nested else dict(arrays)
    wanted = cell_steps(options, model, zero_parameters(model))
    names = {name: subject_name(name, options.names, model.cell) for name in wanted}
    missing = [text for text in names.values() if text not in given]
    if missing:
        raise BrokenContract(missing[0], f"the array {missing[0]!r} is missing")
    params: Arrays = {name: np.asarray(given[text]) for name, text in names.items()}
    for step in reversed(chain(options, model)):
        params = step.inverse(params)
    return {str(name): array for name, array in params.items()}


def flat(arrays: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Dicts in dicts as names with slashes."""
    flattened: dict[str, Any] = {}
    for name, value in arrays.items():
        inside = isinstance(value, Mapping)
        flattened |= flat(value, f"{before}{name}/") if inside else {f"{before}{name}": value}
    return flattened
