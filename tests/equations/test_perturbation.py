"""Many moves of the inputs in one forward pass: the losses are those of each move alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bptt_check.cases.case import Spec
from bptt_check.cases.directions import SignDirections, is_per_sequence
from bptt_check.equations import perturbation
from bptt_check.equations.directional import by_direction, directions_of
from bptt_check.equations.namespaces import copies
from bptt_check.equations.namespaces.copies import MovedCopies
from bptt_check.equations.namespaces.numpy import NumPy
from bptt_check.equations.namespaces.of_copies import NumPyOfMoved
from bptt_check.equations.network import losses, problem_of
from bptt_check.equations.perturbation import all_rows, by_entry, plain_copies
from bptt_check.equations.truncation import windows_of

SPECS = [
    "rnn-tanh",
    "rnn-relu+2layers+mse",
    "rnn-identity+bidirectional lengths",
    "lstm+2layers+bce+last lengths",
    "lstm+2layers+bidirectional+linear",
    "lstm+nobias k1=2 k2=3",
    "gru+2layers+mean",
    "gru-reset-before+2layers+bidirectional lengths",
    "gru-reset-before+linear k1=1 k2=2",
]


def problems(text):
    """The windows of a case of five steps."""
    case = Spec.parse(f"{text} T=5 B=3 D=2 H=2 O=3 seed=4").build()
    return [window.problem for window in windows_of(case)]


def losses_both_ways(problem, steps=(1e-3, -1e-3)):
    """The losses of all moves of all entries: of copies that share what is alike, and of plain
    ones.
    """
    pairs = []

    def slopes(changes, count):
        rows = len(steps) * count
        moved = dict(problem.inputs)
        for name, change in changes(*steps).items():
            base = np.atleast_2d(problem.inputs[name])
            moved[name] = MovedCopies(base, base + change.added, change.first)
        plain = plain_copies(problem.inputs, changes(*steps), rows)
        shared = all_rows(losses(NumPyOfMoved(), problem, moved), rows)
        pairs.append((shared, all_rows(losses(NumPy(), problem, plain), rows)))
        return (shared[::2],)

    by_entry(problem, len(steps), slopes)
    return map(np.concatenate, zip(*pairs, strict=True))


@pytest.mark.parametrize("text", SPECS)
def test_copies_that_share_what_is_alike_have_the_losses_of_plain_ones(text):
    """Of every entry, cell, layer, direction and window."""
    for problem in problems(text):
        shared, plain = losses_both_ways(problem)

        assert np.ptp(plain, axis=0).max() > 1e-4
        np.testing.assert_allclose(shared, plain, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("text", ["lstm", "gru+2layers"])
def test_a_product_that_forgets_the_moved_rows_of_a_matrix_is_found(text, monkeypatch):
    """Other losses come out for the moves of every weight matrix."""
    true = copies._product

    def forgetting(a, b):
        return true(a, b if b.ndim == 2 else np.broadcast_to(b[:1], b.shape))

    monkeypatch.setattr(copies, "_product", forgetting)
    shared, plain = losses_both_ways(problems(text)[0])

    assert np.abs(shared - plain).max() > 1e-5


@pytest.mark.parametrize("chunk", [1, 3000, 10**9])
def test_chunks_do_not_change_what_is_measured(monkeypatch, chunk):
    """One direction at a time, some, or all of them in one forward pass."""
    case = Spec.parse("gru+2layers+bidirectional T=9 B=3 D=4 H=5 O=3 lengths").build()
    problem, along = problem_of(case), directions_of(case)
    rows = []

    def moved_losses(changes, count):
        rows.append(count)
        inputs = plain_copies(problem.inputs, changes(1e-3, -1e-3), 2 * count)
        up, down = losses(NumPy(), problem, inputs).reshape(count, 2, -1).swapaxes(0, 1)
        return ((up - down) / 2e-3,)

    monkeypatch.setattr(perturbation, "CHUNK", chunk)
    measured = by_direction(problem, along, 2, moved_losses)

    assert list(measured) == list(case.inputs)
    assert sum(rows) == 4 * len(case.inputs)
    assert {1: len(rows) == sum(rows), 10**9: len(rows) == 1}.get(chunk, 1 < len(rows) < sum(rows))
    for name, (slopes,) in measured.items():
        moved = {**problem.inputs, name: problem.inputs[name] + 1e-3 * along[name].signs[2]}
        back = {**problem.inputs, name: problem.inputs[name] - 1e-3 * along[name].signs[2]}
        of_sequences = (losses(NumPy(), problem, moved) - losses(NumPy(), problem, back)) / 2e-3
        want = of_sequences if name in ("x", "h0") else of_sequences.sum()
        assert slopes[2] == pytest.approx(want, rel=1e-6, abs=1e-9), name


def test_a_step_of_its_own_for_every_move():
    """A column of steps, one a move; each of several points of a move stands beside the other."""
    case = Spec.parse("rnn-tanh T=2 B=2 D=2 H=2 O=2").build()
    problem = replace(problem_of(case), differentiated=("b_h_l0", "W_hy"))
    found = {}

    def slopes(changes, count):
        steps = np.arange(1.0, count + 1)[:, None]
        found.update(changes(steps, -10.0 * steps))
        return (np.zeros((count, 2)),)

    along = {
        "b_h_l0": SignDirections("b_h_l0", np.array([[1.0, -1.0]])),
        "W_hy": SignDirections("W_hy", np.array([[[1.0, 1.0], [-1.0, 1.0]]])),
    }
    by_direction(problem, along, 2, slopes)

    assert found["b_h_l0"].first == 0
    assert found["b_h_l0"].added.tolist() == [[[1.0, -1.0]], [[-10.0, 10.0]]]
    assert found["W_hy"].first == 2
    assert found["W_hy"].added[1].tolist() == [[-20.0, -20.0], [20.0, -20.0]]


def test_entries_of_all_sequences_move_at_once():
    """One row for an entry of a sequence, whatever the number of sequences."""
    moves = perturbation.of_entries("x", (2, 3, 4))
    (direction,) = moves.directions(np.array([5]))

    assert moves.count == 8
    assert is_per_sequence("x")
    assert direction[1, :, 1].tolist() == [1.0, 1.0, 1.0]
    assert np.abs(direction).sum() == 3.0
