"""Other libraries' checks, asked about what the harness caught, on the target that caught it."""

from __future__ import annotations

from collections.abc import Sequence

from ..cases.result import Differentiator
from ..cases.targets import Target
from ..mutation import Mutant
from .detection import case_of, subject_of
from .other_checkers import CHECKS, ON_CASES, SETUPS, Instance, accepts, typical

NOT_ASKED = "not asked"


def names() -> list[str]:
    """`set-up: check` for every pair."""
    return [f"{setup}: {check}" for setup in SETUPS for check in CHECKS]


def instances(target: Target, unedited: Differentiator) -> dict[str, list[Instance]]:
    """The instances of a target by set-up."""
    zero, random = (Instance(typical(target, state), unedited) for state in (False, True))
    ours = [Instance(case_of(target, n + 1), unedited) for n in range(ON_CASES)]
    return dict(zip(SETUPS, ([zero], [random], ours), strict=True))


def compete(
    target: Target, mutants: Sequence[Mutant], unedited: Differentiator
) -> tuple[dict[str, tuple[int, int]], dict[str, dict[str, str]]]:
    """What every check says in every set-up.

    Returns:
        How many instances of the unedited code a check rejected, and of how many; by mutant, what
        it says of it: `caught` on an instance whose right code it accepts, or `passed`.
    """
    right: dict[str, tuple[int, int]] = {}
    found: dict[str, dict[str, str]] = {m.name: {} for m in mutants}
    for setup, given in instances(target, unedited).items():
        for check in CHECKS:
            usable = [i for i in given if accepts(check, unedited, i)]
            name = f"{setup}: {check}"
            right[name] = (len(given) - len(usable), len(given))
            for mutant in mutants:
                found[mutant.name][name] = _said(check, mutant, usable)
    return right, found


def _said(check: str, mutant: Mutant, usable: Sequence[Instance]) -> str:
    """Instances on which a check rejects the right code too tell nothing."""
    if not usable:
        return "false alarm"
    try:
        subject = subject_of(mutant)
    except Exception:
        return "caught"
    rejected = any(not accepts(check, subject, instance) for instance in usable)
    return "caught" if rejected else "passed"


def none_asked() -> dict[str, str]:
    """What is said of a mutant that only a truncation shows: no check knows what that is."""
    return dict.fromkeys(names(), NOT_ASKED)
