"""Right implementations that have nothing in common with our forward pass: all must be passed.

PyTorch's own modules, PyTorch by hand with a loop over time, and JAX with a scan; each with the
gradients of its framework, in the dtype of the case. In half precision the arrays of a case, which
are float32, are cast to it, and the gradients come back as float32: every operation is the
framework's own in that dtype.
"""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..cases.case import Case
from ..cases.model import Model
from ..cases.precision import PRECISIONS
from ..cases.result import Differentiator
from ..errors import Unsupported
from ..subjects import loading

Arrays = Mapping[str, Any]


def implementations() -> dict[str, Differentiator]:
    """Every right implementation by name, as far as its framework is installed."""
    by_name = {"reference": loading.load(loading.DEFAULT)}
    if importlib.util.find_spec("torch"):
        by_name |= {"torch.nn": torch_nn, "torch eager": torch_eager}
    if importlib.util.find_spec("jax"):
        by_name |= {"jax scan": jax_scan}
    return by_name


def _plain_only(case: Case) -> None:
    if case.truncation is not None or case.lengths is not None:
        raise Unsupported("full BPTT over sequences of one length only")


def _by_torch(case: Case, forward: Callable[[Case, Arrays], tuple[Any, Any, Any]]) -> Any:
    """Loss and gradients by autograd; `forward` gives the top states, h_n and c_n."""
    import torch

    leaves = {n: _torch_tensor(case, a).requires_grad_() for n, a in case.inputs.items()}
    loss = _torch_loss(case, leaves, *forward(case, leaves))
    grads = torch.autograd.grad(
        loss, list(leaves.values()), allow_unused=True, materialize_grads=True
    )
    stored = getattr(torch, PRECISIONS[case.dtype].stored)
    return loss.item(), {n: g.to(stored).numpy() for n, g in zip(leaves, grads, strict=True)}


def _torch_tensor(case: Case, array: Any) -> Any:
    """A copy of an array in the dtype of the case; classes stay integers."""
    import torch

    tensor = torch.tensor(array)
    return tensor.to(getattr(torch, case.dtype)) if tensor.is_floating_point() else tensor


def _torch_loss(case: Case, leaves: Arrays, hs: Any, h_n: Any, c_n: Any) -> Any:
    from torch.nn import functional

    model, targets = case.model, _torch_tensor(case, case.targets)
    hs = hs[-1] if model.readout == "last" else hs
    if model.loss == "linear":
        finals = ((case.cotangent_h_n, h_n), (case.cotangent_c_n, c_n))
        shares = [(_torch_tensor(case, bar) * s).sum() for bar, s in finals if bar is not None]
        return (targets * hs).sum() + sum(shares)
    y = functional.linear(hs, leaves["W_hy"], leaves.get("b_y")) if model.head else hs
    y = y.flatten(0, -2)
    if model.loss == "cross_entropy":
        return functional.cross_entropy(y, targets.flatten(), reduction=model.reduction)
    if model.loss == "sigmoid_mse":
        y = y.sigmoid()
    named = {
        "sigmoid_mse": functional.mse_loss,
        "bce": functional.binary_cross_entropy_with_logits,
        "mse": functional.mse_loss,
    }
    return named[model.loss](y, targets.flatten(0, -2), reduction=model.reduction)


def torch_nn(case: Case) -> Any:
    """`torch.nn.RNN`, `LSTM` and `GRU`."""
    _plain_only(case)
    if case.model.activation not in ("tanh", "relu") or not case.model.reset_after:
        raise Unsupported(f"torch.nn has no {case.model.family}")
    return _by_torch(case, _torch_module)


