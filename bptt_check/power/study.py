"""A whole study: power, then silence."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass

from .. import oracles
from ..errors import MissingFramework
from ..mutation import mutants
from ..runs.records import environment
from .false_alarms import hear
from .outcomes import Study, fates
from .process_pool import Progress, workers
from .records import Fate, Power, Quiet


@dataclass(frozen=True)
class Options:
    """What a study asks.

    Args:
        subject: whose source is edited.
        cases: per target.
        every: every so-manieth mutant; 1 is all, 0 none.
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
    def study(self) -> Study:
        """The part about mutants."""
        chosen = tuple(m.name for m in mutants(self.subject)[:: self.every])
        return Study(self.subject, chosen, self.cases, others=self.others)


def measure(options: Options, progress: Progress, command: str = "") -> Power:
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
    found: list[Fate] = []
    right: dict[str, tuple[int, int]] = {}
    quiet: Quiet | None = None
    seconds: dict[str, float] = {}
    with workers(options.processes) as pool:
        if options.every:
            found, right = fates(options.study, pool, progress)
            seconds["power"] = progress.seconds
        if options.checks:
            begin = progress.seconds
            limit = None if options.limit is None else begin + options.limit
            quiet = hear(pool, options.checks, progress, limit)
            seconds["silence"] = progress.seconds - begin
    return Power(
        subject=options.subject,
        oracles=tuple(n for n in oracles.names() if oracles.available(n)),
        cases=options.cases,
        fates=tuple(found),
        quiet=quiet,
        right=right,
        seconds=seconds,
        environment=environment(),
        command=command,
    )
