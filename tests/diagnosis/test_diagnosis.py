"""A wrong backward pass is named: by the edit of the textbook that gives its very gradients.

The faults are those of `implementations`, which is written in another style than the textbook.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support.drawn import SMALL, specs_of_target
from support.implementations import FAULTS, Numpy, differs, with_fault

import bptt_check as bc
from bptt_check.diagnosis import LONGEST_CASES, FailureSample, diagnose
from bptt_check.diagnosis.finding import Finding
from bptt_check.diagnosis.first_error import STEPS
from bptt_check.diagnosis.trials import CRAFTED, DRAWN_CASES, trial_of

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

CARRY = "the gradient that h_t gets from step t+1 is dropped"
H_T = "h_t is used in place of h_{t-1} in the gradient of W_hh"
EXPECTED: tuple[tuple[str, str, str], ...] = (
    ("carry_dh", "lstm gru", CARRY),
    ("carry_dc", "lstm", "the gradient that c_t gets from step t+1 is dropped"),
    ("last_step_only", "rnn-tanh", "the error enters at the last step only"),
    ("every_step", "rnn-tanh+last", "the error of the last step enters at every step"),
    ("skip_first", "rnn-tanh", "the loop back leaves out the first step"),
    ("skip_last", "lstm+linear", "the loop back leaves out the last step"),
    ("three_steps", "rnn-tanh", "the loop back stops after 3 steps"),
    ("mixed_batch", "rnn-tanh", "is handed to the next sequence of the batch"),
    ("no_final", "rnn-tanh+linear", "what the loss asks of the final states is"),
    ("no_final_c", "lstm+linear", "what the loss asks of the final cell state is ignored"),
    ("layer_cut", "rnn-tanh+2layers", "a lower layer gets nothing from the layer above"),
    ("h_t", "rnn-tanh lstm", H_T),
    ("wrap_around", "rnn-tanh", "index -1 wraps around in the gradient of W_hh"),
    ("zero_h0", "rnn-tanh", "h_0 is left out of the gradient of W_hh"),
    ("x_shifted", "rnn-tanh", "x_{t-1} is used in place of x_t in the gradient of W_xh"),
    ("aliased", "gru", "every step remembers one and the same array for h_{t-1}"),
    ("aliased", "lstm", "the last state h_T is used for every h_{t-1}"),
    ("bias_twice", "rnn-tanh", "the gradient of b_h is added twice"),
    ("bias_twice", "gru", "the gradients of both biases are added twice"),
    ("bias_l1", "rnn-tanh+2layers", "the gradient of b_h is never written, in layer 1 only"),
    ("assign_W_hh", "gru", "W_hh is assigned where it should be added: only the share of the"),
    ("assign_W_hy", "rnn-tanh", "the gradient of W_hy has only the share of the last step"),
    ("assign_b_y", "rnn-tanh", "the gradient of b_y has only the share of the last step"),
    ("assign_cell", "rnn-tanh lstm gru", "the gradient of every parameter of the cell is assigned"),
    ("doubling", "rnn-tanh", "W_xh is added to itself at every step"),
    ("transpose", "rnn-tanh", "W_hh is used in place of its transpose on the way back to h_{t-1}"),
    ("no_slope", "rnn-sigmoid", "the derivative of the activation is forgotten"),
    ("slope_twice", "rnn-tanh", "is taken at the activated value, that is twice"),
    ("f_sign", "lstm", "the sign of `c_t_bar` is wrong in the gradient of the forget gate f"),
    ("f_slope", "lstm", "the derivative of sigmoid is forgotten in gate f"),
    ("i_for_g", "lstm", "the input gate i is used in place of the candidate g"),
    ("tanh_slope", "lstm", "gate o takes the derivative of tanh for that of sigmoid"),
    ("swapped", "lstm", "the gradient of a_f and the gradient of a_g are exchanged"),
    ("c_from_h", "lstm", "`h_t_bar * o * (1 - tanh_c * tanh_c)` is missing in the gradient of c_t"),
    ("tanh_c_twice", "lstm", "the derivative of tanh is taken at tanh(c_t), that is twice"),
    ("o_path", "lstm", "the path through gate o back to h_{t-1} is left out"),
    ("x_o_path", "lstm", "the path through gate o back to x_t is left out"),
    ("dc_prev", "lstm", "the input gate i is used in place of the forget gate f"),
    ("z_sign", "gru gru-reset-before", "is wrong in the gradient of the update gate z"),
    ("direct", "gru gru-reset-before", "the term `z * h_t_bar` is missing in the"),
    ("direct_1_z", "gru", "the direct path back to h_{t-1} takes 1-z for z"),
    ("r_path", "gru gru-reset-before", "the path through gate r back to h_{t-1} is left out"),
    ("b_hn", "gru", "a_x is used in place of the gradient of a_h in the gradient of b_hh"),
    ("W_hn", "gru", "a_x is used in place of the gradient of a_h in the gradient of W_hh"),
    ("W_hn", "gru-reset-before", "the factor `r` is missing in r * h_{t-1}"),
    ("mse_half", "rnn-tanh+mse", "the factor 2 of the squared error is missing"),
    ("mean_O", "rnn-tanh+mse+mean", "the mean over the outputs is not divided by their number"),
    ("slope_twice", "rnn-sigmoid", "is taken at the activated value"),
)  # fmt: skip
"""Fault, models, what the sentence must hold."""
ROWS = [(fault, model, says) for fault, models, says in EXPECTED for model in models.split()]
NOT_NAMED = {("slope_twice", "rnn-sigmoid")}
"""Of the rows, what the dictionary does not have: tanh of a sigmoid, then the sigmoid's slope."""
NO_FAULT_OF_THE_GRADIENT = {"relu_at_0", "no_shift", "naive_bce"}

