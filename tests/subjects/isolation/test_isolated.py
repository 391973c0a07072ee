"""A subject in a process of its own: whatever it does there, its case has an answer."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

import numpy as np
import pytest
from support import misbehaving, zoo
from support.processes import gone, running

import bptt_check as bc
from bptt_check.cases.contract import Outcome
from bptt_check.cases.follow_up import FollowUpKind, every_call
from bptt_check.cases.result import address_of, name_of
from bptt_check.errors import SpecError, SubjectFailed, SubjectNotFound
from bptt_check.runs.interruption import SECONDS_UNTIL_AGAIN, ended_early, handling
from bptt_check.subjects.calling import call
from bptt_check.subjects.isolation import Isolated

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="misbehaves in the ways of Linux")

LONG, SHORT = 60.0, 0.3
"""Limits for what must succeed, and for what must not."""
LINE = r" \(line \d+ of NAME in misbehaving\.py\)"
NAMES = [function.__name__ for function in misbehaving.MISBEHAVIOURS]


def case_of(misbehaviour: str) -> bc.Case:
    """The case on which the subject does that; "" is one on which it is right."""
    seed = NAMES.index(misbehaviour) if misbehaviour else 1000
    return bc.Spec.parse(f"rnn-tanh T=2 B=2 D=2 H=2 O=2 seed={seed}").build()


@pytest.fixture(scope="module")
def subject() -> Iterator[Isolated]:
    """One that does everything, in turn."""
    with bc.isolated("support.misbehaving:by_seed", memory="400M") as isolated:
        yield isolated


def is_right(subject: Isolated) -> bool:
    """Whether the next case, of the same or of a fresh worker, has the right answer."""
    answer, want = call(subject, case_of(""), LONG), misbehaving.right(case_of(""))
    assert answer.result is not None
    same = [np.array_equal(answer.result.grads[n], g) for n, g in want[1].items()]
    return answer.outcome is Outcome.ANSWERED and answer.result.loss == want[0] and all(same)


# --- each misbehaviour has its answer, and the run goes on ---------------------------------------


@pytest.mark.parametrize(
    ("misbehaviour", "limit", "outcome", "error"),
    [
        (
            "raises",
            LONG,
            Outcome.RAISED,
            r"raised ValueError: no good \(line \d+ of raises: raise .*\)",
        ),
        ("segfaults", LONG, Outcome.DIED, rf"ended by signal SIGSEGV \(segmentation fault\){LINE}"),
        ("aborts", LONG, Outcome.DIED, rf"ended by signal SIGABRT \(aborted\){LINE}"),
        ("exits", LONG, Outcome.RAISED, r"raised SystemExit: 0 \(line .*\)"),
        ("exits_at_once", LONG, Outcome.DIED, r"exited with status 3"),
        ("interrupts", LONG, Outcome.RAISED, r"raised KeyboardInterrupt:  \(line .*\)"),
        ("babbles", LONG, Outcome.DIED, r"wrote into the channel of its worker"),
        ("sleeps", SHORT, Outcome.TIMED_OUT, r"took longer than the limit of 0\.3 s for one case"),
        (
            "hangs",
            SHORT,
            Outcome.TIMED_OUT,
            rf"took longer than the limit of 0\.3 s for one case{LINE}, and had .*",
        ),
        (
            "is_deaf",
            SHORT,
            Outcome.TIMED_OUT,
            rf"took longer than the limit of 0\.3 s for one case{LINE}, and had .*",
        ),
        (
            "eats",
            LONG,
            Outcome.DIED,
            r"used more than 400 MiB of memory, the limit that --memory set",
        ),
    ],
)
def test_whatever_ends_a_call_is_an_error(subject, misbehaviour, limit, outcome, error):
    """It says what happened, and the line where none was raised; the next case is answered."""
    answer = call(subject, case_of(misbehaviour), limit)

    assert (answer.result, answer.outcome) == (None, outcome)
    assert re.fullmatch(error.replace("NAME", misbehaviour), answer.text)
    assert is_right(subject)


@pytest.mark.parametrize(
    ("misbehaviour", "parameter", "message"),
    [
        ("writes", "b_y", "b_y was written to"),
        ("returns_none", "return value", "a subject must return (loss, grads)"),
        ("returns_nan", "b_y", "the gradient of b_y is nan at [0]"),
        ("returns_wrong_shape", "W_hh_l0", "has shape (2,), not (2, 2)"),
        ("returns_too_little", "b_y", "the gradient of b_y is missing"),
        ("returns_too_much", "b_z", "there is no input 'b_z'"),
        ("returns_objects", "outputs", "the output 'y' has dtype object, which is no number's"),
    ],
)
def test_a_breach_of_the_contract_is_found_there_too(subject, misbehaviour, parameter, message):
    """The worker finds it, since only there it can be seen."""
    answer = call(subject, case_of(misbehaviour), LONG)

    assert any(f.parameter == parameter and message in f.message for f in answer.breaches)


def test_a_second_result_that_differs_comes_back_too(subject):
    """A subject that answers differently each time."""
    answer = call(subject, case_of("counts"), LONG)

    assert answer.second_result is not None
    assert not np.array_equal(answer.second_result.grads["b_y"], answer.result.grads["b_y"])


def test_further_calls_are_made_there_and_come_back():
    """What differs of the same case, and all that is said of other ones."""
    case = bc.Spec.parse("lstm T=2 B=1 D=2 H=2 O=2").build()
    with bc.isolated("support.misbehaving:is_wrong_in_the_third_call") as subject:
        answer = call(subject, case, LONG, every_call(case))

    kinds = [f.call.kind for f in answer.follow_ups]
    assert kinds == [FollowUpKind.THIRD_CALL, FollowUpKind.OTHER_VALUES, FollowUpKind.OTHER_TARGETS]
    third, values, _ = (f.answer.result for f in answer.follow_ups)
    assert np.array_equal(third.grads["b_y"], -answer.result.grads["b_y"])
    assert not np.array_equal(values.grads["b_y"], answer.result.grads["b_y"])


def test_a_death_in_a_further_call_is_that_of_the_case():
    """The worker is gone, and with it what it was about to say."""
    case = bc.Spec.parse("lstm T=2 B=1 D=2 H=2 O=2").build()
    with bc.isolated("support.misbehaving:dies_on_other_targets") as subject:
        report = bc.check(subject, case, ["complex_step"])
        assert (report.verdict, report.outcome) == ("error", Outcome.DIED)
        assert call(subject, case, LONG).text == ""


@pytest.mark.parametrize("misbehaviour", ["prints", "reads", "forks"])
def test_printing_reading_and_forking_are_no_errors(misbehaviour, capfd):
    """Printing, reading and forking leave the channel alone.

    In a worker of its own: what one has printed is told of its death, also in a later case.
    """
    with bc.isolated("support.misbehaving:by_seed", memory="400M") as subject:
        answer = call(subject, case_of(misbehaviour), LONG)

        assert (answer.outcome, answer.text, answer.breaches) == (Outcome.ANSWERED, "", ())
        assert np.array_equal(
            answer.result.grads["b_y"], misbehaving.right(case_of(misbehaviour))[1]["b_y"]
        )
        assert is_right(subject)


def test_the_end_of_what_it_printed_is_told_of_its_death(capfd):
    """Also what it printed in an earlier case: it is the end of its standard error."""
    with bc.isolated("support.misbehaving:by_seed") as subject:
        call(subject, case_of("prints"), LONG)
        answer = call(subject, case_of("exits_at_once"), LONG)

    assert answer.outcome is Outcome.DIED
    assert answer.text == (
        "exited with status 3; the end of its standard error: "
        "garbage from Python / garbage from a descriptor / garbage from C"
    )


def test_what_it_prints_goes_to_standard_error(capsys):
    """From Python, from a descriptor and from C; standard output stays ours."""
    with bc.isolated("support.misbehaving:prints") as subject:
        call(subject, case_of(""), LONG)
    out, err = capsys.readouterr()

    assert out == ""
    for who in ("Python", "a descriptor", "C"):
        assert f"garbage from {who}\n" in err


# --- the worker process ---------------------------------------------------------------------------


needs_proc = pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="looks into /proc")


@needs_proc
def test_one_process_serves_many_cases():
    """Starting one is paid once; closing ends it."""
    with bc.isolated("support.misbehaving:tells_its_pid") as subject:
        pids = {int(subject(case_of("")).outputs["pid"]) for _ in range(3)}
        (pid,) = pids
        assert running(pid)
    assert gone(pid)


@needs_proc
def test_what_it_has_started_ends_with_it():
    """A child that it forked and left behind."""
    with bc.isolated("support.misbehaving:leaves_a_child") as subject:
        pid = int(call(subject, case_of(""), LONG).result.outputs["pid"])
        assert running(pid)
    assert gone(pid)


ORPHAN = """
import os, signal
import bptt_check as bc
subject = bc.isolated("support.misbehaving:tells_its_pid")
case = bc.Spec.parse("rnn-tanh T=1 B=1 D=1 H=1 O=2").build()
print(int(subject(case).outputs["pid"]), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@needs_proc
def test_it_does_not_outlive_a_killed_parent():
    """Not even one that had no chance to say goodbye."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", ORPHAN], capture_output=True, text=True, env=environment
    )

    assert done.returncode == -signal.SIGKILL
    assert gone(int(done.stdout))


def test_ctrl_c_ends_it_and_reaches_the_caller(subject, monkeypatch):
    """A KeyboardInterrupt while waiting is the user's; the worker, busy or not, is gone."""
    assert is_right(subject)
    worker = subject._worker
    monkeypatch.setattr(worker, "request", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))

    with pytest.raises(KeyboardInterrupt):
        call(subject, case_of(""))
    assert subject._worker is None
    assert is_right(subject)


