"""A forward pass that remembers what entered its nonlinear functions.

What lies there says where a formula overflows, where a kink is, and how far a step may go.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...cases.types import Array
from .numpy import NumPy


class Recording(NumPy):
    """NumPy with a record: `calls` holds a pair of function name and argument for every call.

    Args:
        names: the functions to record; all if none is given. What is recorded stays in memory.
    """

    def __init__(self, *names: str) -> None:
        self.names = names
        self.calls: list[tuple[str, Array]] = []

    def tanh(self, z: Any) -> Any:
        return self._recorded("tanh", z)

    def sigmoid(self, z: Any) -> Any:
        return self._recorded("sigmoid", z)

    def relu(self, z: Any) -> Any:
        return self._recorded("relu", z)

    def exp(self, z: Any) -> Any:
        return self._recorded("exp", z)

    def softplus(self, z: Any) -> Any:
        return self._recorded("softplus", z)

    def log_softmax(self, z: Any) -> Any:
        return self._recorded("log_softmax", z)

    def where(self, condition: Any, a: Any, b: Any) -> Any:
        """As record 1 where the condition holds, and -1 where it does not."""
        if not self.names or "where" in self.names:
            self.calls.append(("where", np.where(condition, 1.0, -1.0)))
        return super().where(condition, a, b)

    def _recorded(self, name: str, z: Array) -> Array:
        if not self.names or name in self.names:
            self.calls.append((name, z))
        return getattr(super(), name)(z)

    def arguments(self, name: str) -> list[Array]:
        """What entered one function, call by call."""
        return [z for n, z in self.calls if n == name]

    def largest(self, name: str) -> float:
        """Largest size of an argument of one function, 0 if it was never called."""
        return max((float(np.abs(z).max()) for z in self.arguments(name)), default=0.0)
