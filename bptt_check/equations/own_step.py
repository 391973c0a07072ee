"""A step that a user wrote, run so that what it raises says where, and what to write instead."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..errors import BrokenCell, Undecidable

FUNCTIONS = (
    *("tanh", "sigmoid", "relu", "exp", "softplus", "log_softmax", "lerp"),
    *("where", "maximum", "minimum", "clip", "concat"),
)
"""What a step may ask of `xp`."""


def run_step(
    step: Callable[..., Any], arguments: Sequence[Any], cell: str, count: int
) -> tuple[Any, ...]:
    """The states after one step.

    Args:
        step: the function.
        arguments: what it gets.
        cell: its name.
        count: how many states it must return.

    Raises:
        BrokenCell: it raised, or returned something else than so many states.
    """
    try:
        state = step(*arguments)
    except (BrokenCell, Undecidable):
        raise
    except Exception as error:  # whatever an array library makes of a foreign function
        raise BrokenCell(_told(step, cell, error)) from error
    if not isinstance(state, tuple) or len(state) != count:
        got = f"a tuple of {len(state)}" if isinstance(state, tuple) else type(state).__name__
        code = step.__code__
        raise BrokenCell(
            f"the cell {cell!r} ({code.co_name}, line {code.co_firstlineno} of "
            f"{Path(code.co_filename).name}) must return a tuple of its {count} states, as its "
            f"Layout has them; it returned {got}."
        )
    return state


def _told(step: Callable[..., Any], cell: str, error: Exception) -> str:
    """What happened in which line of the user's own file, and what a step may use."""
    own = getattr(getattr(step, "__code__", None), "co_filename", "")
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == own]
    where = ""
    if frames:
        where = f" at line {frames[-1].lineno} of {Path(own).name}, `{frames[-1].line}`"
    return (
        f"the cell {cell!r} cannot be differentiated{where}: {type(error).__name__}: {error}. A "
        "step is written for the arrays of every oracle, in operators (+ - * / @ < >), slices from "
        f"the last axis, .mT, .sum(axis) and xp.{', xp.'.join(FUNCTIONS)}; xp.where(condition, a, "
        "b) stands for `if`."
    )
