"""What is known about a function after it was checked, and how it is said."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..cases.types import Array
from ..errors import ReportError
from ..verdicts.messages import got_and_expected
from ..verdicts.row import Row
from ..verdicts.verdict import Verdict
from .judge import BY_DIRECTION, BY_ENTRY

FUNCTION_REPORT_SCHEMA = 1

BY = {BY_ENTRY: "differences of your own loss", BY_DIRECTION: "the same, along random signs"}


@dataclass(frozen=True)
class Coverage:
    """Which entries of one gradient were measured, one by one or in sum.

    Args:
        entries: how many there are.
        measured: the flat indices of those measured one by one, None for all.
        directions: random-sign directions over all others.
        kinks: measured entries at which every value between two one-sided derivatives is right.
    """

    entries: int
    measured: tuple[int, ...] | None
    directions: int
    kinks: int


@dataclass(frozen=True, eq=False)
class FunctionReport:
    """The answer to one question: is this the derivative of the function's own loss?

    Args:
        verdict: `pass`, `imprecise`, `fail`, `contract`, `error` or `inconclusive`.
        function: its name.
        rows: one per gradient, and one more for the entries that were only measured in sum.
        loss: at the arrays.
        noise: typical rounding error of the loss, as measured.
        coverage: gradient name to what of it was measured.
        calls: of the function, in all.
        arrays: a copy of what it was called with.
    """

    verdict: Verdict
    function: str
    message: str
    arrays: Mapping[str, Array] = field(repr=False)
    rows: tuple[Row, ...] = ()
    loss: float = math.nan
    noise: float = math.nan
    coverage: Mapping[str, Coverage] = field(default_factory=dict)
    calls: int = 0

    @property
    def passed(self) -> bool:
        """Whether the verdict is `pass`."""
        return self.verdict == Verdict.PASS

    def to_json(self, path: str | Path) -> None:
        """Write everything but the arrays to a file; infinite numbers stand there as strings.

        Raises:
            ReportError: the file cannot be written.
        """
        plain = {
            "schema_version": FUNCTION_REPORT_SCHEMA,
            "verdict": self.verdict,
            "function": self.function,
            "message": self.message,
            "loss": self.loss,
            "noise": self.noise,
            "calls": self.calls,
            "rows": [asdict(row) for row in self.rows],
            "coverage": {n: asdict(c) for n, c in self.coverage.items()},
        }
        try:
            Path(path).write_text(json.dumps(_strict(plain), indent=1) + "\n", encoding="utf-8")
        except OSError as error:
            why = error.strerror or str(error)
            raise ReportError(f"{path} cannot be written: {why}. Choose another file.") from error

    def save(self, path: str | Path) -> None:
        """Write the arrays as an `.npz` file, without pickle; `np.load` reads them back."""
        arrays: dict[str, Any] = dict(self.arrays)
        with open(path, "wb") as file:
            np.savez(file, **arrays)


def _strict(value: Any) -> Any:
    """JSON has no infinity and no NaN."""
    if isinstance(value, dict):
        return {k: _strict(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_strict(v) for v in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def wrong_derivative(name: str, rows: Sequence[Row], verdict: Verdict, notes: Sequence[str]) -> str:
    """The message of a gradient that is not the derivative, or only roughly."""
    bad = [r for r in rows if r.verdict == verdict]
    worst = max(bad, key=lambda r: r.max_budgets)
    names = list(dict.fromkeys(r.parameter for r in bad))
    right = dict.fromkeys(r.parameter for r in rows if r.parameter not in names)
    first = {
        Verdict.FAIL: f"FAIL  {name}: the gradient of {', '.join(names)} is wrong",
        Verdict.IMPRECISE: f"IMPRECISE  {name}: the formula is right, the arithmetic loses digits",
    }[verdict]
    second = {
        Verdict.FAIL: "it is not the derivative of your own loss",
        Verdict.IMPRECISE: "errors are no larger than those of float32 inside",
    }[verdict]
    return "\n".join(
        [
            first,
            f"  {second}",
            *_place(worst),
            *(f"  {line}" for line in got_and_expected(worst, BY[worst.oracle])),
            f"  {'wrong' if verdict == 'fail' else 'imprecise'}: {_census(bad)}",
            f"  right: {', '.join(right) or 'nothing'}",
            *notes,
            _reproduction(name),
        ]
    )


def _census(bad: Sequence[Row]) -> str:
    """How many entries or directions of each gradient are over budget."""
    what = {BY_ENTRY: "", BY_DIRECTION: " directions"}
    return ", ".join(f"{r.parameter} ({r.wrong} of {r.entries}{what[r.oracle]})" for r in bad)


def _place(worst: Row) -> list[str]:
    if worst.oracle == BY_DIRECTION:
        return [f"  worst sum {worst.parameter}, direction {worst.index[0]} of {worst.entries}"]
    index = f"[{', '.join(map(str, worst.index))}]" if worst.index else ""
    return [f"  worst entry {worst.parameter}{index}"]


def coarse_loss(name: str, noise: float, best: float, notes: Sequence[str]) -> str:
    """The message of a loss with far fewer digits than its arrays."""
    return "\n".join(
        [
            f"IMPRECISE  {name}: the loss has fewer digits than its arrays",
            f"  its rounding is {noise:.3g}, {noise / best:.2g} times what this precision gives: "
            f"is there float32 inside?",
            "  no gradient is wrong as far as differences of such a loss can tell",
            *notes,
            _reproduction(name),
        ]
    )


def broken_contract(name: str, findings: Sequence[str]) -> str:
    """The message of something that is no loss and gradients."""
    first = f"CONTRACT  {name}: what came back cannot be taken as it is"
    return "\n".join([first, *(f"  {f}" for f in findings), _reproduction(name)])


def raised(name: str, error: str) -> str:
    """The message of a function that raised or ran out of time."""
    return "\n".join([f"ERROR  {name}: the function {error}", _reproduction(name)])


def undecided(name: str, rows: Sequence[Row], notes: Sequence[str]) -> str:
    """The message where nothing is wrong and not everything could be decided."""
    open_rows = [r for r in rows if r.verdict != Verdict.PASS]
    return "\n".join(
        [
            f"INCONCLUSIVE  {name}: nothing was found wrong, but not everything could be decided",
            *(f"  {r.parameter}: {r.reason}" for r in open_rows),
            *notes,
            _reproduction(name),
        ]
    )


def right(name: str, rows: Sequence[Row], notes: Sequence[str]) -> str:
    """The message of a pass."""
    entries = sum(r.decided for r in rows if r.oracle == BY_ENTRY)
    names = dict.fromkeys(r.parameter for r in rows)
    first = f"PASS  {name}: the gradient is the derivative of its own loss"
    what = f"  {', '.join(names)}: {entries} {'entry' if entries == 1 else 'entries'} decided"
    return "\n".join([first, what, *notes])


def notes(coverage: Mapping[str, Coverage], factor: float) -> list[str]:
    """A factor that all have in common, what was not measured entry by entry, and kinks."""
    lines = [f"  every gradient is {factor:.6g} times the derivative"] * (factor == factor)
    lines += [
        f"  sampled: {n}, {len(c.measured)} of {c.entries} entries one by one "
        f"(report.coverage lists them), the others in sum along {c.directions} random directions"
        for n, c in coverage.items()
        if c.measured is not None
    ]
    return lines + [
        f"  at a kink: {n}, {c.kinks} of {c.entries} entries, where any value between the "
        f"one-sided derivatives is right"
        for n, c in coverage.items()
        if c.kinks
    ]


def _reproduction(name: str) -> str:
    return (
        "  reproduce: report.save('arrays.npz'), then: "
        f"bptt_check.verify_function({name}, dict(numpy.load('arrays.npz')))"
    )
