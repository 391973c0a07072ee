"""`run.json`: strict, exact on its way out and back, and read from the first version on."""

from __future__ import annotations

import json
import math
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from support import made
from support.older_runs import version_2
from support.shared_errors import floor, shared_error, with_shared_error

from bptt_check.diagnosis.finding import Finding
from bptt_check.errors import ReportError
from bptt_check.report import grouping, run_json
from bptt_check.report.headline import headline
from bptt_check.report.html import page
from bptt_check.report.several_runs import comparison
from bptt_check.runs.errors.error_distribution import bin_of
from bptt_check.runs.records import Run, Summary
from bptt_check.runs.systematic.slope import RegressorKind
from bptt_check.verdicts.case_kind import CaseKind
from bptt_check.verdicts.verdict import Verdict

FLOATS = [f.name for f in fields(Summary) if f.type == "float"]


LOST = RegressorKind.ARITHMETIC


def reread(run: Run) -> Run:
    """The run after a trip through JSON."""
    return run_json.from_json(run_json.to_json(run), "run.json")


def same(one: Any, other: Any) -> bool:
    """Equality in which NaN equals NaN."""
    return one == other or (one != one and other != other)


@pytest.mark.parametrize("report", [made.report(), made.failing(), made.large(3)])
def test_a_run_survives_json(report: Any) -> None:
    """What is read back from JSON equals what was written."""
    assert reread(report.run) == report.run


@pytest.mark.parametrize("value", [made.NAN, made.INF, -made.INF, -0.0, 5e-324, 1.0, 1e308])
def test_every_number_survives_json(value: float) -> None:
    """NaN, infinities, the negative zero and the smallest number come back as they were."""
    row = made.row(**dict.fromkeys(FLOATS, value))
    (back,) = reread(made.report(rows=(row,)).run).rows

    for name in FLOATS:
        found = getattr(back, name)
        assert same(value, found)
        assert math.copysign(1, value) == math.copysign(1, found) or value != value


def test_the_json_is_strict() -> None:
    """No NaN or Infinity literal, which other languages cannot read; the strings stand for them."""
    row = made.row(max_abs=made.NAN, max_rel=made.INF, max_ulps=-made.INF)
    text = run_json.to_json(made.report(rows=(row,)).run).decode()
    found = json.loads(text, parse_constant=pytest.fail)["rows"]["columns"]
    values = [found[n]["every"] for n in ("max_abs", "max_rel", "max_ulps")]

    assert values == ["nan", "inf", "-inf"]


def test_a_subject_may_be_called_nan() -> None:
    """Only numbers are read back from such strings, not names."""
    report = made.report(subject="nan", rows=(made.row(model="inf"),), models=("inf",))
    back = reread(report.run)

    assert back.subject == "nan"
    assert back.rows[0].model == "inf"


def test_the_fields_are_those_of_the_contract() -> None:
    """Rows and failures have the fields that other programs were promised."""
    data = json.loads(run_json.to_json(made.failing().run))

    assert {
        "schema_version", "verdict", "subject", "environment", "command", "seed", "rows",
        "failures", "cases", "declined", "models", "oracles", "seconds", "interrupted",
    } <= set(data)  # fmt: skip
    assert {
        "model", "parameter", "oracle", "cases", "verdict", "max_abs", "max_rel", "max_ulps",
        "max_budgets", "worst_spec", "worst_index",
    } <= set(data["rows"]["columns"])  # fmt: skip
    assert {
        "verdict", "model", "parameter", "message", "spec", "diagnoses", "counterexample", "cases",
        "first_spec",
    } <= set(data["failures"][0])  # fmt: skip
    assert data["schema_version"] == run_json.SCHEMA_VERSION


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

    assert reread(report.run) == report.run


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
def test_files_that_are_no_run_are_refused(content: bytes, words: str) -> None:
    """A file that is not a whole run of a known version is refused with advice."""
    with pytest.raises(ReportError, match=words):
        run_json.from_json(content, "run.json")


@pytest.mark.parametrize("link", ["javascript:x", "../x.npz", "//host/x.npz", "", "x.npz"])
def test_links_that_we_never_write_are_refused(link: str) -> None:
    """A record may come from anywhere; its page leads nowhere but to its own files."""
    data = version_2(made.failing().run)
    data["failures"][0]["counterexample"] = link

    with pytest.raises(ReportError, match="no counterexample"):
        run_json.from_json(json.dumps(data).encode(), "run.json")


