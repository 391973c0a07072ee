"""What `verify` costs per case, all default oracles, beside one call of the reference."""

from __future__ import annotations

from collections.abc import Iterator

from ... import run_cost
from ..effort import Effort
from ..rows import Measured


def measure(effort: Effort) -> Iterator[Measured]:
    """A row per model; each round is a new process."""
    for model in effort.models:
        rounds = [
            run_cost.measured(run_cost.HERE, model, effort.cases) for _ in range(effort.rounds)
        ]
        yield Measured(
            f"verify/{model}",
            [1e3 * case for case, _, _ in rounds],
            [case / call for case, call, _ in rounds],
        )
