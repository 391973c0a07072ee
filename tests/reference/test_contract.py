"""What the reference promises about its arguments and results, whatever the mathematics."""

from __future__ import annotations

import ast
import tracemalloc
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bptt_reference
import numpy as np
import pytest
from bptt_reference import loss_and_grads, lstm, outputs, supports

FOLDER = Path(bptt_reference.__file__).parent
MODELS: tuple[dict[str, Any], ...] = (
    *({"cell": "rnn", "activation": f} for f in ("tanh", "relu", "sigmoid", "identity")),
    {"cell": "lstm", "loss": "bce"},
    {"cell": "lstm", "layers": 2, "bidirectional": True, "lengths": [2, 6, 6]},
    {"cell": "gru", "loss": "cross_entropy"},
    {"cell": "gru", "reset_after": False, "loss": "mse", "k": (2, 3)},
)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("options", MODELS, ids=str)
def test_gradients_and_outputs_have_the_dtype_of_the_case(
    options: Any, dtype: str, draw: Any, assert_same: Any
) -> None:
    """Gradients and outputs have the case's dtype; float32 agrees with float64 to its precision."""
    case = draw(**options, dtype=dtype, scale=0.5)
    wide = draw(**options, scale=0.5)
    loss, grads = loss_and_grads(case)

    assert isinstance(loss, float)
    assert {dtype} == {str(g.dtype) for g in (*grads.values(), *outputs(case).values())}
    expected_loss, expected = loss_and_grads(wide)
    tolerance = 2e-5 if dtype == "float32" else 0.0
    assert expected_loss == pytest.approx(loss, rel=tolerance)
    assert_same(expected, grads, tolerance)


def test_float32_is_computed_in_float32(draw: Any) -> None:
    """No float64 is hidden inside: float32 arithmetic leaves its own rounding errors."""
    case, wide = draw(dtype="float32", T=30, H=20), draw(T=30, H=20)
    wide.params = {n: a.astype(np.float64) for n, a in case.params.items()}
    for name in ("x", "h0", "c0", "targets", "cotangent_h_n", "cotangent_c_n"):
        setattr(wide, name, getattr(case, name).astype(np.float64))
    narrow, precise = loss_and_grads(case)[1]["x"], loss_and_grads(wide)[1]["x"]

    assert np.abs(narrow - precise).max() > 2 * np.spacing(np.abs(narrow).max())


@pytest.mark.parametrize("options", MODELS, ids=str)
def test_two_calls_give_the_same_bits_in_new_arrays(options: Any, draw: Any) -> None:
    """Results repeat exactly, are writeable, and share no memory with anything."""
    case = draw(**options)
    first, second = loss_and_grads(case), loss_and_grads(case)
    given = [a for a in vars(case).values() if isinstance(a, np.ndarray)]
    given += list(case.params.values())
    results = [*first[1].values(), *second[1].values()]

    assert first[0] == second[0]
    for name, g in first[1].items():
        assert g.tobytes() == second[1][name].tobytes()
        assert g.flags.writeable
    for a, b in combinations([*results, *given], 2):
        assert not np.shares_memory(a, b) or (a is b)
    assert len({id(g) for g in results}) == len(results)


def test_a_tape_can_be_used_twice() -> None:
    """What the backward pass of the LSTM writes into its tape is nothing that it reads."""
    normal = np.random.default_rng(0).standard_normal
    p = {"W_xh": normal((8, 3)), "W_hh": normal((8, 2)), "b_h": normal(8)}
    state, above = (normal((4, 2)), normal((4, 2))), normal((5, 4, 2))
    tape = lstm.forward(p, normal((5, 4, 3)), state)
    first, second = (lstm.backward(p, tape, above, state) for _ in range(2))

    for a, b in zip(first[0].values(), second[0].values(), strict=True):
        assert a.tobytes() == b.tobytes()
    assert first[1].tobytes() == second[1].tobytes()


@pytest.mark.parametrize("options", MODELS, ids=str)
def test_arguments_are_not_written_to(options: Any, draw: Any) -> None:
    """Every byte of a case that could be written to is as before."""
    case = draw(**options)
    writeable = SimpleNamespace(
        **{n: a.copy() if isinstance(a, np.ndarray) else a for n, a in vars(case).items()}
    )
    writeable.params = {n: a.copy() for n, a in case.params.items()}
    loss_and_grads(writeable)
    outputs(writeable)

    for name, array in {**case.params, "x": case.x, "h0": case.h0, "targets": case.targets}.items():
        now = writeable.params[name] if name in case.params else getattr(writeable, name)
        assert array.tobytes() == now.tobytes()


