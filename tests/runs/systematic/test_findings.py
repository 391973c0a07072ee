"""From what was found in a run to its failures, rows, histograms and floors."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest
from support import made
from support.right import right
from support.shared_errors import shared_error

import bptt_check as bc
from bptt_check.cases.precision import PRECISIONS
from bptt_check.cases.targets import parse_targets
from bptt_check.conventions import presets
from bptt_check.runs.systematic.findings import (
    failures_of,
    floors_of,
    with_findings,
    with_shared_errors,
)
from bptt_check.runs.systematic.model_group import ModelGroup, family_groups
from bptt_check.runs.systematic.records import SystematicError
from bptt_check.runs.systematic.screening import Key, Screening
from bptt_check.runs.systematic.slope import ErrorSlope, Regressor, RegressorKind
from bptt_check.runs.systematic.sums import added, sums_of
from bptt_check.runs.target_cases import Plan
from bptt_check.verdicts.case_kind import CaseKind
from bptt_check.verdicts.verdict import Reason, Verdict

MODELS = ("lstm", "lstm+mse")
TARGETS = tuple(target for model in MODELS for target in parse_targets(model))
ONE, (FAMILY,) = ModelGroup("lstm", TARGETS[:1]), family_groups(TARGETS)
PLAN = Plan(TARGETS, 100, ("bfloat16", "float16"), 3)


def failures(*errors: SystematicError, group: ModelGroup = ONE, plan: Plan = PLAN) -> Any:
    """The failures of some errors."""
    return list(failures_of(errors, group, plan, right))


def test_a_failure_is_of_one_dtype_and_verdict() -> None:
    """The strongest error of each first, whose case it has."""
    weak = shared_error(parameter="x", strength=6.0)
    other = shared_error(dtype="float16")
    lost = shared_error(verdict=Verdict.IMPRECISE, kind=RegressorKind.ARITHMETIC, name="truncating")
    found = failures(weak, shared_error(), other, lost)

    assert [(f.verdict, f.parameter, len(f.shared)) for f in found] == [
        ("fail", "W_hh_l0", 2),
        ("imprecise", "W_hh_l0", 1),
        ("fail", "W_hh_l0", 1),
    ]
    assert {f.kind for f in found} == {CaseKind.SYSTEMATIC}
    assert found[0].case.spec == bc.Spec.parse(made.SPEC)
    assert failures() == []


def test_what_is_typed_again_is_the_whole_run() -> None:
    """In the message, by itself, and as a test."""
    (found,) = failures(shared_error())

    assert found.message.splitlines()[-1] == f"  reproduce: {found.reproduction}"
    assert found.reproduction.endswith("--dtype bfloat16 --dtype float16 --cases 100 --seed 3")
    assert (
        "    bc.assert_gradients(\n        subject,\n        ['lstm'],\n        cases=100,\n"
        in (found.test_code)
    )


def test_models_of_a_family_have_one_failure() -> None:
    """Under the name of the first; all of them are named."""
    (found,) = failures(shared_error(models=2), group=FAMILY)
    (alone,) = failures(shared_error())

    assert (found.model, found.parameter) == ("lstm", "W_hh_l0")
    assert found.message.startswith(
        "FAIL  lstm (2 models together) in bfloat16: W_hh_l0 is wrong, by"
    )
    assert "\n  the models are lstm, lstm+mse\n" in found.message
    assert "--model lstm --model lstm+mse" in found.reproduction
    assert "models" not in alone.message


def test_a_failure_is_told_in_the_names_of_the_convention() -> None:
    """As any other; without one in the contract's."""
    adapted = presets.pytorch.adapt(right)
    told, untold = (
        next(failures_of([shared_error()], ONE, PLAN, subject)) for subject in (adapted, right)
    )

    assert "weight_hh_l0 is wrong, by less than" in told.message
    assert "W_hh_l0" not in told.message
    assert "W_hh_l0 is wrong, by less than" in untold.message


WRONG = """
import numpy as np
from bptt_reference import loss_and_grads
from bptt_check.cases.precision import PRECISIONS


def rounded(case, factor):
    loss, grads = loss_and_grads(case)
    grads = {**grads, "W_hh_l0": np.asarray(grads["W_hh_l0"]) * factor}
    return loss, {n: PRECISIONS[case.dtype].rounded(g) for n, g in grads.items()}


def subject(case):
    return rounded(case, 1.05)


def right(case):
    return rounded(case, 1.0)
"""


