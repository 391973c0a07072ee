"""What code sees of a case, and how its answer is read; breaches are named in its own words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support.adapted_code import (
    ARGUMENTS,
    KERNEL,
    PLAIN,
    SPEC,
    Net,
    Reference,
    forward,
    in_tuple,
    verdict,
    without,
)
from support.diagnosed import sentence_of

import bptt_check as bc
from bptt_check.diagnosis.formulas.truncation import which_truncation
from bptt_check.errors import SpecError

SCALES: dict[str, tuple[dict[str, Any], Callable[[bc.Case], float], float]] = {
    "half": ({"loss_factor": "1/2"}, lambda case: 0.5, 1.0),
    "per sequence": ({"loss_factor": "1/B"}, lambda case: 1 / 2, 1.0),
    "always a mean": ({"reduction": "mean"}, lambda case: 1 / (4 * 2 * 2), 1.0),
    "ready to be added": ({"gradient_factor": "-1"}, lambda case: 1.0, -1.0),
    "both": ({"loss_factor": "2", "gradient_factor": "-1"}, lambda case: 2.0, -1.0),
}


def scaled(factor: Callable[[bc.Case], float], of_gradient: float) -> Callable[[Any], Any]:
    """The reference with another size of loss and gradients."""

    def subject(view: Any) -> Any:
        loss, grads = Reference(view.case)
        c = factor(view.case)
        return c * loss, {n: of_gradient * c * g for n, g in grads.items()}

    return subject


@pytest.mark.parametrize("what", SCALES)
def test_a_declared_size_of_the_loss_is_taken_out(what: str) -> None:
    """With the option it passes, without it fails."""
    options, factor, of_gradient = SCALES[what]
    code = scaled(factor, of_gradient)

    assert verdict(bc.Convention(**options).adapt(code)).verdict == "pass"
    assert verdict(PLAIN.adapt(code)).verdict == "fail"


def test_code_that_always_sums_passes_under_mean_when_it_says_so() -> None:
    """A case with a mean divides what comes back; one with a sum leaves it."""

    def summing(view: Any) -> Any:
        return Reference(replace(view.case, model=bc.Model("rnn", loss="mse"), spec=None))

    subject = bc.Convention(reduction="sum").adapt(summing)
    mean = bc.Spec(bc.Model("rnn", loss="mse", reduction="mean"), SPEC.sizes, seed=1).build()

    assert verdict(subject).verdict == "pass"
    assert verdict(subject, mean).verdict == "pass"


def test_gradients_may_be_in_a_convention_of_their_own() -> None:
    """`gradients` is the convention in which they come back."""
    transposing = bc.Convention(gradients=bc.Convention(transposed=("W_xh",)))

    def code(view: Any) -> Any:
        loss, grads = Reference(view)
        return loss, grads | {"W_xh_l0": grads["W_xh_l0"].T}

    assert verdict(transposing.adapt(code)).verdict == "pass"
    assert verdict(PLAIN.adapt(code)).verdict == "contract"


def with_gradient(name: str, value: Any) -> Callable[[Any], Any]:
    """The reference with one gradient put in."""
    return lambda view: (Reference(view)[0], Reference(view)[1] | {name: value})


def writing(view: Any) -> Any:
    """Changes an input after it was used."""
    answer = Reference(view)
    view.x[0, 0, 0] = 5.0
    return answer


BROKEN: dict[str, tuple[Callable[[], Any], str]] = {
    "missing": (
        lambda: PLAIN.adapt(without("W_hh_l0")),
        r"the gradient of W_hh_l0 is missing, shape \(2, 2\)",
    ),
    "unknown": (
        lambda: PLAIN.adapt(with_gradient("W_ho", 0.0)),
        "no array 'W_ho' in this convention; gradients may be: W_xh_l0, W_hh_l0",
    ),
    "shape": (
        lambda: bc.Convention(transposed=True).adapt(lambda view: Reference(view.case)),
        r"the gradient of W_xh_l0 has shape \(2, 3\), not \(3, 2\)",
    ),
    "no numbers": (
        lambda: PLAIN.adapt(with_gradient("b_y", [[1.0], [2.0, 3.0]])),
        "the gradient of b_y is no array of numbers",
    ),
    "no mapping": (
        lambda: PLAIN.adapt(lambda view: (1.0, [1.0])),
        "must be a dict by name, got list",
    ),
    "no pair": (lambda: PLAIN.adapt(lambda view: 1.0), r"expected \(loss, gradients\), got float"),
    "count": (
        lambda: PLAIN.adapt(in_tuple, arguments=ARGUMENTS, returns="W_xh_l0 W_hh_l0"),
        r"expected 2 gradients \(W_xh_l0 W_hh_l0\), got 5",
    ),
    "no cache": (
        lambda: PLAIN.adapt(lambda *a: forward(*a)[0], **KERNEL),
        r"expected \(h, ..., cache\), got ndarray",
    ),
    "states of another shape": (
        lambda: PLAIN.adapt(lambda *a: (forward(*a)[0].swapaxes(0, 1), forward(*a)[1]), **KERNEL),
        r"the outputs have shape \(2, 4, 2\), not \(4, 2, 2\)",
    ),
    "written to": (lambda: PLAIN.adapt(writing), "x was written to"),
    "no attribute": (
        lambda: PLAIN.adapt(
            Net, arguments="O", calls=["forward x h0 targets"], attributes="d{name}"
        ),
        "the gradient of W_xh_l0 is missing",
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_breach_is_named_in_the_codes_own_words(what: str) -> None:
    """The verdict is `contract`, and the message has the name and the shape that was expected."""
    make, message = BROKEN[what]

    report = verdict(make())

    assert report.verdict == "contract"
    with pytest.raises(AssertionError, match=message):
        raise AssertionError(report.message)


@pytest.mark.parametrize("layout", ["contiguous", "fortran", "strided", "offset", "expanded"])
def test_arrays_have_the_memory_layout_of_the_case(layout: str) -> None:
    """In the shapes of the convention; code that reads them as they are is right."""
    seen: list[tuple[int, ...]] = []

    def code(view: Any) -> Any:
        seen.append(view.params["W_xh_l0"].strides)
        case = replace(
            view.case,
            params={n: np.array(a.T if a.ndim == 2 else a) for n, a in view.params.items()},
        )
        loss, grads = Reference(case)
        return loss, {n: g.T if n[0] == "W" else g for n, g in grads.items()}

    case = replace(SPEC, layout=layout).build()
    report = verdict(bc.Convention(transposed=True).adapt(code), case)

    strides = {"fortran": (8, 24), "strided": (32, 16)}  # of W_xh_l0, (3, 2) to this code
    assert report.passed, report.message
    assert set(seen) == {strides.get(layout, (16, 8))}


def test_an_unknown_argument_is_named() -> None:
    """The subject's error lists what there is."""
    report = verdict(PLAIN.adapt(in_tuple, arguments="x Whx"))

    assert report.verdict == "error"
    assert "there is no 'Whx' in this convention; there is: W_xh_l0" in report.message


