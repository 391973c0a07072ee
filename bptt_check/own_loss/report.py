"""What is known about a function after it was checked."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..cases.message import preformatted
from ..cases.types import Array
from ..errors import ReportError
from ..verdicts.row import Row
from ..verdicts.verdict import Reason, Verdict, sentence

FUNCTION_REPORT_SCHEMA = 1


@dataclass(frozen=True)
class FunctionProgress:
    """How far a check of a function is; `str` of it is a line for a terminal.

    Args:
        done: entries that were measured one by one.
        total: how many will be; it does not change.
        seconds: since the check began.
    """

    done: int
    total: int
    seconds: float

    def __str__(self) -> str:
        return f"{self.done} of {self.total} entries measured, {self.seconds:.0f} s"


@dataclass(frozen=True)
class Undecided:
    """Entries of one gradient about which nothing is known, for one reason.

    Args:
        reason_kind: for programs; `reason` is its sentence, with the numbers of the first entry.
        entries: how many.
        details: those numbers.
    """

    reason_kind: Reason
    entries: int
    details: tuple[float, ...] = ()

    @property
    def reason(self) -> str:
        """Why, for readers."""
        return sentence(self.reason_kind, *self.details)


@dataclass(frozen=True)
class Coverage:
    """Which entries of one gradient were measured, one by one or in sum.

    Args:
        entries: how many there are.
        measured: the flat indices of those measured one by one, None for all.
        directions: random-sign directions over all others.
        kinks: measured entries at which every value between two one-sided derivatives is right.
        decided: measured entries with one derivative, known well enough to show an error.
        undecided: why the other measured entries are neither.
        resolution: the largest error that could hide in a decided entry, as a share of it; zeros
            are left out.
    """

    entries: int
    measured: tuple[int, ...] | None
    directions: int
    kinks: int
    decided: int
    undecided: tuple[Undecided, ...] = ()
    resolution: float = 0.0


@dataclass(frozen=True, eq=False, repr=False)
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

    def __str__(self) -> str:
        return self.message

    def __repr__(self) -> str:
        return f"<FunctionReport of {self.function}: {self.verdict.upper()}>"

    def _repr_html_(self) -> str:
        return preformatted(self.message)

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
            "rows": [{**asdict(row), "reason": row.reason} for row in self.rows],
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
