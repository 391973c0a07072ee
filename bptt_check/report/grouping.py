"""Groups the rows of a run into what readers ask about: models, gradients, oracles, gaps."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from ..runs.records import CheckEntry, Run, Summary
from ..verdicts.verdict import Reason, Verdict, worst
from .called import called_in


class Absent(StrEnum):
    """What stands in the place of a verdict where there is none."""

    NOT_CHECKED = "not checked"
    """Of a model without a single row: not reached, or no case came as far as a comparison."""
    NOT_OFFERED = "not offered"
    """Of a gradient that the subject does not return."""

    @property
    def failing(self) -> bool:
        """Nothing is wrong where nothing was compared."""
        return False

    @property
    def decided(self) -> bool:
        """Nothing is decided where nothing was compared."""
        return False


_FAILING = tuple(v for v in Verdict if v.failing)
ORDER = (*_FAILING, Absent.NOT_CHECKED, *list(Verdict)[len(_FAILING) :], Absent.NOT_OFFERED)
"""The order of the verdicts, from worst to best, and where the others stand in it."""


@dataclass(frozen=True)
class Gradient:
    """One gradient of one model, with a row per oracle; `called` is what readers call it."""

    rows: tuple[Summary, ...]
    called: str

    @property
    def parameter(self) -> str:
        """The contract's name."""
        return self.rows[0].parameter

    @property
    def verdict(self) -> Verdict | Absent:
        """The worst failure; else `pass` if some oracle decided; else why there is neither."""
        decided = [r.verdict for r in self.rows if r.verdict.decided]
        if decided:
            return worst(decided)
        kinds = {r.reason_kind for r in self.rows}  # a refusal says nothing of what was offered
        never = Reason.NOT_OFFERED in kinds and kinds <= {Reason.NOT_OFFERED, Reason.DECLINED}
        return Absent.NOT_OFFERED if never else Verdict.INCONCLUSIVE

    @property
    def missing(self) -> tuple[int, int]:
        """In how many cases the subject did not offer it, and of how many; by the oracle that was
        asked in most.
        """
        row = max(self.rows, key=lambda r: r.cases)
        return row.missing, row.cases

    @property
    def undefined(self) -> tuple[int, int]:
        """In how many cases it has no number, and of how many; by the oracle that has most."""
        row = min(self.rows, key=lambda r: (r.undefined, -r.cases))
        return row.undefined, row.cases

    @property
    def offered_sometimes(self) -> bool:
        """Whether some cases have it and others have not."""
        missing, cases = self.missing
        return 0 < missing < cases

    @property
    def worst(self) -> Summary:
        """The row that fails, else that with the largest error; rows without numbers come last."""
        return min(self.rows, key=badness)

    @property
    def reasons(self) -> str:
        """Why oracles did not decide, each reason once with the oracles it holds for."""
        return grouped((r.reason, r.oracle) for r in self.rows if r.reason)


@dataclass(frozen=True)
class ModelFacts:
    """One model of one check: its gradients, the worst first."""

    check: str
    model: str
    verdict: Verdict | Absent
    gradients: tuple[Gradient, ...]

    @property
    def worst(self) -> Summary | None:
        """The worst row of all, None if nothing was compared."""
        return self.gradients[0].worst if self.gradients else None

    @property
    def undecided(self) -> tuple[Gradient, ...]:
        """Gradients that the subject offered and no oracle could decide."""
        return tuple(g for g in self.gradients if g.verdict == Verdict.INCONCLUSIVE)

    @property
    def not_offered(self) -> tuple[str, ...]:
        """What the inputs are called of which the subject returns no gradient."""
        return tuple(g.called for g in self.gradients if g.verdict is Absent.NOT_OFFERED)


