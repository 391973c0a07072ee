"""fla-core: gated slot attention, step by step, in Triton, against its steps."""

from fla.ops.gsa import fused_recurrent_gsa
from fla.ops.gsa.naive import naive_recurrent_gsa

import bptt_check as bc

PACKAGE = "fla-core"
INPUTS = bc.Inputs(
    q="B T H K",
    k="B T H K",
    v="B T H V",
    s="B T H M",
    g=bc.between(-5, 0, "B T H M"),
    sizes={"B": (1, 2), "H": (1, 2), "T": (1, 40), "K": [8, 16], "V": [8, 16], "M": [4, 8]},
    time="T",
)


def kernel(**arrays):
    return fused_recurrent_gsa(**arrays)[0]


def reference(**arrays):
    return naive_recurrent_gsa(**arrays)[0]
