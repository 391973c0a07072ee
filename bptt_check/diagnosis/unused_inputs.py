"""Does a wrong loss depend on everything? Names inputs for other values of which it is the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..cases.case import Case
from ..cases.follow_up import other_input
from ..equations.exact import exact_loss
from .call_facts import UnusedInputs
from .trials import Trial, Trials


def unused_inputs(trials: Trials, failing: Sequence[Trial]) -> UnusedInputs | None:
    """The inputs that a loss does not depend on, though it should; None if there is none.

    Args:
        trials: ask about other values, one input at a time.
        failing: cases on some of which the loss is wrong; else nothing is asked.
    """
    wrong = [trial for trial in failing if not trial.has_loss(trial.want_loss)]
    if not wrong:
        return None
    smallest = min(wrong, key=lambda trial: trial.case.x.size)
    names = tuple(name for name in smallest.case.inputs if _is_unused(trials, smallest, name))
    if not names:
        return None
    as_zero = all(trial.has_loss(exact_loss(_with_zeros(trial.case, names))) for trial in failing)
    return UnusedInputs(names, as_zero)


def _is_unused(trials: Trials, trial: Trial, name: str) -> bool:
    """Whether the loss is the same to the last bit for other values of an input, where the right
    one is another.
    """
    other = trial.case.with_inputs({name: other_input(name, trial.case.inputs[name])})
    if np.isclose(exact_loss(other), trial.want_loss, rtol=1e-6, atol=0.0):
        return False
    moved = trials.of_crafted(other)
    return moved is not None and moved.got_loss == trial.got_loss


def _with_zeros(case: Case, names: Sequence[str]) -> Case:
    return case.with_inputs({name: np.zeros_like(case.inputs[name]) for name in names})
