"""A convention around subjects: of torch, of JAX, and adapted ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from support.in_conventions import (  # noqa: E402 - needs torch
    BATCH_FIRST,
    OF_OWN_LSTM,
    WRITTEN,
    CutLSTM,
    OwnLSTM,
    batch_first_rnn,
)

import bptt_check as bc  # noqa: E402
from bptt_check.errors import SpecError  # noqa: E402
from bptt_check.oracles import load_oracle  # noqa: E402
from bptt_check.subjects.torch import from_function, from_module  # noqa: E402

SMALL = "T=1..9 B=1..4 D=1..4 H=1..6 O=1..4"


def kept(a: Any) -> Any:
    """No mistake."""
    return a


def cut(a: Any) -> Any:
    """Nothing flows back."""
    return a.detach()


@pytest.mark.parametrize("name", WRITTEN)
def test_code_in_a_convention_passes(name):
    """Outputs, states and the head are put in their places inside the framework."""
    convention, code, models = WRITTEN[name]
    subject = convention.adapt(from_function(code(kept)), models=models)

    report = bc.verify(subject, cases=4, oracles=["torch"], within=SMALL)
    assert report.passed, str(report)


@pytest.mark.parametrize("name", WRITTEN)
def test_a_mistake_is_found_and_told_in_its_names(name):
    """One path of the gradient cut; the message says what the code calls its arrays."""
    convention, code, models = WRITTEN[name]
    subject = convention.adapt(from_function(code(cut)), models=models)
    names = {"batch first": "Wh", "joined": "kernel", "nested": "cell/Wr"}

    told = str(bc.check(subject, f"{models[0]} T=3 B=2 D=2 H=3", oracles=["torch"]))
    assert told.startswith("FAIL  ")
    assert "your forward is right" in told
    assert names[name] in told.splitlines()[0]
    assert "_l0" not in told.partition("reproduce")[0]


@pytest.mark.parametrize("name", WRITTEN)
def test_the_lines_to_paste_run(name):
    """The convention and the subject in it are written down, one inside the other."""
    convention, code, models = WRITTEN[name]
    subject = convention.adapt(from_function(code(cut)))
    spec = f"{models[0]} T=1 B=1 D=1 H=1 O=2"
    told = str(bc.check(subject, spec, oracles=["torch"]))
    *lines, last = told.partition("reproduce:\n")[2].splitlines()
    names: dict[str, Any] = {}
    exec("\n".join(lines), names)
    again = str(bc.check(names["subject"], spec, oracles=["torch"]))

    assert last.startswith(f"print(bc.check(subject, '{models[0]} T=1 B=1")
    assert again.partition("reproduce")[0] == told.partition("reproduce")[0]


def test_a_function_of_jax_in_a_convention():
    """The same rearrangement; a cut path is told in the convention's names."""
    jax = pytest.importorskip("jax")

    from bptt_check.subjects.jax import from_function as from_jax

    def run(case: Any, path: Any = kept) -> Any:
        h, outputs = case["start"], []
        for t in range(case.sizes.T):
            a = case["inputs"][:, t] @ case.params["Wx"] + path(h) @ case.params["Wh"]
            h = jax.numpy.tanh(a + case.params["b"])
            outputs.append(h)
        return jax.numpy.stack(outputs, 1), h

    spec = "rnn-tanh+linear T=2 B=2 D=2 H=2"
    right = BATCH_FIRST.adapt(from_jax(run, jit=True), name="right")
    assert bc.check(right, spec, oracles=["complex_step"]).passed
    wrong = from_jax(lambda case: run(case, jax.lax.stop_gradient), jit=True)
    told = str(bc.check(BATCH_FIRST.adapt(wrong), spec, oracles=["complex_step"]))
    assert told.startswith("FAIL  rnn-tanh+linear: the gradient of Wx, Wh, b, inputs, start is")


@pytest.mark.parametrize("models", [["lstm+linear"], ["lstm+2layers+linear"], ["lstm+mse+nobias"]])
def test_a_module_with_names_of_its_own(models):
    """The convention says what the module calls its parameters; a cut path is found."""
    right = OF_OWN_LSTM.adapt(from_module(OwnLSTM, cell="lstm"), models=models)
    report = bc.verify(right, cases=4, oracles=["torch"], within=SMALL)
    assert report.passed, str(report)

    wrong = OF_OWN_LSTM.adapt(from_module(CutLSTM, cell="lstm"), models=models)
    told = str(bc.check(wrong, f"{models[0]} T=3 B=2 D=2 H=2", oracles=["torch"]))
    assert told.startswith(f"FAIL  {models[0]}: the gradient of cells.0.kernel, cells.0.recurrent")


