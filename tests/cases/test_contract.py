"""The contract: what a subject may return, and the sentence for everything else."""

from __future__ import annotations

from collections import OrderedDict
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from support.right import right

from bptt_check.cases.case import Spec
from bptt_check.cases.contract import Accepted, accept, written_inputs
from bptt_check.cases.result import Result

CASE = Spec.parse("rnn-tanh T=2 B=2 D=3 H=2 O=2").build()
SINGLE = Spec.parse("rnn-tanh T=2 B=2 D=3 H=2 O=2 dtype=float32").build()


def messages(accepted: Accepted) -> list[str]:
    """The sentences of the findings."""
    return [f.message for f in accepted.breaches]


def only_params(grads: dict[str, Any]) -> dict[str, Any]:
    """Without those of x and h0."""
    return {n: g for n, g in grads.items() if n in CASE.params}


class Foreign:
    """An array of another library: all it offers is a conversion."""

    def __init__(self, array: Any) -> None:
        self.array = array

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return np.asarray(self.array, dtype=dtype)


# --- accepted -----------------------------------------------------------------------------------

LOSS, GRADS = right(CASE)


@pytest.mark.parametrize(
    "returned",
    [
        pytest.param((LOSS, GRADS), id="tuple"),
        pytest.param(Result(LOSS, GRADS), id="Result"),
        pytest.param((np.float64(LOSS), GRADS), id="numpy scalar"),
        pytest.param((np.array([[LOSS]]), GRADS), id="array of one"),
        pytest.param((Foreign(LOSS), {n: Foreign(g) for n, g in GRADS.items()}), id="foreign"),
        pytest.param((LOSS, {n: g.tolist() for n, g in GRADS.items()}), id="lists"),
        pytest.param((LOSS, OrderedDict(reversed(GRADS.items()))), id="any order"),
        pytest.param((LOSS, MappingProxyType(GRADS)), id="any mapping"),
        pytest.param((LOSS, only_params(GRADS)), id="parameters only"),
        pytest.param((LOSS, {n: np.asfortranarray(g) for n, g in GRADS.items()}), id="order F"),
    ],
)
def test_pairs_and_results_of_anything_numeric_are_accepted(returned):
    """Anything `numpy.asarray` takes, in a pair or a `Result`, with or without x and h0."""
    accepted = accept(CASE, returned)

    assert accepted.breaches == ()
    assert accepted.result.loss == LOSS
    for name, array in accepted.result.grads.items():
        assert array.dtype == np.float64
        assert np.array_equal(array, GRADS[name])


def test_gradients_are_read_in_the_order_of_the_inputs():
    """Whatever order they came in."""
    accepted = accept(CASE, (LOSS, dict(reversed(GRADS.items()))))

    assert list(accepted.result.grads) == list(CASE.inputs)


def test_lists_are_read_in_the_dtype_of_the_case():
    """Nested lists of a float32 subject are rounded to float32."""
    loss, grads = right(SINGLE)
    third = np.full(2, 1 / 3)
    accepted = accept(SINGLE, (loss, {**grads, "b_y": third.tolist()}))

    assert accepted.breaches == ()
    assert accepted.result.grads["b_y"].tolist() == np.float32(third).tolist()


def test_outputs_of_the_subject_are_kept():
    """Forward values that are offered help to say where a forward differs."""
    outputs = {"h_l0": np.zeros((2, 2, 2))}

    kept = accept(CASE, Result(LOSS, GRADS, outputs=outputs)).result.outputs
    assert kept["h_l0"] is outputs["h_l0"]


def test_outputs_that_are_no_numbers_are_a_breach():
    """The gradients are read all the same."""
    accepted = accept(CASE, Result(LOSS, GRADS, outputs={"y": "text"}))

    assert messages(accepted) == ["the output 'y' has dtype <U4, which is no number's"]
    assert (accepted.result.outputs, [*accepted.result.grads]) == (None, [*GRADS])


