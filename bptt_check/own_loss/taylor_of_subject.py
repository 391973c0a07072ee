"""The Taylor test of a subject on a case: whose loss is followed, and how far.

The loss is the subject's own, so the test needs no oracle. What is known of the model serves only
to say how much rounding there is and how far a step may go before the forward pass bends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from ..cases.case import Case
from ..cases.precision import PRECISIONS
from ..cases.result import Differentiator
from ..cases.types import Array
from ..equations.conditioning import conditioning
from ..equations.namespaces.numpy import NumPy
from ..equations.namespaces.recording import Recording
from ..equations.network import losses
from ..equations.truncation import windows_of
from ..errors import Undecidable
from ..subjects.calling import call_once
from .taylor import Loss, TaylorTest, taylor_of

Inputs = Mapping[str, Array]

REACH = 0.25
"""Farthest that a step may move what enters a nonlinear function, where the forward is known."""


def taylor(
    subject: Differentiator,
    case: Case,
    directions: int = 1,
    seed: int = 0,
    timeout: float | None = None,
    each: bool = True,
) -> TaylorTest:
    """The Taylor test of a subject's gradient against its own loss.

    With truncation the subject's gradient belongs to a surrogate, not to the loss that it returns;
    then the surrogate of the shared forward pass takes that loss's place.

    Args:
        subject: a callable `case -> (loss, grads)` or `case -> Result`.
        case: where to look.
        directions: number of random-sign directions, of all inputs and of each of them.
        seed: of the directions.
        timeout: seconds for one call of the subject.
        each: also along each input alone, which tells whose gradient is wrong.

    Raises:
        SpecError: `directions` or `timeout` is not positive.
    """
    answer = call_once(subject, case, timeout)
    if answer.result is None or not answer.result.grads:
        return TaylorTest((), answer.text or "no gradient came back")
    own = conditioning(case, case.dtype)
    exact = case.truncation is not None
    given = {n: case.inputs[n] for n in answer.result.grads}
    try:
        return taylor_of(
            _surrogate(case) if exact else _own_loss(subject, case, timeout),
            answer.result.grads,
            {n: a.astype(np.float64) for n, a in given.items()} if exact else given,
            directions=directions,
            seed=seed,
            noise=own.loss * PRECISIONS["float64" if exact else case.dtype].unit,
            rounding={n: own.error(n) for n in given},
            smooth=_smooth(case),
            each=each,
            model=str(case.model),
            spec=str(case.spec or ""),
        )
    except Undecidable as reason:
        return TaylorTest((), str(reason))


def _own_loss(subject: Differentiator, case: Case, timeout: float | None) -> Loss:
    """The subject's loss as a function of the inputs."""

    def loss(inputs: dict[str, Array]) -> float:
        answer = call_once(subject, case.with_inputs(inputs), timeout)
        if answer.result is None:
            raise Undecidable(answer.text or "no loss came back")
        return answer.result.loss

    return loss


def _surrogate(case: Case) -> Loss:
    """The loss whose gradient a truncated gradient is; states that enter a window are constants."""
    windows = windows_of(case)

    def loss(inputs: dict[str, Array]) -> float:
        everything = {**case.inputs, **inputs}
        values = [losses(NumPy(), w.problem, w.inputs_of(everything)).sum() for w in windows]
        return float(sum(values))

    return loss


def _smooth(case: Case) -> Callable[[dict[str, Array]], bool]:
    """Whether inputs lie on the same side of every kink, and bend nothing far."""
    windows = windows_of(case)

    def calls(inputs: Inputs) -> list[tuple[str, Array]]:
        xp = Recording()
        everything = {n: np.asarray(a, np.float64) for n, a in {**case.inputs, **inputs}.items()}
        with np.errstate(over="ignore", invalid="ignore"):
            for window in windows:
                losses(xp, window.problem, window.inputs_of(everything))
        return xp.calls

    before = calls({})

    def smooth(inputs: dict[str, Array]) -> bool:
        pairs = zip(before, calls(inputs), strict=True)
        return all(_near(name, old, new) for (name, old), (_, new) in pairs)

    return smooth


def _near(name: str, old: Array, new: Array) -> bool:
    """Whether an argument of a nonlinear function has not moved across a kink, or far."""
    if name == "relu":
        return bool(np.all(((old > 0) == (new > 0)) & (old != 0)))
    return bool(np.abs(new - old).max(initial=0.0) <= REACH)
