"""Which errors that all cases share are new in a later run, and which are gone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...runs.records import Run
from ...runs.systematic.records import SystematicError
from ...runs.systematic.sentences import multiple_sentence
from ..strict_json import strict
from .told import place_of_error


@dataclass(frozen=True)
class SharedChange:
    """An error of only one of two runs: `new` in the later one, or `gone` from it."""

    kind: str
    error: SystematicError

    @property
    def is_new(self) -> bool:
        """Whether a gate must stop it."""
        return self.kind == "new"

    @property
    def sentence(self) -> str:
        """Where it is, and what."""
        return f"{place_of_error(self.error)}: {multiple_sentence(self.error)}"


def shared_changes(base: Run, run: Run) -> tuple[SharedChange, ...]:
    """The errors that all cases of only one of two runs share, new ones first.

    The same one is an error of the same gradient of the same models in the same dtype, whatever it
    is a multiple of.
    """
    before, after = ({_key(e): e for e in each.systematic} for each in (base, run))
    new = (SharedChange("new", error) for key, error in after.items() if key not in before)
    gone = (SharedChange("gone", error) for key, error in before.items() if key not in after)
    return (*new, *gone)


def _key(error: SystematicError) -> tuple[object, ...]:
    return error.check, error.model, error.models > 1, error.dtype, error.parameter


def change_to_json(change: SharedChange) -> dict[str, Any]:
    """A change as JSON types."""
    names = ("check", "model", "models", "dtype", "parameter", "verdict", "kind", "name")
    numbers = ("estimate", "uncertainty")
    return {
        "change": change.kind,
        **{name: getattr(change.error, name) for name in names},
        **{name: strict(getattr(change.error, name)) for name in numbers},
    }
