"""Calls a function of arrays that nobody knows, and reads what it returns.

Structure comes first, as for subjects: it is called twice, on arrays of its own, with other arrays
in between, and whatever it raises becomes data.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..cases.contract import Breach, accept, differ, writes
from ..cases.precision import PRECISIONS, Precision
from ..cases.result import Result
from ..cases.types import Array, Arrays
from ..errors import SpecError, SubjectTimeout
from ..subjects.raised import explained
from ..subjects.time_limit import time_limit
from .trees import ComplexGradient, Form, Leaf, as_numpy, dtype_name

Function = Callable[[Any], Any]
"""`arrays -> (loss, grads)`, or a `Result`: both have the same names, or the same nest."""
Wanted = Iterable[str] | Mapping[str, Any] | None
"""Names of the arrays that have a gradient, or names to masks of the entries that have one."""


@dataclass(frozen=True, eq=False)
class Point:
    """The arrays at which a function is checked; what `contract.accept` needs to know of a case.

    Args:
        arrays: every array by name; the function gets copies of all of them.
        params: those whose gradient is asked for, float64 or float32.
        half: the precision of those that hold half precision, by name.
        masks: for some, which entries have a gradient.
        conventions: what the gradient of those means that hold complex numbers, in a last axis of
            real and imaginary parts.
    """

    arrays: Arrays
    params: Arrays
    half: Mapping[str, str] = field(default_factory=dict[str, str])
    masks: Mapping[str, Array] = field(default_factory=dict[str, Array])
    conventions: Mapping[str, ComplexGradient] = field(default_factory=dict[str, ComplexGradient])

    @property
    def inputs(self) -> Arrays:
        """The same: an array whose gradient is not asked for may not have one."""
        return self.params

    @property
    def wanted(self) -> None:
        """Every one of them is asked for."""

    def precision(self, name: str) -> Precision:
        """The precision of the numbers in an array."""
        return PRECISIONS[self.half.get(name, self.params[name].dtype.name)]

    @property
    def dtype(self) -> str:
        """The lowest precision among the arrays that have a gradient."""
        return max((self.precision(n) for n in self.params), key=lambda p: p.unit).name

    def asked(self, name: str) -> Array:
        """Which entries of an array have a gradient."""
        return self.masks.get(name, np.ones(self.params[name].shape, dtype=bool))

    def widened(self) -> Point:
        """The same values in float64."""
        wide = {
            n: a.astype(np.float64) if a.dtype.kind == "f" else a for n, a in self.arrays.items()
        }
        return Point(wide, {n: wide[n] for n in self.params}, masks=self.masks)

    def moved(self, changed: Arrays) -> dict[str, Array]:
        """The arrays with some of them replaced."""
        return {**self.arrays, **changed}


def read_point(form: Form, wrt: Wanted, convention: ComplexGradient = "torch") -> Point:
    """The point that a user means.

    Without `wrt` every float array has a gradient; where some tensors require one, those alone.

    Raises:
        SpecError: `wrt` names no float array, or has a mask that does not fit.
    """
    floats = [n for n, leaf in form.leaves.items() if leaf.precision]
    required = [n for n in floats if getattr(form.leaves[n].given, "requires_grad", False)]
    wanted = (required or floats) if wrt is None else _below(list(wrt), floats)
    if not wanted:
        raise SpecError("no array has a gradient: give at least one of float64 or float32.")
    arrays = {n: leaf.array for n, leaf in form.leaves.items()}
    masks = dict[str, Array]()
    if isinstance(wrt, Mapping):
        masks = {n: _mask(form.leaves[n], wrt[n]) for n in wanted if wrt.get(n, True) is not True}
    half = {n: p for n in wanted if (p := form.leaves[n].precision) in ("bfloat16", "float16")}
    conventions: dict[str, ComplexGradient] = {
        n: convention for n in wanted if form.leaves[n].is_complex
    }
    return Point(arrays, {n: arrays[n] for n in wanted}, half, masks, conventions)


def _below(names: Sequence[str], floats: Sequence[str]) -> list[str]:
    """The float arrays with these names, or below such a path."""
    found: list[str] = []
    for name in names:
        below = [n for n in floats if n == name or n.startswith((f"{name}.", f"{name}["))]
        if not below:
            raise SpecError(
                f"wrt names {name!r}, which is no float array; there are: {', '.join(floats)}."
            )
        found += below
    return found


def _mask(leaf: Leaf, mask: Any) -> Array:
    """The mask of an array, as it is stored."""
    array = as_numpy(mask)
    shape = leaf.array.shape[:-1] if leaf.is_complex else leaf.array.shape
    if array.dtype != np.bool_ or array.shape != shape or not array.any():
        raise SpecError(
            f"the mask of {leaf.name} in wrt must be boolean, of shape {shape} and true somewhere; "
            f"got {array.dtype} of shape {array.shape}."
        )
    return np.broadcast_to(array[..., None], leaf.array.shape) if leaf.is_complex else array


class TotalTimeOver(SubjectTimeout):
    """The time for all calls together is over."""


@dataclass(eq=False)
class Caller:
    """Calls the function and counts; every call gets arrays that it may write to.

    After the `deadline`, a time of `time.monotonic`, it raises `TotalTimeOver` instead.
    """

    function: Function
    point: Point
    timeout: float | None = None
    calls: int = 0
    name: str = ""
    deadline: float = math.inf

    def __call__(self, changed: Arrays) -> tuple[Any, dict[str, Array]]:
        """What the function returned with some arrays replaced, and the arrays as it left them."""
        left = self.deadline - time.monotonic()
        if left <= 0.0:
            raise TotalTimeOver
        self.calls += 1
        given = {n: np.array(a) for n, a in self.point.moved(changed).items()}
        limit = min(math.inf if self.timeout is None else self.timeout, left)
        try:
            with time_limit(limit if limit < math.inf else None):
                return self.function(given), given
        except SubjectTimeout:
            if time.monotonic() >= self.deadline:
                raise TotalTimeOver from None
            raise

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


def computes_without_x64(call: Caller) -> bool:
    """Whether gradients of float64 arrays are float32 because JAX computes in nothing else."""
    jax = sys.modules.get("jax")
    if jax is None or jax.config.jax_enable_x64:
        return False
    try:
        _, grads = call({})[0]
        return any(dtype_name(grads[n]) != a.dtype.name for n, a in call.point.params.items())
    except Exception:  # then the breach is another one
        return False


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
    except TotalTimeOver:
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
