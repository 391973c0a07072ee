"""Complex step: exact to the last digits, also where gates are saturated; not for relu."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from support.own_cells import as_own

from bptt_check import oracles
from bptt_check.cases.case import Case, Spec
from bptt_check.cases.model import Model, families
from bptt_check.equations.directional import directions_of
from bptt_check.equations.exact import exact_gradients, exact_loss
from bptt_check.equations.namespaces.numpy import NumPy
from bptt_check.equations.network import problem_of
from bptt_check.equations.truncation import windows_of
from bptt_check.errors import Undecidable
from bptt_check.oracles.complex_step import STEP, Complex, gradients, slopes_along

complex_step = oracles.load_oracle("complex_step", every_entry=True)

SMOOTH = [name for name in families() if name != "rnn-relu"]


@pytest.mark.parametrize("family", SMOOTH)
@pytest.mark.parametrize("loss", ["cross_entropy", "bce", "mse", "linear"])
def test_gradients_agree_with_finite_differences(family, loss):
    """Two methods without any autograd give the same derivatives."""
    case = Spec.parse(f"{family}+2layers+{loss} T=4 B=2 D=3 H=3 O=2 seed=1").build()
    got, other = (
        complex_step(case),
        oracles.load_oracle("finite_difference", every_entry=True)(case),
    )

    assert all(b.max() <= 1e-50 for b in got.bounds.values())
    assert list(got.grads) == list(case.inputs)
    for name, array in got.grads.items():
        assert array.dtype == np.float64
        assert array.shape == case.inputs[name].shape
        assert np.all(np.abs(array - other.grads[name]) <= other.bounds[name] + 1e-14), name


@pytest.mark.parametrize("text", ["lstm", "gru+bidirectional lengths", "rnn-tanh k1=2 k2=1"])
def test_loss_is_that_of_the_forward_pass(text):
    """The loss is the whole one, truncated or not."""
    case = Spec.parse(f"{text} T=5").build()

    assert complex_step(case).loss == pytest.approx(exact_loss(case), rel=1e-15)


@pytest.mark.parametrize(
    "text", ["rnn-sigmoid+bce", "lstm+2layers lengths", "gru+bidirectional+mse", "gru k1=2 k2=3"]
)
@pytest.mark.parametrize("large", [False, True])
def test_the_real_part_is_one_for_all_moves(text, large):
    """The answer is that of complex numbers for every move, as a user's own cell gets them; by
    entry and by direction.
    """
    case = Spec.parse(f"{text} T={70 if large else 4} B=3 D=2 H={5 if large else 2}").build()
    along = directions_of(case)
    assert bool(along) == large
    for window in windows_of(case):
        with as_own(window.problem) as own:
            asked = (slopes_along, window.parts(along)) if large else (gradients,)
            loss, grads, bounds = asked[0](window.problem, *asked[1:])
            own_loss, own_grads, own_bounds = asked[0](own, *asked[1:])

        assert loss == pytest.approx(own_loss, rel=1e-14)
        largest = max(np.abs(g).max() for g in own_grads.values())
        for name, grad in own_grads.items():
            assert np.array_equal(bounds[name], own_bounds[name])
            np.testing.assert_allclose(grads[name], grad, rtol=1e-12, atol=1e-14 * largest)


def test_gradients_larger_than_one_over_the_step_are_right(monkeypatch):
    """A slope times an imaginary part is right whatever its size; a function of complex numbers is
    not.
    """
    spec = "rnn-identity+2layers+bidirectional T=65 B=2 D=16 H=2 O=65 regime=exploding"
    case = Spec.parse(f"{spec} inputs=alike seed=34191").build()
    along, exact = directions_of(case)["W_hh_l0"], exact_gradients(case)["W_hh_l0"]
    problem = replace(problem_of(case), differentiated=("W_hh_l0",))
    want = along.slopes(exact)
    assert np.abs(want).min() > 1.0 / STEP

    def of_complex(_, z):
        shifted = z - np.max(z.real, axis=-1, keepdims=True)
        return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))

    with as_own(problem) as own:
        shared, plain = (slopes_along(p, {"W_hh_l0": along})[1] for p in (problem, own))
        monkeypatch.setattr(Complex, "log_softmax", of_complex)
        wrong = slopes_along(own, {"W_hh_l0": along})[1]

    assert shared["W_hh_l0"] == pytest.approx(want, rel=1e-9)
    assert plain["W_hh_l0"] == pytest.approx(want, rel=1e-9)
    assert np.abs(wrong["W_hh_l0"] / want - 1.0).max() > 0.1


def scalar(activation: str, a: float) -> Case:
    """One unit, one step, pre-activation a from the bias alone, loss h."""
    one, zero = np.ones((1, 1, 1)), np.zeros((1, 1, 1))
    return Case(
        model=Model("rnn", activation=activation, loss="linear"),
        params={"W_xh_l0": [[1.0]], "W_hh_l0": [[1.0]], "b_h_l0": [a]},
        x=zero, h0=zero, targets=one, cotangent_h_n=zero,
    )  # fmt: skip


@pytest.mark.parametrize("a", [0.5, 10.0, 20.0, 40.0, 300.0, -20.0, -300.0])
def test_saturated_slopes_keep_all_their_digits(a):
    """1 - tanh^2 = 1/cosh^2 and s(1-s) to full relative accuracy, where `1 - t*t` has none left."""
    tanh = complex_step(scalar("tanh", a)).grads["b_h_l0"][0]
    sigmoid = complex_step(scalar("sigmoid", a)).grads["b_h_l0"][0]
    small = math.exp(-abs(a))

    assert tanh == pytest.approx(1.0 / math.cosh(a) ** 2, rel=1e-13)
    assert sigmoid == pytest.approx(small / (1.0 + small) ** 2, rel=1e-13)


@pytest.mark.parametrize("a", [-800.0, 800.0])
def test_slopes_beyond_float64_are_zero_without_a_warning(a):
    """Slopes beyond the range of float64 are 0, without a warning."""
    assert complex_step(scalar("tanh", a)).grads["b_h_l0"][0] == pytest.approx(0.0, abs=1e-300)
    assert complex_step(scalar("sigmoid", a)).grads["b_h_l0"][0] == 0.0


@pytest.mark.parametrize("loss", ["bce", "cross_entropy"])
def test_large_logits_do_not_overflow(loss):
    """A head with weights of a thousand still has its gradient."""
    case = Spec.parse(f"rnn-tanh+{loss} T=2 B=2 D=2 H=3 O=3").build()
    case = case.with_inputs({"W_hy": 1000.0 * case.params["W_hy"]})
    grads = complex_step(case).grads

    assert all(np.all(np.isfinite(g)) for g in grads.values())
    assert np.abs(grads["W_hy"]).max() > 0.01


def test_relu_is_refused():
    """relu is not analytic; the oracle says so instead of guessing."""
    with pytest.raises(Undecidable, match=r"^complex step does not apply to relu, which is not"):
        complex_step(Spec.parse("rnn-relu T=1 B=1 D=1 H=1").build())


def test_the_step_is_lost_against_every_value():
    """Its square vanishes, while products of it with gradients stay normal numbers."""
    assert 1.0 + STEP == 1.0
    assert STEP**2 * 1e100 < 1e-16
    assert STEP * 1e-200 > 0


@pytest.mark.parametrize("z", [-3.0, -1e-3, 0.0, 2.0])
@pytest.mark.parametrize("name", ["tanh", "sigmoid", "softplus"])
def test_gate_functions_are_those_of_numpy(name, z):
    """The real part is the real function; the imaginary part its slope."""
    step = 1e-30
    value = getattr(Complex(), name)(np.array([z + 1j * step]))[0]
    real = getattr(NumPy(), name)
    slope = (real(np.array([z + 1e-5])) - real(np.array([z - 1e-5])))[0] / 2e-5

    assert value.real == pytest.approx(real(np.array([z]))[0], rel=1e-15)
    assert value.imag / step == pytest.approx(slope, rel=1e-8)
