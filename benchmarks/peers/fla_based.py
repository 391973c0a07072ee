"""fla-core: Based in chunks, against all pairs of steps."""

from fla.ops.based.naive import naive_chunk_based, naive_parallel_based

import bptt_check as bc

PACKAGE = "fla-core"
INPUTS = bc.Inputs(
    q="B H T K",
    k="B H T K",
    v="B H T V",
    sizes={"B": (1, 2), "H": (1, 2), "T": [8, 16, 40], "K": [2, 4], "V": [4, 8]},
    time="T",
)


def kernel(**arrays):
    return naive_chunk_based(**arrays, chunk_size=8)


def reference(**arrays):
    return naive_parallel_based(**arrays)
