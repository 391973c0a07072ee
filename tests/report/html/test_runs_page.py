"""The index of runs: every run below a folder."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from click.testing import CliRunner
from support import made

from bptt_check.cli import cli
from bptt_check.report.folder import set_aside
from bptt_check.report.html import runs_page
from bptt_check.report.several_runs.history import ListedRun, runs_below


def runs(folder: Path) -> None:
    """A passing and a failing run, and one that was not written whole."""
    made.report().to_folder(folder / "a good one")
    made.failing(seed=17).to_folder(folder / "nightly" / "bad")
    (folder / "half").mkdir()
    (folder / "half" / "run.json").write_text("{")


def test_without_dates_every_run_is_listed_the_worst_first(tmp_path: Path) -> None:
    """Runs at any depth; what cannot be read comes first, with the reason."""
    runs(tmp_path)
    found = runs_below(tmp_path)

    assert [f.name for f in found] == ["half", "nightly/bad", "a good one"]
    assert [f.address for f in found[1:]] == ["nightly/bad/index.html", "a%20good%20one/index.html"]
    assert found[0].why.startswith("half/run.json is not JSON")


def test_the_links_of_the_index_lead_to_pages(tmp_path: Path) -> None:
    """The command writes the page beside the runs; the addresses are relative."""
    runs(tmp_path)
    done = CliRunner().invoke(cli, ["report", "--index", str(tmp_path)])
    source = (tmp_path / "runs.html").read_text()

    assert (done.exit_code, done.stdout) == (0, f"runs: {tmp_path / 'runs.html'}\n")
    assert "3 runs, 2 failing" in source
    assert 'href="a%20good%20one/index.html"' in source
    assert str(tmp_path) not in source


def test_the_folder_of_a_run_is_its_own_index(tmp_path: Path) -> None:
    """A folder that is a run itself is listed too, and its page stays what it is."""
    page = made.report().to_folder(tmp_path)
    before = page.read_bytes()
    runs_page.write_index(tmp_path)

    assert [(f.name, f.address) for f in runs_below(tmp_path)] == [("this folder", "index.html")]
    assert page.read_bytes() == before


def test_a_run_that_was_killed_is_listed(tmp_path: Path) -> None:
    """The one before it, which passed, does not stand for it."""
    made.report().to_folder(tmp_path / "nightly")
    set_aside(tmp_path / "nightly")
    (found,) = runs_below(tmp_path)

    assert (found.name, found.run) == ("nightly", None)
    assert "did not come to its end; the one before it is in nightly/bptt_check-prev" in found.why


def test_a_folder_without_runs_is_refused(tmp_path: Path) -> None:
    """Exit status 2, and which folder to name."""
    done = CliRunner().invoke(cli, ["report", "--index", str(tmp_path)])

    assert done.exit_code == 2
    assert "holds no run. Name a folder below which" in done.stderr


def test_an_index_is_escaped() -> None:
    """Names of folders and subjects are text."""
    hostile = "<script>alert(1)</script>"
    run = made.report(subject=hostile).run
    found = [
        ListedRun(hostile, "x", run),
        ListedRun(hostile, "", None, hostile),
    ]

    assert "<script" not in runs_page.render_index(found)


def test_a_small_chart_goes_from_left_to_right() -> None:
    """Higher is more; what is not finite has no point, and equal values are in the middle."""
    rising = runs_page.small_chart([1.0, math.nan, 100.0, 10.0], logarithmic=True)
    flat = runs_page.small_chart([3.0, 3.0])

    assert [x for x, _ in rising.points] == sorted(x for x, _ in rising.points)
    heights = [y for _, y in rising.points]
    assert heights[0] > heights[2] > heights[1]
    assert heights[2] == pytest.approx((heights[0] + heights[1]) / 2)
    assert {y for _, y in flat.points} == {runs_page.HEIGHT / 2}
    assert runs_page.small_chart([math.inf]).points == ()
