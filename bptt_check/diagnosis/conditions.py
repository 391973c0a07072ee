"""When a mistake is made: the simplest rule that tells the cases that fail from those that pass.

A rule is believed after it has foretold what happens on freshly drawn cases.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..cases.case import Case, Spec
from .mistakes import textbook
from .mistakes.textbook import TextbookEdit
from .rules import Rule, simplest_rule

Fails = Callable[[Spec], bool | None]
"""Whether the subject fails on a case; None where what it did decides nothing."""
ROUNDS = 4
"""Rules that fresh cases may refute before none is told."""
FRESH_CASES = 8
"""Fresh cases on each side of a rule."""
VISIBLE = 1e-6
"""Relative change of a gradient that no verdict overlooks."""


@dataclass(frozen=True, eq=False)
class FailureSample:
    """What is known about a failing model.

    Args:
        failing, passing: specs by what the subject made of them.
        fails: checks the subject on another spec, as the run does.
        fresh: draws specs that the run has not seen.
    """

    failing: Sequence[Spec]
    passing: Sequence[Spec]
    fails: Fails = lambda spec: None
    fresh: Callable[[], Sequence[Spec]] = tuple

    def with_failing(self, *cases: Case) -> FailureSample:
        """What is known with further cases that failed, which the run itself may not have seen: a
        rule must hold for all of them. Cases without a spec tell nothing.
        """
        specs = (case.spec for case in cases if case.spec is not None)
        return replace(self, failing=list(dict.fromkeys((*self.failing, *specs))))


@dataclass(frozen=True)
class Condition:
    """A rule as the end of "only when ...", and on how many fresh cases it held."""

    rule: str
    held: int

    @property
    def confirmed(self) -> bool:
        """Whether enough fresh cases were as the rule foretold."""
        return self.held >= FRESH_CASES


def condition_of(sample: FailureSample, changes: Sequence[TextbookEdit] | None) -> Condition | None:
    """The condition of a mistake; None if it is always made, or if no simple rule fits.

    Args:
        sample: what failed and what passed.
        changes: the mistake; cases whose gradient it does not change say nothing about when it is
            made. None where the mistake is unknown.
    """
    failing = list(sample.failing)
    passing = [s for s in sample.passing if changes is None or _visible(s, changes)]
    if not passing:
        return None
    fails = functools.cache(sample.fails)  # a fresh case is checked once, however many rules
    for _ in range(ROUNDS):
        rule = simplest_rule(failing, passing)
        if rule is None:
            return None
        fresh = _fresh_specs(sample, {*failing, *passing})
        held, wrong = _confirmed(rule, fails, fresh, changes)
        if not wrong:
            return Condition(rule.text, held)
        failing += [spec for spec, failed in wrong if failed]
        passing += [spec for spec, failed in wrong if not failed]
    return None


def _fresh_specs(sample: FailureSample, known: Collection[Spec]) -> list[Spec]:
    """Specs that a rule was not made from, so that they can confirm it."""
    return [s for s in (*neighbouring_specs(sample.failing), *sample.fresh()) if s not in known]


def _confirmed(
    rule: Rule, fails: Fails, fresh: Sequence[Spec], changes: Sequence[TextbookEdit] | None
) -> tuple[int, list[tuple[Spec, bool]]]:
    """On how many fresh cases a rule held; those on which it did not, and whether they failed."""
    held, wrong = 0, list[tuple[Spec, bool]]()
    inside = [s for s in fresh if rule.test(s) and (changes is None or _visible(s, changes))]
    outside = [s for s in fresh if not rule.test(s)]
    for spec in (*inside[:FRESH_CASES], *outside[:FRESH_CASES]):
        failed = fails(spec)
        if failed is None:
            continue
        if failed == rule.test(spec):
            held += 1
        else:
            wrong.append((spec, failed))
    return held, wrong


def neighbouring_specs(failing: Sequence[Spec]) -> Iterator[Spec]:
    """Specs a few steps or sequences beyond those that failed: where a limit would show."""
    for name in ("T", "B"):
        ranked = sorted(failing, key=lambda s: getattr(s.sizes, name))
        for spec, change in ((ranked[0], -1), (ranked[0], -2), (ranked[0], -3), (ranked[-1], 1)):
            value = getattr(spec.sizes, name) + change
            if value > 0:
                yield replace(spec, sizes=replace(spec.sizes, **{name: value}))


def _visible(spec: Spec, changes: Sequence[TextbookEdit]) -> bool:
    """Whether a mistake changes the gradient of a case enough to be seen."""
    case = spec.build()
    runs = textbook.run_forward(case)
    try:
        with np.errstate(all="ignore"):
            edited, right = (textbook.edited_gradients(case, runs, c) for c in (changes, ()))
    except Exception:  # an edit that does not run on this case says nothing about it
        return False
    return any(
        np.abs(edited[n] - g).max() > VISIBLE * np.abs(g).max(initial=1e-300)
        for n, g in right.items()
    )
