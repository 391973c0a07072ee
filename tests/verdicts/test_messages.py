"""Messages: what is wrong, where, by how much, and the line that shows it again; on one screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from support.right import RightOracle, right

from bptt_check.cases.case import Case, Spec
from bptt_check.cases.message import Message
from bptt_check.cases.model import Model
from bptt_check.report.sentences import fit
from bptt_check.runs.check import Setup
from bptt_check.runs.failures import check_in_detail
from bptt_check.verdicts import entries, messages
from bptt_check.verdicts.cause import NoAnswer, WrongLoss
from bptt_check.verdicts.oracle_disagreement import Disagreement


@pytest.mark.parametrize(
    ("name", "parameter", "index", "text"),
    [
        ("lstm", "W_hh_l0", (6, 2), "W_hh_l0[6, 2] (gate f, unit 1)"),
        ("lstm", "b_h_l0", (19,), "b_h_l0[19] (gate o, unit 4)"),
        ("lstm+2layers", "W_xh_l1", (10, 0), "W_xh_l1[10, 0] (gate g, unit 0)"),
        ("gru", "b_xh_l0", (0,), "b_xh_l0[0] (gate r, unit 0)"),
        ("gru", "W_hh_l0_reverse", (14, 4), "W_hh_l0_reverse[14, 4] (gate n, unit 4)"),
        ("rnn-tanh", "W_hh_l0", (3, 1), "W_hh_l0[3, 1] (unit 3)"),
        ("lstm", "W_hy", (2, 0), "W_hy[2, 0] (output 2)"),
        ("lstm", "b_y", (1,), "b_y[1] (output 1)"),
        ("lstm", "x", (4, 0, 2), "x[4, 0, 2] (step 4, sequence 0, feature 2)"),
        ("lstm+2layers", "h0", (1, 2, 3), "h0[1, 2, 3] (layer 1, sequence 2, unit 3)"),
        (
            "lstm+2layers+bidirectional", "c0", (3, 0, 4),
            "c0[3, 0, 4] (layer 1, reverse, sequence 0, unit 4)",
        ),
        (
            "lstm+2layers+bidirectional", "h0", (2, 0, 4),
            "h0[2, 0, 4] (layer 1, sequence 0, unit 4)",
        ),
    ],
)  # fmt: skip
def test_an_entry_has_a_meaning(name, parameter, index, text):
    """An index is also told as gate, unit, step, sequence, feature, layer and direction."""
    assert entries.entry(Model.parse(name), 5, parameter, index) == text


def message_of(change: Callable[[dict[str, np.ndarray]], Any], text: str) -> str:
    """The message for a subject made of the right gradients."""

    def my_kernel(case: Case) -> Any:
        loss, grads = right(case)
        return loss, change(grads)

    my_kernel.address = "mine.py:my_kernel"
    case = Spec.parse(text).build()
    return check_in_detail(my_kernel, case, Setup((RightOracle(),))).message


def again(spec: str) -> str:
    """The last line of a message."""
    return f"  reproduce: bptt-check replay '{spec}' mine.py:my_kernel"


def test_the_message_of_a_wrong_gradient():
    """Everything a user needs, in this order."""

    def change(grads: Any) -> Any:
        wrong = grads["W_hh_l0"].copy()
        wrong[3, 1] *= 2.0
        return {**grads, "W_hh_l0": wrong}

    lines = message_of(change, "rnn-tanh T=3 B=2 D=2 H=4 O=2").splitlines()

    assert lines[:4] == [
        "FAIL  rnn-tanh: the gradient of W_hh_l0 is wrong",
        "  your forward is right (the loss agrees), your backward is wrong",
        "  worst entry W_hh_l0[3, 1] (unit 3)",
        lines[3],
    ]
    got, want = (float(line.split()[1]) for line in lines[3:5])
    assert got == 2 * want
    assert lines[3].startswith("    got       ")
    assert lines[4].startswith("    expected  ")
    assert lines[4].endswith("  (by exact)")
    assert lines[5].startswith(f"    error     {abs(want):.3g} = ")
    assert lines[5].endswith(" budgets, relative 1")
    assert lines[6:] == [
        "  wrong: W_hh_l0 (1 of 16)",
        "  right: W_xh_l0, b_h_l0, W_hy, b_y, x, h0",
        again("rnn-tanh T=3 B=2 D=2 H=4 O=2 seed=0"),
    ]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ([2], "2; later steps are right up to 5"),
        ([0, 1, 3], "3; later steps are right up to 5"),
        ([4, 5], "5"),
    ],
)  # fmt: skip
def test_the_step_where_things_go_wrong(wrong, sentence):
    """The gradient of x tells the step, going backwards in time."""

    def change(grads: Any) -> Any:
        x = grads["x"].copy()
        x[wrong] *= 1.5
        return {**grads, "x": x}

    lines = message_of(change, "rnn-tanh T=6 B=2").splitlines()
    begin = "  in time: going backwards, the gradient of x is first wrong at step"

    assert f"{begin} {sentence}" in lines


def test_where_x_is_right_nothing_is_said_about_time():
    """Nor where there is only one step."""
    in_x = {"T=1": lambda g: {**g, "x": 2 * g["x"]}, "T=3": lambda g: {**g, "b_y": 2 * g["b_y"]}}

    for sizes, change in in_x.items():
        assert "in time" not in message_of(change, f"rnn-tanh {sizes}")


def test_an_expected_zero_has_no_relative_error():
    """Nothing is divided by zero."""
    text = message_of(
        lambda g: {**g, "h0": g["h0"] + 1.0}, "rnn-tanh T=3 B=1 D=1 H=1 O=2 k1=3 k2=1"
    )

    assert "    expected  0  (by exact)" in text
    assert "relative" not in text


def test_the_message_of_an_imprecise_gradient():
    """It says what the errors look like, and how many digits are lost."""
    text = message_of(
        lambda g: {n: a.astype("f4").astype(float) for n, a in g.items()}, "lstm T=4"
    ).splitlines()

    assert text[0] == "IMPRECISE  lstm: right to fewer digits than its dtype has"
    assert text[1].startswith("  errors are no larger than those of float32 inside: about ")
    assert text[1].endswith(" digits fewer than float64 gives")
    assert any(line.startswith("  imprecise: W_xh_l0 (") for line in text)


def test_the_message_of_a_broken_contract():
    """All findings, then the line to reproduce."""
    text = message_of(lambda g: {"x": g["x"]}, "rnn-tanh+linear T=2").splitlines()

    assert text == [
        "CONTRACT  rnn-tanh+linear: what came back cannot be taken as it is",
        "  the gradient of W_xh_l0 is missing, shape (5, 4)",
        "  the gradient of W_hh_l0 is missing, shape (5, 5)",
        "  the gradient of b_h_l0 is missing, shape (5,)",
        again("rnn-tanh+linear T=2 B=3 D=4 H=5 O=3 seed=0"),
    ]


def test_the_message_of_an_exception():
    """What was raised, where, and how to see it again."""
    case = Spec.parse("gru T=1 B=1 D=1 H=1").build()
    cause = NoAnswer("raised ValueError: no (line 3 of f: return g())")

    assert str(messages.message_of(cause, case, (), "it")).splitlines() == [
        "ERROR  gru: the subject raised ValueError: no (line 3 of f: return g())",
        "  reproduce: it",
    ]


def test_the_message_of_a_wrong_loss():
    """Got, expected, error, and what is known beyond."""
    case = Spec.parse("gru T=1").build()
    cause = WrongLoss(3.0, 2.0, 1e-15, False, (), "WHERE", "OWN")
    text = str(messages.message_of(cause, case, (), "it")).splitlines()
    plain = messages.message_of(WrongLoss(3.0, 2.0, 1e-15, False), case, (), "it")

    assert text[:6] == [
        "FAIL  gru: the loss is not that of this model",
        "  got       3",
        "  expected  2",
        "  error     1 = 1e+15 budgets",
        "  WHERE",
        "  OWN",
    ]
    assert len(str(plain).splitlines()) == 5


def test_the_message_of_a_disagreement():
    """Every oracle's value, and the outvoted one if there are three."""
    case = Spec.parse("gru T=1").build()
    values = {"finite_difference": 1.0, "torch": 1.0, "jax": 2.0}
    found = Disagreement("b_xh_l0", (6,), values, "jax")
    text = str(messages.message_of(found, case, (), "it")).splitlines()

    assert text == [
        "INCONCLUSIVE  gru: the oracles disagree at b_xh_l0[6] (gate z, unit 1)",
        "  finite_difference  1",
        "  torch              1",
        "  jax                2",
        "  outvoted: jax. Please report this case: it is a bug in one of them.",
        "  reproduce: it",
    ]


