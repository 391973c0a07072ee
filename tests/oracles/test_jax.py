"""The JAX oracle: few compiled programs, right for every model, checked by forward mode."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest

from bptt_check.cases.case import Case, Spec, Truncation
from bptt_check.cases.generate import REGIMES
from bptt_check.cases.model import LAYOUTS, LOSSES, READOUTS, Layout, Model, Sizes, families
from bptt_check.cases.result import Result
from bptt_check.equations import cells
from bptt_check.equations.conditioning import conditioning
from bptt_check.equations.network import Problem, problem_of
from bptt_check.errors import Undecidable
from bptt_check.oracles import load_oracle
from bptt_check.verdicts.budget import Budgets, Tolerance

jax = pytest.importorskip("jax")
jnp = jax.numpy
oracle: Any = pytest.importorskip("bptt_check.oracles.jax")
program: Any = pytest.importorskip("bptt_check.oracles.jax.program")

HEADS = list(product(LOSSES, READOUTS))
WHOLE = {"rnn-relu": "torch"}
"""The oracle to agree with, where it is not complex step, which is not for relu."""
SHAPES = [Sizes(1, 1, 1, 1, 1), Sizes(7, 3, 4, 5, 3), Sizes(16, 4, 5, 6, 5), Sizes(5, 2, 3, 2, 4)]
VARIANTS: list[tuple[dict[str, Any], bool, tuple[int, int] | None]] = [
    ({}, False, None),
    ({"bias": False}, True, (3, 5)),
    ({"layers": 2, "bidirectional": True}, True, None),
    ({}, False, (2, 2)),
    ({"layers": 2, "bidirectional": True, "bias": False}, False, None),
]
"""Options, lengths, truncation."""


def cases(family: str, regime: str) -> Iterator[Case]:
    """A case for every loss and readout, every option of the tables above in turn."""
    number = list(families()).index(family) + REGIMES.index(regime)
    for seed, (loss, readout) in enumerate(HEADS, start=number):
        options, lengths, cut = VARIANTS[seed % len(VARIANTS)]
        model = replace(families()[family], loss=loss, readout=readout, **options)
        if loss != "linear" and seed % 2:
            model = replace(model, reduction="mean")
        truncation = Truncation(*cut) if cut else None
        sizes = SHAPES[seed % len(SHAPES)]
        yield Spec(model, sizes, truncation, seed=seed, regime=regime, lengths=lengths).build()


def assert_same(wanted: Result, got: Result, tolerance: float, told: object) -> None:
    """Losses and gradients agree, relative to the largest entry of the gradient."""
    scale = max(np.abs(array).max() for array in wanted.grads.values())
    np.testing.assert_allclose(got.loss, wanted.loss, rtol=1e-12, err_msg=str(told))
    assert list(wanted.grads) == list(got.grads)
    for name, array in wanted.grads.items():
        error = f"{told}: {name}"
        np.testing.assert_allclose(
            got.grads[name], array, rtol=0, atol=tolerance * scale, err_msg=error
        )


@pytest.mark.parametrize("regime", REGIMES)
@pytest.mark.parametrize("family", families())
def test_gradients_agree_with_another_oracle(family: str, regime: str) -> None:
    """Every loss, readout, regime, option and truncation has the gradient of another oracle."""
    if family in WHOLE:
        pytest.importorskip(WHOLE[family])
    reference, ours = (
        load_oracle(WHOLE.get(family, "complex_step"), every_entry=True),
        load_oracle("jax"),
    )
    for case in cases(family, regime):
        wanted, got = reference(case), ours(case)
        if not explained_by_rounding(case, wanted, got):
            assert_same(wanted, got, 1e-11, case.spec)


def explained_by_rounding(case: Case, wanted: Result, got: Result) -> bool:
    """Whether only some gradients are farther apart than usual, and no farther than two right ones
    of this case may be: where gates saturate, a function that is off by some units costs digits.
    """
    scale = max(np.abs(array).max() for array in wanted.grads.values())
    apart = {n: np.abs(got.grads[n] - array) for n, array in wanted.grads.items()}
    far = [n for n, difference in apart.items() if difference.max() > 1e-11 * scale]
    if not far:
        return False  # the usual comparison is the stricter one
    rounding = conditioning(case, "float64")
    budgets = Budgets(Tolerance(), rounding, rounding, None)
    return wanted.loss == pytest.approx(got.loss, rel=1e-12) and all(
        (apart[n] <= np.minimum(budgets.of(n), 1e-9 * scale)).all() for n in far
    )


def test_sizes_beyond_the_bucket_get_a_larger_one() -> None:
    """Sizes that are not drawn by default go to a larger bucket, with the same answer."""
    case = Spec(Model("gru", layers=2), Sizes(T=23, B=5, D=7, H=9, O=6), lengths=True).build()

    assert_same(
        load_oracle("complex_step", every_entry=True)(case),
        load_oracle("jax")(case),
        1e-12,
        case.spec,
    )


def test_four_programs_serve_all_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """200 cases of 56 models and of random sizes need one compiled program per cell."""
    used: set[Any] = set()
    original = program.compiled_program
    monkeypatch.setattr(program, "compiled_program", lambda t: used.add(original(t)) or original(t))
    models = [replace(f, loss=s, readout=r) for f in families().values() for s, r in HEADS]
    rng = np.random.default_rng(0)
    for number in range(200):
        sizes = Sizes(*(int(rng.integers(1, n + 1)) for n in (20, 4, 5, 6, 5)))
        model = replace(models[number % len(models)], bias=bool(number % 3))
        load_oracle("jax")(Spec(model, sizes, lengths=bool(number % 2)).build())

    assert len(models) == 70
    assert len(used) == 4


def test_jax_settings_of_the_user_are_unchanged() -> None:
    """The user's float32 and the user's device are as before, and x64 or no jit does no harm."""
    case = Spec(Model("rnn", loss="mse")).build()
    before = load_oracle("jax")(case)

    assert jnp.zeros(1).dtype == jnp.float32
    assert jax.config.jax_default_device is None
    with jax.enable_x64(True), jax.disable_jit():
        assert_same(before, load_oracle("jax")(case), 1e-15, case.spec)
        assert jax.config.jax_disable_jit


def problem(model: Model) -> Problem:
    """The problem of a case of default sizes."""
    return problem_of(Spec(model).build())


def test_a_forward_slope_along_another_direction_is_a_contradiction(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A slope along another direction than the gradient is multiplied with is a contradiction."""
    oracle.gradients(problem(Model("rnn")))
    original = program.direction
    monkeypatch.setattr(program, "direction", lambda size: np.roll(original(size), 1))

    with pytest.raises(Undecidable, match="contradicts itself"):
        oracle.gradients(problem(Model("rnn")))


