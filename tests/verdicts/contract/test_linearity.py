"""Linear in the cotangent: what a vector-Jacobian product must be, and how it can fail to be."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from support.implementations import Numpy

import bptt_check as bc
from bptt_check.cases.follow_up import every_call
from bptt_check.cases.generate import REGIMES
from bptt_check.cases.probes import SCALE
from bptt_check.cases.recurrences.recurrence import Recurrence
from bptt_check.equations.conditioning import conditioning
from bptt_check.recurrences.code import reference_code
from bptt_check.subjects.calling import call
from bptt_check.subjects.kernels.kernel import kernel_subject
from bptt_check.verdicts.budget import Budgets, Tolerance
from bptt_check.verdicts.contract.linearity import Clipping, Linearity, Probe, not_linear

CASE = bc.Spec.parse("lstm+linear T=3 B=2 D=2 H=3").build()
ORACLES = ["complex_step"]
Change = Callable[[bc.Case, dict[str, Any]], dict[str, Any]]


def changed(change: Change) -> Callable[[bc.Case], Any]:
    """A right subject whose gradients are changed before they are returned."""

    def subject(case: bc.Case) -> Any:
        loss, grads = Numpy()(case)
        return loss, {n: np.asarray(g, case.dtype) for n, g in change(case, grads).items()}

    return subject


def of_params(function: Callable[[Any], Any]) -> Change:
    """A change of the gradient of W_hh_l0 only."""
    return lambda case, grads: grads | {"W_hh_l0": function(grads["W_hh_l0"])}


# --- right --------------------------------------------------------------------------------------


@functools.cache
def budgets_of(case: bc.Case) -> Budgets:
    """As a judgement makes them."""
    own = conditioning(case, case.dtype)
    return Budgets(Tolerance(), own, conditioning(case, "float64"), None)


def budget(case: bc.Case, name: str) -> Any:
    """Of one gradient, or of the loss."""
    budgets = budgets_of(case)
    return np.array(budgets.of_loss()) if name == "loss" else budgets.of(name)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("regime", REGIMES)
@pytest.mark.parametrize(
    "model", ["lstm+linear", "gru+2layers+linear", "rnn-relu+linear+last", "rnn-identity+linear"]
)
def test_a_right_kernel_is_linear(model, regime, dtype):
    """In every regime and precision."""
    for seed in range(3):
        spec = f"{model} T={2 + seed} B=2 D=2 H=3 dtype={dtype} regime={regime} seed={seed}"
        case = bc.Spec.parse(spec).build()
        answer = call(Numpy(), case, calls=every_call(case))

        assert set(answer.linear) == {"zero", "scaled", "one", "rest"}
        assert not_linear(case, answer.result, answer.linear, budget) == []


def test_sums_in_another_order_are_no_finding():
    """A kernel that adds in another order in each call rounds anew, and parts may cancel."""
    rng = np.random.default_rng(0)

    def shuffled(case: bc.Case) -> Any:
        loss, grads = Numpy()(case)
        eps = np.finfo(case.dtype).eps
        return loss, {n: g * (1 + eps * rng.uniform(-1, 1, g.shape)) for n, g in grads.items()}

    assert bc.check(shuffled, CASE, oracles=ORACLES).passed


# --- wrong --------------------------------------------------------------------------------------

RIGHT_HERE = [
    pytest.param(
        of_params(lambda g: np.clip(g, -50.0, 50.0)),
        "the gradient of W_hh_l0 is not linear in the cotangents: times -1024 they give W_hh_l0[",
        "; these are clipped to values within 50\n",
        id="clipped beyond what the case reaches",
    ),
    pytest.param(
        of_params(lambda g: g * min(1.0, 100.0 / np.linalg.norm(g)) if g.any() else g),
        "the gradient of W_hh_l0 is not linear in the cotangents: times -1024 they give W_hh_l0[",
        " times what they should be, as clipping by norm leaves them\n",
        id="clipped by norm",
    ),
    pytest.param(
        of_params(lambda g: g * (1.0 if np.linalg.norm(g) < 100 else 2.0)),
        "the gradient of W_hh_l0 is not linear in the cotangents: times -1024 they give W_hh_l0[",
        ", not ",
        id="larger from a limit on",
    ),
    pytest.param(
        lambda case, grads: grads | {"x": grads["x"] + (0.0 if case.targets.any() else 1.0)},
        "the gradient of x is not zero where every cotangent is zero: without any x[0, 0, 0] is 1",
        "'lstm+linear T=3",
        id="something at nothing only",
    ),
    pytest.param(
        lambda case, grads: (
            grads | {"x": grads["x"] * (1.0 if np.count_nonzero(case.targets) in (0, 18) else 1.5)}
        ),
        "the gradient of x is not linear in the cotangents: two parts of them give x[",
        ", together ",
        id="not additive",
    ),
    pytest.param(
        lambda case, grads: grads | {"x": grads["x"] / (1.0 if case.targets.any() else np.nan)},
        "the gradient of x is not zero where every cotangent is zero: no finite array came back",
        "reproduce",
        id="divided by the size of the cotangents",
    ),
]


@pytest.mark.parametrize(("change", "says", "too"), RIGHT_HERE)
def test_what_only_other_cotangents_show(change, says, too):
    """The gradient of the case itself is right, the kernel is not."""
    report = bc.check(changed(change), CASE, oracles=ORACLES)

    assert report.verdict == "contract"
    assert says in report.message
    assert too in report.message
    assert {r.verdict for r in report.rows} == {"pass"}


def test_a_loss_that_is_not_linear():
    """The loss is the sum of cotangents times states, and nothing without any."""

    def offset(case: bc.Case) -> Any:
        loss, grads = Numpy()(case)
        return loss + (0.0 if case.targets.any() else 1.0), grads

    report = bc.check(offset, CASE, oracles=ORACLES)

    assert report.verdict == "contract"
    assert (
        "the loss is not zero where every cotangent is zero: without any loss is 1"
        in report.message
    )


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param(
            lambda case, grads: (
                grads | {"W_xh_l0": grads["W_xh_l0"] + 0.01 * case.params["W_xh_l0"]}
            ),
            "diagnosis: the gradient of W_xh_l0 has a constant term, into which no cotangent goes",
            id="weight decay",
        ),
        pytest.param(
            lambda case, grads: grads | {"x": 0.5 * case.x},
            "diagnosis: the gradient of x does not depend on the cotangents: times -1024 they give",
            id="constant",
        ),
    ],
)
def test_a_wrong_gradient_is_told_why(change, says):
    """Where the gradient is wrong anyway the failure comes first, and says what the probes know."""
    report = bc.check(changed(change), CASE, oracles=ORACLES)

    assert report.verdict == "fail"
    assert says in report.message
    assert report.message.splitlines()[-1].startswith("print(bc.check(subject, ")


def test_a_clipped_gradient_keeps_its_name():
    """Where the case itself is clipped it is a wrong gradient, whose signature names the limit."""

    def clips(case: bc.Case) -> Any:
        loss, grads = Numpy()(case)
        return loss, {n: np.clip(g, -0.125, 0.125) for n, g in grads.items()}

    report = bc.verify(clips, ["rnn-tanh+linear"], cases=6, oracles=ORACLES)
    (failure,) = [f for f in report.failures if f.verdict == "fail"]

    assert failure.diagnoses == ("this is the gradient clipped to values within 0.125",)
    assert "not linear" not in failure.message
    for other in report.failures:
        assert "clipped" in other.message


def test_a_nonlinearity_is_facts_and_no_sentence():
    """Kind, probe, entry and numbers; what it says about a wrong gradient follows from the kind."""
    subject = changed(of_params(lambda g: np.clip(g, -50.0, 50.0)))
    answer = call(subject, CASE, calls=every_call(CASE))
    (clipped,) = not_linear(CASE, answer.result, answer.linear, budget)

    assert (clipped.kind, clipped.names, clipped.probe) == (
        Linearity.NOT_LINEAR,
        ("W_hh_l0",),
        Probe.SCALED,
    )
    assert clipped.clipping == Clipping(limit=50.0)
    assert clipped.values[0] in (-50.0, 50.0)
    assert clipped.want == SCALE * answer.result.grads["W_hh_l0"][clipped.index]
    assert not clipped.kind.explains_wrong_gradient


@pytest.mark.parametrize("kind", [k for k in Linearity if k is not Linearity.NOT_LINEAR])
def test_a_kind_that_names_the_mistake_explains_a_wrong_gradient(kind):
    """The sibling of the kind above, which only says that something is wrong."""
    assert kind.explains_wrong_gradient


# --- of a user's own recurrence: up to the digits that are lost ----------------------------------


INPUTS = bc.Inputs(x="T B", sizes={"T": (2, 9), "B": (1, 3)}, time="T")


def sizes_of_steps(x):
    """1, and far less at every other step."""
    return np.where(np.arange(len(x)) == 0, 1.0, 2.0**-20)[:, None].astype(x.dtype)


def reference(x):
    """At each step the same sum over all of them."""
    scaled = x * np.where(np.arange(len(x)) == 0, 1.0, 2.0**-20)[:, None]
    return np.zeros_like(x) + scaled.sum(0)


def forward(x):
    return np.zeros_like(x) + (x * sizes_of_steps(x)).sum(0), x


def lost(x, bar):
    """Differences of cumulative sums, which round at the size of the first step."""
    sums = np.cumsum(bar.sum(0) * sizes_of_steps(x), axis=0)
    return {"x": np.diff(sums, axis=0, prepend=np.zeros_like(x[:1]))}


def squared(x, bar):
    """No vector-Jacobian product at all."""
    return {"x": bar.sum(0) * np.abs(bar.sum(0)) * sizes_of_steps(x)}


def found(backward: Any, line: str) -> tuple[list[Any], bool]:
    """What is not linear, and whether parts add up within budgets alone."""
    case = Recurrence("plain", INPUTS, reference_code(reference)).spec_of(line).build()
    answer = call(kernel_subject(bc.Vjp(forward, backward)), case, calls=every_call(case))
    assert answer.result is not None

    one, rest = (answer.linear[kind].result for kind in ("one", "rest"))
    assert one is not None
    assert rest is not None
    off = np.abs(one.grads["x"] + rest.grads["x"] - answer.result.grads["x"])
    within = bool(np.all(off <= 3.0 * budget(case, "x")))
    return not_linear(case, answer.result, answer.linear, budget), within


LINES = [f"plain T={3 + n} B=3 dtype=float32 seed={n}" for n in range(6)]


def test_digits_that_sums_lose_are_no_breach():
    """Though parts do not add up within three times the budget of their small entries."""
    every = [found(lost, line) for line in LINES]

    assert [broken for broken, _ in every] == [[]] * len(LINES)
    assert not all(within for _, within in every)


def test_what_is_not_linear_is_one():
    for line in LINES:
        ((broken,), _) = found(squared, line)
        assert broken.kind is Linearity.NOT_LINEAR
        assert broken.probe is Probe.SCALED