@pytest.mark.parametrize("options", MODELS, ids=str)
def test_memory_layout_does_not_matter(options: Any, draw: Any, assert_same: Any) -> None:
    """Fortran order and strided views give the same gradients as contiguous arrays."""
    case = draw(**options)
    _, expected = loss_and_grads(case)
    case.params = {n: np.asfortranarray(a) for n, a in case.params.items()}
    case.x = np.repeat(case.x, 2, axis=0)[::2]
    case.h0 = np.asfortranarray(case.h0)
    case.targets = np.asfortranarray(case.targets)

    assert_same(expected, loss_and_grads(case)[1], 1e-13)


def test_gradients_come_in_the_order_of_the_inputs(draw: Any) -> None:
    """Parameters first, in the case's order, then x, h0, c0; every one has its input's shape."""
    case = draw(loss="mse", layers=2)
    _, grads = loss_and_grads(case)
    inputs = {**case.params, "x": case.x, "h0": case.h0, "c0": case.c0}

    assert list(inputs) == list(grads)
    assert {n: a.shape for n, a in inputs.items()} == {n: g.shape for n, g in grads.items()}


def test_the_loss_is_that_of_the_outputs(draw: Any) -> None:
    """`outputs` are the states and logits from which the loss is computed."""
    case = draw(loss="mse", layers=2, bidirectional=True)
    got = outputs(case)

    assert {"h_l0", "h_l1", "y", "h_n", "c_n"} == set(got)
    assert loss_and_grads(case)[0] == pytest.approx(np.square(got["y"] - case.targets).sum())
    assert (got["h_l1"][-1, :, :5] == got["h_n"][2]).all()
    assert (got["h_l1"][0, :, 5:] == got["h_n"][3]).all()


