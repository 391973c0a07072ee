"""Are gradients zero? Where they should not be, they are not kept, or never computed."""

from __future__ import annotations

from collections.abc import Sequence

from ..facts import ZeroGradients
from ..matching import same
from ..trials import Trial


def all_zero(trials: Sequence[Trial]) -> ZeroGradients | None:
    """Every gradient is zero on every case."""
    zero = _zero_names(trials)
    return ZeroGradients() if zero and len(zero) == len(trials[0].got) else None


def some_zero(trials: Sequence[Trial]) -> ZeroGradients | None:
    """Some gradients are zero on every case, and all others are right."""
    zero = _zero_names(trials)
    if not zero or len(zero) == len(trials[0].got):
        return None
    for trial in trials:
        others = {n: want for n, want in trial.want.items() if n not in zero}
        if not trial.has_loss(trial.want_loss) or not same(trial.got, others, trial.in_norm):
            return None
    return ZeroGradients(zero)


def _zero_names(trials: Sequence[Trial]) -> tuple[str, ...]:
    """Gradients that are zero on every case, and should not be on one of them."""
    return tuple(
        name
        for name in (trials[0].got if trials else ())
        if not any(t.got[name].any() for t in trials) and any(t.want[name].any() for t in trials)
    )
