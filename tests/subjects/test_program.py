"""Programs in any language: the protocol kept, and broken in every way."""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from support.hostile_lines import ANSWERS, HELLOS, NO_JSON, answer, hello
from support.mutations import told

import bptt_check as bc
from bptt_check.cases.contract import Outcome
from bptt_check.cases.follow_up import every_call
from bptt_check.errors import MissingFramework, SubjectFailed, SubjectNotFound
from bptt_check.subjects import loading
from bptt_check.subjects.calling import call
from bptt_check.subjects.program import read_answer, read_hello

pytest.importorskip("safetensors")

TALKING = Path(__file__).parents[1] / "support" / "talking.py"
BAD = bc.Spec.parse("rnn-tanh T=2 B=1 D=2 H=2 O=2").build()
GOOD = bc.Spec.parse("rnn-tanh T=3 B=2 D=1 H=2 O=2").build()
LONG = 60.0
OVERTIME = "took longer than the limit of 0.1 s for one case"
LAST_WORDS = "exited with status 9; the end of its standard error: about to fail / out of cheese"


def text_of(mode: str, kind: str = "exec") -> str:
    """The subject's name on the command line."""
    return f"{kind}:{shlex.join([sys.executable, str(TALKING), mode])}"


def is_right(subject: Callable[..., Any]) -> bool:
    """Whether the next case has the right answer."""
    return bc.check(subject, GOOD, ["complex_step"]).verdict == "pass"


def test_a_program_is_asked_further_calls():
    """A third one, other values and other targets; a subset of gradients means nothing to it."""
    subject = loading.load(text_of("everything"))
    answer = call(subject, GOOD, LONG, every_call(GOOD))

    assert {f.call.kind for f in answer.follow_ups} == {"other_values", "other_targets"}
    assert all(f.answer.result is not None for f in answer.follow_ups)
    assert bc.check(subject, GOOD, ["complex_step"]).passed


@pytest.mark.parametrize(
    ("mode", "error"),
    [
        ("dies", LAST_WORDS),
        ("crashes", r"ended by signal SIGABRT \(aborted\)"),
        ("babbles", r"wrote 'epoch 1: loss 0\.3' where its answer belongs: .*"),
        ("endless", "wrote a line of more than 1048576 bytes"),
        ("wrong-id", "answered case 2 when it was asked case 1"),
        ("wrong-type", 'wrote \'{"id": "seven".*\' where its answer belongs: .*int.*str.*'),
        ("reports", "reported an error: singular matrix"),
        ("not-ok", "reported an error: without saying which"),
        ("fileless", "did not write the file that it was told to write"),
        ("truncated", "wrote a file that is no safetensors file: .*"),
    ],
)
def test_whatever_is_no_answer_is_an_error(mode, error):
    """It says what the program did instead, and the next case is answered."""
    subject = loading.load(text_of(mode))
    answer = call(subject, BAD, LONG)

    assert answer.result is None
    assert re.fullmatch(error, answer.text)
    assert is_right(subject)


@pytest.mark.parametrize("kind", ["exec", "exec1"])
def test_a_program_that_never_answers_is_killed(kind):
    """By the limit of time, and the next case has a fresh one."""
    subject = loading.load(text_of("hangs", kind))

    assert call(subject, BAD, 0.5).text == "took longer than the limit of 0.5 s for one case"
    assert is_right(subject)


@pytest.mark.parametrize("kind", ["exec", "exec1"])
def test_a_limit_that_was_given_is_the_limit_of_a_program(kind, monkeypatch):
    """What nobody gave ends the wait; a larger one that was given does not end with it."""
    monkeypatch.setattr("bptt_check.subjects.time_limit.LONGEST_WAIT", 0.1)
    subject = loading.load(text_of("slow", kind), LONG)

    late = call(subject, BAD)
    assert (late.outcome, late.text) == (Outcome.TIMED_OUT, OVERTIME)
    assert call(subject, BAD, LONG).result is not None


def test_program_that_does_not_read_has_the_same_limit(monkeypatch):
    """The line of a case that does not fit into the pipe is not written for ever."""
    monkeypatch.setattr("bptt_check.subjects.time_limit.LONGEST_WAIT", 0.1)
    subject = loading.load(text_of("deaf"), LONG)
    monkeypatch.setattr(msgspec.json, "encode", lambda _: b" " * 2**20)

    assert call(subject, BAD).text == OVERTIME


