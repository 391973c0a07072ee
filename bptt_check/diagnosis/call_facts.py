"""What further calls show, as data: what a loss depends on, and what is left of a call."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class UnusedInputs:
    """Inputs that a loss does not depend on: it is the same to the last bit for other values.

    Args:
        names: of parameters, `x` or initial states.
        as_zero: whether the loss is that of the model with zeros for them.
    """

    names: tuple[str, ...]
    as_zero: bool


@dataclass(frozen=True)
class AddedUp:
    """Each call on the same case adds the right gradients to those of the calls before.

    Args:
        names: of the gradients.
    """

    names: tuple[str, ...]


@dataclass(frozen=True)
class CarriedState:
    """A call starts at the final states of the call before, not at the given ones.

    Args:
        states: names of the states that are carried: h, c.
    """

    states: tuple[str, ...]


@dataclass(frozen=True)
class AnswersInTurn:
    """Calls on the same case give so many answers in turn."""

    period: int


@dataclass(frozen=True)
class OwnRandomNumbers:
    """No two calls on the same case give the same, and what changes is nothing that is left of the
    call before.

    Args:
        calls: how many were compared.
        of_loss: whether the loss changes too.
    """

    calls: int
    of_loss: bool


@dataclass(frozen=True)
class NeverGiven:
    """Parameters of which no call gave a gradient."""

    names: tuple[str, ...]
