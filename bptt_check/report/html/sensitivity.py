"""How much a run can see: what each oracle would have caught, and which planted mistakes were."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import grouping
from ..document import Run, clean

POWER = "power/power.json"
"""Where a power study lies, relative to the folder of a run."""
WHOLE = "harness"
"""The column of the whole verdict in a power study."""


@dataclass(frozen=True)
class Sight:
    """What one oracle sees: of `gradients` it decided, the relative errors of one entry that it
    would have caught in the best case, in the median and at worst over the gradients.
    """

    oracle: str
    gradients: int
    proven: int
    best: float
    median: float
    worst: float


def sights(run: Run) -> list[Sight]:
    """The sight of every oracle that decided something; none where a run has no floors."""
    found: list[Sight] = []
    for oracle in run.oracles:
        rows = [r for r in run.rows if r.oracle == oracle and r.verdict.decided]
        floors = _known(r.floor_any for r in rows)
        if floors:
            proven = sum(r.proven for r in rows)
            spread = (min(floors), statistics.median(floors), max(floors))
            found.append(Sight(oracle, len(rows), proven, *spread))
    return found


def least_seen(run: Run, most: int = 8) -> list[tuple[str, str, float]]:
    """Model, gradient and the error that its sharpest oracle would have caught, largest first."""
    best: dict[tuple[str, str], float] = {}
    for row in run.rows:
        if not math.isnan(row.floor_any):
            key = (grouping.label(row.check, row.model), row.parameter)
            best[key] = min(row.floor_any, best.get(key, math.inf))
    worst = sorted(best.items(), key=lambda item: -item[1])[:most]
    return [(*key, floor) for key, floor in worst]


def _known(values: Iterable[float]) -> list[float]:
    return [value for value in values if not math.isnan(value)]


@dataclass(frozen=True)
class Kills:
    """A power study in short: per kind of mistake how many were planted and who caught how many."""

    subject: str
    columns: tuple[str, ...]
    lines: tuple[tuple[str, int, tuple[int, ...]], ...]
    planted: int
    caught: int
    equivalent: int
    missed: tuple[str, ...]
    trouble: str = ""

    @property
    def address(self) -> str:
        """Of the page of the study, relative to the folder of the run."""
        return str(Path(POWER).with_name("index.html").as_posix())


def kills_beside(folder: Path) -> Kills | None:
    """The power study that lies in the folder of a run, None where there is none."""
    import msgspec

    try:
        return kills(msgspec.json.decode((folder / POWER).read_bytes()))
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError, KeyError, TypeError, AttributeError) as error:
        why = f"{POWER} is no power study: {type(error).__name__}: {error}"
        return Kills("", (), (), 0, 0, 0, (), clean(why))


def kills(study: Mapping[str, Any]) -> Kills | None:
    """The kill matrix of the content of a `power.json`; None where no mutant was asked about."""
    fates = study["outcomes"]
    if not fates:
        return None
    columns = (*study["oracles"], WHOLE)
    wrong = [fate for fate in fates if fate["kind"] != "equivalent"]
    operators = dict.fromkeys(fate["operator"] for fate in wrong)
    lines = [_line(o, [f for f in wrong if f["operator"] == o], columns) for o in operators]
    missed = [f for f in wrong if f["kind"] == "missed"]
    return Kills(
        subject=clean(study["subject"]),
        columns=tuple(clean(column) for column in columns),
        lines=tuple(sorted(lines, key=lambda line: -line[1])),
        planted=len(wrong),
        caught=len(wrong) - len(missed),
        equivalent=len(fates) - len(wrong),
        missed=tuple(clean(f"{f['name']}: {f['before']} became {f['after']}") for f in missed),
    )


def _line(
    operator: str, fates: list[Mapping[str, Any]], columns: tuple[str, ...]
) -> tuple[str, int, tuple[int, ...]]:
    caught = tuple(sum(column in fate["first"] for fate in fates) for column in columns)
    return clean(operator), len(fates), caught
