"""The document of a run: cleaned on its way in, exact on its way out and back."""

from __future__ import annotations

import json
import math
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st
from support import made

import bptt_check as bc
from bptt_check.errors import ReportError
from bptt_check.report import document, folder
from bptt_check.report.html import page
from bptt_check.runs.records import SCHEMA_VERSION, Summary

FLOATS = [f.name for f in fields(Summary) if f.type == "float"]


def reread(run: document.Run) -> document.Run:
    """The run after a trip through JSON."""
    return folder.from_json(folder.to_json(run), "run.json")


def same(one: Any, other: Any) -> bool:
    """Equality in which NaN equals NaN."""
    return one == other or (one != one and other != other)


@pytest.mark.parametrize("report", [made.report(), made.failing(), made.large(3)])
def test_a_run_survives_json(report: Any) -> None:
    """What is read back from JSON equals what was written."""
    assert reread(report.document) == report.document


@pytest.mark.parametrize("value", [made.NAN, made.INF, -made.INF, -0.0, 5e-324, 1.0, 1e308])
def test_every_number_survives_json(value: float) -> None:
    """NaN, infinities, the negative zero and the smallest number come back as they were."""
    row = made.row(**dict.fromkeys(FLOATS, value))
    (back,) = reread(made.report(rows=(row,)).document).rows

    for name in FLOATS:
        found = getattr(back, name)
        assert same(value, found)
        assert math.copysign(1, value) == math.copysign(1, found) or value != value


def test_the_json_is_strict() -> None:
    """No NaN or Infinity literal, which other languages cannot read; the strings stand for them."""
    row = made.row(max_abs=made.NAN, max_rel=made.INF, max_ulps=-made.INF)
    text = folder.to_json(made.report(rows=(row,)).document).decode()
    (found,) = json.loads(text, parse_constant=pytest.fail)["rows"]

    assert [found[n] for n in ("max_abs", "max_rel", "max_ulps")] == ["nan", "inf", "-inf"]


def test_a_subject_may_be_called_nan() -> None:
    """Only numbers are read back from such strings, not names."""
    report = made.report(subject="nan", rows=(made.row(model="inf"),), models=("inf",))
    back = reread(report.document)

    assert back.subject == "nan"
    assert back.rows[0].model == "inf"


def test_the_fields_are_those_of_the_contract() -> None:
    """Rows and failures have the fields that other programs were promised."""
    data = json.loads(folder.to_json(made.failing().document))

    assert {
        "schema_version", "verdict", "subject", "environment", "command", "seed", "rows",
        "failures", "cases", "declined", "models", "oracles", "seconds", "interrupted",
    } <= set(data)  # fmt: skip
    assert {
        "model", "parameter", "oracle", "cases", "verdict", "max_abs", "max_rel", "max_ulps",
        "max_budgets", "worst_spec", "worst_index",
    } <= set(data["rows"][0])  # fmt: skip
    assert {
        "verdict", "model", "parameter", "message", "spec", "diagnoses", "counterexample", "cases",
        "first_spec",
    } <= set(data["failures"][0])  # fmt: skip
    assert data["schema_version"] == SCHEMA_VERSION


@pytest.mark.parametrize("name", made.HOSTILE)
def test_hostile_names_can_be_written(name: str) -> None:
    """Whatever a subject calls its things, the record can be written and says the same again."""
    report = made.failing(
        subject=name,
        declined={name: name},
        failures=(made.failure(parameter=name, message=name, diagnoses=(name,)),),
        rows=(made.wrong(parameter=name, reason=name, model=name),),
        models=(name,),
    )

    assert reread(report.document) == report.document


@pytest.mark.parametrize(
    ("given_text", "want"),
    [
        ("plain é ∂ 漢", "plain é ∂ 漢"),
        ("\x1b[31m", "\\x1b[31m"),
        ("a\u202eb", "a\\u202eb"),
        ("a\u2028b", "a\\u2028b"),
        ("\ud800", "\\ud800"),
        ("a\nb\tc", "a\\nb\\tc"),
    ],
)
def test_what_could_do_harm_stands_as_an_escape(given_text: str, want: str) -> None:
    """Control characters and direction marks are shown, everything that can be read is kept."""
    assert want == document.clean(given_text)


def test_messages_keep_their_lines() -> None:
    """Line breaks are harmless in a message, and needed."""
    assert document.clean("a\n\tb\r", lines=True) == "a\n\tb\\r"


