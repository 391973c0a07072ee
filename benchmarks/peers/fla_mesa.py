"""fla-core: MesaNet by conjugate gradients in chunks, against an exact solution at each step."""

from fla.ops.mesa_net.naive import naive_mesa_net_CG, naive_mesa_net_exact

import bptt_check as bc

PACKAGE = "fla-core"
INPUTS = bc.Inputs(
    q="B T H K",
    k=bc.unit("B T H K"),
    v="B T H K",
    g=bc.between(-5, 0, "B T H"),
    lamb=bc.between(0.25, 1, "H K"),
    beta=bc.between(0, 1, "B T H"),
    sizes={"B": (1, 2), "H": (1, 2), "T": [8, 16], "K": [4, 8]},
    time="T",
)


def kernel(**arrays):
    return naive_mesa_net_CG(**arrays, chunk_size=8)


def reference(**arrays):
    return naive_mesa_net_exact(**arrays)
