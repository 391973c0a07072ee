"""Of which models the cases are put together: of one, or of all of a family."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ...cases.any_target import AnyTarget
from ...cases.targets import Target


@dataclass(frozen=True)
class ModelGroup:
    """What is added up together.

    Args:
        name: of the model, or of the family.
        targets: whose cases they are.
    """

    name: str
    targets: tuple[AnyTarget, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Of the models."""
        return tuple(target.name for target in self.targets)


def family_groups(targets: Iterable[Target]) -> list[ModelGroup]:
    """The families of which there are several models."""
    of_family: dict[str, list[Target]] = {}
    for target in targets:
        of_family.setdefault(target.model.family, []).append(target)
    return [ModelGroup(f, tuple(ts)) for f, ts in of_family.items() if len(ts) > 1]
