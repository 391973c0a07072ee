"""Gradient flow: its paths sum to the gradient, its norms are those of explicit Jacobians."""

from __future__ import annotations

import numpy as np
import pytest
from bptt_reference import loss_and_grads

import bptt_check as bc
from bptt_check.equations.namespaces.numpy import NumPy
from bptt_check.equations.network import problem_of, run_layers

CASES = {
    "rnn": bc.Spec(bc.Model("rnn"), bc.Sizes(7, 2, 3, 4, 2), seed=1),
    "lstm, linear, lengths": bc.Spec(
        bc.Model("lstm", layers=2, loss="linear"), bc.Sizes(6, 4, 2, 3, 1), lengths=True
    ),
    "gru, truncated": bc.Spec(
        bc.Model("gru", loss="mse"), bc.Sizes(8, 2, 2, 3, 2), bc.Truncation(3, 4)
    ),
    "window shorter than the block": bc.Spec(
        bc.Model("lstm"), bc.Sizes(9, 2, 2, 3, 2), bc.Truncation(5, 2)
    ),
    "last, truncated, lengths": bc.Spec(
        bc.Model("rnn", readout="last", loss="bce"),
        bc.Sizes(7, 4, 2, 3, 2),
        bc.Truncation(2, 3),
        lengths=True,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_contributions_sum_to_the_gradient(name: str) -> None:
    """Summed over both steps, every weight's paths are its (truncated) gradient."""
    case = CASES[name].build()
    _, want = loss_and_grads(case)

    got = bc.gradient_flow(case).gradients

    assert set(got) == {n for n in case.params if "_l" in n}
    for weight, gradient in got.items():
        scale = max(1e-3, float(np.abs(want[weight]).max()))
        assert np.abs(gradient - want[weight]).max() <= 1e-13 * scale, weight


def test_no_path_runs_forward_in_time() -> None:
    """The loss of a step owes nothing to later steps."""
    flow = bc.gradient_flow(CASES["rnn"].build())

    paths = flow.path_norms("W_hh_l0")

    assert np.all(paths[np.triu_indices(7, k=1)] == 0)
    assert np.all(paths[np.tril_indices(7)] > 0)


def test_truncation_cuts_exactly_the_paths_that_leave_its_windows() -> None:
    """With k1 = 3 and k2 = 4 the paths that are left are those of the windows."""
    full = bc.gradient_flow(bc.Spec(bc.Model("gru", loss="mse"), bc.Sizes(8, 2, 2, 3, 2)).build())
    cut = bc.gradient_flow(CASES["gru, truncated"].build())
    windows = {0: 0, 1: 0, 2: 0, 3: 2, 4: 2, 5: 2, 6: 4, 7: 4}
    inside = np.array([[windows[i] <= k <= i for k in range(8)] for i in range(8)])

    paths, all_paths = cut.path_norms("W_xh_l0"), full.path_norms("W_xh_l0")

    assert np.all(paths[~inside] == 0)
    assert np.allclose(paths[inside], all_paths[inside], rtol=1e-12)


def test_what_a_window_keeps_is_the_share_of_its_truncated_gradient() -> None:
    """`kept[k - 1]` is the projection of the gradient with k1 = 1, k2 = k on the full one."""
    spec = CASES["rnn"]
    kept = bc.gradient_flow(spec.build()).kept["W_hh_l0"]
    full = loss_and_grads(spec.build())[1]["W_hh_l0"]
    for k in range(1, 8):
        cut = bc.Spec(spec.model, spec.sizes, bc.Truncation(1, k), seed=spec.seed).build()
        share = float((loss_and_grads(cut)[1]["W_hh_l0"] * full).sum() / (full * full).sum())

        assert kept[k - 1] == pytest.approx(share, rel=1e-10)
    assert kept[-1] == pytest.approx(1.0)


def test_state_norms_are_those_of_the_gradient_of_the_state() -> None:
    """The norm at step t is that of a numerical derivative of the loss by h_t."""
    spec = bc.Spec(bc.Model("rnn", loss="mse"), bc.Sizes(4, 2, 2, 3, 2), seed=3)
    norms = bc.gradient_flow(spec.build()).state_norms["h"][0]
    case = spec.build()
    problem = problem_of(case)
    (layer,) = run_layers(NumPy(), problem, problem.inputs)
    tail = bc.Case(
        model=case.model,
        params=case.params,
        x=case.x[2:],
        h0=np.array(layer.outputs[1])[None],
        targets=case.targets[2:],
    )
    # the loss after step 1 reaches h_1 as the initial state of the rest; its own loss comes on top
    rest = loss_and_grads(tail)[1]["h0"][0]
    y = layer.outputs[1] @ case.params["W_hy"].T + case.params["b_y"]
    own = 2.0 * (y - case.targets[1]) @ case.params["W_hy"]

    assert norms[1] == pytest.approx(float(np.linalg.norm(rest + own)), rel=1e-12)


def test_jacobian_norms_are_products_of_step_jacobians() -> None:
    """For a tanh RNN the norm between two steps is that of prod diag(1 - h_m^2) W."""
    spec = bc.Spec(bc.Model("rnn"), bc.Sizes(6, 1, 2, 4, 2), seed=5)
    case = spec.build()
    problem = problem_of(case)
    (layer,) = run_layers(NumPy(), problem, problem.inputs)
    norms = bc.gradient_flow(case).jacobian_norms["h"][0]
    for i in range(6):
        product = np.eye(4)
        for k in range(i, -1, -1):
            assert norms[i, k] == pytest.approx(float(np.linalg.norm(product, 2)), rel=1e-12)

            product = product @ (np.diag(1.0 - layer.outputs[k][0] ** 2) @ case.params["W_hh_l0"])


def test_a_weight_of_three_quarters_leaves_a_thousandth_after_24_steps() -> None:
    """With one linear unit and weight 0.75 the product over 24 steps is 0.75^24 = 0.001."""
    T = 25
    case = bc.Case(
        model=bc.Model("rnn", activation="identity", bias=False, loss="linear"),
        params={"W_xh_l0": np.ones((1, 1)), "W_hh_l0": np.full((1, 1), 0.75)},
        x=np.ones((T, 1, 1)),
        h0=np.ones((1, 1, 1)),
        targets=np.ones((T, 1, 1)),
        cotangent_h_n=np.zeros((1, 1, 1)),
    )
    norms = bc.gradient_flow(case).jacobian_norms["h"][0]

    assert norms[24, 0] == pytest.approx(0.75**24, rel=1e-12)
    assert 0.9e-3 < norms[24, 0] < 1.1e-3


def test_regimes_vanish_and_explode() -> None:
    """The regimes' names are true: products shrink in one and grow in the other."""
    model, sizes = bc.Model("rnn", activation="identity"), bc.Sizes(10, 1, 2, 4, 2)
    end = {
        regime: bc.gradient_flow(bc.Spec(model, sizes, regime=regime).build()).jacobian_norms["h"][
            0
        ][9, 0]
        for regime in ("vanishing", "exploding")
    }

    assert end["vanishing"] < 1e-6
    assert end["exploding"] > 1e2


def test_two_directions_are_refused_with_advice() -> None:
    """A bidirectional model has no single direction in time; the message says what to change."""
    case = bc.Spec(bc.Model("gru", bidirectional=True)).build()

    with pytest.raises(bc.BpttCheckError, match="use bidirectional=False"):
        bc.gradient_flow(case)
