"""`step_gru.forward` and `step_gru.backward` as a subject."""

from step_gru import backward, forward

import bptt_check as bc

convention = bc.Convention(
    names={"W_xh": "W{gate}", "W_hh": "U{gate}", "b_h": "b{gate}"},
    gate_order={"gru": "zrn"},
    z_means="renew",
    per_gate=True,
    transposed=("W_xh", "W_hh"),
    rows=True,
    layer_axis=False,
)
subject = convention.adapt(
    forward,
    backward=backward,
    arguments="x h0 params",
    models=["gru-reset-before", "gru-reset-before+linear+h_n"],
)
