"""The recurrent layers of Keras 3 on JAX: `SimpleRNN`, `LSTM` and `GRU`.

    export KERAS_BACKEND=jax
    bptt-check run examples/keras_layers.py:lstm --model lstm --dtype float32
    bptt-check run examples/keras_layers.py:gru --model gru-reset-before --dtype float32
    bptt-check run examples/keras_layers.py:rnn --model rnn-relu --dtype float32

Keras has the batch first, one kernel (in, gates * H), and orders the gates of a GRU z, r, h. In a
float64 layer it still takes tanh in float32 unless `keras.config.set_floatx("float64")` is set for
the whole process, so float64 cases are `imprecise` without it.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import keras

from bptt_check.errors import Unsupported
from bptt_check.subjects.jax import from_function

LAYERS = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU, "rnn": keras.layers.SimpleRNN}


def kernel(cell: str, array: Any) -> Any:
    """A stack of gate blocks as Keras orders them, along the last axis."""
    if cell != "gru":
        return array.T
    r, z, n = jnp.split(array, 3)
    return jnp.concatenate([z, r, n]).T


def weights(cell: str, case: Any) -> list[Any]:
    """Kernel, recurrent kernel and bias of the layer; a GRU has two rows of biases, or one."""
    p = case.params
    names = ["b_xh", "b_hh"] if "b_xh_l0" in p else ["b_h"]
    biases = [kernel(cell, p[f"{name}_l0"]) for name in names]
    bias = biases[0] if len(biases) == 1 else jnp.stack(biases)
    return [kernel(cell, p["W_xh_l0"]), kernel(cell, p["W_hh_l0"]), bias]


def layer(cell: str, case: Any) -> Any:
    """The layer of a case."""
    options: dict[str, Any] = {"return_sequences": True, "return_state": True}
    options |= {"kernel_initializer": "zeros", "recurrent_initializer": "zeros"}
    if cell == "gru":
        options["reset_after"] = case.model.reset_after
    if cell == "rnn":
        options["activation"] = case.model.activation
    return LAYERS[cell](case.sizes.H, dtype=str(case.x.dtype), **options)


def outputs(cell: str, case: Any) -> Any:
    """Top states and final states; `bptt_check` computes the loss of them."""
    if case.truncation is not None or case.lengths is not None:
        raise Unsupported("full BPTT over sequences of one length only")
    made = layer(cell, case)
    made.build((case.sizes.B, case.sizes.T, case.sizes.D))
    state = [case.h0[0]] if case.c0 is None else [case.h0[0], case.c0[0]]
    fixed = [v.value for v in made.non_trainable_variables]
    x = case.x.swapaxes(0, 1)
    (y, *last), _ = made.stateless_call(weights(cell, case), fixed, x, initial_state=state)
    finals = tuple(s[None] for s in last)
    return y.swapaxes(0, 1), finals if len(finals) == 2 else finals[0]


def subject(cell: str) -> Any:
    """The subject of a layer: one direction, with biases."""

    def supports(model: Any) -> bool:
        plain = model.layers == 1 and not model.bidirectional and model.bias
        return plain and model.cell == cell and model.activation != "identity"

    return from_function(
        lambda case: outputs(cell, case), jit=True, name=f"keras {cell}", supports=supports
    )


lstm, gru, rnn = subject("lstm"), subject("gru"), subject("rnn")
