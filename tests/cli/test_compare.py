"""`bptt-check compare`: two runs, either of which may be anything."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.command_line import invoke, refused, shown
from support.hostile_runs import MANY, ODD, REFUSED, crowded, encoded, record


@pytest.fixture(autouse=True)
def _right() -> None:
    """A folder with a right record beside the other one."""
    for name in ("right", "run"):
        Path(name).mkdir()
        Path(name, "run.json").write_bytes(encoded(record()))


@pytest.mark.parametrize("name", REFUSED)
def test_whatever_is_no_run_is_refused(name: str) -> None:
    """As the earlier run and as the later one, with the same words."""
    make, words = REFUSED[name]
    Path("run", "run.json").write_bytes(make())
    line = refused("compare", "right", "run")

    assert words in line
    assert refused("compare", "run", "right") == line


def test_the_right_record_among_them_is_compared() -> None:
    """Else all of them could be refused for one reason."""
    assert invoke("compare", "right", "run").exit_code == 0


@pytest.mark.parametrize("name", ODD)
def test_whatever_is_odd_is_shown_as_text(name: str) -> None:
    """On the terminal, as JSON and on the page; against itself nothing changed."""
    Path("run", "run.json").write_bytes(ODD[name]())
    done = invoke("compare", "right", "run", "--report", "out")
    page = Path("out/compare.html").read_text("utf-8")

    assert done.exit_code in (0, 1)
    assert shown(done.stdout).startswith(("OK  ", "WORSE  "))
    assert "<script>" not in shown(page, longest=10**6)
    told = shown(invoke("compare", "run", "run", "--json").stdout, longest=10**6)
    assert json.loads(told)["changes"] == []


def test_many_changes_are_counted() -> None:
    """The first ones are told, on the terminal and on the page."""
    Path("run", "run.json").write_bytes(crowded("models"))
    done = invoke("compare", "right", "run", "--report", "out")
    page = Path("out/compare.html").read_text("utf-8")

    assert done.exit_code == 1
    assert shown(done.stdout).startswith(f"WORSE  {MANY:,} new gradients fail\n")
    assert f"\n  and {MANY - 20:,} more, in --report and --json\n" in done.stdout
    assert f"And {MANY - 2_000:,} gradients that changed less" in page


@pytest.mark.parametrize("what", ["failures", "declined models"])
def test_many_models_without_rows_are_counted(what: str) -> None:
    """Those that newly failed, and those that the subject declines now."""
    Path("run", "run.json").write_bytes(crowded(what))
    done = invoke("compare", "right", "run", "--report", "out")
    page = Path("out/compare.html").read_text("utf-8")

    assert f"\n  and {MANY - 20:,} more\n" in shown(done.stdout)
    assert f"<dd>{MANY - 200:,} more newly " in page
    assert page.count("<dt>Newly failed</dt>") + page.count("<dt>Declined now</dt>") == 200