def test_the_result_copies_the_arrays_of_the_subject():
    """What is compared later is what was returned now."""
    grads = {n: g.copy() for n, g in GRADS.items()}
    accepted = accept(CASE, (LOSS, grads))
    grads["b_y"][:] = 99

    assert np.array_equal(accepted.result.grads["b_y"], GRADS["b_y"])


# --- refused ------------------------------------------------------------------------------------

PAIR = "a subject must return (loss, grads) or bptt_check.Result, got "


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (None, PAIR + "NoneType"),
        (LOSS, PAIR + "float"),
        (GRADS, PAIR + "dict"),
        ((LOSS, GRADS, 1), PAIR + "a tuple of 3"),
        ((), PAIR + "a tuple of 0"),
        ([LOSS, GRADS], PAIR + "list"),
        ((LOSS, [1, 2]), "the gradients must be a dict, got list"),
        ((LOSS, None), "the gradients must be a dict, got NoneType"),
    ],
)
def test_an_answer_that_is_no_pair_is_refused(returned, message):
    """Nothing can be compared, and the message says what came."""
    accepted = accept(CASE, returned)

    assert accepted.result is None
    assert messages(accepted) == [message]
    assert accepted.breaches[0].parameter == "return value"


@pytest.mark.parametrize(
    ("loss", "message", "comparable"),
    [
        ([1.0, 2.0], "the loss must be one number, got shape (2,)", False),
        (np.zeros(0), "the loss must be one number, got shape (0,)", False),
        ("high", "the loss must be a number, got 'high'", False),
        ({}, "the loss must be a number, got {}", False),
        (float("nan"), "the loss is nan", True),
        (np.float32("inf"), "the loss is inf", True),
    ],
)
def test_a_loss_that_is_not_one_finite_number_is_a_breach(loss, message, comparable):
    """The loss is one finite number; gradients beside a NaN can still be compared."""
    accepted = accept(CASE, (loss, GRADS))

    assert (accepted.result is not None) == comparable
    assert len(accepted.breaches) == 1
    assert accepted.breaches[0].message.startswith(message)
    assert accepted.breaches[0].parameter == "loss"


@pytest.mark.parametrize(
    "loss", [None, pytest.param("1.5", id="text"), pytest.param(np.complex128(1), id="complex")]
)
@pytest.mark.filterwarnings("ignore::numpy.exceptions.ComplexWarning")
def test_none_text_and_complex_numbers_are_no_loss(loss):
    """None, a text and a complex number are no loss, and are shown as they came."""
    accepted = accept(CASE, (loss, GRADS))

    assert [m.split(",")[0] for m in messages(accepted)] == ["the loss must be a number"]


NOT_FLOAT = np.zeros((2, 2), dtype=object)
WITH_NAN = np.array([[0.0, 0.0], [np.nan, np.inf]])


@pytest.mark.parametrize(
    ("value", "message", "comparable"),
    [
        (np.zeros((2, 3)), "the gradient of W_hh_l0 has shape (2, 3), not (2, 2)", False),
        (np.zeros(4), "the gradient of W_hh_l0 has shape (4,), not (2, 2)", False),
        (0.0, "the gradient of W_hh_l0 has shape (), not (2, 2)", False),
        ([[0.0]], "the gradient of W_hh_l0 has shape (1, 1), not (2, 2)", False),
        (None, "the gradient of W_hh_l0 has dtype object, not float64", False),
        (NOT_FLOAT, "the gradient of W_hh_l0 has dtype object, not float64", False),
        (np.zeros((2, 2), bool), "the gradient of W_hh_l0 has dtype bool, not float64", False),
        (np.zeros((2, 2), complex), "the gradient of W_hh_l0 has dtype complex128, not", False),
        ([[1.0], [1.0, 2.0]], "the gradient of W_hh_l0 is no array of numbers: ", False),
        ([["a", "b"]], "the gradient of W_hh_l0 is no array of numbers: could not", False),
        (WITH_NAN, "the gradient of W_hh_l0 is nan at [1, 0]", False),
        (-np.inf * np.ones((2, 2)), "the gradient of W_hh_l0 is -inf at [0, 0]", False),
        (np.zeros((2, 2), "f4"), "the gradient of W_hh_l0 has dtype float32, not float64", True),
        (np.zeros((2, 2), int), "the gradient of W_hh_l0 has dtype int64, not float64", True),
    ],
)
def test_a_gradient_of_wrong_shape_dtype_or_value_is_a_breach(value, message, comparable):
    """Shape, dtype and finiteness each have their sentence; the other gradients are still read."""
    accepted = accept(CASE, (LOSS, {**GRADS, "W_hh_l0": value}))

    assert len(accepted.breaches) == 1
    assert accepted.breaches[0].parameter == "W_hh_l0"
    assert accepted.breaches[0].message.startswith(message)
    assert ("W_hh_l0" in accepted.result.grads) == comparable
    assert set(accepted.result.grads) >= set(GRADS) - {"W_hh_l0"}


