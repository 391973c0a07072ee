"""Error budgets and judgement.

The budget of an entry is `units * (u_s k_s + u_64 k_64) + bound`: the rounding that this case
inflicts on the subject (in its dtype, unit roundoff u_s, conditioning k_s) and on the oracle
(float64), both as measured by `roundoff`, plus the oracle's own bound. An oracle whose bounds are
proven has no rounding besides. Nothing scales with the size of an array, nothing is fixed in
advance.
"""

from __future__ import annotations

from collections.abc import Iterable

VERDICTS = ("error", "contract", "fail", "imprecise", "inconclusive", "unsupported", "pass")
"""From worst to best, as far as one case goes."""

NOT_OFFERED = "not offered by the subject"


AT_KINK = "at a kink of relu any subgradient is accepted, in {} of {} entries"
KINK_WITHIN_STEP = "a kink lies within the step of every entry"
PARTED = "rounding in {} grows until trajectories part, which explains any value"
VACUOUS = "vacuous: the true gradient lies below the budget"


def worst(verdicts: Iterable[str]) -> str:
    """The worst of some verdicts; `inconclusive` if there is none."""
    found = set(verdicts)
    return next((v for v in VERDICTS if v in found), "inconclusive")


FAILURES = ("error", "contract", "fail", "imprecise")
