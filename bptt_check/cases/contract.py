"""The contract of an answer: whether what a subject returned is a loss and gradients at all.

`accept` turns whatever came back into a `Result` of float64 arrays, or into breaches: one sentence
each, naming the key, what came and what belongs there. Values are judged elsewhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

import numpy as np

from ..errors import LONGEST_VALUE, clean, cut, quoted, why
from .any_case import AnyCase
from .arrays.returned import PLAIN, Unreadable, dict_of, outputs_of, pair_of
from .follow_up import FollowUpCall, FollowUpKind
from .result import Result
from .training import TrainingAnswers
from .types import Array, Arrays
from .wrong_kind import NoSubject

MOST_UNKNOWN = 5
"""Names of gradients that are no input's, each of which is told in a line."""


@dataclass(frozen=True)
class Breach:
    """One breach of the contract.

    `parameter` is the gradient that it is about, an input, `loss` or `return value`; `message` says
    what is wrong. `value` is the gradient or loss that is not finite, as it came, else None; of a
    gradient that did not come at all it is `missing`.
    """

    parameter: str
    message: str
    value: Array | None = field(default=None, compare=False, repr=False)
    missing: bool = False


@dataclass(frozen=True, eq=False)
class Accepted:
    """What a subject returned, read: `result` is None if nothing could be compared."""

    result: Result | None
    breaches: tuple[Breach, ...]


class Expects(Protocol):
    """What has a gradient: a `Case`, or the arrays of a function that knows no cases."""

    @property
    def params(self) -> Arrays:
        """The arrays whose gradient is required."""
        ...

    @property
    def inputs(self) -> Arrays:
        """The arrays whose gradient is taken."""
        ...

    @property
    def wanted(self) -> tuple[str, ...] | None:
        """Those whose gradient is asked for; None is all."""
        ...


def accept(case: Expects, returned: Any) -> Accepted:
    """Read what a subject returned for a case.

    Required: the gradient of every parameter that is wanted and not declared away; `x`, `h0` and
    `c0` where offered. Gradients have their input's shape and the case's dtype and are finite; the
    loss is one finite number.
    """
    try:
        pair = pair_of(returned)
    except Unreadable as what:
        return Accepted(None, (Breach("return value", str(what)),))
    loss, breaches = _loss(pair.loss)
    try:
        given = dict_of(pair.grads, "gradients")
        breaches += _keys(case, given, pair.without)
    except Unreadable as what:
        return Accepted(None, (*breaches, Breach("return value", str(what))))
    grads: dict[str, Array] = {}
    for name in [n for n in case.inputs if n in given]:
        array, breach = _gradient(case, name, given[name])
        if breach:
            breaches.append(breach)
        if array is not None:
            grads[name] = array
    try:
        outputs = outputs_of(pair.outputs)
    except Unreadable as what:
        outputs = None
        breaches.append(Breach("outputs", str(what)))
    if loss is None:
        return Accepted(None, tuple(breaches))
    return Accepted(Result(loss, grads, outputs=outputs), tuple(breaches))


def written_inputs(before: AnyCase, after: AnyCase) -> list[Breach]:
    """A breach for every array of the case that the subject changed."""
    return writes(before.given, after.given)


def writes(before: Arrays, after: Mapping[str, Any]) -> list[Breach]:
    """A breach for every array that is missing or has other values afterwards."""
    return [
        Breach(name, f"{name} was written to: a subject must leave its inputs as they are")
        for name, old in before.items()
        if not _holds(old, after.get(name))
    ]


def _holds(old: Array, now: Any) -> bool:
    """Whether something foreign has the same values; it may be anything."""
    try:
        return now is not None and np.array_equal(old, np.asarray(now))
    except Exception:
        if type(now) in PLAIN:
            raise
        return False


def differ(one: Result | None, other: Result | None) -> bool:
    """Whether two readings are not the same to the last bit."""
    if one is None or other is None:
        return one is not other
    both_nan = np.isnan(one.loss) and np.isnan(other.loss)
    return (one.loss != other.loss and not both_nan) or any(
        not np.array_equal(a, other.entries.get(n, np.empty(0)), equal_nan=n not in one.grads)
        for n, a in one.entries.items()
    )


def repeats(first: Result | None, again: Answer, wanted: tuple[str, ...] | None) -> bool:
    """Whether a further answer is the first to the last bit, or the wanted part of it."""
    if again.breaches or again.result is None:
        return False
    return not (differ(first, again.result) if wanted is None else differ(again.result, first))


