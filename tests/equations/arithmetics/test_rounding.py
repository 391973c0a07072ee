"""Arithmetics that disturb: by their unit, alike in every run, and final."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from bptt_check.cases.case import Spec
from bptt_check.equations.arithmetics.arithmetic import Arithmetic, Exact, Kinks
from bptt_check.equations.arithmetics.rounding import GridRounding, KinkSlopes
from bptt_check.equations.exact import sweep
from bptt_check.equations.network import problem_of


def losses_of(text: str, arithmetic: Arithmetic | None = None) -> np.ndarray:
    """The losses [samples, B] of a case on a tape."""
    return sweep(problem_of(Spec.parse(text).build()), arithmetic=arithmetic or Exact()).losses


@pytest.mark.parametrize("unit", [2.0**-24, 2.0**-40])
def test_rounding_disturbs_by_its_unit(unit):
    """Samples scatter around the exact value by some units, and are all different."""
    exact = losses_of("lstm T=3")
    rounded = losses_of("lstm T=3", GridRounding(unit, 16))
    off = (rounded - exact) / exact / unit

    assert rounded.shape == (16, 3)
    assert len(np.unique(rounded[:, 0])) == 16
    assert 0.1 < np.abs(off).max() < 100


def test_samples_lie_along_the_first_axis_of_every_gradient():
    """One sweep gives all samples of all gradients."""
    problem = problem_of(Spec.parse("gru+2layers+bidirectional T=3 B=2 D=2 H=3 O=2").build())

    for name, bar in sweep(problem, arithmetic=GridRounding(2.0**-40, 5)).bars.items():
        assert bar.shape == (5, *problem.inputs[name].shape)


def test_rounding_is_the_same_every_time():
    """The model of rounding has no randomness of its own."""
    one, other = (losses_of("lstm T=3", GridRounding(2.0**-40, 4)) for _ in range(2))

    assert np.array_equal(one, other)


def test_the_slope_at_a_kink_is_drawn():
    """Every slope between 0 and 1 is as good as another at the kink; elsewhere it is certain."""
    z = np.array([[-1.0, 0.0, 1.0]])
    slopes = KinkSlopes(64, [Kinks(z == 0, z < z)]).slope_of_relu(np.broadcast_to(z, (64, 1, 3)))

    assert not slopes[..., 0].any()
    assert 0.0 <= slopes[..., 1].min() < 0.2 < 0.8 < slopes[..., 1].max() <= 1.0
    assert slopes[..., 2].all()
    assert Exact().slope_of_relu(z).tolist() == [[0.0, 0.0, 1.0]]


def test_large_arrays_need_more_numbers_than_the_pool_has():
    """The pool grows with what is asked of it."""
    noise = GridRounding(1.0, 16)
    disturbed = noise.relative(np.ones((1, 100, 100)))

    assert disturbed.shape == (16, 100, 100)
    assert np.all(np.abs(disturbed - 1.0) <= 1.0)
    assert np.std(disturbed) > 0.5
    assert noise.relative(np.ones((1, 7))).shape == (16, 7)


def test_a_sum_of_products_rounds_at_the_size_of_its_terms():
    """What cancels leaves the rounding of what was cancelled."""
    rounding = GridRounding(2.0**-40, 256)
    a, b = np.array([[[1e6, 1e6]]]), np.array([[[1.0], [-1.0]]])
    product = rounding.product(a @ b, a, b)
    total = rounding.total(np.array([[1e6, -1e6]]), -1)

    assert 0.3e6 < np.std(product) / 2.0**-40 < 2.4e6
    assert 0.3e6 < np.std(total) / 2.0**-40 < 2.4e6


@pytest.mark.parametrize("steps", [1, 3, 16])
def test_factors_of_all_steps_at_once_are_rounded_sample_by_sample(steps):
    """A weight [1, n, m] that meets values [S, T, B, n] has its own rounding in every sample."""
    rounding = GridRounding(2.0**-40, 16, factors=2.0**-11)
    rng = np.random.default_rng(0)
    a, b = rng.random((16, steps, 2, 3)), rng.random((1, 3, 2))

    product = rounding.product(a @ b, a, b)

    assert product.shape == (16, steps, 2, 2)
    off = np.abs(product - a @ b).max(axis=(1, 2, 3))
    assert np.all((off > 2.0**-16) & (off < 2.0**-7))


def test_code_that_keeps_no_digits_rounds_bounded_functions_at_the_size_of_one():
    """A gate of 1e-6 is right to a unit of 1, and so is no value of a function without bounds."""
    small = np.full((1, 1000), 1e-6)
    careless, usual = (GridRounding(2.0**-40, 16, keeps_digits=k) for k in (False, True))

    assert np.std(careless.function(small, bounded=True)) > 0.1 * 2.0**-40
    assert np.std(careless.function(small)) < 1e-5 * 2.0**-40
    assert np.std(usual.function(small, bounded=True)) < 1e-5 * 2.0**-40


FURTHER = {GridRounding: {"summed", "unordered_sum"}}
"""Sums of which only their terms' sizes are known, as where a framework adds up."""
HOOKS = {name for name in vars(Arithmetic) if not name.startswith("_")}


