"""Compiled programs: from earlier processes where the cell is ours, whatever XLA knows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bptt_check.cases.case import Spec
from bptt_check.equations.network import Problem, problem_of

pytest.importorskip("jax")
program: Any = pytest.importorskip("bptt_check.oracles.jax.program")
padding: Any = pytest.importorskip("bptt_check.oracles.jax.padding")


@pytest.fixture
def problem() -> Problem:
    """A small one, whose program is compiled quickly."""
    return problem_of(Spec.parse("rnn-tanh T=2 B=1 D=1 H=1 O=2").build())


def answer_of(problem: Problem, ours: bool = True) -> Any:
    """The answer of a program that this process has not compiled yet."""
    trunk = padding.trunk_of(problem.model, padding.sizes_of_problem(problem))
    program.compiled_program.cache_clear()
    return program.answer_of(replace(trunk, ours=ours), padding.flat_vector(problem, trunk))


def test_a_saved_program_gives_the_same_bits(
    problem: Problem, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It is the same machine code; the second process does not compile."""
    monkeypatch.setenv("BPTT_CHECK_CACHE", str(tmp_path))
    first = answer_of(problem)
    monkeypatch.setattr(program, "_compiled", lambda trunk: pytest.fail("compiled again"))

    np.testing.assert_array_equal(answer_of(problem), first)
    with pytest.raises(pytest.fail.Exception, match="compiled again"):
        answer_of(problem, ours=False)


def test_an_option_that_xla_does_not_know_is_no_obstacle(
    problem: Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They come and go with its releases; an error of the program itself is raised."""
    monkeypatch.setattr(program, "_both_modes", lambda trunk, flat: 2.0 * flat)
    first = answer_of(problem)
    monkeypatch.setattr(program, "OPTIONS", {"xla_no_such_option": True})

    np.testing.assert_array_equal(answer_of(problem), first)
    monkeypatch.setattr(program, "OPTIONS", {})
    monkeypatch.setattr(program, "_both_modes", lambda trunk, flat: flat[:, None] @ flat)
    with pytest.raises(TypeError, match="contracting dimensions"):
        answer_of(problem)


def test_every_option_is_known_to_this_release() -> None:
    """Otherwise programs would take five times as long to compile, and nobody would be told."""
    lowered = program.jax.jit(lambda row: 2.0 * row).lower(np.zeros(1, np.float32))

    lowered.compile(program.OPTIONS | program.UNOPTIMISED)
    with pytest.raises(program.jax.errors.JaxRuntimeError, match="No such compile option"):
        lowered.compile({"xla_no_such_option": True})
