"""Specs and cases: one readable line, the same arrays everywhere, and what is refused."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from support.cases import case_of

from bptt_check import strategies
from bptt_check.cases.case import Case, Spec, Truncation
from bptt_check.cases.model import Model, Sizes
from bptt_check.cases.targets import default_targets
from bptt_check.errors import SpecError, UnknownName

DRAWN = strategies.specs(
    model=st.sampled_from([t.model for t in default_targets()]),
    dtypes=("float64", "float32"),
    lengths=None,
    truncation=None,
)


def arrays_of(case: Case) -> dict[str, np.ndarray]:
    """Every array of a case by name."""
    names = ("targets", "lengths", "cotangent_h_n", "cotangent_c_n")
    others = {n: getattr(case, n) for n in names if getattr(case, n) is not None}
    return {**case.inputs, **others}


# --- Spec ---------------------------------------------------------------------------------------


@settings(max_examples=200, deadline=None)
@given(DRAWN)
def test_parsing_the_line_of_a_spec_gives_the_spec(spec):
    """`Spec.parse` undoes `str` for every spec."""
    assert spec == Spec.parse(str(spec))


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("lstm", Spec(Model())),
        ("gru T=2 seed=5", Spec(Model("gru"), Sizes(T=2), seed=5)),
        (
            "lstm+mse  O=2 H=1 lengths regime=sparse dtype=float32 k2=3 k1=2",
            Spec(
                Model(loss="mse"),
                Sizes(H=1, O=2),
                Truncation(2, 3),
                dtype="float32",
                regime="sparse",
                lengths=True,
            ),
        ),
    ],
)
def test_words_of_a_spec_may_be_left_out_and_reordered(text, spec):
    """Whatever a line leaves out keeps its default."""
    assert spec == Spec.parse(text)


def test_the_line_of_a_spec_is_the_documented_one():
    """The line names the model, all sizes, what is not the default, and the seed."""
    text = "gru+mse T=4 B=1 D=2 H=3 O=1 k1=2 k2=3 dtype=float32 regime=tiny lengths seed=9"

    assert text == str(Spec.parse(text))


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("", UnknownName, "unknown model ''."),
        ("ltsm T=3", UnknownName, "unknown model 'ltsm'. Did you mean 'lstm'?"),
        ("lstm T=3 T=4", SpecError, "'T' stands twice in the spec 'lstm T=3 T=4'."),
        ("lstm t=3", UnknownName, "unknown word in a spec: 't'."),
        ("lstm sed=3", UnknownName, "unknown word in a spec: 'sed'. Did you mean 'seed'?"),
        ("lstm T=x", SpecError, "T in a spec must be a non-negative integer, got 'x'."),
        ("lstm T=-1", SpecError, "T in a spec must be a non-negative integer, got '-1'."),
        ("lstm T", SpecError, "T in a spec must be a non-negative integer, got ''."),
        ("lstm T=0", SpecError, "T must be an integer of at least 1, got 0."),
        ("lstm seed=1.5", SpecError, "seed in a spec must be a non-negative integer, got '1.5'."),
        ("lstm k1=2", SpecError, "k1 and k2 belong together; the spec 'lstm k1=2' has only one"),
        ("lstm k2=2", SpecError, "k1 and k2 belong together"),
        ("lstm k1=0 k2=1", SpecError, "k1 must be an integer of at least 1, got 0."),
        ("lstm dtype=double", UnknownName, "unknown dtype 'double'."),
        ("lstm regime=huge", UnknownName, "unknown regime 'huge'. Valid: exploding,"),
        ("lstm+bidirectional k1=1 k2=1", SpecError, "truncation and bidirectional=True exclude"),
    ],
)  # fmt: skip
def test_parse_refuses_a_line_that_is_no_spec(text, kind, message):
    """Every word is checked, and the message shows the offending one."""
    with pytest.raises(kind) as caught:
        Spec.parse(text)

    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("text", ["lstm lengths=no", "lstm lengths=3", "lstm lengths=False"])
def test_lengths_takes_no_value(text):
    """`lengths` is a word of its own; a value means something else was meant."""
    with pytest.raises(SpecError, match="lengths"):
        Spec.parse(text)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dtype": "float46"}, "unknown dtype 'float46'. Did you mean 'float64'?"),
        ({"dtype": None}, "unknown dtype None. Valid: bfloat16, float16, float32, float64."),
        ({"regime": "odd"}, "unknown regime 'odd'. Valid: exploding, normal, one_hot, sat"),
        ({"seed": -1}, "seed must be a non-negative integer, got -1."),
        ({"seed": 0.5}, "seed must be a non-negative integer, got 0.5."),
        ({"seed": None}, "seed must be a non-negative integer, got None."),
    ],
)
def test_a_spec_refuses_unknown_names_and_impossible_seeds(options, message):
    """A spec that could not be built raises at construction."""
    with pytest.raises(SpecError) as caught:
        Spec(Model(), **options)

    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("lstm",), id="model name"),
        pytest.param((Model(), (3, 1, 1, 1, 1)), id="sizes tuple"),
        pytest.param((Model(), Sizes(), (2, 2)), id="truncation tuple"),
    ],
)
def test_a_spec_refuses_arguments_of_the_wrong_type(arguments):
    """A text for a model, or a tuple for sizes, is refused at construction."""
    with pytest.raises(SpecError):
        Spec(*arguments)


def test_a_spec_refuses_a_boolean_seed():
    """What cannot be read back from the spec's line is refused."""
    with pytest.raises(SpecError, match="seed must be a non-negative integer, got True"):
        Spec(Model(), seed=True)


