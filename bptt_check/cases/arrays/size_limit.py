"""How large a case may be that is drawn from its spec."""

from __future__ import annotations

from dataclasses import asdict

from ...errors import SpecError
from ..model import Model, Sizes

MOST_NUMBERS = 2**26
"""Numbers of the largest case, its states included: oracles hold some hundred bytes for each."""
PER_STEP = 64
"""What a step costs an oracle beside its numbers, in numbers."""


def check_size(model: Model, sizes: Sizes) -> None:
    """Raise `SpecError` for sizes whose case nobody could hold, before any of it is drawn."""
    states = sizes.H * model.layers * len(model.directions)
    of_step = sizes.B * (sizes.D + states + sizes.O) + PER_STEP
    weights = len(model.layout.gates) * states * (sizes.D + sizes.H) + sizes.O * sizes.H
    numbers = sizes.T * of_step + weights
    if numbers <= MOST_NUMBERS:
        return
    given = {"layers": model.layers, **asdict(sizes)}
    largest = max(given, key=lambda name: given[name])
    words = " ".join(f"{name}={value}" for name, value in given.items())
    raise SpecError(
        f"{words} make a case of about {numbers:.1e} numbers with its states, more than the limit "
        f"of {MOST_NUMBERS:.1e}: make {largest} smaller."
    )
