"""fla-core: normalised linear attention, in chunks, in Triton, against its steps."""

from fla.ops.linear_attn import chunk_linear_attn
from fla.ops.linear_attn.naive import naive_recurrent_linear_attn

import bptt_check as bc

PACKAGE = "fla-core"
INPUTS = bc.Inputs(
    q=bc.between(0.1, 1, "B T H K"),
    k=bc.between(0.1, 1, "B T H K"),
    v="B T H V",
    sizes={"B": (1, 2), "H": (1, 2), "T": (1, 70), "K": [8, 16], "V": [8, 16]},
    time="T",
)


def kernel(**arrays):
    return chunk_linear_attn(**arrays)[0]


def reference(**arrays):
    return naive_recurrent_linear_attn(**arrays, normalize=True)[0]
