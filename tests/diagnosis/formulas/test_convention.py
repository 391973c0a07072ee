"""A wrong answer that is right in another convention is told which one, and how to declare it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from typing import Any

import pytest
from bptt_reference import loss_and_grads
from support.diagnosed import sentence_of
from support.implementations import Numpy

import bptt_check as bc
from bptt_check.conventions import layout
from bptt_check.conventions.names import Name
from bptt_check.diagnosis.formulas.convention import which_convention
from bptt_check.oracles import load_oracle
from bptt_check.runs.check import Setup, check_case
from bptt_check.runs.failures import failure_of

C = bc.Convention


def cases(model: str, dtype: str = "float64", **options: Any) -> list[bc.Case]:
    """Three cases of a model in which H = D = O, so that every matrix has a transpose."""
    sizes = [bc.Sizes(T, B, 3, 3, 3) for T, B in ((4, 2), (5, 1), (3, 3))]
    chosen = bc.Model.parse(model)
    return [bc.Spec(chosen, s, seed=n, dtype=dtype, **options).build() for n, s in enumerate(sizes)]


def written_in(
    convention: bc.Convention, only_gradients: bool = False, factor: float = 1.0
) -> Callable[[Any], Any]:
    """The reference as somebody would write it who has another layout and does not say so."""

    def subject(case: Any) -> Any:
        case = getattr(case, "case", case)
        steps = layout.chain(convention, case.model)
        arrays: Any = {Name.of(n): a for n, a in case.params.items()}
        for step in reversed(steps):
            arrays = step.inverse(arrays)
        taken = case.with_inputs({str(n): a for n, a in arrays.items()})
        loss, grads = loss_and_grads(case if only_gradients else taken)
        there = layout.forward(steps, {Name.of(n): g for n, g in grads.items()})
        return loss, {str(n): factor * g for n, g in there.items()}

    return subject


def under(option: bc.Convention, subject: Callable[[Any], Any]) -> Callable[[bc.Case], Any]:
    """The code that the declared convention makes right."""

    def code(view: Any) -> Any:
        own = {n: view.params[n] for n in view.case.params}
        return subject(view.case.with_inputs(own))

    return option.adapt(code)


FOUND: dict[str, tuple[str, bc.Convention, float, str]] = {
    "lstm order": ("lstm", C(gate_order="ifog"), 1.0, "gate order 'i f o g'"),
    "rotated": ("lstm+mse", C(gate_order="gifo"), 1.0, "gate order 'g i f o'"),
    "gru order": ("gru", C(gate_order="zrn"), 1.0, "gate order 'z r n'"),
    "two layers": ("gru+2layers+mse", C(gate_order="nzr"), 1.0, "gate order 'n z r'"),
    "z": ("gru", C(z_means="renew"), 1.0, "z for 1-z"),
    "z, one bias": ("gru-reset-before", C(z_means="renew"), 1.0, "z for 1-z"),
    "z and order": (
        "gru", C(z_means="renew", gate_order="zrn"), 1.0, "gate order 'z r n' and z for 1-z",
    ),
    "transposed W_hh": ("rnn-tanh", C(transposed=("W_hh",)), 1.0, "W_hh transposed"),
    "all transposed": (
        "rnn-tanh", C(transposed=("W_xh", "W_hh", "W_hy")), 1.0,
        "W_xh and W_hh and W_hy transposed",
    ),
    "the head": ("lstm", C(transposed=("W_hy",)), 1.0, "W_hy transposed"),
    "negative": ("lstm", C(gate_order="ifog"), -1.0, "gate order 'i f o g'"),
    "truncated": ("lstm+mse", C(gate_order="ifog"), 1.0, "gate order 'i f o g'"),
}  # fmt: skip


def option_of(sentence: str) -> bc.Convention:
    """The convention that a sentence says to declare."""
    found = re.search(r"\((bc\.Convention\(.*\))\)$", sentence)
    assert found, sentence
    return eval(found[1], {"bc": bc})


@pytest.mark.parametrize("only_gradients", [False, True], ids=["everything", "only gradients"])
@pytest.mark.parametrize("what", FOUND)
def test_convention_is_named_and_declaring_it_is_enough(what: str, only_gradients: bool) -> None:
    """The option in the sentence, pasted as it is, makes the same code pass."""
    model, convention, factor, words = FOUND[what]
    cut = {"truncation": bc.Truncation(2, 2)} if what == "truncated" else {}
    given = cases(model, **cut)
    subject = written_in(convention, only_gradients, factor)

    sentence = sentence_of(which_convention, subject, given)

    level = "your loss is right, but your gradients are" if only_gradients else "your loss and your"
    assert words in sentence
    assert sentence.startswith(level)
    assert ("gradients=" in sentence) == only_gradients
    if not cut:
        declared = under(option_of(sentence), subject)
        report = bc.check(declared, given[0], oracles=["complex_step"])
        assert report.verdict == "pass", report.message


def test_convention_is_named_in_single_precision() -> None:
    """Rounding of float32 does not hide a convention."""
    subject = written_in(C(gate_order="ifog"))

    assert "gate order 'i f o g'" in sentence_of(
        which_convention, subject, cases("lstm", "float32")
    )


NOT_ONE = (
    "swapped",
    "carry_dh",
    "h_t",
    "transpose",
    "f_sign",
    "i_for_g",
    "bias_twice",
    "assign_W_hh",
)


@pytest.mark.parametrize("fault", NOT_ONE)
def test_mistake_is_no_convention(fault: str) -> None:
    """What no layout explains gets no name."""
    assert sentence_of(which_convention, Numpy(frozenset({fault})), cases("lstm")) == ""


def test_right_gradient_has_no_convention_to_name() -> None:
    """Where nothing is wrong there is nothing to name."""
    assert sentence_of(which_convention, loss_and_grads, cases("gru")) == ""


def test_convention_must_explain_every_case() -> None:
    """A convention explains all cases or none."""
    right, wrong = written_in(C(gate_order="ifog")), Numpy(frozenset({"carry_dh"}))
    given = cases("lstm")

    def either(case: bc.Case) -> Any:
        return wrong(case) if case.sizes.T == 5 else right(case)

    assert sentence_of(which_convention, right, given)
    assert sentence_of(which_convention, either, given) == ""
    assert sentence_of(which_convention, right, []) == ""


def test_sentence_builds_on_the_declared_convention() -> None:
    """For code in a declared order the sentence speaks of its own order, and keeps the rest."""
    keras = dataclasses.replace(bc.conventions.keras, gate_order={"gru": "zrn"})
    really = dataclasses.replace(keras, gate_order={"gru": "rzh"})
    own = written_in(C())

    def code(view: Any) -> Any:
        case = view.case.with_inputs(really.parameters(view.case.model, view.params))
        loss, grads = own(case)
        there = layout.forward(
            layout.chain(really, case.model), {Name.of(n): grads[n] for n in case.params}
        )
        names = {"W_xh": "kernel", "W_hh": "recurrent_kernel", "b": "bias"}
        names |= {"W_hy": "dense/kernel", "b_y": "dense/bias"}
        return loss, {names[n.base]: g for n, g in there.items()}

    sentence = sentence_of(which_convention, keras.adapt(code), cases("gru"))

    assert "gate order 'r z n'" in sentence
    assert "(dataclasses.replace(your convention, gate_order='rzn'))" in sentence
    report = bc.check(really.adapt(code), cases("gru")[0], oracles=["complex_step"])
    assert report.verdict == "pass", report.message


def test_message_of_a_failure_names_the_convention() -> None:
    """A run's message and `diagnoses` name the convention."""
    case = cases("lstm")[0]
    setup = Setup((load_oracle("complex_step", every_entry=True),))
    subject = written_in(C(gate_order="ifog"))
    first = check_case(subject, case, setup)

    failure = failure_of(subject, "lstm", setup, first, {case.spec: first.end}, None)

    assert "bc.Convention(gate_order='ifog')" in " ".join(failure.message.split())
    assert len(failure.diagnoses) == 1
