"""Of which models the cases are put together: of one, or of all of a family."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ...cases.targets import Target
from .slope import Regressor


@dataclass(frozen=True)
class ModelGroup:
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

    def part(self, part: Regressor) -> Regressor:
        """What a part counts as."""
        return part._replace(parameter=self.named(part.parameter))

    def named(self, parameter: str) -> str:
        """What a gradient counts as: `W_hh` for `W_hh_l1_reverse`, of several models."""
        return re.sub(r"_l\d+(_reverse)?$", "", parameter) if self.pooled else parameter


def family_groups(targets: Iterable[Target]) -> list[ModelGroup]:
    """The families of which there are several models."""
    of_family: dict[str, list[Target]] = {}
    for target in targets:
        of_family.setdefault(target.model.family, []).append(target)
    return [ModelGroup(f, tuple(ts), pooled=True) for f, ts in of_family.items() if len(ts) > 1]
