"""The measure of rounding: right gradients stay within a few units of it, wrong ones do not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import bptt_reference
import numpy as np
import pytest
from support.drawn import specs_of_defaults
from support.right import RightOracle

from bptt_check import oracles
from bptt_check.cases.case import Case, Spec
from bptt_check.cases.contract import accept
from bptt_check.cases.generate import REGIMES
from bptt_check.cases.model import Model
from bptt_check.cases.precision import PRECISIONS
from bptt_check.cases.result import Differentiator, Result
from bptt_check.cases.targets import Target
from bptt_check.equations.conditioning import conditioning, loss_scatter
from bptt_check.equations.exact import exact_gradients, exact_loss
from bptt_check.equations.network import problem_of
from bptt_check.equations.rounding_errors import Conditioning
from bptt_check.runs.check import Setup, check_case
from bptt_check.verdicts.case_report import CaseReport
from bptt_check.verdicts.verdict import Reason

EXACT_ORACLE = Setup((RightOracle(),))
WITHIN = 12.0
"""Units that right implementations stay below; a third of what `verdict.Tolerance` allows."""


def drawn(dtype: str, regime: str, count: int, families: tuple[str, ...] = ()) -> Iterator[Case]:
    """Cases of all default models that the reference and complex step have an answer to."""

    def answered(target: Target) -> bool:
        model = target.model
        return model.activation != "relu" and (not families or model.family in families)

    specs = specs_of_defaults(
        count,
        within="T=1..10 B=1..4 D=1..5 H=1..5 O=1..4",
        dtypes=(dtype,),
        target=answered,
        spec=lambda spec: spec.regime == regime,
    )
    yield from (spec.build() for spec in specs)


def reference(case: Case) -> Result | None:
    """The hand-written gradient, read like a subject; None where the case's dtype overflows."""
    with np.errstate(over="ignore", invalid="ignore"):
        accepted = accept(case, bptt_reference.loss_and_grads(case))
    return None if accepted.breaches else accepted.result


def units(got: Result, want: Result, own: Conditioning, exact: Conditioning) -> float:
    """The largest distance of two results in units of what both arithmetics inflict."""
    tiniest = np.finfo(own.dtype).tiny
    return max(
        float((np.abs(got.grads[n] - a) / (own.error(n) + exact.error(n) + tiniest)).max())
        for n, a in want.grads.items()
    )


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("regime", REGIMES)
def test_the_reference_stays_within_a_few_units(dtype, regime):
    """In either dtype and in every regime its distance to complex step is rounding."""
    for case in drawn(dtype, regime, 20):
        exact, own = conditioning(case, "float64"), conditioning(case, dtype)
        got, want = reference(case), oracles.load_oracle("complex_step", every_entry=True)(case)
        if got is None:  # see test_right_code_does_not_overflow
            assert (dtype, case.model.family) == ("float32", "rnn-identity"), str(case.spec)
            continue
        assert units(got, want, own, exact) < WITHIN, str(case.spec)


@pytest.mark.parametrize("regime", REGIMES)
def test_losses_stay_within_a_few_units(regime):
    """The reference's loss differs from that of the shared forward pass by rounding."""
    for case in drawn("float64", regime, 60):
        got, want = reference(case), exact_loss(case)
        typical = PRECISIONS["float64"].unit * loss_scatter(problem_of(case)).sum()
        assert abs(got.loss - want) <= WITHIN * 2 * typical, str(case.spec)


@pytest.mark.parametrize("regime", REGIMES)
def test_torch_stays_within_a_few_units(regime):
    """Autograd and complex step, both in float64, differ by rounding."""
    pytest.importorskip("torch")
    for case in drawn("float64", regime, 20):
        exact = conditioning(case, "float64")
        got, want = (
            oracles.load_oracle("torch")(case),
            oracles.load_oracle("complex_step", every_entry=True)(case),
        )
        assert units(got, want, exact, exact) < WITHIN, str(case.spec)


@pytest.mark.parametrize("regime", REGIMES)
def test_relu_stays_within_a_few_units(regime):
    """Where complex step does not apply the reference is compared with autograd."""
    pytest.importorskip("torch")
    for spec in specs_of_defaults(
        20,
        target=lambda target: target.model.activation == "relu",
        spec=lambda spec: spec.regime == regime,
    ):
        case = spec.build()
        exact = conditioning(case, "float64")
        got, want = reference(case), oracles.load_oracle("torch")(case)
        assert got is not None
        assert units(got, want, exact, exact) < WITHIN, str(spec)