def test_a_diagnosis_stands_above_the_last_line():
    """The line to copy stays last."""
    message = Message("FAIL  x", ("why",), "it")
    text = message.with_lines(messages.diagnosed("every gradient is doubled"))

    assert str(text).splitlines() == [
        "FAIL  x",
        "  why",
        "  diagnosis: every gradient is doubled",
        "  reproduce: it",
    ]


LARGEST = (
    "lstm+3layers+bidirectional+bce+last+mean T=16 B=4 D=5 H=5 O=4 dtype=float64 "
    "regime=saturated lengths seed=65535"
)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda g: {n: 3 * a for n, a in g.items()}, id="all wrong"),
        pytest.param(lambda g: {}, id="all missing"),
        pytest.param(lambda g: {**g, **{f"d{n}": a for n, a in g.items()}}, id="all extra"),
        pytest.param(lambda g: {n: a.astype("f4") for n, a in g.items()}, id="float32"),
        pytest.param(
            lambda g: {n: a.astype("f4").astype(float) for n, a in g.items()}, id="imprecise"
        ),
    ],
)
def test_every_message_fits_a_screen(change):
    """24 lines of 100 columns hold any message, but for the line to copy, which stays whole."""
    message = message_of(change, LARGEST)
    *lines, last = fit(message.splitlines(), 1).splitlines()

    assert len(lines) < 24
    assert max(map(len, lines)) <= 100
    assert last == message.splitlines()[-1]
    assert "bptt-check replay 'lstm+3layers+bidirectional+bce+last+mean T=16" in last


def test_a_message_is_a_record_until_it_is_printed():
    """Lines are added by name, not by cutting text; an empty one adds nothing."""
    message = Message("FAIL  x", ("why",), "it").with_lines(["", "more"])

    assert message == Message("FAIL  x", ("why", "more"), "it")
    assert str(message) == "FAIL  x\n  why\n  more\n  reproduce: it"
    assert str(Message("declined")) == "declined"
    assert str(Message()) == ""
