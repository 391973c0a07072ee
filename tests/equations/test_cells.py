"""The cells: equations evaluated literally, numbers worked out by hand, a cell of one's own."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from bptt_check import oracles
from bptt_check.cases.case import Case, Spec
from bptt_check.cases.model import LAYOUTS, Layout, Model, Sizes, families, parameter_shapes
from bptt_check.equations.cells import CELLS, affine, gates, register, step_function
from bptt_check.equations.namespaces.numpy import NumPy
from bptt_check.equations.network import problem_of, run_layers
from bptt_check.errors import SpecError, UnknownName

SIZES = Sizes(T=5, B=2, D=3, H=4, O=2)
LN3 = math.log(3.0)
"""sigmoid(ln 3) = 3/4, sigmoid(-ln 3) = 1/4 and tanh(ln(3) / 2) = 1/2, exactly."""


# --- the equations, one number at a time --------------------------------------------------------


def sigmoid(a: float) -> float:
    """The logistic function."""
    return 1.0 / (1.0 + math.exp(-a))


ACTIVATION = {
    "tanh": math.tanh,
    "relu": lambda a: a if a > 0 else 0.0,
    "sigmoid": sigmoid,
    "identity": lambda a: a,
}


def row(W: Any, v: Any) -> list[float]:
    """`W v`, number by number."""
    return [sum(float(W[i][j]) * float(v[j]) for j in range(len(v))) for i in range(len(W))]


def literal_rnn(model: Model, p: Any, x: Any, h: Any, c: Any) -> tuple[Any, Any]:
    """`h_t = f(W_xh x_t + W_hh h_{t-1} + b_h)`."""
    a, u = row(p["W_xh"], x), row(p["W_hh"], h)
    f = ACTIVATION[model.activation]
    return [f(a[j] + u[j] + p["b_h"][j]) for j in range(len(h))], None


def literal_lstm(model: Model, p: Any, x: Any, h: Any, c: Any) -> tuple[Any, Any]:
    """`c_t = f*c_{t-1} + i*g`, `h_t = o*tanh(c_t)`, gates in the order i f g o."""
    H, new_h, new_c = len(h), [], []
    a, u = row(p["W_xh"], x), row(p["W_hh"], h)
    for j in range(H):
        a_i, a_f, a_g, a_o = (a[k * H + j] + u[k * H + j] + p["b_h"][k * H + j] for k in range(4))
        new_c.append(sigmoid(a_f) * c[j] + sigmoid(a_i) * math.tanh(a_g))
        new_h.append(sigmoid(a_o) * math.tanh(new_c[j]))
    return new_h, new_c


def literal_gru(model: Model, p: Any, x: Any, h: Any, c: Any) -> tuple[Any, Any]:
    """`n = tanh(W_xn x + b_xn + r*(W_hn h + b_hn))`, `h_t = (1-z)*n + z*h_{t-1}`, order r z n."""
    H, new = len(h), []
    a, u = row(p["W_xh"], x), row(p["W_hh"], h)
    for j in range(H):
        x_r, x_z, x_n = (a[k * H + j] + p["b_xh"][k * H + j] for k in range(3))
        h_r, h_z, h_n = (u[k * H + j] + p["b_hh"][k * H + j] for k in range(3))
        r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
        new.append((1 - z) * math.tanh(x_n + r * h_n) + z * h[j])
    return new, None


def literal_gru_before(model: Model, p: Any, x: Any, h: Any, c: Any) -> tuple[Any, Any]:
    """`n = tanh(W_xn x + b_n + W_hn (r*h))`, `h_t = (1-z)*n + z*h_{t-1}`."""
    H = len(h)
    a, u = row(p["W_xh"], x), row(p["W_hh"], h)
    r = [sigmoid(a[j] + u[j] + p["b_h"][j]) for j in range(H)]
    z = [sigmoid(a[H + j] + u[H + j] + p["b_h"][H + j]) for j in range(H)]
    u_n = row(p["W_hh"][2 * H :], [r[j] * h[j] for j in range(H)])
    n = [math.tanh(a[2 * H + j] + p["b_h"][2 * H + j] + u_n[j]) for j in range(H)]
    return [(1 - z[j]) * n[j] + z[j] * h[j] for j in range(H)], None


LITERAL = {
    "rnn-tanh": literal_rnn,
    "rnn-relu": literal_rnn,
    "rnn-sigmoid": literal_rnn,
    "rnn-identity": literal_rnn,
    "lstm": literal_lstm,
    "gru": literal_gru,
    "gru-reset-before": literal_gru_before,
}


def literal_states(case: Case) -> np.ndarray:
    """States h of a one-layer case after every step, (T, B, H), by the literal equations."""
    step = LITERAL[case.model.family]
    zeros = np.zeros(len(case.model.layout.gates) * case.sizes.H)
    p: dict[str, Any] = dict.fromkeys(case.model.layout.biases, zeros)
    p |= {name.removesuffix("_l0"): array for name, array in case.params.items()}
    states = np.empty((case.sizes.T, case.sizes.B, case.sizes.H))
    for b in range(case.sizes.B):
        h, c = case.h0[0, b], None if case.c0 is None else case.c0[0, b]
        for t in range(case.sizes.T):
            h, c = step(case.model, p, case.x[t, b], h, c)
            states[t, b] = h
    return states


def states(case: Case) -> np.ndarray:
    """States of the top layer by the shared forward pass."""
    problem = problem_of(case)
    *_, top = run_layers(NumPy(), problem, problem.inputs)
    return np.stack(top.outputs)


@pytest.mark.parametrize("regime", ["normal", "saturated", "sparse"])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("family", LITERAL)
def test_the_documented_equations(family, bias, regime):
    """The forward pass is what the equations say, evaluated one number at a time."""
    name = family if bias else f"{family}+nobias"
    case = Spec(Model.parse(name), SIZES, seed=4, regime=regime).build()

    np.testing.assert_allclose(states(case), literal_states(case), rtol=1e-13, atol=1e-15)


def test_every_family_has_its_equations_above():
    """A cell without literal equations would go unguarded."""
    assert set(families()) == set(LITERAL)


@pytest.mark.parametrize(
    ("family", "swapped"),
    [("lstm", (0, 1)), ("lstm", (2, 3)), ("gru", (0, 1)), ("gru-reset-before", (0, 1))],
)
def test_exchanged_gates_would_be_seen(family, swapped):
    """The literal equations tell gate orders apart."""
    case = Spec(Model.parse(family), SIZES).build()
    one, other = swapped
    order = list(range(len(case.model.layout.gates)))
    order[one], order[other] = other, one
    rows = np.concatenate([np.arange(4) + 4 * g for g in order])
    changed = case.with_inputs({n: case.params[n][rows] for n in ("W_xh_l0", "W_hh_l0")})

    assert np.abs(states(changed) - literal_states(case)).max() > 1e-3


def test_reset_before_and_after_are_two_cells():
    """The literal equations tell the two GRUs apart, also without biases."""
    after = Spec(Model.parse("gru+nobias"), SIZES).build()
    before = Spec(Model.parse("gru-reset-before+nobias"), SIZES).build()

    assert np.array_equal(after.params["W_hh_l0"], before.params["W_hh_l0"])
    assert np.abs(states(after) - states(before)).max() > 1e-3


# --- worked out by hand -------------------------------------------------------------------------


def by_hand(name: str, x: Any, h0: Any, targets: Any, c0: Any = None, **params: Any) -> Case:
    """A case of one sequence of one unit with linear loss; only the outputs' cotangents count."""
    model = Model.parse(f"{name}+linear")
    T = len(x)
    shapes = parameter_shapes(model, Sizes(T, 1, 1, 1, 1))
    arrays = {n: np.reshape(params.get(n, np.zeros(s)), s) for n, s in shapes.items()}
    zero = np.zeros((1, 1, 1))
    return Case(
        model=model,
        params=arrays,
        x=np.reshape(x, (T, 1, 1)),
        h0=np.full((1, 1, 1), h0),
        c0=None if c0 is None else np.full((1, 1, 1), c0),
        targets=np.reshape(targets, (T, 1, 1)),
        cotangent_h_n=zero,
        cotangent_c_n=None if c0 is None else zero,
    )


