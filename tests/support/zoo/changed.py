"""Subjects whose right answer is changed in one way, and an object that is broken in every way."""

from __future__ import annotations

import functools
from typing import Any

from bptt_reference import loss_and_grads as right

from .entry import Does, expect


def _with(change: Any) -> Does:
    """A subject whose right loss and gradients are changed in one way."""
    return functools.partial(lambda change, case: change(*right(case)), change)


def entered(name: str, verdict: str, says: str, change: Any) -> None:
    expect(verdict, says, name=name)(_with(change))


class Broken:
    """An object that raises whatever is asked of it."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError(f"no {name}")

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise RuntimeError("no array")

    def __repr__(self) -> str:
        raise RuntimeError("no text")

    def __len__(self) -> int:
        raise RuntimeError("no length")

    def __iter__(self) -> Any:
        raise RuntimeError("no items")

    def __bool__(self) -> bool:
        raise RuntimeError("no truth")

    def __hash__(self) -> int:
        raise RuntimeError("no hash")

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no comparison")
