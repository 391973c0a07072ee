"""The study of power and silence: what is caught, shown equivalent, missed, and alarmed at."""

from __future__ import annotations

import dataclasses
import io
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import bptt_reference
import numpy as np
import pytest
from click.testing import CliRunner
from rich.console import Console

import bptt_check as bc
from bptt_check.api import load_oracles
from bptt_check.cases.targets import parse_targets
from bptt_check.cli import cli
from bptt_check.errors import MissingFramework, ReportError
from bptt_check.mutation import Mutant, mutants
from bptt_check.power import (
    false_alarms,
    memoised_oracles,
    other_checkers,
    store,
    study,
    tables,
    terminal,
)
from bptt_check.power.detection import Caught, catch, specs_of
from bptt_check.power.false_alarms import hear, listen
from bptt_check.power.implementations import implementations
from bptt_check.power.other_checkers import compete
from bptt_check.power.outcomes import Study, fates
from bptt_check.power.page import render
from bptt_check.power.process_pool import Progress, Workers
from bptt_check.power.records import Alarm, Fate, Power, Quiet
from bptt_check.runs.drawing import draw_specs
from bptt_check.runs.run import Plan

SAMPLE = f"{Path(__file__).parents[1] / 'support' / 'mutation_sample.py'}:loss_and_grads"
ORACLES = ("complex_step",)
HERE = Workers(None, 0)
TARGET = parse_targets("rnn-identity+linear")[0]
EXACT = pytest.mark.skipif(find_spec("flint") is None, reason="needs python-flint")


def quiet_progress() -> Progress:
    """Progress that says nothing."""
    return Progress(every=1e9)


def sample(ending: str) -> Mutant:
    """The mutant of the sample whose name ends so."""
    (found,) = [m for m in mutants(SAMPLE) if m.name.endswith(ending)]
    return found


def fate_of(mutant: Mutant, cases: int) -> Fate:
    """What becomes of one mutant of the sample within so many cases."""
    asked = Study(SAMPLE, (mutant.name,), cases, ORACLES, others=False)
    ((found,), _) = fates(asked, HERE, quiet_progress())
    return found


def test_a_wrong_mutant_is_caught_and_says_by_what():
    """A wrong sign is caught on the first case, by the oracle and by the harness."""
    found = fate_of(sample("h_t_bar: + -> -"), 5)

    assert (found.outcome, found.verdict) == ("caught", "fail")
    assert found.first == {"harness": 1, "complex_step": 1}
    assert found.target == TARGET.name


def test_a_mutant_that_does_not_run_is_an_error():
    """One that raises is caught without any oracle."""
    found = fate_of(sample("(h_prev, x_t): t -> t + 1 (2)"), 2)

    assert (found.outcome, found.verdict) == ("caught", "error")
    assert found.first == {"harness": 1}


@EXACT
def test_an_edit_that_changes_nothing_is_shown_to_be_the_same_formula():
    """Adding to zero or assigning: exact arithmetic says that it is the same."""
    found = fate_of(sample("grads['h0'][0]: += -> ="), 3)

    assert found.outcome == "equivalent"
    assert found.shown == "equal to 60 digits in exact arithmetic on 3 cases"


@EXACT
def test_a_wrong_mutant_that_no_case_shows_is_reported_as_missed():
    """With one case, of one step, nobody can see the order of time: said, with a case that does."""
    found = fate_of(sample("reversed(range(T)) -> range(T)"), 1)

    assert found.outcome == "missed"
    assert found.first == {}
    assert found.shown.startswith("another gradient of")
    assert "rnn-identity+linear T=" in found.shown


@EXACT
def test_more_cases_catch_it():
    """The same mutant within five cases: not on the first."""
    found = fate_of(sample("reversed(range(T)) -> range(T)"), 8)

    assert found.outcome == "caught"
    assert found.first["harness"] > 1