HAND: dict[str, tuple[Case, float, dict[str, list[float]]]] = {
    # h_1 = 2*1 + 3*1 + 1 = 6, h_2 = 2*2 + 3*6 + 1 = 23; dL/dh_2 = 1, dL/dh_1 = 1 + 3 = 4
    "rnn-identity": (
        by_hand("rnn-identity", [1, 2], 1, [1, 1], W_xh_l0=2.0, W_hh_l0=3.0, b_h_l0=1.0),
        29.0,
        {"W_xh_l0": [6], "W_hh_l0": [10], "b_h_l0": [5], "x": [8, 2], "h0": [12]},
    ),
    # h_1 = relu(1 - 3) = 0 passes nothing back, h_2 = relu(2) = 2
    "rnn-relu": (
        by_hand("rnn-relu", [1, 2], 3, [5, 1], W_xh_l0=1.0, W_hh_l0=-1.0),
        2.0,
        {"W_xh_l0": [2], "W_hh_l0": [0], "b_h_l0": [1], "x": [0, 1], "h0": [0]},
    ),
    # a = ln(3) / 2, h = 1/2, slope 1 - 1/4 = 3/4
    "rnn-tanh": (
        by_hand("rnn-tanh", [2], -1, [4], W_xh_l0=LN3, W_hh_l0=LN3, b_h_l0=-LN3 / 2),
        2.0,
        {"W_xh_l0": [6], "W_hh_l0": [-3], "b_h_l0": [3], "x": [3 * LN3], "h0": [3 * LN3]},
    ),
    # a = ln 3, h = 3/4, slope 3/4 * 1/4
    "rnn-sigmoid": (
        by_hand("rnn-sigmoid", [1], 2, [16], W_xh_l0=-LN3, W_hh_l0=LN3),
        12.0,
        {"W_xh_l0": [3], "W_hh_l0": [6], "b_h_l0": [3], "x": [-3 * LN3], "h0": [3 * LN3]},
    ),
    # i = f = o = 1/2, g = 0, c = c0/2 = ln(3)/2, tanh c = 1/2, h = 1/4
    # dh/dc = o*(1 - 1/4) = 3/8; da_f = 3/8 * c0 * 1/4; da_g = 3/8 * i; da_o = tanh(c) * 1/4
    "lstm": (
        by_hand("lstm", [2], 4, [32], c0=LN3),
        8.0,
        {
            "W_xh_l0": [0, 6 * LN3, 12, 8],
            "W_hh_l0": [0, 12 * LN3, 24, 16],
            "b_h_l0": [0, 3 * LN3, 6, 4],
            "x": [0],
            "h0": [0],
            "c0": [6],
        },
    ),
    # r = 1/4, z = 3/4, n = tanh(ln(3)/4 + 1/4*(0*1 + ln 3)) = 1/2, h = 1/4*1/2 + 3/4*1 = 7/8
    # dn: 1/4; da_n = 1/4 * 3/4; dr = da_n * ln 3; da_r = dr * 3/16; da_z = (1 - 1/2) * 3/16
    "gru": (
        by_hand(
            "gru", [2], 1, [256], b_xh_l0=[-LN3, LN3, LN3 / 4], b_hh_l0=[0.0, 0.0, LN3]
        ),
        224.0,
        {
            "W_xh_l0": [18 * LN3, 48, 96],
            "W_hh_l0": [9 * LN3, 24, 12],
            "b_xh_l0": [9 * LN3, 24, 48],
            "b_hh_l0": [9 * LN3, 24, 12],
            "x": [0],
            "h0": [192],
        },
    ),
    # r = 1/4, z = 3/4, n = tanh(ln 3 * (1/4 * 2)) = 1/2, h = 1/4*1/2 + 3/4*2 = 13/8
    # da_n = 1/4 * 3/4; through r*h: da_n * ln 3; da_r = that * 2 * 3/16; da_z = (2 - 1/2) * 3/16
    "gru-reset-before": (
        by_hand(
            "gru-reset-before", [1], 2, [128],
            W_hh_l0=[0.0, 0.0, LN3], b_h_l0=[-LN3, LN3, 0.0],
        ),
        208.0,
        {
            "W_xh_l0": [9 * LN3, 36, 24],
            "W_hh_l0": [18 * LN3, 72, 12],
            "b_h_l0": [9 * LN3, 36, 24],
            "x": [0],
            "h0": [96 + 6 * LN3],
        },
    ),
}  # fmt: skip
"""Loss and gradients of cases that fit on a sheet of paper; sigmoid' is 1/4 at 0, 3/16 at ln 3."""


