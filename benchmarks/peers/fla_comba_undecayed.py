"""fla-core: Comba in chunks, against steps that read the state as it was before its decay."""

from fla.ops.comba.naive import naive_recurrent_comba

from .fla_comba import INPUTS, PACKAGE, kernel  # noqa: F401


def reference(p, g, **arrays):
    before = p * (-g).exp()[..., None]
    return naive_recurrent_comba(**arrays, p=before, g=g, output_final_state=True)
