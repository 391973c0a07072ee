"""The fate of every mutant, in stages that each leave less to do.

1. The first `EARLY` cases of the targets of one family that reach the edit.
2. Mutants that nothing caught: are they the same formula? Shown in exact arithmetic.
3. The rest of the cases, for those that are not.
4. The other families, for mutants that nothing caught.
5. Other libraries' checks, on the target that caught a mutant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..cases.targets import Target
from ..mutation import Mutant, mutants, observed
from ..subjects import loading
from ..verdicts.verdict import Verdict
from . import other_checkers
from .detection import Caught, catch, reaching
from .equivalence import Comparison, compare
from .process_pool import Progress, Workers
from .records import HARNESS, Fate

EARLY = 5
"""Cases of each target on which an oracle has its chance to catch alone what others caught."""
CHUNK = 64
"""Mutants of one task."""
FIRST_FAMILY = "lstm"
"""Where code that all families share is edited, this one is asked first."""


@dataclass(frozen=True)
class Study:
    """What is asked, the same in every process: everything else follows from it.

    Args:
        subject: the text that names it.
        chosen: names of the mutants; None is all.
        cases: per target, at most.
        oracles: names; None is every installed one.
        others: whether other libraries' checks are asked too.
    """

    subject: str
    chosen: tuple[str, ...] | None = None
    cases: int = 100
    oracles: tuple[str, ...] | None = None
    others: bool = True

    def mutants(self) -> list[Mutant]:
        """The mutants that are asked about, in the order of the source."""
        return [m for m in mutants(self.subject) if self.chosen is None or m.name in self.chosen]

    def targets(self, mutant: Mutant) -> list[Target]:
        """Targets whose cases execute what a mutant edits, `FIRST_FAMILY` first."""
        reach = reaching(self.subject)
        found = [t for t in observed(self.subject)[0] if reach(t, mutant)]
        return sorted(found, key=lambda t: t.model.family != FIRST_FAMILY)


def fates(study: Study, pool: Workers, progress: Progress) -> tuple[list[Fate], dict[str, Any]]:
    """What becomes of every mutant, and what other checks say of the right code."""
    every = study.mutants()
    caught = {m.name: Caught() for m in every}
    same: dict[str, Comparison] = {}
    home = {m.name: _families(study, m)[:1] for m in every}
    away = {m.name: _families(study, m)[1:] for m in every}
    _judge(study, pool, progress, caught, home, range(1, min(EARLY, study.cases) + 1))
    _prove(study, pool, progress, caught, same)
    equal = {n for n, one in same.items() if not one.gap}
    left = {n: f for n, f in home.items() if n not in equal and not _is_caught(caught[n])}
    _judge(study, pool, progress, caught, left, range(EARLY + 1, study.cases + 1))
    left = {n: f for n, f in away.items() if n not in equal and not _is_caught(caught[n])}
    _judge(study, pool, progress, caught, left, range(1, study.cases + 1))
    others, right = _compete(study, pool, progress, caught) if study.others else ({}, {})
    found = [
        _fate(m, caught[m.name], same.get(m.name, Comparison()), others.get(m.name, {}))
        for m in every
    ]
    return found, right


def _is_caught(caught: Caught) -> bool:
    return HARNESS in caught.first


def _families(study: Study, mutant: Mutant) -> list[str]:
    return list(dict.fromkeys(t.model.family for t in study.targets(mutant)))


def _judge(
    study: Study,
    pool: Workers,
    progress: Progress,
    caught: dict[str, Caught],
    families: dict[str, list[str]],
    numbers: range,
) -> None:
    """Judge every mutant that has not told everything yet on its families; adds to `caught`."""
    open_ones = {n: f for n, f in families.items() if f and not caught[n].done}
    tasks = [
        (study, family, {name: caught[name] for name in names}, numbers)
        for family, names in _by_family(open_ones)
    ]
    if not len(numbers):
        return
    for n, found in enumerate(pool.each(judge_task, tasks)):
        for name, one in found.items():
            caught[name] = caught[name].merge(one)
        total = sum(map(_is_caught, caught.values()))
        where = f"cases {numbers.start} to {numbers.stop - 1}, {n + 1} of {len(tasks)} parts"
        progress.tell(f"mutants: {where}, {total} of {len(caught)} caught")


def _by_family(families: dict[str, list[str]]) -> Iterator[tuple[str, list[str]]]:
    """Family and the names of some mutants that are to be judged on it."""
    order = dict.fromkeys(f for found in families.values() for f in found)
    for family in order:
        names = [n for n, found in families.items() if family in found]
        yield from ((family, names[i : i + CHUNK]) for i in range(0, len(names), CHUNK))


def judge_task(
    study: Study, family: str, before: dict[str, Caught], numbers: range
) -> dict[str, Caught]:
    """What the cases of one family add to what is known of some mutants."""
    chosen = [m for m in study.mutants() if m.name in before]
    targets = [t for t in observed(study.subject)[0] if t.model.family == family]
    fresh = {n: replace(c, cases=0) for n, c in before.items()}
    return catch(
        chosen, targets, numbers, reaching(study.subject), fresh, study.oracles,
        loading.load(study.subject),
    )  # fmt: skip


def _prove(
    study: Study,
    pool: Workers,
    progress: Progress,
    caught: dict[str, Caught],
    same: dict[str, Comparison],
) -> None:
    """Ask of every mutant that nothing caught whether it is wrong; adds to `same`."""
    names = [n for n, c in caught.items() if not _is_caught(c)]
    tasks = [(study, names[i : i + CHUNK]) for i in range(0, len(names), CHUNK)]
    for found in pool.each(prove_task, tasks):
        same |= found
        equal = sum(not one.gap for one in same.values())
        progress.tell(f"mutants: {len(same)} of {len(names)} asked, {equal} are the same formula")


def prove_task(study: Study, names: Iterable[str]) -> dict[str, Comparison]:
    """What mutants are beside the original."""
    chosen = [m for m in study.mutants() if m.name in set(names)]
    return {m.name: compare(m, study.targets(m)) for m in chosen}


def _compete(
    study: Study, pool: Workers, progress: Progress, caught: dict[str, Caught]
) -> tuple[dict[str, dict[str, str]], dict[str, tuple[int, int]]]:
    """What other libraries' checks say of what the harness caught."""
    names = [n for n, c in caught.items() if _is_caught(c)]
    stopped = [n for n in names if caught[n].verdict == Verdict.ERROR]
    others = {n: dict.fromkeys(other_checkers.names(), "caught") for n in stopped}
    running = [n for n in names if n not in others]
    others |= {n: other_checkers.none_asked() for n in running if not caught[n].plain}
    by_target: dict[str, list[str]] = {}
    for n in running:
        if caught[n].plain:
            by_target.setdefault(caught[n].plain, []).append(n)
    right: dict[str, dict[str, tuple[int, int]]] = {}
    tasks = [
        (study, t, ns[i : i + CHUNK])
        for t, ns in by_target.items()
        for i in range(0, len(ns), CHUNK)
    ]
    for target, rejected, found in pool.each(compete_task, tasks):
        right[target] = rejected
        others |= found
        progress.tell(f"other checks: {len(others)} of {len(names)} mutants")
    return others, _summed(right.values())