@pytest.mark.parametrize(
    ("oracle", "family"),
    [
        (oracle, family)
        for oracle in ("complex_step", "finite_difference", "torch")
        for family in HAND
        if (oracle, family) != ("complex_step", "rnn-relu")
    ],
)
def test_numbers_worked_out_by_hand(oracle, family):
    """Every oracle finds the loss and the gradients that a pencil finds."""
    if oracle == "torch":
        pytest.importorskip("torch")
    case, loss, grads = HAND[family]
    result = oracles.load_oracle(oracle, every_entry=True)(case)
    rtol = 1e-8 if oracle == "finite_difference" else 1e-14

    assert result.loss == pytest.approx(loss, rel=1e-14)
    assert set(result.grads) == set(grads)
    for name, want in grads.items():
        got = result.grads[name].ravel()
        np.testing.assert_allclose(got, want, rtol=rtol, atol=1e-12, err_msg=name)


def test_affine_and_gates():
    """`affine` is x W^T + b over the last axis, `gates` cuts columns into blocks of H."""
    W, b = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([10.0, 20.0])

    assert affine(np.array([[1.0, 1.0]]), W, b).tolist() == [[13.0, 27.0]]
    assert affine(np.array([[1.0, 1.0]]), W).tolist() == [[3.0, 7.0]]
    assert [g.tolist() for g in gates(np.arange(6.0)[None], 3)] == [[[0, 1]], [[2, 3]], [[4, 5]]]