GRU = "gru+bce+last+mean+nobias T=11 B=3 D=3 H=1 O=1 regime=saturated dtype=float32 seed=2858"
RNN = "rnn-identity+2layers+mse+mean T=5 B=2 D=5 H=4 O=3 regime=saturated k1=5 k2=1 lengths"


@pytest.mark.parametrize("text", [GRU, f"{RNN} seed=3947"])
def test_known_hard_cases_stay_within_a_few_units(text):
    """Cases in which a right implementation was once farther off than usual."""
    case = Spec.parse(text).build()
    exact = conditioning(case, "float64")
    got, want = (
        reference_in_float64(case),
        oracles.load_oracle("complex_step", every_entry=True)(case),
    )

    assert units(got, want, exact, exact) < WITHIN


def reference_in_float64(case: Case) -> Result:
    """The reference on the values of a case, computing in float64 whatever its dtype."""
    result = reference(replace(case, dtype="float64", spec=None))
    assert result is not None
    return result


LONG = [
    "rnn-tanh T=40 B=16 D=2 H=4 O=3 dtype=float32 regime=tiny seed=2",
    "lstm T=50 B=16 D=2 H=4 O=3 dtype=float32 regime=tiny seed=1",
    "lstm T=100 B=64 D=4 H=8 O=3 dtype=float32 regime=tiny seed=1",
    "gru T=100 B=64 D=4 H=8 O=3 dtype=float32 seed=1",
    "gru+mse T=200 B=64 D=4 H=8 O=3 dtype=float32 regime=tiny seed=1",
    "lstm T=100 B=64 D=4 H=8 O=3 regime=tiny seed=1",
    "rnn-relu T=3 B=8 D=600 H=500 O=3 dtype=float32 seed=1",
    "lstm T=127 B=127 D=2 H=2 O=2 dtype=float32 regime=saturated inputs=zero initial_state=zero",
    "lstm T=31 B=8 D=1 H=31 O=31 dtype=float32 regime=tiny inputs=alike seed=3513",
    "rnn-relu T=64 B=33 D=129 H=1 O=129 dtype=float32 regime=tiny inputs=large seed=4725",
    "rnn-relu T=64 B=128 D=1 H=1 O=64 regime=sparse inputs=negative_zero seed=44814",
]
"""With tiny weights every softmax is the same number: the errors of thousands of them add up. In
the others thousands of different terms do.
"""


@pytest.mark.parametrize("text", LONG)
def test_long_sums_of_right_code_pass(text):
    """Thousands of terms are added; and equal ones round alike."""
    report = judged(bptt_reference.loss_and_grads, text)

    assert report.verdict == "pass", report.message
    assert max(row.max_budgets for row in report.rows) < 0.75


def test_losses_of_equal_sequences_may_be_added_in_turn():
    """Each addition rounds the same way; memory that repeats one number is summed so by NumPy."""
    text = "gru+linear T=4 B=126 D=1 H=1 O=1 inputs=alike initial_state=zero layout=expanded"

    def loses_one_sequence(case: Case) -> Any:
        loss, grads = bptt_reference.loss_and_grads(case)
        return loss * (1 - 1 / case.sizes.B), grads

    assert judged(bptt_reference.loss_and_grads, text).verdict == "pass"
    assert judged(loses_one_sequence, text).verdict == "fail"


@pytest.mark.parametrize("text", LONG)
def test_one_sequence_left_out_of_a_long_sum_fails(text):
    """The budget of a long sum is far below the terms of one sequence."""

    def forgets_a_sequence(case: Case) -> Any:
        loss, grads = bptt_reference.loss_and_grads(case)
        _, of_one = bptt_reference.loss_and_grads(last_sequence_of(case))
        return loss, grads | {"W_hy": grads["W_hy"] - of_one["W_hy"]}

    report = judged(forgets_a_sequence, text)

    assert report.verdict == "fail", report.message
    assert report.parameter == "W_hy"


CHAOS = "rnn-tanh+mse+last T=100 B=8 D=8 H=64 O=10 dtype=float32 regime=saturated seed=174"