def compete_task(study: Study, name: str, names: Sequence[str]) -> Any:
    """What other checks say of some mutants on one target."""
    target = next(t for t in observed(study.subject)[0] if t.name == name)
    chosen = [m for m in study.mutants() if m.name in set(names)]
    right, found = other_checkers.compete(target, chosen, loading.load(study.subject))
    return name, right, found


def _summed(counts: Iterable[dict[str, tuple[int, int]]]) -> dict[str, tuple[int, int]]:
    total: dict[str, tuple[int, int]] = {}
    for count in counts:
        for name, (rejected, of) in count.items():
            before = total.get(name, (0, 0))
            total[name] = (before[0] + rejected, before[1] + of)
    return total


def _fate(mutant: Mutant, caught: Caught, compared: Comparison, others: dict[str, str]) -> Fate:
    """The record of a mutant; one that nothing caught was compared with the original."""
    shown, outcome = "", "caught"
    if not _is_caught(caught):
        outcome = "missed" if compared.gap else "equivalent"
        shown = compared.gap or compared.shown
    return Fate(
        name=mutant.name,
        function=mutant.where,
        operator=mutant.operator,
        line=mutant.line,
        before=mutant.before,
        after=mutant.after,
        equations=mutant.equations,
        outcome=outcome,
        verdict=caught.verdict,
        target=caught.target,
        first=dict(sorted(caught.first.items())),
        able=tuple(sorted(caught.able)),
        cases=caught.cases,
        others=others,
        shown=shown,
    )
