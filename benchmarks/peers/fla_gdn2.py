"""fla-core: the gated delta rule with channel-wise gates in chunks, against its steps."""

from fla.ops.gdn2.naive import naive_chunk_gdn2, naive_recurrent_gdn2

import bptt_check as bc

PACKAGE = "fla-core"
INPUTS = bc.Inputs(
    q="B T H K",
    k=bc.unit("B T H K"),
    v="B T H V",
    g=bc.between(-5, 0, "B T H K"),
    b=bc.between(0, 1, "B T H K"),
    w=bc.between(0, 1, "B T H V"),
    initial_state="B H K V",
    sizes={"B": (1, 2), "H": (1, 2), "T": (1, 30), "K": [4, 8], "V": [4, 8]},
    time="T",
)


def kernel(**arrays):
    return naive_chunk_gdn2(**arrays, chunk_size=8, output_final_state=True)


def reference(**arrays):
    return naive_recurrent_gdn2(**arrays, output_final_state=True)
