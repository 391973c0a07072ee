"""Findings that closed formulas explain: one common factor, clipping.

A gradient that is the right one times 1/B, or clipped, is a convention that somebody forgot to say,
and is told apart from a wrong formula. A match is a match to rounding, on all of the cases given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..cases.case import Case
from ..cases.result import Differentiator
from ..conventions import Convention
from ..conventions.expression import declared_by, expression
from ..conventions.scale_factors import FACTORS
from .clipping import clipped_at_the_end
from .pairs import Pair, close, is_multiple, pairs_of


def signature(subject: Differentiator, cases: Sequence[Case]) -> str:
    """The sentence that explains a wrong gradient or loss on all cases; "" if there is none."""
    pairs = pairs_of(subject, cases)
    if not pairs:
        return ""
    own = declared_by(subject)
    return _loss_factor(pairs, own) or _gradient_factor(pairs, own) or clipped_at_the_end(pairs)


def _loss_factor(pairs: Sequence[Pair], own: Convention) -> str:
    """A factor that the loss, and perhaps the gradients, have."""
    fits = [
        (name, all(is_multiple(p, factor(p.case)) for p in pairs))
        for name, factor in _telling(pairs)
        if all(close(p.got_loss, factor(p.case) * p.want_loss, p) for p in pairs)
    ]
    if not fits:
        return ""
    names, both = [name for name, _ in fits], fits[0][1]
    subject = "your loss and your gradient are" if both else "your loss is"
    option = _option(own, "loss_factor", names[0]) if both else ""
    return f"{subject} {' or '.join(names)} times the right one{option}"


def _option(own: Convention, name: str, factor: str) -> str:
    """How to declare a factor; what has one declared already says nothing simple."""
    return "" if getattr(own, name) else f" ({expression(own, {name: factor})})"


def _gradient_factor(pairs: Sequence[Pair], own: Convention) -> str:
    """A factor that all gradients have in common while the loss is right."""
    fits = [
        name
        for name, factor in _telling(pairs)
        if all(is_multiple(p, factor(p.case)) for p in pairs)
    ]
    if not fits:
        return ""
    option = _option(own, "gradient_factor", fits[0])
    return f"every gradient is {' or '.join(fits)} times the right one{option}"


def _telling(pairs: Sequence[Pair]) -> list[tuple[str, Callable[[Case], float]]]:
    """Factors that are 1 on none of the cases: only those can explain all of them."""
    return [(name, f) for name, f in FACTORS.items() if all(f(pair.case) != 1.0 for pair in pairs)]
