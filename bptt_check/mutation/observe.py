"""Which functions a case runs, and which of their locals have the same shape.

Names that may be confused are those that hold alike things, and a run tells which do.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import numpy as np

from ..cases.case import Case
from .source import Source

CALLS = 6
"""Calls of one function, per case, whose locals are looked at."""

Shapes = dict[str, tuple[Any, ...]]
"""Name of a local, or `name.field` of a named tuple, to what it was in one call."""


@dataclass
class Observed:
    """What was seen: locals by function (`module.qualified.name`), functions by case."""

    calls: dict[str, list[Shapes]] = field(default_factory=dict)
    run: list[frozenset[str]] = field(default_factory=list)

    def peers(self, function: str) -> dict[str, tuple[str, ...]]:
        """The other locals that had the same type and shape in every call, by name."""
        calls = self.calls.get(function, [])
        names = list(dict.fromkeys(name for call in calls for name in call))
        seen = {name: tuple(call.get(name) for call in calls) for name in names}
        return {n: tuple(m for m in names if m != n and seen[m] == seen[n]) for n in names}


def observe(
    subject: Callable[[Case], Any], cases: Iterable[Case], modules: Mapping[str, Source]
) -> Observed:
    """Run a subject on cases and note the locals of the functions of its modules."""
    observed = Observed()
    for case in cases:
        observed.run.append(frozenset(_profiled(subject, case, set(modules), observed.calls)))
    return observed


def _profiled(
    subject: Callable[[Case], Any], case: Case, modules: set[str], calls: dict[str, list[Shapes]]
) -> set[str]:
    """The functions that one case runs; their locals are added to `calls`. None for a case that is
    declined: nothing can be seen of an edit there.
    """
    counts: dict[str, int] = {}

    def profile(frame: FrameType, event: str, _: Any) -> None:
        module = frame.f_globals.get("__name__", "")
        if event != "return" or module not in modules:
            return
        name = f"{module}.{frame.f_code.co_qualname}"
        counts[name] = counts.get(name, 0) + 1
        if counts[name] <= CALLS:
            calls.setdefault(name, []).append(_shapes(frame.f_locals))

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        subject(case)
    except Exception:
        return set()
    finally:
        sys.setprofile(before)
    return set(counts)


def _shapes(local: Mapping[str, Any]) -> Shapes:
    shapes = {name: _shape(value) for name, value in local.items()}
    for name, value in local.items():
        for part in getattr(type(value), "_fields", ()):
            shapes[f"{name}.{part}"] = _shape(getattr(value, part))
    return {name: shape for name, shape in shapes.items() if shape}


def _shape(value: Any) -> tuple[Any, ...]:
    """What makes two values interchangeable; nothing for what is neither array nor integer."""
    if isinstance(value, np.ndarray):
        return (value.shape, value.dtype.kind)
    if isinstance(value, int) and not isinstance(value, bool):
        return ("integer",)
    return ()
