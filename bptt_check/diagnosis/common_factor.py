"""Is there one common factor? Names what the loss, or every gradient, is a multiple by.

A gradient that is the right one times 1/B is a convention that somebody forgot to say, and is told
apart from a wrong formula. A match is one in norm, on all of the cases given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..cases.case import Case
from ..conventions import Convention
from ..conventions.expression import expression
from ..conventions.scale_factors import FACTORS
from .finding import Finding
from .trials import Trial


def which_factor(trials: Sequence[Trial]) -> Finding | None:
    """The factor that explains a wrong gradient or loss on all of the cases; None without one."""
    if not trials:
        return None
    sentence = _loss_factor(trials) or _gradient_factor(trials)
    return Finding(sentence, "certain", cases=len(trials)) if sentence else None


def _loss_factor(trials: Sequence[Trial]) -> str:
    """A factor that the loss, and perhaps the gradients, have; "" without one."""
    fits = [
        (name, all(trial.is_multiple(factor(trial.case)) for trial in trials))
        for name, factor in _factors_not_one(trials)
        if all(trial.has_loss(factor(trial.case) * trial.want_loss) for trial in trials)
    ]
    if not fits:
        return ""
    names, both = [name for name, _ in fits], fits[0][1]
    subject = "your loss and your gradient are" if both else "your loss is"
    option = _option(trials[0].declared, "loss_factor", names[0]) if both else ""
    return f"{subject} {' or '.join(names)} times the right one{option}"


def _gradient_factor(trials: Sequence[Trial]) -> str:
    """A factor that all gradients have in common while the loss is right; "" without one."""
    fits = [
        name
        for name, factor in _factors_not_one(trials)
        if all(trial.is_multiple(factor(trial.case)) for trial in trials)
    ]
    if not fits:
        return ""
    option = _option(trials[0].declared, "gradient_factor", fits[0])
    return f"every gradient is {' or '.join(fits)} times the right one{option}"


def _option(declared: Convention, name: str, factor: str) -> str:
    """How to declare a factor; what has one declared already says nothing simple."""
    if getattr(declared, name):
        return ""
    return f" ({expression(declared, {name: factor})})"


def _factors_not_one(trials: Sequence[Trial]) -> list[tuple[str, Callable[[Case], float]]]:
    """Factors that are 1 on none of the cases: only those can explain all of them."""
    return [(name, f) for name, f in FACTORS.items() if all(f(t.case) != 1.0 for t in trials)]
