"""A second hand-written BPTT, unlike the reference in style, that can be broken in named places.

Plain lists with one entry per step, one loop backwards, everything added up inside that loop. Each
of `FAULTS` is one small place below; without faults the gradients are right. Shapes of one step:
`x` [B, D], `h` and `c` [B, H], `da` [B, G*H].
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import bptt_check as bc

Array = NDArray[Any]
Step = dict[str, Array]
"""What the backward pass needs of one step: `x`, `h_prev`, `c_prev`, `h`, `c` and the gates."""

FAULTS: dict[str, str] = {
    "carry_dh": "the gradient that h_t gets from step t+1 is dropped",
    "carry_dc": "the gradient that c_t gets from step t+1 is dropped",
    "last_step_only": "the gradient from above enters at the last step only",
    "every_step": "the gradient of a last-step loss enters at every step",
    "skip_first": "the backward loop leaves out step 0",
    "skip_last": "the backward loop leaves out step T-1",
    "three_steps": "the backward loop stops after three steps",
    "clip_dh": "dh is clipped to [-0.1, 0.1] inside the loop",
    "mixed_batch": "dh_prev is handed to the neighbouring sequence",
    "no_final": "the cotangents of the final states are ignored",
    "no_final_c": "the cotangent of the final cell state is ignored",
    "layer_cut": "the lower layer gets nothing from the layer above",
    "h_t": "dW_hh takes h_t for h_{t-1}",
    "wrap_around": "dW_hh takes h_{T-1} for h_{-1}, as a list without h0 gives at index -1",
    "zero_h0": "dW_hh takes zeros for h0",
    "x_shifted": "dW_xh takes the input of the step before",
    "aliased": "every step remembers one buffer of h, which the next step overwrites",
    "bias_twice": "the bias gets its gradient twice",
    "bias_l1": "the bias of layer 1 gets no gradient",
    "assign_W_hh": "the gradient of W_hh is assigned where it should be added",
    "assign_W_hy": "the gradient of W_hy is assigned where it should be added",
    "assign_b_y": "the gradient of b_y is assigned where it should be added",
    "assign_cell": "the gradients of W_xh, W_hh and b_h are assigned where they should be added",
    "doubling": "the gradient of W_xh is added to itself at every step",
    "transpose": "dh_prev takes W_hh for its transpose",
    "no_slope": "the derivative of the activation is forgotten",
    "slope_twice": "the derivative of the activation is taken at the activated value",
    "relu_at_0": "the derivative of relu at 0 is taken as 1, which is not wrong",
    "f_sign": "the forget gate's delta has the wrong sign",
    "f_slope": "the forget gate's delta lacks f(1-f)",
    "i_for_g": "the input gate's delta takes i for g",
    "tanh_slope": "the output gate's delta has the slope of tanh",
    "swapped": "the deltas of the gates f and g are stored in each other's place",
    "c_from_h": "dc lacks what comes through h_t = o tanh(c_t)",
    "tanh_c_twice": "dc takes the derivative of tanh at tanh(c_t)",
    "o_path": "dh_prev lacks the path through the output gate",
    "x_o_path": "dx lacks the path through the output gate",
    "dc_prev": "dc_prev is multiplied by i for f",
    "z_sign": "the update gate's delta takes n - h for h - n",
    "direct": "dh_prev lacks the direct path z*dh",
    "direct_1_z": "the direct path takes 1-z for z",
    "r_path": "dh_prev lacks the path through the reset gate",
    "b_hn": "the candidate's recurrent bias misses the factor r",
    "W_hn": "the candidate's recurrent matrix misses the factor r",
    "mse_half": "dy lacks the factor 2 of the squared error",
    "mean_O": "dy of a mean is not divided by the number of outputs",
    "no_shift": "the softmax does not subtract its maximum",
    "naive_bce": "the loss takes log(sigmoid(y)) and log(1 - sigmoid(y)) as they stand",
}  # fmt: skip
"""Name to what is wrong."""


@dataclass(frozen=True)
class Numpy:
    """The subject; `faults` are names of `FAULTS`."""

    faults: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        unknown = self.faults - set(FAULTS)
        if unknown:
            raise ValueError(f"no such fault: {', '.join(sorted(unknown))}")

    @property
    def name(self) -> str:
        """How reports call it."""
        return "+".join(["numpy", *sorted(self.faults)])

    def __call__(self, case: bc.Case) -> tuple[float, dict[str, Array]]:
        """Loss and gradients of a case, in its dtype."""
        loss, grads, _ = self.with_outputs(case)
        return loss, grads

    def with_outputs(self, case: bc.Case) -> tuple[float, dict[str, Array], dict[str, Array]]:
        """Loss, gradients and the states `h_l{k}` of every layer."""
        _full_bptt_only(case)
        grads = {n: np.zeros_like(a) for n, a in case.inputs.items()}
        layers = [_layer(case, k, grads, self.faults) for k in range(case.model.layers)]
        below = list(case.x)
        for layer in layers:
            below = layer.forward(below)
        loss, from_above = _loss(case, below, grads, self.faults)
        for layer in reversed(layers):
            loss += layer.final_loss()
            from_above = layer.backward(from_above)
            if "layer_cut" in self.faults and layer.k > 0:
                from_above = [np.zeros_like(d) for d in from_above]
        grads["x"][:] = from_above
        states = {f"h_l{layer.k}": np.stack([s["h"] for s in layer.steps]) for layer in layers}
        return loss, grads, states


def _full_bptt_only(case: bc.Case) -> None:
    """Raise `bc.Unsupported` for what this implementation does not do."""
    if case.model.bidirectional or case.truncation is not None or case.lengths is not None:
        raise bc.Unsupported("full BPTT over one direction of sequences of one length only")


def _layer(case: bc.Case, k: int, grads: Mapping[str, Array], faults: frozenset[str]) -> Layer:
    """Layer k of a case; it adds its gradients to `grads`."""
    suffix = f"_l{k}"
    names = [n for n in case.params if n.endswith(suffix)]
    zero = np.zeros_like(case.h0[k])
    return Layer(
        k=k,
        cell=_cell(case.model),
        faults=faults,
        params={n.removesuffix(suffix): case.params[n] for n in names},
        grads={n.removesuffix(suffix): grads[n] for n in names},
        start=(case.h0[k], zero if case.c0 is None else case.c0[k]),
        final=(
            zero if case.cotangent_h_n is None else case.cotangent_h_n[k],
            zero if case.cotangent_c_n is None else case.cotangent_c_n[k],
        ),
        start_grads=(grads["h0"][k], grads["c0"][k] if "c0" in grads else zero.copy()),
        steps=[],
    )


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer: arrays by their plain names (`W_xh`, ...), and what its steps left behind.

    `start`, `final` and `start_grads` are pairs for h and c; c is zeros in cells without one.
    """

    k: int
    cell: tuple[Callable[..., Step], Callable[..., tuple[Array, Array, Array]]]
    faults: frozenset[str]
    params: Mapping[str, Array]
    grads: Mapping[str, Array]
    start: tuple[Array, Array]
    final: tuple[Array, Array]
    start_grads: tuple[Array, Array]
    steps: list[Step]

    def forward(self, xs: Sequence[Array]) -> list[Array]:
        """Run over all steps and return every h_t."""
        h, c = self.start
        buffer = h.copy()
        for x in xs:
            step = self.cell[0](self, x, h, c)
            self.steps.append(step)
            h, c = step["h"], step["c"]
            if "aliased" in self.faults:
                step["h_prev"], buffer[...] = buffer, h
        return [step["h"] for step in self.steps]

    def final_loss(self) -> float:
        """The part of a linear loss that the final states carry."""
        dh, dc = self.final
        last = self.steps[-1]
        return float((dh * last["h"]).sum() + (dc * last["c"]).sum())

    def backward(self, from_above: Sequence[Array]) -> list[Array]:
        """Run back over all steps, add up the gradients and return every dx_t."""
        dh, dc = self.final
        if "no_final" in self.faults:
            dh, dc = np.zeros_like(dh), np.zeros_like(dc)
        if "no_final_c" in self.faults:
            dc = np.zeros_like(dc)
        dxs = [np.zeros_like(step["x"]) for step in self.steps]
        for t in self._backwards():
            dh = from_above[t] if "carry_dh" in self.faults else dh + from_above[t]
            dc = np.zeros_like(dc) if "carry_dc" in self.faults else dc
            dh = np.clip(dh, -0.1, 0.1) if "clip_dh" in self.faults else dh
            dxs[t], dh, dc = self.cell[1](self, self._remembered(t), dh, dc)
            dh = np.roll(dh, 1, axis=0) if "mixed_batch" in self.faults else dh
        self.start_grads[0][...], self.start_grads[1][...] = dh, dc
        return dxs

    def _backwards(self) -> range:
        """The steps in the order in which the backward pass visits them."""
        T = len(self.steps)
        if "skip_first" in self.faults:
            return range(T - 1, 0, -1)
        if "skip_last" in self.faults:
            return range(T - 2, -1, -1)
        if "three_steps" in self.faults:
            return range(T - 1, max(T - 4, -1), -1)
        return range(T - 1, -1, -1)

    def _remembered(self, t: int) -> Step:
        """Step t as the backward pass reads it."""
        step = self.steps[t]
        if "h_t" in self.faults:
            return step | {"h_W": step["h"]}
        if "wrap_around" in self.faults:
            return step | {"h_W": self.steps[t - 1]["h"]}
        if "zero_h0" in self.faults and t == 0:
            return step | {"h_W": np.zeros_like(step["h"])}
        if "x_shifted" in self.faults:
            return step | {"x_W": self.steps[max(t - 1, 0)]["x"]}
        return step

    def affine(self, x: Array, h: Array) -> Array:
        """`W_xh x + W_hh h + b_h`."""
        a = x @ self.params["W_xh"].T + h @ self.params["W_hh"].T
        return a + self.params["b_h"] if "b_h" in self.params else a

    def affine_backward(self, step: Step, da: Array) -> tuple[Array, Array]:
        """Add up the gradients of `affine(x, h_prev)`; return dx and dh_prev."""
        self.add("W_xh", da.T @ step.get("x_W", step["x"]))
        self.add("W_hh", da.T @ step.get("h_W", step["h_prev"]))
        self.add("b_h", da.sum(axis=0))
        W_hh = self.params["W_hh"]
        return da @ self.params["W_xh"], da @ (W_hh.T if "transpose" in self.faults else W_hh)

    def add(self, name: str, share: Array) -> None:
        """Add one step's share to a gradient; a bias that the model does not have is left out."""
        if name not in self.grads:
            return
        if self.faults & {f"assign_{name}", "assign_cell"}:
            self.grads[name][...] = 0.0
        if "doubling" in self.faults and name == "W_xh":
            self.grads[name][...] *= 2.0
        if "bias_l1" in self.faults and name.startswith("b") and self.k == 1:
            share = 0.0 * share
        if "bias_twice" in self.faults and name.startswith("b"):
            share = 2.0 * share
        self.grads[name][...] += share


