"""A `run.json` of the first version, under the names of this one."""

from __future__ import annotations

import contextlib
import shlex
from typing import Any

from ...verdicts.verdict import Reason

RENAMED = {
    "spreads": "error_histograms",
    "profiles": "worst_entries",
    "reaches": "by_length",
    "judged": "opinions",
    "steps": "over_time",
}
"""Names of the first version to those of the second: of a run, of a histogram, of a worst entry."""
REASONS = {
    "not offered by the subject": Reason.NOT_OFFERED,
    "vacuous: the true gradient lies below the budget": Reason.VACUOUS,
}
"""Texts of the first version, which had no kinds, to the kinds that reports ask about."""


def of_version_1(data: dict[str, Any]) -> dict[str, Any]:
    """A run of the first version under the names of this one, with the address of its subject."""
    measured = {name: data[name] for name in ("spreads", "profiles") if name in data}
    renamed = {name: [_renamed(entry) for entry in entries] for name, entries in measured.items()}
    failures = [_with_reproduction(failure) for failure in data["failures"]]
    rows = [{**row, "reason_kind": REASONS.get(row["reason"], "")} for row in data["rows"]]
    added = {"address": _address_in(data.get("command"))}
    return {**added, **data, **_renamed(renamed), "failures": failures, "rows": rows}


def _with_reproduction(failure: dict[str, Any]) -> dict[str, Any]:
    """The first version has the command in the message only, behind this word in the last line."""
    _, command, reproduction = failure["message"].rpartition("\n  reproduce: ")
    return {**failure, "reproduction": reproduction if command else ""}


def _address_in(command: object) -> str:
    """The address of the subject of a run that was recorded without: its command may have it."""
    words: list[str] = []
    if isinstance(command, str) and command.startswith("bptt-check run "):
        with contextlib.suppress(ValueError):  # quotes that somebody left open
            words = shlex.split(command)
    return words[2] if len(words) > 2 else ""


def _renamed(entry: dict[str, Any]) -> dict[str, Any]:
    return {RENAMED.get(name, name): value for name, value in entry.items()}
