"""What becomes of every mutant, in stages that each leave less to do.

1. The first `EARLY` cases of the targets of one family that reach the edit.
2. Mutants that nothing caught: are they the same formula? Shown in exact arithmetic.
3. The rest of the cases, for those that are not.
4. The other families, for mutants that nothing caught.
5. Other libraries' checks, on the target that caught a mutant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from ..cases.targets import Target
from ..mutation import Mutant, mutants, observed
from ..subjects import loading
from ..verdicts.verdict import Verdict
from .detection import Detection, detect, reaching
from .equivalence import compare_formulas
from .other_checkers import compare_checkers, same_of_all
from .process_pool import ProgressLines, WorkerPool
from .records import HARNESS, CheckerResult, FormulaComparison, MutantOutcome, OutcomeKind

EARLY = 5
"""Cases of each target on which an oracle has its chance to catch alone what others caught."""
CHUNK = 64
"""Mutants of one task."""
FIRST_FAMILY = "lstm"
"""Where code that all families share is edited, this one is asked first."""


@dataclass(frozen=True)
class MutantStudy:
    """What is asked about mutants, the same in every process: everything else follows from it.

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
        reached = [t for t in observed(self.subject)[0] if reach(t, mutant)]
        return sorted(reached, key=lambda t: t.model.family != FIRST_FAMILY)


Detections = dict[str, Detection]
"""By the name of the mutant."""
CheckerResults = dict[str, dict[str, CheckerResult]]
"""By the name of the mutant, then by set-up and check."""
RejectedRight = dict[str, tuple[int, int]]
"""Set-up and check to the instances of the right code that it rejected, and of how many."""


def mutant_outcomes(
    study: MutantStudy, pool: WorkerPool, progress: ProgressLines
) -> tuple[list[MutantOutcome], RejectedRight]:
    """What becomes of every mutant, and how often other checks reject the right code."""
    mutants_asked = study.mutants()
    detections = {m.name: Detection() for m in mutants_asked}
    families = {m.name: _families(study, m) for m in mutants_asked}
    first_family = {n: f[:1] for n, f in families.items()}
    other_families = {n: f[1:] for n, f in families.items()}
    early, late = range(1, min(EARLY, study.cases) + 1), range(EARLY + 1, study.cases + 1)

    _judge(study, pool, progress, detections, first_family, early)
    comparisons = _compare_with_original(study, pool, progress, detections)
    equivalent = {n for n, comparison in comparisons.items() if comparison.gap is None}
    left = {n: f for n, f in first_family.items() if n not in equivalent}
    _judge(study, pool, progress, detections, _not_caught(left, detections), late)
    left = {n: f for n, f in other_families.items() if n not in equivalent}
    all_cases = range(1, study.cases + 1)
    _judge(study, pool, progress, detections, _not_caught(left, detections), all_cases)
    results, rejected_right = _ask_other_checkers(study, pool, progress, detections)
    outcomes = [
        _outcome(m, detections[m.name], comparisons.get(m.name), results.get(m.name, {}))
        for m in mutants_asked
    ]
    return outcomes, rejected_right


def _is_caught(detection: Detection) -> bool:
    return HARNESS in detection.first


def _not_caught(families: dict[str, list[str]], detections: Detections) -> dict[str, list[str]]:
    return {n: f for n, f in families.items() if not _is_caught(detections[n])}


def _families(study: MutantStudy, mutant: Mutant) -> list[str]:
    return list(dict.fromkeys(t.model.family for t in study.targets(mutant)))


def _judge(
    study: MutantStudy,
    pool: WorkerPool,
    progress: ProgressLines,
    detections: Detections,
    families: dict[str, list[str]],
    numbers: range,
) -> None:
    """Judge every mutant that has not told everything yet on its families; adds to detections."""
    if not len(numbers):
        return
    unsettled = {n: f for n, f in families.items() if f and not detections[n].is_complete}
    tasks = [
        (study, family, {name: detections[name] for name in names}, numbers)
        for family, names in _by_family(unsettled)
    ]
    for n, result in enumerate(pool.each(judge_task, tasks)):
        for name, detection in result.items():
            detections[name] = detections[name].merge(detection)
        total = sum(map(_is_caught, detections.values()))
        where = f"cases {numbers.start} to {numbers.stop - 1}, {n + 1} of {len(tasks)} parts"
        progress.tell(f"mutants: {where}, {total} of {len(detections)} caught")


def _by_family(families: dict[str, list[str]]) -> Iterator[tuple[str, list[str]]]:
    """Family and the names of some mutants that are to be judged on it."""
    for family in dict.fromkeys(f for of_mutant in families.values() for f in of_mutant):
        names = [n for n, of_mutant in families.items() if family in of_mutant]
        yield from ((family, chunk) for chunk in _chunks(names))