@pytest.mark.parametrize("arithmetic", [Exact, GridRounding, KinkSlopes])
def test_arithmetics_have_the_eight_hooks_and_inherit_nothing(arithmetic):
    """Each is final: none takes over half of another's hooks and sets back the rest."""
    own = {name for name, _ in inspect.getmembers(arithmetic, inspect.isfunction)}

    assert len(HOOKS) == 8
    further = FURTHER.get(arithmetic, set())
    assert {name for name in own if not name.startswith("_")} - further == HOOKS
    assert arithmetic.__bases__ == (object,)


def drift(term: float, count: int) -> float:
    """How far a float32 loop over equal numbers ends from their sum, in units of it."""
    total, one = np.float32(0.0), np.float32(term)
    for _ in range(count):
        total += one
    return abs(float(total) - count * float(one)) / (count * float(one)) / 2.0**-24


def typical(count: int) -> float:
    """The scatter of a sum after so many additions, in units of it."""
    sums = np.linspace(1.0, 2.0, 64)
    off = GridRounding(2.0**-24, 16).in_turn(np.tile(sums, (16, 1)), count) / sums - 1.0
    return float(np.sqrt(np.square(off).mean())) / 2.0**-24


@pytest.mark.parametrize("count", [100, 1000, 16_000])
def test_equal_numbers_added_one_by_one_stay_within_a_budget(count):
    """All additions of a binade are off in one direction: the error grows like their number."""
    drifts = [drift(term, count) for term in np.random.default_rng(0).uniform(0.1, 1.0, 20)]

    assert max(drifts) > np.sqrt(count)
    assert max(drifts) < 16 * typical(count)  # the tolerance is 32


@pytest.mark.parametrize("count", [100, 1000, 16_000])
def test_one_number_left_out_of_many_is_beyond_a_budget_of_double_precision(count):
    """A term of the sum is billions of units of float64."""
    assert 1.0 / count > 1e5 * 32 * typical(count) * 2.0**-53


def test_memory_that_is_used_again_changes_no_result(monkeypatch):
    """Arrays of any size, one after the other: each result has memory of its own."""
    random = np.random.default_rng(0)
    a, b = random.normal(size=(4, 7, 9)), random.normal(size=(1, 9, 30))
    asked = (
        lambda g: g.relative(a),
        lambda g: g.relative(b),  # one sample becomes four
        lambda g: g.function(a),
        lambda g: g.product(a @ b, a, b),
        lambda g: g.total(a, (1, 2)),
        lambda g: g.absolute(a, np.ones((4, 7, 1))),
    )

    def results(large: int) -> list[np.ndarray]:
        monkeypatch.setattr("bptt_check.equations.arithmetics.rounding._LARGE", large)
        grid = GridRounding(2.0**-24, 4, 4.0)
        return [ask(grid) for ask in asked]

    for kept, new in zip(results(0), results(10**9), strict=True):
        np.testing.assert_array_equal(kept, new)
