"""What is left of one call in the next? Tells apart why calls on the same case give other answers.

Gradients are added to those of the call before; states are carried on; answers come in turn; or
the subject draws numbers of its own. Two calls do not tell these apart, more do.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from ..cases.case import Case, Spec
from ..cases.result import Differentiator
from ..cases.types import Array, Arrays
from ..equations.exact import exact_loss
from ..equations.namespaces.numpy import NumPy
from ..equations.network import problem_of, unroll
from .call_facts import AddedUp, AnswersInTurn, CarriedState, OwnRandomNumbers
from .trials import Trial, crafted_specs, most_ordinary, trial_of

LeftOfCalls = AddedUp | CarriedState | AnswersInTurn | OwnRandomNumbers
CALLS = 4
"""On the same case, which tell what changes from one to the next."""
SETTLED = 12
"""Calls on a case with tiny parameters after which every state that is carried is the same."""
LARGEST = 1000
"""Steps times sequences times widths of a case that is still small."""
TINY = 2.0**-7
"""Times parameters: gates are then one half, and what is carried halves at every step."""


def left_of_calls(
    subject: Differentiator, specs: Sequence[Spec], timeout: float | None = None
) -> LeftOfCalls | None:
    """Why a subject gives several answers to one case; None if it now does not, or cannot be told.

    Args:
        subject: is called several times on one or two cases.
        specs: of cases to which it gave two answers.
        timeout: seconds for one call.
    """
    asked = dict.fromkeys(_telling(specs))
    facts = (_left(subject, spec.build(), timeout) for spec in asked)
    return next(filter(None, facts), None)


def _telling(specs: Sequence[Spec]) -> list[Spec]:
    """The largest of the crafted cases and of the failing ones that are small: numbers that are
    drawn may be alike where there are few.
    """
    if not specs:
        return []
    crafted = list(crafted_specs(most_ordinary(specs)))
    small = [s for s in specs if _size(s) <= LARGEST]
    return [*sorted(crafted, key=_size)[-1:], *(sorted(small, key=_size)[-1:] or specs[:1])]


def _size(spec: Spec) -> int:
    sizes = spec.sizes
    return sizes.T * sizes.B * (sizes.D + sizes.H)


def _left(subject: Differentiator, case: Case, timeout: float | None) -> LeftOfCalls | None:
    """`left_of_calls` for one case."""
    answers = [a for _ in range(CALLS) if (a := trial_of(subject, case, timeout)) is not None]
    numbers = [n for answer in answers for n in (answer.got_loss, *answer.got.values())]
    finite = all(np.isfinite(n).all() for n in numbers)
    if len(answers) < CALLS or not finite or all(_alike(one, answers[0]) for one in answers):
        return None
    added = _added_up(answers)
    if added:
        return AddedUp(added)
    carried = _carried_state(subject, case, timeout)
    if carried:
        return CarriedState(carried)
    if all(_alike(a, b) for a, b in zip(answers, answers[2:], strict=False)):
        return AnswersInTurn(2)
    if any(_alike(a, b) for a, b in itertools.combinations(answers, 2)):
        return None
    return OwnRandomNumbers(CALLS, of_loss=len({a.got_loss for a in answers}) == CALLS)


def _alike(one: Trial, other: Trial) -> bool:
    """Whether two answers are the same, to rounding."""
    same_names = one.got.keys() == other.got.keys()
    return same_names and one.has_loss(other.got_loss) and not _changed(one, other)


def _changed(one: Trial, other: Trial) -> tuple[str, ...]:
    """The gradients that differ by more than rounding, of those that both answers have."""
    both = [n for n in one.got if n in other.got]
    return tuple(n for n in both if not np.all(one.by_rounding(n, one.got[n], other.got[n])))


def _added_up(answers: Sequence[Trial]) -> tuple[str, ...]:
    """The gradients to which every call adds the right ones; () if that is not all that changes."""
    pairs = list(itertools.pairwise(answers))
    changed = {_changed(before, after) for before, after in pairs}
    names = changed.pop()
    if changed or not all(a.has_loss(answers[0].got_loss) for a in answers):
        return ()

    def adds(before: Trial, after: Trial, name: str) -> bool:
        share = after.got[name] - before.got[name]
        return bool(np.all(after.in_norm(name, share, after.want[name])))

    return names if all(adds(*pair, name) for pair in pairs for name in names) else ()


def _carried_state(subject: Differentiator, case: Case, timeout: float | None) -> tuple[str, ...]:
    """The states with which a call starts where the call before ended; () if it is none of them.

    What came before is not known. So the subject is called on a case with tiny parameters until
    every state has settled, whatever it was, and then once on the case itself.
    """
    tiny = case.with_inputs({n: a * a.dtype.type(TINY) for n, a in case.params.items()})
    for _ in range(SETTLED):
        if trial_of(subject, tiny, timeout) is None:
            return ()
    answer = trial_of(subject, case, timeout)
    if answer is None or answer.has_loss(answer.want_loss):
        return ()
    names = case.model.layout.states
    for carried in (names, *((name,) for name in names)):
        start = {f"{s}0": a for s, a in _settled_states(tiny, carried).items()}
        if answer.has_loss(exact_loss(case.with_inputs(start))):
            return tuple(carried)
    return ()


def _settled_states(case: Case, carried: Sequence[str]) -> Arrays:
    """The final states (layers*N, B, H), of those carried, of a case that is run many times."""
    states: dict[str, Array] = {}
    for _ in range(SETTLED):
        problem = problem_of(case.with_inputs({f"{s}0": a for s, a in states.items()}))
        _, finals = unroll(NumPy(), problem, problem.inputs)
        states = {s: np.stack(finals[s]).astype(case.h0.dtype) for s in carried}
    return states
