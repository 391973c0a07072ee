"""The programs in `examples/` are right, and their broken twins are found out."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import bptt_check as bc
from bptt_check.subjects import loading

pytest.importorskip("safetensors")

EXAMPLES = Path(__file__).parents[2] / "examples"
MODELS = ("rnn-tanh", "rnn-tanh+last+mean", "rnn-tanh+mse+mean", "rnn-tanh+linear+nobias")


def report_of(command: list[str], models: tuple[str, ...], kind: str = "exec") -> bc.Report:
    """A short run of a program."""
    subject = loading.load(f"{kind}:{shlex.join(command)}")
    return bc.verify(subject, models, cases=4, oracles=["complex_step"])


@pytest.fixture(scope="module", params=["right", "broken"])
def built(request, tmp_path_factory) -> tuple[str, Path]:
    """The C program, as it is and with its carry lost."""
    compiler = shutil.which("cc")
    if compiler is None:
        if os.environ.get("CI") == "true" and sys.platform == "linux":
            pytest.fail("no C compiler: install gcc, which the example in C is built with")
        pytest.skip("no C compiler")
    program = tmp_path_factory.mktemp("c") / request.param
    options = ["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-O2"]
    options += ["-DBROKEN"] if request.param == "broken" else []
    source = EXAMPLES / "c_rnn" / "c_rnn.c"
    subprocess.run([compiler, *options, "-o", program, source, "-lm"], check=True)
    return request.param, program


def test_the_c_example(built):
    """It compiles without a warning; a lost carry shows in all that time passes through."""
    kind, program = built
    report = report_of([str(program)], MODELS if kind == "right" else MODELS[:1])

    if kind == "right":
        assert report.verdict == "pass", report.message
        assert {r.parameter for r in report.rows} >= {"x", "h0", "W_hh_l0", "W_hy", "b_y"}
        return
    assert report.verdict == "fail"
    assert "the gradient of W_xh_l0, W_hh_l0, b_h_l0, x, h0 is wrong" in report.message
    assert "your forward is right" in report.message
    assert "  right: W_hy, b_y" in report.message


def test_the_c_example_without_conversation(built):
    """One process a case."""
    kind, program = built
    case = bc.Spec.parse("rnn-tanh+mse T=4 B=2 D=3 H=4 O=2").build()
    report = bc.check(loading.load(f"exec1:{program}"), case, ["complex_step"])

    assert report.verdict == {"right": "pass", "broken": "fail"}[kind]


@pytest.mark.parametrize("wrong", [False, True])
def test_the_example_in_plain_python(wrong, tmp_path):
    """Right as it is; with one index changed one gradient is wrong, and named."""
    source = (EXAMPLES / "exec_python.py").read_text()
    program = tmp_path / "program.py"
    program.write_text(source.replace("da, h[t])", "da, h[t + 1])") if wrong else source)
    report = report_of([sys.executable, str(program)], ("rnn-tanh+mse",))

    assert report.verdict == ("fail" if wrong else "pass"), report.message
    if wrong:
        assert "the gradient of W_hh_l0 is wrong" in report.message
        assert "right: W_xh_l0, b_h_l0, W_hy, b_y" in report.message


def test_the_example_in_plain_python_is_plain():
    """It imports the standard library and nothing else."""
    source = (EXAMPLES / "exec_python.py").read_text()
    lines = [x.split() for x in source.splitlines() if x.startswith(("import ", "from "))]

    assert {words[1] for words in lines} <= set(sys.stdlib_module_names)
    assert "supports" in source
