"""What follows from a convention and a model alone, worked out once: a subject is called often."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from ..cases.model import Model
from .options import Options

R = TypeVar("R")
KEPT = 256
"""Conventions and models of which it is known."""
PLAIN = (bool, str, int, float)
"""Types of options that are as they are."""


class _Asked:
    """A convention and a model, compared by what they say: a mapping has no hash, and a cell that
    is registered anew has another layout under its name.
    """

    def __init__(self, options: Options, model: Model) -> None:
        self.options, self.model = options, model
        self._key = (_key(options), model, model.layout)
        self._hash = hash(self._key)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Asked) and self._key == other._key


def memoised(function: Callable[[Options, Model], R]) -> Callable[[Options, Model], R]:
    """A decorator: a pure function is called once for every convention and model. Nobody may change
    what it returns.
    """

    @functools.lru_cache(maxsize=KEPT)
    def of(asked: _Asked) -> R:
        return function(asked.options, asked.model)

    @functools.wraps(function)
    def known(options: Options, model: Model) -> R:
        return of(_Asked(options, model))

    return known


def _key(options: Options) -> tuple[Any, ...]:
    """What a convention says, as something that can be hashed."""
    return tuple(v if type(v) in PLAIN else _hashable(v) for v in vars(options).values())


def _hashable(value: Any) -> Any:
    if isinstance(value, Options):
        return _key(value)
    if isinstance(value, Mapping):
        return tuple((key, _hashable(inner)) for key, inner in value.items())
    return tuple(value) if isinstance(value, list) else value