@pytest.mark.parametrize("value", [0, -1, 2.0, None, True])
@pytest.mark.parametrize("field", ["k1", "k2"])
def test_a_truncation_refuses_what_is_no_positive_integer(field, value):
    """Both numbers of a truncation are integers of at least 1."""
    with pytest.raises(SpecError, match=f"^{field} must be an integer of at least 1, got"):
        Truncation(**{"k1": 1, "k2": 1, field: value})


def test_a_spec_refuses_truncation_of_a_bidirectional_model():
    """The message says which of the two to drop."""
    with pytest.raises(SpecError, match=r"Use truncation=None or bidirectional=False\."):
        Spec(Model(bidirectional=True), truncation=Truncation(1, 1))


# --- building -----------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(DRAWN)
def test_the_same_spec_builds_the_same_arrays(spec):
    """`build` is a pure function of the spec, which the case remembers."""
    one, other = spec.build(), spec.build()

    assert one.spec == spec
    assert all(np.array_equal(a, arrays_of(other)[n]) for n, a in arrays_of(one).items())


def test_sizes_of_a_case_are_those_of_its_arrays():
    """Sizes are those of the arrays; a model without head has O = 1."""
    assert Sizes(3, 2, 4, 5, 6) == case_of("lstm").sizes
    assert Sizes(3, 2, 4, 5, 1) == case_of("lstm+linear").sizes


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("gru", ["W_xh_l0", "W_hh_l0", "b_xh_l0", "b_hh_l0", "W_hy", "b_y", "x", "h0"]),
        ("lstm+nobias+linear", ["W_xh_l0", "W_hh_l0", "x", "h0", "c0"]),
    ],
)
def test_inputs_are_everything_that_has_a_gradient(name, wanted):
    """Parameters come first, then x and the initial states."""
    assert wanted == list(case_of(name).inputs)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_every_array_is_read_only_and_in_the_dtype_of_the_case(dtype):
    """No array of a case can be written to; labels and lengths are int64."""
    case = case_of("lstm", dtype=dtype, lengths=True)

    assert {dtype} == {str(a.dtype) for a in case.inputs.values()}
    assert {"int64"} == {str(a.dtype) for a in (case.targets, case.lengths)}
    assert not any(a.flags.writeable for a in arrays_of(case).values())
    with pytest.raises(FrozenInstanceError):
        case.x = case.h0  # type: ignore[misc]


def test_a_case_copies_the_arrays_that_it_is_given():
    """Writing to an array after a case was made of it does not reach the case."""
    case = case_of("rnn-tanh")
    x = case.x.copy()
    own = replace(case, x=x, spec=None)
    x[:] = 0

    assert np.array_equal(own.x, case.x)


def test_given_arrays_are_converted_to_the_dtype():
    """Nested lists and other precisions are read in the dtype of the case."""
    case = case_of("rnn-tanh", dtype="float32")
    own = replace(case, x=case.x.astype(np.float64).tolist(), h0=case.h0.astype(np.float64))

    assert own.x.dtype == own.h0.dtype == np.float32
    assert np.array_equal(own.x, case.x)


def test_with_inputs_drops_the_spec():
    """A case whose values were changed is no longer the one of its spec."""
    case = case_of("lstm")
    changed = case.with_inputs({"W_hh_l0": np.zeros((20, 5)), "c0": np.ones((1, 2, 5))})

    assert changed.spec is None
    assert not changed.params["W_hh_l0"].any()
    assert changed.c0.all()
    assert np.array_equal(changed.x, case.x)