def model_facts(run: Run) -> list[ModelFacts]:
    """Every model that was not declined, the worst first."""
    rows: dict[tuple[str, str], dict[str, list[Summary]]] = {}
    for row in run.rows:
        by_parameter = rows.setdefault((row.check, row.model), {})
        by_parameter.setdefault(row.parameter, []).append(row)
    failed: dict[tuple[str, str], list[Verdict]] = {}
    for failure in run.failures:
        failed.setdefault((failure.check, failure.model), []).append(failure.verdict)
    wanted = [(part, m) for part in run.parts for m in part.models if m not in part.declined]
    few = {(t.check, t.model) for t in run.covered.targets if t.few_decided}
    for target in few:
        failed.setdefault(target, []).append(Verdict.INCONCLUSIVE)
    called = called_in(run)
    facts: list[ModelFacts] = []
    for part, model in wanted:
        key = (part.check, model)
        gradients = [Gradient(tuple(of), called.of_row(of[0])) for of in rows.get(key, {}).values()]
        facts.append(_model(part, model, gradients, failed.get(key, [])))
    return sorted(facts, key=lambda m: (ORDER.index(m.verdict), *_size(m.worst)))


def _model(
    part: CheckEntry, model: str, gradients: list[Gradient], failed: list[Verdict]
) -> ModelFacts:
    gradients.sort(key=lambda g: (ORDER.index(g.verdict), *badness(g.worst)))
    verdicts = {g.verdict for g in gradients} - {Absent.NOT_OFFERED} | set(failed)
    worst_of_all = min(verdicts, key=ORDER.index, default=Absent.NOT_CHECKED)
    return ModelFacts(part.check, model, worst_of_all, tuple(gradients))


def badness(row: Summary) -> tuple[int, float, float]:
    """Sorts the worst first."""
    return (row.verdict.failure_rank, *_size(row))


def _size(row: Summary | None) -> tuple[float, float]:
    if row is None or math.isnan(row.max_budgets):
        return (math.inf, 0.0)
    absolute = 0.0 if math.isnan(row.max_abs) else row.max_abs
    return (-row.max_budgets, -absolute)


@dataclass(frozen=True)
class OracleFacts:
    """How many gradients an oracle decided, of how many it was asked, and why not the rest."""

    oracle: str
    decided: int
    asked: int
    reasons: str


def oracle_facts(run: Run) -> list[OracleFacts]:
    """What each oracle contributed."""
    facts: list[OracleFacts] = []
    for name in run.oracles:
        rows = [r for r in run.rows if r.oracle == name and r.reason_kind is not Reason.NOT_OFFERED]
        decided = sum(r.verdict.decided for r in rows)
        reasons = sorted({r.reason for r in rows if r.reason and not r.verdict.decided})
        facts.append(OracleFacts(name, decided, len(rows), "; ".join(reasons)))
    return facts


def proven(run: Run) -> tuple[int, int]:
    """How many gradients a proof decided, wrong or right, and of how many that were decided."""
    gradients = [g for m in model_facts(run) for g in m.gradients if g.verdict.decided]
    settled = sum(any(r.proven and r.verdict == g.verdict for r in g.rows) for g in gradients)
    return settled, len(gradients)


def comparisons(run: Run) -> int:
    """How often a gradient was compared with an oracle's."""
    return sum(r.cases for r in run.rows if not math.isnan(r.max_abs))


def total_cases(run: Run) -> int:
    """Number of cases, whatever came of them."""
    return sum(run.cases.values())


def grouped(pairs: Iterable[tuple[str, str]]) -> str:
    """`reason: name, name; reason: name` of pairs of a reason and a name."""
    names: dict[str, list[str]] = {}
    for reason, name in pairs:
        names.setdefault(reason, []).append(name)
    return "; ".join(f"{reason} ({', '.join(of_it)})" for reason, of_it in names.items())


def number(value: float, digits: int = 2) -> str:
    """A measured number for human eyes; a dash where nothing was measured.

    `format` of the page's script does the same.
    """
    if math.isnan(value):
        return "-"
    if value and math.isfinite(value) and not 1e-3 <= abs(value) < 1e5:
        mantissa, exponent = f"{value:.{max(0, digits - 2)}e}".split("e")
        return f"{mantissa}e{int(exponent)}"
    return f"{float(f'{value:.{digits}g}'):g}"


def plural(count: int, thing: str) -> str:
    """`1 case`, `2 cases`, `1,000 cases`."""
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"
