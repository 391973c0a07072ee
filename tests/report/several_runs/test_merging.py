"""Several runs as one: no field of a run is lost, none of another run is taken for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest
from support import made, searches
from support.shared_errors import floor, shared_error

from bptt_check.cases.timing.stage_clock import Stage
from bptt_check.report import run_json
from bptt_check.report.several_runs.merging import labelled_run, merge_runs
from bptt_check.runs.coverage.covered import added_records
from bptt_check.runs.effort.quick import Quick
from bptt_check.runs.effort.stages import Stages
from bptt_check.runs.measurements import OwnArrays
from bptt_check.runs.provenance.provenance import Provenance
from bptt_check.runs.records import KindCount, Run
from bptt_check.verdicts.case_kind import CaseKind

FIELDS = [f.name for f in fields(Run)]


def full_run(which: str) -> Run:
    """A run in which every field says something, and something else than in another such run."""
    number = {"one": 1, "other": 2}[which]
    model, subject = f"gru+{number}layers", f"subject of {which}"
    run = made.failing(
        subject=subject,
        address=f"address of {which}",
        setup=(f"import {which}",),
        left_out=(f"model of {which}",),
        command=f"command of {which}",
        seed=number,
        models=(model,),
        oracles=(f"oracle of {which}",),
        environment={f"python of {which}": "3.11"},
        cases={"fail": number},
        declined={f"model of {which}": f"reason of {which}"},
        interrupted=True,
        seconds=float(number),
        rows=(made.wrong(model=model),),
        failures=(made.failure(model=model),),
        flows=(replace(made.flow(), model=model),),
        error_histograms=(made.histogram(model=model),),
        worst_entries=(made.worst_entry(model=model),),
        taylor=(made.curve(model=model),),
        covered=made.covered(model=model),
        accuracy=number * 1e-6,
        kinds=(KindCount(model, CaseKind.WRONG_GRADIENT, number),),
        own_arrays=(OwnArrays(model, {"W_hh_l0": (f"V of {which}",)}),),
        stages=Stages({Stage.JUDGING: number / 2}, {"torch": float(number), which: 1.0}),
        quick=Quick(("torch", f"oracle of {which}")),
        systematic=(shared_error(model=model),),
        systematic_floors=(floor(model=model),),
        kernel={"inside": f"dtype of {which}"},
        searches=(searches.search(tried=number),),
        provenance=Provenance(f"2026-01-0{number}T00:00:00Z", f"commit of {which}", False, "host"),
    ).run
    return replace(run, checks=run.parts)


ONE, OTHER = full_run("one"), full_run("other")
MERGED = merge_runs({"a": ONE, "b": OTHER})


def joined(name: str) -> Any:
    """The labelled entries of both runs."""
    return getattr(labelled_run("a", ONE), name) + getattr(labelled_run("b", OTHER), name)


WANTED: dict[str, Callable[[], Any]] = {
    "verdict": lambda: "fail",
    "subject": lambda: "subject of one, subject of other",
    "address": lambda: "",
    "setup": lambda: (),
    "accuracy": lambda: 0.0,
    "kernel": lambda: None,
    "command": lambda: "command of one; command of other",
    "seed": lambda: None,
    "environment": lambda: {"python of one": "3.11", "python of other": "3.11"},
    "models": lambda: ("gru+1layers", "gru+2layers"),
    "oracles": lambda: ("oracle of one", "oracle of other"),
    "cases": lambda: {"fail": 3},
    "declined": lambda: {
        "model of one in a": "reason of one",
        "model of other in b": "reason of other",
    },
    "interrupted": lambda: True,
    "seconds": lambda: 3.0,
    "stages": lambda: Stages({Stage.JUDGING: 1.5}, {"torch": 3.0, "one": 1.0, "other": 1.0}),
    "provenance": lambda: Provenance("2026-01-01T00:00:00Z", "", False, "host"),
    "quick": lambda: Quick(("torch", "oracle of one", "oracle of other")),
    "covered": lambda: added_records([ONE.covered.labelled("a"), OTHER.covered.labelled("b")]),
}
"""Field to what is expected of both runs; the entries of both where it is not here."""


@pytest.mark.parametrize("name", FIELDS)
def test_sample_runs_have_a_value_in_every_field(name: str) -> None:
    """Else the tests below would prove nothing of it: a new field needs a value in `full_run`."""
    assert getattr(ONE, name)


@pytest.mark.parametrize("name", FIELDS)
def test_merging_keeps_every_field(name: str) -> None:
    """What either run says is in the merged one; a field that is forgotten fails here."""
    want = WANTED[name]() if name in WANTED else joined(name)

    assert want == getattr(MERGED, name)


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("run", [ONE, MERGED], ids=["one", "merged"])
def test_run_json_keeps_every_field(name: str, run: Run) -> None:
    """What is read back from `run.json` is what was written, field by field."""
    again = run_json.from_json(run_json.to_json(run), "run.json")

    assert getattr(run, name) == getattr(again, name)


ENTRIES = [
    n for n in FIELDS if isinstance(getattr(ONE, n), tuple) and is_dataclass(getattr(ONE, n)[0])
]


@pytest.mark.parametrize("name", ENTRIES)
def test_entries_of_equal_runs_stay_apart(name: str) -> None:
    """Two tests may check the same model; each entry says to which of them it belongs."""
    first, second = getattr(merge_runs({"a": ONE, "b": ONE}), name)

    assert first != second


def test_run_without_curves_is_told_from_one_with_them() -> None:
    """What the tests above compare is not equal whatever is in it."""
    lost = replace(ONE, taylor=())

    assert merge_runs({"a": lost, "b": OTHER}).taylor != MERGED.taylor


def test_commands_of_the_runs_give_way_to_that_of_the_session() -> None:
    """Whoever runs the session again runs all of them."""
    assert merge_runs({"a": ONE, "b": OTHER}, command="pytest").command == "pytest"


def test_seed_stays_where_it_is_the_same() -> None:
    """Runs of one seed have a seed together."""
    assert merge_runs({"a": ONE, "b": replace(OTHER, seed=1)}).seed == 1


def test_merged_runs_of_one_subject_keep_its_address() -> None:
    """So that a session with several tests of one subject can be run again."""
    merged = merge_runs({"a": ONE, "b": replace(OTHER, address=ONE.address)})

    assert merged.address == ONE.address


def test_merged_runs_are_quick_if_one_is() -> None:
    """What that one left out was not checked, whatever others checked."""
    assert merge_runs({"a": ONE, "b": replace(OTHER, quick=None)}).quick == ONE.quick
    thorough = {name: replace(run, quick=None) for name, run in {"a": ONE, "b": OTHER}.items()}

    assert merge_runs(thorough).quick is None
