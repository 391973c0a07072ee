"""Layouts that many share, ready to use; change one with `dataclasses.replace`."""

from __future__ import annotations

from .convention import Convention

pytorch = Convention(
    names={
        "W_xh": "weight_ih_l{k}{suffix}",
        "W_hh": "weight_hh_l{k}{suffix}",
        "b_xh": "bias_ih_l{k}{suffix}",
        "b_hh": "bias_hh_l{k}{suffix}",
        "W_hy": "linear.weight",
        "b_y": "linear.bias",
    },
    biases="two",
)
"""`torch.nn.RNN`, `LSTM` and `GRU`, time first, under the names of `state_dict`; the head as
`linear`."""

keras = Convention(
    names={
        "W_xh": "kernel",
        "W_hh": "recurrent_kernel",
        "b_h": "bias",
        "b": "bias",
        "W_hy": "dense/kernel",
        "b_y": "dense/bias",
    },
    gate_order={"lstm": "ifco", "gru": "zrh"},
    biases="stacked",
    transposed=True,
    batch="first",
    layer_axis=False,
)
"""The weights of one `keras.layers.SimpleRNN`, `LSTM` or `GRU` layer, the head as `dense`."""

flax = Convention(
    names={
        "W_xh": "i{gate}/kernel",
        "W_hh": "h{gate}/kernel",
        "b_h": "h{gate}/bias",
        "rnn.b_h": "i/bias",
        "b_xh": "i{gate}/bias",
        "b_hh": "h{gate}/bias",
        "W_hy": "head/kernel",
        "b_y": "head/bias",
    },
    biases="candidate",
    per_gate=True,
    transposed=True,
    batch="first",
    layer_axis=False,
    nested=True,
)
"""The `params` of one `flax.linen` `SimpleCell`, `LSTMCell` or `GRUCell`, the head as `head`."""

min_char_rnn = Convention(
    names={
        "W_xh": "Wxh",
        "W_hh": "Whh",
        "W_hy": "Why",
        "b_h": "bh",
        "b_y": "by",
        "x": "inputs",
        "h0": "hprev",
    },
    columns=True,
    batch="none",
    layer_axis=False,
    lists=True,
    tokens=True,
)
"""One sequence of integers at a time, column vectors, a loss summed over the steps: the style of
the well-known character model in a hundred lines of NumPy."""

cs231n = Convention(
    names={
        "W_xh": "Wx",
        "W_hh": "Wh",
        "b_h": "b",
        "W_hy": "W_vocab",
        "b_y": "b_vocab",
    },
    gate_order={"lstm": "ifog"},
    transposed=True,
    batch="first",
    layer_axis=False,
)
"""The layers of the course's assignments: `x` (N, T, D), weights (in, out), gates i f o g."""
