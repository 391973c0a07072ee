"""fla-core: linear attention with a decay per head, in chunks, in Triton, against its steps."""

from fla.ops.simple_gla import chunk_simple_gla
from fla.ops.simple_gla.naive import naive_recurrent_simple_gla

import bptt_check as bc

PACKAGE = "fla-core"
INPUTS = bc.Inputs(
    q="B T H K",
    k="B T H K",
    v="B T H V",
    g=bc.between(-5, 0, "B T H"),
    initial_state="B H K V",
    sizes={"B": (1, 2), "H": (1, 2), "T": (1, 70), "K": [8, 16], "V": [8, 16]},
    time="T",
)


def kernel(**arrays):
    return chunk_simple_gla(**arrays, output_final_state=True)


def reference(**arrays):
    return naive_recurrent_simple_gla(**arrays, output_final_state=True)
