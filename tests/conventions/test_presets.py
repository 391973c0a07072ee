"""The ready-made conventions are the layouts they are named after."""

from __future__ import annotations

import importlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import bptt_check as bc
from bptt_check import oracles
from bptt_check.conventions import flax, presets
from bptt_check.equations.exact import exact_loss

Array = Any


def sigmoid(a: Array) -> Array:
    """Of moderate numbers."""
    return 1.0 / (1.0 + np.exp(-a))


def cross_entropy(h: list[Array], W: Array, b: Array, labels: Array) -> float:
    """Summed over steps (list) and sequences; `W` is (in, out), `labels` (B, T)."""
    loss = 0.0
    for t, h_t in enumerate(h):
        y = h_t @ W + b
        log_p = y - np.log(np.exp(y).sum(-1, keepdims=True))
        loss -= log_p[np.arange(len(y)), labels[:, t]].sum()
    return loss


def keras_lstm(v: bc.conventions.View) -> float:
    """A Keras LSTM: the kernel's columns are i, f, c, o."""
    h, c, out = v.h0, v.c0, []
    for x_t in v.x.swapaxes(0, 1):
        a = x_t @ v.params["kernel"] + h @ v.params["recurrent_kernel"] + v.params["bias"]
        a_i, a_f, a_c, a_o = np.split(a, 4, axis=1)
        c = sigmoid(a_f) * c + sigmoid(a_i) * np.tanh(a_c)
        h = sigmoid(a_o) * np.tanh(c)
        out.append(h)
    return cross_entropy(out, v["dense/kernel"], v["dense/bias"], v.targets)


def keras_gru(v: bc.conventions.View) -> float:
    """A Keras GRU with reset_after: columns z, r, h and a row of biases for each kernel."""
    h, out = v.h0, []
    for x_t in v.x.swapaxes(0, 1):
        x_z, x_r, x_h = np.split(x_t @ v.params["kernel"] + v.params["bias"][0], 3, axis=1)
        inner = h @ v.params["recurrent_kernel"] + v.params["bias"][1]
        h_z, h_r, h_h = np.split(inner, 3, axis=1)
        z, r = sigmoid(x_z + h_z), sigmoid(x_r + h_r)
        h = z * h + (1 - z) * np.tanh(x_h + r * h_h)
        out.append(h)
    return cross_entropy(out, v["dense/kernel"], v["dense/bias"], v.targets)


def keras_gru_reset_before(v: bc.conventions.View) -> float:
    """A Keras GRU without reset_after: one bias."""
    h, out, H = v.h0, [], v.H
    U = v.params["recurrent_kernel"]
    for x_t in v.x.swapaxes(0, 1):
        x_z, x_r, x_h = np.split(x_t @ v.params["kernel"] + v.params["bias"], 3, axis=1)
        z, r = sigmoid(x_z + h @ U[:, :H]), sigmoid(x_r + h @ U[:, H : 2 * H])
        h = z * h + (1 - z) * np.tanh(x_h + (r * h) @ U[:, 2 * H :])
        out.append(h)
    return cross_entropy(out, v["dense/kernel"], v["dense/bias"], v.targets)


def flax_lstm(v: bc.conventions.View) -> float:
    """A Flax LSTMCell: a layer per gate, the recurrent ones with bias."""
    p, h, c, out = v.params, v.h0, v.c0, []
    for x_t in v.x.swapaxes(0, 1):
        a = {
            g: x_t @ p[f"i{g}"]["kernel"] + h @ p[f"h{g}"]["kernel"] + p[f"h{g}"]["bias"]
            for g in "ifgo"
        }
        c = sigmoid(a["f"]) * c + sigmoid(a["i"]) * np.tanh(a["g"])
        h = sigmoid(a["o"]) * np.tanh(c)
        out.append(h)
    return cross_entropy(out, p["head"]["kernel"], p["head"]["bias"], v.targets)


def flax_gru(v: bc.conventions.View) -> float:
    """A Flax GRUCell: the input layers have a bias, of the recurrent ones that of the candidate."""
    p, h, out = v.params, v.h0, []
    assert {n for n in p if "bias" in p[n]} == {"ir", "iz", "in", "hn", "head"}
    for x_t in v.x.swapaxes(0, 1):
        i = {g: x_t @ p[f"i{g}"]["kernel"] + p[f"i{g}"]["bias"] for g in "rzn"}
        r, z = (sigmoid(i[g] + h @ p[f"h{g}"]["kernel"]) for g in "rz")
        n = np.tanh(i["n"] + r * (h @ p["hn"]["kernel"] + p["hn"]["bias"]))
        h = (1.0 - z) * n + z * h
        out.append(h)
    return cross_entropy(out, p["head"]["kernel"], p["head"]["bias"], v.targets)


def flax_simple(v: bc.conventions.View) -> float:
    """A Flax SimpleCell: the bias belongs to the input."""
    p, h, out = v.params, v.h0, []
    for x_t in v.x.swapaxes(0, 1):
        h = np.tanh(x_t @ p["i"]["kernel"] + p["i"]["bias"] + h @ p["h"]["kernel"])
        out.append(h)
    return cross_entropy(out, p["head"]["kernel"], p["head"]["bias"], v.targets)