@given(st.text())
def test_cleaning_twice_changes_nothing(text: str) -> None:
    """A cleaned text is clean, and can be encoded."""
    once = document.clean(text)

    assert once == document.clean(once)
    once.encode()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not written whole"),
        (b"{", "not written whole"),
        (b"\xff\xfe", "not written whole"),
        (b"[]", "no schema_version"),
        (b"{}", "no schema_version"),
        (b'{"schema_version": "1"}', "no schema_version"),
        (b'{"schema_version": 99}', "pip install --upgrade"),
        (b'{"schema_version": 0}', "never existed"),
        (b'{"schema_version": 1}', "not the record"),
        (b'{"schema_version": 1, "rows": 3}', "not the record"),
        (b'{"schema_version": 1, "rows": [3]}', "not the record"),
        (b'{"schema_version": 1, "rows": [{"max_abs": "many"}]}', "not the record"),
    ],
)
def test_what_is_no_run_is_refused(content: bytes, words: str) -> None:
    """A file that is not a whole run of a known version is refused with advice."""
    with pytest.raises(ReportError, match=words):
        folder.from_json(content, "run.json")


@pytest.mark.parametrize("link", ["javascript:x", "../x.npz", "//host/x.npz", "", "x.npz"])
def test_links_that_we_never_write_are_refused(link: str) -> None:
    """A record may come from anywhere; its page leads nowhere but to its own files."""
    data = json.loads(folder.to_json(made.failing().document))
    data["failures"][0]["counterexample"] = link

    with pytest.raises(ReportError, match="no counterexample"):
        folder.from_json(json.dumps(data).encode(), "run.json")


@pytest.mark.parametrize("where", ["rows", "failures"])
def test_verdicts_that_do_not_exist_are_refused(where: str) -> None:
    """Of the run and of everything in it."""
    data = json.loads(folder.to_json(made.failing().document))
    data[where][0]["verdict"] = "splendid"

    with pytest.raises(ReportError, match=r"enum value 'splendid' - at .*verdict"):
        folder.from_json(json.dumps(data).encode(), "run.json")


def test_unknown_fields_are_ignored() -> None:
    """A later version of the same schema may say more."""
    data = json.loads(folder.to_json(made.report().document))
    data["new"] = data["rows"][0]["new"] = 1

    assert made.report().document == folder.from_json(json.dumps(data).encode(), "run.json")


def test_a_plain_run_is_its_only_part() -> None:
    """Whoever reads checks finds one in a run that was a single call."""
    run = made.report().document
    (part,) = run.parts

    assert (part.check, part.subject, part.models) == ("", "subject", ("lstm",))
    assert run.checks == ()
    assert (part,) == replace(run, checks=(part,)).parts


OLD = Path(__file__).with_name("run_of_schema_1.json")
"""Written by the first version of the schema, before there were spreads and profiles."""


def test_an_old_report_still_opens() -> None:
    """What was added later is empty, and the page can be made."""
    run = folder.from_json(OLD.read_bytes(), "an old run")

    assert (run.verdict, len(run.rows), len(run.failures)) == ("fail", 4, 1)
    assert (run.spreads, run.profiles, run.failures[0].arrays) == ((), (), {})
    assert "the gradient of W_hh_l0 is wrong" in page.render(run)


def test_measurements_survive_the_file() -> None:
    """Spreads and profiles come back as they were, infinite numbers included."""
    infinite = made.spread(max_ulps=made.INF, max_budgets=made.NAN, parameter="nan")
    run = made.report(spreads=(made.spread(), infinite)).document
    data = folder.to_json(run)
    again = folder.from_json(data, "a run")

    assert again.profiles == run.profiles
    assert again.spreads[0] == run.spreads[0]
    assert (again.spreads[1].max_ulps, again.spreads[1].parameter) == (made.INF, "nan")
    assert math.isnan(again.spreads[1].max_budgets)
    assert b"Infinity" not in data


def test_a_measurement_of_another_shape_is_refused() -> None:
    """Whoever changed the file by hand is told what is wrong with it."""
    data = json.loads(folder.to_json(made.report().document))
    data["profiles"][0]["errors"] = "none"

    with pytest.raises(ReportError, match="is not the record of a bptt_check run: Expected"):
        folder.from_json(json.dumps(data).encode(), "a run")


def test_the_numbers_of_a_small_case_are_readable() -> None:
    """A small counterexample is there in numbers; a large one is left to its file."""
    large = bc.Spec.parse("lstm T=16 B=4 D=4 H=6 O=2 seed=0").build()
    small, big = (
        made.failing(failures=(failure,)).document.failures[0].arrays
        for failure in (made.failure(), made.failure(case=large))
    )

    assert set(small) >= {"W_hh_l0", "x", "h0", "targets"}
    assert big == {}