def test_names_that_the_module_does_not_have():
    """Both sides are listed; without a convention the message says how to say them."""
    other = bc.Convention(names={"W_xh": "cells.{k}.kernels"})
    told = str(bc.check(other.adapt(from_module(OwnLSTM, cell="lstm")), "lstm T=1 B=1"))
    assert "the module and the convention differ in cells.0.kernel, cells.0.recurrent" in told
    assert "the convention has cells.0.kernels (20, 4)" in told

    plain = str(bc.check(from_module(OwnLSTM, cell="lstm"), "lstm T=1 B=1"))
    assert "bc.Convention(names={'W_xh': 'cells.0.kernel', ...}).adapt(from_module(...))" in plain


def renewing_gru(case: Any) -> Any:
    """z means renew, gates z r n, weights (in, out)."""
    p, h, outputs = case.params, case.h0[0], []
    for x_t in case.x:
        x_z, x_r, x_n = (x_t @ p["Wx"] + p["bx"]).chunk(3, -1)
        h_z, h_r, h_n = (h @ p["Wh"] + p["bh"]).chunk(3, -1)
        z, r = torch.sigmoid(x_z + h_z), torch.sigmoid(x_r + h_r)
        h = (1 - z) * h + z * torch.tanh(x_n + r * h_n)
        outputs.append(h)
    return torch.stack(outputs), h[None]


NAMED = bc.Convention(
    names={"W_xh": "Wx", "W_hh": "Wh", "b_xh": "bx", "b_hh": "bh"}, transposed=("W_xh", "W_hh")
)


def numpy_rnn(case: Any) -> Any:
    """A subject of NumPy whose gradients have the wrong sign."""
    result = load_oracle("torch")(case.case)
    return result.loss, {n: -g for n, g in result.grads.items()}


@pytest.mark.parametrize(
    ("outer", "inner", "models"),
    [
        (
            bc.Convention(z_means="renew"),
            replace(NAMED, gate_order="zrn").adapt(from_function(renewing_gru)),
            ["gru+linear"],
        ),
        (
            bc.Convention(gate_order="zrn", z_means="renew"),
            NAMED.adapt(from_function(renewing_gru)),
            ["gru", "gru+linear"],
        ),
        (
            bc.Convention(gradient_factor="-1"),
            bc.Convention().adapt(numpy_rnn),
            ["rnn-tanh+mse"],
        ),
    ],
)
def test_a_convention_around_a_convention(outer, inner, models):
    """What the outer one says comes on top; without it the code is another one."""
    case = bc.Spec.parse(f"{models[0]} T=3 B=2 D=2 H=3").build()
    both = outer.adapt(inner, models=models)
    report = bc.verify(both, cases=3, oracles=["torch"], within=SMALL)
    assert report.passed, str(report)

    _, grads = inner(case)
    right = load_oracle("torch")(case).grads
    assert not any(np.allclose(grads[n], right[n]) for n in ("W_xh_l0", "h0"))


def test_a_convention_around_the_wrong_code_is_rejected():
    """With the factor that is left."""
    outer = bc.Convention(gradient_factor="1/2").adapt(bc.Convention().adapt(numpy_rnn))

    told = str(bc.check(outer, "rnn-tanh+mse T=2 B=2 D=2 H=2", oracles=["torch"]))
    assert told.startswith("FAIL  rnn-tanh+mse: the gradient of W_xh_l0")
    assert "your forward is right (the loss agrees), your backward is wrong" in told


@pytest.mark.parametrize(
    "options",
    [{"transposed": True}, {"names": {"W_xh": "W"}}, {"batch": "first"}, {"dtype": "float64"}],
)
def test_names_and_shapes_belong_to_the_inner_convention(options):
    """The adapted code inside takes cases, which have the contract's names and shapes."""
    ((name, value),) = options.items()
    inner = NAMED.adapt(from_function(renewing_gru))

    with pytest.raises(SpecError) as raised:
        bc.Convention(**options).adapt(inner)
    assert str(raised.value).startswith(
        f"{name}={value!r} cannot be said around code that is adapted already: say it in the inner"
    )


@pytest.mark.parametrize("option", ["arguments", "returns", "attributes"])
def test_a_subject_is_called_as_it_is(option):
    """How it is called is for functions and classes."""
    with pytest.raises(SpecError, match=f"{option}=... is for a function or a class"):
        bc.Convention().adapt(from_function(batch_first_rnn(kept)), **{option: "x"})


def test_without_an_axis_of_the_batch_sequences_run_one_by_one():
    """As with any adapted code; lists of steps, and the number of steps, are those of each."""

    def run(case: Any) -> Any:
        h, outputs = case.h0[0], []
        for x_t in case.x:
            h = torch.tanh(case.params["W_xh_l0"] @ x_t + case.params["W_hh_l0"] @ h)
            outputs.append(h)
        return outputs, h[None]

    single = bc.Convention(batch="none", lists=True)
    subject = single.adapt(from_function(run), handles="lengths")
    assert bc.check(subject, "rnn-tanh+nobias+linear T=3 B=3 lengths", oracles=["torch"]).passed
    case = bc.Spec.parse("rnn-tanh+nobias T=2 B=1").build()
    other = case.with_inputs({"x": 2 * np.asarray(case.x)})
    assert bc.check(subject, other, oracles=["torch"]).passed
