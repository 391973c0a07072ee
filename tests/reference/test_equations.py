"""Every numbered equation of reference/README.md is what the reference computes.

`literal.py` and `literal_net.py` hold sections 3 to 12 as slow loops over single numbers; the rest
is below.
"""

from __future__ import annotations

import math
import re
from functools import partial
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from bptt_reference import (
    activations,
    clip_by_global_norm,
    clip_by_value,
    gru_reset_after,
    gru_reset_before,
    linear,
    loss_and_grads,
    losses,
    lstm,
    rnn,
    sgd_update,
)
from support import literal, literal_net

README = Path(__file__).parents[2] / "reference" / "README.md"
NUMBER = re.compile(r"\((\d+\.\d+)\)")


CELLS: dict[str, tuple[dict[str, Any], Any, int]] = {
    **{
        f"rnn-{f}": ({"cell": "rnn", "activation": f}, rnn, 1)
        for f in ("tanh", "relu", "sigmoid", "identity")
    },
    "lstm": ({"cell": "lstm"}, lstm, 4),
    "gru": ({"cell": "gru", "reset_after": True}, gru_reset_after, 3),
    "gru-reset-before": ({"cell": "gru", "reset_after": False}, gru_reset_before, 3),
}


@pytest.mark.parametrize("name", CELLS)
def test_cell_equations_equal_the_reference_over_four_steps(name: str) -> None:
    """Sections 3 to 7: states and gradients of one cell over four steps, two sequences."""
    options, module, gates = CELLS[name]
    T, B, D, H, normal = 4, 2, 3, 2, np.random.default_rng(0).standard_normal
    biases = ("b_xh", "b_hh") if name == "gru" else ("b_h",)
    p = {"W_xh": normal((gates * H, D)), "W_hh": normal((gates * H, H))}
    p |= {bias: normal(gates * H) for bias in biases}
    states = 2 if name == "lstm" else 1
    x, state, above = normal((T, B, D)), tuple(normal((states, B, H))), normal((T, B, H))
    later = tuple(normal((states, B, H)))
    activation = activations.ACTIVATIONS[options.get("activation", "tanh")]
    forward = partial(rnn.forward, activation=activation) if module is rnn else module.forward
    tape = forward(p, x, state)
    grads, x_bar, state_bar = module.backward(p, tape, above, later)

    cell = literal_net.cell_of(SimpleNamespace(**options), {n: a.tolist() for n, a in p.items()})
    for b in range(B):
        steps = cell.forward(x[:, b].tolist(), [s[b].tolist() for s in state])
        back = cell.backward(steps, above[:, b].tolist(), [s[b].tolist() for s in later])
        for name_of_state, line in zip(("h", "c"), tape.states, strict=False):
            assert_close([s[name_of_state] for s in steps], line[1:, b])
        assert_close(back[0], x_bar[:, b])
        assert_close(back[1], [s[b] for s in state_bar])
    assert set(grads) == set(cell.grads)
    for parameter, g in grads.items():
        assert_close(cell.grads[parameter], g)


def assert_close(expected: Any, got: Any) -> None:
    """Equal to twelve digits of the largest entry."""
    expected, got = np.array(expected), np.array(got)
    assert expected.shape == got.shape

    assert np.abs(expected - got).max() <= 1e-12 * np.abs(expected).max()


def test_the_comparison_sees_a_wrong_equation() -> None:
    """With tanh' evaluated at the wrong place, or h_t for h_{t-1}, the comparison above fails."""

    class WrongPlace(literal.Rnn):
        def back(self, s: Any, above: Any, later: Any) -> Any:
            return super().back({**s, "a": s["h"]}, above, later)

    class WrongStep(literal.Rnn):
        def back(self, s: Any, above: Any, later: Any) -> Any:
            return super().back({**s, "h_prev": s["h"]}, above, later)

    p: dict[str, Any] = {"W_xh": [[0.5]], "W_hh": [[0.5]], "b_h": [0.1]}
    results: list[Any] = []
    for kind in (literal.Rnn, WrongPlace, WrongStep):
        cell = kind(p)
        cell.backward(cell.forward([[1.0], [2.0]], [[0.3]]), [[1.0], [1.0]], [[0.0]])
        results.append(cell.grads["W_hh"])

    for wrong in results[1:]:
        with pytest.raises(AssertionError):
            assert_close(results[0], wrong)


def test_product_equations_equal_sums_written_out() -> None:
    """Section 2, sums written out."""
    P, D, K, normal = 4, 3, 2, np.random.default_rng(1).standard_normal
    x, W, b, a_bar = normal((P, D)), normal((K, D)), normal(K), normal((P, K))
    all_p, all_d, all_k = range(P), range(D), range(K)
    a = [[sum(W[k, d] * x[p, d] for d in all_d) + b[k] for k in all_k] for p in all_p]  # (2.1)
    x_bar = [[sum(W[k, d] * a_bar[p, k] for k in all_k) for d in all_d] for p in all_p]  # (2.2)
    W_bar = [[sum(a_bar[p, k] * x[p, d] for p in all_p) for d in all_d] for k in all_k]  # (2.3)
    b_bar = [sum(a_bar[p, k] for p in all_p) for k in all_k]  # (2.4)

    assert_close(a, linear.affine(x, W, b))
    assert_close(x_bar, linear.affine_input_bar(a_bar, W))
    assert_close(W_bar, linear.affine_weight_bar(a_bar, x))
    assert_close(b_bar, linear.affine_bias_bar(a_bar))


