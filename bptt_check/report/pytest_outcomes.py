"""What a report says to pytest: an outcome per gradient, and properties of the test."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from ..cases.message import reproduction_lines
from ..cases.written.reproduction import reproduction
from ..runs.records import Failure, Summary
from ..runs.systematic.sentences import multiple_sentence
from ..verdicts.verdict import Reason, Verdict
from . import grouping, sentences
from .facts import gaps
from .report import Report
from .systematic.told import failure_about, is_of_all, place_of_error

SAYS: dict[str, str] = {Verdict.FAIL: "is wrong", Verdict.IMPRECISE: "loses digits"}


@dataclass(frozen=True)
class GradientOutcome:
    """One gradient of one model: its verdict, and what to say where it is no pass.

    `failure` is the failure of the run that is about this gradient, whose message it then has.
    """

    model: str
    parameter: str
    verdict: Verdict | grouping.Absent
    message: str
    failure: Failure | None = None

    @property
    def passed(self) -> bool:
        """Whether the verdict is `pass`."""
        return self.verdict is Verdict.PASS


def outcomes(report: Report) -> list[GradientOutcome]:
    """An outcome for every gradient that the subject offered, in the order of the run."""
    run = report.run
    order: dict[tuple[str, str], int] = {}
    for number, row in enumerate(run.rows):
        order.setdefault((row.model, row.parameter), number)
    unordered = [
        _outcome(report, m.model, g)
        for m in grouping.model_facts(run)
        for g in m.gradients
        if g.verdict is not grouping.Absent.NOT_OFFERED
    ]
    return sorted(unordered, key=lambda o: order[o.model, o.parameter])


def _outcome(report: Report, model: str, gradient: grouping.Gradient) -> GradientOutcome:
    """The outcome of a gradient; its message is that of the first failure that is about it."""
    about = (model, gradient.parameter)
    failure = next((f for f in report.failures if (f.model, f.parameter) == about), None)
    if failure is None and gradient.worst.reason_kind is Reason.SYSTEMATIC:
        failure = failure_about(report.run, *about, report.failures)
    message = (
        "\n".join(sentences.failure_lines(report.run, failure))
        if failure
        else _message(report, model, gradient)
    )
    return GradientOutcome(model, gradient.parameter, gradient.verdict, message, failure)


def _message(report: Report, model: str, gradient: grouping.Gradient) -> str:
    """What the worst row of a gradient says that no failure is about; empty where it passed."""
    worst = gradient.worst
    if gradient.verdict == Verdict.PASS:
        return ""
    if gradient.verdict == Verdict.INCONCLUSIVE:
        return f"{model}: the gradient of {gradient.called} is not decided: {gradient.reasons}"
    return (
        f"{gradient.verdict.upper()}  {model}: the gradient of {gradient.called} "
        f"{SAYS.get(gradient.verdict, gradient.verdict)}\n"
        f"  {_place(worst)}: {grouping.number(worst.max_budgets)} budgets "
        f"(by {worst.oracle})\n"
    ) + "\n".join(reproduction_lines(reproduction(worst.worst_spec, report.run.origin)))


def _place(row: Summary) -> str:
    """Where the largest error of a row is."""
    if row.worst_directions:
        return f"worst slope along {row.worst_directions} directions"
    return f"worst entry {row.worst_place or list(row.worst_index)}"


def properties(report: Report, number: int = 1) -> Iterator[tuple[str, str]]:
    """Name and value of what a JUnit file gets of one check; `number` counts those of a test."""
    name = "bptt" if number == 1 else f"bptt_{number}"
    run = report.run
    yield f"{name}_verdict", str(run.verdict)
    yield f"{name}_cases", str(grouping.total_cases(run))
    worst: dict[str, float] = {}
    for row in run.rows:
        if not math.isnan(row.max_budgets):
            worst[row.parameter] = max(worst.get(row.parameter, 0.0), row.max_budgets)
    for parameter, budgets in worst.items():
        yield f"{name}_worst_budgets_{parameter}", f"{budgets:.3g}"
    for model, count in gaps.in_some_cases(run):
        yield f"{name}_missing", f"{model}: {count}"
    for error in run.systematic:
        yield f"{name}_systematic", f"{place_of_error(error)}: {multiple_sentence(error)}"
    specs = [failure.spec for failure in run.failures if not is_of_all(failure)]
    if specs:
        yield f"{name}_spec", specs[0]
