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
from .facts import CommonFactor
from .trials import Trial, all_reproduced


def which_factor(trials: Sequence[Trial]) -> CommonFactor | None:
    """The factor that explains a wrong gradient or loss on all of the cases; None without one."""
    return (_loss_factor(trials) or _gradient_factor(trials)) if trials else None


def _loss_factor(trials: Sequence[Trial]) -> CommonFactor | None:
    """A factor that the loss, and perhaps the gradients, have."""
    fits = {
        name: all_reproduced(trials, lambda trial, f=factor: trial.times(f(trial.case)))
        for name, factor in _factors_not_one(trials)
        if all(trial.has_loss(factor(trial.case) * trial.want_loss) for trial in trials)
    }
    if not fits:
        return None
    names, both = tuple(fits), next(iter(fits.values()))
    option = _option(trials[0].declared, "loss_factor", names[0]) if both else ""
    return CommonFactor(names, of_loss=True, of_gradients=both, option=option)


def _gradient_factor(trials: Sequence[Trial]) -> CommonFactor | None:
    """A factor that all gradients have in common while the loss is right."""
    names = tuple(
        name
        for name, factor in _factors_not_one(trials)
        if all_reproduced(trials, lambda trial, f=factor: trial.times(f(trial.case)))
    )
    if not names:
        return None
    option = _option(trials[0].declared, "gradient_factor", names[0])
    return CommonFactor(names, of_loss=False, of_gradients=True, option=option)


def _option(declared: Convention, name: str, factor: str) -> str:
    """How to declare a factor; what has one declared already says nothing simple."""
    if getattr(declared, name):
        return ""
    return expression(declared, {name: factor})


def _factors_not_one(trials: Sequence[Trial]) -> list[tuple[str, Callable[[Case], float]]]:
    """Factors that are 1 on none of the cases: only those can explain all of them."""
    return [(name, f) for name, f in FACTORS.items() if all(f(t.case) != 1.0 for t in trials)]
