"""The functions that users call: names, defaults, and every impossible argument."""

from __future__ import annotations

import importlib.util
import itertools
from typing import Any

import numpy as np
import pytest
from bptt_reference import loss_and_grads
from support.repairs import broken
from support.right import right

import bptt_check as bc
from bptt_check import oracles
from bptt_check.api import collected
from bptt_check.cases.model import LOSSES, READOUTS, families
from bptt_check.cases.targets import PRESETS, USUAL_LOSSES, default_targets, parse_targets
from bptt_check.errors import MissingFramework, SpecError, SubjectNotFound, UnknownName
from bptt_check.runs.effort.quick import Quick
from bptt_check.subjects import loading


def wrong(case: bc.Case) -> tuple[float, dict[str, Any]]:
    """A recurrent weight whose gradient is too large."""
    loss, grads = right(case)
    return loss, {**grads, "W_hh_l0": 1.5 * grads["W_hh_l0"]}


FAST: dict[str, Any] = {"oracles": ["complex_step"], "cases": 5}
CASE = bc.Spec(bc.Model("rnn"), bc.Sizes(T=3, B=2, D=2, H=2, O=2)).build()


# --- what is there ------------------------------------------------------------------------------


def test_every_public_name_is_there():
    """`__all__` is what can be imported, and `dir` shows it."""
    assert all(hasattr(bc, name) for name in bc.__all__)
    assert sorted(bc.__all__) == list(bc.__all__)
    assert set(bc.__all__) <= set(dir(bc))


def test_an_unknown_attribute_raises_attribute_error():
    """A package that loads lazily still refuses what it has not."""
    with pytest.raises(AttributeError, match="module 'bptt_check' has no attribute 'verfy'"):
        _ = bc.verfy


def test_models_are_the_names_without_modifiers():
    """As `bptt-check list models` shows them."""
    assert list(bc.models()) == [
        "rnn-tanh", "rnn-relu", "rnn-sigmoid", "rnn-identity", "lstm", "gru", "gru-reset-before",
    ]  # fmt: skip
    assert bc.models()["gru-reset-before"] == bc.Model("gru", reset_after=False)


# --- check --------------------------------------------------------------------------------------


def test_check_passes_a_right_subject_and_explains_a_wrong_one():
    """A right subject passes, a wrong one is explained."""
    assert bc.check(right, CASE, ["complex_step"]).passed
    report = bc.check(wrong, CASE, ["complex_step", "finite_difference"])

    assert isinstance(report, bc.CaseReport)
    assert (report.verdict, report.parameter, report.subject) == ("fail", "W_hh_l0", "wrong")
    assert "(by complex_step, finite_difference)" in report.message
    assert {r.oracle for r in report.rows} == {"complex_step", "finite_difference"}


def test_check_stops_a_subject_that_exceeds_its_timeout():
    """A subject that takes too long is an error."""
    import time

    report = bc.check(lambda case: time.sleep(30), CASE, ["complex_step"], timeout=0.05)

    assert report.verdict == "error"
    assert "took longer than the limit of 0.05 s for one case" in report.message


# --- verify -------------------------------------------------------------------------------------


def test_verify_passes_a_right_subject():
    """Everything offered was decided."""
    report = bc.verify(right, ["rnn-tanh", "gru+mse"], **FAST)

    assert isinstance(report, bc.Report)
    assert report.passed
    assert report.models == ("rnn-tanh", "gru+mse")
    assert report.oracles == ("complex_step",)
    assert report.cases == {"pass": 10}
    assert report.failures == ()
    assert report.counterexample is None


def test_verify_fails_a_wrong_subject_on_its_smallest_case():
    """It fails, with the failure on its smallest case."""
    report = bc.verify(wrong, ["rnn-tanh"], **FAST)

    assert report.verdict == "fail"
    assert report.failures[0].spec == "rnn-tanh T=1 B=1 D=1 H=1 O=2 seed=0"
    assert report.counterexample.sizes.T == 1


