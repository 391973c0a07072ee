"""Which tests are run where not all of them are asked for: by what each of them costs.

    python tests/support/costs.py JUNIT.xml     # measured anew; `nox -s thorough` does it

`costs.json` has the seconds of every test that takes long. Of a table (the rows of one test) the
cheapest rows are taken up to an allowance; a test that is long by itself is left out. All of them
are run by `nox -s thorough`.
"""

from __future__ import annotations

import json
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

FILE = Path(__file__).with_name("costs.json")
LONG = 0.25
"""Seconds from which on a test has its own in the file."""


@dataclass(frozen=True)
class Allowance:
    """What may be spent, in seconds of processor time.

    Args:
        test: of one test.
        table: of all rows of a table...
        share: ...or of its rows altogether, if that is more.
        unknown: what a row is taken to cost that is not in the file.
    """

    test: float
    table: float
    share: float = 0.0
    unknown: float = 0.0


SELECTIONS = {
    "all": None,
    "most": Allowance(test=4.0, table=1.5, share=0.03, unknown=0.03),
    "some": Allowance(test=0.5, table=0.25, unknown=0.05),
}
"""All; what a change is tested with; and what finds that another environment breaks something."""


class Item(Protocol):
    """A collected test."""

    @property
    def nodeid(self) -> str:
        """Path, name and, in brackets, the row."""
        ...


T = TypeVar("T", bound=Item)


def known_costs() -> dict[str, float]:
    """Node ids to seconds, of the tests that take long."""
    files: dict[str, dict[str, float]] = json.loads(FILE.read_text(encoding="utf-8"))
    return {f"{path}::{name}": s for path, tests in files.items() for name, s in tests.items()}


def left_out(
    items: Iterable[T], costs: Mapping[str, float], allowance: Allowance | None
) -> list[T]:
    """Those for which there is no allowance, in the order of the collection."""
    if allowance is None:
        return []
    tables: dict[str, list[T]] = {}
    for item in items:
        path, _, name = item.nodeid.partition("::")
        tables.setdefault(f"{path}::{name.partition('[')[0]}", []).append(item)
    return [item for rows in tables.values() for item in _too_dear(rows, costs, allowance)]


def _too_dear(rows: list[T], costs: Mapping[str, float], allowance: Allowance) -> Iterator[T]:
    """Rows of one table beyond the allowance: of those that cost the same, the later ones."""
    seconds = {item.nodeid: costs.get(item.nodeid, allowance.unknown) for item in rows}
    limit = max(allowance.table, allowance.share * sum(seconds.values()))
    spent = 0.0
    for place, item in enumerate(sorted(rows, key=lambda item: seconds[item.nodeid])):
        spent += seconds[item.nodeid]
        if spent > (allowance.test if place == 0 else limit):
            yield item


def measured(junit: Path) -> dict[str, dict[str, float]]:
    """Path to test to seconds, from a report of pytest."""
    files: dict[str, dict[str, float]] = {}
    for case in ElementTree.parse(junit).iter("testcase"):
        seconds = float(case.attrib["time"])
        if seconds >= LONG:
            path = case.attrib["classname"].replace(".", "/") + ".py"
            files.setdefault(path, {})[case.attrib["name"]] = round(seconds, 2)
    return {path: dict(sorted(tests.items())) for path, tests in sorted(files.items())}


if __name__ == "__main__":
    FILE.write_text(json.dumps(measured(Path(sys.argv[1])), indent=1) + "\n", encoding="utf-8")
