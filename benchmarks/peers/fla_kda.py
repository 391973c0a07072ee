"""fla-core: Kimi delta attention in chunks, against its steps."""

from fla.ops.kda.naive import naive_chunk_kda, naive_recurrent_kda

import bptt_check as bc

PACKAGE = "fla-core"
INPUTS = bc.Inputs(
    q="B T H K",
    k=bc.unit("B T H K"),
    v="B T H V",
    g=bc.between(-5, 0, "B T H K"),
    beta=bc.between(0, 1, "B T H"),
    initial_state="B H K V",
    sizes={"B": (1, 2), "H": (1, 2), "T": [8, 16, 32], "K": [4, 8], "V": [4, 8]},
    time="T",
)


def kernel(**arrays):
    return naive_chunk_kda(**arrays, chunk_size=8, output_final_state=True)


def reference(**arrays):
    return naive_recurrent_kda(**arrays, output_final_state=True)