def test_models_may_be_names_or_objects_and_duplicates_are_dropped():
    """Names and `Model` objects mix; the same one twice is one."""
    report = bc.verify(right, [bc.Model("gru"), "gru", "rnn-tanh+mse", bc.Model("gru")], **FAST)

    assert report.models == ("gru", "rnn-tanh+mse")


def test_duplicate_oracles_are_dropped():
    """And in the order given."""
    names = ["finite_difference", "complex_step", "finite_difference"]

    assert bc.verify(right, ["rnn-tanh"], 2, names).oracles == ("finite_difference", "complex_step")


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_cases_are_drawn_in_the_dtypes_asked_for(dtype):
    """Cases are drawn in the dtypes asked for."""
    report = bc.verify(right, ["rnn-tanh"], dtypes=[dtype], **FAST)

    assert report.passed
    assert {bc.Spec.parse(s).dtype for s in report.table["spec"]} == {dtype}


def test_progress_is_called_per_case_and_the_seed_kept():
    """Progress is called after every case; the seed is remembered."""
    seen: list[Any] = []
    report = bc.verify(right, ["rnn-tanh"], seed=7, progress=seen.append, **FAST)

    assert [p.done for p in seen] == [1, 2, 3, 4, 5]
    assert report.seed == 7


QUICK: dict[str, Any] = {"quick": True, "within": "T=2 B=1 D=1 H=2 O=2 regimes=normal"}


def test_quick_is_few_cases_without_oracles_that_start_slowly():
    """The record says what was left out."""
    report = bc.verify(right, ["rnn-tanh"], **QUICK)
    slow = tuple(name for name in ("torch", "jax") if oracles.available(name))

    assert report.run.quick == Quick(slow)
    assert sum(report.cases.values()) == 24
    assert not {*slow} & {*report.oracles}
    assert {*report.oracles} | {*slow} == {n for n in oracles.names() if oracles.available(n)}


def test_quick_asks_the_oracles_that_are_named():
    """Then none is left out; a run that is not quick says nothing of it."""
    named = bc.verify(right, ["rnn-tanh"], oracles=["complex_step"], **QUICK)

    assert named.run.quick == Quick(())
    assert named.oracles == ("complex_step",)
    assert named.passed


def test_quick_failure_is_not_diagnosed():
    """Any other is."""
    options = {**QUICK, "oracles": ["complex_step"]}
    quick = bc.verify(wrong, ["rnn-tanh"], **options)
    whole = bc.verify(wrong, ["rnn-tanh"], **{**options, "quick": False, "cases": 5})

    assert quick.verdict == whole.verdict == "fail"
    assert quick.failures[0].diagnoses == ()
    assert whole.failures[0].diagnoses
    assert whole.run.quick is None


def test_quick_chooses_its_cases():
    """Both at once cannot be."""
    with pytest.raises(bc.BpttCheckError, match="got cases=5: leave out one of quick and cases"):
        bc.verify(right, ["rnn-tanh"], quick=True, cases=5)
    with pytest.raises(bc.BpttCheckError, match="leave out one of quick and cases"):
        bc.assert_gradients(right, ["rnn-tanh"], quick=True, cases=100)


def test_an_interrupt_is_raised_unless_the_partial_report_is_kept():
    """Is raised, unless what there is shall be kept."""

    def stopped(case: bc.Case) -> Any:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bc.verify(stopped, ["rnn-tanh"], **FAST)
    report = bc.verify(stopped, ["rnn-tanh"], keep_partial=True, **FAST)

    assert report.interrupted
    assert report.verdict == "inconclusive"


