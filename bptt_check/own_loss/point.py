"""Calls a function of arrays that nobody knows, and reads what it returns.

Structure comes first, as for subjects: it is called twice, on arrays of its own, with other arrays
in between, and whatever it raises becomes data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..cases.contract import Breach, accept, differ, writes
from ..cases.result import Result
from ..cases.types import Array, Arrays
from ..errors import SpecError, SubjectTimeout
from ..subjects.raised import explained
from ..subjects.time_limit import time_limit

FLOATS = ("float64", "float32")
Function = Callable[[dict[str, Any]], Any]
"""`arrays -> (loss, grads)`, or a `Result`: both dicts have the same names."""


@dataclass(frozen=True, eq=False)
class Point:
    """The arrays at which a function is checked; what `contract.accept` needs to know of a case.

    Args:
        arrays: every array by name; the function gets copies of all of them.
        params: those whose gradient is asked for, float64 or float32.
    """

    arrays: Arrays
    params: Arrays

    @property
    def inputs(self) -> Arrays:
        """The same: an array whose gradient is not asked for may not have one."""
        return self.params

    @property
    def wanted(self) -> None:
        """Every one of them is asked for."""

    @property
    def dtype(self) -> str:
        """The lowest precision among the arrays that have a gradient."""
        return min((a.dtype.name for a in self.params.values()), default="float64")

    def widened(self) -> Point:
        """The same values in float64."""
        wide = {
            n: a.astype(np.float64) if a.dtype.kind == "f" else a for n, a in self.arrays.items()
        }
        return Point(wide, {n: wide[n] for n in self.params})

    def moved(self, changed: Arrays) -> dict[str, Array]:
        """The arrays with some of them replaced."""
        return {**self.arrays, **changed}


def read_point(arrays: Mapping[str, Any], wrt: tuple[str, ...] | None) -> Point:
    """The point that a user means.

    Raises:
        SpecError: an array is empty, not finite, of another dtype, or `wrt` names none.
    """
    if not isinstance(arrays, Mapping) or not arrays:
        raise SpecError(f"arrays must be a dict of name to array, got {type(arrays).__name__}.")
    own = {str(n): _owned(str(n), a) for n, a in arrays.items()}
    floats = [n for n, a in own.items() if a.dtype.kind == "f"]
    wanted = floats if wrt is None else list(wrt)
    for name in wanted:
        if name not in floats:
            raise SpecError(
                f"wrt names {name!r}, which is no float array; there are: {', '.join(floats)}."
            )
    if not wanted:
        raise SpecError("no array has a gradient: give at least one of float64 or float32.")
    return Point(own, {n: own[n] for n in wanted})


def _owned(name: str, value: Any) -> Array:
    """A copy that nobody writes to."""
    array = np.array(value)
    if array.dtype.name not in FLOATS and array.dtype.kind not in "iub":
        raise SpecError(
            f"{name} has dtype {array.dtype}; an array must be float64 or float32, or hold "
            f"integers or booleans, which are constants."
        )
    if array.size == 0 or not np.all(np.isfinite(array)):
        what = "is empty" if array.size == 0 else "holds NaN or infinity"
        raise SpecError(f"{name} {what}; a function is checked where everything is finite.")
    array.flags.writeable = False
    return array


@dataclass(eq=False)
class Caller:
    """Calls the function and counts; every call gets arrays that it may write to."""

    function: Function
    point: Point
    timeout: float | None = None
    calls: int = 0

    def __call__(self, changed: Arrays) -> tuple[Any, dict[str, Array]]:
        """What the function returned with some arrays replaced, and the arrays as it left them."""
        self.calls += 1
        given = {n: a.copy() for n, a in self.point.moved(changed).items()}
        with time_limit(self.timeout):
            return self.function(given), given

    def loss(self, changed: Arrays) -> float:
        """The loss with some arrays replaced; NaN where the function raises or has no number.

        Raises:
            SubjectTimeout: it took too long; nothing can be measured then.
        """
        try:
            returned, _ = self(changed)
            loss = returned.loss if isinstance(returned, Result) else returned[0]
            return float(np.asarray(loss).reshape(()))
        except (KeyboardInterrupt, SubjectTimeout):
            raise
        except BaseException:  # outside of its domain, say
            return float("nan")

    def answer(self, changed: Arrays) -> tuple[float, dict[str, Array]] | None:
        """Loss and all gradients, finite and in float64, with some arrays replaced; else None.

        Raises:
            SubjectTimeout: it took too long; nothing can be measured then.
        """
        try:
            accepted = accept(self.point, self(changed)[0])
        except (KeyboardInterrupt, SubjectTimeout):
            raise
        except BaseException:
            return None
        if accepted.result is None or accepted.breaches:
            return None
        return accepted.result.loss, {n: accepted.result.grads[n] for n in self.point.params}


@dataclass(frozen=True, eq=False)
class FirstCalls:
    """What came of the first calls: a result, findings, or why there is neither.

    `again` is what a second call at the same point said, None if the same to the last bit;
    `unmoved` whether another point got the very same gradients.
    """

    result: Result | None = None
    findings: tuple[Breach, ...] = ()
    error: str = ""
    second_result: Result | None = None
    same_elsewhere: bool = False


def call_twice(call: Caller, between: Arrays) -> FirstCalls:
    """Call a function twice at its point and once at `between`, and watch what it does."""
    try:
        returned, left = call({})
        first = accept(call.point, returned)
        findings = [*first.breaches, *writes(call.point.arrays, left)]
        elsewhere = call.answer(between)
        if differ(first.result, accept(call.point, returned).result):
            findings.append(Breach("return value", CHANGED))
        later = accept(call.point, call({})[0]).result
    except KeyboardInterrupt:
        raise
    except SubjectTimeout as error:
        return FirstCalls(error=str(error))
    except BaseException as error:  # SystemExit too: a function cannot end the run
        return FirstCalls(error=explained(error))
    again = later if differ(first.result, later) else None
    other = None if elsewhere is None else Result(*elsewhere)
    unmoved = other is not None and not _differ_in_gradients(first.result, other)
    return FirstCalls(first.result, tuple(findings), second_result=again, same_elsewhere=unmoved)


CHANGED = "a later call changed the arrays that the first had returned"


def _differ_in_gradients(one: Result | None, other: Result | None) -> bool:
    if one is None or other is None:
        return one is not other
    return any(not np.array_equal(g, other.grads.get(n, np.empty(0))) for n, g in one.grads.items())
