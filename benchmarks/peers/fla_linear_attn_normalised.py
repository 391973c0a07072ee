"""fla-core: normalised linear attention in chunks of 64, against its steps."""

from fla.ops.linear_attn.naive import naive_chunk_linear_attn, naive_recurrent_linear_attn

import bptt_check as bc

PACKAGE = "fla-core"
INPUTS = bc.Inputs(
    q=bc.between(0.1, 1, "B T H K"),
    k=bc.between(0.1, 1, "B T H K"),
    v="B T H V",
    sizes={"B": (1, 2), "H": (1, 2), "T": [64, 128], "K": [4, 8], "V": [4, 8]},
    time="T",
)


def kernel(**arrays):
    return naive_chunk_linear_attn(**arrays, normalize=True)


def reference(**arrays):
    return naive_recurrent_linear_attn(**arrays, normalize=True)[0]