def _cell(model: bc.Model) -> tuple[Callable[..., Step], Callable[..., tuple[Array, Array, Array]]]:
    """Forward and backward of one step of the model's cell."""
    if model.cell == "rnn":
        value, slope = ACTIVATIONS[model.activation]
        return _rnn(value), _rnn_backward(slope)
    if model.cell == "lstm":
        return _lstm, _lstm_backward
    if model.cell == "gru" and model.reset_after:
        return _gru_after, _gru_after_backward
    if model.cell == "gru":
        return _gru_before, _gru_before_backward
    raise bc.Unsupported(f"no cell {model.cell}")


def sigmoid(a: Array) -> Array:
    """`1/(1 + exp(-a))` that never overflows."""
    small = np.exp(-np.abs(a))
    return np.where(a >= 0, 1.0, small) / (1.0 + small)


ACTIVATIONS: dict[str, tuple[Callable[[Array], Array], Callable[[Array], Array]]] = {
    "tanh": (np.tanh, lambda h: 1.0 - h * h),
    "sigmoid": (sigmoid, lambda h: h * (1.0 - h)),
    "relu": (lambda a: np.maximum(a, 0.0), lambda h: (h > 0).astype(h.dtype)),
    "identity": (lambda a: a, np.ones_like),
}
"""Name to the activation and its derivative, written in the activated value."""


