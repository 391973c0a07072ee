"""What is no subject is told from a wrong subject, with the convention that would take it."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from support.right import right

import bptt_check as bc
from bptt_check.cases.wrong_kind import WrongKind
from bptt_check.subjects.calling import call

CASE = bc.Spec.parse("rnn-tanh+nobias T=3 B=2 D=3 H=4 O=5").build()
WITH_BIAS = bc.Spec.parse("gru T=3 B=2 D=3 H=4 O=5").build()
ALONE = bc.Spec.parse("rnn-tanh T=3 B=2 D=3 H=4 O=5").build()
THEIRS = {"W_xh_l0": "dWx", "W_hh_l0": "dWh", "b_h_l0": "db", "W_hy": "dWhy", "b_y": "dby"}


class Net:
    """A class as courses have them."""

    def __init__(self, D: int, H: int) -> None:
        self.W = np.zeros((D, H))

    def forward(self, x: Any, targets: Any) -> float:
        return 0.0

    def backward(self) -> None: ...

    def _helper(self) -> None: ...


class Subject:
    """One whose objects are subjects."""

    def __call__(self, case: bc.Case) -> Any:
        return right(case)


def two(params: Any, x: Any) -> Any: ...
def many(inputs: Any, hprev: Any, Wxh: Any, Whh: Any, mystery: Any) -> Any: ...
def none() -> Any: ...


def renamed(case: bc.Case) -> Any:
    loss, grads = right(case)
    return loss, {THEIRS.get(n, n): g for n, g in grads.items()}


def turned(case: bc.Case) -> Any:
    loss, grads = renamed(case)
    return loss, {n: g.T if g.ndim == 2 else g for n, g in grads.items()}


def unplaced(case: bc.Case) -> Any:
    loss, grads = right(case)
    return loss, {n.removesuffix("_l0"): g for n, g in grads.items()}


def in_a_tuple(case: bc.Case) -> Any:
    loss, grads = right(case)
    return (loss, *(grads[n] for n in case.params))


def in_a_list(case: bc.Case) -> Any:
    loss, grads = right(case)
    return loss, [grads[n] for n in case.params]


def kind_of(subject: Any, case: bc.Case = ALONE) -> Any:
    return call(subject, case).no_subject


@pytest.mark.parametrize(
    ("subject", "kind", "given"),
    [
        (Net, WrongKind.CLASS, ("forward x targets", "backward")),
        (Subject, WrongKind.CLASS, ()),
        (two, WrongKind.ARGUMENTS, ("params", "x")),
        (many, WrongKind.ARGUMENTS, ("inputs", "hprev", "Wxh", "Whh", "mystery")),
        (none, WrongKind.ARGUMENTS, ()),
        (renamed, WrongKind.NAMES, ("dWx", "dWh", "db", "dWhy", "dby")),
        (unplaced, WrongKind.NAMES, ("W_xh", "W_hh", "b_h")),
        (in_a_tuple, WrongKind.UNNAMED, ("5",)),
        (in_a_list, WrongKind.UNNAMED, ("5",)),
    ],
)
def test_what_is_no_subject_is_named(subject, kind, given):
    """By its kind, with what it has instead."""
    what = kind_of(subject)

    assert (what.kind, what.given) == (kind, given)
    assert bc.check(subject, ALONE, ["complex_step"]).verdict == "contract"


def raises(case: bc.Case) -> Any:
    raise TypeError("many() missing 3 required positional arguments")


def lacks(case: bc.Case) -> Any:
    loss, grads = right(case)
    return loss, {n: g for n, g in grads.items() if n != "W_hh_l0"}


def one_name(case: bc.Case) -> Any:
    loss, grads = lacks(case)
    return loss, grads | {"Whh": right(case)[1]["W_hh_l0"]}


@pytest.mark.parametrize(
    "subject",
    [right, Subject(), Net(1, 1).forward, raises, lacks, one_name, lambda case: None, str],
    ids=lambda s: getattr(s, "__name__", "object"),
)
def test_a_subject_that_is_wrong_is_one(subject):
    """It raises, lacks a gradient, has one odd name, returns nothing: that is told as it is."""
    what = kind_of(subject)

    assert (what is None) == (subject not in (str,) and not hasattr(subject, "__self__"))


def declared(message: str) -> str:
    """The expression of the convention that a message gives."""
    lines = re.search(r"one that .*:\n((?:    .*\n)+)", message)
    assert lines is not None, message
    return f"({lines[1]})"


@pytest.mark.parametrize("subject", [renamed, turned, unplaced])
@pytest.mark.parametrize("case", [ALONE, CASE], ids=["bias", "no bias"])
def test_the_convention_of_the_message_takes_gradients_of_other_names(subject, case):
    """As it stands there: it is pasted, and the code is right."""
    message = bc.check(subject, case, ["complex_step"]).message
    adapted = eval(declared(message), {"bc": bc, subject.__name__: subject})

    assert bc.check(adapted, case, ["complex_step"]).passed


def takes_arrays(x: Any, h0: Any, Wx: Any, Wh: Any, b: Any, Why: Any, by: Any, ys: Any) -> Any:
    """A step-by-step RNN of arrays, right, whose gradients come by name."""
    params = {"W_xh_l0": Wx, "W_hh_l0": Wh, "b_h_l0": b, "W_hy": Why, "b_y": by}
    case = bc.Case(bc.Model("rnn"), params, x=x, h0=h0, targets=ys)
    loss, grads = right(case)
    own = dict(zip(params, ("Wx", "Wh", "b", "Why", "by"), strict=True))
    return loss, {own[n]: grads[n] for n in params}


def test_the_convention_of_the_message_calls_a_function_of_arrays():
    """With its own arguments, in their order."""
    message = bc.check(takes_arrays, ALONE, ["complex_step"]).message
    adapted = eval(declared(message), {"bc": bc, "takes_arrays": takes_arrays})

    assert bc.check(adapted, ALONE, ["complex_step"]).passed


def test_what_nobody_can_guess_is_asked_for():
    """A gradient without a likely place, an argument without a likely meaning."""
    assert "say in names=... which arrays these are: mystery" in bc.check(many, ALONE).message
    message = bc.check(in_a_tuple, ALONE, ["complex_step"]).message

    assert "'W_xh_l0', 'W_hh_l0', 'b_h_l0', 'W_hy', 'b_y'])" in " ".join(message.split())
    square = bc.Spec.parse("rnn-tanh T=3 B=2 D=4 H=4 O=5").build()
    assert "returns=['_', '_', 'b_h_l0'" in bc.check(in_a_tuple, square, ["complex_step"]).message
    assert "its objects can be called with a case: give one of them, Subject(...)" in (
        bc.check(Subject, ALONE, ["complex_step"]).message
    )


def test_two_biases_are_told_apart():
    """Where a model has two, both are wanted."""
    own = {"W_xh_l0": "Wih", "W_hh_l0": "Whh", "b_xh_l0": "bih", "b_hh_l0": "bhh", "W_hy": "Wy"}

    def of_gru(case: bc.Case) -> Any:
        loss, grads = right(case)
        return loss, {own.get(n, n): g for n, g in grads.items()}

    assert kind_of(of_gru, WITH_BIAS).names == {
        "W_xh": "Wih", "W_hh": "Whh", "b_xh": "bih", "b_hh": "bhh", "W_hy": "Wy",
    }  # fmt: skip
