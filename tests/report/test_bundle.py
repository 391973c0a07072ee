"""Bundles: nothing is lost on the way between processes, nothing collides when merged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support import made
from support.mutations import told

import bptt_check as bc
from bptt_check.errors import ReportError
from bptt_check.report import folder, run_json
from bptt_check.report.bundle import Bundle, merge, pack, unpack
from bptt_check.report.folder import load_run


def test_a_packed_bundle_is_strict_json() -> None:
    """So that it can travel on a test report, whatever serialises that."""
    packed = pack(made.failing().bundle())

    assert packed == json.loads(json.dumps(packed, allow_nan=False))


def test_unpacking_gives_back_everything() -> None:
    """Run, table and files are those that were packed."""
    before = made.failing().bundle()
    after = unpack(json.loads(json.dumps(pack(before))))

    assert before.run == after.run
    assert before.files == after.files
    assert repr(dict(before.table)) == repr(dict(after.table))


def merged(*reports: bc.Report, **options: Any) -> Bundle:
    """Several reports as one, from tests called t0, t1, ..."""
    return merge({f"t{n}": r.bundle() for n, r in enumerate(reports)}, **options)


@pytest.mark.parametrize(
    ("verdicts", "want"),
    [
        (["pass", "pass"], "pass"),
        (["pass", "imprecise"], "imprecise"),
        (["imprecise", "fail", "pass"], "fail"),
        (["fail", "contract", "error"], "error"),
        (["pass", "inconclusive"], "inconclusive"),
        ([], "inconclusive"),
    ],
)
def test_the_worst_verdict_counts(verdicts: list[str], want: str) -> None:
    """A session is as good as its worst check; nothing checked is no pass."""
    assert want == merged(*(made.report(verdict=v) for v in verdicts)).run.verdict


def test_an_interrupted_session_does_not_pass() -> None:
    """What was not reached might have failed."""
    assert merged(made.report(), interrupted=True).run.verdict == "inconclusive"
    assert merged(made.failing(), interrupted=True, command="c").run.verdict == "fail"


def test_the_same_model_of_two_tests_stays_apart() -> None:
    """Rows, failures and lines of the table carry the test they came from."""
    found = merged(made.failing(), made.failing(subject="other"))

    assert [row.check for row in found.run.rows] == ["t0", "t0", "t1", "t1"]
    assert [failure.check for failure in found.run.failures] == ["t0", "t1"]
    assert found.table["check"] == ["t0", "t0", "t1", "t1"]
    assert found.run.subject == "subject, other"


def test_counterexamples_of_two_tests_stay_apart(tmp_path: Path) -> None:
    """Each failure leads to its own arrays, though both files had the same name."""
    other = made.failure(case=bc.Spec.parse("lstm T=2 seed=1").build())
    found = merged(made.failing(), made.failing(failures=(other,)))
    folder.write_folder(folder.prepare(tmp_path), found)

    steps = [
        bc.Case.load(tmp_path / str(failure.counterexample)).sizes.T
        for failure in load_run(tmp_path).failures
    ]
    assert steps == [1, 2]


def test_counts_are_added() -> None:
    """Cases of all tests, models and oracles once each, the seed if it is one."""
    other = made.report(cases={"pass": 5, "error": 1}, models=("gru", "lstm"), oracles=("jax",))
    run = merged(made.report(), other, command="pytest").run

    assert run.cases == {"pass": 15, "error": 1}
    assert run.models == ("lstm", "gru")
    assert run.oracles == ("torch", "jax")
    assert (run.seed, run.command) == (0, "pytest")
    assert merged(made.report(), made.report(seed=1)).run.seed is None


def test_what_was_declined_says_where() -> None:
    """Two tests may decline the same model for different reasons."""
    reports = [made.report(models=("lstm", "gru"), declined={"gru": why}) for why in ("a", "b")]

    assert merged(*reports).run.declined == {"gru in t0": "a", "gru in t1": "b"}


def test_a_merged_run_survives_json() -> None:
    """And renders, with a table of its tests."""
    run = merged(made.failing(), made.report()).run
    assert run == run_json.from_json(run_json.to_json(run), "run.json")

    from bptt_check.report.html.page import render_run

    assert '<section id="checks"' in render_run(run)


def test_measurements_are_labelled_with_their_check() -> None:
    """Spreads and profiles of two tests on one model stay apart, and their flows are named."""
    run = merged(made.report(), made.report()).run

    assert [histogram.check for histogram in run.error_histograms] == ["t0", "t1"]
    assert [worst.check for worst in run.worst_entries] == ["t0", "t1"]
    assert [flow.model for flow in run.flows] == ["lstm in t0", "lstm in t1"]


PACKED = pack(made.failing().bundle())
TABLE = PACKED["table"]
(NAME,) = PACKED["files"]
GARBAGE: dict[str, tuple[Any, str]] = {
    "nothing": (None, "TypeError"),
    "text": ("run", "TypeError"),
    "empty": ({}, "KeyError: 'run'"),
    "run of a number": ({**PACKED, "run": 3}, "AttributeError"),
    "run of nonsense": ({**PACKED, "run": "\x1b[2J"}, "the report of a test is not JSON"),
    "run with half a pair": ({**PACKED, "run": "\ud800"}, "surrogates not allowed"),
    "no table": ({**PACKED, "table": None}, "AttributeError"),
    "column of a number": ({**PACKED, "table": {**TABLE, "model": 3}}, "TypeError"),
    "column of words": (
        {**PACKED, "table": {**TABLE, "wrong": ["x", "y"]}},
        "column 'wrong'",
    ),
    "long numbers": ({**PACKED, "table": {**TABLE, "wrong": [10**30, 0]}}, "column 'wrong'"),
    "shorter column": ({**PACKED, "table": {**TABLE, "model": []}}, "differ in length"),
    "unknown column": ({**PACKED, "table": {**TABLE, "x'; --": ["", ""]}}, 'column "x\'; --"'),
    "no columns": ({**PACKED, "table": {}}, "its table lacks model, spec, parameter"),
    "words for numbers": ({**PACKED, "table": {**TABLE, "got": ["a", "b"]}}, "could not convert"),
    "files of a list": ({**PACKED, "files": []}, "AttributeError"),
    "file of nonsense": ({**PACKED, "files": {NAME: "\u202e"}}, "ValueError"),
    "file of a number": ({**PACKED, "files": {NAME: 3}}, "TypeError"),
    "path upwards": ({**PACKED, "files": {"../../x": ""}}, "'../../x' is no counterexample of it"),
}
"""What is wrong with a bundle, to what came and what is said of it."""


@pytest.mark.parametrize("name", GARBAGE)
def test_what_is_no_bundle_is_refused(name: str) -> None:
    """It comes from a process in which subjects run; the right one among them is unpacked."""
    data, words = GARBAGE[name]
    with pytest.raises(ReportError) as caught:
        unpack(data)

    assert words in told(caught.value)
    assert "\n" not in told(caught.value)
    assert unpack(PACKED).run.subject == "subject"