def _chunks(names: Sequence[str]) -> Iterator[list[str]]:
    """The names of the mutants of one task after the other."""
    yield from (list(names[i : i + CHUNK]) for i in range(0, len(names), CHUNK))


def judge_task(study: MutantStudy, family: str, before: Detections, numbers: range) -> Detections:
    """What the cases of one family add to what is known of some mutants."""
    chosen = [m for m in study.mutants() if m.name in before]
    targets = [t for t in observed(study.subject)[0] if t.model.family == family]
    fresh = {n: replace(c, cases=0) for n, c in before.items()}
    return detect(
        chosen, targets, numbers, reaching(study.subject), fresh, study.oracles,
        loading.load(study.subject),
    )  # fmt: skip


def _compare_with_original(
    study: MutantStudy, pool: WorkerPool, progress: ProgressLines, detections: Detections
) -> dict[str, FormulaComparison]:
    """Every mutant that nothing caught, by name, beside the original."""
    comparisons: dict[str, FormulaComparison] = {}
    names = [n for n, detection in detections.items() if not _is_caught(detection)]
    tasks = [(study, chunk) for chunk in _chunks(names)]
    for result in pool.each(compare_formulas_task, tasks):
        comparisons |= result
        equal = sum(comparison.gap is None for comparison in comparisons.values())
        asked = f"{len(comparisons)} of {len(names)} asked"
        progress.tell(f"mutants: {asked}, {equal} are the same formula")
    return comparisons


def compare_formulas_task(study: MutantStudy, names: Iterable[str]) -> dict[str, FormulaComparison]:
    """Some mutants beside the original."""
    chosen = [m for m in study.mutants() if m.name in set(names)]
    return {m.name: compare_formulas(m, study.targets(m)) for m in chosen}


def _ask_other_checkers(
    study: MutantStudy, pool: WorkerPool, progress: ProgressLines, detections: Detections
) -> tuple[CheckerResults, RejectedRight]:
    """What other libraries' checks say of what the harness caught; nothing if they are not asked.

    What is stopped by an error they catch too; what only a truncation shows they cannot be asked.
    """
    if not study.others:
        return {}, {}
    caught = {n: detection for n, detection in detections.items() if _is_caught(detection)}
    results: CheckerResults = {}
    by_target: dict[str, list[str]] = {}
    for name, detection in caught.items():
        if detection.verdict == Verdict.ERROR:
            results[name] = same_of_all(CheckerResult.CAUGHT)
        elif not detection.untruncated:
            results[name] = same_of_all(CheckerResult.NOT_ASKED)
        else:
            by_target.setdefault(detection.untruncated, []).append(name)
    rejected: dict[str, RejectedRight] = {}
    tasks = [(study, t, chunk) for t, names in by_target.items() for chunk in _chunks(names)]
    for target, rejected_right, of_mutants in pool.each(compare_checkers_task, tasks):
        rejected[target] = rejected_right
        results |= of_mutants
        progress.tell(f"other checks: {len(results)} of {len(caught)} mutants")
    return results, _summed(rejected.values())


def compare_checkers_task(
    study: MutantStudy, name: str, names: Sequence[str]
) -> tuple[str, RejectedRight, CheckerResults]:
    """What other checks say of some mutants on one target; with its name."""
    target = next(t for t in observed(study.subject)[0] if t.name == name)
    chosen = [m for m in study.mutants() if m.name in set(names)]
    return name, *compare_checkers(target, chosen, loading.load(study.subject))


def _summed(counts: Iterable[RejectedRight]) -> RejectedRight:
    total: RejectedRight = {}
    for count in counts:
        for name, (rejected, of) in count.items():
            before = total.get(name, (0, 0))
            total[name] = (before[0] + rejected, before[1] + of)
    return total


def _outcome(
    mutant: Mutant,
    detection: Detection,
    comparison: FormulaComparison | None,
    others: dict[str, CheckerResult],
) -> MutantOutcome:
    """The record of a mutant; the comparison of one that was caught later is left out."""
    kind = _kind(detection, comparison)
    return MutantOutcome(
        name=mutant.name,
        function=mutant.where,
        operator=mutant.operator,
        line=mutant.line,
        before=mutant.before,
        after=mutant.after,
        equations=mutant.equations,
        kind=kind,
        verdict=detection.verdict,
        target=detection.target,
        first=dict(sorted(detection.first.items())),
        able=tuple(sorted(detection.able)),
        cases=detection.cases,
        others=others,
        comparison=None if kind == OutcomeKind.CAUGHT else comparison,
    )


def _kind(detection: Detection, comparison: FormulaComparison | None) -> OutcomeKind:
    if _is_caught(detection):
        return OutcomeKind.CAUGHT
    shown_equal = comparison is not None and comparison.gap is None
    return OutcomeKind.EQUIVALENT if shown_equal else OutcomeKind.MISSED