def test_chaotic_float32_gradients_are_not_judged():
    """Two float32 programs that differ by rounding end up nineteen orders of magnitude apart."""
    case = Spec.parse(CHAOS).build()
    report = judged(bptt_reference.loss_and_grads, CHAOS)
    reasons = {row.parameter: row.reason for row in report.rows}

    got = reference(case)
    assert got is not None
    assert units(got, oracles.load_oracle("torch")(case), *both(case)) > 50 * WITHIN
    assert report.verdict == "pass", report.message  # for b_y, which is not behind the chaos
    assert reasons["W_hh_l0"] == (
        "rounding in float32 grows until trajectories diverge, which explains any value"
    )
    assert reasons["b_y"] == ""


HALF = [
    "rnn-relu+linear T=33 B=33 D=9 H=8 O=9 dtype=bfloat16 regime=normal seed=42",
    "rnn-relu+2layers+linear T=33 B=33 D=9 H=1 O=2 dtype=bfloat16 regime=sparse seed=189",
    "rnn-relu+2layers+linear T=33 B=2 D=9 H=33 O=2 dtype=bfloat16 regime=normal seed=496",
    "rnn-relu+2layers+linear T=33 B=1 D=9 H=8 O=9 dtype=bfloat16 regime=exploding seed=881",
    "rnn-relu+mse+last T=63 B=2 D=7 H=7 O=7 dtype=bfloat16 regime=sparse inputs=subnormal "
    "initial_state=zero seed=54035",
    "rnn-relu T=2 B=33 D=1 H=8 O=9 dtype=bfloat16 regime=exploding seed=1305",
    "rnn-relu+2layers+bce T=33 B=33 D=3 H=33 O=2 dtype=bfloat16 regime=exploding seed=1376",
    "lstm T=60 B=3 D=65 H=8 O=3 dtype=bfloat16 seed=1",
]
"""Several kinks at once; kinks that lie beyond all samples; a flushed input; tied logits."""


@pytest.mark.parametrize("text", HALF)
def test_torch_in_half_precision_passes(text):
    """Every result is rounded to eight digits there: what is rare in float32 is common."""
    torch = pytest.importorskip("torch")
    from bptt_check.subjects.torch import from_module

    module = torch.nn.LSTM if text.startswith("lstm") else torch.nn.RNN
    report = check_case(from_module(module), Spec.parse(text).build(), EXACT_ORACLE, ())

    assert not report.verdict.failing, report.message


UNLUCKY = [
    "rnn-tanh T=64 B=1 D=8 H=64 O=64 dtype=float32 regime=saturated inputs=zero seed=26515",
    "lstm T=129 B=2 D=2 H=24 O=2 k1=131 k2=1 dtype=float32 regime=saturated inputs=alike "
    "initial_state=zero_c seed=1",
]
"""Chaos in which all samples agree on some entries by chance, and chaos before a window."""


@pytest.mark.parametrize("text", UNLUCKY)
def test_entries_on_which_chaotic_samples_agree_by_chance_are_not_judged(text):
    """Right float32 code has other values there."""
    report = judged(bptt_reference.loss_and_grads, text)

    assert not report.verdict.failing, report.message
    assert {r.reason_kind for r in report.rows if r.parameter == "W_hh_l0"} == {Reason.CHAOTIC}


def test_a_window_after_quiet_steps_is_judged():
    """The same truncation where nothing diverges before it."""

    def subject(case: Case) -> Any:
        loss, grads = bptt_reference.loss_and_grads(case)
        return loss, grads | {"W_hh_l0": 1.001 * grads["W_hh_l0"]}

    text = UNLUCKY[1].replace("saturated", "normal")

    assert judged(bptt_reference.loss_and_grads, text).verdict == "pass"
    assert judged(subject, text).verdict == "fail"


def test_gradients_outside_the_chaos_are_judged():
    """The last bias of the same case, three times too large."""

    def subject(case: Case) -> Any:
        loss, grads = bptt_reference.loss_and_grads(case)
        return loss, grads | {"b_y": 3 * grads["b_y"]}

    report = judged(subject, CHAOS)

    assert (report.verdict, report.parameter) == ("fail", "b_y")


def test_normal_regime_is_never_chaotic():
    """In the normal regime there is no chaos to hide behind, in any dtype that has digits."""
    for dtype in ("float64", "float32"):
        for case in drawn(dtype, "normal", 60):
            assert conditioning(case, dtype).chaotic is None, str(case.spec)


def both(case: Case) -> tuple[Conditioning, Conditioning]:
    """How rounding grows in the dtype of a case, and in float64."""
    return conditioning(case, case.dtype), conditioning(case, "float64")


