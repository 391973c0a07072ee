"""Subjects that do whatever foreign code can do; each on one case, and right on every other.

The seed of a case says which: `FIRST` and its place in `ZOO`.
"""

from __future__ import annotations

from typing import Any

from bptt_reference import loss_and_grads as right

import bptt_check as bc

from . import damaging, ending, naming, raising, returning, waiting
from .entry import ENTRIES as ZOO, Entry

__all__ = ["FIRST", "ZOO", "Entry", "by_seed", "kind_of", "right"]

KINDS = (ending, raising, waiting, returning, naming, damaging)
"""The modules that fill the table."""
FIRST = 3000
"""The seed of the first subject."""
_IN_ORDER = tuple(ZOO.values())


def by_seed(case: bc.Case) -> Any:
    """Does what the seed says."""
    number = -1 if case.spec is None else case.spec.seed - FIRST
    if not 0 <= number < len(_IN_ORDER):
        return right(case)
    answer = _IN_ORDER[number].does(case)
    return right(case) if answer is None else answer


def kind_of(name: str) -> str:
    """The module that has a subject."""
    does = ZOO[name].does
    return getattr(does, "func", does).__module__.rpartition(".")[2]