@pytest.mark.parametrize(
    ("mode", "parameter", "message"),
    [
        ("missing", "W_hh_l0", "the gradient of W_hh_l0 is missing"),
        ("extra", "dW", "there is no input 'dW'"),
        ("mis-shaped", "W_hh_l0", "has shape (2,), not (2, 2)"),
        ("lossless", "loss", "the loss must be a number, got None"),
        ("float32", "W_xh_l0", "the gradient of W_xh_l0 is missing"),
    ],
)
def test_a_wrong_answer_breaks_the_contract(mode, parameter, message):
    """As it would in Python."""
    answer = call(loading.load(text_of(mode)), BAD, LONG)

    assert any(f.parameter == parameter and message in f.message for f in answer.breaches)


@pytest.mark.parametrize(
    ("mode", "reason"), [("declines", "T = 2 is too short"), ("declines-in-file", "not today")]
)
def test_declining_is_no_error(mode, reason):
    """In the line or in the file."""
    subject = loading.load(text_of(mode))

    assert call(subject, BAD, LONG).text == reason
    assert is_right(subject)


def test_values_of_the_forward_pass_may_come_along():
    """Under names that start with `output.`"""
    answer = call(loading.load(text_of("outputs")), BAD, LONG)

    assert answer.breaches == ()
    assert np.array_equal(answer.result.outputs["y"], [1.0, 2.0])


# --- the hello line ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "message"),
    [
        ("silent", "exited with status 0."),
        ("no-hello", "wrote 'welcome to my program' where its hello line belongs"),
        ("other-protocol", "speaks version 99 of the protocol; this bptt-check speaks 1"),
        ("no-protocol", "Object missing required field `protocol`"),
        ("unknown-field", "says that it supports values of 'cel', which is no field of a model"),
        ("unknown-dtype", "offers the dtype 'float8'; valid: float64"),
    ],
)
def test_a_program_that_does_not_introduce_itself_is_no_subject(mode, message):
    """The message says what it wrote, or how it ended."""
    with pytest.raises(SubjectNotFound, match=re.escape(message)):
        loading.load(text_of(mode))


def test_a_program_without_a_hello_line_has_a_deadline():
    """It is ended, and the message says how long it was silent."""
    with pytest.raises(SubjectNotFound, match=r"^sleep 600 wrote no hello line within 0\.2 s\.$"):
        loading.load("exec:sleep 600", 0.2)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("exec:", "names no program: write exec:COMMAND"),
        ("exec:no-such-program --fast", "there is no program 'no-such-program'"),
        ("exec1:./nowhere", "there is no program './nowhere'"),
    ],
)
def test_a_program_that_is_not_there_is_no_subject(text, message):
    """Found out before anything is started."""
    with pytest.raises(SubjectNotFound, match=message):
        loading.load(text)


def test_without_safetensors_it_says_what_to_install(monkeypatch):
    """The extra is named."""
    monkeypatch.setitem(sys.modules, "safetensors", None)

    with pytest.raises(MissingFramework, match=r"pip install 'bptt-check\[exec\]'"):
        loading.load(text_of("everything"))


def test_the_hello_line_says_what_is_supported():
    """By the fields of a model; by dtype, lengths and truncation; nothing is asked for naught."""
    subject: Any = loading.load(text_of("plain"))
    declined = {
        "rnn-tanh T=3 dtype=float32": "does float64 only",
        "rnn-tanh T=3 lengths": "does not do lengths",
        "rnn-tanh T=3 k1=1 k2=1": "does not do truncation",
    }

    assert subject.name == "plain Python"
    assert subject.supports(bc.Model("rnn"))
    assert not subject.supports(bc.Model("rnn", layers=2))
    assert not subject.supports(bc.Model("lstm"))
    assert not loading.load(text_of("nothing")).supports(bc.Model("rnn"))
    assert loading.load(text_of("everything")).supports(bc.Model("gru", bidirectional=True))
    for line, reason in declined.items():
        assert call(subject, bc.Spec.parse(line).build()).text == reason


@pytest.mark.parametrize("kind", ["exec", "exec1"])
def test_a_program_has_the_text_it_was_loaded_by(kind):
    """Its address, whatever name it gives itself, so that a failure can be run again."""
    text = text_of("babbles", kind)

    assert loading.load(text).address == text


# --- one process a case --------------------------------------------------------------------------


def test_one_shot_is_the_same_without_a_conversation():
    """What it prints is shown and does not matter."""
    assert is_right(loading.load(text_of("babbles", "exec1")))
    assert call(loading.load(text_of("babbles", "exec1")), BAD, LONG).text == ""