def judged(subject: Differentiator, text: str) -> CaseReport:
    """The judgement of a subject on one case by PyTorch, which is quick on large ones."""
    pytest.importorskip("torch")
    return check_case(subject, Spec.parse(text).build(), Setup((oracles.load_oracle("torch"),)))


def last_sequence_of(case: Case) -> Case:
    """The case without its other sequences."""
    batched = ("x", "h0", "c0", "targets")
    last = {n: getattr(case, n)[:, -1:] for n in batched if getattr(case, n) is not None}
    return replace(case, **last, spec=None)


COMPLEX_STEP = Setup((oracles.load_oracle("complex_step", every_entry=True),))
SATURATED = "rnn-tanh+linear+last T=6 B=2 D=3 H=4 O=3 regime=saturated seed=15254"


def test_a_tanh_that_is_off_by_some_units_passes():
    """JAX's is, by up to 6.5 in the last place, where 1 - tanh^2 keeps few digits."""
    pytest.importorskip("jax")
    from bptt_check.power.implementations import jax_scan

    report = check_case(jax_scan, Spec.parse(SATURATED).build(), COMPLEX_STEP)

    assert report.verdict == "pass", report.message
    assert max(row.max_budgets for row in report.rows) < 0.5


@pytest.mark.parametrize(
    ("off", "verdict"),
    [(0.0, "pass"), (3.0, "pass"), (2.0**20, "imprecise"), (-(2.0**20), "imprecise")],
)
def test_functions_are_granted_a_few_units_and_not_a_million(off, verdict):
    """A tanh that is too large by 3 units is right, one that is by 1e-10 of itself is not."""
    case = Spec.parse("rnn-tanh+linear+last T=6 B=2 D=3 H=4").build()
    report = check_case(partial(with_tanh, off=off * 2.0**-53), case, COMPLEX_STEP)

    assert report.verdict == verdict, report.message


def with_tanh(case: Case, off: float) -> tuple[float, dict[str, np.ndarray]]:
    """The equations of a plain network with linear loss, with a tanh that is off by a factor."""
    W, U, x = case.params["W_xh_l0"], case.params["W_hh_l0"], case.x
    hs = [case.h0[0]]
    for x_t in x:
        hs.append(np.tanh(x_t @ W.T + hs[-1] @ U.T + case.params["b_h_l0"]) * (1.0 + off))
    h_bar = case.targets + case.cotangent_h_n[0]
    a_bar = np.empty((len(x), *h_bar.shape))
    loss = float((h_bar * hs[-1]).sum())
    for t in reversed(range(len(x))):
        a_bar[t] = h_bar * (1.0 - hs[t + 1] ** 2)
        h_bar = a_bar[t] @ U
    grads = {
        "W_xh_l0": np.einsum("tbh,tbd->hd", a_bar, x),
        "W_hh_l0": np.einsum("tbh,tbk->hk", a_bar, np.array(hs[:-1])),
        "b_h_l0": a_bar.sum((0, 1)),
        "x": a_bar @ W,
        "h0": h_bar[None],
    }
    return loss, grads


def test_a_loss_near_zero_rounds_at_the_size_of_its_sum():
    """`log(1 + 5e-9)` is 5e-9 give or take 1e-16, whoever computes it that way."""
    case = Spec.parse("rnn-tanh T=1 B=1 D=1 H=1 O=2 regime=saturated seed=0").build()
    got, want = reference(case), oracles.load_oracle("complex_step", every_entry=True)(case)
    own = conditioning(case, "float64")

    assert want.loss < 1e-8
    assert abs(got.loss - want.loss) <= WITHIN * 2 * own.loss_error()


@pytest.mark.parametrize("regime", list(REGIMES))
def test_right_code_does_not_overflow(regime):
    """No regime asks for more than float32 can hold: a right implementation would look broken."""
    for family in ("rnn-identity", "rnn-relu"):
        for rest in ("+3layers+mse", "+2layers+mse"):
            for seed in range(8, 14):
                text = f"{family}{rest} T=16 B=4 D=5 H=5 O=4 dtype=float32 seed={seed}"
                case = Spec.parse(f"{text} regime={regime}").build()
                assert reference(case) is not None, str(case.spec)


