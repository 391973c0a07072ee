"""The proof: enclosures hold the true derivative, are narrow, and decide."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

flint = pytest.importorskip("flint")
import bptt_reference
from flint import arb, ctx
from support.enclosures import derivative

import bptt_check as bc
from bptt_check import oracles
from bptt_check.cases.design.design import EVERYTHING, Design
from bptt_check.cases.result import Result
from bptt_check.cases.targets import parse_targets
from bptt_check.equations.exact import sweep
from bptt_check.errors import LeftAlone
from bptt_check.oracles import certified
from bptt_check.runs.check import Setup, check_case
from bptt_check.runs.target_cases import FIRST

prove = oracles.load_oracle("certified")

CASES = [
    "lstm T=3 B=2 D=2 H=2 O=3 seed=1",
    "lstm+2layers+bidirectional+mse+mean T=3 B=3 D=2 H=2 O=3 seed=2 lengths",
    "lstm+linear T=3 B=2 D=2 H=2 seed=3 lengths",
    "gru+bce+last+mean T=4 B=3 D=2 H=2 O=2 seed=4",
    "gru-reset-before+2layers T=3 B=1 D=2 H=3 O=2 seed=5",
    "rnn-relu+mse T=4 B=2 D=2 H=3 O=2 seed=6",
    "rnn-sigmoid T=4 B=2 D=2 H=3 O=2 seed=7 regime=saturated",
    "rnn-identity+nobias T=4 B=2 D=2 H=2 O=2 seed=8 regime=exploding",
]


def ball(proof: Result, name: str, index: tuple[int, ...]) -> arb:
    """The enclosure that a result stands for."""
    assert proof.rest is not None
    assert proof.bounds is not None
    rest, bound = float(proof.rest[name][index]), float(proof.bounds[name][index])
    middle = arb(float(proof.grads[name][index])) + arb(rest)
    return arb(middle, max(bound - abs(rest), 0.0) + 2.0**-48 * bound)  # both are float64


@pytest.mark.parametrize("text", CASES)
def test_reverse_mode_and_series_enclose_the_same_derivatives(text):
    """Reverse mode on a tape and forward mode in series enclose the same derivatives."""
    case = bc.Spec.parse(text).build()
    proof = prove(case)

    with ctx.workprec(192):
        for name, array in case.inputs.items():
            for index in list(np.ndindex(array.shape))[:: max(1, array.size // 3)]:
                other = derivative(case, name, index)

                assert ball(proof, name, index).overlaps(other), (name, index)
                gap = abs(other - arb(float(proof.grads[name][index])))
                assert gap <= arb(float(proof.bounds[name][index]))


def test_a_derivative_off_by_1e_25_is_not_enclosed():
    """The comparison of the two proofs tells a derivative that is off by 1e-25."""
    case = bc.Spec.parse(CASES[0]).build()
    proof = prove(case)

    with ctx.workprec(192):
        other = derivative(case, "W_hh_l0", (0, 0))

        assert not ball(proof, "W_hh_l0", (0, 0)).overlaps(other + arb(1e-25))


@pytest.mark.parametrize("text", [*CASES, "gru T=7 B=2 D=2 H=2 k1=2 k2=3 seed=1"])
def test_every_bound_is_below_an_ulp(text):
    """Whatever the regime, precision is raised until float64 is the coarser of the two."""
    proof = prove(bc.Spec.parse(text).build())

    assert proof.proven
    for name, array in proof.grads.items():
        assert np.all(proof.bounds[name] <= 0.51 * np.spacing(np.abs(array))), name
        assert np.all(np.abs(proof.rest[name]) <= proof.bounds[name])


@pytest.mark.parametrize("text", [*CASES, "lstm T=7 B=2 D=2 H=2 k1=3 k2=5 seed=1"])
def test_proof_agrees_with_the_other_oracles(text):
    """Complex step or the tape, truncated or not, stays within rounding of the proof."""
    case = bc.Spec.parse(text).build()
    name = "finite_difference" if "relu" in text else "complex_step"
    other = oracles.load_oracle(name, every_entry=True)

    assert bc.check(other, case, ["certified"]).verdict in ("pass", "imprecise")
    assert prove(case).loss == pytest.approx(other(case).loss, rel=1e-13)


def test_states_that_enter_a_window_are_enclosed():
    """Not taken from float64: the window's gradient is that of the exact entering state."""
    case = bc.Spec.parse("rnn-identity+linear T=30 B=1 D=1 H=1 k1=30 k2=1 regime=exploding").build()
    proof = prove(case)
    with ctx.workprec(400):
        h = arb(float(case.h0[0, 0, 0]))
        w, u, b = (arb(float(case.params[f"{n}_l0"].flat[0])) for n in ("W_xh", "W_hh", "b_h"))
        for t in range(29):
            h = w * arb(float(case.x[t, 0, 0])) + u * h + b
        delta = arb(float(case.targets[29, 0, 0])) + arb(float(case.cotangent_h_n[0, 0, 0]))
        exact = delta * h

        error = abs(exact - arb(float(proof.grads["W_hh_l0"][0, 0])))

        assert error <= arb(float(proof.bounds["W_hh_l0"][0, 0]))
    assert proof.bounds["W_hh_l0"][0, 0] <= 0.51 * np.spacing(abs(proof.grads["W_hh_l0"][0, 0]))


