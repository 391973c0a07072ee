"""The gallery: formulas printed wrong are rejected where they are wrong, corrected ones pass."""

from __future__ import annotations

import html
import os
import re
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import gallery.__main__
import numpy as np
import pytest
from click.testing import CliRunner
from gallery import (
    GALLERY,
    elman_biases,
    elman_softmax,
    many_to_one,
    sentiment_toy,
    subject,
    three_steps,
)
from gallery.entry import WITHIN, Entry, FormulaSubject
from gallery.judge import ORACLES, judge_gallery
from gallery.page import LABELS, page, render

from bptt_check import oracles
from bptt_check.cases.case import Spec, Truncation
from bptt_check.cases.model import Model, Sizes
from bptt_check.cases.targets import PRESETS, Target
from bptt_check.equations.exact import exact_gradients
from bptt_check.errors import ReportError, SubjectNotFound, UnknownName, Unsupported
from bptt_check.runs.check import Setup, check_case, check_cases
from bptt_check.runs.run import Plan
from bptt_check.subjects import loading

EXAMPLES = Path(__file__).parents[2] / "examples"
SETUP = Setup(tuple(oracles.load_oracle(name) for name in ORACLES))
W, U, V = "W_hh_l0", "W_xh_l0", "W_hy"
TELLING = replace(WITHIN, inputs="random", initial_state="random")
"""Cases in which every gradient has something to show."""
NAMES = [entry.name for entry in GALLERY]
SATURATED = ("002-product-start-corrected", 1)
"""Draws one sequence with one output whose logit is in the thousands, on the side of its label: the
gradient is zero, and nothing about it can be decided."""


@pytest.fixture(scope="module")
def judged():
    """The whole gallery, judged once."""
    return judge_gallery(cases=6)


def named(name: str) -> Entry:
    """The entry of a name."""
    return subject(name).entry


def wrong_on(entry: Entry, seed: int = 0, count: int = 6) -> tuple[set[str], set[str]]:
    """Verdicts and what was found wrong, over some drawn cases of an entry's target."""
    plan = Plan((entry.target,), count, seed=seed, within=TELLING)
    cases = [spec.build() for spec in plan.design(entry.target).specs(count)]
    reports = list(check_cases(FormulaSubject(entry), cases, SETUP))
    wrong = {row.parameter for r in reports for row in r.rows if row.verdict == "fail"}
    return {report.verdict for report in reports}, wrong


def variant_of(name: str, gradients, target: Target | None = None) -> Entry:
    """An entry with another function in place of its own, perhaps on another target."""
    entry = named(name)
    return replace(entry, gradients=gradients, target=target or entry.target)


@pytest.mark.parametrize("name", NAMES)
def test_an_entry_gets_its_verdict(judged, name):
    """A formula printed wrong is rejected in exactly its parameters; every other one passes."""
    (one,) = (j for j in judged if j.entry.name == name)

    assert (one.entry.verdict, set(one.entry.wrong)) == (one.report.verdict, set(one.found_wrong))
    assert one.expected


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("entry", GALLERY, ids=NAMES)
def test_the_verdict_does_not_hang_on_the_seed(entry, seed):
    """Other drawn cases find the same parameters wrong, and right formulas pass in all of them."""
    verdicts, wrong = wrong_on(entry, seed)
    if (entry.name, seed) == SATURATED:
        verdicts.remove("inconclusive")

    assert set(entry.wrong) == wrong
    assert entry.wrong or verdicts == {"pass"}


@pytest.mark.parametrize(
    ("name", "gradients", "wrong"),
    [
        ("001-recurrent-weight-printed", partial(elman_softmax.BARE, output_weight=True), {W, U}),
        ("001-recurrent-weight-printed", partial(elman_softmax.BARE, own_slope=True), {W, U}),
        ("004-chain-printed", partial(three_steps.both_weights, brackets=False), {W, U}),
        ("004-chain-printed", partial(three_steps.both_weights, missing_factor=False), {W, U}),
        ("004-chain-printed", partial(three_steps.both_weights, every_loss=False), {W, U}),
        ("002-summary-printed", partial(elman_biases.summary, whole_loss=False), {W, U}),
        ("002-summary-printed", partial(elman_biases.summary, whole_state=True), {W, U}),
    ],
)
def test_each_single_slip_is_rejected(name, gradients, wrong):
    """A formula of several slips needs all of them put right, and the mixed readings are wrong."""
    assert wrong == wrong_on(variant_of(name, gradients))[1]


