"""What rounding does to the entries of a gradient: the record that budgets are made from."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..cases.precision import PRECISIONS
from ..cases.types import Array


@dataclass(frozen=True, eq=False)
class Conditioning:
    """Error of the loss and of each gradient entry per unit roundoff, for arithmetic in `dtype`."""

    dtype: str
    loss: float
    grads: dict[str, Array]
    kinks: dict[str, Array] | None = None
    """Width of each entry's subdifferential at kinks of relu; None if there is none."""
    chaotic: dict[str, Array] | None = None
    """Infinite where rounding explains any value of an entry, else 0; None if it nowhere does."""
    flush: dict[str, Array] | None = None
    """How far apart each entry is where tiny numbers are flushed to zero, or are not; None if there
    are none."""
    flushed_loss: float = 0.0
    """How far apart the loss is."""
    outputs: dict[str, Array] = field(default_factory=dict[str, Array])
    """The same as `grads` of the outputs of a recurrence."""
    results: dict[str, Array] = field(default_factory=dict[str, Array])
    """Sizes of the gradients and outputs that are rounded to `dtype`, once, while what is inside
    has more digits; empty where all is in one dtype."""

    @property
    def entries(self) -> dict[str, Array]:
        """Per unit roundoff, of every gradient and output."""
        return {**self.grads, **self.outputs}

    def error(self, name: str) -> Array:
        """Typical rounding error of each entry of a gradient, or output, computed in this dtype."""
        scatter = self.grads[name] if name in self.grads else self.outputs[name]
        return scatter * PRECISIONS[self.dtype].unit

    def subgradient_width(self, name: str) -> Array | float:
        """How far apart two subgradients may be in each entry; 0 away from kinks."""
        return 0.0 if self.kinks is None else self.kinks.get(name, 0.0)

    def unbounded(self, name: str) -> Array | float:
        """Infinite where trajectories diverge, so that every value of an entry may be right."""
        return 0.0 if self.chaotic is None else self.chaotic.get(name, 0.0)

    def flushed(self, name: str) -> Array | float:
        """What flushing of tiny numbers to zero may change of each entry, on their way."""
        return 0.0 if self.flush is None else self.flush.get(name, 0.0)

    def rounded_result(self, name: str) -> Array | float:
        """What rounding of the results changes of each entry at most."""
        return self.results[name] * PRECISIONS[self.dtype].unit if self.results else 0.0

    def loss_error(self) -> float:
        """Typical rounding error of the loss computed in this dtype."""
        return self.loss * PRECISIONS[self.dtype].unit