@pytest.mark.parametrize(("factor", "noticed"), [(1.0, False), (1 + 1e-9, True), (0.0, True)])
def test_a_wrong_reverse_mode_is_a_contradiction(
    monkeypatch: pytest.MonkeyPatch, factor: float, noticed: bool
) -> None:
    """A reverse mode that is wrong by 1e-9 in its largest entry does not get past forward mode."""
    original = program.compiled_program

    def tampered(trunk: Any) -> Callable[[Any], Any]:
        def run(flat: Any) -> Any:
            got = np.array(original(trunk)(flat))
            got[3 + np.argmax(np.abs(got[3:]))] *= factor
            return got

        return run

    monkeypatch.setattr(program, "compiled_program", tampered)
    if not noticed:
        oracle.gradients(problem(Model("lstm")))
        return
    with pytest.raises(Undecidable, match="contradicts itself"):
        oracle.gradients(problem(Model("lstm")))


def test_a_saturated_softmax_is_no_contradiction() -> None:
    """Where `p - target` is nothing but rounding, the modes may differ by as much as they sum."""
    case = Spec(Model("rnn"), Sizes(1, 1, 1, 1, 2)).build()
    sure = {"b_y": np.array([36.7, 0.0]), "W_hy": np.array([[0.3], [0.1]])}
    case = replace(case.with_inputs(sure), targets=np.zeros((1, 1), int))

    assert np.abs(load_oracle("jax")(case).grads["b_y"]).max() < 1e-15


