"""How small an error a run would have found, in words."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from ...runs.records import Run
from ..facts.floors import SharedSensitivity, entry_floors, shared_sensitivities
from ..facts.rounded_once import dtypes_rounded_once
from ..grouping import number

NEEDED = 20
"""Cases of a model, or of a family, below which nothing can be claimed of what they share."""
PER_CENT = 1e-4
"""Errors from which on they are told in per cent."""


def floor_lines(run: Run) -> list[str]:
    """The smallest error of one entry, and of all cases, in the median gradient; none where the
    cases are too few.
    """
    of_entries = entry_floors(run)
    shares = ", ".join(_share(one, len(of_entries)) for one in _of_dtypes(run))
    if not shares or not of_entries:
        return []
    of_one = _size(statistics.median(of_entries.values()))
    return [
        f"  smallest error that would show (median gradient): {of_one} of one entry; "
        f"if all cases share it {shares}"
    ]


def rounded_once_lines(run: Run) -> list[str]:
    """That a kernel has more digits inside than its dtype, and how to have that checked."""
    return [
        f"  {dtype}: results are the truth rounded once, so that what is inside has more digits; "
        "inside='float32' checks that (--inside float32)"
        for dtype in dtypes_rounded_once(run)
    ]


def _share(one: SharedSensitivity, gradients: int) -> str:
    """Of one dtype; with the number of gradients where it is not known of all."""
    of_some = one.gradients < gradients and not one.together
    some = f" ({one.gradients:,} of {gradients:,} gradients)" if of_some else ""
    return f"{_size(one.median)} in {one.dtype}{some}"


def _of_dtypes(run: Run) -> Iterator[SharedSensitivity]:
    """Of each dtype the models by themselves, or else those of a family together."""
    found = shared_sensitivities(run)
    alone = {one.dtype for one in found if not one.together}
    return (one for one in found if not (one.together and one.dtype in alone))


def _size(value: float) -> str:
    return f"{number(100.0 * value)} %" if value >= PER_CENT else number(value, 3)


def what_is_needed(run: Run) -> str:
    """Why nothing is claimed of some gradients, or of all."""
    if run.accuracy:
        return (
            "Nothing is claimed of them here: errors up to the declared accuracy may have any "
            "direction."
        )
    if run.quick is not None:
        return "Nothing is claimed of them here: a quick run does not look for them."
    what = "the other gradients" if run.systematic_floors else "them here"
    return (
        f"Nothing is claimed of {what}: that takes at least some {NEEDED} cases of a model, or of "
        "all models of a family together, in which the gradient is not lost in rounding."
    )
