"""`script_rnn.train_step` as a subject."""

from script_rnn import train_step

import bptt_check as bc

names = {"W_xh": "Wxh", "W_hh": "Whh", "W_hy": "Why", "b_h": "bh", "b_y": "by"}
convention = bc.Convention(
    names=names, columns=True, batch="none", layer_axis=False, lists=True, reduction="sum"
)


def loss_and_grads(view):
    """The call, and names for what it returns."""
    cut = (view.truncation.k1, view.truncation.k2) if view.truncation else ()
    weights = [view[n] for n in names.values()]
    loss, *grads = train_step(view.x, view.targets, view.h0, *weights, *cut)
    return loss, dict(zip(("x", "h0", *names.values()), grads, strict=True))


subject = convention.adapt(
    loss_and_grads, models=["rnn-tanh", "rnn-tanh+truncated"], handles="truncation"
)