@pytest.fixture
def _pythons_own_handler() -> Iterator[None]:
    """A shell may have had Ctrl-C ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_pythons_own_handler")
def test_an_interrupt_that_is_sent_again_waits_for_the_end_of_the_worker(tmp_path, monkeypatch):
    """It ended that end half-way, and process and folder were left; it comes right afterwards."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with bc.isolated("support.misbehaving:by_seed") as subject, handling(signal.SIGINT):
        child = subject._worker._child
        pid, kill = child._process.pid, child.kill

        def kill_slowly() -> None:
            signal.raise_signal(signal.SIGINT)
            time.sleep(2 * SECONDS_UNTIL_AGAIN)
            kill()

        def end_and_go_on() -> None:
            subject.close()
            assert not running(pid)
            assert [*tmp_path.iterdir()] == []
            time.sleep(60)

        monkeypatch.setattr(child, "kill", kill_slowly)
        assert ended_early(end_and_go_on)
        assert not running(pid)
    assert [*tmp_path.iterdir()] == []


# --- a process that is damaged -------------------------------------------------------------------


def test_damaged_process_is_left_and_the_case_asked_in_a_fresh_one():
    """The code around the calls failed there, which is no fault of the case."""
    with bc.isolated("support.zoo:by_seed") as subject:
        damaged = zoo.FIRST + [*zoo.ZOO].index("replaces_time_monotonic")
        first = call(subject, bc.Spec.parse(f"rnn-tanh T=1 seed={damaged}").build(), LONG)
        assert subject._worker is None
        assert is_right(subject)

    assert first.outcome is Outcome.RAISED
    assert "in the code around its calls: it has damaged its process" in first.text