@pytest.mark.parametrize("name", literal.ACTIVATIONS)
def test_activation_equations_equal_the_reference(name: str) -> None:
    """Section 3 at single points."""
    points = [-3.0, -0.5, 0.0, 0.5, 3.0]
    a, value, slope = np.array(points), np.empty(5), np.empty(5)
    activations.ACTIVATIONS[name].value(a, value)
    activations.ACTIVATIONS[name].slope(a, value, slope)
    f, f_slope = literal.ACTIVATIONS[name]

    assert_close([f(number) for number in points], value)
    assert_close([f_slope(number) for number in points], slope)


@pytest.mark.parametrize("name", literal.LOSSES)
def test_loss_equations_equal_the_reference(name: str) -> None:
    """Section 8: losses and their gradients with respect to the logits."""
    rng = np.random.default_rng(2)
    y, values = rng.standard_normal((5, 3)), rng.random((5, 3))
    targets = rng.integers(3, size=5) if name == "cross_entropy" else values
    pairs = [literal.LOSSES[name](v, t) for v, t in zip(y.tolist(), targets.tolist(), strict=True)]
    loss, y_bar = losses.LOSSES[name](y, targets)

    assert math.fsum(pair[0] for pair in pairs) == pytest.approx(loss, rel=1e-14)
    assert_close([pair[1] for pair in pairs], y_bar)


NETS: tuple[dict[str, Any], ...] = (
    {"cell": "rnn", "loss": "cross_entropy", "layers": 3, "reduction": "mean"},
    {"cell": "lstm", "loss": "bce", "reduction": "mean", "readout": "last", "layers": 2},
    {"cell": "gru", "loss": "mse", "reduction": "mean", "bias": False},
    {"cell": "gru", "reset_after": False, "loss": "linear", "readout": "last"},
    {"cell": "lstm", "loss": "linear", "layers": 2},
    {"cell": "lstm", "loss": "mse", "layers": 2, "bidirectional": True, "reduction": "mean"},
    {"cell": "gru", "loss": "linear", "layers": 2, "bidirectional": True},
)
FORMS: tuple[dict[str, Any], ...] = (
    {},
    {"lengths": [5, 2, 4]},
    {"k": (2, 3)},
    {"k": (3, 2), "lengths": [5, 1, 4]},
)


@pytest.mark.parametrize(
    ("net", "form"),
    [(n, f) for n, f in product(NETS, FORMS) if not (n.get("bidirectional") and "k" in f)],
    ids=str,
)
def test_whole_nets_evaluated_literally_equal_the_reference(
    net: Any, form: Any, draw: Any, assert_same: Any
) -> None:
    """Sections 8 to 12: the whole loss and gradient, evaluated literally, sequence by sequence."""
    case = draw(**net, **form, T=5, D=2, H=3, O=3, scale=0.6)
    expected = literal_net.Net(case)
    loss, grads = loss_and_grads(case)

    assert expected.loss == pytest.approx(loss, rel=1e-12)
    assert_same(expected.grads, grads)


def test_clipping_and_update_equations_equal_the_reference() -> None:
    """Section 13, number by number."""
    grads = {"W": np.array([[3.0, -1.0]]), "b": np.array([2.0])}
    numbers, max_norm, limit = [3.0, -1.0, 2.0], 1.5, 1.75
    norm = math.sqrt(sum(g * g for g in numbers))  # (13.1)
    by_norm = [g * min(1, max_norm / norm) for g in numbers]  # (13.2)
    by_value = [min(max(g, -limit), limit) for g in numbers]  # (13.3)
    stepped = [5.0 - 0.1 * g for g in numbers]  # (13.4)
    clipped, limited = clip_by_global_norm(grads, max_norm), clip_by_value(grads, limit)
    updated = sgd_update({n: np.full(g.shape, 5.0) for n, g in grads.items()}, grads, 0.1)

    for expected, got in ((by_norm, clipped), (by_value, limited), (stepped, updated)):
        assert_close(expected, np.concatenate([got["W"][0], got["b"]]))


def test_every_numbered_equation_is_evaluated() -> None:
    """README and these tests know the same equations; each is numbered once."""
    stated = re.findall(r"\((\d+\.\d+)\)$", README.read_text(encoding="utf-8"), re.MULTILINE)
    here = [Path(str(module.__file__)) for module in (literal, literal_net)] + [Path(__file__)]
    evaluated = {n for path in here for n in NUMBER.findall(path.read_text(encoding="utf-8"))}

    assert len(set(stated)) == len(stated) > 100
    assert set(stated) == evaluated


def test_the_example_of_the_readme_runs(capsys: Any) -> None:
    """The program at the top of the README runs and prints one gradient per input."""
    (program,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    exec(compile(program, "README.md", "exec"), {})

    assert "'W_hh_l0': (5, 5)" in capsys.readouterr().out
