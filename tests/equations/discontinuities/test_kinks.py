"""How far slopes at kinks of relu move the gradients: no less than the farthest choices do."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest

from bptt_check.cases.case import Spec
from bptt_check.cases.types import Array
from bptt_check.equations.arithmetics.arithmetic import Exact, Kinks
from bptt_check.equations.arithmetics.rounding_model import SAMPLES
from bptt_check.equations.discontinuities.kinks import width_at_kinks
from bptt_check.equations.exact import sweep
from bptt_check.equations.network import Problem, problem_of


class EverySide:
    """No rounding, and in each sample another choice of a slope 0 or 1 at every kink."""

    def __init__(self, kinks: Sequence[Kinks]) -> None:
        count = sum(int(at.crossed.sum()) for at in kinks)
        self._choices = np.array([*itertools.product((0.0, 1.0), repeat=count)])
        self._kinks, self._at = iter(kinks), 0
        exact = Exact()
        self.entering, self.relative = exact.entering, exact.relative
        self.in_turn, self.function = exact.in_turn, exact.function
        self.product, self.total = exact.product, exact.total

    def slope_of_relu(self, z: Array) -> Array:
        mask = next(self._kinks).crossed
        slope = np.repeat((z[:1] > 0).astype(float), len(self._choices), axis=0)
        slope[:, mask] = self._choices[:, self._at : self._at + int(mask.sum())]
        self._at += int(mask.sum())
        return slope


def kinks_at(problem: Problem, steps: int, units: int) -> list[Kinks]:
    """Kinks at the first units of the last steps, wherever these are."""
    T, B, _ = problem.inputs["x"].shape
    H = problem.inputs["h0"].shape[-1]
    here = np.arange(H) < units
    masks = [np.broadcast_to(here & (t >= T - steps), (B, H)) for t in range(T)]
    return [Kinks(mask, mask) for mask in masks]


def every_choice(problem: Problem, kinks: Sequence[Kinks]) -> dict[str, Array]:
    """The gradients with each choice of slopes, [choices, *shape]."""
    return dict(sweep(problem, arithmetic=EverySide(kinks)).bars)


def random_case(seed: int) -> Problem:
    return problem_of(Spec.parse(f"rnn-relu+linear T=4 B=1 D=2 H=5 seed={seed}").build())


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize(("steps", "units"), [(2, 1), (1, 3), (2, 3)])
def test_no_two_choices_of_slopes_are_farther_apart(steps, units, seed):
    """Of up to 2**6 choices, every pair."""
    problem = random_case(seed)
    kinks = kinks_at(problem, steps, units)

    width, choices = width_at_kinks(problem, kinks, SAMPLES), every_choice(problem, kinks)

    for name, bars in choices.items():
        reached = np.ptp(bars, axis=0)
        assert np.all(reached <= width[name] + 1e-12), name
        assert np.all(width[name] <= 4 * reached + 1e-12), name


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize(("steps", "units"), [(3, 3), (2, 5)])
def test_hardly_two_of_a_thousand_choices_of_slopes_are_farther_apart(steps, units, seed):
    """Of 2**18 pairs, and more, the samples do not meet the farthest."""
    problem, rng = random_case(seed), np.random.default_rng(seed)
    kinks = kinks_at(problem, steps, units)

    width, choices = width_at_kinks(problem, kinks, SAMPLES), every_choice(problem, kinks)

    for name, bars in choices.items():
        one, other = rng.integers(0, len(bars), (2, 10_000)) if len(bars) > 1 else (0, 0)
        over = np.abs(bars[one] - bars[other]) > width[name] + 1e-12
        assert over.reshape(10_000, -1).any(1).mean() < 0.005 if len(bars) > 1 else not over.any()
        assert np.all(width[name] <= 4 * np.ptp(bars, axis=0) + 1e-12), name


def test_a_single_kink_is_as_wide_as_its_slopes_reach():
    """With one kink there are two choices, and both are met."""
    case = Spec.parse("rnn-relu+linear T=3 B=2 D=2 H=3 seed=1").build()
    problem = problem_of(case)
    masks = np.zeros((3, 2, 3), dtype=bool)
    masks[1, 0, 0] = True
    kinks = [Kinks(mask, mask) for mask in masks]

    width, choices = width_at_kinks(problem, kinks, SAMPLES), every_choice(problem, kinks)
    reached = {n: np.ptp(bars, axis=0) for n, bars in choices.items()}

    for name, one in width.items():
        assert np.all(one >= reached[name])
        assert np.all(one <= 1.04 * reached[name]), name
    assert not width["x"][:, 1].any()
    assert width["x"][:, 0].any()