def test_error_of_the_subject_itself_ends_no_process():
    """What it remembers is its own, and found out."""
    with bc.isolated("support.misbehaving:by_seed") as subject:
        worker = subject._worker
        assert call(subject, case_of("raises"), LONG).outcome is Outcome.RAISED
        assert subject._worker is worker


# --- a subject that always dies ------------------------------------------------------------------


def test_a_model_that_always_kills_is_given_up_and_said_so():
    """After three deaths in a row its other cases are errors without a call; others are checked."""
    with bc.isolated("support.misbehaving:dies_on_lstm") as subject:
        report = bc.verify(
            subject, ["lstm", "gru"], cases=6, oracles=["complex_step"], timeout=LONG
        )
    (failure,) = report.failures

    assert report.verdict == "error"
    assert (failure.model, failure.verdict) == ("lstm", "error")
    assert "the subject exited with status 5" in failure.message
    assert "not tried: 3 further cases of this model, since it died" in failure.message
    assert {r.verdict for r in report.rows if r.model == "gru"} == {"pass"}
    assert report.cases == {"error": 6, "pass": 6}


def test_a_case_that_was_not_called_says_so():
    """As an answer of its own kind, which is never taken for a counterexample."""
    lstm = bc.Spec.parse("lstm T=1 B=1 D=1 H=1 O=1").build()
    with bc.isolated("support.misbehaving:dies_on_lstm") as subject:
        answers = [call(subject, lstm, LONG) for _ in range(4)]

    assert [a.outcome for a in answers] == [*3 * [Outcome.DIED], Outcome.NOT_CALLED]
    assert answers[3].text == (
        "was not called any more on lstm, having run out of time, or ended or damaged its "
        "process, 3 times in a row; the last time it exited with status 5"
    )


def test_a_death_is_shrunk_like_any_failure():
    """To the shortest case that still kills, and what lived is measured."""
    with bc.isolated("support.misbehaving:dies_where_long") as subject:
        report = bc.verify(subject, ["rnn-tanh"], cases=12, oracles=["complex_step"], timeout=LONG)
    (failure,) = report.failures

    assert "SIGABRT" in failure.message
    assert bc.Spec.parse(failure.spec).sizes.T >= 3
    assert any(row.verdict == "pass" for row in report.rows)


