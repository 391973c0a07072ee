"""Is there a factor? Names what the loss, every gradient, or some gradients, are a multiple by.

A gradient that is the right one times 1/B is a convention that somebody forgot to say, and is told
apart from a wrong formula. A match is one in norm, on all of the cases given.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from ...cases.case import Case
from ...conventions import Convention
from ...conventions.expression import expression
from ...conventions.scale_factors import FACTORS
from ..facts import CommonFactor, FactorOfSome
from ..matching import same
from ..trials import Trial, all_reproduced

Factors = list[tuple[str, Callable[[Case], float]]]
"""Names of factors, and what they are for a case."""
TYPED = 1e-5
"""Relative distance of a measured constant from the number that somebody typed: far above what
rounding of single precision leaves over all entries, far below the distance of such numbers."""
SCALES = range(8, 33)
"""Powers of two by which losses are scaled for half precision."""


def which_factor(trials: Sequence[Trial]) -> CommonFactor | None:
    """The factor that explains a wrong gradient or loss on all of the cases; None without one."""
    return (_loss_factor(trials) or _gradient_factor(trials)) if trials else None


def which_factor_of_some(trials: Sequence[Trial]) -> FactorOfSome | None:
    """The factor that some gradients have, where the loss and all other gradients are right."""
    if not trials or not all(trial.has_loss(trial.want_loss) for trial in trials):
        return None
    wrong = tuple(n for n in trials[0].got if not all(_is_right(trial, n) for trial in trials))
    if not wrong or len(wrong) == len(trials[0].got):
        return None
    fits = _that_fit(trials, _factors_of(trials, [_ratio(t, wrong) for t in trials]), wrong)
    return FactorOfSome(fits, wrong) if fits else None


def _is_right(trial: Trial, name: str) -> bool:
    return name not in trial.got or same(trial.got, {name: trial.want[name]}, trial.in_norm)


def _loss_factor(trials: Sequence[Trial]) -> CommonFactor | None:
    """A factor that the loss, and perhaps the gradients, have."""
    ratios = [t.got_loss / t.want_loss if t.want_loss else math.nan for t in trials]
    fits = {
        name: bool(_that_fit(trials, [(name, factor)]))
        for name, factor in _factors_of(trials, ratios)
        if all(trial.has_loss(factor(trial.case) * trial.want_loss) for trial in trials)
    }
    if not fits:
        return None
    names, both = tuple(fits), next(iter(fits.values()))
    option = _option(trials[0].declared, "loss_factor", names[0]) if both else ""
    return CommonFactor(names, True, both, option, loss_scale=names[0] in _SCALES)


def _gradient_factor(trials: Sequence[Trial]) -> CommonFactor | None:
    """A factor that all gradients have in common while the loss is right."""
    names = _that_fit(trials, _factors_of(trials, [_ratio(t, tuple(t.got)) for t in trials]))
    if not names:
        return None
    option = _option(trials[0].declared, "gradient_factor", names[0])
    return CommonFactor(names, False, True, option, loss_scale=names[0] in _SCALES)


_SCALES = {f"{2**n}" for n in SCALES}


def _that_fit(
    trials: Sequence[Trial], factors: Factors, names: Sequence[str] | None = None
) -> tuple[str, ...]:
    """Names of the factors that gradients (all, or those named) have on every case."""
    return tuple(
        name
        for name, factor in factors
        if all_reproduced(trials, lambda trial, f=factor: trial.times(f(trial.case), names))
    )


def _option(declared: Convention, name: str, factor: str) -> str:
    """How to declare a factor; what has one declared already says nothing simple."""
    if getattr(declared, name) or factor not in FACTORS:
        return ""
    return expression(declared, {name: factor})


def _factors_of(trials: Sequence[Trial], ratios: Sequence[float]) -> Factors:
    """Factors that are 1 on none of the cases, as only those can explain all of them; and the
    number that somebody typed, if all measured ratios are that one.
    """
    named = [(name, f) for name, f in FACTORS.items() if all(f(t.case) != 1.0 for t in trials)]
    name, constant = typed_number(ratios[0])
    alike = all(abs(ratio - constant) <= TYPED * abs(constant) for ratio in ratios)
    known = any(all(f(t.case) == constant for t in trials) for _, f in named)
    if name and len(ratios) > 1 and alike and not known:
        named.append((name, lambda case: constant))
    return named


def typed_number(value: float) -> tuple[str, float]:
    """The number that somebody typed: a whole one, one over it, or one of three digits.

    Returns:
        Its text and its value; "" for what is none, and for 0 and 1.
    """
    if not math.isfinite(value) or value == 0 or abs(value - 1) <= TYPED:
        return "", math.nan
    whole, inverse = round(value), round(1 / value)
    digits = float(f"{value:.3g}")
    candidates = [(f"{whole}", float(whole)), (f"{digits:g}", digits)]
    if inverse:
        sign = "-" if inverse < 0 else ""
        candidates.insert(1, (f"{sign}1/{abs(inverse)}", 1 / inverse))
    near = (c for c in candidates if abs(value - c[1]) <= TYPED * abs(value))
    return next(near, ("", math.nan))


def _ratio(trial: Trial, names: Sequence[str]) -> float:
    """The number of times that gradients are the right ones, by least squares."""
    want = np.concatenate([trial.want[n].ravel() for n in names])
    got = np.concatenate([trial.got[n].ravel() for n in names])
    largest = float(np.abs(want).max(initial=0.0)) or 1.0
    with np.errstate(all="ignore"):
        scaled = want / largest
        square = float(scaled @ scaled)
        return float(scaled @ (got / largest)) / square if square else math.nan
