"""Of which models the cases are put together: of one, or of all of a family."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...cases.targets import Target
from .slope import Part


@dataclass(frozen=True)
class Scope:
    """What is added up together.

    Args:
        name: of the model, or of the family.
        targets: whose cases they are.
        pooled: whether the gradients of all layers and directions count as one.
    """

    name: str
    targets: tuple[Target, ...]
    pooled: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Of the models."""
        return tuple(target.name for target in self.targets)

    def part(self, part: Part) -> Part:
        """What a part counts as."""
        return part._replace(parameter=self.named(part.parameter))

    def named(self, parameter: str) -> str:
        """What a gradient counts as: `W_hh` for `W_hh_l1_reverse`, of several models."""
        return re.sub(r"_l\d+(_reverse)?$", "", parameter) if self.pooled else parameter