def test_an_overflowed_loss_is_returned() -> None:
    """A loss beyond float64 is infinite or NaN here as elsewhere, not a contradiction."""
    model = Model("rnn", activation="identity", loss="mse")
    case = Spec(model, Sizes(8, 1, 1, 1, 1)).build()
    case = case.with_inputs({"W_hh_l0": np.array([[1e90]])})

    assert not np.isfinite(load_oracle("jax")(case).loss)


def scaled(xp: Any, p: Mapping[str, Any], x_t: Any, state: tuple[Any, ...]) -> tuple[Any, ...]:
    """A cell that padding would change: units are normalised, and no bias is not a zero bias."""
    (h_prev,) = state
    x_hat = x_t * 1.0 / (x_t * x_t).sum(-1, keepdims=True)
    a_t = cells.affine(x_hat, p["W_xh"]) + cells.affine(h_prev, p["W_hh"])
    a_t = a_t + p.get("b_h", 0.5 * a_t)
    h_t = xp.tanh(a_t - a_t.sum(-1, keepdims=True) * (1.0 / a_t.shape[-1]))
    return ((h_t + 0.5) / ((h_t * h_t).sum(-1, keepdims=True) + 1.0),)


def doubled(xp: Any, p: Mapping[str, Any], x_t: Any, state: tuple[Any, ...]) -> tuple[Any, ...]:
    """The same cell, another number: what a user registers after a correction."""
    return (2.0 * scaled(xp, p, x_t, state)[0],)


@pytest.fixture
def registered() -> Iterator[Callable[[Any], None]]:
    """Registers a step as the cell `scaled`, which is gone after the test."""
    yield lambda step: cells.register("scaled", Layout(gates=("h",)))(step)
    cells.CELLS.pop("scaled")
    LAYOUTS.pop("scaled")


@pytest.mark.parametrize("bias", [True, False])
def test_cell_of_a_user(registered: Callable[[Any], None], bias: bool) -> None:
    """A registered cell is neither padded in its units nor given biases, and none of it is NaN."""
    registered(scaled)
    model = Model("scaled", bidirectional=True, bias=bias, loss="bce", reduction="mean")
    case = Spec(model, Sizes(T=5, B=2, D=3, H=4, O=2), lengths=True).build()

    assert_same(
        load_oracle("complex_step", every_entry=True)(case), load_oracle("jax")(case), 1e-12, model
    )


def test_cell_registered_anew(registered: Callable[[Any], None]) -> None:
    """A cell that replaces another of its name does not get the other's compiled program."""
    for step in (scaled, doubled):
        registered(step)
        case = Spec(Model("scaled")).build()
        assert_same(
            load_oracle("complex_step", every_entry=True)(case),
            load_oracle("jax")(case),
            1e-12,
            step,
        )


@pytest.mark.parametrize(
    ("text", "beyond"),
    [
        ("rnn-tanh T=20 B=4 D=5 H=6 O=5", ""),
        ("rnn-tanh T=300 B=1 D=1 H=1 O=1 k1=4 k2=20", ""),
        ("rnn-tanh T=21 B=4 D=5 H=6 O=5", "T=21; up to T=20"),
        ("rnn-tanh T=300 B=1 D=1 H=1 O=1 k1=30 k2=4 lengths", ""),
        ("rnn-tanh T=300 B=1 D=1 H=1 O=1 k1=30 k2=24", "T=24; up to T=20"),
        ("lstm T=2 B=33 H=17", "B=33, H=17; up to B=4, H=6"),
    ],
)
def test_large_cases_are_compiled_on_demand_only(text, beyond):
    """A case all of whose windows fit the program for small ones is no large one."""
    why = oracle.too_large(Spec.parse(text).build())

    assert why == (f"too large to compile unless asked for: {beyond} by default" if beyond else "")


def test_a_large_case_is_left_alone_by_default_and_compiled_by_name():
    """As a proof is left out by default, and given by name."""
    case = Spec.parse("rnn-tanh T=33 B=1 D=2 H=2 O=2").build()

    with pytest.raises(Undecidable, match="too large to compile unless asked for: T=33"):
        load_oracle("jax", asked_for=False)(case)
    assert_same(
        load_oracle("complex_step", every_entry=True)(case), load_oracle("jax")(case), 1e-12, case
    )