def test_verify_hands_its_report_to_the_collector():
    """Where somebody collects, every `verify` leaves its report."""
    gathered: list[bc.Report] = []
    token = collected.set(gathered)
    try:
        report = bc.verify(right, ["rnn-tanh"], **FAST)
    finally:
        collected.reset(token)

    assert gathered == [report]


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"models": []}, SpecError, "models is empty; name at least one, or leave it out for all."),
        ({"oracles": []}, SpecError, "oracles is empty; name at least one, or leave it out for"),
        ({"dtypes": ()}, SpecError, "dtypes is empty; name at least one of float64, float32, "),
        ({"dtypes": ["float46"]}, UnknownName, "unknown dtype 'float46'. Did you mean 'float64'?"),
        ({"models": ["ltsm"]}, UnknownName, "unknown model 'ltsm'. Did you mean 'lstm'?"),
        ({"models": ["lstm+bs"]}, UnknownName, "unknown model modifier 'bs'."),
        ({"oracles": ["tourch"]}, UnknownName, "unknown oracle 'tourch'. Did you mean 'torch'?"),
        ({"cases": 0}, SpecError, "cases must be an integer of at least 1, got 0."),
        ({"cases": 2.5}, SpecError, "cases must be an integer of at least 1, got 2.5."),
        (
            {"models": ["lstm+bidirectional+truncated"]},
            SpecError,
            "truncation and bidirectional=True exclude each other:",
        ),
    ],
)
@pytest.mark.parametrize("function", [bc.verify, bc.assert_gradients])
def test_impossible_arguments_are_refused(function, arguments, kind, message):
    """Before anything is run."""

    def untouched(case: bc.Case) -> Any:
        raise AssertionError("was called")

    with pytest.raises(kind) as caught:
        function(untouched, **{"models": ["rnn-tanh"], **FAST, **arguments})

    assert str(caught.value).startswith(message)
    assert isinstance(caught.value, bc.BpttCheckError)


@pytest.mark.parametrize("arguments", [{"timeout": 0}, {"timeout": -1.0}])
def test_an_impossible_timeout_is_refused(arguments):
    """A limit is positive."""
    with pytest.raises(SpecError, match="timeout must be positive"):
        bc.verify(right, ["rnn-tanh"], **FAST, **arguments)


@pytest.mark.parametrize(
    "arguments", [{"models": "lstm"}, {"oracles": "complex_step"}, {"dtypes": "float64"}]
)
def test_a_text_in_place_of_a_list_is_refused_by_name(arguments):
    """The message names what was given, not its first letter."""
    with pytest.raises(SpecError, match=r"list|\["):
        bc.verify(right, **{"models": ["rnn-tanh"], **FAST, **arguments})


# --- assert_gradients ---------------------------------------------------------------------------


def test_assert_gradients_returns_the_report_of_a_right_subject():
    """Of a right subject."""
    assert bc.assert_gradients(right, ["rnn-tanh"], **FAST).passed


def test_assert_gradients_raises_an_assertion_error_that_explains():
    """An AssertionError, so that any test runner shows it."""
    with pytest.raises(bc.GradientMismatch) as caught:
        bc.assert_gradients(wrong, ["rnn-tanh"], **FAST)

    assert isinstance(caught.value, AssertionError)
    assert "FAIL  rnn-tanh: the gradient of W_hh_l0 is wrong" in str(caught.value)


def test_assert_gradients_raises_where_nothing_was_decided():
    """Anything but `pass` raises: relu is nothing for complex step."""
    with pytest.raises(bc.GradientMismatch):
        bc.assert_gradients(right, ["rnn-relu"], **FAST)


# --- oracles by name ----------------------------------------------------------------------------


def test_oracle_names_begin_with_the_columns_of_the_report():
    """The three columns of the card first."""
    assert oracles.names()[:4] == ["finite_difference", "torch", "jax", "complex_step"]


def test_a_loaded_oracle_has_its_name():
    """So that rows can be labelled."""
    assert oracles.load_oracle("complex_step").name == "complex_step"


def test_a_missing_framework_says_what_to_install(monkeypatch):
    """And is left out where no oracle was asked for."""
    find_spec = importlib.util.find_spec
    missing = lambda name, *a: None if name == "torch" else find_spec(name, *a)  # noqa: E731
    monkeypatch.setattr(importlib.util, "find_spec", missing)

    assert not oracles.available("torch")
    with pytest.raises(MissingFramework) as caught:
        bc.check(right, CASE, ["torch"])
    assert "the oracle 'torch' needs torch, which is not installed: pip install" in str(
        caught.value
    )
    assert isinstance(caught.value, ImportError)


