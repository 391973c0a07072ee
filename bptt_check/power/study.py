"""A whole study: mutants first, then right implementations."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass

from .. import oracles
from ..errors import MissingFramework
from ..mutation import mutants
from ..runs.provenance.environment import environment
from .false_alarms import check_right_implementations
from .outcomes import MutantStudy, mutant_outcomes
from .process_pool import ProgressLines, worker_pool
from .records import FalseAlarms, MutantOutcome, Power


@dataclass(frozen=True)
class StudyOptions:
    """What a study asks.

    Args:
        subject: whose source is edited.
        cases: per target.
        every: one mutant of so many; 1 is all, 0 none.
        checks: of the right implementations; 0 is none.
        others: whether other libraries' checks are asked too.
        processes: to work on; 0 is this one.
        limit: seconds for the checks of the right implementations; None is no limit.
    """

    subject: str
    cases: int = 100
    every: int = 1
    checks: int = 1_000_000
    others: bool = True
    processes: int = 2
    limit: float | None = None

    @property
    def mutant_study(self) -> MutantStudy:
        """The part about mutants."""
        chosen = tuple(m.name for m in mutants(self.subject)[:: self.every])
        return MutantStudy(self.subject, chosen, self.cases, others=self.others)


def measure_power(options: StudyOptions, progress: ProgressLines, command: str = "") -> Power:
    """Measure what the options say.

    Raises:
        SubjectNotFound: the subject has no source that can be edited.
        MissingFramework: python-flint, without which nothing can be shown to be the same formula.
    """
    if options.every and importlib.util.find_spec("flint") is None:
        raise MissingFramework(
            "a study of mutants needs python-flint, which is not installed: "
            "pip install 'bptt-check[flint]'"
        )
    outcomes: list[MutantOutcome] = []
    rejected_right: dict[str, tuple[int, int]] = {}
    false_alarms: FalseAlarms | None = None
    seconds: dict[str, float] = {}
    with worker_pool(options.processes) as pool:
        if options.every:
            outcomes, rejected_right = mutant_outcomes(options.mutant_study, pool, progress)
            seconds["mutants"] = progress.seconds
        if options.checks:
            begin = progress.seconds
            limit = None if options.limit is None else begin + options.limit
            false_alarms = check_right_implementations(pool, options.checks, progress, limit)
            seconds["right code"] = progress.seconds - begin
    return Power(
        subject=options.subject,
        oracles=tuple(n for n in oracles.names() if oracles.available(n)),
        cases=options.cases,
        outcomes=tuple(outcomes),
        false_alarms=false_alarms,
        rejected_right=rejected_right,
        seconds=seconds,
        environment=environment(),
        command=command,
    )