def test_a_study_without_exact_arithmetic_is_refused(monkeypatch: pytest.MonkeyPatch):
    """Nothing could be shown to be the same formula: said at once, with what to install."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    with pytest.raises(MissingFramework, match=r"pip install 'bptt-check\[flint\]'"):
        study.measure(study.Options(SAMPLE), quiet_progress())


def test_a_mutant_that_hangs_is_stopped(monkeypatch: pytest.MonkeyPatch):
    """A subject that never returns is an error, in the time that it is given."""
    monkeypatch.setattr(memoised_oracles, "TIMEOUT", 0.2)

    def hang(case: bc.Case) -> Any:
        while True:
            pass

    case = memoised_oracles.Truth(specs_of(TARGET)[0].build(), load_oracles(ORACLES))
    begin = time.monotonic()

    assert case.judge(hang).verdict == "error"
    assert time.monotonic() - begin < 5.0


def test_later_cases_need_no_oracle_for_what_the_original_says():
    """A subject that answers to the last bit as the original is not judged; another one is."""
    case = memoised_oracles.Truth(specs_of(TARGET)[3].build(), [], bptt_reference.loss_and_grads)

    assert case.is_unedited(bptt_reference.loss_and_grads)
    assert not case.is_unedited(lambda c: (0.0, bptt_reference.loss_and_grads(c)[1]))
    assert not case.is_unedited(lambda c: 1 / 0)


@pytest.mark.parametrize("name", ["gru+mse", "lstm+linear+lengths+truncated", "rnn-relu"])
def test_the_cases_are_those_of_a_run(name):
    """What is shared between alike targets is what each would have drawn alone."""
    (target,) = parse_targets(name)

    assert specs_of(target) == draw_specs(Plan((target,)).strategy(target), 100, 0)


def test_a_case_on_which_the_original_fails_tells_nothing():
    """An edit of wrong code cannot be blamed for what was wrong before."""

    def wrong(case: bc.Case) -> Any:
        return 0.0, bptt_reference.loss_and_grads(case)[1]

    edit = sample("h_t_bar: + -> -")

    (found,) = catch([edit], [TARGET], [1], lambda *_: True, None, ORACLES, wrong).values()

    assert found.first == {}


def test_early_stop_and_merge_keep_the_smallest_number():
    """Two parts of one study are as one."""
    early = Caught({"harness": 2, "a": 4}, "fail", "t", "t", {"a", "b"}, 4)
    late = Caught({"harness": 3, "b": 1}, "error", "u", "", {"b"}, 3)

    both = late.merge(early)

    assert both.first == {"harness": 2, "a": 4, "b": 1}
    assert (both.verdict, both.target, both.cases) == ("fail", "t", 7)
    assert both.done
    assert not early.done


def test_an_oracle_that_cannot_judge_is_not_waited_for():
    """Complex step says nothing of relu, and the study stops without it."""
    ending = "affine_weight_bar(a_bar, h[:-1]) -> -affine_weight_bar(a_bar, h[:-1])"
    (edit,) = [m for m in mutants() if m.name.startswith("rnn") and m.name.endswith(ending)]
    oracles = ["complex_step", "finite_difference"]

    (found,) = catch(
        [edit], parse_targets("rnn-relu+mse"), range(1, 9), lambda *_: True, None, oracles
    ).values()

    assert found.able == {"finite_difference"}
    assert found.done


def test_right_implementations_are_not_alarmed_at():
    """Every one passes or declines, in both dtypes, and what decided is counted."""
    pytest.importorskip("torch")
    pytest.importorskip("jax")

    found = listen(parse_targets("gru+mse+mean")[0], 1, 6, oracles=ORACLES)

    assert found.alarms == ()
    assert set(found.cases) <= {"pass", "inconclusive"}
    assert {n.rpartition(" ")[0] for n in found.checks} == set(implementations())
    assert {n.rpartition(" ")[2] for n in found.checks} == {"float64", "float32"}
    assert found.total == sum(found.checks.values()) > 100


def test_what_an_implementation_declines_is_not_counted():
    """Truncation is the reference's alone."""
    pytest.importorskip("torch")

    found = listen(parse_targets("lstm+truncated")[0], 2, 2, oracles=ORACLES)

    assert {n.split()[0] for n in found.checks} == {"reference"}


def test_a_false_alarm_is_reported_with_the_line_that_shows_it():
    """A subject that is called right and is not: verdict, spec and message are kept."""

    def wrong(case: bc.Case) -> Any:
        loss, grads = bptt_reference.loss_and_grads(case)
        return loss, grads | {"W_xh_l0": 2.0 * grads["W_xh_l0"]}

    found = listen(parse_targets("rnn-tanh")[0], 2, 2, {"planted": wrong}, ORACLES)

    assert found.alarms
    assert found.alarms[0].subject == "planted"
    assert bc.Spec.parse(found.alarms[0].spec).model.family == "rnn-tanh"
    assert "W_xh_l0" in found.alarms[0].message