def kinked() -> bc.Case:
    """relu at a pre-activation of exactly 0."""
    ones = np.ones((1, 1, 1))
    return bc.Case(
        model=bc.Model("rnn", activation="relu", loss="linear", bias=False),
        params={"W_xh_l0": np.ones((1, 1)), "W_hh_l0": np.ones((1, 1))},
        x=ones, h0=-ones, targets=ones, cotangent_h_n=0.0 * ones,
    )  # fmt: skip


def with_slope(slope: float) -> Any:
    """A right gradient of `kinked` for one choice of the slope at 0."""

    def subject(case: bc.Case) -> Any:
        x, h = case.x[0], case.h0[0]
        a_bar = slope * (case.targets[0] + case.cotangent_h_n[0])
        return 0.0, {
            "W_xh_l0": a_bar * x,
            "W_hh_l0": a_bar * h,
            "x": (a_bar * case.params["W_xh_l0"])[None],
            "h0": (a_bar * case.params["W_hh_l0"])[None],
        }

    return subject


@pytest.mark.parametrize("slope", [0.0, 0.25, 1.0])
def test_at_a_kink_every_subgradient_lies_in_the_enclosure(slope):
    """No choice of the slope of relu at 0 is called wrong, and the row says that there is one."""
    report = bc.check(with_slope(slope), kinked(), ["certified", "finite_difference"])

    assert report.verdict == "inconclusive"
    assert {row.verdict for row in report.rows} == {"inconclusive"}
    assert {row.reason for row in report.rows} == {
        "at a kink of relu any subgradient is right, which decides 1 of 1 entries"
    }


@pytest.mark.parametrize("slope", [-0.01, 1.01])
def test_at_a_kink_what_is_no_subgradient_is_wrong(slope):
    """Outside of [0, 1] the proof says no; finite differences know both sides, not every choice."""
    report = bc.check(with_slope(slope), kinked(), ["certified", "finite_difference"])

    assert report.verdict == "fail"
    assert {row.verdict for row in report.rows if row.proven} == {"fail"}


@pytest.mark.parametrize("model", ["rnn-relu+linear+last", "rnn-relu+2layers+bidirectional+mse"])
@pytest.mark.parametrize("oracle", ["finite_difference", "certified", "complex_step"])
def test_slope_zero_for_all_units_on_their_kinks_passes(model, oracle):
    """Slope 0 for all of them is right, although no derivative to one side has it."""
    case = bc.Spec.parse(f"{model} T=6 B=2 D=3 H=4 O=3 regime=sparse seed=220").build()

    verdict = bc.check(bptt_reference.loss_and_grads, case, [oracle]).verdict

    assert verdict == ("inconclusive" if oracle == "complex_step" else "pass")


def enclosed(case: bc.Case, bits: int) -> certified.Enclosure:
    with ctx.workprec(bits):
        return certified._enclose(case)


def test_precision_grows_where_digits_cancel():
    """A gate saturated to 1e-17 costs digits; the bound is as narrow as elsewhere."""
    case = bc.Spec.parse("lstm T=6 B=1 D=2 H=2 O=2 seed=3 regime=saturated").build()
    missing = enclosed(case, 40).missing_bits(None)

    assert missing > 24  # 64 bits are asked for
    assert enclosed(case, 40 + missing).missing_bits(None) == 0
    assert np.isfinite(prove(case).grads["W_hh_l0"]).all()


def test_a_kink_is_as_wide_at_every_precision():
    """Of one enclosure it is not known; after a second one nothing is missing."""
    coarse, fine = enclosed(kinked(), 128), enclosed(kinked(), 256)

    assert coarse.missing_bits(None) > 0
    assert fine.missing_bits(coarse) == 0
    assert fine.missing_bits(None) > 0


def test_a_window_without_a_loss_is_not_swept(monkeypatch):
    """With the loss of the last step alone that is all but one; with that of every step none."""
    swept: list[int] = []
    monkeypatch.setattr(
        certified, "sweep", lambda problem, *how: swept.append(1) or sweep(problem, *how)
    )
    for readout, count in (("+last", 1), ("", 4)):
        swept.clear()
        prove(bc.Spec.parse(f"rnn-tanh{readout} T=8 B=1 D=1 H=1 k1=2 k2=2").build())

        assert len(swept) == count


# --- what is proven by default ------------------------------------------------------------------


def chunk(*steps: int) -> list[bc.Case]:
    """Cases that differ in T alone."""
    return [bc.Spec.parse(f"lstm T={T} B=2 D=2 H=2 O=2").build() for T in steps]


def proven_of(*steps: int) -> list[int]:
    """The T of those of a chunk that are proven by default."""
    reasons = certified.reasons_to_leave(chunk(*steps))
    return [T for T, reason in zip(steps, reasons, strict=True) if not reason]


