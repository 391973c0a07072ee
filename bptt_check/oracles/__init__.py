"""The trusted differentiators, by name. An oracle is one file here; nothing is imported until
asked.

Each file has `gradients(problem) -> (loss, grads, bounds)`: the loss of a `network.Problem` as a
float, the gradient of every input in `problem.wanted` as float64 arrays, and a bound on the error
of every entry, or None where the oracle is exact up to float64 rounding. Everything about time
(truncation, lengths) happens in `network.parts`, once, for all of them.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..arrays import NumPy
from ..case import Case, Result
from ..errors import MissingFramework, UnknownName
from ..network import Problem, losses, parts, problem

Array = NDArray[Any]
Gradients = tuple[float, dict[str, Array], Mapping[str, Array] | None]

FRAMEWORKS = {"torch": "torch", "jax": "jax"}
"""Oracle name to the module it needs beyond the core dependencies; also the name of its extra."""


class Oracle(Protocol):
    """A trusted differentiator with its name."""

    name: str

    def __call__(self, case: Case) -> Result: ...


def names() -> list[str]:
    """Names of all oracles, in the order in which they are shown."""
    found = {m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_")}
    first = ["finite_difference", "torch", "jax", "complex_step"]
    return [n for n in first if n in found] + sorted(found - set(first))


def available(name: str) -> bool:
    """Whether the framework of an oracle is installed."""
    framework = FRAMEWORKS.get(name)
    return framework is None or importlib.util.find_spec(framework) is not None


def load(name: str) -> Oracle:
    """The oracle of that name.

    Raises:
        UnknownName: there is none; the message lists the valid ones.
        MissingFramework: its framework is not installed; the message says how to install it.
    """
    if name not in names():
        raise UnknownName("oracle", name, names())
    if not available(name):
        raise MissingFramework(
            f"the oracle {name!r} needs {FRAMEWORKS[name]}, which is not installed: "
            f"pip install 'bptt_check[{name}]'"
        )
    module = importlib.import_module(f"{__name__}.{name}")
    return _SumOfParts(name, module.gradients)


class _SumOfParts:
    """The gradient of a case from that of its parts (one part unless it is truncated)."""

    def __init__(self, name: str, gradients: Callable[[Problem], Gradients]) -> None:
        self.name = name
        self._gradients = gradients

    def __call__(self, case: Case) -> Result:
        total = {n: np.zeros(a.shape) for n, a in case.inputs.items()}
        bounds = {n: np.zeros(a.shape) for n, a in case.inputs.items()}
        bounded = False
        loss = 0.0
        for part in parts(case):
            loss, grads, part_bounds = self._gradients(part.problem)
            part.add_to(total, grads)
            if part_bounds is not None:
                bounded = True
                part.add_to(bounds, part_bounds)
        if case.truncation is not None:  # the reported loss is the whole one, not the surrogate's
            whole = problem(case)
            loss = float(losses(NumPy(), whole, whole.inputs).sum())
        return Result(loss, total, bounds=bounds if bounded else None)