def test_checks_go_on_until_there_are_enough(monkeypatch: pytest.MonkeyPatch):
    """Batch after batch until the number is reached, or the time is over."""
    asked: list[Any] = []

    def some(*task: Any) -> Quiet:
        asked.append(task)
        return Quiet({"a float64": 10})

    monkeypatch.setattr("bptt_check.power.false_alarms.listen", some)

    assert hear(HERE, 35, quiet_progress()).total == 40
    assert hear(HERE, 10**9, quiet_progress(), limit=0.0).total == 10
    assert len({t.model.family for t, _, _ in asked[:4]}) == 4


@pytest.mark.parametrize("check", other_checkers.CHECKS)
def test_other_checks_accept_what_is_right_and_reject_what_is_not(check):
    """Each of the other libraries' checks does its work here as it does elsewhere."""
    pytest.importorskip("torch")
    pytest.importorskip("jax")
    right = bptt_reference.loss_and_grads
    instance = other_checkers.Instance(
        other_checkers.typical(parse_targets("lstm+mse")[0], random_state=True), right
    )

    def wrong(case: bc.Case) -> Any:
        loss, grads = right(case)
        return loss, grads | {"W_hh_l0": 1.1 * grads["W_hh_l0"]}

    assert other_checkers.accepts(check, right, instance)
    assert not other_checkers.accepts(check, wrong, instance)
    assert not other_checkers.accepts(check, lambda case: (0.0, right(case)[1]), instance)


def test_the_instance_decides_what_a_check_can_see():
    """A state of zeros hides what a random one shows."""
    pytest.importorskip("torch")
    right, target = bptt_reference.loss_and_grads, parse_targets("rnn-tanh")[0]

    def wrong(case: bc.Case) -> Any:
        loss, grads = right(case)
        return loss, grads | {"W_hh_l0": grads["W_hh_l0"] + case.h0.sum()}

    zero, random = (
        other_checkers.Instance(other_checkers.typical(target, s), right) for s in (False, True)
    )

    assert other_checkers.accepts("gradcheck", wrong, zero)
    assert not other_checkers.accepts("gradcheck", wrong, random)


def test_a_check_gets_no_credit_where_it_rejects_the_right_code(monkeypatch: pytest.MonkeyPatch):
    """What alarms at everything has caught nothing; its alarms at right code are counted."""
    monkeypatch.setattr(other_checkers, "CHECKS", {})
    for name in ("never", "always"):
        other_checkers.CHECKS[name] = lambda subject, instance, answer=name == "always": answer
    monkeypatch.setattr("bptt_check.power.other_checkers.CHECKS", other_checkers.CHECKS)
    mutant = sample("h_t_bar: + -> -")

    right, found = compete(TARGET, [mutant], bptt_reference.loss_and_grads)

    assert right["zero state: never"] == (1, 1)
    assert right["our first 10 cases: never"] == (10, 10)
    assert right["zero state: always"] == (0, 1)
    assert found[mutant.name]["zero state: never"] == "false alarm"
    assert found[mutant.name]["zero state: always"] == "passed"


CAUGHT = Fate(
    "m.f:1 y: a -> b", "p.m.f", "swap name", 1, "y = a", "y = b", ("1.2",), "caught", "fail",
    "lstm", {"harness": 1, "torch": 7}, ("jax", "torch"), 3, {"zero state: gradcheck": "passed"},
)  # fmt: skip
STOPPED = dataclasses.replace(CAUGHT, name="m.f:2", verdict="error", first={"harness": 1}, able=())
SAME = dataclasses.replace(
    CAUGHT,
    name="m.g:3",
    function="p.m.g",
    outcome="equivalent",
    verdict="",
    first={},
    shown="equal",
)
MISSED = dataclasses.replace(
    SAME, name="m.g:4 <b>", outcome="missed", shown="another gradient of x"
)
ALARM = Alarm("torch.nn", "fail", "lstm T=1", "the message")
FOUND = Power(
    "p:f", ("torch", "jax"), 100, (CAUGHT, STOPPED, SAME, MISSED),
    Quiet({"a": 5}, {"pass": 2}, (ALARM,)),
    {"zero state: gradcheck": (1, 4)}, {"power": 60.0}, command="bptt-check power p:f",
)  # fmt: skip


