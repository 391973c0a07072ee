"""Several runs as one: each field of a run has a rule, entries carry the check they came from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any

from ...errors import clean
from ...runs.coverage.covered import added_records
from ...runs.effort.quick import merged_quick
from ...runs.effort.stages import added_stages
from ...runs.provenance.provenance import merged_provenance
from ...runs.ranking import ranked
from ...runs.records import Failure, Run
from ...verdicts.verdict import Verdict, worst
from ..called import label


def merge_runs(runs: Mapping[str, Run], command: str = "", interrupted: bool = False) -> Run:
    """One run of several, each labelled by its key so that nothing collides.

    Args:
        runs: by the name of the check that made them.
        command: that started all of them; empty for those of the runs.
        interrupted: whether there would have been more.

    Returns:
        A run whose verdict is the worst failure; `pass` if everything passed and there was
        something.
    """
    parts = [labelled_run(check, run) for check, run in runs.items()]
    merged = Run(**{f.name: _merged_field(f.name, parts) for f in fields(Run)})
    merged = replace(
        merged,
        command=clean(command) or merged.command,
        interrupted=interrupted or merged.interrupted,
    )
    return replace(merged, verdict=_verdict(merged))


def labelled_run(check: str, run: Run) -> Run:
    """The run with the name of its check in each of its entries."""
    check = clean(check)
    run = replace(run, checks=run.parts)
    entries = {f.name: getattr(run, f.name) for f in fields(Run)}
    return replace(
        run,
        **{
            name: tuple(_labelled_entry(check, entry) for entry in value)
            for name, value in entries.items()
            if isinstance(value, tuple)
        },
        declined={label(check, model): why for model, why in run.declined.items()},
        covered=run.covered.labelled(check),
    )


def _labelled_entry(check: str, entry: Any) -> Any:
    """An entry that names its check, or whose model does; a plain name stays as it is."""
    if not is_dataclass(entry):
        return entry
    if hasattr(entry, "check"):
        return replace(entry, check=check)  # type: ignore[type-var]
    return replace(entry, model=label(check, entry.model))  # type: ignore


def _merged_field(name: str, runs: Sequence[Run]) -> Any:
    values = [getattr(run, name) for run in runs]
    return RULES.get(name, _joined)(values)


def _joined(values: Iterable[tuple[Any, ...]]) -> tuple[Any, ...]:
    """The entries of all runs; the rule of every field that is not in `RULES`."""
    return tuple(entry for value in values for entry in value)


def _distinct(values: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_joined(values)))


def _listed(separator: str) -> Callable[[Iterable[str]], str]:
    """The different texts that are there, one after the other."""
    return lambda texts: separator.join(dict.fromkeys(text for text in texts if text))


def _same_or_none(values: Iterable[Any]) -> Any:
    """What all values are, None if they differ; every check keeps its own."""
    known = list(values)  # some of which cannot be hashed
    return known[0] if known and all(other == known[0] for other in known) else None


def _same_or_empty(values: Iterable[str]) -> str:
    """What all values are; several subjects have no address in common."""
    return _same_or_none(values) or ""


def _united(values: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """All keys; where several runs have one, the first of them counts."""
    united: dict[str, str] = {}
    for value in values:
        united = {**value, **united}
    return united


def _added(values: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for value in values:
        total.update(value)
    return dict(total)


def _ranked(values: Iterable[tuple[Failure, ...]]) -> tuple[Failure, ...]:
    return tuple(ranked(_joined(values)))


def _verdict(run: Run) -> Verdict:
    """The worst failure of the checks; `pass` if all passed, to the end, and there was one."""
    verdicts = {check.verdict for check in run.checks}
    if any(verdict.failing for verdict in verdicts):
        return worst(verdicts)
    passed = verdicts == {Verdict.PASS} and not run.interrupted
    return Verdict.PASS if passed else Verdict.INCONCLUSIVE


RULES: dict[str, Callable[[Iterable[Any]], Any]] = {
    "verdict": lambda _: Verdict.INCONCLUSIVE,
    "subject": _listed(", "),
    "address": _same_or_empty,
    "setup": lambda values: _same_or_none(values) or (),
    "accuracy": lambda values: _same_or_none(values) or 0.0,
    "kernel": _same_or_none,
    "left_out": _distinct,
    "command": _listed("; "),
    "seed": _same_or_none,
    "environment": _united,
    "models": _distinct,
    "oracles": _distinct,
    "cases": _added,
    "declined": _united,
    "interrupted": any,
    "seconds": sum,
    "failures": _ranked,
    "covered": added_records,
    "stages": added_stages,
    "quick": merged_quick,
    "provenance": merged_provenance,
}
"""Field of a run to how the values of several runs become one; entries are joined."""