@pytest.mark.parametrize("where", ["rows", "failures"])
def test_verdicts_that_do_not_exist_are_refused(where: str) -> None:
    """Of the run and of everything in it."""
    data = version_2(made.failing().run)
    data[where][0]["verdict"] = "splendid"

    with pytest.raises(ReportError, match=r"enum value 'splendid' - at .*verdict"):
        run_json.from_json(json.dumps(data).encode(), "run.json")


@pytest.mark.parametrize("lines", [("3-",), ("3-!", "29", "00-"), ("3-!", "29?", "00-")])
def test_coverage_that_does_not_fit_its_levels_is_refused(lines: tuple[str, ...]) -> None:
    """Too few lines, too few characters, and one that is no count."""
    covered = made.covered()
    factor, other = covered.factors
    run = made.report(covered=replace(covered, factors=(replace(factor, pairs=lines), other))).run

    with pytest.raises(ReportError, match="not the record"):
        reread(run)


def test_coverage_survives_json() -> None:
    """The sibling that fits is read back as it was."""
    run = made.report(covered=made.covered()).run

    assert reread(run).covered == run.covered


def test_unknown_fields_are_ignored() -> None:
    """A later version of the same schema may say more."""
    data = version_2(made.report().run)
    data["new"] = data["rows"][0]["new"] = 1

    assert made.report().run == run_json.from_json(json.dumps(data).encode(), "run.json")


def test_unknown_columns_are_ignored() -> None:
    """In a table too."""
    data = json.loads(run_json.to_json(made.report().run))
    data["rows"]["columns"]["new"] = {"every": 1}

    assert made.report().run == run_json.from_json(json.dumps(data).encode(), "run.json")


def test_what_is_wrong_with_a_table_is_told() -> None:
    """With the place; so is the list of records that it was in earlier versions."""
    data = json.loads(run_json.to_json(made.failing().run))
    right = data["rows"]
    for wrong, words in (
        ([{}], r"\$.rows is no object of length, columns"),
        ({**right, "length": 3}, r"\$.rows\.parameter has 2 values for 3 records"),
    ):
        data["rows"] = wrong
        with pytest.raises(ReportError, match=words):
            run_json.from_json(json.dumps(data).encode(), "run.json")


def test_records_that_are_alike_take_little_space() -> None:
    """A large run has thousands of them, and no spaces between."""
    run = made.large(40).run
    content = run_json.to_json(run)

    assert 4 * len(content) < len(json.dumps(version_2(run), separators=(",", ":")))
    assert max(map(len, content.splitlines())) < len(content) / 4


OLD = Path(__file__).with_name("run_of_schema_1.json")
"""Written by the first version of the schema, before there were spreads and profiles."""


def test_an_old_report_still_opens() -> None:
    """What was added later is empty, and the page can be made."""
    run = run_json.from_json(OLD.read_bytes(), "an old run")

    assert (run.verdict, len(run.rows), len(run.failures)) == ("fail", 4, 1)
    assert (run.error_histograms, run.worst_entries, run.failures[0].arrays) == ((), (), {})
    assert "the gradient of W_hh_l0 is wrong" in page.render_run(run)


MEASURED = Path(__file__).with_name("measured_run_of_schema_1.json")
"""Written by the first version of the schema when it was last used; it measures what ours does."""


def test_a_run_of_the_first_schema_is_read_whole() -> None:
    """What has another name now is there under it, its address is that of its command."""
    run = run_json.from_json(MEASURED.read_bytes(), "an old run")
    line = f"bc.check(subject, bc.Spec.parse('{made.SPEC}').build())"  # what it said to paste
    new = made.failure()
    old = replace(new, message=new.message.replace(new.reproduction, line), reproduction=line)
    now = made.failing(taylor=(made.curve(),), address="subject", failures=(old,)).run_alone()

    assert reread(run) == now
    assert page.render_run(run) == page.render_run(now)


SECOND = Path(__file__).with_name("run_of_schema_2.json")
"""Written by the second version of the schema when it was last used."""