def test_a_gradient_in_another_dtype_than_the_case_is_a_breach():
    """The dtype is the case's, in both directions."""
    loss, grads = right(SINGLE)
    accepted = accept(SINGLE, (loss, {**grads, "x": grads["x"].astype(float)}))

    assert messages(accepted) == ["the gradient of x has dtype float64, not float32"]


def test_missing_and_extra_gradients_are_breaches():
    """Every parameter is needed; other names are refused, with the valid ones."""
    grads = {n: g for n, g in GRADS.items() if n != "b_y"} | {"b": GRADS["b_y"], 3: 1.0}

    assert messages(accept(CASE, (LOSS, grads))) == [
        "the gradient of b_y is missing, shape (2,)",
        "there is no input '3 (int)'; gradients may be: W_xh_l0, W_hh_l0, b_h_l0, W_hy, b_y, x, h0",
        "there is no input 'b'; gradients may be: W_xh_l0, W_hh_l0, b_h_l0, W_hy, b_y, x, h0",
    ]


def test_all_breaches_are_told_at_once():
    """One run of a subject shows everything that is wrong with what it returns."""
    accepted = accept(CASE, (float("nan"), {"x": np.zeros(1)}))
    named = [f.parameter for f in accepted.breaches]

    assert named == ["loss", "W_xh_l0", "W_hh_l0", "b_h_l0", "W_hy", "b_y", "x"]


def test_long_values_are_cut_in_messages():
    """A message shows the offending value, not pages of it."""
    accepted = accept(CASE, ("x" * 1000, GRADS))

    assert len(accepted.breaches[0].message) < 1200
    assert accepted.breaches[0].message.startswith("the loss must be a number, got 'xxx")
    assert "..." in accepted.breaches[0].message


# --- inputs written to --------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["W_hh_l0", "x", "h0"])
def test_an_input_that_was_written_to_is_named(name):
    """Every array is compared with what it was, parameters included."""
    after = CASE.with_inputs({name: CASE.inputs[name] + 1e-12})
    breaches = written_inputs(CASE, after)

    assert [b.parameter for b in breaches] == [name]
    assert breaches[0].message == (
        f"{name} was written to: a subject must leave its inputs as they are"
    )


@pytest.mark.parametrize("name", ["targets", "lengths", "cotangent_h_n", "cotangent_c_n"])
def test_a_constant_that_was_written_to_is_named(name):
    """Targets, lengths and cotangents too."""
    case = Spec.parse("lstm+linear T=3 lengths").build()
    other = Spec.parse("lstm+linear T=3 lengths").build()
    object.__setattr__(other, name, getattr(case, name) + 1)

    assert [f.parameter for f in written_inputs(case, other)] == [name]


def test_untouched_inputs_are_no_breach():
    """Nothing was written, nothing is said."""
    assert written_inputs(CASE, Spec.parse(str(CASE.spec)).build()) == []