@pytest.mark.parametrize("name", ["rnn-tanh", "lstm", "gru", "gru-reset-before+2layers"])
@pytest.mark.parametrize("seed", range(5))
def test_an_error_in_the_ninth_digit_is_thousands_of_units(name, seed):
    """In the normal regime a relative error of 1e-9 of any large entry is far over budget."""
    case = Spec.parse(f"{name} T=8 B=3 D=4 H=5 O=3 seed={seed}").build()
    exact = conditioning(case, "float64")
    for parameter, array in oracles.load_oracle("complex_step", every_entry=True)(
        case
    ).grads.items():
        share = 1e-9 * np.abs(array) / exact.error(parameter)
        assert share.max() > 1e4, parameter
        assert np.median(share) > 1e4, parameter


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("name", ["rnn-tanh", "lstm", "lstm+3layers+linear", "gru k1=2 k2=3"])
def test_conditioning_is_the_same_in_float32_and_float64(name, seed, monkeypatch):
    """Errors per unit are the same for float32 and float64 outside of saturation.

    Of sixteen samples the scatter is off by a fifth, typically: of that of 256 nothing hides it.
    """
    monkeypatch.setattr("bptt_check.equations.conditioning.SAMPLES", 256)
    case = Spec.parse(f"{name} T=6 seed={seed}").build()
    coarse, fine = conditioning(case, "float32"), conditioning(case, "float64")
    ratios = np.concatenate([(coarse.grads[n] / fine.grads[n]).ravel() for n in case.inputs])

    assert 0.95 < np.median(ratios) < 1.05
    assert ratios.min() > 0.6
    assert ratios.max() < 1.7
    assert 0.8 < coarse.loss / fine.loss < 1.25


@pytest.mark.parametrize("name", ["rnn-tanh", "lstm", "lstm+3layers+linear", "gru k1=2 k2=3"])
def test_sixteen_samples_are_enough_for_a_budget(name):
    """No entry of 256 samples scatters by much more than sixteen say, against a tolerance of 32."""
    for seed in range(8):
        case = Spec.parse(f"{name} T=6 seed={seed}").build()
        few = conditioning(case, "float32")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("bptt_check.equations.conditioning.SAMPLES", 256)
            many = conditioning.__wrapped__(case, "float32")
        assert max(float((many.grads[n] / few.grads[n]).max()) for n in case.inputs) < 4.0


def test_an_error_is_so_many_units_of_the_dtype():
    """`error` is the conditioning times the unit roundoff of the dtype."""
    case = Spec.parse("gru T=2").build()
    single = conditioning(case, "float32")

    assert [PRECISIONS[n].unit for n in ("float64", "float32")] == [2.0**-53, 2.0**-24]
    assert np.array_equal(single.error("x"), single.grads["x"] * 2.0**-24)
    assert single.loss_error() == single.loss * 2.0**-24


def test_conditioning_is_deterministic():
    """A verdict must not depend on chance."""
    case = Spec.parse("lstm+2layers T=4 lengths").build()
    one, other = conditioning(case, "float64"), conditioning(case, "float64")

    assert one.loss == other.loss
    assert all(np.array_equal(a, other.grads[n]) for n, a in one.grads.items())


def test_every_entry_has_at_least_its_own_rounding():
    """No entry is more exact than one rounding of its value."""
    case = Spec.parse("lstm T=4").build()
    exact = conditioning(case, "float64")
    for name, array in oracles.load_oracle("complex_step", every_entry=True)(case).grads.items():
        assert np.all(exact.grads[name] >= 0.999 * np.abs(array)), name


def relu_case(b: float) -> Case:
    """One unit whose pre-activation is b."""
    zero = np.zeros((1, 1, 1))
    return Case(
        model=Model("rnn", activation="relu", loss="linear"),
        params={"W_xh_l0": [[1.0]], "W_hh_l0": [[1.0]], "b_h_l0": [b]},
        x=zero, h0=zero, targets=zero + 1.0, cotangent_h_n=zero,
    )  # fmt: skip


def test_a_kink_widens_the_subdifferential():
    """At a pre-activation of exactly 0 the slope may be 0, 1 or between; beside it, no choice."""
    at, beside = (conditioning(relu_case(b), "float64") for b in (0.0, 0.5))

    assert at.subgradient_width("b_h_l0") == np.ones(1)
    assert beside.subgradient_width("b_h_l0") == 0.0
    for one in (at, beside):
        assert one.error("b_h_l0")[0] / PRECISIONS["float64"].unit < 10