def test_the_summary_has_exactly_two_readings_with_a_right_line_for_the_input_weight():
    """Of one loss through all steps, or of all losses through one: without the extra factor both
    are the gradient.
    """
    both = partial(elman_biases.summary, whole_loss=False, whole_state=True)

    assert {"pass"} == wrong_on(variant_of("002-summary-corrected", both))[0]


def test_the_misplaced_bracket_shows_from_two_steps_on():
    """With h_{t-2} the initial state its derivative is zero, and tanh'(0) = 1 is still wrong."""
    target = replace(many_to_one.TARGET, sizes=Sizes(T=2, B=1, D=1, H=1, O=1))
    entry = replace(named("000-two-step-expansion-printed"), target=target)

    assert {W} == wrong_on(entry)[1]


def test_the_side_of_the_error_shows_from_two_units_on():
    """For one hidden unit a row and a column are the same."""
    target = Target("one unit", Model("rnn", bias=False), sizes=Sizes(T=3, B=2, D=2, H=1, O=2))
    entry = variant_of(
        "001-error-on-the-left-printed-half-mended", elman_softmax.ON_THE_LEFT, target
    )

    assert {"pass"} == wrong_on(entry)[0]


def test_a_first_step_without_initial_state_loses_only_the_input_weight():
    """Sums that start one step late are right for W where the initial state is zero."""
    case = Spec(elman_softmax.MODEL, Sizes(T=3, B=2)).build()
    case = case.with_inputs({"h0": np.zeros_like(case.h0)})
    report = check_case(subject("001-first-step-printed-half-mended"), case, SETUP)

    assert {U} == {row.parameter for row in report.rows if row.verdict == "fail"}


def test_the_last_loss_alone_is_enough_for_many_to_one():
    """The chain with its brackets and factor is right where only the last step has a loss."""
    target = replace(three_steps.TARGET, model=replace(three_steps.TARGET.model, readout="last"))
    last = partial(three_steps.both_weights, every_loss=False)

    assert {"pass"} == wrong_on(variant_of("004-chain-corrected", last, target))[0]


@pytest.mark.parametrize("regime", ["saturated", "tiny", "exploding", "vanishing", "sparse"])
def test_the_closed_sums_are_a_second_gradient_of_the_preset(regime):
    """Corrected, they agree with the oracles for sizes that are all different, in every regime."""
    (target,) = PRESETS["elman_softmax"]
    case = Spec(target.model, Sizes(T=7, B=3, D=4, H=5, O=2), seed=3, regime=regime).build()

    assert check_case(subject("001-closed-sums-corrected"), case, SETUP).passed


@pytest.mark.parametrize("loss", ["cross_entropy", "bce"])
@pytest.mark.parametrize("readout", ["every", "last"])
@pytest.mark.parametrize("gradients", [elman_biases.recursion, elman_biases.step_jacobian])
def test_the_corrected_recursions_hold_for_the_tanh_systems_of_the_note(loss, readout, gradients):
    """Both losses and both readouts pass, not only the one the entry is checked on."""
    target = Target("tanh", Model("rnn", loss=loss, readout=readout))

    assert {"pass"} == wrong_on(variant_of("002-recursion-corrected", gradients, target))[0]


@pytest.mark.parametrize("entry", GALLERY, ids=NAMES)
def test_only_what_the_formula_gives_is_replaced(entry):
    """Loss and all other gradients of a subject are exact."""
    sizes = entry.target.sizes or Sizes(T=3, B=2, D=2, H=3, O=3)
    case = Spec(entry.target.model, sizes).build()
    grads = FormulaSubject(entry)(case)[1]
    changed = {n for n, g in exact_gradients(case).items() if not np.allclose(g, grads[n])}

    assert set(entry.wrong) - {"update"} == changed


