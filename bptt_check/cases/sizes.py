"""Numbers of a case: its sizes, and how far back its gradients flow."""

from __future__ import annotations

from dataclasses import dataclass, fields

from ..errors import SpecError


@dataclass(frozen=True)
class Sizes:
    """Steps T, sequences B, input features D, hidden units H, outputs O; each at least 1."""

    T: int = 8
    B: int = 3
    D: int = 4
    H: int = 5
    O: int = 3

    def __post_init__(self) -> None:
        for field in fields(self):
            positive(field.name, getattr(self, field.name))


@dataclass(frozen=True)
class Truncation:
    """Truncated BPTT: after each block of `k1` steps, back over the last `k2` steps.

    The state that enters the window [max(0, e - k2), e) of the block ending at step e is a
    constant. Both count steps and are at least 1.
    """

    k1: int
    k2: int

    def __post_init__(self) -> None:
        positive("k1", self.k1)
        positive("k2", self.k2)


def positive(name: str, value: object) -> None:
    """Raise `SpecError` unless `value` is an integer of at least 1."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise SpecError(f"{name} must be an integer of at least 1, got {value!r}.")