def test_the_cheapest_cases_of_a_chunk_are_proven():
    """As many as their budget allows for, wherever they stand; the others say why they are not."""
    short, long = certified.operations(chunk(2)[0]), certified.operations(chunk(24)[0])

    assert 4 * certified.PER_CASE > 3 * short > 4 * certified.PER_CASE - long
    assert proven_of(2, 24, 2, 2) == [2, 2, 2]
    assert proven_of(24, 24, 2, 24) == [2]
    reasons = certified.reasons_to_leave(chunk(2, 24, 2, 2))
    assert reasons[1] == (
        f"not proven unless asked for: {long:,} operations, and of 4 cases only the cheapest are, "
        f"with {4 * certified.PER_CASE:,} by default"
    )


def test_one_case_of_a_chunk_is_proven_whatever_it_takes():
    """So there is a proof for every model; and so is a case by itself."""
    assert certified.operations(chunk(24)[0]) > 2 * certified.PER_CASE
    assert proven_of(40, 24) == [24]
    assert proven_of(40) == [40]


def test_many_cases_are_proven_as_a_chunk():
    """The oracle that was not asked for leaves the others alone; that which was proves all."""
    cases = chunk(24, 2, 24)
    by_default = list(oracles.load_oracle("certified", asked_for=False).many(cases))
    by_name = list(prove.many(cases))

    assert [isinstance(result, LeftAlone) for result in by_default] == [True, False, True]
    assert [result.proven for result in by_name] == [True] * 3
    assert np.array_equal(by_default[1].grads["x"], by_name[1].grads["x"])


def test_large_cases_are_proven_on_demand_only():
    """By default a case that would take long is left alone, with a reason; by name it is proven."""
    case = bc.Spec.parse("rnn-tanh T=160 B=100 D=1 H=1 O=2").build()

    with pytest.raises(LeftAlone, match=r"too large to prove unless asked for: \d{3},\d{3} oper"):
        oracles.load_oracle("certified", asked_for=False)(case)
    assert certified.reasons_to_leave([case, *chunk(2)])[1] == ""
    assert not prove.reasons_to_leave


def test_the_first_cases_of_a_run_have_one_that_is_proven():
    """Also of a model whose proofs are dear: every gradient is proven in a run however short."""
    (target,) = parse_targets("rnn-identity+2layers+bidirectional+mse")
    cases = [spec.build() for spec in Design(target, ("float64",), 0, EVERYTHING).specs(FIRST)]

    assert "" in certified.reasons_to_leave(cases)
    assert sum(map(certified.operations, cases)) > FIRST * certified.PER_CASE  # not all of them


def test_a_wrong_gradient_is_proven_wrong():
    """The message says so, and how near the truth is known."""
    case = bc.Spec.parse(CASES[0]).build()

    def subject(case: bc.Case) -> Any:
        loss, grads = bptt_reference.loss_and_grads(case)
        grads["b_h_l0"][3] *= 1.0 + 1e-11
        return loss, grads

    wrong = bc.check(subject, case)
    right = bc.check(bptt_reference.loss_and_grads, case)

    assert wrong.verdict == "fail"
    assert "proven    the true derivative is " in wrong.message
    assert wrong.proven
    assert right.verdict == "pass"
    assert right.proven
    assert not bc.check(subject, case, ["complex_step"]).proven


def test_the_reference_is_within_few_proven_ulps():
    """In a plain case the hand-written gradient is off by a handful of units in the last place."""
    case = bc.Spec.parse("rnn-tanh+mse T=1 B=1 D=2 H=2 O=2 seed=1").build()
    rows = bc.check(bptt_reference.loss_and_grads, case, ["certified"]).rows

    assert all(0.0 <= row.max_ulps < 8.0 for row in rows)
    assert any(row.max_ulps != round(row.max_ulps) for row in rows)


class Wrong:
    """An oracle that is wrong in one entry."""

    name = "wrong"

    def __call__(self, case: bc.Case) -> Result:
        right = oracles.load_oracle("complex_step", every_entry=True)(case)
        grads = {n: g.copy() for n, g in right.grads.items()}
        grads["b_h_l0"][0] += 0.5
        return Result(right.loss, grads, bounds=right.bounds)


def test_an_oracle_that_contradicts_a_proof_is_left_out():
    """With a proof there is no tie: the other oracle's rows say so, and the subject passes."""
    case = bc.Spec.parse(CASES[0]).build()
    report = check_case(bptt_reference.loss_and_grads, case, Setup((Wrong(), prove)))
    contradicted = [r for r in report.rows if r.verdict == "inconclusive"]

    assert report.verdict == "pass"
    assert [r.parameter for r in contradicted] == ["b_h_l0"]
    assert "contradicted by a proof" in contradicted[0].reason


def test_without_a_proof_the_same_disagreement_is_inconclusive():
    """Two oracles, one of them wrong: nobody can say which."""
    case = bc.Spec.parse(CASES[0]).build()
    both = (Wrong(), oracles.load_oracle("complex_step", every_entry=True))

    assert check_case(bptt_reference.loss_and_grads, case, Setup(both)).verdict == "inconclusive"