Answer = tuple[float, dict[str, Any]]


def sample(model: str, subject: Callable[[bc.Case], Any], count: int = 30) -> FailureSample:
    """What a run of so many cases knows about a model."""
    drawn = specs_of_target(model, count, within=SMALL)
    known = {spec: differs(subject, spec) for spec in drawn}
    fresh = specs_of_target(model, 60, seed=1, within=SMALL)
    return FailureSample(
        [s for s in drawn if known[s]],
        [s for s in drawn if not known[s]],
        lambda spec: differs(subject, spec),
        lambda: [s for s in fresh if s not in known],
    )


def diagnosed(model: str, *faults: str) -> Finding:
    """The diagnosis of some faults."""
    subject = with_fault(*faults)
    (finding,) = diagnose(subject, sample(model, subject, 12))
    return finding


@pytest.mark.parametrize(
    ("fault", "model", "says"), [row for row in ROWS if (row[0], row[1]) not in NOT_NAMED]
)
def test_fault_is_named(fault: str, model: str, says: str) -> None:
    """The first sentence says what was done; both lines, equation and section stand beside it."""
    finding = diagnosed(model, fault)

    assert says in finding.sentence
    assert "exactly what you get when" in finding.sentence
    assert finding.confidence in ("certain", "one of several")
    assert finding.right != finding.wrong
    assert finding.place.startswith("section ")
    assert ".py" not in finding.place
    assert finding.cases >= 2
    assert finding.condition == ""


def test_nearly_every_fault_is_named() -> None:
    """Nine of ten rows are named, and every fault that makes a gradient wrong has a row."""
    assert len(NOT_NAMED) <= 0.1 * len(ROWS)
    assert {fault for fault, *_ in ROWS} == set(FAULTS) - NO_FAULT_OF_THE_GRADIENT - {"clip_dh"}


def test_clipping_is_named_by_its_formula() -> None:
    """What no single line explains may have a formula of its own, which comes later."""
    assert (
        "dh is clipped to [-0.1, 0.1] inside the loop" in diagnosed("rnn-tanh", "clip_dh").sentence
    )