def _rnn(value: Callable[[Array], Array]) -> Callable[..., Step]:
    def forward(layer: Layer, x: Array, h: Array, c: Array) -> Step:
        a = layer.affine(x, h)
        return {"x": x, "h_prev": h, "c": c, "a": a, "h": value(a)}

    return forward


def _rnn_backward(slope: Callable[[Array], Array]) -> Callable[..., tuple[Array, Array, Array]]:
    def backward(layer: Layer, s: Step, dh: Array, dc: Array) -> tuple[Array, Array, Array]:
        h = np.tanh(s["h"]) if "slope_twice" in layer.faults else s["h"]
        da = dh if "no_slope" in layer.faults else dh * slope(h)
        if "relu_at_0" in layer.faults:
            da = dh * (s["a"] >= 0)
        return (*layer.affine_backward(s, da), dc)

    return backward


def _lstm(layer: Layer, x: Array, h: Array, c: Array) -> Step:
    a_i, a_f, a_g, a_o = np.split(layer.affine(x, h), 4, axis=1)
    i, f, g, o = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
    c_t = f * c + i * g
    gates = {"i": i, "f": f, "g": g, "o": o}
    return {"x": x, "h_prev": h, "c_prev": c, "c": c_t, "h": o * np.tanh(c_t), **gates}