def course_lstm(v: bc.conventions.View) -> float:
    """The LSTM of the course: i, f, o, g."""
    h, c, out = v.h0, v.c0, []
    for x_t in v.x.swapaxes(0, 1):
        a_i, a_f, a_o, a_g = np.split(x_t @ v["Wx"] + h @ v["Wh"] + v["b"], 4, axis=1)
        c = sigmoid(a_f) * c + sigmoid(a_i) * np.tanh(a_g)
        h = sigmoid(a_o) * np.tanh(c)
        out.append(h)
    return cross_entropy(out, v["W_vocab"], v["b_vocab"], v.targets)


LITERAL = {
    "keras lstm": (bc.conventions.keras, "lstm", keras_lstm),
    "keras gru": (bc.conventions.keras, "gru", keras_gru),
    "keras gru, one bias": (bc.conventions.keras, "gru-reset-before", keras_gru_reset_before),
    "flax lstm": (bc.conventions.flax, "lstm", flax_lstm),
    "flax gru": (bc.conventions.flax, "gru", flax_gru),
    "flax rnn": (bc.conventions.flax, "rnn-tanh", flax_simple),
    "course lstm": (bc.conventions.cs231n, "lstm", course_lstm),
}


@pytest.mark.parametrize("what", LITERAL)
def test_a_cell_in_this_layout_has_the_loss_of_the_model(what: str) -> None:
    """The arrays mean to the cell what the contract's mean to the model."""
    convention, model, loss_of = LITERAL[what]
    case = bc.Spec(bc.Model.parse(model), bc.Sizes(5, 2, 3, 4, 3), seed=3).build()

    assert loss_of(convention.view(case)) == pytest.approx(exact_loss(case), rel=1e-12)


OTHERS = {
    "keras lstm": {"gate_order": "ifog"},
    "keras gru": {"gate_order": "rzh"},
    "keras gru, one bias": {"z_means": "renew"},
    "flax lstm": {
        "biases": "one",
        "names": flax.names | {"W_hh": "i{gate}/kernel", "W_xh": "h{gate}/kernel"},
    },
    "flax gru": {"z_means": "renew"},
    "flax rnn": {"transposed": False},
    "course lstm": {"gate_order": "ifgo"},
}


@pytest.mark.parametrize("what", LITERAL)
def test_in_another_layout_it_has_another_loss(what: str) -> None:
    """Sizes are equal throughout, so that every layout has the same shapes."""
    convention, model, loss_of = LITERAL[what]
    case = bc.Spec(bc.Model.parse(model), bc.Sizes(5, 2, 4, 4, 4), seed=3).build()

    other = replace(convention, **OTHERS[what])

    assert loss_of(convention.view(case)) == pytest.approx(exact_loss(case), rel=1e-12)
    assert loss_of(other.view(case)) != pytest.approx(exact_loss(case), rel=1e-3)


@pytest.mark.skipif(not oracles.available("torch"), reason="torch is not installed")
@pytest.mark.parametrize(
    "model",
    ["rnn-relu+mse", "lstm+2layers+bidirectional+mse", "gru+2layers+mse", "lstm+mse+nobias"],
)
def test_pytorch_is_the_layout_of_torch_nn(model: str) -> None:
    """`torch.nn` with the arrays of this convention as its state passes, by its own autograd."""
    torch: Any = pytest.importorskip("torch")

    def of_torch(view: bc.conventions.View) -> Any:
        model, sizes = view.case.model, view.case.sizes
        kind = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[model.cell]
        extra = {"nonlinearity": model.activation} if model.cell == "rnn" else {}
        net = kind(
            sizes.D, sizes.H, model.layers, bidirectional=model.bidirectional, bias=model.bias,
            dtype=torch.float64, **extra,
        )  # fmt: skip
        leaf = {n: torch.tensor(view[n], requires_grad=True) for n in view.buffers()}
        states = (leaf["h0"], leaf["c0"]) if "c0" in leaf else leaf["h0"]
        own = {n: t for n, t in leaf.items() if n.startswith(("weight", "bias"))}
        out, _ = torch.func.functional_call(net, own, (leaf["x"], states))
        y = torch.nn.functional.linear(out, leaf["linear.weight"], leaf.get("linear.bias"))
        loss = ((y - torch.tensor(view.targets)) ** 2).sum()
        loss.backward()
        return loss.item(), {n: t.grad for n, t in leaf.items()}

    subject = bc.conventions.pytorch.adapt(of_torch, models=[model])
    case = bc.Spec(bc.Model.parse(model), bc.Sizes(4, 2, 3, 2, 2), seed=5).build()

    report = bc.check(subject, case, oracles=["complex_step" if "relu" not in model else "torch"])

    assert report.verdict == "pass", report.message
    assert {r.parameter for r in report.rows} == set(case.inputs)


def test_presets_are_there_under_their_old_name() -> None:
    """`bptt_check.conventions.ready` was documented."""
    ready = importlib.import_module("bptt_check.conventions.ready")

    assert bc.conventions.ready is ready
    assert set(ready.__all__) == {
        name for name, value in vars(presets).items() if isinstance(value, bc.Convention)
    }
    assert all(getattr(ready, name) is getattr(presets, name) for name in ready.__all__)