@pytest.mark.parametrize(("fault", "model"), sorted(NOT_NAMED))
def test_unknown_fault_gets_no_name(fault: str, model: str) -> None:
    """What the dictionary does not have is only said to start somewhere."""
    finding = diagnosed(model, fault)

    assert finding.confidence == "hint"
    assert finding.sentence.startswith("no known mistake gives these gradients")
    assert "the gradient of the pre-activations is first wrong at step 3, the last" in (
        finding.sentence
    )


SEVERAL = (
    ("rnn-tanh", ("carry_dh", "h_t"), (CARRY, H_T)),
    ("lstm", ("i_for_g", "f_slope"), ("input gate i is used", "forgotten in gate f")),
    ("lstm", ("carry_dc", "f_slope"), ("forgotten in gate f", "c_t gets from step t+1")),
    ("rnn-tanh+2layers", ("bias_l1", "h_t"), (H_T, "never written, in layer 1 only")),
    ("rnn-tanh+mse", ("mse_half", "carry_dh", "h_t"), (CARRY, H_T, "the factor 2")),
    ("gru", ("assign_cell", "assign_W_hy"), ("parameter of the cell is assigned", "W_hy has only")),
    ("lstm", ("h_t", "bias_twice", "assign_W_hy"), (H_T, "b_h is added twice", "of W_hy has only")),
)


@pytest.mark.parametrize(("model", "faults", "says"), SEVERAL)
def test_several_faults_are_each_named(model: str, faults: Any, says: Any) -> None:
    """Two or three faults at once are each named, and never with full confidence."""
    finding = diagnosed(model, *faults)

    for phrase in says:
        assert phrase in finding.sentence
    assert finding.confidence == "likely"


def test_unexplained_gradient_is_said_to_be_something_else() -> None:
    """Beside a known mistake, an unknown one in another gradient is called something else."""

    def subject(case: bc.Case) -> Answer:
        loss, grads = with_fault("h_t")(case)
        return loss, grads | {"b_y": np.sin(3.0 * grads["b_y"])}

    (finding,) = diagnose(subject, sample("rnn-tanh", subject, 12))

    assert finding.parameters == ("W_hh_l0",)
    assert H_T in finding.sentence
    assert finding.sentence.endswith("what is wrong with b_y is something else")
    assert finding.confidence == "likely"


@pytest.mark.parametrize("seed", range(3))
def test_random_gradient_gets_no_name(seed: int) -> None:
    """A gradient that no mistake makes is not given a name, whichever it is."""

    def subject(case: bc.Case) -> Answer:
        loss, grads = Numpy()(case)
        name = list(grads)[seed]
        rng = np.random.default_rng(case.x.size)
        return loss, grads | {name: grads[name] * rng.uniform(0.5, 1.5, grads[name].shape)}

    (finding,) = diagnose(subject, sample("rnn-tanh", subject, 8))

    assert finding.confidence == "hint"
    assert "exactly what you get" not in finding.sentence


def test_no_failing_case_gives_no_diagnosis() -> None:
    """Without a failing case there is nothing to explain."""
    assert diagnose(Numpy(), FailureSample([], [])) == ()


def test_mistake_of_another_meaning_is_told_too() -> None:
    """Where two mistakes give the same gradients, both are said, and neither is certain."""
    finding = diagnosed("rnn-tanh", "zero_h0")

    assert finding.confidence == "one of several"
    assert "the same comes out when the gradient of W_hh lacks the share of the first step" in (
        finding.sentence
    )


class Counting:
    """A subject that counts its calls, case by case."""

    def __init__(self, subject: Callable[[bc.Case], Any]) -> None:
        self.subject, self.calls = subject, Counter[bytes]()

    def __call__(self, case: bc.Case) -> Any:
        self.calls[self.key_of(case)] += 1
        return self.subject(case)

    @staticmethod
    def key_of(case: bc.Case) -> bytes:
        """All that tells one case from another."""
        arrays = (*case.inputs.values(), case.targets, case.lengths)
        texts = str(case.model), str(case.truncation), case.dtype
        return b"".join((*(t.encode() for t in texts), *(np.asarray(a).tobytes() for a in arrays)))


def unknown_mistake(case: bc.Case) -> Answer:
    """Wrong in a way that no edit and no formula explains."""
    loss, grads = Numpy()(case)
    return loss, grads | {"W_hh_l0": np.sin(3.0 * grads["W_hh_l0"])}