# --- targets by name ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "model", "truncated", "lengths"),
    [
        ("lstm", bc.Model(), False, False),
        ("lstm+truncated", bc.Model(), True, False),
        ("gru+lengths+mse+truncated", bc.Model("gru", loss="mse"), True, True),
    ],
)
def test_truncated_and_lengths_in_a_name_are_no_part_of_the_model(name, model, truncated, lengths):
    """`+truncated` and `+lengths` are no part of the model."""
    (target,) = parse_targets(name)

    assert (target.model, target.truncated, target.lengths) == (model, truncated, lengths)
    assert parse_targets(target.name) == [target]


def test_default_targets_cover_every_usual_loss_and_readout_of_every_family():
    """No family goes unchecked with any usual loss or readout, truncated, or in two directions;
    one loss is checked where it is named.
    """
    every = default_targets()
    wanted = set(itertools.product(families(), USUAL_LOSSES, READOUTS))
    seen = {(t.model.family, t.model.loss, t.model.readout) for t in every}

    assert wanted == seen
    assert set(LOSSES) - set(USUAL_LOSSES) == {"sigmoid_mse"}
    assert len({t.name for t in every}) == len(every)
    for what in (
        lambda t: t.truncated,
        lambda t: t.lengths,
        lambda t: t.model.layers > 1,
        lambda t: t.model.bidirectional,
        lambda t: not t.model.bias,
        lambda t: t.model.reduction == "mean",
    ):
        assert {t.model.family for t in every if what(t)} == set(families())


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_can_be_verified(name):
    """A preset is one or several targets whose specs can be drawn."""
    report = bc.verify(right, [name], cases=1, oracles=["finite_difference"])

    assert report.verdict in ("pass", "inconclusive")
    assert report.models == tuple(t.name for t in parse_targets(name))


def test_truncated_100_10_fixes_sizes_and_truncation():
    """Every case of it has its sizes and truncation."""
    report = bc.verify(right, ["truncated_100_10"], cases=1, oracles=["complex_step"])
    specs = [bc.Spec.parse(s) for s in report.table["spec"]]

    assert {s.truncation for s in specs} == {bc.Truncation(100, 10)}
    assert {s.sizes.T for s in specs} == {110}


def test_sentiment_toy_uses_its_one_hot_words():
    """The one-hot words, not drawn ones."""
    report = bc.verify(right, ["sentiment_toy"], cases=3, oracles=["complex_step"])
    case = bc.Spec.parse(report.table["spec"][0]).build()

    assert report.passed
    assert np.array_equal(case.x.sum(axis=2), np.ones((3, 3)))


def test_gradients_that_do_not_depend_on_the_arrays_are_not_called_remembered() -> None:
    """A dead net has the same gradient for other arrays of its shapes, and rightly so."""
    case = bc.Spec.parse("rnn-relu+bce T=1 B=1 D=1 H=1 O=1 regime=sparse seed=1").build()

    assert bc.check(loss_and_grads, case, ["finite_difference"]).verdict in ("pass", "inconclusive")


def test_repair_gives_the_edit_of_a_file(tmp_path):
    """Of a callable that lies in a file, from a report of its own run; the file stays as it is."""
    subject = loading.load(broken(tmp_path, ("a_bar.T @ h[t]\n", "a_bar.T @ h[t + 1]\n")))
    options = {"models": ["rnn-tanh"], **FAST}
    report = bc.verify(subject, **options)
    repair = bc.repair(subject, report, cases=12, oracles=FAST["oracles"], timeout=60.0)

    assert repair is not None
    assert repair.edits[0].after == 'grads["W_hh_l0"] += a_bar.T @ h[t]'
    assert repair.verified is not None


def test_repair_refuses_what_is_right_and_what_has_no_source(tmp_path):
    """With a message that says which."""
    made: dict[str, Any] = {}
    exec("def subject(case):\n    return 0.0, {}\n", made)
    with pytest.raises(SpecError, match="nothing to repair"):
        bc.repair(broken(tmp_path), models=["rnn-tanh"], oracles=FAST["oracles"])
    with pytest.raises(SubjectNotFound, match="no source that could be edited"):
        bc.repair(made["subject"])
