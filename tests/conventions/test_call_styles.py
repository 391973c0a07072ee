"""Code of every shape becomes a subject: how it is called, and where it leaves its gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bptt_reference
import pytest
from bptt_reference import loss_and_grads
from support import adapted_code
from support.adapted_code import (
    ARGUMENTS,
    KERNEL,
    NAMES,
    PLAIN,
    SPEC,
    Kernel,
    Net,
    backward,
    filled,
    forward,
    in_tuple,
    verdict,
)

import bptt_check as bc

FORMS: dict[str, Callable[[], Any]] = {
    "of a view": lambda: PLAIN.adapt(loss_and_grads),
    "decorated": lambda: PLAIN.adapt(name="decorated")(loss_and_grads),
    "a Result": lambda: PLAIN.adapt(lambda view: bc.Result(*adapted_code.Reference(view))),
    "a tuple": lambda: PLAIN.adapt(in_tuple, arguments=ARGUMENTS, returns=NAMES),
    "loss and a tuple": lambda: PLAIN.adapt(
        lambda *a: (in_tuple(*a)[0], in_tuple(*a)[1:]), arguments=ARGUMENTS, returns=NAMES
    ),
    "buffers": lambda: PLAIN.adapt(
        filled, arguments="params, x, h0, targets, grads", returns=NAMES
    ),
    "attributes": lambda: PLAIN.adapt(
        Net, arguments="O", calls=("forward x h0 targets", "backward"), attributes="d{name}"
    ),
    "a dict in an attribute": lambda: PLAIN.adapt(
        Net, arguments="O", calls=("forward x h0 targets", "backward"), attributes="grads[{name}]"
    ),
    "a kernel": lambda: PLAIN.adapt(forward, **KERNEL),
    "a kernel in a class": lambda: PLAIN.adapt(
        Kernel, calls=("run x h0", "pull dh"), attributes="grads[{name}]"
    ),
}


@pytest.mark.parametrize("what", FORMS)
def test_right_code_of_this_form_passes(what: str) -> None:
    """Loss and all gradients arrive."""
    report = verdict(FORMS[what]())

    assert report.verdict == "pass", report.message
    assert set(NAMES) <= {r.parameter for r in report.rows if r.verdict == "pass"}


def wrong(case: bc.Case) -> Any:
    """The reference with 1.5 times the gradient of `W_hh`."""
    loss, grads = bptt_reference.loss_and_grads(case)
    return loss, grads | {"W_hh_l0": 1.5 * grads["W_hh_l0"]}


@pytest.mark.parametrize("what", FORMS)
def test_wrong_code_of_this_form_fails(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same with one gradient wrong is found, and that gradient alone is named."""
    monkeypatch.setattr(adapted_code, "Reference", wrong)
    monkeypatch.setitem(globals(), "loss_and_grads", wrong)
    right = backward

    def turned(dh: Any, cache: Any) -> dict[str, Any]:
        grads = right(dh, cache)
        return grads | {"W_hh_l0": 1.5 * grads["W_hh_l0"]}

    monkeypatch.setattr(adapted_code, "backward", turned)
    monkeypatch.setitem(KERNEL, "backward", turned)

    report = verdict(FORMS[what]())

    assert report.verdict == "fail"
    assert "the gradient of W_hh_l0 is wrong" in report.message


def test_a_kernel_does_not_pad_a_reverse_direction() -> None:
    """It would read the padding first, so that such cases are declined."""
    model = bc.Model("rnn", bidirectional=True)
    case = bc.Spec(model, SPEC.sizes, lengths=True).build()

    assert verdict(PLAIN.adapt(forward, **KERNEL), case).verdict == "unsupported"
