"""The words of what further calls showed: what a loss depends on, what is left of a call."""

from __future__ import annotations

from collections.abc import Sequence

from .call_facts import (
    AddedUp,
    AnswersInTurn,
    CarriedState,
    NeverGiven,
    OwnRandomNumbers,
    UnusedInputs,
)


def unused_in_words(fact: UnusedInputs) -> str:
    """Inputs that a loss does not depend on."""
    it = "it" if len(fact.names) == 1 else "them"
    zero = f", and it is that of the model with zeros for {it}" if fact.as_zero else ""
    return (
        f"your loss does not depend on {listed(fact.names)}: it is the same to the last bit for "
        f"other values of {it}{zero}"
    )


def never_given_in_words(fact: NeverGiven) -> str:
    """Parameters of which no call gave a gradient, and how to declare that."""
    gradients = f"gradient{'s' if len(fact.names) > 1 else ''} of {listed(fact.names)}"
    return (
        f"no call gives the {gradients}: if your code never does, declare it, and the others are "
        f"checked: bc.Result(loss, grads, without={fact.names!r})"
    )


def repeated_calls_in_words(fact: AddedUp | CarriedState | AnswersInTurn | OwnRandomNumbers) -> str:
    """Why calls on the same case give other answers."""
    match fact:
        case AddedUp():
            what = f"gradient{'s' if len(fact.names) > 1 else ''} of {listed(fact.names)}"
            return (
                f"every call adds the right {what} to those of the calls before: set them to zero "
                "at the start of a call (`.grad` accumulates)"
            )
        case CarriedState():
            return (
                f"every call starts at the {listed(fact.states)} at which the call before ended, "
                "not at the initial state that is given: carry no state from call to call"
            )
        case AnswersInTurn():
            return (
                f"calls on the same case give {fact.period} answers in turn: is there something "
                "that every call switches, or a buffer for every other one?"
            )
        case OwnRandomNumbers():
            what = "loss and gradients are" if fact.of_loss else "gradients are"
            return (
                f"in each of {fact.calls} calls on the same case {what} others, and what changes "
                "is neither a sum over calls nor a state carried on: do you draw random numbers of "
                "your own (dropout, noise, initial values)?"
            )


def listed(names: Sequence[str], last: str = " and ") -> str:
    """`a`, `a and b`, `a, b and c`."""
    *most, end = names or [""]
    return f"{', '.join(most)}{last}{end}" if most else end
