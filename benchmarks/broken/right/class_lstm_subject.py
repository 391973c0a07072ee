"""`class_lstm.LSTMClassifier` as a subject."""

from class_lstm import LSTMClassifier

import bptt_check as bc

convention = bc.Convention(
    names={"W": "W{gate}", "b_h": "b{gate}", "W_hy": "Wy", "b_y": "by"},
    gate_order="fico",
    per_gate=True,
    joined="hx",
    transposed=True,
    batch="first",
    layer_axis=False,
)
subject = convention.adapt(
    LSTMClassifier,
    arguments="D H O",
    calls=("forward x h0 c0 targets", "backward"),
    attributes="grads[{name}]",
    models=["lstm+last+mean"],
)
