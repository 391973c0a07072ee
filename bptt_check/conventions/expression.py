"""Text that declares a convention, for messages that say which one would do."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..cases.model import Model
from .convention import Convention
from .layout import cell_steps, zero_parameters
from .names import Name, subject_name


class Expression(str):
    """Code inside other code: written as it is, without quotes."""

    __slots__ = ()
    __repr__ = str.__str__


def declared_by(subject: object) -> Convention:
    """The convention that a subject was adapted with; the contract's if it was not."""
    declared = getattr(subject, "convention", None)
    return declared if isinstance(declared, Convention) else Convention()


def expression(declared: Convention, options: Mapping[str, object]) -> Expression:
    """The expression for what is declared with these options on top."""
    given = ", ".join(f"{name}={value!r}" for name, value in options.items())
    if declared == Convention():
        return Expression(f"bc.Convention({given})")
    return Expression(f"dataclasses.replace(your convention, {given})")


def in_own_names(subject: object, model: Model, parameter: str) -> str:
    """`W_hh_l0 is Wh in your convention`; empty where it is called the same, or nothing declared.

    Several names where a parameter is spread over several arrays: one that is NaN taints them all.
    """
    own, name = declared_by(subject), Name.of(parameter)
    params = zero_parameters(model)
    if name not in params:
        return ""
    tainted = cell_steps(
        own, model, {n: a + (np.nan if n == name else 0) for n, a in params.items()}
    )
    names = [
        subject_name(n, own.names, model.cell) for n, a in tainted.items() if np.isnan(a).any()
    ]
    return "" if names == [parameter] else f"{parameter} is {', '.join(names)} in your convention"
