"""A run, ready to be read: in the terminal, as JSON, as Parquet, as HTML.

Nothing is computed again here: every page and every sentence is made of the `Run` that `run.json`
holds. So a run read back from its folder says the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..cases.any_case import AnyCase
from ..own_loss.differencing.taylor_curve import TaylorCurve
from ..runs.coverage.covered import Covered
from ..runs.effort.quick import Quick
from ..runs.effort.stages import Stages
from ..runs.measurements import ErrorHistogram, Flow, OwnArrays, WorstEntry
from ..runs.provenance.provenance import Provenance
from ..runs.records import Failure, FailureWithCase, Run, Summary
from ..runs.repairs.records import Searched
from ..runs.systematic.records import SystematicError, SystematicFloor
from ..verdicts.verdict import Verdict
from .headline import headline_with_extent
from .sentences import message

if TYPE_CHECKING:
    from .bundle import Bundle


@dataclass(frozen=True, eq=False, repr=False)
class Report:
    """What `verify` found, and its outputs.

    Args:
        run: all that `run.json` holds.
        table: one column per name of `records.TABLE`, an element per case, gradient and oracle.
        cases_by_name: the counterexamples, by the name that each failure has for its own.
    """

    run: Run
    table: Mapping[str, Sequence[Any]] = field(repr=False)
    cases_by_name: Mapping[str, AnyCase] = field(repr=False)

    def __str__(self) -> str:
        return self.message

    def __repr__(self) -> str:
        return (
            f"<Report of {self.subject}: {self.verdict.upper()}, {headline_with_extent(self.run)}>"
        )

    def _repr_html_(self) -> str:
        from .html.notebook import notebook_of_run

        return notebook_of_run(self.run)

    @property
    def verdict(self) -> Verdict:
        """Of the whole run."""
        return self.run.verdict

    @property
    def passed(self) -> bool:
        """Whether the verdict is `pass`."""
        return self.run.passed

    @cached_property
    def failures(self) -> tuple[FailureWithCase, ...]:
        """One per model and way in which it failed, each with its case; most common ones first."""
        return tuple(self._with_case(failure) for failure in self.run.failures)

    def _with_case(self, failure: Failure) -> FailureWithCase:
        own = {f.name: getattr(failure, f.name) for f in fields(Failure)}
        return FailureWithCase(**own, case=self.cases_by_name[str(failure.counterexample)])

    @property
    def counterexample(self) -> AnyCase | None:
        """The simplest case that shows the first failure, or the clearest of those that do so only
        together; None if there is none.
        """
        return self.failures[0].case if self.failures else None

    @property
    def message(self) -> str:
        """The explanation of the first failure, or what was left undecided; fits a screen."""
        return message(self.run)

    @property
    def subject(self) -> str:
        """Name of what was checked."""
        return self.run.subject

    @property
    def address(self) -> str:
        """The text that named the subject, "" for one that only the Python at hand knows."""
        return self.run.address

    @property
    def setup(self) -> tuple[str, ...]:
        """Lines of Python that make `subject` where there is no address."""
        return self.run.setup

    @property
    def models(self) -> tuple[str, ...]:
        """Names of the models that were to be checked."""
        return self.run.models

    @property
    def oracles(self) -> tuple[str, ...]:
        """Names of the oracles."""
        return self.run.oracles

    @property
    def seed(self) -> int | None:
        """Of the drawing."""
        return self.run.seed

    @property
    def rows(self) -> tuple[Summary, ...]:
        """A summary per model, gradient and oracle."""
        return self.run.rows

    @property
    def cases(self) -> Mapping[str, int]:
        """Verdict to the number of cases that got it."""
        return self.run.cases

    @property
    def declined(self) -> Mapping[str, str]:
        """Model to the reason why the subject did not take it."""
        return self.run.declined

    @property
    def left_out(self) -> tuple[str, ...]:
        """Models of which nothing was asked, after the same error in all others."""
        return self.run.left_out

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.run.seconds

    @property
    def interrupted(self) -> bool:
        """Whether it ended before it was done."""
        return self.run.interrupted

    @property
    def command(self) -> str:
        """The command line that does the same; empty for a call from Python."""
        return self.run.command

    @property
    def kernel(self) -> Mapping[str, str | int] | None:
        """What was said of a kernel of a recurrence; None of any other subject."""
        return self.run.kernel

    @property
    def environment(self) -> Mapping[str, str]:
        """Versions of everything that can influence a number."""
        return self.run.environment

    @property
    def provenance(self) -> Provenance:
        """When, where and of which commit it was made."""
        return self.run.provenance

    @property
    def flows(self) -> tuple[Flow, ...]:
        """Gradient flow of one case of each family."""
        return self.run.flows

    @property
    def spreads(self) -> tuple[ErrorHistogram, ...]:
        """How errors are distributed over the cases."""
        return self.run.error_histograms

    @property
    def profiles(self) -> tuple[WorstEntry, ...]:
        """The worst case of each gradient, entry by entry."""
        return self.run.worst_entries

    @property
    def covered(self) -> Covered:
        """Which levels and pairs of levels of the documented factors its cases had."""
        return self.run.covered

    @property
    def own_arrays(self) -> tuple[OwnArrays, ...]:
        """What the subject calls the arrays of each target, if not as the contract does."""
        return self.run.own_arrays

    @property
    def taylor(self) -> tuple[TaylorCurve, ...]:
        """The Taylor test of one case of each family."""
        return self.run.taylor

    @property
    def stages(self) -> Stages:
        """Where the time went."""
        return self.run.stages

    @property
    def quick(self) -> Quick | None:
        """What a quick run left out; None for any other."""
        return self.run.quick

    @property
    def systematic(self) -> tuple[SystematicError, ...]:
        """Errors that all cases share, though each of them is within its budgets."""
        return self.run.systematic

    @property
    def systematic_floors(self) -> tuple[SystematicFloor, ...]:
        """The smallest such error of each gradient that would have been found."""
        return self.run.systematic_floors

    @property
    def searches(self) -> tuple[Searched, ...]:
        """What searches for the edit that makes the subject right have found, if there were any."""
        return self.run.searches

    def bundle(self) -> Bundle:
        """The run with its files, as it is written to a folder or sent to another process."""
        from .bundle import Bundle, npz_of

        files = {name: npz_of(case) for name, case in self.cases_by_name.items()}
        return Bundle(self.run, self.table, files)

    def run_alone(self) -> Run:
        """The run for whoever gets no folder: without the names of files that are not there."""
        failures = tuple(replace(failure, counterexample=None) for failure in self.run.failures)
        return replace(self.run, failures=failures)

    def to_json(self, path: str | Path) -> None:
        """Write the content of `run.json` to a file; counterexamples are in `to_folder` only.

        Raises:
            ReportError: the file cannot be written.
        """
        from . import files, run_json

        files.write_file(Path(path), run_json.to_json(self.run_alone()))

    def to_html(self, folder: str | Path) -> Path:
        """Write `index.html`, one page that needs nothing else, into a folder; returns its path.

        Raises:
            ReportError: the folder cannot be written, or holds a foreign `index.html`.
        """
        from .folder import prepare, write_page

        return write_page(prepare(folder), self.run_alone())

    def to_folder(self, folder: str | Path) -> Path:
        """Write the page, `run.json`, `results.parquet` and `counterexamples/*.npz`.

        Returns:
            The path of the page.

        Raises:
            ReportError: the folder cannot be written, or holds foreign files of these names.
        """
        from .folder import prepare, write_folder

        return write_folder(prepare(folder), self.bundle())