# --- a cell of one's own ------------------------------------------------------------------------


@pytest.fixture
def minimal_gated_unit() -> Iterator[str]:
    """A cell with one gate (Zhou et al. 2016), there for one test."""
    name = "mgu"

    @register(name, Layout(gates=("f", "n")))
    def mgu(xp: Any, p: Any, x_t: Any, state: Any) -> Any:
        """`f = sigmoid(...)`, `n = tanh(W_xn x + W_hn (f*h) + b_n)`, `h_t = (1-f)*h + f*n`."""
        (h_prev,) = state
        H = h_prev.shape[-1]
        x_f, x_n = gates(affine(x_t, p["W_xh"], p.get("b_h")), 2)
        f_t = xp.sigmoid(x_f + affine(h_prev, p["W_hh"][..., :H, :]))
        n_t = xp.tanh(x_n + affine(f_t * h_prev, p["W_hh"][..., H:, :]))
        return ((1.0 - f_t) * h_prev + f_t * n_t,)

    yield name
    del CELLS[name], LAYOUTS[name]


@pytest.mark.parametrize("oracle", [n for n in oracles.names() if n != "complex_step"])
@pytest.mark.parametrize("text", ["mgu+2layers T=3 k1=2 k2=2", "mgu+nobias+mse T=4 lengths"])
def test_a_cell_of_ones_own_has_gradients_from_every_oracle(minimal_gated_unit, text, oracle):
    """One decorated function, and every oracle differentiates it."""
    if not oracles.available(oracle):
        pytest.skip(f"{oracle} is not installed")
    case = Spec.parse(f"{text} B=2 D=2 H=3 O=2").build()
    want = oracles.load_oracle("complex_step", every_entry=True)(case)
    got = oracles.load_oracle(oracle, every_entry=True)(case)

    assert set(got.grads) == set(case.inputs)
    for name, array in want.grads.items():
        bound = 1e-13 if got.bounds is None else got.bounds[name] + 1e-13
        assert np.all(np.abs(got.grads[name] - array) <= bound), name


def test_a_cell_of_ones_own_is_a_model_like_any_other(minimal_gated_unit):
    """It has a name, takes every modifier, and is listed among the families."""
    model = Model.parse("mgu+2layers+bidirectional+bce")

    assert model == Model("mgu", layers=2, bidirectional=True, loss="bce")
    assert str(model) == "mgu+2layers+bidirectional+bce"
    assert list(families())[-1] == "mgu"
    assert parameter_shapes(model, SIZES)["W_hh_l1_reverse"] == (8, 4)


def test_a_registered_cell_can_be_removed():
    """A registered cell can be taken out again."""
    with pytest.raises(UnknownName, match="unknown cell 'mgu'"):
        Model("mgu")


def test_a_cell_may_depend_on_the_model():
    """`per_model` cells are asked for their step and their layout with the model's options."""
    assert step_function(Model("gru")) is not step_function(Model("gru", reset_after=False))
    assert Model("gru").layout.biases == ("b_xh", "b_hh")
    assert Model("gru", reset_after=False).layout.biases == ("b_h",)


@pytest.mark.parametrize("name", ["my+cell", "my cell", "", "-gru", "gru-", "my--gru"])
def test_a_cell_needs_a_name_that_can_be_parsed(name):
    """Names are joined by `+` and stand in lines of words."""
    try:
        with pytest.raises(ValueError, match="name"):
            register(name, Layout(gates=("h",)))(lambda xp, p, x_t, state: state)
    finally:
        CELLS.pop(name, None)
        LAYOUTS.pop(name, None)


@pytest.mark.parametrize("name", ["rnn-tanh", "rnn-relu", "gru-reset-before"])
def test_a_cell_cannot_take_the_name_of_a_model(name):
    """Two models of one name could not be told apart."""
    try:
        with pytest.raises(SpecError, match=f"'{name}' is the name of a model already"):
            register(name, Layout(gates=("h",)))(lambda xp, p, x_t, state: state)
        assert name not in CELLS
    finally:
        CELLS.pop(name, None)
