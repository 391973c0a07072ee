"""`bptt-check power`: what it asks, prints and exits with."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from support.power_studies import CAUGHT, SAMPLE, STUDY

from bptt_check.cli import cli
from bptt_check.power import store, study
from bptt_check.power.records import Power

PASSED = dataclasses.replace(STUDY, outcomes=(CAUGHT,), false_alarms=None)


@pytest.mark.parametrize(("power", "status"), [(STUDY, 1), (PASSED, 0)])
def test_command_fails_where_a_mutant_was_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, power, status
):
    """Exit status, tables and the page's path; `--short` asks the fixed sample."""
    asked: list[study.StudyOptions] = []

    def measured(options: study.StudyOptions, *_: Any) -> Power:
        asked.append(options)
        return power

    monkeypatch.setattr(study, "measure_power", measured)
    done = CliRunner().invoke(cli, ["power", SAMPLE, "--short", "--report", str(tmp_path)])

    assert done.exit_code == status
    assert f"report: {tmp_path / store.PAGE}" in done.stdout
    assert (asked[0].checks, asked[0].others, asked[0].subject) == (10_000, False, SAMPLE)
