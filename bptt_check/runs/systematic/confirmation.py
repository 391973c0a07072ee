"""What stood out in a run is looked at on fresh cases: is it there, and what is it?

The cases of the run chose what to look at, so they are no evidence of it; the fresh ones are.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...cases.any_case import AnyCase, AnySpec
from ...cases.contract import Outcome
from ...cases.precision import PRECISIONS
from ...cases.recurrences.recurrence import RecurrenceCase
from ...cases.result import Differentiator
from ...cases.types import Array
from ...equations.arithmetics.one_direction import OneDirection, errors_in
from ...equations.conditioning import conditioning, conditioning_in_float64
from ...equations.exact import exact_gradients
from ...equations.terms import shares_of_terms
from ...subjects.calling import call_once
from ...verdicts.verdict import Verdict
from ..target_cases import Plan
from .candidates import Candidate, best_of_each
from .fresh import FRESH_CASES, MOST_CASES, fresh_specs
from .model_group import ModelGroup
from .records import SystematicError
from .slope import (
    Errors,
    ErrorSlope,
    Regressor,
    RegressorKind,
    errors_of,
    regressors,
    slopes_and_terms,
    terms_of,
)
from .sums import Sums, added, chance_of, needed_strength, sums_of

LOOK_AFTER, FIRST_STRENGTH = 16, 2.0
"""Fresh cases after which the sums are looked at, each time; strength below which a suspicion is
dropped after the first of them, which do not share it at all."""
LOOKS = (MOST_CASES - FRESH_CASES) // LOOK_AFTER + 1
"""How often it may be decided that there are enough: each time is one more for chance."""
MOST_LOST = 3
"""Calls that do not come back, after which none is made any more."""
CHANCE = 1e-6
"""Probability that anything is found of a model whose subject is right, at most."""


@dataclass(frozen=True, eq=False)
class Seen:
    """What one fresh case says of one gradient.

    Args:
        slopes: on what the run looked at, too.
        forms: what the error may be a multiple of; none where the case is too large to try.
    """

    spec: AnySpec | None
    parameter: str
    errors: Errors
    slopes: Mapping[Regressor, ErrorSlope]
    forms: Mapping[Regressor, Array]


def confirmed_errors(
    subject: Differentiator,
    group: ModelGroup,
    dtype: str,
    suspects: Sequence[Regressor],
    plan: Plan,
    timeout: float | None,
) -> Iterator[SystematicError]:
    """The suspects that fresh cases confirm, one finding a gradient, with what explains it most.

    Args:
        subject: is called once on each fresh case.
        group: of which models the cases are.
        dtype: of the cases.
        suspects: what stood out.
        plan: of the run.
        timeout: seconds for one call of the subject.
    """
    needed = needed_strength(CHANCE, len(suspects) * LOOKS)
    seen = _seen(subject, group, dtype, suspects, plan, timeout, needed)
    strengths = {part: _sums(seen, part).strength for part in suspects}
    enough = (part for part in suspects if strengths[part] >= needed)
    # the strongest of a gradient comes last, and stays
    strong = {part.parameter: part for part in sorted(enough, key=strengths.__getitem__)}
    tried = {name: _candidates([s for s in seen if s.parameter == name]) for name in strong}
    chosen = best_of_each(tried)
    for name, part in strong.items():
        yield _finding(group, dtype, part, seen, chosen.get(name), len(suspects))


def _sums(seen: Sequence[Seen], part: Regressor) -> Sums:
    """Of the slopes of all cases on a part."""
    return added(sums_of(s.slopes[part]) for s in seen if part in s.slopes)


def _finding(
    group: ModelGroup,
    dtype: str,
    part: Regressor,
    seen: Sequence[Seen],
    chosen: Candidate | None,
    tests: int,
) -> SystematicError:
    """What the error of a gradient is, in which a part was confirmed."""
    sums, unit = _sums(seen, part), PRECISIONS[dtype].unit
    what, said = (part, sums) if chosen is None else (chosen.part, chosen.sums)
    slopes = [(s.slopes[part], s.spec) for s in seen if part in s.slopes and s.spec is not None]
    clearest = max(slopes, key=lambda s: abs(s[0].units) / s[0].typical)
    return SystematicError(
        verdict=Verdict.IMPRECISE if what.kind is RegressorKind.ARITHMETIC else Verdict.FAIL,
        model=group.name,
        dtype=dtype,
        parameter=part.parameter,
        kind=what.kind,
        name=what.name,
        estimate=said.estimate * unit,
        uncertainty=said.uncertainty * unit,
        share=math.nan if chosen is None else chosen.share,
        cases=sums.cases,
        strength=sums.strength,
        chance=chance_of(sums.strength, LOOKS * tests),
        spec=str(clearest[1]),
        models=len(group.targets),
    )


def _candidates(seen: Sequence[Seen]) -> list[Candidate]:
    """Everything that was tried on the errors of a gradient."""
    found: dict[Regressor, Candidate] = {}
    for one in seen:
        for part, form in one.forms.items():
            found.setdefault(part, Candidate(part)).add(one.errors, form)
    return [candidate for candidate in found.values() if candidate.tried]


def _seen(
    subject: Differentiator,
    group: ModelGroup,
    dtype: str,
    suspects: Sequence[Regressor],
    plan: Plan,
    timeout: float | None,
    needed: float,
) -> list[Seen]:
    """Call the subject on fresh cases, until it is clear whether they share the suspicion."""
    seen, answered, lost = list[Seen](), 0, 0
    for spec, small in fresh_specs(group, plan, dtype):
        case = spec.build()
        answer = call_once(subject, case, timeout)
        if answer.result is None or answer.breaches:
            lost += answer.outcome in (Outcome.TIMED_OUT, Outcome.DIED, Outcome.NOT_CALLED)
            if lost == MOST_LOST:
                break
            continue
        answered += 1
        with np.errstate(over="ignore", invalid="ignore"):
            seen += _of_case(case, answer.result.grads, {p.parameter for p in suspects}, small)
        strengths = _strengths(seen, suspects) if answered % LOOK_AFTER == 0 else {}
        if answered == LOOK_AFTER and max(strengths.values()) < FIRST_STRENGTH:
            break
        if answered >= FRESH_CASES and strengths and min(strengths.values()) >= needed:
            break
    return seen


def _strengths(seen: Sequence[Seen], suspects: Sequence[Regressor]) -> dict[str, float]:
    """By gradient the strength of its strongest suspect."""
    found: dict[str, float] = {}
    for part in suspects:
        strength = _sums(seen, part).strength
        found[part.parameter] = max(found.get(part.parameter, strength), strength)
    return found


def _known_forms(
    case: AnyCase, exact: Mapping[str, Array]
) -> tuple[Mapping[str, Mapping[str, Array]], Mapping[OneDirection, Mapping[str, Array]]]:
    """The shares of the terms of a case, and the errors of each arithmetic; none of a recurrence,
    whose steps are not known.
    """
    if isinstance(case, RecurrenceCase):
        return {}, {}
    return shares_of_terms(case), {known: errors_in(known, case, exact) for known in OneDirection}


def _of_case(
    case: AnyCase, got: Mapping[str, Array], names: set[str], small: bool
) -> Iterator[Seen]:
    """What a case says of each gradient that is suspected."""
    exact = exact_gradients(case)
    rounding, of_truth = conditioning(case, case.dtype), conditioning_in_float64(case)
    shares, arithmetics = _known_forms(case, exact) if small else ({}, {})
    for name, of_subject in got.items():
        if name not in names:
            continue
        true = exact[name]
        errors = errors_of(case, name, of_subject, true, rounding, of_truth.error(name))
        slopes, forms = dict(slopes_and_terms(case, name, errors, true, shares)), {}
        if small:
            known = {
                Regressor(name, RegressorKind.ARITHMETIC, a): e[name]
                for a, e in arithmetics.items()
            }
            terms = dict(terms_of(shares, name, true))
            forms = dict(regressors(case, name, true)) | terms | known
        yield Seen(case.spec, name, errors, slopes, forms)