def test_a_run_of_the_second_schema_is_read_whole() -> None:
    """With all digits that it has, of which a newer record keeps fewer in what is only drawn."""
    run = run_json.from_json(SECOND.read_bytes(), "an old run")
    now = made.failing(taylor=(made.curve(),), covered=made.covered()).run_alone()

    assert run.worst_entries[0].errors[1] == (0.01, 0.025)
    assert now.worst_entries[0].errors[1] == (0.01, 0.0255)
    assert reread(run) == now
    assert page.render_run(run) == page.render_run(now)


def test_the_command_of_an_old_failure_is_read_from_its_message() -> None:
    """The first version has it there only; a message without one has no command."""
    data = json.loads(OLD.read_bytes())
    (failure,) = run_json.from_json(json.dumps(data).encode(), "an old run").failures
    data["failures"][0]["message"] = "ERROR  lstm: the subject raised"
    (other,) = run_json.from_json(json.dumps(data).encode(), "an old run").failures

    spec = "lstm T=1 B=1 D=1 H=1 O=2 seed=0"
    assert failure.reproduction == f"bptt-check replay '{spec}' subject"
    assert other.reproduction == ""


@pytest.mark.parametrize("file", [MEASURED, SECOND], ids=["1", "2"])
def test_runs_of_all_schemas_can_be_compared(file: Path) -> None:
    """A base may be older than the run; nothing got worse where nothing changed."""
    old = run_json.from_json(file.read_bytes(), "an old run")
    same, worse = made.failing().run, made.failing(rows=(made.wrong(parameter="b_h_l0"),)).run

    assert not comparison.compare(old, reread(same)).is_worse
    assert comparison.compare(old, reread(worse)).is_worse


def test_old_names_are_not_read_in_the_new_schema() -> None:
    """A run that uses them is not one that the second version wrote: it has no measurements."""
    data = {**json.loads(MEASURED.read_bytes()), "schema_version": 2}
    run = run_json.from_json(json.dumps(data).encode(), "mixed")

    assert run.worst_entries == ()


def test_rows_of_old_reports_get_the_kind_of_their_reason() -> None:
    """They only have its text; what the subject did not offer must not look undecided."""
    run = run_json.from_json(OLD.read_bytes(), "an old run")
    kinds = {row.parameter: row.reason_kind for row in run.rows if row.oracle == "torch"}

    assert kinds == {"b_h_l0": "", "W_hh_l0": "", "x": "not offered"}
    assert grouping.model_facts(run)[0].not_offered == ("x",)


def test_kind_of_a_reason_is_read_back_and_no_other_is_taken() -> None:
    """Beside the text for readers, which may say anything."""
    run = made.report(rows=(made.row(), made.vacuous(parameter="x"))).run
    data = version_2(run)
    told = {row["parameter"]: (row["reason_kind"], row["reason"][:8]) for row in data["rows"]}

    assert told == {"W_hh_l0": ("", ""), "x": ("vacuous", "vacuous:")}
    assert reread(run).rows == run.rows
    data["rows"][0]["reason_kind"] = "a whim"
    with pytest.raises(ReportError, match="enum value 'a whim'"):
        run_json.from_json(json.dumps(data).encode(), "run.json")


@pytest.mark.parametrize(
    ("command", "address"),
    [
        ("bptt-check run reference --cases 5", "reference"),
        ("bptt-check run 'it is.py:wrong' --cases 5", "it is.py:wrong"),
        ("pytest it.py", ""),
        ("bptt-check run 'open", ""),
        ("", ""),
    ],
)
def test_an_old_report_has_the_address_of_its_command(command: str, address: str) -> None:
    """So that its page shows the same line to run a case again."""
    data = {**json.loads(OLD.read_bytes()), "command": command}

    assert run_json.from_json(json.dumps(data).encode(), "an old run").address == address


def test_measurements_survive_the_file() -> None:
    """Histograms and worst entries come back as they were, infinite numbers included."""
    infinite = made.histogram(max_ulps=made.INF, max_budgets=made.NAN, parameter="nan")
    run = made.report(error_histograms=(made.histogram(), infinite)).run
    data = run_json.to_json(run)
    again = run_json.from_json(data, "a run")

    assert again.worst_entries == run.worst_entries
    assert again.error_histograms[0] == run.error_histograms[0]
    last = again.error_histograms[1]
    assert (last.max_ulps, last.parameter) == (made.INF, "nan")
    assert math.isnan(last.max_budgets)
    assert b"Infinity" not in data