def _lstm_backward(layer: Layer, s: Step, dh: Array, dc: Array) -> tuple[Array, Array, Array]:
    faults = layer.faults
    i, f, g, o, tanh_c = s["i"], s["f"], s["g"], s["o"], np.tanh(s["c"])
    if "c_from_h" not in faults:
        u = np.tanh(tanh_c) if "tanh_c_twice" in faults else tanh_c
        dc = dc + dh * o * (1.0 - u * u)
    da_i = dc * (i if "i_for_g" in faults else g) * i * (1.0 - i)
    da_f = dc * s["c_prev"] * (1.0 if "f_slope" in faults else f * (1.0 - f))
    da_f = -da_f if "f_sign" in faults else da_f
    da_g = dc * i * (1.0 - g * g)
    da_o = dh * tanh_c * (1.0 - o * o if "tanh_slope" in faults else o * (1.0 - o))
    if "swapped" in faults:
        da_f, da_g = da_g, da_f
    dx, dh_prev = layer.affine_backward(s, np.concatenate([da_i, da_f, da_g, da_o], axis=1))
    W_xo, W_ho = (np.split(layer.params[n], 4)[3] for n in ("W_xh", "W_hh"))
    dh_prev = dh_prev - da_o @ W_ho if "o_path" in faults else dh_prev
    dx = dx - da_o @ W_xo if "x_o_path" in faults else dx
    return dx, dh_prev, dc * (i if "dc_prev" in faults else f)


def _gru_after(layer: Layer, x: Array, h: Array, c: Array) -> Step:
    p = layer.params
    x_r, x_z, x_n = np.split(x @ p["W_xh"].T + p.get("b_xh", 0.0), 3, axis=1)
    h_r, h_z, h_n = np.split(h @ p["W_hh"].T + p.get("b_hh", 0.0), 3, axis=1)
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    n = np.tanh(x_n + r * h_n)
    gates = {"r": r, "z": z, "n": n, "h_n": h_n}
    return {"x": x, "h_prev": h, "c": c, "h": (1.0 - z) * n + z * h, **gates}


def _gru_after_backward(layer: Layer, s: Step, dh: Array, dc: Array) -> tuple[Array, Array, Array]:
    faults = layer.faults
    r = s["r"]
    da_n, da_z, direct = _gru_blend_backward(layer, s, dh)
    da_r = da_n * s["h_n"] * r * (1.0 - r)
    da_x = np.concatenate([da_r, da_z, da_n], axis=1)
    da_h = np.concatenate([da_r, da_z, da_n * r], axis=1)
    layer.add("W_xh", da_x.T @ s["x"])
    layer.add("W_hh", (da_x if "W_hn" in faults else da_h).T @ s.get("h_W", s["h_prev"]))
    layer.add("b_xh", da_x.sum(axis=0))
    layer.add("b_hh", (da_x if "b_hn" in faults else da_h).sum(axis=0))
    if "r_path" in faults:
        da_h = np.concatenate([0.0 * da_r, da_z, da_n * r], axis=1)
    return da_x @ layer.params["W_xh"], da_h @ layer.params["W_hh"] + direct, dc


def _gru_before(layer: Layer, x: Array, h: Array, c: Array) -> Step:
    p = layer.params
    W_hr, W_hz, W_hn = np.split(p["W_hh"], 3)
    x_r, x_z, x_n = np.split(x @ p["W_xh"].T + p.get("b_h", 0.0), 3, axis=1)
    r, z = sigmoid(x_r + h @ W_hr.T), sigmoid(x_z + h @ W_hz.T)
    n = np.tanh(x_n + (r * h) @ W_hn.T)
    return {"x": x, "h_prev": h, "c": c, "h": (1.0 - z) * n + z * h, "r": r, "z": z, "n": n}


