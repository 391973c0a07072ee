"""Whether a mutant that nothing catches is wrong at all.

A mutant is run beside the original on numbers of several hundred bits with a proven error (Arb
balls, in NumPy object arrays). Where the two agree to `DIGITS` digits on cases of every regime they
are the same formula: what is left of the edit is rounding, or nothing.
"""

from __future__ import annotations

import copy
import functools
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..cases.case import Case, Spec, Truncation
from ..cases.generate import REGIMES
from ..cases.model import Sizes
from ..cases.result import Differentiator
from ..cases.targets import Target
from ..equations.conditioning import conditioning
from ..mutation import Mutant, Overrides, original
from ..subjects.raised import explained
from ..subjects.time_limit import time_limit
from .memoised_oracles import CaseWithOracles
from .records import FormulaComparison, FormulaGap, GapKind

BITS = 512
DIGITS = 60
TIMEOUT = 20.0
CASES = 3
"""Cases of each target."""

SIZES = (Sizes(4, 2, 2, 3, 2), Sizes(1, 2, 3, 2, 3), Sizes(7, 1, 2, 2, 2), Sizes(5, 3, 1, 2, 2))
CUTS = (Truncation(3, 2), Truncation(1, 1), Truncation(2, 3), Truncation(5, 2), Truncation(1, 3))

UNCHECKED: Mapping[str, Overrides] = {
    "bptt_reference": {"bptt_reference.check": {"check": lambda case: None}}
}
"""Checks at the door that would refuse the numbers of a proof, by package."""


@dataclass(frozen=True)
class Unanswered:
    """In place of a loss and gradients in balls: the reason why there are none."""

    reason: str


def compare_formulas(mutant: Mutant, targets: Iterable[Target]) -> FormulaComparison:
    """Compare a mutant's gradients with the original's on cases of targets.

    Cases at a kink of relu are left out: there, another subgradient is not another gradient. What
    cannot be run on balls (an array that is read before anything was written to it) must be the
    original's to the last bit in floating point.
    """
    overrides = _overrides(mutant.root, mutant.attribute)
    in_balls, in_floats = mutant.subject(overrides), mutant.subject()
    exact_cases, same_bits_cases = 0, 0
    for target in targets:
        for case, exact in _exact_answers(mutant.root, mutant.attribute, target):
            gap = _first_gap(exact, _answer(in_balls, case))
            if gap is None:
                exact_cases += 1
            elif gap.is_undecided and _same_bits(mutant, in_floats, case):
                same_bits_cases += 1
            else:
                return FormulaComparison(replace(gap, spec=str(case.spec)))
    return FormulaComparison(None, DIGITS, exact_cases, same_bits_cases)


def _same_bits(mutant: Mutant, subject: Differentiator, case: Case) -> bool:
    """Whether a subject answers as the original does in floating point, to the last bit."""
    right = original(mutant.root, mutant.attribute, _no_override(mutant.attribute))
    return CaseWithOracles(case, (), right).is_unedited(subject)


@functools.lru_cache(maxsize=256)
def _exact_answers(root: str, attribute: str, target: Target) -> tuple[tuple[Case, Any], ...]:
    """The cases of a target with what the original makes of them."""
    right = original(root, attribute, _overrides(root, attribute))
    return tuple((case, _answer(right, case)) for case in cases_of(target))


def cases_of(target: Target) -> Iterator[Case]:
    """Small cases of a target that go round all regimes, sizes and truncations."""
    start = sum(target.name.encode())  # so that targets do not all have the same regimes
    for n in range(start, start + CASES):
        spec = Spec(
            target.model,
            SIZES[n % len(SIZES)],
            CUTS[n % len(CUTS)] if target.truncated else None,
            seed=n,
            regime=REGIMES[n % len(REGIMES)],
            lengths=target.lengths,
        )
        case = target.fit(spec).build()
        if conditioning(case, "float64").kinks is None:
            yield case


def _overrides(root: str, attribute: str) -> Overrides:
    return UNCHECKED.get(root) or _no_override(attribute)


def _no_override(attribute: str) -> Overrides:
    """No override, but of a copy all the same."""
    return {attribute.partition(":")[0]: {}}


def _answer(subject: Differentiator, case: Case) -> Any:
    """The loss and the gradients in balls, or `Unanswered`."""
    import flint

    before, flint.ctx.prec = flint.ctx.prec, BITS
    try:
        with time_limit(TIMEOUT), warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return subject(_in_balls(case))
    except Exception as error:
        return Unanswered(explained(error))
    finally:
        flint.ctx.prec = before


def _in_balls(case: Case) -> Case:
    """The case with balls for numbers: exact ones, as floating point numbers are."""
    ball, own = _ball(), copy.copy(case)

    def exact(array: Any) -> Any:
        if not isinstance(array, np.ndarray) or array.dtype.kind != "f":
            return array
        return np.array([ball(float(v)) for v in array.flat], dtype=object).reshape(array.shape)

    values = {name: exact(value) for name, value in vars(case).items()}
    values["params"] = {name: exact(a) for name, a in case.params.items()}
    for name, value in values.items():
        object.__setattr__(own, name, value)
    return own


@functools.cache
def _ball() -> Callable[[float], Any]:
    """Arb's ball with the one method that NumPy asks of numbers beyond it."""
    import flint

    class Ball(flint.arb):
        def conjugate(self) -> Ball:
            return self

    return Ball


def _first_gap(original_answer: Any, answer: Any) -> FormulaGap | None:
    """The first difference from the original's answer, None where all agree to `DIGITS` digits."""
    if isinstance(original_answer, Unanswered):
        return FormulaGap(GapKind.ORIGINAL_CANNOT_RUN, reason=original_answer.reason)
    if isinstance(answer, Unanswered):
        return FormulaGap(GapKind.EDIT_CANNOT_RUN, reason=answer.reason)
    if abs(original_answer[0] - answer[0]) > 1e-9 * abs(original_answer[0]):
        return FormulaGap(GapKind.LOSS, losses=(repr(answer[0]), repr(original_answer[0])))
    for name, exact in original_answer[1].items():
        got = np.asarray(answer[1].get(name))
        if got.shape != exact.shape or not _agree(exact, got):
            return FormulaGap(GapKind.GRADIENT, gradient=name)
    return None


def _agree(exact: Any, got: Any) -> bool:
    """Whether all entries agree to `DIGITS` digits of the largest one."""
    import flint

    scale = max((abs(flint.arb(v)).upper() for v in exact.flat), default=flint.arb(0))
    limit = scale * flint.arb(10) ** -DIGITS
    pairs = zip(exact.flat, got.flat, strict=True)
    return all(abs(flint.arb(a) - flint.arb(b)).upper() <= limit for a, b in pairs)
