"""Which option gives an array the shape that code has it in, and which model leaves it out."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from ..cases.case import Case
from ..cases.model import Model, Sizes, parameter_shapes
from ..errors import SpecError
from .layout import shapes, unsupported_reason
from .memoised import memoised
from .options import Options

CHANGES: tuple[dict[str, Any], ...] = (
    *({option: value} for option in ("rows", "columns") for value in (True, False)),
    *({option: value} for option in ("transposed", "gate_axis") for value in (True, False)),
    {"bias_column": "last"},
    {"bias_column": ""},
    *({"batch": value} for value in ("first", "second", "none")),
    *({option: value} for option in ("time_last", "layer_axis") for value in (True, False)),
    *({"biases": value} for value in ("one", "two", "stacked", "candidate")),
    {"columns": True, "time_last": True},
    {"columns": True, "layer_axis": False},
    {"gate_axis": True, "transposed": True},
    {"gate_axis": True, "rows": True},
    {"gate_axis": True, "columns": True},
)
"""What may be said otherwise; what is said already changes nothing and fits nothing."""


def options_that_fit(
    declared: Options, case: Case, name: str, shape: tuple[int, ...]
) -> tuple[dict[str, Any], ...]:
    """Options with which an array, by its own name, would have a shape; the fewest that do."""
    fitting = [
        change
        for change, other in _changed_options(declared, case.model)
        if (other.batch != "none" or case.sizes.B == 1) and shapes(other, case).get(name) == shape
    ]
    least = min(map(len, fitting), default=0)
    return tuple(change for change in fitting if len(change) == least)


@memoised
def _changed_options(declared: Options, model: Model) -> list[tuple[dict[str, Any], Options]]:
    """Each of `CHANGES` that a convention and a model allow, with the options after it."""
    given = {field.name: getattr(declared, field.name) for field in fields(Options)}
    allowed: list[tuple[dict[str, Any], Options]] = []
    for change in CHANGES:
        try:
            other = Options(**given | change)
        except SpecError:
            continue
        if not unsupported_reason(other, model):
            allowed.append((change, other))
    return allowed


def that_fit(declared: Options, case: Case, name: str, shape: tuple[int, ...]) -> str:
    """The same as the end of a message; empty where none fits."""
    found = options_that_fit(declared, case, name, shape)
    said = [", ".join(f"{n}={value!r}" for n, value in change.items()) for change in found]
    return f"; it would fit with {' or with '.join(said)}" if said else ""


LESS: tuple[dict[str, Any], ...] = ({"one_bias": True}, {"head": False}, {"bias": False})
"""Options of a model that leave parameters out, the fewest first."""


def model_without(model: Model, parameter: str) -> Model | None:
    """The model most like another one that has not one of its parameters; None if there is none."""
    for change in LESS:
        try:
            other = replace(model, **change)
        except SpecError:
            continue
        if parameter not in parameter_shapes(other, Sizes(1, 1, 1, 1, 1)):
            return other
    return None
