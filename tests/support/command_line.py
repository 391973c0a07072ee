"""The command line, run in this process or as users do, on subjects in a file beside it."""

from __future__ import annotations

import subprocess
import sys
import unicodedata

from click.testing import CliRunner, Result

from bptt_check.cli import cli

SUBJECTS = """
import time

import bptt_check as bc
from bptt_reference import loss_and_grads as right

print("loaded")


def wrong(case):
    loss, grads = right(case)
    return loss, {**grads, "W_hh_l0": grads["W_hh_l0"] * 1.5}


def approximate(case):
    loss, grads = right(case)
    return loss, {n: g + 1e-5 * abs(g).max(initial=0.0) for n, g in grads.items()}


def broken(case):
    print("called")
    raise RuntimeError("no [bold]good[/bold]")


def short(case):
    return right(case)[0], {}


def declines(case):
    raise bc.Unsupported("not today")


def picky(case):
    return right(case)


def slow(case):
    time.sleep(0.02)
    return right(case)


def slow_and_wrong(case):
    time.sleep(0.02)
    return wrong(case)


picky.supports = lambda model: model.cell == "gru"
number = 3
"""


QUICK = ("--oracle", "complex_step", "--cases", "3", "--no-isolate")


ONE_ORACLE = ("--oracle", "complex_step", "--no-isolate")


SPEC = "lstm T=2 B=1 D=1 H=2 O=2 seed=3"


def invoke(*arguments: str) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(cli, arguments)


def run(subject: str, *arguments: str) -> Result:
    """A quick run of one LSTM."""
    return invoke("run", f"my subjects.py:{subject}", "--model", "lstm", *QUICK, *arguments)


def refused(*arguments: str) -> str:
    """What a command says of something that cannot be, in one line with exit status 2."""
    done = invoke(*arguments)
    *_, line = shown(done.stderr).splitlines()

    assert done.exit_code == 2, done.exception
    assert done.stdout == ""
    assert done.stderr == f"Error: {line.removeprefix('Error: ')}\n"
    return line


def shown(text: str, longest: int = 2_100) -> str:
    """Text of a command, once it is sure that nothing in it is a command to a terminal or
    invisible, and that no line of it is longer than that.
    """
    categories = {unicodedata.category(c) for c in text if c not in "\n\t"}

    assert not any(c.startswith("C") or c in ("Zl", "Zp") for c in categories)
    assert max(map(len, text.splitlines()), default=0) <= longest
    return text


def process(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command as users do."""
    command = [sys.executable, "-m", "bptt_check", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


DEADLY = """
import ctypes
import os

import bptt_check as bc
from bptt_check.equations.exact import exact_gradients, exact_loss


def right(case):
    return exact_loss(case), exact_gradients(case)


def crashes(case):
    if case.model.cell == "lstm":
        ctypes.string_at(0)
    return right(case)


def where(case):
    raise RuntimeError(f"in process {os.getpid()}.")


@bc.cells.register("leaky", bc.Layout(gates=("a",)))
def leaky(xp, p, x_t, state):
    (h_prev,) = state
    a = x_t @ p["W_xh"].mT + h_prev @ p["W_hh"].mT
    return (0.5 * h_prev + 0.5 * xp.tanh(a + p["b_h"] if "b_h" in p else a),)
"""