@pytest.mark.parametrize("batch", ["second", "none"])
def test_a_loss_that_is_no_number_breaks_the_contract(batch: str) -> None:
    """Also where it is scaled and added up."""
    grads = {n: np.zeros_like(a) for n, a in SPEC.build().params.items()}
    subject = bc.Convention(loss_factor="2", batch=batch).adapt(lambda view: (None, grads))

    report = verdict(subject)

    assert report.verdict == "contract"
    assert "the loss must be a number, got None" in report.message


def hopping(case: Any) -> Any:
    """The reference going back k2 hops, which are k2 + 1 cells, for k2 of them."""
    cut = bc.Truncation(case.truncation.k1, case.truncation.k2 + 1)
    return Reference(replace(getattr(case, "case", case), truncation=cut, spec=None))


def test_code_that_counts_hops_is_told_so_and_passes_when_it_says_so() -> None:
    """The finding names the option, and under it the same code is right."""
    cases = [
        bc.Spec(SPEC.model, bc.Sizes(T, 2, 3, 2, 2), bc.Truncation(1, k), seed=T).build()
        for T, k in ((6, 3), (7, 2), (5, 1))
    ]

    sentence = sentence_of(which_truncation, hopping, cases)

    assert sentence.endswith("(do you count hops? bc.Convention(truncation='hops'))")
    declared = bc.Convention(truncation="hops").adapt(hopping, handles="truncation")
    assert [verdict(declared, case).verdict for case in cases] == ["pass"] * 3
    assert verdict(PLAIN.adapt(hopping, handles="truncation"), cases[0]).verdict == "fail"


