"""A NumPy class whose gradients lie in attributes, as a subject."""

from styles.numpy_class import Elman, LostCarry

import bptt_check as bc

names = {"W_xh": "U", "W_hh": "W", "W_hy": "V", "b_h": "b", "b_y": "c"}
convention = bc.Convention(names=names, layer_axis=False, loss_factor="1/2")
options = {
    "arguments": "D H O",
    "calls": ("forward x h0 targets", "backward"),
    "attributes": "d{name}",
    "models": ["rnn-tanh+mse"],
}
subject = convention.adapt(Elman, **options)
broken = convention.adapt(LostCarry, **options)