@pytest.mark.parametrize("entry", GALLERY, ids=NAMES)
def test_an_entry_says_what_it_is(entry):
    """Source, formula and what is wrong are there, in whole sentences, and fit the variant."""
    formula = entry.formula

    assert all([formula.title, formula.source, formula.printed, formula.fault, entry.text])
    assert formula.fault.endswith(".")
    assert formula.source.startswith(f"Note {entry.name[:3]},")
    assert formula.printed != formula.corrected
    assert entry.variant.startswith("printed") == bool(entry.wrong)
    assert entry.variant in LABELS
    assert (entry.gradients is None) != (entry.update is None)


def test_every_note_is_there_and_names_are_unique():
    """All five notes have entries; every corrected formula is evaluated."""
    corrected = {e.formula.name for e in GALLERY if e.variant == "corrected"}

    assert {"000", "001", "002", "003", "004"} == {name[:3] for name in NAMES}
    assert len(NAMES) == len(set(NAMES))
    assert {e.formula.name for e in GALLERY if e.formula.corrected} == corrected


@pytest.mark.parametrize("name", NAMES)
def test_a_subject_is_loaded_by_name(name):
    """`gallery:NAME` gives the subject, under that name and with its target."""
    loaded = loading.load(f"gallery:{name}")

    assert f"gallery:{name}" == loaded.name == loaded.address
    assert (named(name).target,) == loaded.targets
    assert loaded.supports(named(name).target.model)
    assert not loaded.supports(Model("lstm"))


def test_an_unknown_name_is_refused_with_the_nearest_one():
    """Both ways to ask for an entry say what was probably meant."""
    with pytest.raises(UnknownName, match="Did you mean '001-update-printed'"):
        subject("001-update-print")
    with pytest.raises(SubjectNotFound, match="Did you mean '001-update-printed'"):
        loading.load("gallery:001-update-print")


def test_without_the_examples_the_error_says_what_to_do(tmp_path, monkeypatch):
    """An installation has no gallery."""
    monkeypatch.setattr(sys, "path", [p for p in sys.path if Path(p).name != "examples"])
    for name in [n for n in sys.modules if n.partition(".")[0] == "gallery"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.chdir(tmp_path)

    with pytest.raises(SubjectNotFound, match=r"no module 'gallery'.* put the folder examples/"):
        loading.load("gallery:001-update-printed")


def test_an_entry_is_run_from_the_command_line():
    """With the examples on the path, in a process of its own."""
    path = os.pathsep.join([str(EXAMPLES), *filter(None, [os.environ.get("PYTHONPATH")])])
    name = "gallery:001-update-printed"
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "bptt_check",
            "run",
            name,
            "--cases",
            "2",
            "--oracle",
            "complex_step",
        ],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 1, run.stderr
    assert "update is not" in run.stdout
    assert re.search(f"reproduce: bptt-check replay '.*' {name}$", run.stdout, re.MULTILINE)


def test_the_command_of_the_gallery_shows_every_entry(judged, tmp_path, monkeypatch):
    """`python -m gallery` ends with status 0 where every verdict is the expected one."""
    monkeypatch.setattr(gallery.__main__, "judge_gallery", lambda cases: judged)
    done = CliRunner().invoke(gallery.__main__.main, [str(tmp_path)])

    assert (done.exit_code, done.output.count("as expected")) == (0, len(GALLERY))
    assert (tmp_path / "gallery.html").is_file()


def test_the_command_of_the_gallery_fails_where_a_verdict_is_not_expected(
    judged, tmp_path, monkeypatch
):
    """Should the harness ever accept a wrong formula, the session fails."""
    passing = next(j for j in judged if j.report.passed)
    entry = replace(passing.entry, variant="printed", wrong=("W_hy",))
    monkeypatch.setattr(
        gallery.__main__, "judge_gallery", lambda cases: [replace(passing, entry=entry)]
    )
    done = CliRunner().invoke(gallery.__main__.main, [str(tmp_path)])

    assert (done.exit_code, "UNEXPECTED" in done.output) == (1, True)


def test_the_command_of_the_gallery_looks_at_its_folder_first(tmp_path, monkeypatch):
    """Judging takes long: a file in its place is told before."""
    monkeypatch.delattr(gallery.__main__, "judge_gallery")
    (tmp_path / "file").write_text("")
    done = CliRunner().invoke(gallery.__main__.main, [str(tmp_path / "file")])

    assert done.exit_code == 2
    assert str(tmp_path / "file") in done.output


