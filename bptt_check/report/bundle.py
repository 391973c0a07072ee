"""A run with its files in memory: what is written to a folder and travels between processes."""

from __future__ import annotations

import base64
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..cases.case import Case
from ..runs.records import SCHEMA_VERSION, TABLE, Record
from ..verdicts.verdict import Verdict, worst
from . import document, folder as store, grouping
from .document import CheckEntry, Run


@dataclass(frozen=True, eq=False)
class Bundle:
    """A run, its table (`records.TABLE`) and its counterexamples as the bytes of `.npz` files.

    The names of the files are those in `run.failures`. Cases stay bytes, so that a process that
    does not know a model (its cell was registered elsewhere) can still write the report.
    """

    run: Run
    table: Mapping[str, Sequence[Any]]
    files: Mapping[str, bytes]


def bundle(record: Record) -> Bundle:
    """The bundle of a record."""
    names = [file_name(n, f.model, f.verdict) for n, f in enumerate(record.failures)]
    files = {n: npz(f.case) for n, f in zip(names, record.failures, strict=True)}
    return Bundle(document.of(record, names), record.table, files)


def file_name(number: int, model: str, verdict: str) -> str:
    """Where a counterexample goes, relative to the folder of the run."""
    readable = re.sub(r"[^A-Za-z0-9+-]", "_", f"{model}-{verdict}")[:80]
    return f"{store.COUNTEREXAMPLES}/{number + 1:03d}-{readable}.npz"


def npz(case: Case) -> bytes:
    """What `case.save` writes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "case.npz"
        case.save(path)
        return path.read_bytes()


def pack(parts: Bundle) -> dict[str, Any]:
    """The bundle as JSON types, to go through a pipe or a test report; `unpack` reads it."""
    return {
        "run": store.to_json(parts.run).decode(),
        "table": {name: [store.strict(v) for v in column] for name, column in parts.table.items()},
        "files": {name: base64.b64encode(data).decode() for name, data in parts.files.items()},
    }


def unpack(data: Mapping[str, Any]) -> Bundle:
    """The bundle that was packed."""
    table = {name: store.numbers(name, column) for name, column in data["table"].items()}
    files = {name: base64.b64decode(text) for name, text in data["files"].items()}
    return Bundle(store.from_json(data["run"].encode(), "the report of a test"), table, files)


def merge(parts: Mapping[str, Bundle], command: str = "", interrupted: bool = False) -> Bundle:
    """One bundle of several, each labelled by its key so that nothing collides.

    The verdict is the worst failure; `pass` if everything passed and there was something.
    """
    labelled = [_labelled(label, part) for label, part in parts.items()]
    files: dict[str, bytes] = {}
    failures: list[document.FailureEntry] = []
    for part in labelled:
        for failure in part.run.failures:
            name = file_name(len(failures), failure.model, failure.verdict)
            if (old := failure.counterexample) in part.files:
                files[name] = part.files[str(old)]
            failures.append(replace(failure, counterexample=name if name in files else None))
    failures.sort(key=lambda f: f.verdict.rank)
    run = _merged([part.run for part in labelled], tuple(failures), command, interrupted)
    return Bundle(run, _stacked(labelled), files)


def _labelled(label: str, part: Bundle) -> Bundle:
    """The part with its label in every row, failure and entry of the table."""
    label = document.clean(label)
    run = replace(
        part.run,
        rows=tuple(replace(row, check=label) for row in part.run.rows),
        failures=tuple(replace(failure, check=label) for failure in part.run.failures),
        checks=tuple(replace(check, check=label) for check in part.run.parts),
        spreads=tuple(replace(spread, check=label) for spread in part.run.spreads),
        profiles=tuple(replace(profile, check=label) for profile in part.run.profiles),
        flows=tuple(replace(f, model=grouping.label(label, f.model)) for f in part.run.flows),
    )
    length = max((len(column) for column in part.table.values()), default=0)
    return Bundle(run, {"check": [label] * length, **part.table}, part.files)


def _merged(
    runs: Sequence[Run], failures: tuple[document.FailureEntry, ...], command: str, stop: bool
) -> Run:
    """The document over all runs."""
    checks = tuple(check for run in runs for check in run.checks)
    seeds = {check.seed for check in checks}
    return Run(
        schema_version=SCHEMA_VERSION,
        verdict=_verdict(checks, stop),
        subject=", ".join(dict.fromkeys(run.subject for run in runs)),
        command=document.clean(command),
        seed=seeds.pop() if len(seeds) == 1 else None,
        environment=runs[0].environment if runs else {},
        models=tuple(dict.fromkeys(m for run in runs for m in run.models)),
        oracles=tuple(dict.fromkeys(o for run in runs for o in run.oracles)),
        cases=_summed(runs),
        declined={grouping.label(c.check, m): why for c in checks for m, why in c.declined.items()},
        interrupted=stop or any(run.interrupted for run in runs),
        seconds=sum(run.seconds for run in runs),
        rows=tuple(row for run in runs for row in run.rows),
        failures=failures,
        checks=checks,
        spreads=tuple(spread for run in runs for spread in run.spreads),
        profiles=tuple(profile for run in runs for profile in run.profiles),
        flows=tuple(flow for run in runs for flow in run.flows),
    )


def _verdict(checks: Sequence[CheckEntry], interrupted: bool) -> Verdict:
    found = {check.verdict for check in checks}
    if any(verdict.failing for verdict in found):
        return worst(found)
    return Verdict.PASS if found == {Verdict.PASS} and not interrupted else Verdict.INCONCLUSIVE


def _summed(runs: Sequence[Run]) -> dict[str, int]:
    total: dict[str, int] = {}
    for run in runs:
        for verdict, count in run.cases.items():
            total[verdict] = total.get(verdict, 0) + count
    return total


def _stacked(parts: Sequence[Bundle]) -> dict[str, list[Any]]:
    """The tables below each other."""
    names = dict.fromkeys(["check", *TABLE, *(n for part in parts for n in part.table)])
    return {name: [v for part in parts for v in part.table.get(name, ())] for name in names}