@pytest.mark.parametrize(
    ("model", "shown_by"),
    [("rnn-tanh", "crafted cases"), ("rnn-tanh", "the run"), ("rnn-relu+mse", "crafted cases")],
)
def test_rule_about_when_holds_for_all_that_is_known(model: str, shown_by: str) -> None:
    """What the failing cases of a run have in common is no rule where a crafted case, or the
    smallest one, fails without it.
    """
    always = shown_by == "crafted cases"

    def subject(case: bc.Case) -> Answer:
        wrong = case.sizes.T >= 9 or (always and case.sizes.T == 1)
        return (unknown_mistake if wrong else Numpy())(case)

    failing = [bc.Spec.parse(f"{model} T={T} B=2 seed={T}") for T in (9, 10, 11, 12)]
    passing = [bc.Spec.parse(f"{model} T={T} B=2 seed={T}") for T in (2, 3, 4, 5, 6, 7, 8)]
    smallest = bc.Spec.parse(f"{model} T=1 B=2 seed=3")
    known = FailureSample(failing, passing)

    (told,) = diagnose(subject, known if always else known.with_failing(smallest.build()))

    assert "only when T > 8" not in told.sentence
    if not always:
        (without,) = diagnose(subject, known)
        assert without.sentence.endswith("only when T > 8 (as far as was seen)")


def only_in_batches(case: bc.Case) -> Any:
    """Wrong under a condition."""
    return (with_fault("h_t") if case.sizes.B > 2 else Numpy())(case)


def halved(case: bc.Case) -> Answer:
    """Every gradient has a factor."""
    loss, grads = Numpy()(case)
    return loss, {name: 0.5 * gradient for name, gradient in grads.items()}


COUNTED: dict[str, tuple[str, Callable[[bc.Case], Any]]] = {
    "a factor": ("lstm", halved),
    "a named mistake": ("lstm", with_fault("h_t")),
    "a mistake that may be a truncation": ("lstm", with_fault("carry_dc")),
    "several mistakes": ("lstm", with_fault("i_for_g", "f_slope")),
    "clipping in the loop": ("rnn-tanh", with_fault("clip_dh")),
    "a mistake under a condition": ("lstm", only_in_batches),
    "an unknown mistake": ("lstm", unknown_mistake),
}
"""What is wrong to model and subject: each ends the searches somewhere else."""


@pytest.mark.parametrize("what", COUNTED)
def test_diagnosis_calls_subject_once_per_case(what: str) -> None:
    """However many searches look at an answer, the subject is called once for it.

    The checks of fresh cases by which a condition is confirmed are those of the run: here they
    have a subject of their own.
    """
    model, subject = COUNTED[what]
    counting = Counting(subject)

    assert diagnose(counting, sample(model, subject, 12))
    assert set(counting.calls.values()) == {1}
    assert len(counting.calls) <= LONGEST_CASES + len(CRAFTED) + DRAWN_CASES + STEPS


def test_second_call_for_a_case_would_be_counted() -> None:
    """The counting tells cases apart by their arrays: the same one twice is two calls for one."""
    counting = Counting(Numpy())
    spec = bc.Spec.parse("rnn-tanh T=3 B=2")
    for seed in (1, 2, 2):
        trial_of(counting, replace(spec, seed=seed).build())

    assert sorted(counting.calls.values()) == [1, 2]


def test_long_failing_cases_take_no_longer_than_short_ones() -> None:
    """Hundreds of steps tell no formulas apart that fifty do not, and each of many would be tried
    on them.
    """
    specs = [bc.Spec.parse(f"lstm T={T} B=2 D=2 H=3 O=2 seed={T}") for T in (300, 20, 3, 48, 49)]
    seen = set[int]()

    def subject(case: bc.Case) -> Answer:
        seen.add(case.sizes.T)
        return unknown_mistake(case)

    diagnose(subject, FailureSample(specs, []))

    assert {20, 48} <= seen
    assert 300 not in seen