def _gru_before_backward(layer: Layer, s: Step, dh: Array, dc: Array) -> tuple[Array, Array, Array]:
    r, h = s["r"], s["h_prev"]
    W_hr, W_hz, W_hn = np.split(layer.params["W_hh"], 3)
    da_n, da_z, direct = _gru_blend_backward(layer, s, dh)
    d_rh = da_n @ W_hn
    da_r = d_rh * h * r * (1.0 - r)
    da = np.concatenate([da_r, da_z, da_n], axis=1)
    layer.add("W_xh", da.T @ s["x"])
    h_n = h if "W_hn" in layer.faults else r * h
    layer.add("W_hh", np.concatenate([da_r.T @ h, da_z.T @ h, da_n.T @ h_n]))
    layer.add("b_h", da.sum(axis=0))
    dh_prev = direct + d_rh * r + da_z @ W_hz
    if "r_path" not in layer.faults:
        dh_prev = dh_prev + da_r @ W_hr
    return da @ layer.params["W_xh"], dh_prev, dc


def _gru_blend_backward(layer: Layer, s: Step, dh: Array) -> tuple[Array, Array, Array]:
    """Back through `h = (1-z)*n + z*h_prev`: da_n, da_z and the direct part of dh_prev."""
    faults, z, n, h = layer.faults, s["z"], s["n"], s["h_prev"]
    da_n = dh * (1.0 - z) * (1.0 - n * n)
    da_z = dh * (n - h if "z_sign" in faults else h - n) * z * (1.0 - z)
    direct = dh * (1.0 - z if "direct_1_z" in faults else z)
    return da_n, da_z, 0.0 * direct if "direct" in faults else direct


def _loss(
    case: bc.Case, hs: Sequence[Array], grads: Mapping[str, Array], faults: frozenset[str]
) -> tuple[float, list[Array]]:
    """The loss on the top layer's states and its gradient with respect to each of them."""
    every = case.model.readout == "every"
    loss, dhs = 0.0, [np.zeros_like(h) for h in hs]
    for t in range(len(hs)) if every else [len(hs) - 1]:
        target = case.targets[t] if every else case.targets
        step_loss, dhs[t] = _loss_of_step(case, hs[t], target, grads, faults)
        loss += step_loss
    if "every_step" in faults:
        dhs = [dhs[-1] for _ in dhs]
    if "last_step_only" in faults:
        dhs[:-1] = [np.zeros_like(d) for d in dhs[:-1]]
    return loss, dhs


def _loss_of_step(
    case: bc.Case, h: Array, target: Array, grads: Mapping[str, Array], faults: frozenset[str]
) -> tuple[float, Array]:
    """Loss of one step and dh; adds to the gradients of the head."""
    if case.model.loss == "linear":
        return float((target * h).sum()), target
    y = h @ case.params["W_hy"].T + case.params.get("b_y", 0.0)
    loss, dy = LOSSES[case.model.loss](y, target, faults)
    dy = dy / _count(case, faults)
    for name, share in {"W_hy": dy.T @ h, "b_y": dy.sum(axis=0)}.items():
        if name in grads:
            grads[name][...] = share if f"assign_{name}" in faults else grads[name] + share
    return loss / _count(case, frozenset()), dy @ case.params["W_hy"]


def _count(case: bc.Case, faults: frozenset[str]) -> int:
    """What a mean divides by; 1 for a sum."""
    T, B, outputs = *case.x.shape[:2], case.sizes.O
    if case.model.reduction == "sum":
        return 1
    pairs = B * (T if case.model.readout == "every" else 1)
    return pairs if case.model.loss == "cross_entropy" or "mean_O" in faults else pairs * outputs


def cross_entropy(y: Array, label: Array, faults: frozenset[str]) -> tuple[float, Array]:
    """`-log softmax(y)[label]`, summed, and its gradient."""
    shifted = y if "no_shift" in faults else y - y.max(axis=1, keepdims=True)
    e = np.exp(shifted)
    total = e.sum(axis=1, keepdims=True)
    hot = np.eye(y.shape[1], dtype=y.dtype)[label]
    return float((np.log(total[:, 0]) - (shifted * hot).sum(axis=1)).sum()), e / total - hot


def bce(y: Array, target: Array, faults: frozenset[str]) -> tuple[float, Array]:
    """Binary cross-entropy of `sigmoid(y)`, summed, and its gradient."""
    p = sigmoid(y)
    if "naive_bce" in faults:
        return float(-(target * np.log(p) + (1.0 - target) * np.log(1.0 - p)).sum()), p - target
    return float((np.maximum(y, 0.0) - y * target + np.log1p(np.exp(-np.abs(y)))).sum()), p - target


