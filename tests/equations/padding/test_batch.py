"""Problems side by side: what is padded is inert, and each problem gets what it gets alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from support.own_cells import SLSTM, registered

from bptt_check.cases.case import Case, Spec
from bptt_check.equations.namespaces.numpy import NumPy
from bptt_check.equations.network import Problem, losses, problem_of
from bptt_check.equations.padding import batch
from bptt_check.equations.padding.batch import batch_of, groups_of
from bptt_check.equations.padding.blocks import ABSENT
from bptt_check.equations.truncation import windows_of

MODELS = [
    "rnn-tanh",
    "rnn-relu+mse",
    "lstm",
    "lstm+nobias+bce",
    "gru+2layers+last",
    "gru-reset-before+sigmoid_mse",
    "lstm+bidirectional+2layers",
    "gru+linear",
    "lstm+bidirectional+linear",
]
SIZES = ["T=5 B=2 D=3 H=4 O=2", "T=3 B=1 D=1 H=2 O=5", "T=7 B=3 D=4 H=1 O=3"]


def cases_of(model: str, rest: str = "") -> list[Case]:
    """Cases of one model, no two of which have a size in common."""
    lines = [f"{model}{rest} {sizes} seed={n}" for n, sizes in enumerate(SIZES)]
    return [Spec.parse(line).build() for line in lines]


def losses_of(problems: Sequence[Problem]) -> np.ndarray:
    """The loss of each problem, in one pass."""
    padded = batch_of(problems).padded
    return np.asarray(losses(NumPy(), padded, padded.inputs).sum(-1))


@pytest.mark.parametrize("rest", ["", " lengths"])
@pytest.mark.parametrize("model", MODELS)
def test_losses_side_by_side_are_those_of_each_alone(model: str, rest: str) -> None:
    """Lengths, directions, layers and losses: up to the last digits."""
    problems = [problem_of(case) for case in cases_of(model, rest)]
    alone = [float(losses(NumPy(), p, p.inputs).sum()) for p in problems]

    np.testing.assert_allclose(losses_of(problems), alone, rtol=1e-13)


def test_windows_of_a_truncated_case_go_together() -> None:
    """The shorter one at the end too, whatever it counts."""
    case = Spec.parse("lstm T=7 B=2 k1=3 k2=4").build()
    problems = [w.problem for w in windows_of(case)]
    problems = [replace(p, final_cotangents={}) for p in problems]
    alone = [float(losses(NumPy(), p, p.inputs).sum()) for p in problems]

    np.testing.assert_allclose(losses_of(problems), alone, rtol=1e-13)


@pytest.mark.parametrize("model", ["lstm", "gru-reset-before+sigmoid_mse"])
def test_padding_that_is_not_inert_shows(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison above sees logits of outputs that are not there."""
    problems = [problem_of(case) for case in cases_of(model)]
    alone = [float(losses(NumPy(), p, p.inputs).sum()) for p in problems]
    monkeypatch.setitem(ABSENT, problems[0].model.loss, -1.0)

    assert not np.allclose(losses_of(problems), alone, rtol=1e-6)


def test_each_problem_gets_the_gradients_that_it_differentiates() -> None:
    """In their own shapes, block by block; of padding nothing is left."""
    problems = [problem_of(case) for case in cases_of("gru+bidirectional")]
    problems[1] = replace(problems[1], differentiated=("x", "W_hy"))
    together = batch_of(problems)
    numbered = {
        n: np.arange(a.size, dtype=float).reshape(a.shape)
        for n, a in together.padded.inputs.items()
    }

    parts = together.parts(numbered)

    assert [tuple(p) for p in parts] == [p.differentiated for p in problems]
    for c, (problem, part) in enumerate(zip(problems, parts, strict=True)):
        for name, array in part.items():
            own = together.padded.inputs[name][c][padded_in(numbered[name][c], array)]
            assert np.array_equal(own, problem.inputs[name].ravel()), name


def padded_in(numbers: np.ndarray, part: np.ndarray) -> tuple[np.ndarray, ...]:
    """Where the numbers of a part lie in the padded array that they number."""
    return np.unravel_index((part - numbers.flat[0]).astype(int).ravel(), numbers.shape)


def test_every_problem_is_in_one_batch() -> None:
    """Also one that no other goes with."""
    problems = [problem_of(c) for model in MODELS for c in cases_of(model)]

    places = sorted(n for group in groups_of(problems, 1e6) for n in group)

    assert places == list(range(len(problems)))


def test_only_problems_of_one_model_go_together() -> None:
    """And all of them do where a step costs much beside its arithmetic, none where nothing."""
    problems = [problem_of(c) for model in ("lstm", "gru") for c in cases_of(model)]

    assert sorted(groups_of(problems, 1e9)) == [[0, 1, 2], [3, 4, 5]]
    assert sorted(groups_of(problems, 0.0)) == [[n] for n in range(6)]


def test_a_batch_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """However little it would cost to add one more."""
    problems = [problem_of(c) for c in cases_of("lstm")] * 4
    monkeypatch.setattr(batch, "LARGEST", 1_500)

    groups = groups_of(problems, 1e9)

    assert len(groups) > 1
    assert sorted(n for group in groups for n in group) == list(range(12))


def test_a_cell_of_the_user_stays_alone() -> None:
    """It may mix its units, and padded ones with real ones."""
    with registered(SLSTM):
        problems = [problem_of(c) for c in cases_of(SLSTM.name)]

        assert sorted(groups_of(problems, 1e9)) == [[0], [1], [2]]
