"""Whether something that was given as a subject is one, and what it is if not."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..cases.case import Case
from ..cases.contract import Answer, Outcome
from ..cases.result import Result
from ..cases.wrong_kind import NoSubject, WrongKind
from ..errors import clean
from .likely_names import (
    Shape,
    bases_of,
    by_shape,
    full_name,
    is_transposed,
    likely_names,
)

ARRAYS = ("W_xh", "W_hh", "b_h", "W_hy", "b_y", "x", "h0", "c0")
"""Base names of the arrays of every model; one of two biases is meant where there is only one."""
OTHERS = ("params", "targets", "T", "B", "D", "H", "O", "case")
"""Arguments that a convention can hand over beside arrays with a gradient."""


def no_subject(
    subject: Callable[..., Any], case: Case, answer: Answer, returned: Any
) -> NoSubject | None:
    """What was given instead of a subject; None if it is one, whatever its answer is.

    Args:
        answer: what came of calling it.
        returned: what a call returned; None if it raised.
    """
    own = getattr(subject, "__name__", "") or type(subject).__name__
    failed = answer.outcome is Outcome.RAISED or answer.result is None
    if isinstance(subject, type) and failed:
        return _class(subject, own)
    if answer.outcome is Outcome.RAISED:
        return None if takes_one(subject) else _arguments(subject, own)
    if answer.outcome is not Outcome.ANSWERED or not answer.breaches:
        return None
    what = _gradients(case, returned)
    return None if what is None else replace(what, name=own)


def takes_one(subject: Callable[..., Any]) -> bool:
    """Whether a callable can be called with one argument, as far as its signature tells."""
    try:
        signature = inspect.signature(subject)
    except (TypeError, ValueError):
        return True
    try:
        signature.bind(None)
    except TypeError:
        return False
    return True


def _arguments(subject: Callable[..., Any], own: str) -> NoSubject:
    given = _parameters(subject)
    return NoSubject(WrongKind.ARGUMENTS, own, given, likely_names(given, [*ARRAYS, *OTHERS]))


def _class(subject: type, own: str) -> NoSubject:
    methods = [n for n, m in vars(subject).items() if inspect.isfunction(m) and n[0] != "_"]
    calls = tuple(" ".join([name, *_parameters(getattr(subject, name))[1:]]) for name in methods)
    takes_case = "__call__" in vars(subject) and len(_parameters(subject.__call__)) == 2
    made_with = _parameters(subject.__init__)[1:] if "__init__" in vars(subject) else ()
    return NoSubject(
        WrongKind.CLASS, own, calls, constructor=tuple(made_with), callable_objects=takes_case
    )


def _parameters(function: Callable[..., Any]) -> tuple[str, ...]:
    """The names of the positional arguments; empty if nobody can tell."""
    try:
        found = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return ()
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return tuple(p.name for p in found if p.kind in positional)


def _gradients(case: Case, returned: Any) -> NoSubject | None:
    """What a loss came with that is no dict of the case's names."""
    if isinstance(returned, Result):
        returned = (returned.loss, returned.grads)
    if not isinstance(returned, tuple) or len(returned) < 2:
        return None
    if len(returned) == 2 and isinstance(returned[1], Mapping):
        return _other_names(case, returned[1])
    many = returned[1] if len(returned) == 2 else returned[1:]
    return _without_names(case, many) if isinstance(many, (tuple, list)) and many else None


def _other_names(case: Case, grads: Mapping[Any, Any]) -> NoSubject | None:
    """Gradients none of whose names, or few, are those of the case."""
    shapes = {clean(n): np.shape(g) for n, g in grads.items() if isinstance(n, str)}
    foreign = {n: s for n, s in shapes.items() if n not in case.inputs}
    missing = [n for n in case.params if n not in grads]
    if 2 * len(missing) < len(case.params) or 2 * len(foreign) < len(missing):
        return None
    wanted = {b: s for b, s in bases_of(case).items() if full_name(case, b) not in grads}
    names = by_shape(foreign, wanted, likely_names(list(foreign), list(wanted)))
    turned = is_transposed(foreign, wanted, names)
    given = tuple(foreign)
    return NoSubject(WrongKind.NAMES, given=given, names=names, transposed=turned)


def _without_names(case: Case, grads: Sequence[Any]) -> NoSubject:
    """Gradients in a tuple or a list, named by their shapes where these are alone."""
    shapes: dict[str, Shape] = {str(k): np.shape(g) for k, g in enumerate(grads)}
    wanted = bases_of(case)
    alone = by_shape(shapes, wanted, {})
    places = {int(k): full_name(case, b) for b, k in alone.items()}
    returns = tuple(places.get(k, "_") for k in range(len(grads)))
    return NoSubject(WrongKind.UNNAMED, given=(str(len(grads)),), returns=returns)
