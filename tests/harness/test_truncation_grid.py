"""The truncated gradient of the reference equals every oracle's over a grid of what time can be."""

from __future__ import annotations

import itertools
import random

import pytest
from bptt_reference import loss_and_grads

import bptt_check as bc
from bptt_check.api import load_oracles
from bptt_check.cases.model import READOUTS, families
from bptt_check.cases.targets import USUAL_LOSSES
from bptt_check.runs.check import Setup, check_cases

POINTS = 150  # of each of the seven families: 1,050 in all


def grid(family: str) -> list[bc.Spec]:
    """Points with every relation of T, k1 and k2, layers, losses, readouts and lengths."""
    draw = random.Random(family)
    specs: list[bc.Spec] = []
    for number in range(POINTS):
        T = draw.choice([1, 2, 3, 5, 7, 8])
        cut = bc.Truncation(draw.randint(1, T + 2), draw.randint(1, T + 2))
        name = [family, draw.choice(["1layers", "2layers"]), draw.choice(USUAL_LOSSES)]
        model = bc.Model.parse("+".join([*name, draw.choice(READOUTS)]))
        sizes = bc.Sizes(T, draw.randint(1, 3), draw.randint(1, 3), draw.randint(1, 3), 2)
        lengths = draw.random() < 0.5
        specs.append(bc.Spec(model, sizes, cut, seed=number, lengths=lengths))
    return specs


@pytest.mark.parametrize("family", families())
def test_reference_agrees_with_every_oracle_on_the_grid(
    family: str, sharp_oracles: list[str]
) -> None:
    """No entry of any gradient at any point of the grid is beyond rounding, for any oracle."""
    if family == "rnn-relu" and sharp_oracles == ["complex_step"]:
        pytest.skip("complex step cannot decide relu, and neither torch nor jax is installed")
    setup = Setup(load_oracles(sharp_oracles))

    reports = list(check_cases(loss_and_grads, [spec.build() for spec in grid(family)], setup))

    assert [r.message for r in reports if r.verdict not in ("pass", "inconclusive")] == []
    assert sum(r.verdict == "pass" for r in reports) > 0.9 * POINTS


def test_grid_has_every_relation_of_T_k1_and_k2() -> None:
    """k1 not dividing T, k1 > T, k2 > T, k2 < k1, k1 = 1 and T = 1 all occur, often."""
    points = [(s.sizes.T, s.truncation.k1, s.truncation.k2) for f in families() for s in grid(f)]
    relations = {
        "k1 does not divide T": sum(T % k1 != 0 for T, k1, _ in points),
        "k1 > T": sum(k1 > T for T, k1, _ in points),
        "k2 > T": sum(k2 > T for T, _, k2 in points),
        "k2 < k1": sum(k2 < k1 for _, k1, k2 in points),
        "k1 = 1": sum(k1 == 1 for _, k1, _ in points),
        "T = 1": sum(T == 1 for T, _, _ in points),
    }

    assert len(points) >= 1000
    assert min(relations.values()) > 50


def test_window_one_step_short_is_rejected(sharp_oracles: list[str]) -> None:
    """The sibling: the same points with k2 - 1 in place of k2 do not pass."""

    def short(case: bc.Case) -> object:
        cut = case.truncation
        object.__setattr__(case, "truncation", bc.Truncation(cut.k1, max(1, cut.k2 - 1)))
        return loss_and_grads(case)

    setup = Setup(load_oracles(sharp_oracles))
    shortened = [
        s
        for s in grid("lstm")
        if s.sizes.T > s.truncation.k2 > 1 and s.truncation.k1 < s.truncation.k2 and not s.lengths
    ]

    reports = list(check_cases(short, [spec.build() for spec in shortened], setup))

    assert len(reports) >= 5
    assert {r.verdict for r in reports} == {"fail"}


def test_window_of_all_steps_equals_full_bptt_bit_for_bit() -> None:
    """k1 = k2 >= T gives exactly the numbers of full BPTT."""
    model, sizes = bc.Model("lstm", layers=2), bc.Sizes(7, 3, 2, 4, 3)
    _, full = loss_and_grads(bc.Spec(model, sizes).build())
    for k in (7, 8, 100):
        _, cut = loss_and_grads(bc.Spec(model, sizes, bc.Truncation(k, k)).build())

        assert all((cut[name] == full[name]).all() for name in full)


def test_increments_of_growing_windows_sum_to_full_bptt() -> None:
    """With k1 = 1, what each further step of the window adds sums to the full gradient."""
    model, sizes = bc.Model("gru", loss="mse"), bc.Sizes(6, 2, 3, 4, 2)
    _, full = loss_and_grads(bc.Spec(model, sizes).build())
    grads = [
        loss_and_grads(bc.Spec(model, sizes, bc.Truncation(1, k)).build())[1]
        for k in range(1, sizes.T + 1)
    ]
    for name, want in full.items():
        increments = [b[name] - a[name] for a, b in itertools.pairwise(grads)]

        total = grads[0][name] + sum(increments)

        assert abs(total - want).max() <= 1e-13 * max(1.0, abs(want).max())
        assert any(abs(step).max() > 1e-6 for step in increments) or name in ("W_hy", "b_y")