def _loss(value: Any) -> tuple[float | None, list[Breach]]:
    try:
        array = np.asarray(value)
        if array.dtype.kind in "fiu" and array.size != 1:
            return None, [Breach("loss", f"the loss must be one number, got shape {array.shape}")]
        loss = float(array.astype(np.float64).reshape(())) if array.dtype.kind in "fiu" else None
    except Exception as error:  # whatever a foreign array's conversion raises is the breach
        if type(value) in PLAIN:
            raise
        what = f"the loss must be a number, got {quoted(value)}: {why(error)}"
        return None, [Breach("loss", what)]
    if loss is None:
        return None, [Breach("loss", f"the loss must be a number, got {quoted(value)}")]
    if not np.isfinite(loss):
        return loss, [Breach("loss", f"the loss is {loss}", np.array(loss))]
    return loss, []


def _keys(case: Expects, grads: Mapping[str, Any], without: Collection[str]) -> list[Breach]:
    wanted = {*(case.params if case.wanted is None else case.wanted)} - {*without}
    missing = [n for n in case.params if n in wanted and n not in grads]
    inputs = case.inputs
    extra = sorted(n for n in grads if n not in inputs)
    return [
        *(
            Breach(n, f"the gradient of {n} is missing, shape {case.params[n].shape}", missing=True)
            for n in missing
        ),
        *_unknown(extra, ", ".join(inputs)),
    ]


def _unknown(names: Sequence[str], valid: str) -> Iterator[Breach]:
    """A breach for each of the first names that are no input's, the last of them with a count."""
    told = names[:MOST_UNKNOWN]
    more = len(names) - len(told)
    for n, name in enumerate(told, 1):
        end = f"; and {more:,} more that are none" if more and n == len(told) else ""
        what = f"there is no input {quoted(name)}; gradients may be: {valid}{end}"
        yield Breach(cut(clean(name), LONGEST_VALUE), what)


def _gradient(case: Expects, name: str, value: Any) -> tuple[Array | None, Breach | None]:
    """One gradient in float64, or None if it cannot be compared, and what is wrong with it."""
    wanted = case.inputs[name]
    try:
        array = np.asarray(value)
        array = array.astype(wanted.dtype) if _has_no_dtype(value) else array
        masked = np.ma.is_masked(value)
    except Exception as error:
        if type(value) in PLAIN:
            raise
        return None, Breach(name, f"the gradient of {name} is no array of numbers: {why(error)}")
    if array.dtype.kind not in "fiu":
        return None, Breach(
            name, f"the gradient of {name} has dtype {array.dtype}, not {wanted.dtype}"
        )
    if array.shape != wanted.shape:
        return None, Breach(
            name, f"the gradient of {name} has shape {array.shape}, not {wanted.shape}"
        )
    if masked:
        return None, Breach(
            name, f"the gradient of {name} has masked entries, which are no numbers"
        )
    gradient = np.array(array, dtype=np.float64)
    if not np.all(np.isfinite(gradient)):
        index = tuple(int(i) for i in np.argwhere(~np.isfinite(gradient))[0])
        what = f"the gradient of {name} is {gradient[index]} at {list(index)}"
        return None, Breach(name, what, gradient)
    if array.dtype != wanted.dtype:
        return gradient, Breach(
            name, f"the gradient of {name} has dtype {array.dtype}, not {wanted.dtype}"
        )
    return gradient, None


def _has_no_dtype(value: Any) -> bool:
    """Nested lists and plain numbers have no precision of their own and are read in the case's."""
    return isinstance(value, (list, tuple, int, float))


class Outcome(StrEnum):
    """What came of calling a subject on a case.

    `ANSWERED` says that the call came back, whatever it returned.
    """

    ANSWERED = "answered"
    DECLINED = "declined"
    RAISED = "raised"
    TIMED_OUT = "timed out"
    DIED = "died"
    NOT_CALLED = "not called"


@dataclass(frozen=True, eq=False)
class Answer:
    """What came of one case.

    Args:
        result: what could be read of the first call; None if there is nothing to compare.
        breaches: of the contract.
        second_result: of a second call; None if there was none or it was the same to the last bit.
        follow_ups: what came of further calls; of those on the case itself only what differs.
        linear: what came of the `probes` of the case, if they were asked.
        training: what the functions for a training step made of the gradients.
        outcome: what came of the call.
        text: the reason of a subject that declined; else a verb phrase that says what happened
            instead of an answer.
        asked: the kinds of further calls that were made.
        no_subject: what was called, if it is no subject.
        place: kind and line of what was raised, the same for all errors of that line.
    """

    result: Result | None = None
    breaches: tuple[Breach, ...] = ()
    second_result: Result | None = None
    follow_ups: tuple[FollowUp, ...] = ()
    linear: Mapping[str, Accepted] = field(default_factory=dict[str, Accepted])
    training: TrainingAnswers = field(default_factory=TrainingAnswers)
    outcome: Outcome = Outcome.ANSWERED
    text: str = ""
    asked: tuple[FollowUpKind, ...] = ()
    no_subject: NoSubject | None = None
    place: str = ""


@dataclass(frozen=True, eq=False)
class FollowUp:
    """What came of a further call; `after` so many calls on other cases."""

    call: FollowUpCall
    answer: Answer
    after: int = 0
