"""Whether a reply belongs to its request: what a worker says is the word of a subject's process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ...cases.contract import Answer, Outcome
from ...cases.result import Result
from . import protocol
from .protocol import GarbledMessage

Shapes = Mapping[str, tuple[int, ...]]
"""Input name to the shape of its gradient."""


def check_reply(request: protocol.Request, reply: protocol.Reply) -> None:
    """Raise `GarbledMessage` unless the reply is one to the request, with arrays that fit."""
    if isinstance(reply, protocol.Failed):
        return
    if isinstance(request, protocol.Start):
        fits = isinstance(reply, protocol.Hello | protocol.Refused)
    elif isinstance(request, protocol.CallSubject | protocol.CallKernel):
        shapes = _shapes(request)
        fits = isinstance(reply, protocol.Answered) and _fits(shapes, reply.answer)
    elif isinstance(request, protocol.Supports):
        fits = isinstance(reply, protocol.Returned) and isinstance(reply.value, bool)
    else:
        fits = isinstance(reply, protocol.Returned) and _are_arrays(reply.value)
    if not fits:
        raise GarbledMessage("gave an answer that does not belong to what it was asked")


def _shapes(request: protocol.CallSubject | protocol.CallKernel) -> Shapes:
    """Of the arrays of a case that may have a gradient."""
    if isinstance(request, protocol.CallSubject):
        return {name: array.shape for name, array in request.case.inputs.items()}
    return {name: np.shape(value) for name, value in request.case.arrays.items()}


def _fits(shapes: Shapes, answer: Answer) -> bool:
    """Whether every result is one of a case with inputs of these shapes, as further calls have."""
    empty = answer.result is None and not answer.breaches
    if answer.outcome is Outcome.ANSWERED and empty:
        return False
    further = all(_fits(shapes, follow_up.answer) for follow_up in answer.follow_ups)
    return further and all(_is_result(shapes, result) for result in _results(answer))


def _results(answer: Answer) -> Iterator[Result]:
    for result in (answer.result, answer.second_result):
        yield from [] if result is None else [result]
    for probed in answer.linear.values():
        yield from [] if probed.result is None else [probed.result]


def _is_result(shapes: Shapes, result: Result) -> bool:
    return (
        isinstance(result.loss, float)
        and _are_arrays(result.grads)
        and all(shapes.get(name) == grad.shape for name, grad in result.grads.items())
        and (result.outputs is None or _are_arrays(result.outputs))
    )


def _are_arrays(value: Any) -> bool:
    """Whether it is a mapping of names to arrays."""
    return isinstance(value, Mapping) and all(
        isinstance(name, str) and isinstance(array, np.ndarray)
        for name, array in value.items()  # pyright: ignore[reportUnknownVariableType]
    )
