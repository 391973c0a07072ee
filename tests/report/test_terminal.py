"""A run on a terminal: narrow, plain where asked, never taken for markup."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console
from support import made
from support.right import right

import bptt_check as bc
from bptt_check.own_loss.taylor import TaylorTest
from bptt_check.report import terminal
from bptt_check.runs.errors.compared_arrays import compared_arrays


def shown(report: bc.Report, **console: Any) -> str:
    """What a run looks like on a console of 80 columns."""
    target = io.StringIO()
    terminal.show(report.run, Console(file=target, width=80, **console))
    return target.getvalue()


def test_the_verdict_comes_first() -> None:
    """The first line is the answer."""
    assert shown(made.failing()).startswith("FAIL  subject: something is wrong")
    assert shown(made.report()).startswith("PASS  subject: every gradient")


def test_the_worst_gradient_of_each_model_is_shown() -> None:
    """One line per model: the gradient and oracle with the largest error."""
    rows = (made.row(max_budgets=0.1), made.row(parameter="W_hy", max_budgets=0.5, oracle="jax"))
    found = shown(made.report(rows=rows, oracles=("torch", "jax")))

    assert ["lstm", "pass", "W_hy", "jax", "0.5"] in [line.split() for line in found.splitlines()]


def test_failing_models_come_first() -> None:
    """A failure is above a pass, however large the passing error."""
    rows = (made.row(max_budgets=0.9), made.wrong(model="gru", max_budgets=2.0))
    text = shown(made.failing(rows=rows, models=("lstm", "gru"), failures=()))

    assert text.index("\ngru ") < text.index("\nlstm ")


@pytest.mark.parametrize("report", [made.report(), made.failing(), made.large()])
def test_nothing_is_wider_than_80_columns(report: bc.Report) -> None:
    """But for what must be copied whole."""
    copied = ("  reproduce:",)
    for line in shown(report).splitlines():
        assert len(line) <= 80 or line.startswith(copied)


def test_a_large_run_stays_short() -> None:
    """85 models and 9 failures do not scroll the verdict away; the rest is counted."""
    text = shown(made.large())

    assert len(text.splitlines()) < 100
    assert "and 65 models that did no worse" in text
    assert "and 6 more failures" in text


@pytest.mark.parametrize("name", made.HOSTILE)
def test_hostile_names_are_printed_as_text(name: str) -> None:
    """No escape sequence reaches the terminal, and nothing is taken for markup."""
    failure = made.failure(message=name, parameter=name)
    rows = (made.wrong(parameter=name, reason=name),)
    text = shown(made.failing(subject=name, rows=rows, failures=(failure,)))

    assert not set(text) & set("\x1b\x07\u202e\u2028\0\r")
    assert name != "[bold red]markup[/bold red]" or text.count(name) >= 2


def test_colour_is_used_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless NO_COLOR asks for none."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")

    assert "\x1b[1;32m" in shown(made.report(), force_terminal=True)


def test_no_color_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    """With NO_COLOR there is no colour, though bold may stay."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")

    assert "32m" not in shown(made.report(), force_terminal=True)


def test_a_case_is_shown_in_full_detail() -> None:
    """Every gradient, a wrong one against every oracle, with the entry where its error is largest,
    and as matrices.
    """
    case = bc.Spec.parse(made.SPEC).build()
    report = bc.check(
        lambda c: (0.0, c.params), case, oracles=["complex_step", "finite_difference"]
    )
    target = io.StringIO()
    compared = compared_arrays(report)
    terminal.show_case(report, Console(file=target, width=80), compared=compared)
    text = target.getvalue()

    assert text.startswith("FAIL  lstm, ")
    for parameter in case.inputs:
        assert f"\n{parameter:<18} " in text
    assert len(case.params) == text.count("  finite_difference  ")
    assert "\nW_hh_l0, expected by " in text
    assert report.message.splitlines()[0] in text


def test_a_refusal_is_shown_with_its_reason() -> None:
    """An oracle that cannot judge says why, and shows no numbers."""
    case = bc.Spec.parse("rnn-relu T=1 B=1 D=1 H=1 O=2 seed=1").build()
    report = bc.check(lambda c: (0.0, c.params), case, oracles=["complex_step"])
    target = io.StringIO()
    terminal.show_case(report, Console(file=target, width=80))

    assert "unsupported  complex step does not apply" in target.getvalue()
    assert "nan" not in target.getvalue()


def test_the_order_of_each_remainder_is_a_line() -> None:
    """With the steps that it is fitted to, or the reason why there is none."""
    target = io.StringIO()
    curves = (
        made.curve(),
        made.curve(parameter="W_hh_l0", verdict="fail", order=1.02, reason="like the step"),
        made.curve(parameter="b_y", verdict="inconclusive", order=None, reason="flat: nothing"),
    )
    terminal.show_taylor(TaylorTest(curves), Console(file=target, width=80))

    assert [" ".join(line.split()) for line in target.getvalue().splitlines()[2:]] == [
        "all inputs pass order 2.00 for steps of 2^-1 to 2^-3",
        "W_hh_l0 fail order 1.02 for steps of 2^-1 to 2^-3",
        "b_y inconclusive flat: nothing",
    ]


def test_a_test_without_curves_says_why() -> None:
    """A subject that has no loss has no curve."""
    target = io.StringIO()
    terminal.show_taylor(TaylorTest((), "raised RuntimeError: no"), Console(file=target, width=80))

    assert "  inconclusive: raised RuntimeError: no" in target.getvalue().splitlines()


def test_a_case_measured_along_directions_claims_no_entry() -> None:
    """The line below the numbers says along how many."""
    target = io.StringIO()
    case = bc.Spec.parse("rnn-tanh T=65 B=2").build()
    report = bc.check(lambda c: (right(c)[0], c.params), case, ["complex_step"])
    terminal.show_case(report, Console(file=target, width=120))

    assert "along 4 directions  got" in target.getvalue()
    assert "at [" not in target.getvalue()


def test_what_is_right_takes_one_line_each() -> None:
    """With the oracles that say so and the largest error; what nobody decided has its reason."""
    case = bc.Spec.parse("rnn-tanh T=2 B=1 D=1 H=1 O=2").build()
    target, report = io.StringIO(), bc.check(right, case, ["complex_step", "finite_difference"])
    terminal.show_case(report, Console(file=target, width=120))
    lines = target.getvalue().splitlines()
    told = [line for line in lines if line.split()[:2] == ["W_hh_l0", "pass"]]

    assert len(told) == 1
    assert told[0].endswith("budgets, by complex_step, finite_difference")
    assert not any(line.startswith("  complex_step") for line in lines)


@pytest.mark.parametrize("width", [40, 60, 100])
def test_lines_are_as_wide_as_the_terminal_and_words_stay_whole(width: int) -> None:
    """But for what must be copied, and a word that is longer."""
    target = io.StringIO()
    report = made.failing(subject="a subject with a rather long name of several words")
    terminal.show(report.run, Console(file=target, width=width))
    lines = [line for line in target.getvalue().splitlines() if "reproduce:" not in line]
    words = report.message.split() + report.subject.split()[:-1]

    assert all(len(line) <= width or len(line.split()) == 1 for line in lines)
    assert set(words) - set(target.getvalue().split()) == set()
