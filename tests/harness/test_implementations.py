"""Right gradients pass: a second hand-written BPTT, the reference, and the frameworks' own modules.

The other half of `test_mutants`: without it a harness that rejects everything would look good.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from bptt_reference import loss_and_grads
from support.implementations import FAULTS, Numpy, torch_module

import bptt_check as bc
from bptt_check.cases.result import Differentiator

torch = pytest.importorskip("torch")

FAMILIES = tuple(bc.models())
OPTIONS = (
    *("", "+last", "+bce", "+bce+last", "+mse", "+mse+last", "+linear", "+linear+last"),
    *("+2layers", "+nobias", "+mean", "+2layers+mse+mean", "+3layers+linear"),
    "+2layers+bce+last+mean+nobias",
)
OF_TORCH = ("rnn-tanh", "rnn-relu", "lstm", "gru")
EVERYWHERE = {"numpy": Numpy(), "reference": loss_and_grads}
ROWS = [
    *((name, subject, f) for name, subject in EVERYWHERE.items() for f in FAMILIES),
    *(("torch.nn", torch_module, family) for family in OF_TORCH),
]


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Tiny kernels on one thread: threads of parallel tests wait for each other far longer."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.filterwarnings("ignore:(overflow|invalid value) encountered:RuntimeWarning")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    ("subject", "family"), [pytest.param(s, f, id=f"{n}-{f}") for n, s, f in ROWS]
)
def test_right_implementation_passes(subject: Differentiator, family: str, dtype: str) -> None:
    """Every right implementation passes on every kind of model of a family, in both dtypes.

    What explodes may leave the range of float32; NumPy warns of it.
    """
    models = [family + options for options in OPTIONS]
    report = bc.verify(subject, models, 3, ["torch", "complex_step"], [dtype])

    assert report.verdict == "pass", report.message
    assert set(report.cases) <= {"pass", "inconclusive"}


@pytest.mark.parametrize("model", ["lstm+2layers+bidirectional", "gru+bidirectional+last"])
def test_torch_modules_pass_in_both_directions(model: str) -> None:
    """The bidirectional modules of `torch.nn` agree with the harness's own forward pass."""
    report = bc.verify(torch_module, [model], 8, ["torch", "complex_step"])

    assert report.verdict == "pass", report.message


def test_two_handwritten_implementations_differ_by_rounding_only() -> None:
    """The two hand-written ones differ by rounding only, on a case of ordinary size."""
    case = bc.Spec(bc.Model("gru", layers=2, loss="bce"), bc.Sizes(T=9)).build()
    loss, grads = Numpy()(case)
    other = bc.Result(*loss_and_grads(case))

    assert loss == pytest.approx(other.loss, rel=1e-14)
    for name, gradient in grads.items():
        np.testing.assert_allclose(other.grads[name], gradient, rtol=0, atol=1e-14)


def test_unknown_fault_is_refused() -> None:
    """A misspelt fault raises: it would otherwise be a mutant that is right."""
    with pytest.raises(ValueError, match="no such fault: carry_dx"):
        Numpy(frozenset({"carry_dx", "carry_dh"}))


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_changes_the_answer_of_some_case(fault: str) -> None:
    """Every fault changes some loss or gradient of some model: none is a mutant in name only."""
    names = ("rnn-tanh", "lstm", "gru", "rnn-tanh+2layers", "lstm+linear", "rnn-tanh+mse+mean+last")
    specs = [bc.Spec(bc.Model.parse(name)) for name in names]
    for name, regime in (("identity", "exploding"), ("relu+bce", "exploding"), ("relu", "sparse")):
        specs.append(bc.Spec(bc.Model.parse(f"rnn-{name}+nobias"), bc.Sizes(T=12), regime=regime))
    cases = [spec.build() for spec in specs]

    with np.errstate(all="ignore"):
        assert any(_differs(Numpy(frozenset({fault})), case) for case in cases)


def _differs(subject: Numpy, case: bc.Case) -> bool:
    (loss, grads), (right_loss, right) = subject(case), Numpy()(case)
    return loss != right_loss or any(not np.array_equal(grads[n], g) for n, g in right.items())


@pytest.mark.parametrize(
    "options",
    [{"truncation": bc.Truncation(2, 3)}, {"lengths": True}],
    ids=["truncated", "lengths"],
)
@pytest.mark.parametrize("subject", [Numpy(), torch_module], ids=["numpy", "torch.nn"])
def test_truncation_and_lengths_are_declined(
    subject: Differentiator, options: dict[str, Any]
) -> None:
    """Truncation and sequence lengths are declined, and nothing is called verified."""
    case = bc.Spec(bc.Model("lstm"), **options).build()

    assert bc.check(subject, case, ["torch"]).verdict == "unsupported"


def test_vanishing_softmax_probability_passes() -> None:
    """A softmax of exp(-620) has few right digits by its conditioning, and its budget says so."""
    line = "rnn-relu T=2 B=4 D=2 H=5 O=3 regime=saturated seed=35569"

    assert bc.check(torch_module, bc.Spec.parse(line).build(), ["torch"]).verdict == "pass"


@pytest.mark.parametrize(
    ("subject", "line"),
    [
        (loss_and_grads, "rnn-identity+last T=6 B=1 D=1 H=1 O=2 seed=0"),
        (loss_and_grads, "rnn-tanh T=1 B=1 D=1 H=1 O=2 regime=saturated seed=0"),
        (Numpy(), "rnn-identity+last T=9 B=1 D=1 H=1 O=2 dtype=float32 seed=0"),
    ],
    ids=["float64", "saturated", "float32"],
)
def test_loss_near_zero_is_not_failed(subject: Differentiator, line: str) -> None:
    """A loss of 1e-9 with an error of 1e-17 is right: with and without log1p."""
    report = bc.check(subject, bc.Spec.parse(line).build(), ["torch"])

    assert report.verdict in ("pass", "inconclusive"), report.message


@pytest.mark.parametrize(
    "line",
    [
        "rnn-tanh T=1 B=1 D=1 H=1 O=2 regime=saturated seed=0",
        "rnn-identity T=1 B=1 D=1 H=1 O=2 regime=saturated seed=0",
        "gru-reset-before T=1 B=1 D=1 H=3 O=2 regime=saturated seed=80",
        "lstm T=1 B=3 D=3 H=4 O=3 regime=saturated seed=986",
    ],
)
def test_finite_differences_do_not_fail_a_loss_near_zero(line: str) -> None:
    """Differences of a loss near zero decide little, and their bound says so."""
    report = bc.check(Numpy(), bc.Spec.parse(line).build(), ["finite_difference"])

    assert report.verdict in ("pass", "inconclusive"), report.message
