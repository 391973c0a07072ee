"""A page stands for the run that it shows."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from support import made

from bptt_check.cli import cli
from bptt_check.errors import ReportError
from bptt_check.report.folder import load_run
from bptt_check.report.foreign.page_records import is_page, record_in_page
from bptt_check.report.html.assets import deflated

PLACE = '<script type="application/octet-stream" id="records">{}</script>'


def test_the_run_of_a_page_is_that_of_its_folder(tmp_path: Path) -> None:
    """To the last field, but for where counterexamples lie."""
    page = made.failing().to_folder(tmp_path)

    assert load_run(page) == load_run(tmp_path)


def test_pages_folders_and_records_are_compared(tmp_path: Path) -> None:
    """Whichever stands for a run."""
    page = made.report().to_folder(tmp_path / "a")
    made.failing().to_folder(tmp_path / "b")
    done = CliRunner().invoke(cli, ["compare", str(page), str(tmp_path / "b" / "run.json")])

    assert done.exit_code == 1
    assert done.stdout.startswith("WORSE  1 gradient got worse")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("<!doctype html><p>another page", "is no page of a run"),
        (PLACE.format("AAAA"), "cannot be read"),
        (PLACE.format(deflated(b"[]")), "cannot be read"),
        (PLACE.format(deflated(b"9" * 9999)), "larger than 1,000 bytes"),
    ],
    ids=["another page", "damaged", "no record", "too large"],
)
def test_whatever_is_no_page_of_a_run_is_refused(content: str, why: str) -> None:
    """With what to name instead, or what is wrong with it."""
    with pytest.raises(ReportError, match=why):
        record_in_page(content.encode(), "page.html", 1000)


def test_a_record_is_no_page() -> None:
    """Nor is anything else."""
    assert is_page(b"\n<!DOCTYPE html><html>")
    assert not is_page(b'{"schema_version": 3}')
    assert not is_page(b"")
