"""Measure the rows of docs/performance.md, compare them with the last run, and write all of it.

    python -m benchmarks.bench [--short] [--long] [--only GROUP ...] [--no-record] [--json PATH]
    python -m benchmarks.bench --page

Each row is a ratio to a peer that is measured in the same run, with its quartiles. A full run adds
a line to benchmarks/history.jsonl and writes the generated parts of docs/performance.md and its
figure; `--short` takes under two minutes and writes neither unless told to. `--page` measures
nothing and writes the page from the last full run, after a change of benchmarks/bench/notes.toml.
"""

from __future__ import annotations

import argparse
import datetime
import json
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from . import chart, machine, page, rows
from .effort import Effort
from .measures import (
    against_gradcheck,
    beside_torch,
    growth,
    memory,
    stages,
    starting,
    verify_cost,
    whole_run,
)
from .record import Growth, Record, append, last_like, read_history, worse_rows

ROOT = Path(__file__).resolve().parents[2]
HISTORY = ROOT / "benchmarks" / "history.jsonl"
PAGE = ROOT / "docs" / "performance.md"
NOTES = Path(__file__).with_name("notes.toml")
RECORD = ROOT / "reports" / "bench.json"
GROUPS = {
    "verify": verify_cost.measure,
    "stage": stages.measure,
    "start": starting.measure,
    "run": whole_run.measure,
    "gradcheck": against_gradcheck.measure,
    "reference": beside_torch.measure,
    "memory": memory.measure,
}
"""Group of rows to what measures it."""
FULL = Effort(
    models=rows.MODELS,
    rounds=5,
    long_rounds=3,
    cases=100,
    entries=tuple(rows.ENTRIES),
    reference_rounds=15,
    whole_run=True,
    growth=True,
)
SHORT = Effort(
    models=("rnn-tanh", "lstm"),
    rounds=1,
    long_rounds=1,
    cases=20,
    entries=(183,),
    reference_rounds=3,
    whole_run=False,
    growth=False,
)


def measured(effort: Effort, groups: Sequence[str]) -> Iterator[tuple[str, rows.Row]]:
    """Every row of some groups as it is measured, told as it comes."""
    for name in groups:
        for one in GROUPS[name](effort):
            row = rows.row_of(one)
            print(page.line(rows.SPECS[one.key], row), flush=True)
            yield one.key, row


def grown(effort: Effort) -> Iterator[Growth]:
    """Every growth as it is measured, told as it comes."""
    for one in growth.measure(effort):
        print(page.growth_line(one), flush=True)
        yield one


def run(effort: Effort, only: list[str], short: bool) -> Record:
    """Measure everything, or the groups that are named."""
    found = dict(measured(effort, [name for name in GROUPS if not only or name in only]))
    growths = grown(effort) if not only or "growth" in only else ()
    return Record(
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
        commit=machine.commit(),
        machine=machine.machine_kind(),
        versions=machine.versions(),
        short=short,
        rows=found,
        growth=tuple(growths),
    )


def notes() -> dict[str, str]:
    """Key of a row to what is known of why it misses its goal."""
    return tomllib.loads(NOTES.read_text(encoding="utf-8"))


def write_page(record: Record) -> None:
    """The generated parts of the page, and its figure."""
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(page.filled(text, page.parts_of(record, notes())), encoding="utf-8")
    if record.growth:
        figure = PAGE.parent / page.FIGURE
        figure.write_text(chart.drawing(record.growth), encoding="utf-8")


def last_full(history: list[Record]) -> Record:
    """The last run of everything.

    Raises:
        SystemExit: there is none.
    """
    full = [record for record in history if not record.short]
    if not full:
        raise SystemExit(f"{HISTORY} holds no full run; run `python -m benchmarks.bench` first.")
    return full[-1]


def options(words: Sequence[str] | None) -> argparse.Namespace:
    """What the command line says."""
    head, _, rest = (__doc__ or "").partition("\n")
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("benchmarks.bench", None, head, rest, formatter_class=form)
    parser.add_argument("--short", action="store_true", help="little of everything")
    parser.add_argument("--long", action="store_true", help="the memory of 20,000 cases, too")
    parser.add_argument("--rounds", type=int, help="of what starts a process")
    names = [*GROUPS, "growth"]
    parser.add_argument("--only", nargs="+", default=[], choices=names, metavar="GROUP")
    parser.add_argument(
        "--record", action=argparse.BooleanOptionalAction,
        help="add to the history and write the page (default: a full run does)",
    )  # fmt: skip
    parser.add_argument("--json", type=Path, help="file of this run (reports/bench.json)")
    parser.add_argument("--page", action="store_true", help="write the page and measure nothing")
    asked = parser.parse_args(words)
    if asked.only and asked.record:
        parser.error("--only measures a part of the rows, of which no history is kept.")
    if asked.rounds is not None and asked.rounds < 1:
        parser.error(f"--rounds must be 1 or more, got {asked.rounds}.")
    return asked


def effort_of(asked: argparse.Namespace) -> Effort:
    """How much is to be measured."""
    effort = replace(SHORT if asked.short else FULL, long=asked.long)
    if asked.rounds is None:
        return effort
    return replace(effort, rounds=asked.rounds, long_rounds=asked.rounds)


def main(words: Sequence[str] | None = None) -> None:
    """Measure, compare, write; `words` in place of those of the command line."""
    asked, history = options(words), read_history(HISTORY)
    if asked.page:
        write_page(last_full(history))
        return
    record = run(effort_of(asked), asked.only, asked.short)
    path = asked.json or RECORD
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(record), indent=1) + "\n", encoding="utf-8")
    before = last_like(history, record)
    worse = [] if before is None else list(worse_rows(before, record))
    print(page.regressions(worse, before))
    for key in page.unexplained(record, notes()):
        print(f"misses its goal, and {NOTES.name} does not say why: {key}")
    everything = not asked.short and not asked.only
    if everything if asked.record is None else asked.record:
        append(HISTORY, record)
        if not record.short:
            write_page(record)
