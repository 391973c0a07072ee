"""Calls a subject on a case so that nothing it does can spoil the run.

It gets arrays of its own, is called twice, is watched for writes, and whatever it raises becomes
data.
"""

from __future__ import annotations

import contextlib
import copy
import signal
import threading
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Sequence
from functools import partial
from typing import Any

import numpy as np

from ..cases.case import Case
from ..cases.contract import (
    Accepted,
    Answer,
    Breach,
    Outcome,
    accept,
    differ,
    read_before_written,
    written_inputs,
)
from ..cases.probes import probes
from ..cases.result import Result
from ..errors import BrokenContract, SpecError, SubjectFailed, SubjectTimeout, Unsupported
from .own_code import is_ours
from .uninitialised import np_empty_filled_with, refill_freed_blocks


class RemoteSubject(ABC):
    """A subject that is called in another process, by that process's own `call`."""

    name: str

    @abstractmethod
    def call(
        self, case: Case, timeout: float | None = None, probe: bool = False, once: bool = False
    ) -> Answer:
        """The same as `calling.call` of the subject, or with `once` as `calling.call_once`."""


def call(
    subject: Callable[..., Any], case: Case, timeout: float | None = None, probe: bool = False
) -> Answer:
    """Call a subject twice on a case, each time on arrays of its own.

    The second time fresh memory holds NaN. With `probe` it is called after that on other arrays of
    the same shapes, which shows buffers that it hands out again and gradients that it remembers by
    shape, and where the loss is linear on other cotangents.
    """
    if isinstance(subject, RemoteSubject):
        return subject.call(case, timeout, probe)
    check_limit(timeout)
    return _guarded(partial(_answer, partial(_call, subject, timeout), case, probe))


def call_once(subject: Callable[..., Any], case: Case, timeout: float | None = None) -> Answer:
    """Call a subject once and read what it returns; nothing else is found out about it."""
    if isinstance(subject, RemoteSubject):
        return subject.call(case, timeout, once=True)
    check_limit(timeout)

    def answer() -> Answer:
        _, returned = _called(partial(_call, subject, timeout), case)
        read = accept(case, returned)
        return Answer(read.result, read.breaches)

    return _guarded(answer)


def _guarded(answer: Callable[[], Answer]) -> Answer:
    """The answer, or what was raised on the way as data."""
    try:
        return answer()
    except Unsupported as reason:
        return Answer(outcome=Outcome.DECLINED, text=str(reason) or "declined without a reason")
    except BrokenContract as broken:
        return Answer(breaches=(Breach(broken.parameter, str(broken)),))
    except SubjectTimeout as error:
        return Answer(outcome=Outcome.TIMED_OUT, text=str(error))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit too: a subject cannot end the run
        return Answer(outcome=Outcome.RAISED, text=explained(error))


Timed = Callable[[Case], Any]
"""A subject with its time limit."""


def _answer(timed: Timed, case: Case, probe: bool) -> Answer:
    """The answer of a subject that raises nothing."""
    first_case, returned = _called(timed, case, _sizes(case) if probe else ())
    first = accept(case, returned)
    breaches = written_inputs(case, first_case)
    # at once, so that two answers in turn differ whatever the number of probes
    second = _with_memory(timed, case, np.nan, probe)
    same_for = _same_for_other_case(timed, case, first.result) if probe else None
    linear = _linear(timed, case, first) if probe else {}
    if _changed(case, returned, first):
        what = "a later call changed the arrays that the first had returned"
        breaches.append(Breach("return value", what))
    if (second.result is None) != (first.result is None):
        what = "one of two calls on the same case gave no answer that can be read"
        breaches.append(Breach("return value", what))
    steady, unwritten = _unwritten(timed, case, second, probe)
    if unwritten is not None:
        first = second = steady
        breaches.append(unwritten)
    second_result = second.result if differ(first.result, second.result) else None
    return Answer(first.result, (*first.breaches, *breaches), second_result, same_for, linear)


