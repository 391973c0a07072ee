"""What a message says to type works where it is typed, in a process that knows no subject."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import bptt_check as bc
from bptt_check.cases.written.reproduction import Origin, reproduction
from bptt_check.cli import cli
from bptt_check.errors import SubjectNotFound
from bptt_check.subjects import load

KINDS = Path(__file__).parents[1] / "support" / "kinds_of_subjects.py"
SPEC = "rnn-tanh T=2 B=1 D=1 H=1 O=2 seed=3"
WRONG = """
import bptt_reference

def wrong(case):
    loss, grads = bptt_reference.loss_and_grads(case)
    return loss, {**grads, "b_y": 2 * grads["b_y"]}
"""
PASTING = """
import contextlib, io, json, shlex, sys
from bptt_check.cli import cli
from bptt_check.errors import SubjectNotFound
from bptt_check.subjects import load
from bptt_check.runs.session import Overrides, overrides

overrides.set(Overrides(oracles=("complex_step",)))

def typed(text):
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        if text.startswith("bptt-check "):
            cli.main([*shlex.split(text)[1:], "--no-isolate"], standalone_mode=False)
        else:
            exec(text, {"__name__": "__main__"})
    return shown.getvalue()

def come_of(text):
    try:
        return typed(text)
    except SystemExit as error:
        return str(error)

json.dump({kind: come_of(text) for kind, text in json.load(sys.stdin).items()}, sys.stdout)
"""
"""A new process: types every text, and tells what each printed."""


def wrong(case: bc.Case) -> tuple[float, dict[str, object]]:
    """A subject of this test; half of nothing is right."""
    return 0.0, {n: 0.5 * a for n, a in case.inputs.items()}


def told(message: str) -> str:
    """What a message says to type."""
    _, _, text = message.partition("\n  reproduce:")
    return text.removeprefix(" ").removeprefix("\n")


@pytest.fixture(scope="module")
def messages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, str]]:
    """By kind of subject: its message in one process, and what another printed when it was typed
    what the message says.
    """
    pytest.importorskip("torch")  # some kinds are of it
    folder = tmp_path_factory.mktemp("elsewhere")
    (folder / "kinds.py").write_text(KINDS.read_text("utf-8"), encoding="utf-8")

    def run(*words: str, given: str = "") -> dict[str, str]:
        command = [sys.executable, *words]
        ended = subprocess.run(
            command, cwd=folder, input=given, capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    first = run("kinds.py")
    second = run("-c", PASTING, given=json.dumps({k: told(m) for k, m in first.items()}))
    return {kind: (first[kind], second[kind]) for kind in first}


KIND_NAMES = (
    "function", "lambda of a module", "static method", "from_function of a module",
    "adapted in a module", "decorated", "closure", "default", "lambda", "one of two lambdas",
    "local class", "object", "bound method", "dataclass", "partial", "from_function",
    "from_function of a lambda", "from_module", "adapted", "adapted lambda", "few given numbers",
    "few numbers, an address", "many given numbers", "wrt", "wrt of a local", "many numbers",
)  # fmt: skip


@pytest.mark.parametrize("kind", KIND_NAMES)
def test_what_the_message_says_to_type_shows_it_again(messages, kind):
    """The same verdict, the same gradient, the same worst entry, to the last digit."""
    message, printed = messages[kind]
    title, _, *lines = message.partition("\n  reproduce:")[0].splitlines()
    shown = [line for line in lines if line.strip().startswith(("got", "expected"))]

    assert title.startswith("FAIL")
    assert shown
    assert all(line in printed for line in shown)
    assert title.partition(": ")[2] in printed


def test_every_kind_is_tested(messages):
    """None is left out."""
    assert set(messages) == set(KIND_NAMES)


def test_a_subject_with_a_name_in_a_file_is_told_in_one_line(messages):
    """Also one that was made by `from_function` or adapted there."""
    for kind in KIND_NAMES[:6]:
        assert len(told(messages[kind][0]).splitlines()) == 1


def test_a_local_container_is_written_as_it_began(messages):
    """Not with what the calls of the first process have put into it."""
    assert "\nseen = {}\n" in told(messages["closure"][0])


@pytest.mark.parametrize(
    "address", ["reference", "bptt_reference:loss_and_grads", "it is.py:wrong"]
)
def test_reproduction_of_a_subject_with_an_address_is_a_command(address, tmp_path, monkeypatch):
    """Of a module, of a file (with a space), and installed."""
    monkeypatch.chdir(tmp_path)
    Path("it is.py").write_text(WRONG)
    tool, *words = shlex.split(reproduction(SPEC, Origin(address)))
    done = CliRunner().invoke(cli, [*words, "--oracle", "complex_step"])

    assert tool == "bptt-check"
    assert done.exit_code == (1 if "wrong" in address else 0), done.output
    assert SPEC in done.output


def test_reproduction_of_a_subject_that_nobody_can_make_says_so():
    """Neither a name nor a source is known of what was compiled at run time."""
    names: dict[str, object] = {}
    exec("def made(case):\n    return 0.0, {}", names)
    message = bc.check(names["made"], SPEC, ["complex_step"]).message

    assert told(message).startswith(f"bc.check(subject, '{SPEC}')  # subject: the callable that")


def test_a_message_has_the_address_of_its_subject():
    """And a failure of a run, and the run; one that is given goes before one that is found."""

    def addressed(case: bc.Case) -> tuple[float, dict[str, object]]:
        return wrong(case)

    addressed.address = "kernels.py:wrong"
    case = bc.Spec.parse(SPEC).build()
    options = {"models": ["rnn-tanh"], "cases": 2, "oracles": ["complex_step"]}
    report, run = bc.check(addressed, case, ["complex_step"]), bc.verify(addressed, **options)

    assert (report.address, run.run.address) == ("kernels.py:wrong",) * 2
    assert f"reproduce: bptt-check replay '{SPEC}' kernels.py:wrong" in report.message
    assert run.failures[0].message.endswith(" kernels.py:wrong")
    assert bc.check(wrong, case, ["complex_step"]).address.endswith("test_reproduction:wrong")


@pytest.mark.parametrize(
    "last_lines",
    [
        "bc.assert_gradients(wrong, ['rnn-tanh'], cases=3)",
        "print(bc.check(wrong, 'rnn-tanh').message)",
        "bc.assert_function(lambda a: (0.0, a), {'p': 1.0})",
    ],
)
def test_a_script_that_checks_itself_is_imported_up_to_its_check(last_lines, tmp_path, monkeypatch):
    """It is neither checked again nor refused because its check failed; by file and by name."""
    monkeypatch.chdir(tmp_path)
    script = f"import bptt_check as bc\n{WRONG}\n{last_lines}\nraise SystemExit(7)\n"
    Path("checks_itself.py").write_text(script)
    by_file, by_name = map(load, ("checks_itself.py:wrong", "checks_itself:wrong"))
    sys.modules.pop("checks_itself", None)

    assert bc.check(by_file, SPEC, ["complex_step"]).parameter == "b_y"
    assert bc.check(by_name, SPEC, ["complex_step"]).parameter == "b_y"
    with pytest.raises(SubjectNotFound, match="nothing_there"):
        load("checks_itself.py:nothing_there")