@pytest.mark.parametrize(
    ("mode", "error"),
    [
        ("dies", LAST_WORDS),
        ("fileless", "did not write the file that it was told to write"),
        ("closes", "did not end"),
    ],
)
def test_one_shot_has_errors_too(mode, error, monkeypatch):
    """A status that is not 0, no file, no end."""
    monkeypatch.setattr("bptt_check.subjects.program.SECONDS_TO_END", 0.2)

    assert call(loading.load(text_of(mode, "exec1")), BAD, LONG).text == error


# --- in a worker, as on the command line ---------------------------------------------------------


def test_in_a_worker_it_is_the_same():
    """Both processes, one inside the other."""
    with bc.isolated(text_of("dies")) as subject:
        assert call(subject, BAD, LONG).text.startswith("exited with status 9; the end of its")
        assert is_right(subject)
        assert not subject.supports(bc.Model("lstm"))


@pytest.mark.parametrize("kind", ["exec", "exec1"])
def test_a_limit_that_was_given_is_that_of_a_program_in_a_worker(kind, monkeypatch):
    """Larger than the worker's own patience, and smaller."""
    monkeypatch.setenv("BPTT_CHECK_PROGRAM", text_of("slow", kind))
    with bc.isolated("support.impatient:subject") as subject:
        assert call(subject, BAD).text == OVERTIME
        assert call(subject, BAD, LONG).result is not None
        late = call(subject, BAD, 0.2)

    assert late.text == "took longer than the limit of 0.2 s for one case"


def test_the_file_of_a_case_is_what_the_protocol_says(tmp_path):
    """Arrays under their names, everything else as words of metadata."""
    from safetensors import safe_open

    from bptt_check.subjects.program_files import write_case

    case = bc.Spec.parse("lstm+linear T=3 B=2 D=2 H=2 k1=2 k2=1 lengths dtype=float32").build()
    write_case(case, tmp_path / "in.safetensors")
    with safe_open(tmp_path / "in.safetensors", framework="numpy") as file:
        words, names = file.metadata(), set(file.keys())
        x, lengths = file.get_tensor("x"), file.get_tensor("lengths")

    assert names == {*case.inputs, "targets", "lengths", "cotangent_h_n", "cotangent_c_n"}
    assert (x.dtype, lengths.dtype) == (np.float32, np.int64)
    assert np.array_equal(x, case.x)
    assert words == {
        "protocol": "1", "cell": "lstm", "activation": "tanh", "reset_after": "true",
        "layers": "1", "bidirectional": "false", "bias": "true", "loss": "linear",
        "readout": "every", "reduction": "sum", "T": "3", "B": "2", "D": "2", "H": "2", "O": "1",
        "dtype": "float32", "k1": "2", "k2": "1", "cotangents": "all", "head": "true",
        "one_bias": "false",
    }  # fmt: skip


def test_the_page_of_the_protocol_names_every_word_of_it(tmp_path):
    """Every key of the metadata, of the hello line and of the lines stands on the page."""
    from safetensors import safe_open

    from bptt_check.subjects.program import ProgramHello, ProgramReply
    from bptt_check.subjects.program_files import PROTOCOL, write_case

    page = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text()
    case = bc.Spec.parse("rnn-tanh T=1 k1=1 k2=1").build()
    write_case(case, tmp_path / "in.safetensors")
    with safe_open(tmp_path / "in.safetensors", framework="numpy") as file:
        words = set(file.metadata())
    words |= {
        *ProgramHello.__struct_fields__,
        *ProgramReply.__struct_fields__,
        "in",
        "out",
        "output.",
    }

    assert [w for w in sorted(words) if f"`{w}`" not in page and f'"{w}"' not in page] == []
    assert f"version {PROTOCOL}" in page
    assert all(json.loads(line) for line in re.findall(r"^\{.*\}$", page, re.MULTILINE))


@pytest.mark.parametrize(
    ("read", "line", "words"),
    [(read_hello, *told_as) for told_as in (NO_JSON | HELLOS).values()]
    + [(lambda line: read_answer(line, 7), *told_as) for told_as in (NO_JSON | ANSWERS).values()],
    ids=[*(NO_JSON | HELLOS), *(NO_JSON | ANSWERS)],
)
def test_whatever_is_no_line_of_a_program_is_told(read, line, words):
    """In one line, as what it is; right ones are read."""
    with pytest.raises(SubjectFailed) as caught:
        read(line)

    assert words in told(caught.value)
    assert (read_answer(answer(), 7).ok, read_hello(hello(mine=1)).name) == (True, "mine")
