"""fla-core: Titans in chunks, against its steps."""

from fla.ops.titans.naive import chunk_titans_linear_ref

import bptt_check as bc

PACKAGE = "fla-core"
INPUTS = bc.Inputs(
    q="B T H K",
    k=bc.unit("B T H K"),
    v="B T H K",
    w="H K",
    b="H K",
    theta=bc.between(0, 0.1, "B T H 1"),
    alpha=bc.between(0, 0.1, "B T H 1"),
    eta=bc.between(0.1, 0.9, "B T H 1"),
    initial_state="B H K K",
    sizes={"B": (1, 2), "H": (1, 2), "T": [8, 16], "K": [4, 8]},
    time="T",
)


def kernel(**arrays):
    return chunk_titans_linear_ref(**arrays, chunk_size=8, output_final_state=True)


def reference(**arrays):
    return chunk_titans_linear_ref(**arrays, chunk_size=8, output_final_state=True, use_chunk=False)