def test_the_tables_count_what_there_is():
    """By function, by number of cases, and beside another check."""
    f, g, everything = tables.by_function(FOUND)
    (contest,) = tables.contests(FOUND)

    assert (f.name, f.mutants, f.stopped, f.caught, f.missed) == ("m.f", 2, 1, 2, 0)
    assert (g.equivalent, g.missed, everything.mutants) == (1, 1, 4)
    assert f.alone == {"torch": (1, 1), "jax": (0, 1)}
    assert dict(tables.within(FOUND, "torch"))[5] == 0
    assert dict(tables.within(FOUND, "torch"))[10] == 1
    assert (contest.passed, contest.caught, contest.rejected) == (2, 0, (1, 4))
    assert contest.share == 0.0


def test_a_study_passes_only_without_missed_mutants_and_alarms():
    """Either of them spoils it."""
    good = dataclasses.replace(FOUND, fates=(CAUGHT, STOPPED, SAME), quiet=Quiet())

    assert good.passed
    assert not dataclasses.replace(good, fates=FOUND.fates).passed
    assert not dataclasses.replace(good, quiet=FOUND.quiet).passed


def test_the_terminal_names_what_was_missed_and_alarmed_at():
    """Both in full, with what shows them again."""
    out = io.StringIO()
    terminal.show(FOUND, Console(file=out, width=160))

    for words in (
        "MISSED m.g:4 <b>",
        "y = a  ->  y = b",
        "another gradient of x",
        "FALSE ALARM torch.nn fail: lstm T=1",
    ):
        assert words in out.getvalue()


def test_the_page_is_whole_and_escaped():
    """Everything is on it, nothing is loaded, and the same records give the same page."""
    page = render(FOUND)

    assert page == render(FOUND)
    assert "m.g:4 &lt;b&gt;" in page
    assert "<script" not in page
    assert "src=" not in page.replace("default-src", "").replace("style-src", "").replace(
        "img-src", ""
    )
    for words in ("another gradient of x", "the message", "bptt-check power p:f", "1/4"):
        assert words in page


def test_a_study_is_read_back_as_it_was_written(tmp_path: Path):
    """Records to JSON and back; the page lies beside them."""
    page = store.write(tmp_path / "new", FOUND)

    assert page.read_text("utf-8") == render(FOUND)
    assert store.load(page.parent) == FOUND


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "cannot be read"), ("{", "holds no power study"), ("[]", "holds no power study")],
)
def test_what_is_no_study_is_refused(tmp_path: Path, content, said):
    """A missing, broken or foreign file is named."""
    if content is not None:
        (tmp_path / store.DATA).write_text(content)

    with pytest.raises(ReportError, match=said):
        store.load(tmp_path)


def test_a_study_of_another_version_is_refused(tmp_path: Path):
    """With what to do."""
    (tmp_path / store.DATA).write_bytes(
        store.to_json(dataclasses.replace(FOUND, schema_version=99))
    )

    with pytest.raises(ReportError, match="run `bptt-check power` again"):
        store.load(tmp_path)


@pytest.mark.parametrize(
    ("found", "status"), [(FOUND, 1), (dataclasses.replace(FOUND, fates=(CAUGHT,), quiet=None), 0)]
)
def test_the_command_fails_where_something_was_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found, status
):
    """Exit status, tables and the page's path; `--short` asks the fixed sample."""
    asked: list[study.Options] = []

    def measured(options: study.Options, *_: Any) -> Power:
        asked.append(options)
        return found

    monkeypatch.setattr(study, "measure", measured)
    done = CliRunner().invoke(cli, ["power", SAMPLE, "--short", "--report", str(tmp_path)])

    assert done.exit_code == status
    assert f"report: {tmp_path / store.PAGE}" in done.stdout
    assert (asked[0].checks, asked[0].others, asked[0].subject) == (10_000, False, SAMPLE)


@EXACT
def test_a_small_study_from_end_to_end(monkeypatch: pytest.MonkeyPatch):
    """Mutants of a file and checks of right code, in this process."""
    monkeypatch.setattr("bptt_check.power.outcomes.EARLY", 2)
    monkeypatch.setattr(
        false_alarms, "implementations", lambda: {"reference": bptt_reference.loss_and_grads}
    )
    options = study.Options(SAMPLE, cases=2, every=25, checks=20, others=False, processes=0)

    found = study.measure(options, quiet_progress(), "the command")

    assert len(found.fates) == len(mutants(SAMPLE)[::25])
    assert {f.outcome for f in found.fates} <= {"caught", "missed", "equivalent"}
    assert found.quiet is not None
    assert found.quiet.total >= 20
    assert found.command == "the command"
    assert np.all([s >= 0 for s in found.seconds.values()])
