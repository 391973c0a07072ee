"""fla-core: RWKV-6, step by step, in Triton, against its steps."""

from fla.ops.rwkv6 import fused_recurrent_rwkv6
from fla.ops.rwkv6.recurrent_naive import naive_recurrent_rwkv6

import bptt_check as bc

PACKAGE = "fla-core"
INPUTS = bc.Inputs(
    r="B T H K",
    k="B T H K",
    v="B T H V",
    w=bc.between(-5, 0, "B T H K"),
    u="H K",
    S="B H K V",
    sizes={"B": (1, 2), "H": (1, 2), "T": (1, 40), "K": [8, 16], "V": [8, 16]},
    time="T",
)


def kernel(S, **arrays):
    return fused_recurrent_rwkv6(**arrays, initial_state=S, output_final_state=True)


def reference(u, S, **arrays):
    steps = (x.transpose(1, 2) for x in arrays.values())
    o, last = naive_recurrent_rwkv6(*steps, u, initial_state=S, output_final_state=True)
    return o.transpose(1, 2), last