# --- what else a subject may have ----------------------------------------------------------------


def test_it_has_the_attributes_of_its_subject():
    """Targets and the functions it offers, but no others; its name is the text that names it."""
    with bc.isolated("support.misbehaving:with_targets") as subject:
        assert name_of(subject) == "support.misbehaving:with_targets"
        assert [t.name for t in subject.targets] == ["gru+truncated", "lstm"]
        assert not hasattr(subject, "update")
        assert subject.supports(bc.Model("lstm"))


def test_its_address_is_its_text(subject):
    """As it was given; its name is the same as a shell takes it."""
    assert address_of(subject) == "support.misbehaving:by_seed"
    assert name_of(subject) == "support.misbehaving:by_seed"


def test_calling_it_calls_the_subject_once():
    """As it would be without a worker; `call` makes two."""
    with bc.isolated("support.misbehaving:counts_its_calls") as subject:
        assert [int(subject(case_of("")).outputs["calls"]) for _ in range(2)] == [1, 2]
        call(subject, case_of(""))
        assert int(subject(case_of("")).outputs["calls"]) == 5


def test_declining_works_in_both_ways():
    """By `supports` and by `Unsupported`."""
    with bc.isolated("support.misbehaving:picky") as subject:
        assert subject.supports(bc.Model("gru"))
        assert not subject.supports(bc.Model("lstm"))
        assert call(subject, case_of("")).text == "not with lengths"
        with pytest.raises(bc.Unsupported, match="not with lengths"):
            subject(case_of(""))


def test_a_supports_that_fails_is_an_error_of_its_cases():
    """Not a way to get out of being checked."""
    with bc.isolated("support.misbehaving:with_bad_supports") as subject:
        report = bc.verify(subject, ["lstm"], cases=2, oracles=["complex_step"])

    assert report.verdict == "error"
    assert "was asked supports(lstm) and raised ZeroDivisionError" in report.failures[0].message


@pytest.mark.parametrize(
    ("name", "verdict", "message"),
    [
        ("with_training", "fail", "update is not params - learning_rate * grads"),
        ("with_deadly_update", "error", "the subject offers update, which exited with status 3"),
    ],
)
def test_functions_are_called_there_too(name, verdict, message):
    """A wrong `update` is found, a deadly one survived."""
    with bc.isolated(f"support.misbehaving:{name}") as subject:
        report = bc.check(subject, case_of(""), ["complex_step"])

    assert report.verdict == verdict
    assert message in report.message


# --- what cannot be ------------------------------------------------------------------------------


def test_calling_it_raises_what_it_did(subject):
    """As a plain function it has no other way to tell."""
    with pytest.raises(SubjectFailed, match=r"^exited with status 3$"):
        subject(case_of("exits_at_once"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("support.misbehaving:nothing", "support.misbehaving has no 'nothing'"),
        ("no_such_module:f", "there is no module 'no_such_module'"),
        ("deadly.py:f", r"importing deadly\.py:f failed: it exited with status 7"),
    ],
)
def test_a_subject_that_cannot_be_loaded_is_told_at_once(text, message, tmp_path, monkeypatch):
    """Also one whose import ends the process."""
    (tmp_path / "deadly.py").write_text("import os\nos._exit(7)\n")
    monkeypatch.chdir(tmp_path)

    with pytest.raises(SubjectNotFound, match=message):
        bc.isolated(text)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"timeout": 0}, "timeout must be positive, got 0"),
        ({"timeout": -1.0}, r"timeout must be positive, got -1\.0"),
        ({"memory": "much"}, "memory must be a size such as 2G or 512M, got 'much'"),
        ({"memory": 0}, "memory must be a size"),
    ],
)
def test_an_impossible_limit_is_refused(arguments, message):
    """Before any process is started."""
    with pytest.raises(SpecError, match=message):
        bc.isolated("support.misbehaving:by_seed", **arguments)


def test_an_impossible_limit_of_a_call_is_refused(subject):
    """As without a worker."""
    with pytest.raises(SpecError, match="timeout must be positive, got 0"):
        call(subject, case_of(""), 0)


def test_an_object_cannot_be_isolated():
    """The worker imports what it runs."""
    with pytest.raises(SpecError, match="takes the text that names a subject"):
        bc.isolated(misbehaving.by_seed)
