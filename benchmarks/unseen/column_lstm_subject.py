"""`column_lstm.loss_and_gradients` as a subject."""

from column_lstm import loss_and_gradients

import bptt_check as bc

convention = bc.Convention(
    names={"W": "W{gate}", "b_h": "b{gate}", "W_hy": "Wy", "b_y": "by", "h0": "a0"},
    gate_order="fico",
    per_gate=True,
    joined="hx",
    columns=True,
    time_last=True,
    layer_axis=False,
)
subject = convention.adapt(loss_and_gradients, arguments="x targets a0 c0 params", models=["lstm"])
