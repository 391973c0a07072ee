"""What a run adds to the message of a case: what it found out by asking others."""

from __future__ import annotations

_PASSES_WHERE = {
    "zero": "the initial state is zero",
    "zero_h": "h0 is zero",
    "zero_c": "c0 is zero",
}


def passes_within(initial_state: str) -> str:
    """The line of a message that names an initial state with which the subject is right."""
    return (
        f"passes where {_PASSES_WHERE[initial_state]}: if your code has none, say "
        f"within=bc.Within(initial_state={initial_state!r}) "
        f"(command line: --within initial_state={initial_state})"
    )


def not_tried(cases: int) -> str:
    """The line of a message that says for how many cases the subject was not called any more."""
    what = f"{cases} further case{'s' if cases > 1 else ''} of this model"
    return f"not tried: {what}, since it died or ran out of time too often"


def not_called(function: str) -> str:
    """The line of a message that says that a function of a training step was given up."""
    return f"{function}: not called any more in this run, as calls of it did not come back"


def left_out(cases: int) -> str:
    """The line of a message that says what was not asked after the same error again and again."""
    same = "left out, as the first ones all ended so"
    return f"{same}: {cases} further cases of this model" if cases > 0 else ""
