"""Kernels of Triton, run by its interpreter on the CPU: right ones pass, a twin is found."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

NEEDED = (3, 8)
"""Interpreters of earlier releases stumble over NumPy 2.4."""


def installed() -> tuple[int, ...]:
    """The version of Triton, (0,) if there is none."""
    try:
        return tuple(map(int, re.findall(r"\d+", metadata.version("triton"))[:2]))
    except metadata.PackageNotFoundError:
        return (0,)


pytestmark = pytest.mark.skipif(
    installed() < NEEDED, reason="needs Triton 3.8 or later: `nox -s peers` installs it"
)

ROOT = Path(__file__).parents[3]
FILE = "examples/recurrences/triton_decay.py"


@pytest.fixture(scope="module", params=["kernel", "broken"])
def told(request: pytest.FixtureRequest) -> tuple[str, subprocess.CompletedProcess[str]]:
    """What the command line says; the variable is read when Triton is imported."""
    objects = [f"{FILE}:{name}" for name in (request.param, "reference", "INPUTS")]
    options = ["--cases", "6", "--dtype", "float32", "--dtype", "bfloat16"]
    done = subprocess.run(
        [sys.executable, "-m", "bptt_check", "against", *objects, *options],
        cwd=ROOT,
        env={**os.environ, "TRITON_INTERPRET": "1", "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=600,
    )
    return request.param, done


def test_kernels_of_triton_on_the_cpu(
    told: tuple[str, subprocess.CompletedProcess[str]],
) -> None:
    name, done = told

    if name == "kernel":
        assert done.returncode == 0, done.stdout + done.stderr
        assert "cases: 6 pass" in done.stdout
        return
    assert done.returncode == 1, done.stdout + done.stderr
    assert "the gradient of a is wrong" in done.stdout
    assert "your forward is right" in done.stdout
    assert "right: output[0], output[1], x, h0" in done.stdout
