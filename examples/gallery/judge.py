"""Lets the harness judge the gallery: every entry on its own target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bptt_check import oracles as known
from bptt_check.report.report import Report
from bptt_check.runs.check import Setup
from bptt_check.runs.run import Plan, verify_plan
from bptt_check.verdicts.verdict import Verdict

from .entry import WITHIN, Entry, FormulaSubject
from .subjects import GALLERY

ORACLES = ("complex_step", "finite_difference")
"""Those that need NumPy only: the gallery reads the same everywhere."""


@dataclass(frozen=True, eq=False)
class JudgedEntry:
    """An entry and what the harness says of it."""

    entry: Entry
    report: Report

    @property
    def found_wrong(self) -> tuple[str, ...]:
        """What was found wrong."""
        rows = (r.parameter for r in self.report.rows if r.verdict == Verdict.FAIL)
        return tuple(dict.fromkeys(rows))

    @property
    def expected(self) -> bool:
        """Whether the verdict is the entry's, and exactly its parameters were found wrong."""
        same = set(self.found_wrong) == set(self.entry.wrong)
        return same and self.report.verdict == self.entry.verdict


def judge(
    entry: Entry, cases: int = 12, seed: int = 0, oracles: Sequence[str] = ORACLES
) -> JudgedEntry:
    """The judgement of one entry on so many drawn cases of its target."""
    setup = Setup(tuple(known.load_oracle(name) for name in oracles))
    plan = Plan((entry.target,), cases, seed=seed, within=WITHIN)
    return JudgedEntry(entry, Report(*verify_plan(FormulaSubject(entry), plan, setup)))


def judge_gallery(
    cases: int = 12, seed: int = 0, oracles: Sequence[str] = ORACLES
) -> list[JudgedEntry]:
    """The judgement of every entry, in the order of `GALLERY`."""
    return [judge(entry, cases, seed, oracles) for entry in GALLERY]
