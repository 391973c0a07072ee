"""`bptt-check new`: what it writes passes as it is, and fails when the line it names is broken."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import bptt_check as bc
from bptt_check import oracles
from bptt_check.cli import cli
from bptt_check.cli.scaffold import KINDS, files_of
from bptt_check.subjects import loading

CASE = bc.Spec.parse("rnn-tanh T=3 B=2 D=2 H=3 O=2").build()
EXAMPLE = Path(__file__).parents[2] / "examples" / "exec_python.py"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def new(*arguments: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(cli, ["new", *arguments])


def need(kind: str) -> None:
    """Skip what is not installed."""
    module = {"exec": "safetensors", "numpy": "numpy"}.get(kind, kind)
    if kind in oracles.FRAMEWORKS.values() and not oracles.available(kind):
        pytest.skip(f"{kind} is not installed")
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not installed")


def break_as_told(folder: Path) -> None:
    """Change the subject as its README says."""
    path, readme = folder / "subject.py", (folder / "README.md").read_text()
    told = re.search(r"write `(.+?)` for `(.+?)` in the line", readme)
    assert told is not None
    (line,) = [x for x in path.read_text().splitlines() if "# the state before" in x]
    assert line.count(told[2]) == 1
    path.write_text(path.read_text().replace(line, line.replace(told[2], told[1])))


def subject_of(kind: str) -> str:
    """The text that names the new subject."""
    if kind == "exec":
        return f"exec:{sys.executable} mine/subject.py"
    return "mine/subject.py:loss_and_grads"


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_right_until_the_line_is_broken(kind: str, folder: Path) -> None:
    """Green as it is; red, with the gradient named, after the change that its README names."""
    need(kind)
    assert new("mine", "--kind", kind).exit_code == 0

    def report() -> bc.CaseReport:
        return bc.check(loading.load(subject_of(kind)), CASE, ["complex_step"])

    assert report().verdict == "pass"
    break_as_told(folder / "mine")
    broken = report()

    assert broken.verdict == "fail"
    assert "the gradient of W_hh_l0 is wrong" in broken.message
    assert "right: W_xh_l0, b_h_l0, W_hy, b_y, x, h0" in broken.message


@pytest.mark.parametrize("kind", ["numpy", "exec"])
def test_its_own_test_runs(kind: str, folder: Path) -> None:
    """By pytest, as its README says; broken, it fails with the message."""
    need(kind)
    new("my-rnn", "--kind", kind)
    test = folder / "my-rnn/test_my_rnn.py"
    test.write_text(re.sub(r"cases=\d+", 'cases=2, oracles=["complex_step"]', test.read_text()))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "my-rnn"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, capture_output=True, text=True, env=environment)

    assert run().returncode == 0
    break_as_told(folder / "my-rnn")
    broken = run()

    assert broken.returncode == 1
    assert "GradientMismatch: FAIL  rnn-tanh: the gradient of W_hh_l0 is wrong" in broken.stdout


def test_it_says_what_it_wrote(folder: Path) -> None:
    """Every file, and what to do next."""
    done = new("deep/mine")

    assert done.stdout.splitlines() == [
        "deep/mine/subject.py",
        "deep/mine/test_mine.py",
        "deep/mine/README.md",
        "try it: pytest deep/mine",
    ]
    readme = (folder / "deep/mine/README.md").read_text()
    assert "bptt-check run deep/mine/subject.py:loss_and_grads\n" in readme


def test_nothing_is_overwritten(folder: Path) -> None:
    """Not even an empty folder, or a file."""
    (folder / "mine").mkdir()
    (folder / "file").write_text("mine")

    for name in ("mine", "file"):
        done = new(name)
        assert done.exit_code == 2
        assert f"{name} is there already; choose another name" in done.stderr
    assert list((folder / "mine").iterdir()) == []
    assert (folder / "file").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["mine", "--kind", "rust"], "'rust' is not one of"),
        (["file/mine"], "file/mine cannot be written"),
        ([], "Missing argument 'NAME'"),
    ],
)
def test_what_cannot_be_is_refused(folder: Path, arguments: list[str], words: str) -> None:
    """With status 2, and nothing is left behind."""
    (folder / "file").write_text("")
    done = new(*arguments)

    assert done.exit_code == 2
    assert words in done.stderr
    assert [p.name for p in folder.iterdir()] == ["file"]


@pytest.mark.parametrize("kind", KINDS)
def test_no_placeholder_is_left(kind: str) -> None:
    """Every word of the templates has its value."""
    for text in files_of(Path("mine"), kind).values():
        assert not re.search(r"\$\w", text)


def test_the_program_is_the_example() -> None:
    """One text at two places."""
    assert files_of(Path("mine"), "exec")["subject.py"] == EXAMPLE.read_text()
