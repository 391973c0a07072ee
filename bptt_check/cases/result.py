"""What a differentiator is, and what it gives: a loss and gradients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import BrokenCell
from .any_case import AnyCase
from .directions import SignDirections
from .types import Arrays


@dataclass(frozen=True)
class Result:
    """What a differentiator returns.

    Args:
        loss: the whole loss, a number.
        grads: input name to gradient, each of that input's shape.
        outputs: optional forward values by name: `h_l{k}` (T, B, H*N), `y` (T, B, O).
        without: subjects only: parameters whose gradient the code never gives, by declaration.
        bounds: oracles only: input name to a bound on the error of each entry; None means that
            the oracle is exact up to float64 rounding.
        rest: oracles only: what the exact value has beyond its float64 in `grads`, where known.
        along: oracles only: input name to the directions along which it was measured instead of
            entry by entry; `grads` and `bounds` then hold the slopes along them.
        proven: oracles only: `bounds` are a proof, and the oracle has no rounding besides.
    """

    loss: Any
    grads: Mapping[str, Any]
    outputs: Mapping[str, Any] | None = None
    bounds: Arrays | None = None
    rest: Arrays | None = None
    proven: bool = False
    along: Mapping[str, SignDirections] = field(default_factory=dict[str, SignDirections])
    without: tuple[str, ...] = ()

    @property
    def entries(self) -> dict[str, Any]:
        """Every output and gradient by its name."""
        return {**(self.outputs or {}), **self.grads}


Differentiator = Callable[[Any], "Result | tuple[Any, Mapping[str, Any]]"]
"""A subject or an oracle: `case -> (loss, grads)` or `case -> Result`."""

OracleResult = Result | Exception
"""The result of an oracle, or why it has none."""
OracleResults = Mapping[str, OracleResult]
"""Oracle name to what came of it."""


def name_of(subject: Callable[..., Any]) -> str:
    """`subject.name`, or the name of the function or class."""
    own = getattr(subject, "name", None)
    if isinstance(own, str) and own:
        return own
    return getattr(subject, "__qualname__", None) or type(subject).__name__


def address_of(subject: Callable[..., Any]) -> str:
    """`subject.address`: the text by which the command line takes it.

    "" for what only the Python at hand knows: a function of a test, a partial.
    """
    address = getattr(subject, "address", "")
    return address if isinstance(address, str) else ""


def outcome_of(differentiate: Callable[[Any], Result], case: AnyCase) -> OracleResult:
    """The result of a function of a case, or what it raised.

    Raises:
        BrokenCell: of the user's own making, and the same in every case.
    """
    try:
        return differentiate(case)
    except BrokenCell:
        raise
    except Exception as error:  # shown with its reason in the oracle's rows
        return error