def _torch_module(case: Case, leaves: Arrays) -> tuple[Any, Any, Any]:
    import torch

    model, sizes = case.model, case.sizes
    kinds = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}
    options: dict[str, Any] = {"nonlinearity": model.activation} if model.cell == "rnn" else {}
    module = kinds[model.cell](
        sizes.D, sizes.H, model.layers, bias=model.bias, bidirectional=model.bidirectional,
        dtype=leaves["x"].dtype, **options,
    )  # fmt: skip
    ours = {_our_name(model, name): name for name, _ in module.named_parameters()}
    given = {theirs: leaves[n] for n, theirs in ours.items() if n in leaves}
    unused = {n: torch.zeros_like(p) for n, p in module.named_parameters() if n not in given}
    start = (leaves["h0"], leaves["c0"]) if "c0" in leaves else leaves["h0"]
    hs, last = torch.func.functional_call(module, given | unused, (leaves["x"], start))
    return (hs, *last) if "c0" in leaves else (hs, last, None)


def _our_name(model: Model, theirs: str) -> str:
    """`weight_ih_l0_reverse` is our `W_xh_l0_reverse`; gate orders are the same."""
    kind, _, place = theirs.partition("_l")
    biases = ("b_xh", "b_hh") if model.cell == "gru" else ("b_h", "none")
    ours = {"weight_ih": "W_xh", "weight_hh": "W_hh", "bias_ih": biases[0], "bias_hh": biases[1]}
    return f"{ours[kind]}_l{place}"


def torch_eager(case: Case) -> Any:
    """The equations in PyTorch, one step after the other."""
    _plain_only(case)
    return _by_torch(case, _torch_loop)


def _torch_loop(case: Case, leaves: Arrays) -> tuple[Any, Any, Any]:
    import torch

    below, finals = leaves["x"], list[Any]()
    for layer in range(case.model.layers):
        outputs: list[Any] = []
        for n, suffix in enumerate(case.model.directions):
            p = _plain(leaves, f"_l{layer}{suffix}")
            row = layer * len(case.model.directions) + n
            state = tuple(leaves[s][row] for s in ("h0", "c0") if s in leaves)
            hs: list[Any] = []
            for x_t in below.flip(0) if suffix else below:
                state = _step(torch, case.model, p, x_t, state)
                hs.append(state[0])
            outputs.append(torch.stack(hs[::-1] if suffix else hs))
            finals.append(state)
        below = torch.cat(outputs, dim=-1)
    h_n, *c_n = (torch.stack(states) for states in zip(*finals, strict=True))
    return below, h_n, c_n[0] if c_n else None


def _plain(arrays: Arrays, suffix: str) -> dict[str, Any]:
    """The parameters of one direction of one layer by their plain names."""
    return {n.removesuffix(suffix): a for n, a in arrays.items() if n.endswith(suffix)}


def _step(xp: Any, model: Model, p: Arrays, x_t: Any, state: tuple[Any, ...]) -> tuple[Any, ...]:
    """One step, as it is written with PyTorch (`xp` is torch) and with JAX (`_Jax`)."""
    h_prev, H = state[0], state[0].shape[-1]
    a_x = x_t @ p["W_xh"].T + p.get("b_h", p.get("b_xh", 0.0))
    if model.cell == "gru":
        return (_gru(xp, model, p, a_x, h_prev, H),)
    a = a_x + h_prev @ p["W_hh"].T
    if model.cell == "rnn":
        return (a if model.activation == "identity" else getattr(xp, model.activation)(a),)
    a_i, a_f, a_g, a_o = (a[..., g * H : (g + 1) * H] for g in range(4))
    c_t = xp.sigmoid(a_f) * state[1] + xp.sigmoid(a_i) * xp.tanh(a_g)
    return xp.sigmoid(a_o) * xp.tanh(c_t), c_t