# --- saving -------------------------------------------------------------------------------------

ODD = np.array([-0.0, 5e-324, np.nextafter(1.0, 2.0), -1.7976931348623157e308])
"""Minus zero, the smallest subnormal, the neighbour of 1, the largest number."""


@pytest.mark.parametrize("name", ["lstm", "gru+bce+mean", "lstm+linear+2layers", "rnn-relu+last"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("cut", [None, Truncation(2, 1)])
def test_a_saved_case_comes_back_bit_by_bit(tmp_path, name, dtype, cut):
    """`load` undoes `save`: the model, the options, the spec and every bit of every array."""
    case = case_of(name, dtype=dtype, truncation=cut, lengths=dtype == "float32")
    case.save(tmp_path / "c.npz")
    again = Case.load(tmp_path / "c.npz")

    assert (again.model, again.truncation, again.dtype) == (case.model, cut, dtype)
    assert again.spec == case.spec
    assert list(arrays_of(again)) == list(arrays_of(case))
    for array_name, array in arrays_of(case).items():
        assert array.tobytes() == arrays_of(again)[array_name].tobytes()


def test_a_saved_case_keeps_minus_zero_subnormal_and_huge_values(tmp_path):
    """Minus zero, subnormal and huge values, and a case without a spec."""
    case = case_of("rnn-tanh").with_inputs({"x": np.tile(ODD, (3, 2, 1))})
    case.save(str(tmp_path / "c.npz"))
    again = Case.load(str(tmp_path / "c.npz"))

    assert case.x.tobytes() == again.x.tobytes()
    assert again.spec is None


def test_a_saved_case_holds_no_pickle(tmp_path):
    """A saved case is plain arrays and a line of JSON, and loads with pickle forbidden."""
    case_of("lstm").save(tmp_path / "c.npz")
    with np.load(tmp_path / "c.npz", allow_pickle=False) as file:
        kinds = {name: file[name].dtype.kind for name in file.files}
        header = json.loads(str(file["header"]))

    assert set(kinds.values()) <= set("fiU")
    assert header["model"]["cell"] == "lstm"


def damaged(path: Any, **changes: Any) -> None:
    """A saved case with some of its members replaced (None: removed)."""
    case_of("lstm").save(path)
    with np.load(path) as file:
        members = {n: file[n] for n in file.files}
    members = {n: a for n, a in {**members, **changes}.items() if a is not None}
    np.savez(path, **members)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"header": None}, "header"),
        ({"header": np.array("{")}, "Expecting property name"),
        ({"header": np.array("[]")}, "its header is no JSON object"),
        ({"header": np.array('{"truncation": null, "model": {"cell": "x"}}')}, "unknown cell 'x'"),
        ({"x": None}, "missing 1 required positional argument: 'x'"),
        ({"x": np.zeros((3, 2, 9))}, r"W_xh_l0 must have shape \(20, 9\)"),
        ({"more": np.zeros(1)}, "more must be None for the model lstm"),
        (
            {"x": np.array([None, {}], dtype=object)},
            "array 'x' has dtype '[|]O', and holds no real numbers",
        ),
    ],
)
def test_load_refuses_a_file_that_is_no_case(tmp_path, changes, message):
    """A wrong member is one `SpecError` that names the file; a pickle is never opened."""
    path = tmp_path / "c.npz"
    damaged(path, **changes)

    with pytest.raises(SpecError, match=rf"c\.npz is not a case saved by Case.save: .*{message}"):
        Case.load(path)


def test_load_refuses_text_and_bare_arrays(tmp_path):
    """A text file and an `.npy` file are not cases."""
    (tmp_path / "text").write_text("hello")
    np.save(tmp_path / "a.npy", np.zeros(3))

    for name in ("text", "a.npy"):
        with pytest.raises(SpecError, match=f"{name} is not a case saved by"):
            Case.load(tmp_path / name)


def test_load_refuses_a_file_that_was_cut_short(tmp_path):
    """A file whose writing was cut short is not a case."""
    path = tmp_path / "c.npz"
    case_of("lstm").save(path)
    path.write_bytes(path.read_bytes()[:-100])

    with pytest.raises(SpecError, match=r"c\.npz is not a case saved by"):
        Case.load(path)


def test_load_of_a_missing_file_raises_file_not_found(tmp_path):
    """No file, no sentence of ours."""
    with pytest.raises(FileNotFoundError):
        Case.load(tmp_path / "none.npz")
