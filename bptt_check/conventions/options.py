"""The options of a convention, and which values they may have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..cases.case import DTYPES
from ..cases.model import REDUCTIONS
from ..errors import SpecError, UnknownName
from .gates import Order, check_order
from .names import check_templates
from .scale_factors import FACTORS

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
    columns: bool = False
    batch: str = "second"
    layer_axis: bool = True
    lists: bool = False
    tokens: bool = False
    nested: bool = False
    truncation: str = "cells"
    reduction: str = ""
    loss_factor: str = ""
    gradient_factor: str = ""
    dtype: str = ""
    without: tuple[str, ...] = ()
    gradients: Options | None = None

    def __post_init__(self) -> None:
        choices: dict[str, Iterable[str]] = {
            "z_means": ("keep", "renew"), "biases": BIASES, "joined": ("", "xh", "hx"),
            "batch": BATCH, "truncation": ("cells", "hops"), "reduction": ("", *REDUCTIONS),
            "loss_factor": ("", *FACTORS), "gradient_factor": ("", *FACTORS),
            "dtype": ("", *DTYPES),
        }  # fmt: skip
        for name, valid in choices.items():
            if getattr(self, name) not in tuple(valid):
                raise UnknownName(name, getattr(self, name), [v for v in valid if v])
        if isinstance(self.without, str):
            raise SpecError(f"without must be a tuple of names: without=({self.without!r},).")
        check_order(self.gate_order)
        check_templates(self.names)
        for together, why in _EXCLUDED.items():
            if all(getattr(self, option) == value for option, value in together):
                raise SpecError(f"{' and '.join(f'{o}={v!r}' for o, v in together)}: {why}.")


_EXCLUDED: dict[tuple[tuple[str, Any], ...], str] = {
    (("columns", True), ("batch", "first")): "columns put the batch last",
    (("lists", True), ("batch", "first")): "a list of steps has time first",
    (("biases", "stacked"), ("per_gate", True)): "stacked biases are one array",
    (("biases", "stacked"), ("columns", True)): "stacked biases are rows",
}
"""Options that exclude each other, and why."""
