"""fla-core: RWKV-6 in chunks, against its steps."""

from fla.ops.rwkv6.chunk_naive import naive_chunk_rwkv6
from fla.ops.rwkv6.recurrent_naive import naive_recurrent_rwkv6

import bptt_check as bc

PACKAGE = "fla-core"
INPUTS = bc.Inputs(
    q="B H T K",
    k="B H T K",
    v="B H T V",
    w=bc.between(-5, 0, "B H T K"),
    u="H K",
    sizes={"B": (1, 2), "H": (1, 2), "T": [8, 16, 24], "K": [4, 8], "V": [4, 8]},
    time="T",
)


def kernel(**arrays):
    return naive_chunk_rwkv6(**arrays, chunk_size=8)


def reference(**arrays):
    return naive_recurrent_rwkv6(**arrays, scale=1.0)[0]
