"""Calls a subject on a case so that nothing it does can spoil the run.

It gets arrays of its own, is called twice, is watched for writes, and whatever it raises becomes
data.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from ..cases.any_case import AnyCase
from ..cases.case import Case
from ..cases.contract import (
    Accepted,
    Answer,
    Breach,
    FollowUp,
    Outcome,
    accept,
    differ,
    repeats,
    written_inputs,
)
from ..cases.follow_up import NO_ANSWERS, FollowUpCall, FollowUpKind, calls_for, follow_up_case
from ..cases.memory_layout import arranged
from ..cases.model import Model
from ..cases.probes import probes
from ..cases.recurrences.recurrence import RecurrenceCase
from ..cases.result import name_of
from ..cases.wrong_kind import NoSubject
from ..equations.largest import leaves_range
from ..errors import BrokenContract, SubjectTimeout, Unsupported, clean, text_of
from .raised import error_text, explained, kind_and_line
from .remote import Calls, RemoteSubject
from .time_limit import check_limit, time_limit
from .uninitialised import np_empty_filled_with, read_before_written, refill_freed_blocks
from .wrong_kind import no_subject

Timed = Callable[[AnyCase], Any]
"""A subject with its time limit."""


def call(
    subject: Callable[..., Any], case: AnyCase, timeout: float | None = None, calls: Calls = ()
) -> Answer:
    """Call a subject twice on a case, each time on arrays of its own, then as `calls` say.

    The second time fresh memory holds NaN. Further calls show what the subject remembers: gradients
    by shape, buffers that it hands out again, what it does for some inputs only.
    """
    if isinstance(subject, RemoteSubject):
        return subject.call(case, timeout, calls)
    check_limit(timeout)
    calls = calls_for(calls, getattr(subject, "most_subsets", 0))
    timed = partial(_call, subject, timeout)
    answer = _guarded(partial(_answer, timed, case, calls))
    if isinstance(case, RecurrenceCase):  # what a kernel is was read before it became a subject
        return answer
    return replace(answer, no_subject=_no_subject(subject, timed, case, answer))


def call_once(subject: Callable[..., Any], case: AnyCase, timeout: float | None = None) -> Answer:
    """Call a subject once and read what it returns; nothing else is found out about it."""
    if isinstance(subject, RemoteSubject):
        return subject.call(case, timeout, once=True)
    check_limit(timeout)
    return _guarded(partial(_answer_once, partial(_call, subject, timeout), case))


def is_supported(subject: Callable[..., Any], model: Model, timeout: float | None = None) -> bool:
    """What the subject says of a model; one that cannot say no supports every model.

    Raises:
        SubjectTimeout: it took longer. A subject in another process has a limit of its own.
    """
    supports = getattr(subject, "supports", None)
    if supports is None:
        return True
    name, limit = name_of(subject), None if isinstance(subject, RemoteSubject) else timeout
    try:
        with time_limit(limit, f"supports({model})"):
            return bool(supports(model))
    except SubjectTimeout as late:
        raise SubjectTimeout(f"{name} {late}.") from late


def _no_subject(
    subject: Callable[..., Any], timed: Timed, case: Case, answer: Answer
) -> NoSubject | None:
    """What was called, if it is no subject; gradients that came are looked at in one more call."""
    if answer.outcome is Outcome.RAISED or not answer.breaches:
        return no_subject(subject, case, answer, None)
    try:
        return no_subject(subject, case, answer, _called(timed, case)[1])
    except KeyboardInterrupt:
        raise
    except BaseException:  # it answered before: what it is does not show
        return None


def _guarded(answer: Callable[[], Answer]) -> Answer:
    """The answer, or what was raised on the way as data."""
    try:
        return answer()
    except Unsupported as reason:
        return Answer(
            outcome=Outcome.DECLINED, text=error_text(reason) or "declined without a reason"
        )
    except BrokenContract as broken:
        return Answer(breaches=(Breach(clean(text_of(broken.parameter)), error_text(broken)),))
    except SubjectTimeout as error:
        return Answer(outcome=Outcome.TIMED_OUT, text=error_text(error))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit too: a subject cannot end the run
        return Answer(outcome=Outcome.RAISED, text=explained(error), place=kind_and_line(error))


def _answer_once(timed: Timed, case: AnyCase) -> Answer:
    """The answer of a subject that is called once and raises nothing."""
    read = accept(case, _called(timed, case)[1])
    return Answer(read.result, read.breaches)


def _answer(timed: Timed, case: AnyCase, calls: Calls) -> Answer:
    """The answer of a subject that raises nothing."""
    kinds = {call.kind for call in calls}
    freed = FollowUpKind.FREED_MEMORY in kinds
    first_case, returned = _called(timed, case, _sizes(case) if freed else ())
    first = accept(case, returned)
    breaches = written_inputs(case, first_case)
    # at once, so that two answers in turn differ whatever the number of further calls
    second = _with_memory(timed, case, np.nan, freed)
    further = [] if first.breaches else _further_cases(case, calls)
    follow_ups = tuple(_follow_ups(timed, first, further))
    linear = _linear(timed, case, first) if FollowUpKind.LINEARITY in kinds else {}
    asked = [call.kind for call, _ in further]
    asked += [FollowUpKind.FREED_MEMORY] if freed else []
    asked += [FollowUpKind.LINEARITY] if linear else []
    if _changed(case, returned, first):
        what = "a later call changed the arrays that the first had returned"
        breaches.append(Breach("return value", what))
    if (second.result is None) != (first.result is None):
        what = "one of two calls on the same case gave no answer that can be read"
        breaches.append(Breach("return value", what))
    steady, unwritten = _unwritten(timed, case, second, freed)
    if unwritten is not None:
        first = second = steady
        breaches.append(unwritten)
    second_result = second.result if differ(first.result, second.result) else None
    return Answer(
        first.result,
        (*first.breaches, *breaches),
        second_result,
        follow_ups,
        linear,
        asked=tuple(asked),
    )


def _further_cases(case: AnyCase, calls: Calls) -> list[tuple[FollowUpCall, AnyCase]]:
    """Further calls that there are for a case, and what they are about."""
    asked = ((c, follow_up_case(case, c)) for c in calls if c.kind not in NO_ANSWERS)
    return [(call, of_call) for call, of_call in asked if of_call is not None]


def _follow_ups(
    timed: Timed, first: Accepted, further: Sequence[tuple[FollowUpCall, AnyCase]]
) -> Iterator[FollowUp]:
    """What came of further calls on a case that was answered as it should.

    Whatever one of them raises is its own answer; the same answer to the same case is none.
    """
    others = 0
    for call, of_call in further:
        answer = _guarded(partial(_answer_once, timed, of_call))
        if not (call.kind.same_case and repeats(first.result, answer, of_call.wanted)):
            yield FollowUp(call, answer, others)
        others += not call.kind.same_case


def _called(timed: Timed, case: AnyCase, freed: Sequence[int] = ()) -> tuple[AnyCase, Any]:
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


def _changed(case: AnyCase, returned: Any, first: Accepted) -> bool:
    """Whether what a call returned now reads otherwise than it did then."""
    now = accept(case, returned)
    return now.breaches != first.breaches or differ(now.result, first.result)


def _linear(timed: Timed, case: AnyCase, first: Accepted) -> dict[str, Accepted]:
    """The answers to the probes of a linear loss, if the case itself was answered as it should."""
    if first.breaches:
        return {}
    return {kind: accept(c, _called(timed, c)[1]) for kind, c in probes(case).items()}


def _with_memory(timed: Timed, case: AnyCase, value: float, freed: bool) -> Accepted:
    """The answer to a case while fresh memory holds `value`; with `freed` also memory that was
    freed before.
    """
    own = _own_arrays(case)
    if freed:
        refill_freed_blocks(_sizes(case), value)
    with np_empty_filled_with(value):
        return accept(case, timed(own))


def _unwritten(
    timed: Timed, case: AnyCase, with_nan: Accepted, freed: bool
) -> tuple[Accepted, Breach | None]:
    """The answer while fresh memory holds zeros, and a finding if that makes the difference.

    Asked only after NaN in fresh memory met an answer that is not finite. NaN twice and zeros
    twice, not in turns: a subject that gives two answers in turn has another mistake.
    """
    if all(f.value is None for f in with_nan.breaches):
        return with_nan, None
    again, *zeros = (_with_memory(timed, case, value, freed) for value in (np.nan, 0.0, 0.0))
    return zeros[0], read_before_written((with_nan, again), zeros)


def _sizes(case: AnyCase) -> list[int]:
    """Bytes of the gradients, in single and in double precision."""
    return [bytes_each * array.size for array in case.inputs.values() for bytes_each in (4, 8)]


def _call(subject: Callable[..., Any], timeout: float | None, case: AnyCase) -> Any:
    """What the subject returns.

    Where warnings are errors, NumPy's about a number that leaves the range of a dtype is none in a
    case whose own numbers leave it: there it is a warning again, and the subject is called once
    more.
    """
    try:
        with time_limit(timeout):
            return subject(case)
    except RuntimeWarning:
        if not leaves_range(case):
            raise
    with warnings.catch_warnings(), time_limit(timeout):
        warnings.simplefilter("default", RuntimeWarning)
        return subject(case)


def _own_arrays(case: AnyCase) -> AnyCase:
    """The case on writable copies in its memory layout, so that a write neither fails on a flag
    nor reaches our arrays.
    """
    if isinstance(case, RecurrenceCase):
        return case.in_own_memory()
    own = copy.copy(case)
    values: dict[str, Any] = {
        n: arranged(a, case.layout) for n, a in vars(case).items() if isinstance(a, np.ndarray)
    }
    for group in ("params", "more_states"):
        values[group] = {n: arranged(a, case.layout) for n, a in getattr(case, group).items()}
    for name, value in values.items():
        object.__setattr__(own, name, value)
    return own
