"""Code in a convention as a subject: what can be asked of it, and what it declines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from bptt_reference import loss_and_grads
from support.adapted_code import PLAIN, SPEC, Net, Reference, backward, forward, in_tuple, verdict

import bptt_check as bc
from bptt_check.errors import SpecError

WRONG_USE: dict[str, tuple[Callable[[], Any], str]] = {
    "no code": (lambda: PLAIN.adapt(3), "only a function or a class can be adapted, got 3"),  # type: ignore[call-overload]
    "no such option": (lambda: PLAIN.adapt(Net, call=()), "unknown option of adapt: 'call'"),  # type: ignore[call-overload]
    "class": (lambda: PLAIN.adapt(Net), "a class needs calls="),
    "attributes": (lambda: PLAIN.adapt(in_tuple, attributes="d{name}"), "is for a class"),
    "kernel": (lambda: PLAIN.adapt(forward, backward=backward), "say which arguments="),
    "mode": (lambda: PLAIN.adapt(in_tuple, handles="dropout"), "truncation and lengths, got 'dro"),
    "one model": (lambda: PLAIN.adapt(in_tuple, models="lstm"), r"models=\['lstm'\]"),
}


@pytest.mark.parametrize("what", WRONG_USE)
def test_wrong_use_of_adapt_says_what_to_do(what: str) -> None:
    """It is refused where it is written, not when the first case comes."""
    use, message = WRONG_USE[what]

    with pytest.raises(SpecError, match=message):
        use()


DECLINED: dict[str, tuple[bc.Convention, dict[str, Any], str]] = {
    "truncated": (PLAIN, {"truncation": bc.Truncation(1, 2)}, "without handles='truncation'"),
    "lengths": (PLAIN, {"lengths": True}, "without handles='lengths'"),
    "dense": (bc.Convention(tokens=True), {}, "x is not one-hot"),
    "precision": (bc.Convention(dtype="float32"), {}, "use --dtype float32"),
}


@pytest.mark.parametrize("what", DECLINED)
def test_a_case_that_it_does_not_do_is_declined(what: str) -> None:
    """Shown with its reason, never passed."""
    convention, options, reason = DECLINED[what]
    case = bc.Spec(SPEC.model, SPEC.sizes, **options).build()

    report = verdict(convention.adapt(loss_and_grads), case)

    assert report.verdict == "unsupported"
    assert reason in report.message


@pytest.mark.parametrize("mode", [{"truncation": bc.Truncation(1, 2)}, {"lengths": True}])
def test_a_mode_that_it_handles_is_checked(mode: dict[str, Any]) -> None:
    """With `handles` the same cases are judged."""
    case = bc.Spec(SPEC.model, SPEC.sizes, **mode).build()

    report = verdict(PLAIN.adapt(loss_and_grads, handles="truncation lengths"), case)

    assert report.verdict == "pass", report.message


def test_tokens_are_verified_on_one_hot_cases() -> None:
    """Every target asks for one-hot inputs, and by its name one can ask for them too."""
    subject = bc.Convention(tokens=True).adapt(
        lambda view: (
            Reference(view.case)[0],
            {n: g for n, g in Reference(view.case)[1].items() if n != "x"},
        ),
        models=["rnn-tanh"],
    )

    report = bc.verify(subject, cases=5, oracles=["complex_step"])

    assert report.passed
    assert report.rows[0].model == "rnn-tanh+onehot"
    again = bc.verify(subject, ["rnn-tanh+onehot"], cases=5, oracles=["complex_step"])
    assert again.passed
    assert bc.verify(subject, ["rnn-tanh"], cases=5, oracles=["complex_step"]).verdict != "pass"