def mse(y: Array, target: Array, faults: frozenset[str]) -> tuple[float, Array]:
    """`(y - target)^2`, summed, and its gradient."""
    return float(((y - target) ** 2).sum()), (1.0 if "mse_half" in faults else 2.0) * (y - target)


LOSSES: dict[str, Callable[[Array, Array, frozenset[str]], tuple[float, Array]]] = {
    "cross_entropy": cross_entropy,
    "bce": bce,
    "mse": mse,
}


def torch_module(case: bc.Case) -> tuple[float, dict[str, Array]]:
    """The same through `torch.nn.RNN`, `LSTM` and `GRU`: the framework's kernels and autograd."""
    import torch

    _torch_supports(case)
    model, sizes = case.model, case.sizes
    kinds = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}
    options: dict[str, Any] = {"nonlinearity": model.activation} if model.cell == "rnn" else {}
    module = kinds[model.cell](
        sizes.D, sizes.H, model.layers, bias=model.bias, bidirectional=model.bidirectional,
        dtype=getattr(torch, case.dtype), **options,
    )  # fmt: skip
    ours = _torch_parameters(module)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.zero_()  # also the second bias, which rnn and lstm of ours do not have
        for name, parameter in ours.items():
            parameter.copy_(torch.tensor(case.params[name]))
    leaves = {
        n: torch.tensor(a, requires_grad=True) for n, a in case.inputs.items() if n not in ours
    }
    loss = _torch_loss(case, module, leaves)
    loss.backward()
    grads = {n: leaf.grad for n, leaf in (ours | leaves).items()}
    return loss.item(), {
        n: np.zeros_like(case.inputs[n]) if g is None else g.numpy() for n, g in grads.items()
    }


def _torch_supports(case: bc.Case) -> None:
    """Raise `bc.Unsupported` for what the modules do not have."""
    model = case.model
    if case.truncation is not None or case.lengths is not None:
        raise bc.Unsupported("full BPTT over sequences of one length only")
    if model.activation not in ("tanh", "relu") or not model.reset_after:
        raise bc.Unsupported(f"torch.nn has no {model.family}")


def _torch_parameters(module: Any) -> dict[str, Any]:
    """Our parameter names to the module's; gate orders are the same (i f g o; r z n)."""
    two_biases = type(module).__name__ == "GRU"
    names = {"weight_ih": "W_xh", "weight_hh": "W_hh", "bias_ih": "b_xh" if two_biases else "b_h"}
    names |= {"bias_hh": "b_hh"} if two_biases else {}
    by_our_name: dict[str, Any] = {}
    for name, parameter in module.named_parameters():
        kind, _, place = name.partition("_l")
        if kind in names:
            by_our_name[f"{names[kind]}_l{place}"] = parameter
    return by_our_name


def _torch_loss(case: bc.Case, module: Any, leaves: Mapping[str, Any]) -> Any:
    """The loss of a case on the module's outputs, with torch's own loss functions."""
    import torch
    from torch.nn import functional as F

    start = (leaves["h0"], leaves["c0"]) if "c0" in leaves else leaves["h0"]
    hs, last = module(leaves["x"], start)
    targets = torch.tensor(case.targets)
    if case.model.readout == "last":
        hs = hs[-1]
    if case.model.loss == "linear":
        finals = last if "c0" in leaves else (last,)
        cotangents = [
            torch.tensor(a) for a in (case.cotangent_h_n, case.cotangent_c_n) if a is not None
        ]
        return (targets * hs).sum() + sum(
            (w * s).sum() for w, s in zip(cotangents, finals, strict=True)
        )
    y = F.linear(hs, leaves["W_hy"], leaves.get("b_y")).flatten(0, -2)
    of_logits: Any = {
        "cross_entropy": F.cross_entropy,
        "bce": F.binary_cross_entropy_with_logits,
        "mse": F.mse_loss,
    }[case.model.loss]
    targets = targets.flatten() if case.model.loss == "cross_entropy" else targets.flatten(0, -2)
    return of_logits(y, targets, reduction=case.model.reduction)


def differs(subject: Callable[[bc.Case], Any], spec: bc.Spec) -> bool:
    """Whether a gradient is not that of the faultless implementation."""
    case = spec.build()
    (_, got), (_, want) = subject(case), Numpy()(case)
    return any(
        np.abs(got[n] - w).max() > 1e-9 * np.abs(w).max(initial=1e-300) for n, w in want.items()
    )


def with_fault(*faults: str) -> Numpy:
    """The second implementation, broken."""
    return Numpy(frozenset(faults))
