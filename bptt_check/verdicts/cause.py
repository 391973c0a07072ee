"""What the verdict of one case rests on: one record of facts for each way in which a case can end.

`messages` makes the sentences.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..cases.any_case import AnyCase
from ..cases.follow_up import FollowUpCall
from ..cases.wrong_kind import NoSubject
from .contract.breaches import CaseBreach
from .contract.linearity import Nonlinearity
from .nonfinite import LargeNumbers, OutOfRange
from .oracle_disagreement import Disagreement
from .row import Row


@dataclass(frozen=True)
class Declined:
    """The subject does not handle such a case, for the reason that it gave."""

    reason: str


@dataclass(frozen=True)
class NoAnswer:
    """The subject gave none: it raised, ran out of time or died; a verb phrase says which.

    `place` is kind and line of what it raised.
    """

    what: str
    place: str = ""


@dataclass(frozen=True)
class ContractBroken:
    """What came back cannot be taken as loss and gradients."""

    breaches: tuple[CaseBreach, ...]


@dataclass(frozen=True)
class LostDigits:
    """Gradients off by no more than an arithmetic would leave that loses digits, and which; "" for
    one that is not known by name. `shrinks_in` is a wider dtype in which they are far smaller.
    """

    arithmetic: str
    shrinks_in: str = ""


@dataclass(frozen=True)
class LossLostDigits:
    """Every gradient is right, and the loss is off by no more than such an arithmetic leaves; ""
    for one that is not known by name.
    """

    arithmetic: str
    error: float
    expected: float


@dataclass(frozen=True)
class WrongLoss:
    """The loss is not that of the model.

    Args:
        budget: allowed distance of the two losses.
        right_gradients: whether every gradient is that of the model nevertheless.
        hints: what other cotangents say about the mistake.
        first_difference: where the forward is first another one, if that was asked.
        own_derivative: whether the gradients are the derivative of this loss, if that was asked.
    """

    got: float
    expected: float
    budget: float
    right_gradients: bool
    hints: tuple[Nonlinearity, ...] = ()
    first_difference: str = ""
    own_derivative: str = ""
    approximation: float = 0.0


@dataclass(frozen=True)
class WrongOutputs:
    """Outputs of a kernel are not those of the recurrence that defines them.

    Args:
        names: of the outputs.
        first_steps: output name to the first step at which it is wrong; of those that have steps.
        right_gradients: whether every gradient is right nevertheless.
        own_derivative: whether the gradients are the derivative of these outputs, if that was
            asked.
        hints: what other cotangents say about the mistake.
        approximation: see `WrongGradient`.
    """

    names: tuple[str, ...]
    first_steps: Mapping[str, int]
    right_gradients: bool
    own_derivative: str = ""
    hints: tuple[Nonlinearity, ...] = ()
    approximation: float = 0.0


@dataclass(frozen=True)
class WrongGradient:
    """The loss is right and a gradient is not.

    Args:
        steps: at which the gradient of `x` is over budget.
        hints: what other cotangents say about the mistake.
        approximation: the largest error beside the largest entry, where all are small; else 0.
    """

    steps: tuple[int, ...]
    hints: tuple[Nonlinearity, ...] = ()
    approximation: float = 0.0


@dataclass(frozen=True)
class WrongTrainingStep:
    """`clip`, `clip_by_value` or `update` is not what its definition says."""

    row: Row


@dataclass(frozen=True, eq=False)
class WrongFollowUp:
    """The case is right when it is asked once, and a further call is not.

    Args:
        call: what was asked.
        after: how many other cases were asked in between.
        case: the one that the further call was about.
        cause, rows: what is wrong with its answer.
        unchanged: wrong gradients that are those of the first call to the last bit.
    """

    call: FollowUpCall
    after: int
    case: AnyCase
    cause: Explained
    rows: tuple[Row, ...]
    unchanged: tuple[str, ...] = ()


Explained = (
    NoSubject
    | NoAnswer
    | ContractBroken
    | OutOfRange
    | LargeNumbers
    | Disagreement
    | LostDigits
    | LossLostDigits
    | WrongLoss
    | WrongOutputs
    | WrongGradient
    | WrongTrainingStep
    | WrongFollowUp
)
"""Those whose message has a title, lines and the line that reproduces the case."""
Cause = Declined | Explained