def _called(timed: Timed, case: Case, freed: Sequence[int] = ()) -> tuple[Case, Any]:
    """The arrays that a call got, and what it returned; memory of the sizes `freed` held zeros.

    Where NumPy's warnings are errors it raises over what happened to lie in fresh memory, a
    signaling NaN say. Then the call is made once more, with zeros there. Not from the start: what a
    subject imports in its first call, numba above all, must find NumPy's own functions.
    """
    own = _own_arrays(case)
    refill_freed_blocks(freed, 0.0)
    try:
        return own, timed(own)
    except (FloatingPointError, RuntimeWarning):
        own = _own_arrays(case)
        with np_empty_filled_with(0.0):
            return own, timed(own)


def _changed(case: Case, returned: Any, first: Accepted) -> bool:
    """Whether what a call returned now reads otherwise than it did then."""
    now = accept(case, returned)
    return now.breaches != first.breaches or differ(now.result, first.result)


def _same_for_other_case(timed: Timed, case: Case, first: Result | None) -> Case | None:
    """Another case of the same shapes, if its gradients are the very same and not all zero."""
    kept = ("x",) if case.spec is not None and case.spec.regime == "one_hot" else ()
    other = case.with_inputs({n: 0.75 * a for n, a in case.inputs.items() if n not in kept})
    answer = accept(other, _called(timed, other)[1]).result
    if first is None or answer is None or not any(np.any(g) for g in first.grads.values()):
        return None
    grads = first.grads.items()
    same = all(np.array_equal(g, answer.grads.get(n, np.empty(0))) for n, g in grads)
    return other if same else None


def _linear(timed: Timed, case: Case, first: Accepted) -> dict[str, Accepted]:
    """The answers to the probes of a linear loss, if the case itself was answered as it should."""
    if first.breaches:
        return {}
    return {kind: accept(c, _called(timed, c)[1]) for kind, c in probes(case).items()}


def _with_memory(timed: Timed, case: Case, value: float, probe: bool) -> Accepted:
    """The answer to a case while fresh memory holds `value`; with `probe` also memory that was
    freed before.
    """
    own = _own_arrays(case)
    if probe:
        refill_freed_blocks(_sizes(case), value)
    with np_empty_filled_with(value):
        return accept(case, timed(own))


def _unwritten(
    timed: Timed, case: Case, with_nan: Accepted, probe: bool
) -> tuple[Accepted, Breach | None]:
    """The answer while fresh memory holds zeros, and a finding if that makes the difference.

    Asked only after NaN in fresh memory met an answer that is not finite. NaN twice and zeros
    twice, not in turns: a subject that gives two answers in turn has another mistake.
    """
    if all(f.value is None for f in with_nan.breaches):
        return with_nan, None
    again, *zeros = (_with_memory(timed, case, value, probe) for value in (np.nan, 0.0, 0.0))
    return zeros[0], read_before_written((with_nan, again), zeros)


def _sizes(case: Case) -> list[int]:
    """Bytes of the gradients, in single and in double precision."""
    return [bytes_each * array.size for array in case.inputs.values() for bytes_each in (4, 8)]


class _OutOfTime(BaseException):
    """Not an Exception, so that a subject that catches those cannot swallow it."""


def overtime(seconds: float) -> str:
    """What a subject did that ran out of time."""
    return f"took longer than the limit of {seconds:g} s for one case"


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
        raise SubjectTimeout(overtime(seconds)) from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _call(subject: Callable[..., Any], timeout: float | None, case: Case) -> Any:
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


def explained(error: BaseException) -> str:
    """What was raised, and the innermost line of the subject's own code."""
    if isinstance(error, SubjectFailed):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    outside = [f for f in frames if not is_ours(f.filename)]
    where = (
        f" (line {outside[-1].lineno} of {outside[-1].name}: {outside[-1].line})" if outside else ""
    )
    return f"raised {type(error).__name__}: {error}{where}"
