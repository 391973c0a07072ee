"""What was given in the place of a subject, where it is none."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class WrongKind(StrEnum):
    """Why something that can be called is no subject."""

    CLASS = "class"
    """It makes objects instead of returning a loss and gradients."""
    ARGUMENTS = "arguments"
    """It cannot be called with one case alone."""
    UNNAMED = "unnamed"
    """Its gradients come without names, in a tuple or a list."""
    NAMES = "names"
    """Its gradients have other names than those of the case."""


@dataclass(frozen=True)
class NoSubject:
    """Something that is no subject, and what a `Convention` would have to say of it.

    Args:
        kind: why it is none.
        name: of it.
        given: its arguments, the names of its gradients, or the methods of its objects with their
            arguments; for gradients without names, how many there are.
        names: base name of the contract to what it is called there, as far as that is likely.
        returns: for gradients without names, theirs in order, "_" where none is likely.
        constructor: of a class, the arguments that it is made with.
        callable_objects: of a class, whether its objects can be called with a case.
        transposed: whether matrices come as (in, out).
    """

    kind: WrongKind
    name: str = ""
    given: tuple[str, ...] = ()
    names: dict[str, str] = field(default_factory=dict[str, str])
    returns: tuple[str, ...] = ()
    constructor: tuple[str, ...] = ()
    callable_objects: bool = False
    transposed: bool = False
