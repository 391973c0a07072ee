"""Which errors that all cases share a failure tells of, and which failure is about a gradient."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from ...runs.records import Failure, Run
from ...runs.systematic.records import SystematicError
from ...verdicts.case_kind import CaseKind
from ..called import label
from ..grouping import plural

AnyFailure = TypeVar("AnyFailure", bound=Failure)


def is_of_all(failure: Failure) -> bool:
    """Whether it is of no case by itself, but of all of them together."""
    return failure.kind is CaseKind.SYSTEMATIC


def is_of_all_only(run: Run) -> bool:
    """Whether no case failed by itself, and all of them together did."""
    return bool(run.failures) and all(map(is_of_all, run.failures))


def shared_errors_of(run: Run, failure: Failure) -> list[SystematicError]:
    """The errors that a failure tells of, the one of its case first; none of any other failure."""
    of_check = [e for e in run.systematic if e.check == failure.check]
    own = [e for e in of_check if (e.verdict, e.spec) == (failure.verdict, failure.spec)]
    if not is_of_all(failure) or not own:
        return []
    first = own[0]
    alike = (first.verdict, first.model, first.dtype, first.models)
    others = [e for e in of_check if (e.verdict, e.model, e.dtype, e.models) == alike]
    return [first, *(e for e in others if e is not first)]


def is_about(error: SystematicError, model: str, parameter: str) -> bool:
    """Whether an error is that of a gradient of a model, or of all such of the model's family."""
    known = model if error.models == 1 else model.split("+")[0]
    return (error.model, error.parameter) == (known, parameter)


def failure_about(
    run: Run, model: str, parameter: str, failures: Iterable[AnyFailure]
) -> AnyFailure | None:
    """The first of some failures of a run, of all cases together, that is about a gradient."""
    for failure in filter(is_of_all, failures):
        if any(is_about(error, model, parameter) for error in shared_errors_of(run, failure)):
            return failure
    return None


def place_of_error(error: SystematicError) -> str:
    """Where an error is: the model, or how many of a family, and the dtype."""
    several = f" ({plural(error.models, 'model')} together)" if error.models > 1 else ""
    return f"{label(error.check, error.model)}{several} in {error.dtype}"


def failure_heading(run: Run, failure: Failure, called: str) -> str:
    """Model and gradient of a failure, which is `called` so; of an error that all cases share the
    dtype too, and how many others it tells of.
    """
    shared = shared_errors_of(run, failure)
    where = place_of_error(shared[0]) if shared else label(failure.check, failure.model)
    called = called or (shared[0].parameter if shared else "")
    more = f" and {len(shared) - 1} more" if len(shared) > 1 else ""
    return f"{where}: {called}{more}" if called else where
