"""The options of a convention, and which values they may have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..cases.case import DTYPES
from ..cases.model import HEAD, REDUCTIONS
from ..errors import SpecError, UnknownName
from .gates import Order, check_order
from .names import check_parameters, check_templates
from .scale_factors import factor_of

BATCH = ("second", "first", "none")
BIASES = ("one", "two", "stacked", "candidate")


@dataclass(frozen=True)
class Options:
    """What is said of a subject's layout; `Convention`, which is made of it, explains each option.

    Raises:
        SpecError: options that exclude each other, or a value that does not exist.
    """

    names: Mapping[str, str] = field(default_factory=dict[str, str])
    gate_order: Order = ""
    z_means: str = "keep"
    biases: str = "one"
    joined: str = ""
    per_gate: bool = False
    transposed: bool | tuple[str, ...] = False
    gate_axis: bool | tuple[str, ...] = False
    bias_column: str | Mapping[str, str] = ""
    columns: bool = False
    rows: bool = False
    batch: str = "second"
    time_last: bool = False
    layer_axis: bool = True
    lists: bool = False
    tokens: bool = False
    nested: bool = False
    truncation: str = "cells"
    reduction: str = ""
    loss_factor: str | float = ""
    gradient_factor: str | float = ""
    dtype: str = ""
    without: tuple[str, ...] = ()
    gradients: Options | None = None

    def __post_init__(self) -> None:
        choices: dict[str, Iterable[str]] = {
            "z_means": ("keep", "renew"), "biases": BIASES, "joined": ("", "xh", "hx"),
            "batch": BATCH, "truncation": ("cells", "hops"), "reduction": ("", *REDUCTIONS),
            "dtype": ("", *DTYPES),
        }  # fmt: skip
        for name, valid in choices.items():
            if getattr(self, name) not in tuple(valid):
                raise UnknownName(name, getattr(self, name), [v for v in valid if v])
        if isinstance(self.without, str):
            raise SpecError(f"without must be a tuple of names: without=({self.without!r},).")
        check_order(self.gate_order)
        check_templates(self.names, self.per_gate)
        self._check_arrays()
        for option in ("loss_factor", "gradient_factor"):
            if (factor := getattr(self, option)) != "":
                factor_of(option, factor)
        for together, why in _EXCLUDED.items():
            if all(_is_said(getattr(self, option), value) for option, value in together):
                said = " and ".join(f"{option}={getattr(self, option)!r}" for option, _ in together)
                raise SpecError(f"{said}: {why}.")

    def _check_arrays(self) -> None:
        """Raise `SpecError` where an option names arrays that there are none of, or not these."""
        for option in ("transposed", "gate_axis"):
            given = getattr(self, option)
            if isinstance(given, str):
                raise SpecError(f"{option} is True or a tuple of names: {option}=({given!r},).")
            if not isinstance(given, bool):
                check_parameters(option, given, "W" if option == "transposed" else "Wb")
        if isinstance(self.gate_axis, tuple):
            for base in {*HEAD} & {*self.gate_axis}:
                raise SpecError(f"gate_axis names {base!r}, which has no gates: leave it out.")
        column = self.bias_column
        places = column if isinstance(column, Mapping) else {"W": column} if column else {}
        check_parameters("bias_column", places, "W")
        for place in places.values():
            if place not in ("first", "last"):
                raise UnknownName("bias_column", place, ("first", "last"))


def _is_said(value: object, wanted: object) -> bool:
    """Whether an option has a value; True stands for any that is not empty."""
    return bool(value) if wanted is True else value == wanted


_EXCLUDED: dict[tuple[tuple[str, Any], ...], str] = {
    (("columns", True), ("batch", "first")): "columns put the batch last; leave batch out",
    (("columns", True), ("rows", True)): (
        "vectors are columns (n, 1) or rows (1, n); leave one of the two out"
    ),
    (("lists", True), ("batch", "first")): "a list of steps has time first; leave batch out",
    (("lists", True), ("time_last", True)): "a list of steps has time first; leave one out",
    (("gate_axis", True), ("per_gate", True)): (
        "an array of one gate has no axis of gates; leave one of the two out"
    ),
    (("biases", "stacked"), ("per_gate", True)): (
        "stacked biases are one array; say biases='two' for one per gate and product"
    ),
    (("biases", "stacked"), ("columns", True)): (
        "stacked biases are rows; say biases='two' for two columns"
    ),
    (("biases", "stacked"), ("rows", True)): (
        "stacked biases are the rows of one array already; leave rows out, or say biases='two'"
    ),
    (("biases", "stacked"), ("bias_column", True)): (
        "a bias is a row of the stack or a column of its matrix; leave one of the two out"
    ),
    (("biases", "candidate"), ("bias_column", True)): (
        "the candidate's second bias is shorter than a column of the matrix; say biases='two'"
    ),
}
"""Options that exclude each other, and why; True stands for anything but False and nothing."""
