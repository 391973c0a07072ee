"""Calls a subject on a case so that nothing it does can spoil the run.

It gets arrays of its own, is called twice, is watched for writes, and whatever it raises becomes
data.
"""

from __future__ import annotations

import contextlib
import copy
import os
import signal
import threading
import traceback
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .case import Case, Result
from .contract import Accepted, Finding, accept, written_inputs
from .errors import SpecError, SubjectTimeout, Unsupported


@dataclass(frozen=True, eq=False)
class Answer:
    """What came of one case: a result, findings against the contract, or why there is nothing.

    `again` is the result of a second call, None if there was none or it was the same to the last
    bit.
    `unmoved` is another case of the same shapes that got the very same gradients.
    """

    result: Result | None = None
    findings: tuple[Finding, ...] = ()
    again: Result | None = None
    unmoved: Case | None = None
    error: str = ""
    unsupported: str = ""


def name_of(subject: Callable[..., Any]) -> str:
    """`subject.name`, or the name of the function or class."""
    own = getattr(subject, "name", None)
    if isinstance(own, str) and own:
        return own
    return getattr(subject, "__qualname__", None) or type(subject).__name__


def ask(
    subject: Callable[..., Any], case: Case, timeout: float | None = None, probe: bool = False
) -> Answer:
    """Call a subject twice on a case, each time on arrays of its own.

    With `probe` it is called on other arrays of the same shapes in between, which shows buffers
    that it hands out again and gradients that it remembers by shape.
    """
    check_limit(timeout)
    unmoved = None
    first_case, second_case = _own_arrays(case), _own_arrays(case)
    try:
        returned = _call(subject, first_case, timeout)
        first = accept(case, returned)
        findings = [*first.findings, *written_inputs(case, first_case)]
        if probe:
            unmoved = _unmoved(subject, case, first.result, timeout)
        changed = _changed(case, returned, first)  # before a second answer could hide it
        later = accept(case, _call(subject, second_case, timeout))
    except Unsupported as reason:
        return Answer(unsupported=str(reason) or "declined without a reason")
    except SubjectTimeout as error:
        return Answer(error=str(error))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit too: a subject cannot end the run
        return Answer(error=explained(error))
    if changed or _changed(case, returned, first):
        what = "a later call changed the arrays that the first had returned"
        findings.append(Finding("return value", what))
    if (later.result is None) != (first.result is None):
        what = "one of two calls on the same case gave no answer that can be read"
        findings.append(Finding("return value", what))
    again = later.result if _differ(first.result, later.result) else None
    return Answer(first.result, tuple(findings), again, unmoved)


def _changed(case: Case, returned: Any, first: Accepted) -> bool:
    """Whether what a call returned now reads otherwise than it did then."""
    now = accept(case, returned)
    return now.findings != first.findings or _differ(now.result, first.result)


def _unmoved(
    subject: Callable[..., Any], case: Case, first: Result | None, timeout: float | None
) -> Case | None:
    """Another case of the same shapes, if its gradients are the very same and not all zero."""
    other = case.with_inputs({n: 0.75 * a for n, a in case.inputs.items()})
    answer = accept(other, _call(subject, _own_arrays(other), timeout)).result
    if first is None or answer is None or not any(np.any(g) for g in first.grads.values()):
        return None
    grads = first.grads.items()
    same = all(np.array_equal(g, answer.grads.get(n, np.empty(0))) for n, g in grads)
    return other if same else None


def trusted_results(oracle: Callable[[Case], Any], cases: Sequence[Case]) -> Iterator[Any]:
    """The results of an oracle: all at once if it has a method `many`, else one by one.

    Where it raised, the exception takes the place of the result.
    """
    many = getattr(oracle, "many", None)
    if many is not None:
        yield from many(cases)
        return
    for case in cases:
        try:
            yield oracle(case)
        except Exception as error:  # shown with its reason in the oracle's rows
            yield error


class _OutOfTime(BaseException):
    """Not an Exception, so that a subject that catches those cannot swallow it."""


def check_limit(seconds: float | None) -> None:
    """Raise `SpecError` for a limit that is not positive, or cannot be had here."""
    if seconds is None:
        return
    if seconds <= 0:
        raise SpecError(f"timeout must be positive, got {seconds!r}.")
    if not hasattr(signal, "SIGALRM") or threading.current_thread() is not threading.main_thread():
        raise SpecError("timeout needs SIGALRM and the main thread; use timeout=None here.")


@contextlib.contextmanager
def time_limit(seconds: float | None) -> Generator[None]:
    """Raise `SubjectTimeout` in the body after so many seconds; None is no limit.

    Interrupts Python code, not a native call that never returns.

    Raises:
        SpecError: the limit is not positive, or cannot be had here (other thread, no SIGALRM).
    """
    if seconds is None:
        yield
        return
    check_limit(seconds)

    def alarm(*_: object) -> None:
        raise _OutOfTime

    before = signal.signal(signal.SIGALRM, alarm)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    except _OutOfTime:
        raise SubjectTimeout(f"took longer than the limit of {seconds:g} s for one case") from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _call(subject: Callable[..., Any], case: Case, timeout: float | None) -> Any:
    with time_limit(timeout):
        return subject(case)


def _own_arrays(case: Case) -> Case:
    """The case on writable copies, so that a write neither fails on a flag nor reaches our
    arrays.
    """
    own = copy.copy(case)
    values: dict[str, Any] = {
        n: a.copy() for n, a in vars(case).items() if isinstance(a, np.ndarray)
    }
    values["params"] = {n: a.copy() for n, a in case.params.items()}
    for name, value in values.items():
        object.__setattr__(own, name, value)
    return own


def _differ(one: Result | None, other: Result | None) -> bool:
    """Whether two readings are not the same to the last bit."""
    if one is None or other is None:
        return one is not other
    same = one.loss == other.loss or (one.loss != one.loss and other.loss != other.loss)
    return not same or any(
        not np.array_equal(a, other.grads.get(n, np.empty(0))) for n, a in one.grads.items()
    )


def explained(error: BaseException) -> str:
    """What was raised, and the innermost line of the subject's own code."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = f"{Path(__file__).parent}{os.sep}"  # adapters to frameworks too
    outside = [f for f in frames if not f.filename.startswith(ours)]
    where = (
        f" (line {outside[-1].lineno} of {outside[-1].name}: {outside[-1].line})" if outside else ""
    )
    return f"raised {type(error).__name__}: {error}{where}"
