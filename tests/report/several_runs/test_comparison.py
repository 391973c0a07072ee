"""Two runs side by side: what got worse stops a gate, chance does not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from support import made

from bptt_check.cli import cli
from bptt_check.report.html import comparison_page
from bptt_check.report.several_runs import comparison


def compared(before: Any, after: Any, threshold: float = 2.0) -> comparison.Comparison:
    """The comparison of two runs of these rows; None is a run without that row."""
    base, run = (made.report(rows=(row,) if row else ()).run for row in (before, after))
    return comparison.compare(base, run, threshold)


@pytest.mark.parametrize(
    ("before", "after", "kind", "worse"),
    [
        (made.row(), made.wrong(), "worse", True),
        (made.row(), made.vacuous(), "worse", True),
        (made.wrong(verdict="imprecise"), made.wrong(), "worse", True),
        (made.row(max_budgets=0.2), made.row(max_budgets=0.5), "worse", True),
        (made.wrong(), made.row(), "fixed", False),
        (made.wrong(), made.wrong(verdict="imprecise"), "better", False),
        (made.vacuous(), made.row(), "better", False),
        (made.row(max_budgets=0.5), made.row(max_budgets=0.2), "better", False),
        (made.row(max_budgets=0.2), made.row(max_budgets=0.39), "same", False),
        (made.row(max_budgets=1e-6), made.row(max_budgets=0.09), "same", False),
        (made.row(max_budgets=0.0), made.row(max_budgets=0.2), "worse", True),
        (made.row(max_budgets=0.0), made.row(max_budgets=0.0), "same", False),
        (made.refused(), made.refused(), "same", False),
        (None, made.row(), "new", False),
        (None, made.wrong(), "new", True),
        (made.row(), None, "gone", False),
        (made.wrong(), None, "gone", False),
    ],
)
def test_every_change_has_its_kind(before: Any, after: Any, kind: str, worse: bool) -> None:
    """Verdicts decide first, then errors that matter; only what got worse stops a gate."""
    found = compared(before, after)

    assert [change.kind for change in found.changes] == [kind]
    assert found.is_worse == worse
    assert found.counts == {name: int(name == kind) for name in comparison.KINDS}


def test_threshold_decides_what_grew() -> None:
    """An error that tripled is worse at 2 and the same at 4."""
    pair = (made.row(max_budgets=0.2), made.row(max_budgets=0.6))

    assert [compared(*pair, threshold=t).changes[0].kind for t in (2.0, 4.0)] == ["worse", "same"]


def test_regressions_come_first() -> None:
    """New and failing stands before gone and fixed, the larger error before the smaller."""
    base = made.report(rows=(made.row(), made.wrong(parameter="x"), made.row(parameter="h0")))
    run = made.report(
        rows=(
            made.wrong(),
            made.row(parameter="x"),
            made.wrong(parameter="c0"),
            made.wrong(parameter="b_y", max_budgets=1e12),
        )
    )
    found = comparison.compare(base.run, run.run)

    assert [(c.kind, c.row.parameter) for c in found.changes] == [
        ("worse", "W_hh_l0"),
        ("new", "b_y"),
        ("new", "c0"),
        ("gone", "h0"),
        ("fixed", "x"),
    ]
    assert comparison.comparison_headline(found) == "1 gradient got worse, 2 new gradients fail"


def test_a_subject_that_raises_now_is_worse() -> None:
    """It leaves no rows to compare, only a failure."""
    raising = made.failing(rows=(), failures=(made.failure(verdict="error", parameter=""),))
    found = comparison.compare(made.report().run, raising.run)

    assert [c.kind for c in found.changes] == ["gone"]
    assert found.is_worse
    assert comparison.comparison_headline(found) == "1 model newly failed"
    assert not comparison.compare(raising.run, raising.run).is_worse


def test_what_is_declined_now_is_told() -> None:
    """A model that is not checked any more is no regression and no secret."""
    run = made.report(declined={"gru": "supports() says no"})

    assert comparison.compare(made.report().run, run.run).declined == ("gru",)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[str, str]:
    """A passing base and a run in which one gradient fails."""
    made.report(rows=(made.row(), made.row(parameter="x"))).to_folder(tmp_path / "base")
    made.failing().to_folder(tmp_path / "run")
    return str(tmp_path / "base"), str(tmp_path / "run")


def called(*arguments: str) -> Result:
    """The command line."""
    return CliRunner().invoke(cli, ["compare", *arguments])


def test_the_command_says_what_got_worse(folders: tuple[str, str]) -> None:
    """Exit status 1, the sentence, and the change with both sides."""
    done = called(*folders)

    assert done.exit_code == 1
    assert done.stdout.splitlines()[0] == "WORSE  1 gradient got worse"
    told = done.stdout.splitlines()[1:]
    assert told[0] == "  worse  lstm W_hh_l0: pass 0.05 -> fail 1e10 budgets (x 2e11), by torch"
    assert told[1] == "not checked alike:"
    assert "  x of lstm: 1 comparison -> none" in told


def test_the_command_is_content_with_the_same_run(folders: tuple[str, str]) -> None:
    """Exit status 0 where nothing got worse, also the other way round where things got fixed."""
    same, fixed = called(folders[0], folders[0]), called(folders[1], folders[0])

    assert (same.exit_code, fixed.exit_code) == (0, 0)
    assert same.stdout.startswith("OK  nothing got worse\n")
    assert fixed.stdout.startswith("OK  nothing got worse; 1 fixed\n")


def test_the_command_writes_json(folders: tuple[str, str]) -> None:
    """Machines get the counts and every change that is one."""
    found = json.loads(called(*folders, "--json").stdout)

    assert (found["verdict"], found["threshold"], found["counts"]["worse"]) == ("worse", 2.0, 1)
    assert found["changes"][0]["after"]["verdict"] == "fail"
    assert {c["kind"] for c in found["changes"]} == {"worse", "new", "gone"}


def test_the_command_writes_a_page(folders: tuple[str, str], tmp_path: Path) -> None:
    """The page has the sentence and the changes, and says where it is."""
    done = called(*folders, "--report", str(tmp_path / "pages"))
    source = (tmp_path / "pages" / "compare.html").read_text()

    assert f"report: {tmp_path / 'pages' / 'compare.html'}" in done.stdout
    assert "1 gradient got worse" in source
    assert "<script" not in source


def test_a_comparison_beside_a_run_opens_from_its_page(folders: tuple[str, str]) -> None:
    """And leads to both; a run that is written there later has none."""
    base, run = map(Path, folders)
    assert 'href="compare.html"' not in (run / "index.html").read_text()
    called(*folders, "--report", str(run))
    source = (run / "compare.html").read_text()

    assert 'href="compare.html"' in (run / "index.html").read_text()
    assert '<a href="../base/index.html">' in source
    assert '<a href="index.html">' in source
    made.failing().to_folder(run)
    assert not (run / "compare.html").exists()
    assert 'href="compare.html"' not in (run / "index.html").read_text()
    assert 'href="compare.html"' not in (base / "index.html").read_text()


@pytest.mark.parametrize("name", ["nowhere", "name" * 200, "a\0b", ""])
def test_a_run_without_a_page_has_no_link(tmp_path: Path, name: str) -> None:
    """Gone, of a name that no file can have, or with none."""
    found = comparison.compare(made.report().run, made.failing().run)
    source = comparison_page.write_comparison(str(tmp_path), found, name, name).read_text()

    assert "<a href" not in source


def test_a_page_of_somebody_elses_is_left_alone(tmp_path: Path) -> None:
    """Whatever its name."""
    (tmp_path / "compare.html").write_text("mine")
    made.failing().to_folder(tmp_path)

    assert (tmp_path / "compare.html").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nowhere", "base"), "holds no run.json"),
        (("base", "base", "--threshold", "1"), "is not in the range x>1"),
    ],
)
def test_wrong_usage_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], words: str
) -> None:
    """Exit status 2, and what to do."""
    made.report().to_folder(tmp_path / "base")
    monkeypatch.chdir(tmp_path)
    done = called(*arguments)

    assert done.exit_code == 2
    assert words in done.stderr


@pytest.mark.parametrize("name", [name for name in made.HOSTILE if name])
def test_a_comparison_page_is_escaped(name: str) -> None:
    """Names with markup in them add nothing to the page."""

    def page_of(name: str) -> str:
        rows = (made.wrong(model=name, parameter=name, oracle=name, worst_spec=name),)
        report = made.failing(subject=name, models=(name,), rows=rows, declined={"gru": name})
        found = comparison.compare(made.report().run, report.run)
        return comparison_page.render_comparison(found, name, name)

    assert page_of(name).count("<") == page_of("tame").count("<")