def change(case: Any, **changes: Any) -> Any:
    """The case with other attributes, those of its model and parameters included."""
    model = {n: changes.pop(n) for n in list(changes) if hasattr(case.model, n)}
    params = {n: changes.pop(n) for n in list(changes) if n.startswith(("W_", "b_"))}
    changed = SimpleNamespace(**{**vars(case), **changes})
    changed.model = SimpleNamespace(**{**vars(case.model), **model})
    kept = {n: a for n, a in {**case.params, **params}.items() if a is not None}
    changed.params = kept
    return changed


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "cell": ({"cell": "mgu"}, "cell must be one of rnn, lstm, gru; got 'mgu'"),
    "activation": ({"activation": "elu"}, "activation must be one of .* got 'elu'"),
    "loss": ({"loss": "hinge"}, "loss must be one of"),
    "readout": ({"readout": "first"}, "readout must be one of every, last; got 'first'"),
    "reduction": ({"reduction": "max"}, "reduction must be one of"),
    "no layers": ({"layers": 0}, "layers must be an integer of at least 1; got 0"),
    "layers True": ({"layers": True}, "layers must be an integer"),
    "missing": ({"W_hh_l0": None}, r"parameters are \['W_hh_l0'.* got \['W_hy'"),
    "superfluous": ({"W_hh_l1": np.ones((20, 5))}, "parameters are"),
    "bias": ({"bias": False}, "parameters are"),
    "shape": ({"W_hh_l0": np.ones((5, 20))}, r"W_hh_l0 must be float64 \(20, 5\); got float64 \(5"),
    "dtype": ({"b_h_l0": np.ones(20, np.float32)}, "b_h_l0 must be float64 .* got float32"),
    "integers": ({"x": np.ones((6, 3, 4), int)}, "x must be float32 or float64; got int64"),
    "no steps": ({"x": np.ones((0, 3, 4))}, "none of them empty"),
    "axes": ({"x": np.ones((6, 3))}, r"x must be \[T, B, D\]"),
    "h0": ({"h0": np.ones((2, 3, 5))}, r"h0 must be float64 \(1, 3, 5\); got float64 \(2, 3, 5\)"),
    "c0": ({"c0": None}, "c0 must be float64 .* got None"),
    "targets": ({"targets": np.ones((6, 3))}, r"targets must be float64 \(6, 3, 3\)"),
    "k1": ({"truncation": SimpleNamespace(k1=0, k2=1)}, r"k1 and k2 .* got \(0, 1\)"),
    "k2": ({"truncation": SimpleNamespace(k1=2, k2=1.5)}, r"k1 and k2 .* got \(2, 1.5\)"),
    "long": ({"lengths": np.array([1, 7, 6])}, r"lengths must lie in 1..6; got \[1, 7, 6\]"),
    "short": ({"lengths": np.array([1, 0, 6])}, "lengths must lie in 1..6"),
    "length shape": ({"lengths": np.array([1, 2])}, r"lengths must be integers \(3,\)"),
    "length dtype": ({"lengths": np.ones(3)}, r"lengths must be integers \(3,\); got float64"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_arrays_that_do_not_fit_are_refused(name: str, draw: Any) -> None:
    """What does not fit raises a ValueError that names it and shows the value."""
    changes, message = REFUSED[name]
    case = draw(loss="mse")
    loss_and_grads(case)

    with pytest.raises(ValueError, match=message):
        loss_and_grads(change(case, **changes))
    with pytest.raises(ValueError, match=message):
        outputs(change(case, **changes))


@pytest.mark.parametrize("label", [-1, 3])
def test_labels_out_of_range_are_refused(label: int, draw: Any) -> None:
    """A label that is no class is refused, rather than read from the other end."""
    case = draw(loss="cross_entropy")
    targets = np.where(np.arange(18).reshape(6, 3) == 7, label, case.targets)

    with pytest.raises(ValueError, match=r"Labels must lie in 0\.\.2"):
        loss_and_grads(change(case, targets=targets))
    with pytest.raises(ValueError, match="integer labels"):
        loss_and_grads(change(case, targets=case.targets.astype(float)))


def test_impossible_combinations_are_refused(draw: Any) -> None:
    """Truncation with two directions, and the mean of a linear loss, have no meaning."""
    with pytest.raises(ValueError, match="Truncation has no meaning with a reverse direction"):
        loss_and_grads(draw(bidirectional=True, k=(2, 2)))
    with pytest.raises(ValueError, match="takes reduction='sum' only"):
        loss_and_grads(draw(reduction="mean"))


def test_supports_says_what_would_be_refused(draw: Any) -> None:
    """`supports` is True for every model above and False for every model that is refused."""
    assert loss_and_grads.supports is supports
    assert loss_and_grads.name == "bptt_reference"
    for options in MODELS:
        assert supports(draw(**options).model)
    for changes in ({"cell": "mgu"}, {"loss": "hinge"}, {"reduction": "mean"}, {"layers": 0}):
        assert not supports(change(draw(), **changes).model)


def test_missing_cotangents_count_as_zero(draw: Any) -> None:
    """A linear loss without cotangents of the final states is the same as with zeros."""
    case = draw()
    zero = np.zeros((1, 3, 5))
    _, expected = loss_and_grads(change(case, cotangent_h_n=zero, cotangent_c_n=zero))
    _, got = loss_and_grads(change(case, cotangent_h_n=None, cotangent_c_n=None))

    for name, g in expected.items():
        assert g.tobytes() == got[name].tobytes()


def test_imports_only_numpy_and_the_standard_library() -> None:
    """The reference depends on NumPy alone, and never on the package that checks it."""
    roots: set[str] = set()
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                roots |= {alias.name.split(".")[0] for alias in node.names}
            if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                roots.add(node.module.split(".")[0])

    assert "numpy" in roots
    assert roots <= {"numpy", "__future__", "collections", "functools", "math", "numbers"} | {
        "types",
        "typing",
    }


def test_public_names_are_listed() -> None:
    """`__all__` is what the package offers, and every name of it is documented."""
    public = {n for n in vars(bptt_reference) if n.isidentifier() and n[0] != "_"}
    modules = {path.stem for path in FOLDER.glob("*.py")}

    assert set(bptt_reference.__all__) == public - modules
    for name in bptt_reference.__all__:
        assert getattr(bptt_reference, name).__doc__


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_memory_is_linear_in_steps_and_units(cell: str, draw: Any) -> None:
    """Twice the steps, or twice the units, take twice the memory; not four times."""

    def peak(T: int, H: int) -> int:
        case = draw(cell=cell, T=T, B=8, D=8, H=H)
        loss_and_grads(case)
        tracemalloc.start()
        loss_and_grads(case)
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    assert pytest.approx(peak(160, 24) / peak(80, 24), rel=0.15) == 2.0
    assert pytest.approx(peak(160, 48) / peak(160, 24), rel=0.15) == 2.0
    assert peak(160, 24) / (160 * 8 * 24 * 8) < 20
