"""Which axis of an output is that of time: the one whose length follows the number of steps."""

from __future__ import annotations

from ...errors import BpttCheckError
from .inputs import Inputs
from .reference_code import ReferenceCode

MORE = (0, 1)
"""States may be those after each step, or have the initial one as well."""


def time_axes_of(inputs: Inputs, reference: ReferenceCode) -> dict[str, int | None] | None:
    """The axis of time of each output of a reference, seen in two small cases that differ in the
    number of steps alone; None where there are no two, or the reference fails there.
    """
    if inputs.time is None:
        return {}
    counts = sorted(inputs.may_be(inputs.time))[:2]
    if len(counts) < 2:
        return None
    try:
        few, more = (_shapes(inputs, reference, steps) for steps in counts)
    except BpttCheckError:
        return None
    return {name: _axis(few[name], more.get(name, ()), counts) for name in few}


def _shapes(inputs: Inputs, reference: ReferenceCode, steps: int) -> dict[str, tuple[int, ...]]:
    arrays = inputs.draw(inputs.smallest(steps), "float64", 0, "normal")
    return {name: output.shape for name, output in reference.outputs(arrays).items()}


def _axis(few: tuple[int, ...], more: tuple[int, ...], counts: list[int]) -> int | None:
    """The first axis that has so many entries, or one more."""
    if len(few) != len(more):
        return None
    lengths = list(zip(few, more, strict=True))
    wanted = [(counts[0] + beyond, counts[1] + beyond) for beyond in MORE]
    return next((axis for axis, length in enumerate(lengths) if length in wanted), None)
