"""`stacked_gru.run` as a subject."""

from stacked_gru import run

import bptt_check as bc

convention = bc.Convention(
    names={
        "W_xh": "W{gate}",
        "W_hh": "U{gate}",
        "b_xh": "b{gate}",
        "b_hh": "c{gate}",
        "W_hy": "V",
        "b_y": "v",
    },
    biases="two",
    per_gate=True,
    batch="none",
    layer_axis=False,
    reduction="sum",
)


def loss_and_grads(view):
    """The call on one sequence."""
    names = [f"{kind}{gate}" for kind in "WUbc" for gate in "rzn"]
    weights = {name: view[name] for name in (*names, "V", "v")}
    return run(view.x, view.targets, view.h0, weights)


subject = convention.adapt(loss_and_grads, models=["gru+mse"])
