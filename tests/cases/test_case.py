"""Specs and cases: one readable line, the same arrays everywhere, and what is refused."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from bptt_check import strategies
from bptt_check.cases.case import Case, Spec, Truncation
from bptt_check.cases.model import Model, Sizes
from bptt_check.cases.result import Result
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


def case_of(name: str = "lstm", T: int = 3, **options: Any) -> Case:
    """A small case with all sizes different."""
    return Spec(Model.parse(name), Sizes(T=T, B=2, D=4, H=5, O=6), **options).build()


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


WEIGHTS = {
    "normal": [0.827, 0.936, -0.5165, -0.472, -0.162, -0.4525],
    "saturated": [0.83, 0.94, -0.52, -0.47, -3.24, -9.05],
    "tiny": [0.000827, 0.000936, -0.0005165, -0.000472, -0.000162, -0.0004525],
    "vanishing": [0.827, 0.936, -0.05165, -0.0472, -0.162, -0.4525],
    "exploding": [0.827, 0.936, -1.55, -1.416, -0.162, -0.4525],
    "sparse": [0.0, 0.9355, -0.5165, -0.472, -0.162, -0.4525],
}
"""The first two values of W_xh, W_hh and b_h of one spec, in every regime."""
INPUTS = {"sparse": [0.0, 0.0, 0.0, 0.0, 0.46, 0.0]}
"""Of x, h0 and c0; in every other regime those below."""


@pytest.mark.parametrize("regime", WEIGHTS)
def test_a_spec_builds_the_pinned_weights_and_inputs(regime):
    """A printed spec stays reproducible: the stream behind it is pinned to the last bit."""
    spec = Spec(Model(loss="mse"), Sizes(2, 2, 2, 2, 2), seed=7, regime=regime, lengths=True)
    case = spec.build()
    weights = [case.params[n].ravel()[:2] for n in ("W_xh_l0", "W_hh_l0", "b_h_l0")]
    inputs = [case.x[0, 0], case.h0[0, 0], case.c0[0, 1]]

    assert np.concatenate(weights).tolist() == WEIGHTS[regime]
    assert np.concatenate(inputs).tolist() == INPUTS.get(
        regime, [-0.443, -0.497, 0.384, 0.295, 0.46, 0.194]
    )
    assert case.targets[1, 0].tolist() == [-0.801, 0.674]
    assert case.lengths.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("name", "field", "values"),
    [
        ("gru", "targets", [[0, 1, 1]]),
        ("gru+bce+last", "targets", [[0, 0.75, 1, 0.5], [0, 0.75, 0.75, 0.5], [0.5, 0, 1, 0.25]]),
        ("lstm+linear", "cotangent_h_n", [[[0.159, -0.288], [-0.498, 0.273], [0.906, -0.177]]]),
        ("lstm+linear", "cotangent_c_n", [[[0.463, -0.264], [-0.86, -0.835], [0.613, -0.69]]]),
    ],
)  # fmt: skip
def test_a_spec_builds_the_pinned_targets_and_cotangents(name, field, values):
    """Targets and cotangents are pinned as well."""
    case = Spec(Model.parse(name), Sizes(1, 3, 2, 2, 4), seed=1).build()

    assert values == getattr(case, field).tolist()


def test_changing_T_leaves_weights_and_earlier_inputs_unchanged():
    """Arrays have streams of their own, so that shrinking one size is steady."""
    small, large = case_of(T=3), case_of(T=9)

    assert np.array_equal(small.params["W_hh_l0"], large.params["W_hh_l0"])
    assert np.array_equal(small.x, large.x[:3])


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


# --- what is refused ----------------------------------------------------------------------------

NAN = np.full((3, 2, 4), np.nan)
INF = np.full((1, 2, 5), -np.inf)
PARAMS = case_of("lstm").params
XH = "x must be (T, B, D) and h0 (layers*N, B, H), all at least 1; got "
P = "params must be exactly W_xh_l0, W_hh_l0, b_h_l0, W_hy, b_y; "


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dtype": "int8"}, "unknown dtype 'int8'."),
        ({"x": np.zeros((3, 2))}, XH + "(3, 2) and (1, 2, 5)."),
        ({"h0": np.zeros(5)}, XH + "(3, 2, 4) and (5,)."),
        ({"x": np.zeros((0, 2, 4))}, XH),
        ({"x": np.zeros((3, 2, 0))}, XH),
        ({"x": np.zeros((3, 9, 4))}, "h0 must have shape (1, 9, 5), got (1, 2, 5)."),
        ({"x": np.zeros((3, 2, 7))}, "W_xh_l0 must have shape (20, 7), got (20, 4)."),
        ({"h0": np.zeros((2, 2, 5))}, "h0 must have shape (1, 2, 5), got (2, 2, 5)."),
        ({"c0": np.zeros((1, 2, 6))}, "c0 must have shape (1, 2, 5), got (1, 2, 6)."),
        ({"x": NAN}, "x holds NaN or infinity; a case must be finite."),
        ({"h0": INF}, "h0 holds NaN or infinity; a case must be finite."),
        ({"c0": None}, "c0 is needed for the model lstm."),
        ({"targets": np.zeros((3, 2))}, "targets must hold integers, got dtype float64."),
        ({"targets": np.zeros((2, 3), int)}, "targets must have shape (3, 2), got (2, 3)."),
        ({"targets": np.full((3, 2), 6)}, "targets must lie in 0..5 (O - 1), got 6..6."),
        ({"targets": np.full((3, 2), -1)}, "targets must lie in 0..5 (O - 1), got -1..-1."),
        ({"lengths": [1.0, 2.0]}, "lengths must hold integers, got dtype float64."),
        ({"lengths": [True, True]}, "lengths must hold integers, got dtype bool."),
        ({"lengths": [3]}, "lengths must have shape (2,), got (1,)."),
        ({"lengths": [0, 3]}, "lengths must lie in 1..3 (T), got [0, 3]."),
        ({"lengths": [1, 4]}, "lengths must lie in 1..3 (T), got [1, 4]."),
        ({"cotangent_h_n": np.zeros((1, 2, 5))}, "cotangent_h_n must be None for the model lstm."),
        ({"cotangent_c_n": np.zeros((1, 2, 5))}, "cotangent_c_n must be None for the model lstm."),
        ({"model": Model("rnn"), "c0": None}, "W_xh_l0 must have shape (5, 4), got (20, 4)."),
        ({"model": Model(loss="mse")}, "targets must have shape (3, 2, 6), got (3, 2)."),
        (
            {"model": Model(bidirectional=True), "truncation": Truncation(1, 1)},
            "truncation and bidirectional=True exclude each other:",
        ),
        ({"params": {n: a for n, a in PARAMS.items() if n != "b_y"}},
            P + "missing: b_y; unknown: none."),
        ({"params": {**PARAMS, "b": PARAMS["b_y"]}}, P + "missing: none; unknown: b."),
        ({"params": {**PARAMS, "W_hy": np.zeros(6)}}, "W_hy must be (O, H*N), got (6,)."),
        ({"params": {**PARAMS, "W_hy": np.zeros((6, 4))}}, "W_hy must have shape (6, 5), got"),
        ({"params": {**PARAMS, "b_y": np.full(6, np.nan)}}, "b_y holds NaN or infinity"),
    ],
)  # fmt: skip
def test_a_case_refuses_arrays_that_do_not_fit(changes, message):
    """Every array is checked for presence, shape, finiteness and range, and named."""
    with pytest.raises(SpecError) as caught:
        replace(case_of("lstm"), **changes)

    assert str(caught.value).startswith(message)


def test_a_gru_refuses_a_cell_state():
    """`c0` belongs to the LSTM."""
    case = case_of("gru")

    with pytest.raises(SpecError, match=r"^c0 must be None for the model gru\."):
        replace(case, c0=case.h0)


@pytest.mark.parametrize("name", ["cotangent_h_n", "cotangent_c_n"])
def test_the_linear_loss_needs_its_cotangents(name):
    """The linear loss is not complete without cotangents of the final states."""
    with pytest.raises(SpecError, match=rf"^{name} is needed for the model lstm\+linear\."):
        replace(case_of("lstm+linear"), **{name: None})


def test_values_that_overflow_the_dtype_are_refused():
    """A value that float32 cannot hold is not finite there."""
    case = case_of("rnn-tanh", dtype="float32")

    with np.errstate(over="ignore"), pytest.raises(SpecError, match=r"^x holds NaN or infinity"):
        replace(case, x=np.full((3, 2, 4), 1e300))


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"x": "abc"}, id="text"),
        pytest.param({"x": None}, id="no x"),
        pytest.param({"params": None}, id="no params"),
        pytest.param({"params": {**PARAMS, "b_y": None}}, id="no b_y"),
        pytest.param({"model": "lstm"}, id="model name"),
        pytest.param({"truncation": (1, 2)}, id="truncation tuple"),
        pytest.param({"x": np.ones((3, 2, 4)) * 1j}, id="complex"),
    ],
)
@pytest.mark.filterwarnings("ignore::numpy.exceptions.ComplexWarning")
def test_arrays_of_the_wrong_kind_are_refused(changes):
    """Whatever is no array of real numbers is refused with a sentence of ours."""
    with pytest.raises(SpecError):
        replace(case_of("lstm"), **changes)


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
        ({"header": np.array("[]")}, "list indices must be integers"),
        ({"header": np.array('{"truncation": null, "model": {"cell": "x"}}')}, "unknown cell 'x'"),
        ({"x": None}, "missing 1 required positional argument: 'x'"),
        ({"x": np.zeros((3, 2, 9))}, r"W_xh_l0 must have shape \(20, 9\)"),
        ({"more": np.zeros(1)}, "unexpected keyword argument 'more'"),
        ({"x": np.array([None, {}], dtype=object)}, "allow_pickle=False"),
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


def test_outputs_and_bounds_of_a_result_are_optional():
    """Outputs and bounds are optional."""
    result = Result(1.0, {})

    assert result.outputs is None
    assert result.bounds is None