def _gru(xp: Any, model: Model, p: Arrays, a_x: Any, h_prev: Any, H: int) -> Any:
    W_hn, x_n = p["W_hh"][2 * H :], a_x[..., 2 * H :]
    a_h = h_prev @ p["W_hh"].T + p.get("b_hh", 0.0)
    r = xp.sigmoid(a_x[..., :H] + a_h[..., :H])
    z = xp.sigmoid(a_x[..., H : 2 * H] + a_h[..., H : 2 * H])
    after = a_h[..., 2 * H :]
    n = xp.tanh(x_n + (r * after if model.reset_after else (r * h_prev) @ W_hn.T))
    return n + z * (h_prev - n)


def jax_scan(case: Case) -> Any:
    """The equations in JAX, compiled, with a scan over time; one direction."""
    import jax

    _plain_only(case)
    if case.model.bidirectional:
        raise Unsupported("one direction only")
    constants = {"targets": case.targets, "h": case.cotangent_h_n, "c": case.cotangent_c_n}
    with jax.enable_x64(True), jax.default_device(jax.devices("cpu")[0]):
        given = {n: _jax_array(case, a) for n, a in constants.items() if a is not None}
        inputs = {n: _jax_array(case, a) for n, a in case.inputs.items()}
        loss, grads = _jax_program(case.model)(inputs, given)
        stored = PRECISIONS[case.dtype].stored
        return float(loss), {n: np.asarray(g.astype(stored)) for n, g in grads.items()}


def _jax_array(case: Case, array: Any) -> Any:
    """An array in the dtype of the case; classes stay integers."""
    import jax.numpy as jnp

    is_float = np.issubdtype(array.dtype, np.floating)
    return jnp.asarray(array, dtype=case.dtype if is_float else None)


@functools.cache
def _jax_program(model: Model) -> Callable[[Any, Any], Any]:
    """Loss and gradients of a model, compiled once per shape."""
    import jax

    return jax.jit(jax.value_and_grad(lambda inputs, given: _jax_loss(model, inputs, given)))


def _jax_loss(model: Model, inputs: Arrays, given: Arrays) -> Any:
    import jax
    import jax.numpy as jnp

    below, finals = inputs["x"], list[Any]()
    for layer in range(model.layers):
        p = _plain(inputs, f"_l{layer}")
        state = tuple(inputs[s][layer] for s in ("h0", "c0") if s in inputs)

        def step(state: Any, x_t: Any, p: Arrays = p) -> tuple[Any, Any]:
            state = _step(_Jax, model, p, x_t, state)
            return state, state[0]

        last, below = jax.lax.scan(step, state, below)
        finals.append(last)
    hs, targets = below[-1] if model.readout == "last" else below, given["targets"]
    if model.loss == "linear":
        names = ("h", "c")[: len(finals[0])]
        ends = zip(names, zip(*finals, strict=True), strict=True)
        return (targets * hs).sum() + sum((given[s] * jnp.stack(v)).sum() for s, v in ends)
    y = hs @ inputs["W_hy"].T + inputs.get("b_y", 0.0) if model.head else hs
    losses = _jax_pair_losses(model, y, targets)
    return losses.sum() if model.reduction == "sum" else losses.mean()


def _jax_pair_losses(model: Model, y: Any, targets: Any) -> Any:
    import jax
    import jax.numpy as jnp

    if model.loss == "cross_entropy":
        return -jnp.take_along_axis(jax.nn.log_softmax(y), targets[..., None], -1)
    if model.loss == "bce":
        return (1.0 - targets) * jax.nn.softplus(y) + targets * jax.nn.softplus(-y)
    return ((jax.nn.sigmoid(y) if model.loss == "sigmoid_mse" else y) - targets) ** 2


class _Jax:
    """JAX's functions under the names that PyTorch has for them."""

    @staticmethod
    def sigmoid(a: Any) -> Any:
        import jax

        return jax.nn.sigmoid(a)

    @staticmethod
    def relu(a: Any) -> Any:
        import jax

        return jax.nn.relu(a)

    @staticmethod
    def tanh(a: Any) -> Any:
        import jax.numpy as jnp

        return jnp.tanh(a)
