"""The functions that users call: names become objects here, then `run` does the work."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from . import oracles as _oracles
from .cases.case import Case, Spec
from .cases.design.within import Within, case_limits
from .cases.model import Model, families
from .cases.precision import checked_dtypes
from .cases.reading import SAVED, read_case, save_temporarily
from .cases.result import Differentiator
from .cases.targets import Target, default_targets, parse_targets
from .cases.timing.stage_clock import Stage, clock_of_run, timed
from .cases.written.written_out import READABLE, number_count
from .errors import GradientMismatch, MissingFramework, SpecError
from .report.report import Report
from .runs.check import Setup
from .runs.effort.number_of_cases import CASES, cases_of_models
from .runs.effort.progress import Progress
from .runs.effort.quick import SLOW_STARTS, Quick
from .runs.failures import check_in_detail
from .runs.repairs.failing import failing_specs
from .runs.repairs.of_run import with_search
from .runs.repairs.records import Repair, Searched
from .runs.repairs.repairing import searched
from .runs.repairs.typed_subject import editable, without_path
from .runs.run import Plan, verify_plan as _verify
from .runs.session import REPAIR_SECONDS, collected, overrides
from .subjects.isolation import isolated
from .verdicts.budget import Tolerance
from .verdicts.case_report import CaseReport


def models() -> dict[str, Model]:
    """Every model name without modifiers, and its model."""
    return families()


def check(
    subject: Differentiator,
    case: Case | Spec | str,
    oracles: Iterable[str] | None = None,
    timeout: float | None = None,
    *,
    accuracy: float = 0.0,
) -> CaseReport:
    """Check a subject on one case, in full detail.

    Args:
        subject: a callable `case -> (loss, grads)` or `case -> Result`.
        case: a case, a spec or its line (`"lstm T=1"`), or the file of a saved case (`"case.npz"`).
        oracles: names; None is every oracle whose framework is installed, of which `certified`
            leaves cases alone that would take it long.
        timeout: seconds for one call of the subject.
        accuracy: as in `verify`.

    A case that was given as many numbers and does not pass is saved in the folder for temporary
    files, so that the message can name it.

    Raises:
        UnknownName, MissingFramework: of an oracle.
        SpecError: the text is no spec, or the file no case.
    """
    setup = Setup(load_oracles(oracles), tolerance_of(accuracy), timeout)
    given = read_case(case)
    report = check_in_detail(subject, given, setup)
    if isinstance(case, str) and case.endswith(SAVED):
        return replace(report, file=case)
    if report.passed or given.spec is not None or number_count(given) <= READABLE:
        return report
    return replace(report, file=save_temporarily(given))


def verify(
    subject: Differentiator,
    models: Iterable[Model | Target | str] | None = None,
    cases: int | None = None,
    oracles: Iterable[str] | None = None,
    dtypes: Sequence[str] = ("float64",),
    seed: int = 0,
    timeout: float | None = None,
    *,
    within: Within | str | None = None,
    accuracy: float = 0.0,
    quick: bool = False,
    repair_seconds: float = 0.0,
    progress: Callable[[Progress], None] | None = None,
    keep_partial: bool = False,
) -> Report:
    """Check a subject on the cases of a covering design.

    Case number i of a model is a pure function of the seed, the model and i. The first cases cover
    every two values of the documented factors; a report says which.

    Args:
        subject: a callable `case -> (loss, grads)` or `case -> Result`.
        models: `Model` objects or names, also with `+truncated` and `+lengths`, also presets; None
            is `subject.targets` where there is such an attribute, else every default target whose
            model the subject supports.
        cases: number of cases for each model; None is 100, and in a quick run 24.
        oracles: names; None is every oracle whose framework is installed.
        dtypes: of the cases, one of these each.
        seed: of the design; the same seed gives the same cases.
        timeout: seconds for one call of the subject; None is no limit.
        within: what cases are limited to, a `Within` or its line (`"T=1..300 initial_state=zero"`);
            it goes before what the subject's own attribute `within` says.
        accuracy: of code that is right to no more (a solver, an implicit layer): the error that is
            allowed of an entry beside the largest of its gradient, and of the loss beside itself.
        quick: a verdict in a few seconds for a model, also in a new process: few cases, which cover
            most for their price, no oracle that takes long to start (torch, jax) unless it is named
            in `oracles`, a failing case made smaller in fewer tries, no diagnosis and no Taylor
            test. The report says what was left out.
        repair_seconds: if the run fails, how long to look for the edit of the subject's own source
            that makes it right; the report then has it. 0 is not at all; see `repair`.
        progress: called after every case.
        keep_partial: a KeyboardInterrupt returns what there is instead of being raised.

    Raises:
        UnknownName, SpecError, MissingFramework: an argument is impossible; the message says why.
    """
    said = overrides.get()
    if said.cases is not None or said.quick:
        cases, quick = said.cases, said.quick
    seed = seed if said.seed is None else said.seed
    count = cases_of_models(cases, quick)
    for name, value in (("models", models), ("oracles", oracles)):
        if isinstance(value, str):
            raise SpecError(f"{name} must be a list of names: {name}=[{value!r}].")
    dtypes = checked_dtypes(dtypes)
    wanted = getattr(subject, "targets", None) if models is None else models
    chosen = default_targets() if wanted is None else [t for m in wanted for t in parse_targets(m)]
    if not chosen:
        raise SpecError("models is empty; name at least one, or leave it out for all.")
    limits = case_limits(subject, within)
    targets = tuple({t.name: t for t in chosen}.values())
    left_out = Quick(_slow_to_start(oracles)) if quick else None
    plan = Plan(targets, count, dtypes, seed, limits, left_out)
    with clock_of_run():
        with timed(Stage.STARTING):
            asked, tolerance = load_oracles(oracles, quick), tolerance_of(accuracy)
        setup = Setup(asked, tolerance, timeout, thorough=not quick)
        found = _verify(subject, plan, setup, progress, keep_partial)
        seconds = max(repair_seconds, said.repair_seconds)
        if seconds > 0.0:
            found = with_search(found, subject, plan, setup, seconds, keep_partial)
    report = Report(*found)
    gathered = collected.get()
    if gathered is not None:
        gathered.append(report)
    return report


def assert_gradients(
    subject: Differentiator,
    models: Iterable[Model | Target | str] | None = None,
    cases: int | None = None,
    oracles: Iterable[str] | None = None,
    dtypes: Sequence[str] = ("float64",),
    seed: int = 0,
    timeout: float | None = None,
    *,
    within: Within | str | None = None,
    accuracy: float = 0.0,
    quick: bool = False,
    repair_seconds: float = 0.0,
) -> Report:
    """The same as `verify`, for tests: anything but `pass` raises.

    Raises:
        GradientMismatch: an AssertionError whose message explains what most cases suffer from.
    """
    __tracebackhide__ = True
    report = verify(
        subject, models, cases, oracles, dtypes, seed, timeout,
        within=within, accuracy=accuracy, quick=quick, repair_seconds=repair_seconds,
    )  # fmt: skip
    if not report.passed:
        raise GradientMismatch(report.message, report)
    return report


def repair(
    subject: Differentiator | str,
    report: Report | None = None,
    models: Iterable[Model | Target | str] | None = None,
    *,
    timeout: float = REPAIR_SECONDS,
    cases: int = CASES,
    oracles: Iterable[str] | None = None,
    dtypes: Sequence[str] = ("float64",),
    within: Within | str | None = None,
) -> Repair | None:
    """The edit of a subject's own source that makes its gradients right.

    Edits are tried in a process of their own, on a few small cases; what passes there is offered
    only after it has passed the whole check on fresh cases, by every oracle. No file is changed.

    Args:
        subject: its text, as on the command line, or a callable, of a module, a file or a session.
        report: of a run that failed; None is a quick run of its own.
        models: which to check; None are those of the report, or what `verify` takes.
        timeout: seconds for the search, without the check before and the proof after it.
        cases, oracles, dtypes, within: of the proof, as in `verify`.

    Returns:
        None where no edit makes one more gradient right. Where `verified` is None the edits explain
        a part of what is wrong, and `remaining` is the rest.

    Raises:
        SubjectNotFound, SpecError: it has no source that can be edited; nothing is wrong with it.
    """
    return search_repair(
        subject, report, models,
        timeout=timeout, cases=cases, oracles=oracles, dtypes=dtypes, within=within,
    ).repair  # fmt: skip


def search_repair(
    subject: Differentiator | str,
    report: Report | None = None,
    models: Iterable[Model | Target | str] | None = None,
    *,
    timeout: float = REPAIR_SECONDS,
    cases: int = CASES,
    oracles: Iterable[str] | None = None,
    dtypes: Sequence[str] = ("float64",),
    within: Within | str | None = None,
) -> Searched:
    """The same as `repair`, with what is known where there is none."""
    dtypes, trusted = checked_dtypes(dtypes), load_oracles(oracles)
    with editable(subject) as source:
        with isolated(source.address) as named:
            limits = case_limits(named, within)
            if report is None:
                report = verify(
                    named, models, oracles=oracles, dtypes=dtypes, within=within, quick=True
                )
        failing = failing_specs(report.run, report.table)
        names = report.models if models is None else models
        targets = tuple({t.name: t for m in names for t in parse_targets(m)}.values())
        fresh = Plan(targets, cases, dtypes, (report.seed or 0) + 1, limits)
        setup = Setup(trusted, thorough=False)
        return without_path(searched(source.address, failing, timeout, fresh, setup), source)


def tolerance_of(accuracy: float) -> Tolerance:
    """The tolerance of every budget, with what is declared."""
    if not 0.0 <= accuracy < 1.0:
        raise SpecError(f"accuracy must be a number from 0 to less than 1, got {accuracy!r}.")
    return Tolerance(accuracy=accuracy)


def load_oracles(names: Iterable[str] | None, quick: bool = False) -> tuple[_oracles.Oracle, ...]:
    """The oracles of these names; every installed one for None, in a quick run of those that start
    at once.

    What the command line of pytest says takes the place of both.
    """
    slow = _slow_to_start(names) if quick else ()
    names = overrides.get().oracles or names
    if names is None:
        return tuple(_oracles.defaults(without=slow))
    wanted = dict.fromkeys(names)
    if not wanted:
        raise SpecError("oracles is empty; name at least one, or leave it out for all.")
    return tuple(_oracles.load_oracle(name) for name in wanted)


def _slow_to_start(names: Iterable[str] | None) -> tuple[str, ...]:
    """The oracles that a quick run leaves out; none where some are named."""
    if names is not None or overrides.get().oracles:
        return ()
    return tuple(name for name in SLOW_STARTS if _oracles.available(name))


__all__ = [
    "MissingFramework",
    "assert_gradients",
    "check",
    "collected",
    "load_oracles",
    "models",
    "repair",
    "search_repair",
    "verify",
]
