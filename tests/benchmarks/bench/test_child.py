"""Functions in a process of their own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks.bench import child


def test_function_is_called_in_another_process_with_its_arguments():
    """What it returns comes back."""
    assert child.call("statistics:median", data=[3, 1, 2]) == 2


def test_function_that_raises_ends_the_measurement_with_what_it_said():
    """Named with its arguments, which are what to call it with again."""
    expected = re.escape("math:sqrt {'x': 1}: ") + "(.|\n)*TypeError: .*takes no keyword arguments"
    with pytest.raises(SystemExit, match=expected):
        child.call("math:sqrt", x=1)


def test_environment_is_that_of_a_checkout_without_what_slows_it_down(monkeypatch, tmp_path):
    """One thread, no kernels of another processor, bytecode; nothing of the folder of programs that
    is set, but that of this process.
    """
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Nehalem")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv(child.CACHE, str(tmp_path))
    variables = child.environment(tmp_path)

    assert {"OPENBLAS_CORETYPE", "PYTHONDONTWRITEBYTECODE"}.isdisjoint(variables)
    assert variables["OMP_NUM_THREADS"] == variables["MKL_NUM_THREADS"] == "1"
    assert variables["PYTHONPATH"].startswith(str(tmp_path))
    assert variables[child.CACHE] != str(tmp_path)
    assert Path(variables[child.CACHE]).is_dir()