def test_code_in_double_precision_may_serve_single() -> None:
    """Arrays in the declared dtype, gradients in the case's."""
    case = bc.Spec(SPEC.model, SPEC.sizes, dtype="float32").build()

    def code(view: Any) -> Any:
        assert view.x.dtype == np.float64
        loss, grads = Reference(view.case)
        return loss, {n: g.astype(np.float64) for n, g in grads.items()}

    assert verdict(bc.Convention(dtype="float64").adapt(code), case).verdict == "pass"
    assert verdict(PLAIN.adapt(code), case).verdict != "pass"


ABSENT: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "a name": ({"names": {"W_hh": "U"}}, ("W_hh_l0",)),
    "two in one": ({"joined": "xh"}, ("W_xh_l0", "W_hh_l0")),
    "transposed": ({"names": {"W_xh": "W"}, "transposed": ("W_xh",)}, ("W_xh_l0",)),
}
"""Options of a convention, and the contract's parameters that one array of it holds."""


def absent(factor: float = 1.0) -> Callable[[Any], Any]:
    """The reference, which gives no gradient of an array that has another name than ours."""

    def code(view: Any) -> Any:
        loss, grads = Reference(view.case)
        return loss, {n: factor * grads[n] for n in view.params if n in grads}

    return code


@pytest.mark.parametrize("what", ABSENT)
def test_a_gradient_that_is_never_given_is_declared_by_its_own_name(what: str) -> None:
    """The others are checked; without the declaration it is missing, and the message says how to
    declare it.
    """
    options, ours = ABSENT[what]
    names = set(bc.Convention(**options).view(SPEC.build()).params)
    (own,) = names - set(SPEC.build().params)
    declared = bc.Convention(**options, without=(own,))

    missing = verdict(bc.Convention(**options).adapt(absent()))
    passed, wrong = (verdict(declared.adapt(absent(factor))) for factor in (1.0, 1.5))

    assert missing.verdict == "contract"
    assert f"if the code never gives it, declare without=({own!r},)" in missing.message
    assert (passed.verdict, wrong.verdict) == ("pass", "fail")
    assert {r.parameter for r in passed.rows if r.reason_kind == "not offered"} >= {*ours}
    assert {r.parameter for r in passed.rows if r.verdict == "pass"} == {
        n for n in SPEC.build().params if n not in ours
    }


def test_a_name_that_is_no_parameter_cannot_be_declared_away() -> None:
    """Neither one of no model, nor of another one, nor a text for a tuple of them."""
    with pytest.raises(SpecError, match="without names 'Uz', and the parameters are W_xh"):
        bc.Convention(without=("Uz",))
    with pytest.raises(SpecError, match="must be a tuple of names"):
        bc.Convention(without="U")  # pyright: ignore[reportArgumentType]
    assert "without names 'b_hh_l0'" in bc.Convention(without=("b_hh_l0",)).why_not(SPEC.model)
