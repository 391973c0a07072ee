"""The trusted differentiators, by name. An oracle is one file here; nothing is imported until
asked.

Each file has `gradients(problem) -> (loss, grads, bounds)`: the loss of a `network.Problem` as a
float, the gradient of every input in `problem.differentiated` as float64 arrays, and a bound on the
error of every entry, or None where the oracle is exact up to float64 rounding. Everything about
time (truncation, lengths) happens in `truncation.windows_of`, once, for all of them. One that
gains by it has `gradients_of_many(problems)` too, a list of the same. One that must not round in
between, where windows are added up, has `differentiate(case) -> Result` instead.

Large cases: one that needs a forward pass for every entry has `slopes_along(problem, directions)`
too, which is asked where there are too many of them (`directional.directions_of`); one that is slow
has `too_large(case)`, which says why it leaves a case alone unless it is asked for, or
`reasons_to_leave(cases)`, which says so of each of the cases that are checked together.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from ..cases.case import Case
from ..cases.directions import SignDirections
from ..cases.result import OracleResult, Result, outcome_of
from ..cases.types import Array
from ..equations.directional import Along, directions_of
from ..equations.exact import exact_loss
from ..equations.network import Problem
from ..equations.truncation import Window, windows_of
from ..errors import BrokenCell, LeftAlone, MissingFramework, UnknownName

Gradients = tuple[float, dict[str, Array], Mapping[str, Array] | None]


@dataclass(frozen=True)
class Framework:
    """What an oracle needs beyond the core dependencies: its module, its package, our extra."""

    module: str
    package: str
    extra: str

    @property
    def install(self) -> str:
        """The command that installs it."""
        return f"pip install 'bptt-check[{self.extra}]'"


FRAMEWORKS = {
    "torch": Framework("torch", "torch", "torch"),
    "jax": Framework("jax", "jax", "jax"),
    "certified": Framework("flint", "python-flint", "flint"),
}
"""Of each oracle that needs one."""


class Oracle(Protocol):
    """A trusted differentiator with its name."""

    @property
    def name(self) -> str: ...

    def __call__(self, case: Case) -> Result: ...

    def many(self, cases: Sequence[Case], /) -> Iterator[OracleResult]: ...


def names() -> list[str]:
    """Names of all oracles, in the order in which they are shown."""
    files = {m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_")}
    files -= {"recurrences"}  # those of a user's own plain code
    first = ["finite_difference", "torch", "jax", "complex_step", "certified"]
    return [n for n in first if n in files] + sorted(files - set(first))


def available(name: str) -> bool:
    """Whether the framework of an oracle is installed."""
    framework = FRAMEWORKS.get(name)
    return framework is None or importlib.util.find_spec(framework.module) is not None


def require_framework(name: str) -> None:
    """Raise if the framework of an oracle is not installed.

    Raises:
        MissingFramework: it is not; the message says how to install it.
    """
    if not available(name):
        framework = FRAMEWORKS[name]
        raise MissingFramework(
            f"the oracle {name!r} needs {framework.package}, which is not installed: "
            f"{framework.install}"
        )


def defaults(without: Collection[str] = ()) -> list[Oracle]:
    """Every oracle whose framework is installed, but some; a slow one leaves large cases alone."""
    kept = (name for name in names() if available(name) and name not in without)
    return [load_oracle(name, asked_for=False) for name in kept]


def load_oracle(name: str, asked_for: bool = True, every_entry: bool = False) -> Oracle:
    """The oracle of that name.

    Args:
        name: of the oracle.
        asked_for: one that was not leaves cases that are too large for it alone.
        every_entry: measure entry by entry, however many there are.

    Raises:
        UnknownName: there is none; the message lists the valid ones.
        MissingFramework: its framework is not installed; the message says how to install it.
    """
    if name not in names():
        raise UnknownName("oracle", name, names())
    require_framework(name)
    module: Any = importlib.import_module(f"{__name__}.{name}")
    reasons = None if asked_for else _reasons_to_leave(module)
    if (differentiate := getattr(module, "differentiate", None)) is not None:
        return _Loaded(name, _OneByOne(differentiate), reasons)
    slopes_along = None if every_entry else getattr(module, "slopes_along", None)
    many = getattr(module, "gradients_of_many", None)
    return _Loaded(name, _SumOfWindows(module.gradients, slopes_along, many), reasons)


Reasons = Callable[[Sequence[Case]], list[str]]
"""Why an oracle leaves each of some cases alone; empty if it does not."""


def _reasons_to_leave(module: Any) -> Reasons | None:
    too_large: Callable[[Case], str] | None = getattr(module, "too_large", None)
    if too_large is not None:
        return lambda cases: [too_large(case) for case in cases]
    return getattr(module, "reasons_to_leave", None)


class _Differentiate(Protocol):
    """The results of many cases, or the exception in the place of one."""

    def __call__(self, cases: Sequence[Case], /) -> Iterator[OracleResult]: ...


@dataclass(frozen=True)
class _Loaded:
    """An oracle that leaves alone what is too large for it."""

    name: str
    differentiate: _Differentiate
    reasons_to_leave: Reasons | None

    def __call__(self, case: Case) -> Result:
        (result,) = self.many([case])
        if isinstance(result, Exception):
            raise result
        return result

    def many(self, cases: Sequence[Case], /) -> Iterator[OracleResult]:
        """The result of each case, or in its place the exception that says why there is none."""
        why = self.reasons_to_leave(cases) if self.reasons_to_leave else [""] * len(cases)
        results = self.differentiate([c for c, w in zip(cases, why, strict=True) if not w])
        return (LeftAlone(w) if w else next(results) for w in why)


@dataclass(frozen=True)
class _OneByOne:
    """Results by a function of one case."""

    differentiate: Callable[[Case], Result]

    def __call__(self, cases: Sequence[Case], /) -> Iterator[OracleResult]:
        return (outcome_of(self.differentiate, case) for case in cases)


@dataclass(frozen=True)
class _SumOfWindows:
    """The gradient of a case from those of its windows (one window unless it is truncated).

    Without `slopes_along` it is measured entry by entry, however many there are; with
    `gradients_of_many` the windows of all cases are differentiated at once.
    """

    gradients: Callable[[Problem], Gradients]
    slopes_along: Callable[[Problem, Along], Gradients] | None = None
    gradients_of_many: Callable[[Sequence[Problem]], list[Gradients]] | None = None

    def __call__(self, cases: Sequence[Case], /) -> Iterator[OracleResult]:
        one_by_one = _OneByOne(self._differentiate)
        if self.gradients_of_many is None:
            return one_by_one(cases)
        try:
            return iter(self._at_once(cases, self.gradients_of_many))
        except BrokenCell:
            raise
        except Exception:  # of one of them: asked one by one it costs no other its result
            return one_by_one(cases)

    def _at_once(
        self, cases: Sequence[Case], gradients_of: Callable[[Sequence[Problem]], list[Gradients]]
    ) -> list[Result]:
        of_cases = [windows_of(case) for case in cases]
        measured = iter(gradients_of([w.problem for windows in of_cases for w in windows]))
        return [
            _summed(case, [(w, next(measured)) for w in windows], {})
            for case, windows in zip(cases, of_cases, strict=True)
        ]

    def _differentiate(self, case: Case) -> Result:
        along = directions_of(case) if self.slopes_along else {}
        return _summed(case, [(w, self._measured(w, along)) for w in windows_of(case)], along)

    def _measured(self, window: Window, along: Along) -> Gradients:
        if self.slopes_along is None or not along:
            return self.gradients(window.problem)
        return self.slopes_along(window.problem, window.parts(along))


def _summed(case: Case, of_windows: Sequence[tuple[Window, Gradients]], along: Along) -> Result:
    """The result of a case, given what was measured in each of its windows."""
    total = {n: _zeros(a.shape, along.get(n)) for n, a in case.inputs.items()}
    bounds = {n: np.zeros(a.shape) for n, a in total.items()}
    bounded = False
    loss = 0.0
    for window, (window_loss, grads, window_bounds) in of_windows:
        loss = window_loss
        add_to = window.add_slopes_to if along else window.add_to
        add_to(total, grads)
        if window_bounds is not None:
            bounded = True
            add_to(bounds, window_bounds)
    if case.truncation is not None:  # the reported loss is the whole one, not the surrogate's
        loss = exact_loss(case)
    return Result(loss, total, bounds=bounds if bounded else None, along=along)


def _zeros(shape: tuple[int, ...], along: SignDirections | None) -> Array:
    """Nothing yet of a gradient, or of its slopes."""
    return np.zeros(shape) if along is None else along.slopes(np.zeros(shape))
