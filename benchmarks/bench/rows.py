"""The rows of the table: what each measures, beside which peer, and its goal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from .spread import Spread, spread_of

MODELS = ("rnn-tanh", "lstm", "gru+2layers", "lstm+truncated")
STAGES: dict[str, tuple[str, float | None]] = {
    "draw": ("drawing a case", 1.0),
    "finite_difference": ("finite differences", 1.0),
    "torch": ("PyTorch", 1.0),
    "jax": ("JAX", 1.0),
    "complex_step": ("complex step", 1.0),
    "certified": ("proofs", 2.0),
    "rounding": ("rounding model", 1.0),
    "subject": ("calls of the subject", 1.0),
    "judging": ("judging", 1.0),
    "curves": ("Taylor tests and gradient flow of a few", None),
    "rest": ("all else", None),
}
"""Stage of a case to its name for readers and its goal in milliseconds."""
ENTRIES = {183: (4, 2, 3, 4, 3), 344: (8, 3, 4, 5, 3), 2308: (16, 4, 8, 16, 4)}
"""Entries of all gradients of an LSTM to its T, B, D, H, O."""
SIZES = ((100, 64, 256, 256), (64, 32, 64, 128), (32, 8, 16, 32), (8, 3, 4, 5))
"""T, B, D, H at which the reference is timed."""
DTYPES = ("float64", "float32")
START = {
    "cold": ("first verdict, new process, empty caches", 1.5),
    "warm": ("the same with a warm compilation cache", 0.6),
    "help": ("`bptt-check --help`", 0.2),
    "import": ("`import bptt_check`", 0.04),
}
"""Beginnings to their name for readers and their goal in seconds."""


@dataclass(frozen=True)
class RowSpec:
    """What a row measures.

    Args:
        key: its name in records; `group/...`.
        work: its name for readers.
        unit: of the amount; "" if only the ratio tells something.
        peer: what the amount is divided by; "" if by nothing.
        goal: None where there is none.
        goal_is_ratio: whether the goal is one of the ratio, not of the amount.
        higher_is_better: of the ratio.
    """

    key: str
    work: str
    unit: str
    peer: str
    goal: float | None
    goal_is_ratio: bool = False
    higher_is_better: bool = False


class Measured(NamedTuple):
    """The measurements of a row, one of each round, or their spread where only that is known."""

    key: str
    amounts: Sequence[float] | Spread = ()
    ratios: Sequence[float] | Spread = ()


@dataclass(frozen=True)
class Row:
    """What was measured of a row: the amount in its unit, the ratio to its peer."""

    amount: Spread | None = None
    ratio: Spread | None = None

    @property
    def compared(self) -> Spread | None:
        """What is compared with another run: the ratio, which depends least on the machine."""
        return self.amount if self.ratio is None else self.ratio


def row_of(measured: Measured) -> Row:
    """The spreads of a row's measurements."""
    return Row(_spread(measured.amounts), _spread(measured.ratios))


def _spread(values: Sequence[float] | Spread) -> Spread | None:
    if isinstance(values, Spread):
        return values
    return spread_of(values) if values else None


def met(spec: RowSpec, row: Row) -> bool | None:
    """Whether the median meets the goal; None without a goal."""
    told = row.ratio if spec.goal_is_ratio else row.amount
    if spec.goal is None or told is None:
        return None
    return told.median >= spec.goal if spec.higher_is_better else told.median <= spec.goal


def size_text(size: Sequence[int]) -> str:
    """Sizes as part of a key."""
    return ",".join(map(str, size))


def _verify() -> Iterator[RowSpec]:
    for model in MODELS:
        yield RowSpec(
            f"verify/{model}", f"`verify`, per case: {model}", "ms",
            "one call of the reference", 10, goal_is_ratio=True,
        )  # fmt: skip
    for stage, (name, goal) in STAGES.items():
        yield RowSpec(
            f"stage/{stage}", f"of which for lstm: {name}", "ms", "one call of the reference", goal
        )


def _start() -> Iterator[RowSpec]:
    for key, (name, goal) in START.items():
        yield RowSpec(f"start/{key}", name, "s", "`python -c pass`", goal)


def _whole_run() -> Iterator[RowSpec]:
    for key, name in {"cold": "empty caches", "warm": "a warm compilation cache"}.items():
        yield RowSpec(
            f"run/{key}", f"run part of `nox -s verify`, 1,008 cases of 126 models, {name}", "s",
            "one call of the reference on each", 15,
        )  # fmt: skip
    yield RowSpec("run/json", "its `run.json`", "MB", "", 3)


def _gradcheck() -> Iterator[RowSpec]:
    """The ratios say how many times as fast as `gradcheck` the oracles are."""
    for entries in ENTRIES:
        for mode in ("slow", "fast"):
            for which in ("without", "with"):
                goal = {"without": 100 if entries > 1000 else 20, "with": 5}[which]
                yield RowSpec(
                    f"gradcheck/{entries}/{mode}/{which}",
                    f"an LSTM of {entries:,} entries, all oracles {which} finite differences, "
                    f"as fast as `gradcheck` {mode}",
                    "ms", f"`gradcheck` {mode}", goal if mode == "slow" else 1,
                    goal_is_ratio=True, higher_is_better=True,
                )  # fmt: skip


def _reference() -> Iterator[RowSpec]:
    for dtype in DTYPES:
        for size in SIZES:
            yield RowSpec(
                f"reference/{dtype}/{size_text(size)}",
                f"reference, LSTM, {dtype}, T, B, D, H = {', '.join(map(str, size))}",
                "ms", "`torch.nn.LSTM`", 1.0, goal_is_ratio=True,
            )  # fmt: skip
    for dtype in DTYPES:
        yield RowSpec(
            f"products/{dtype}", f"the largest of these, {dtype}", "ms",
            "its matrix products", 1.6, goal_is_ratio=True,
        )  # fmt: skip


def _memory() -> Iterator[RowSpec]:
    yield RowSpec(
        "memory/cases", "largest memory of a run of 20,000 cases", "MB",
        "that of 1,000 cases", 1.05, goal_is_ratio=True,
    )  # fmt: skip


SPECS = {
    spec.key: spec
    for part in (_verify, _start, _whole_run, _gradcheck, _reference, _memory)
    for spec in part()
}
"""All rows by key, in the order of the table."""