def test_a_measurement_of_another_shape_is_refused() -> None:
    """Whoever changed the file by hand is told what is wrong with it."""
    data = version_2(made.report().run)
    data["worst_entries"][0]["errors"] = "none"

    with pytest.raises(ReportError, match="is not the record of a bptt_check run: Expected"):
        run_json.from_json(json.dumps(data).encode(), "a run")


def test_rows_of_directions_can_be_read_back_and_older_ones_have_none() -> None:
    """What is new has a default, so that records of earlier versions are read."""
    report = made.report(rows=(made.row(directional=3, worst_directions=4, worst_index=()),))
    data = version_2(report.run)
    for name in ("directional", "worst_directions"):
        del data["rows"][0][name]
    older = run_json.from_json(json.dumps(data).encode(), "run.json")

    assert reread(report.run) == report.run
    assert (older.rows[0].directional, older.rows[0].worst_directions) == (0, 0)


def test_the_bins_of_every_float_are_read() -> None:
    """Of the smallest, of the largest and of an infinite one."""
    bins = tuple((bin_of(size), 1) for size in (5e-324, 1.7e308, made.INF))
    run = made.report(error_histograms=(made.histogram(ulps=bins),)).run

    assert reread(run) == run


def test_errors_that_all_cases_share_survive_the_file_and_older_ones_have_none() -> None:
    """With a share that is not known and a floor that is infinite."""
    run = with_shared_error(
        shared_error(), systematic_floors=(floor(floor=made.INF), floor(parameter="x"))
    ).run
    data = json.loads(run_json.to_json(run))
    for name in ("systematic", "systematic_floors"):
        del data[name]
    older = run_json.from_json(json.dumps(data).encode(), "run.json")

    assert reread(run) == run
    assert (older.systematic, older.systematic_floors) == ((), ())
    unknown = reread(with_shared_error(shared_error(share=made.NAN)).run).systematic[0].share
    assert math.isnan(unknown)


def test_floors_of_many_gradients_take_little_space() -> None:
    """As rows do: a line of text each would be three times as long."""
    floors = tuple(floor(model=f"m{n // 8}", parameter=f"p{n % 8}") for n in range(400))
    run = made.report(systematic_floors=floors).run
    columns = json.loads(run_json.to_json(run))["systematic_floors"]
    objects = version_2(run)["systematic_floors"]

    assert 3 * len(json.dumps(columns)) < len(json.dumps(objects))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"systematic": (shared_error(verdict=Verdict.PASS),)}, "that no run finds"),
        ({"systematic": (shared_error(kind=LOST, name="magic"),)}, "that no run finds"),
        ({"systematic": (shared_error(cases=-1),)}, "below zero"),
        ({"systematic": (shared_error(models=0),)}, "below zero"),
        ({"systematic": (shared_error(uncertainty=-1.0),)}, "below zero"),
        ({"systematic_floors": (floor(cases=-1),)}, "below zero"),
        ({"systematic_floors": (floor(floor=-1.0),)}, "is no size"),
        ({"systematic_floors": (floor(floor=made.NAN),)}, "is no size"),
    ],
)
def test_impossible_errors_that_all_cases_share_are_refused(
    changes: dict[str, Any], words: str
) -> None:
    """Those that no run of ours has; the test above has siblings that are read."""
    with pytest.raises(ReportError, match=words):
        reread(made.report(**changes).run)


def test_a_record_of_the_version_before_opens_and_compares() -> None:
    """It says nothing of when it was made, has no matrices, and its findings have no cause."""
    finding = Finding("all of it", "certain", ("W_hh_l0",), cause="the cause")
    failure = made.failure(kind=CaseKind.WRONG_GRADIENT, findings=(finding,))
    run = made.failing(failures=(failure,)).run
    data = json.loads(run_json.to_json(run))
    del data["provenance"], data["searches"]
    for one in data["failures"]:
        del one["compared"], one["without_diagnosis"], one["findings"][0]["cause"]
    older = run_json.from_json(json.dumps(data).encode(), "run.json")

    assert headline(run) == "W_hh is wrong: the cause"
    assert headline(older) == "W_hh is wrong"
    assert '<h1><span class="headline">W_hh is wrong</span>' in page.render_run(older)
    assert not comparison.compare(older, run).is_worse
