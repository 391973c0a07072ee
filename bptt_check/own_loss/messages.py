"""Turns what is known about a function into sentences; those about a case are in `verdicts`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from ..cases.message import Message
from ..cases.types import Array
from ..verdicts.entries import got_and_expected, over_budget
from ..verdicts.messages import LOSES_DIGITS, titled
from ..verdicts.row import Row
from ..verdicts.sentences.parts import Told
from ..verdicts.sentences.wrong_results import wrong_names
from ..verdicts.verdict import Verdict
from .judge import BY_DIRECTION, BY_ENTRY, DigitsLost
from .report import Coverage
from .trees import ComplexGradient

BY = {
    BY_ENTRY: "differences of your own loss",
    BY_DIRECTION: "the same, along random signs",
}
"""Who says what was expected."""

TOLD = 2.0**-10
"""The share of a decided entry from which on an error that could hide is told."""

SAME_ELSEWHERE = "other arrays of the same shapes got the very same gradients: are they kept?"

WITHOUT_X64 = (
    "JAX computes in float32 unless jax.config.update('jax_enable_x64', True) is called before its "
    "first array is made; call it, or give float32 arrays"
)


_WHY = {
    DigitsLost.NO: "it is not the derivative of your own loss",
    DigitsLost.FLOAT32: "errors are no larger than those of float32 inside",
    DigitsLost.CANCELLATION: (
        "it moves by as much as it is off when its arrays change in the last place: do large terms "
        "cancel in it?"
    ),
}


def about_function(told: Told, name: str) -> Message:
    """The message of what is told of a function."""
    return titled(told, name, "")


def wrong_derivative(
    rows: Sequence[Row], verdict: Verdict, lost: DigitsLost, notes: Sequence[str]
) -> Told:
    """A gradient that is not the derivative (`fail`), or only roughly (`imprecise`)."""
    bad = [r for r in rows if r.verdict == verdict]
    worst = max(bad, key=lambda r: (r.oracle == BY_ENTRY, r.max_budgets))
    names = list(dict.fromkeys(r.parameter for r in bad))
    right = dict.fromkeys(r.parameter for r in rows if r.parameter not in names)
    what, word = (LOSES_DIGITS, "imprecise") if lost else (wrong_names(names), "wrong")
    lines = [
        _WHY[lost],
        _place(worst),
        *got_and_expected(worst, BY[worst.oracle]),
        f"{word}: {', '.join(_over_budget(r) for r in bad)}",
        f"right: {', '.join(right) or 'nothing'}",
        *notes,
    ]
    return verdict.upper(), what, lines


def _over_budget(row: Row) -> str:
    """How many entries or directions of a gradient are over budget."""
    return over_budget(row, " directions" if row.oracle == BY_DIRECTION else "")


def _place(worst: Row) -> str:
    if worst.oracle == BY_DIRECTION:
        return f"worst sum {worst.parameter}, direction {worst.index[0]} of {worst.entries}"
    index = f"[{', '.join(map(str, worst.index))}]" if worst.index else ""
    return f"worst entry {worst.parameter}{index}"


def coarse_loss(noise: float, best: float, notes: Sequence[str]) -> Told:
    """A loss with far fewer digits than its arrays."""
    lines = [
        digits_missing(noise, best),
        "no gradient is wrong as far as differences of such a loss can tell",
        *notes,
    ]
    return "IMPRECISE", "the loss has fewer digits than its arrays", lines


def digits_missing(noise: float, best: float) -> str:
    """How coarse a loss is, beside the best arithmetic."""
    return (
        f"its rounding is {noise:.3g}, {noise / best:.2g} times what this precision gives: "
        "is there float32 or half precision inside?"
    )


def out_of_time(seconds: float, calls: int) -> Told:
    """A check whose time was over before an entry was measured."""
    what = f"the time limit of {seconds:g} s was over after {calls} calls, before any entry"
    return "INCONCLUSIVE", what, ["give it more time, or fewer entries with wrt"]


def only_half(dtype: str) -> Told:
    """A function of half precision that does not take float64."""
    lines = [
        f"differences need values between the numbers of {dtype}, and with the same arrays in "
        "float64 the function raises, or gives another loss or other dtypes: let it take both"
    ]
    return "INCONCLUSIVE", f"a function of {dtype} alone cannot be differenced", lines


def undecided(rows: Sequence[Row], notes: Sequence[str]) -> Told:
    """Nothing is wrong, and not everything could be decided."""
    lines = [f"{r.parameter}: {r.reason}" for r in rows if r.verdict != Verdict.PASS]
    what = "nothing was found wrong, but not everything could be decided"
    return "INCONCLUSIVE", what, [*lines, *notes]


def right(name: str, notes: Sequence[str]) -> Message:
    """The message of a pass, which nobody needs to see again."""
    return titled(("PASS", "the gradient is the derivative of its own loss", [*notes]), name, "")


def notes_on(coverage: Mapping[str, Coverage], factor: float) -> list[str]:
    """What was decided, and how: by differences of each entry, of sums, by kinks, or not at all.

    Args:
        coverage: by name of the gradient.
        factor: that all gradients have in common; NaN if there is none.
    """
    lines = [] if math.isnan(factor) else [f"every gradient is {factor:.6g} times the derivative"]
    decided = sum(c.decided for c in coverage.values())
    entries = sum(c.entries for c in coverage.values())
    hidden = max(c.resolution for c in coverage.values())
    to = f"; an error of {100 * hidden:.2g} % could hide in one" if hidden > TOLD else ""
    lines.append(f"{', '.join(coverage)}: {decided} of {entries} entries decided{to}")
    for name, c in coverage.items():
        if c.measured is not None:
            lines.append(
                f"sampled: {name}, {len(c.measured)} of {c.entries} entries one by one "
                f"(report.coverage lists them), the others in sum along {c.directions} random "
                "directions"
            )
        if c.kinks:
            lines.append(
                f"at a kink: {name}, {c.kinks} of {c.entries} entries, where any value between the "
                "one-sided derivatives is right"
            )
        lines += [
            f"not decided: {name}, {u.entries} of {c.entries} entries: {u.reason}"
            for u in c.undecided
        ]
    return lines


def right_if_conjugated(convention: ComplexGradient) -> str:
    """What complex gradients of the other convention look like."""
    meaning = {"torch": "dL/dx + i dL/dy", "jax": "dL/dx - i dL/dy"}[convention]
    return (
        f"right up to conjugation: it is {meaning}, which complex_gradients={convention!r} declares"
    )


def hint_at_kept_gradients(grads: Mapping[str, Array]) -> str:
    """What wrong gradients that are the same at another point, unlike the derivative, look like."""
    if not any(np.any(g) for g in grads.values()):
        return "every gradient is exactly zero: were they computed, or are they detached?"
    return SAME_ELSEWHERE