@pytest.mark.parametrize("name", ["subject", "right"])
def test_the_pasted_test_fails_for_wrong_and_passes_for_right(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message is raised though no case failed."""
    (tmp_path / "wrong_in_all_cases.py").write_text(WRONG, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    subject = getattr(importlib.import_module("wrong_in_all_cases"), name)
    targets = tuple(parse_targets("rnn-tanh"))
    plan = Plan(targets, 60, ("bfloat16",), within=bc.Within.parse("T=2..6 H=2..8 B=2..8"))
    group = ModelGroup("rnn-tanh", targets)
    (found,) = failures_of([shared_error(model="rnn-tanh")], group, plan, subject)
    names: dict[str, Any] = {}
    exec(found.test_code.replace("seed=0,", 'seed=0,\n        oracles=["complex_step"],'), names)
    if name == "right":
        names["test_gradients"]()
        return
    with pytest.raises(bc.GradientMismatch, match="W_hh_l0 is wrong, by less than") as caught:
        names["test_gradients"]()
    assert caught.value.report.cases.get("fail") is None


def test_rows_of_a_finding_have_its_verdict_and_say_why() -> None:
    """Not those of another gradient, nor one that fails or is undecided by itself."""
    rows = (
        made.row(), made.row(parameter="x"), made.vacuous(), made.wrong(), made.row(model="gru"),
    )  # fmt: skip
    found = with_findings(rows, [(ONE, shared_error())])

    assert found[1:] == rows[1:]
    assert (found[0].verdict, found[0].reason_kind) == (Verdict.FAIL, Reason.SYSTEMATIC)
    assert found[0].reason == "over all cases together 1.02 (+-0.0001) times what it must be"
    assert with_findings(rows, []) == rows


def test_rows_of_a_family_are_those_of_each_of_its_models() -> None:
    """Of that layer only."""
    rows = tuple(
        made.row(model=m, parameter=p)
        for m in (*MODELS, "gru")
        for p in ("W_hh_l0", "W_hh_l1_reverse", "W_hy")
    )
    found = with_findings(rows, [(FAMILY, shared_error(models=2))])

    assert [row.verdict.failing for row in found] == [True, False, False] * 2 + [False] * 3


def test_errors_of_another_dtype_keep_their_verdict() -> None:
    """In the page a reader may choose one."""
    histograms = tuple(made.histogram(dtype=dtype) for dtype in ("float64", "bfloat16"))
    found = with_shared_errors(histograms, [(ONE, shared_error())])

    assert [h.verdict for h in found] == ["pass", "fail"]


def screened(cases: int, model: str = "lstm", dtype: str = "bfloat16") -> Screening:
    """A screening of so many cases whose errors are rounding of either sign."""
    screening = Screening()
    slopes = [ErrorSlope(0.5 * (-1) ** n, 2.0) for n in range(cases)]
    for part in (WHOLE, WHOLE._replace(kind=RegressorKind.GATE, name="i")):
        screening.sums[Key(model, dtype, part)] = added(map(sums_of, slopes))
    return screening


WHOLE = Regressor("W_hh_l0", RegressorKind.WHOLE)


def test_a_floor_is_that_of_a_whole_gradient_in_relative_size() -> None:
    """With four digits; not of a gate."""
    (found,) = floors_of(ONE, screened(60))
    unit = PRECISIONS["bfloat16"].unit

    assert (found.model, found.parameter, found.dtype) == ("lstm", "W_hh_l0", "bfloat16")
    assert (found.cases, found.models, found.estimate) == (60, 1, 0.0)
    assert 2.0 / 3.0 * unit < found.floor < 2.0 * unit
    assert [float(f"{v:.4g}") for v in (found.floor, found.uncertainty)] == [
        found.floor, found.uncertainty,
    ]  # fmt: skip


def test_few_cases_have_no_floor() -> None:
    """Nothing is claimed of ten cases; of many more it is no higher than of those that do."""
    floors = [[f.floor for f in floors_of(ONE, screened(cases))] for cases in (10, 30, 3000)]

    assert [len(of_cases) for of_cases in floors] == [0, 1, 1]
    assert floors[1] >= floors[2]


def test_floors_of_a_family_are_of_all_its_models() -> None:
    """Of ten cases each, which say nothing by themselves."""
    both = Screening()
    for model in MODELS:
        both.sums |= screened(10, model).sums
    (found,) = floors_of(FAMILY, both)

    assert list(floors_of(ONE, both)) == []
    assert (found.model, found.parameter, found.cases, found.models) == ("lstm", "W_hh_l0", 20, 2)
