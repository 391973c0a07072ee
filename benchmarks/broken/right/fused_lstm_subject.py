"""`fused_lstm.lstm_loss` as a subject."""

import numpy as np
from fused_lstm import lstm_loss

import bptt_check as bc

convention = bc.Convention(
    names={"W": "W", "b_h": "b", "W_hy": "V", "b_y": "d"},
    gate_order="ifog",
    joined="xh",
    transposed=True,
    layer_axis=False,
    loss_factor="1/2",
)


def loss_and_grads(v):
    """The call; where no lengths are given all steps count."""
    lengths = np.full(v.B, v.T) if v.case.lengths is None else v.case.lengths
    weights = [v[n] for n in ("W", "b", "V", "d")]
    last_only = v.case.model.readout == "last"
    return lstm_loss(v.x, lengths, v.targets, v.h0, v.c0, *weights, last_only)


subject = convention.adapt(
    loss_and_grads,
    models=["lstm+mse", "lstm+mse+lengths", "lstm+mse+last+lengths"],
    handles="lengths",
)
