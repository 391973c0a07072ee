"""Functions of balls enclose value and slope, and are narrow; so do products of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

flint = pytest.importorskip("flint")
from flint import arb, ctx

from bptt_check.equations.namespaces import balls
from bptt_check.equations.namespaces.balls import BALLS, ENCLOSING, BallMatrix, as_balls
from bptt_check.equations.tape import Node, Tape

POINTS = [-800.0, -40.0, -1.0, -0.3, 0.0, 1e-30, 0.999, 1.0, 5.0, 40.0, 800.0]
with ctx.workprec(128):
    WRONG = 1 + arb(2) ** -90
"""A factor that no enclosure of 128 bits is wide enough for."""
EQUATIONS: dict[str, Any] = {
    "tanh": (lambda a: a.tanh(), lambda a: 1 / a.cosh() ** 2),
    "sigmoid": (lambda a: 1 / (1 + (-a).exp()), lambda a: a.exp() / (1 + a.exp()) ** 2),
    "softplus": (lambda a: a.exp().log1p(), lambda a: 1 / (1 + (-a).exp())),
}


def leaf(values: Any) -> Node:
    return Tape(ENCLOSING).input(as_balls(np.array(values)))


def value_and_slope(name: str, z: Any) -> tuple[arb, arb]:
    """A function of a ball on a tape, and its derivative, by 128 bits."""
    with ctx.workprec(128):
        entering = leaf([z])
        result = getattr(BALLS, name)(entering)
        result.tape.backward(result)
        return result.value[0, 0], entering.cotangent[0, 0]


@pytest.mark.parametrize("z", POINTS)
@pytest.mark.parametrize("name", EQUATIONS)
def test_value_and_slope_are_enclosed_narrowly(name, z):
    """By what the equations say on 4,000 bits, on either side of every choice of a formula."""
    for got, equation in zip(value_and_slope(name, z), EQUATIONS[name], strict=True):
        with ctx.workprec(4000):
            exact = equation(arb(z))

            assert got.overlaps(exact)
            assert exact == 0 or not got.overlaps(exact * WRONG)
        assert got.rel_accuracy_bits() > 100


@pytest.mark.parametrize("radius", [1e-20, 0.1, 30.0, 1e6])
@pytest.mark.parametrize("z", POINTS)
@pytest.mark.parametrize("name", ["tanh", "sigmoid"])
def test_all_of_a_wide_ball_is_enclosed(name, z, radius):
    """Both of its ends, and its middle."""
    value, slope = value_and_slope(name, arb(z, radius))
    of_value, of_slope = EQUATIONS[name]

    with ctx.workprec(4000):
        for point in (z - radius / 2, z, z + radius / 2):
            for got, exact in ((value, of_value(arb(point))), (slope, of_slope(arb(point)))):
                assert not got.is_finite() or got.overlaps(exact), point


def test_an_undecidable_sign_encloses_both_slopes():
    """Beside a kink by less than any precision can see, the enclosure holds both slopes."""
    with ctx.workprec(128):
        unclear = arb(0, 1e-30)

        assert balls.slope_of_relu_of(unclear).contains(0)
        assert balls.slope_of_relu_of(unclear).contains(1)
        assert balls.relu_of(unclear).contains(5e-31)
        assert balls.slope_of_relu_of(arb(1e-30)) == 1
        assert balls.slope_of_relu_of(arb(-1e-30)) == 0


def test_lerp_has_the_slopes_of_its_equation():
    """`(1 - w) a + w b`: 1 - w, w and b - a."""
    nodes = [Tape(ENCLOSING).input(as_balls(np.array([v]))) for v in (3.0, 5.0, 0.25)]
    tape = nodes[0].tape
    a, b, w = (tape.input(node.value[0]) for node in nodes)
    result = BALLS.lerp(a, b, w)
    tape.backward(result)

    assert result.value[0, 0] == 3.5
    assert [n.cotangent[0, 0] for n in (a, b, w)] == [0.75, 0.25, 2.0]


# --- products -----------------------------------------------------------------------------------


def thirds(*shape: int) -> Any:
    """Balls that no float64 is, some of them wide."""
    numbers = np.random.default_rng(sum(shape)).normal(size=shape)
    return as_balls(numbers) / 3 + arb(0, 1e-32)


def overlaps(got: Any, want: Any) -> bool:
    assert got.shape == want.shape
    return all(a.overlaps(b) for a, b in zip(got.flat, want.flat, strict=True))


@pytest.mark.parametrize("size", [1, 2, 5])
def test_a_product_in_arb_encloses_the_same(size):
    """Small ones, which NumPy does, and larger ones; of a factor, its transpose, some rows."""
    with ctx.workprec(128):
        plain, weights = thirds(1, 2, 3 * size), thirds(1, 4 * size, 3 * size)
        matrix, other = BallMatrix.of(weights), thirds(1, 2, 4 * size)

        for _ in range(2):  # the second time it is remembered
            assert overlaps(plain @ matrix.mT, plain @ weights.mT)
            assert overlaps(other @ matrix, other @ weights)
            assert overlaps(matrix[..., :size, :] @ plain.mT, weights[..., :size, :] @ plain.mT)
        assert not overlaps(plain @ matrix.mT, (plain @ weights.mT) * WRONG)


def test_what_is_made_of_a_matrix_is_not_taken_for_it():
    """Neither its transpose, nor its double, nor what lies later where the double lay."""
    with ctx.workprec(128):
        plain, weights = thirds(1, 8, 8), thirds(1, 8, 8)
        matrix = BallMatrix.of(weights)
        once = plain @ matrix

        assert overlaps(plain @ matrix.mT, plain @ weights.mT)
        assert not overlaps(plain @ matrix.mT, once)
        for factor in (2, 3, 4):
            product = plain @ (matrix * factor)

            assert overlaps(product, factor * once)
            assert not overlaps(product, (factor - 1) * once)


# --- pairs --------------------------------------------------------------------------------------


def sum_of_pairs(weights: Any) -> tuple[Any, list[Any]]:
    """The sum of `w h` over T = 2, B = 2 of which pair (1, 0) is not a number, and slopes of h."""
    tape = Tape(ENCLOSING)
    values = as_balls(np.array([[[1.0], [2.0]], [[np.nan], [4.0]]]))
    hidden = [tape.input(value) for value in values]
    total = BALLS.sum_pairs(
        lambda h, _, w: w * h.sum(-1),
        hidden,
        np.zeros((*np.shape(weights), 1)),
        np.array(weights, dtype=object),
    )
    tape.backward(total)
    return total.value[0], [h.cotangent[0, :, 0].tolist() for h in hidden]


def test_a_pair_of_weight_zero_is_not_looked_at():
    """What is no number there makes no loss, and nothing flows back."""
    total, slopes = sum_of_pairs([[3, 0], [0, 5]])

    assert total.tolist() == [3, 20]
    assert slopes == [[3, 0], [0, 5]]


def test_a_pair_with_a_weight_is_looked_at():
    """The same pair, were it counted."""
    total, _ = sum_of_pairs([[3, 0], [1, 5]])

    assert total[0].is_nan()
    assert total[1] == 20