def test_gradients_that_are_zero_by_structure_have_no_rounding():
    """Steps outside of the windows get exactly zero from anyone."""
    case = Spec.parse("lstm T=6 B=2 k1=6 k2=2").build()
    exact = conditioning(case, "float64")

    assert not exact.grads["x"][:4].any()
    assert not exact.grads["h0"].any()
    assert exact.grads["x"][4:].all()


@pytest.mark.parametrize("cut", ["", " k1=2 k2=2"])
def test_loss_of_a_truncated_case_rounds_like_the_full_one(cut):
    """The loss of a truncated case rounds like that of the full one."""
    case = Spec.parse(f"gru T=6{cut}").build()

    assert conditioning(case, "float64").loss == pytest.approx(
        loss_scatter(problem_of(case)).sum(), rel=0.7
    )


def test_conditioning_grows_with_the_terms_of_a_sum_and_not_with_the_size_of_arrays():
    """A budget is that of its entry: 8 times the units loosen it little, 8 times the sequences by
    as much as they add, and by the square root of 8 for the additions at most.
    """
    few, units_, sequences = (
        float(np.median(conditioning(Spec.parse(text).build(), "float64").grads["W_hy"]))
        for text in ("lstm T=4 B=3 D=3 H=3", "lstm T=4 B=3 D=3 H=24", "lstm T=4 B=24 D=3 H=3")
    )

    assert units_ < 2.5 * few
    assert sequences < 8 * 8**0.5 * few


def test_loss_of_diverged_trajectories_is_known_only_as_far_as_they_agree() -> None:
    """Chaos ends as far apart under any unit roundoff; a steady sibling is known to rounding."""
    line = "rnn-tanh+mse T=200 B=1 D=1 H=24 O=1 regime={} seed=1"
    chaotic, steady = (Spec.parse(line.format(r)).build() for r in ("exploding", "normal"))
    reordered = exact_loss(chaotic) - float(bptt_reference.loss_and_grads(chaotic)[0])

    assert conditioning(chaotic, "float64").loss_error() > max(0.01, abs(reordered))
    assert conditioning(steady, "float64").loss_error() < 1e-12


@pytest.mark.parametrize("text", ["lstm T=9 B=2 D=3 H=4 O=5", "rnn-relu T=5", "gru T=60 H=9 O=33"])
def test_conditioning_is_the_same_whoever_asked_for_the_forward_pass_before(text):
    """Finite differences share it: the backward pass rounds from where that one ended."""
    case = Spec.parse(text).build()
    alone = conditioning.__wrapped__(case, "float64")
    oracles.load_oracle("finite_difference")(case)
    after = [conditioning.__wrapped__(case, "float64") for _ in range(2)]

    for other in after:
        assert other.loss == alone.loss
        for name, array in alone.grads.items():
            np.testing.assert_array_equal(other.grads[name], array)


FINER = "rnn-tanh T=100 B=2 D=3 H=32 O=3 regime=exploding seed=1"
"""A case that is chaotic at the coarse unit at which float64 is simulated, and not in float64."""


def test_float64_is_decided_where_only_the_coarser_unit_is_chaotic() -> None:
    """A second simulation, nearer to float64, follows its trajectories; float32 does not."""
    case = Spec.parse(FINER).build()
    found = conditioning(case, "float64")
    in_float32 = conditioning(case, "float32")

    assert found.chaotic is None or not any(np.any(c) for c in found.chaotic.values())
    assert in_float32.chaotic is not None
    assert np.all(np.isinf(in_float32.chaotic["W_hh_l0"]))
    exact, (_, grads) = exact_gradients(case), bptt_reference.loss_and_grads(case)
    for name, error in ((n, np.abs(g - exact[n])) for n, g in grads.items()):
        assert np.all(error <= 32.0 * found.error(name)), name


@pytest.mark.parametrize(("factor", "verdict"), [(1.0, "pass"), (1.01, "fail")])
def test_verdict_where_only_the_coarser_unit_is_chaotic(factor: float, verdict: str) -> None:
    """Right code passes there, with every gradient decided; a hundredth too much does not."""
    case = Spec.parse(FINER).build()

    def subject(case: Case) -> Any:
        loss, grads = bptt_reference.loss_and_grads(case)
        return loss, {**grads, "W_hh_l0": factor * grads["W_hh_l0"]}

    report = check_case(subject, case, Setup((RightOracle(),)), ())

    assert report.verdict == verdict, report.message
    assert all(row.decided for row in report.rows)
    assert ("W_hh_l0 is wrong" in report.message) is (verdict == "fail")
