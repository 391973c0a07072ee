"""What was asked of a run and not answered: of which model, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...runs.coverage.covered import CoveredTarget
from ...runs.records import CheckEntry, Run
from ...verdicts.verdict import Reason, Verdict
from .. import coverage, grouping
from ..called import label


@dataclass(frozen=True)
class Gap:
    """What was asked of a model and not answered; `vacuous` where larger gradients would help."""

    model: str
    text: str
    vacuous: bool = False


def gaps_of_run(run: Run) -> list[Gap]:
    """The gaps of all models, those of the worst first."""
    few: dict[tuple[str, str], list[CoveredTarget]] = {}
    for target in coverage.few_decided(run):
        few.setdefault((target.check, target.model), []).append(target)
    parts = {part.check: part for part in reversed(run.parts)}
    return [
        gap
        for model in grouping.model_facts(run)
        for gap in _gaps_of(model, parts[model.check], few.get((model.check, model.model), []))
    ]


def _gaps_of(
    model: grouping.ModelFacts, part: CheckEntry, few: Sequence[CoveredTarget]
) -> list[Gap]:
    """The gaps of a model, gradients with the same reasons in one; `few` are the records of too few
    decided cases of it.
    """
    name = label(model.check, model.model)
    if not model.gradients and model.verdict == grouping.Absent.NOT_CHECKED:
        return [Gap(name, _why_nothing(part))]
    by_reasons: dict[str, list[grouping.Gradient]] = {}
    for gradient in model.undecided:
        by_reasons.setdefault(gradient.reasons, []).append(gradient)
    return [
        *(Gap(name, coverage.few_decided_sentence(target)) for target in few),
        *(_gap(name, gradients) for gradients in by_reasons.values()),
    ]


def _gap(model: str, gradients: Sequence[grouping.Gradient]) -> Gap:
    names = ", ".join(gradient.called for gradient in gradients)
    reasons = gradients[0].reasons or "no reason given"
    vacuous = any(row.reason_kind is Reason.VACUOUS for row in gradients[0].rows)
    return Gap(model, f"{names} not decided: {reasons}", vacuous)


def _why_nothing(part: CheckEntry) -> str:
    if part.interrupted:
        return "not checked, the run was interrupted before"
    if part.cases.get(Verdict.UNSUPPORTED):
        return "no case was compared; the subject declined them (bptt_check.Unsupported)"
    return "no case was compared"


def offered_sometimes(run: Run) -> list[tuple[str, str]]:
    """Pairs of a model and the count of a gradient of it that only some cases have."""
    return [
        (label(m.check, m.model), _offered_in(g))
        for m in grouping.model_facts(run)
        for g in m.gradients
        if g.offered_sometimes
    ]


def undefined_sometimes(run: Run) -> list[tuple[str, str]]:
    """Pairs of a recurrence and the count of a gradient, or an output, that has no number in some
    cases.
    """
    return [
        (label(m.check, m.model), _undefined_in(g))
        for m in grouping.model_facts(run)
        for g in m.gradients
        if g.verdict.decided and g.undefined[0]
    ]


def in_some_cases(run: Run) -> list[tuple[str, str]]:
    """Pairs of a model and what is to be said of a gradient that only some cases show."""
    return [*offered_sometimes(run), *undefined_sometimes(run)]


def _undefined_in(gradient: grouping.Gradient) -> str:
    undefined, cases = gradient.undefined
    return (
        f"{gradient.called}: not decided in {undefined:,} of {grouping.plural(cases, 'case')}, in "
        "which the reference has no number"
    )


def _offered_in(gradient: grouping.Gradient) -> str:
    missing, cases = gradient.missing
    offered = f"offered in {cases - missing:,} of {grouping.plural(cases, 'case')}"
    return f"{gradient.called}: {offered}, missing in {missing:,}"