def test_a_module_of_the_user_called_gallery_is_still_found(tmp_path, monkeypatch):
    """In a process that has not imported ours, a module beside the user comes first."""
    (tmp_path / "gallery.py").write_text("def mine(case):\n    return case\n")
    monkeypatch.syspath_prepend(tmp_path)
    for name in [n for n in sys.modules if n.partition(".")[0] == "gallery"]:
        monkeypatch.delitem(sys.modules, name)

    assert loading.load("gallery:mine").__name__ == "mine"


@pytest.mark.parametrize(
    ("name", "spec", "reason"),
    [
        ("001-closed-sums-corrected", Spec(Model("lstm")), "full BPTT for rnn-tanh\\+nobias"),
        (
            "001-closed-sums-corrected",
            Spec(elman_softmax.MODEL, truncation=Truncation(2, 2)),
            "full BPTT",
        ),
        ("001-closed-sums-corrected", Spec(elman_softmax.MODEL, lengths=True), "full BPTT"),
        ("001-input-weight-printed", Spec(elman_softmax.MODEL), "O = H"),
        ("000-two-step-expansion-printed", Spec(many_to_one.TARGET.model), "H = 1"),
        ("004-chain-corrected", Spec(three_steps.TARGET.model), "T = 3"),
    ],
)
def test_what_a_formula_was_not_written_for_is_declined(name, spec, reason):
    """Other models, truncation, lengths and sizes without fitting shapes are `unsupported`."""
    with pytest.raises(Unsupported, match=reason):
        subject(name)(spec.build())


def test_an_update_that_does_not_fit_is_declined():
    """The printed update of V has no shape unless D = H = O."""
    params = {n: np.zeros((2, 3)) for n in (W, U)} | {V: np.zeros((4, 2))}
    update = subject("001-update-printed").update

    with pytest.raises(Unsupported, match="D = H = O"):
        update(params, params, 0.1)


def test_a_float32_case_gets_float32_gradients():
    """What the formula gives has the dtype of the case."""
    case = replace(Spec(sentiment_toy.TOY.model, sentiment_toy.TOY.sizes), dtype="float32").build()
    grads = subject("003-paths-as-printed")(case)[1]

    assert {np.dtype("float32")} == {g.dtype for g in grads.values()}


def test_the_page_shows_every_entry(judged, tmp_path):
    """Titles, formulas, messages and the command of every entry are on it, in one file."""
    text = page(tmp_path / "deep" / "er", judged).read_text("utf-8")

    for one in judged:
        assert f"bptt-check run gallery:{one.entry.name}" in text
        assert one.entry.formula.title in text
        assert one.entry.text.splitlines()[-1].replace("'", "&#39;") in text
    assert text.count("Found wrong: ") == sum(bool(e.wrong) for e in GALLERY)
    assert "Not as expected" not in text
    assert render(judged) == text


def test_the_page_asks_for_nothing_and_runs_nothing(judged):
    """Only its own style is allowed, and there is no script and no address."""
    text = render(judged)

    assert re.search(r"default-src 'none'; style-src 'sha256-[\w+/=]{44}'", html.unescape(text))
    assert "<script" not in text
    assert "http" not in text.replace("http-equiv", "")


def test_the_page_escapes_what_it_shows(judged):
    """A text with markup is shown as text."""
    mark = "<script>alert('&')</script>"
    formula = replace(judged[0].entry.formula, title=mark, fault=mark, printed=mark, source=mark)
    entry = replace(judged[0].entry, formula=formula, reading=mark)
    text = render([replace(judged[0], entry=entry)])

    assert "<script" not in text
    assert text.count("&lt;script&gt;") >= 5


def test_the_page_marks_a_verdict_that_is_not_expected(judged):
    """Should the harness ever accept a wrong formula, the page says so."""
    passing = next(j for j in judged if j.report.passed)
    entry = replace(passing.entry, variant="printed", wrong=("W_hy",))
    text = render([replace(passing, entry=entry)])

    assert "Not as expected: it should be found wrong in W_hy." in text


def test_a_folder_that_cannot_be_made_is_an_error_with_advice(tmp_path):
    """A file where the folder should be is a ReportError, before anything is judged."""
    (tmp_path / "file").write_text("")

    with pytest.raises(ReportError, match="cannot be made"):
        page(tmp_path / "file")
