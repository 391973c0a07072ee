"""fla-core: HGRN in one chunk (it has the wrong shape with more), against its steps."""

from fla.ops.hgrn.naive import naive_chunk_hgrn, naive_recurrent_hgrn

import bptt_check as bc

PACKAGE = "fla-core"
INPUTS = bc.Inputs(
    x="B T D",
    g=bc.between(-5, 0, "B T D"),
    initial_state="B D",
    sizes={"B": (1, 3), "T": [8, 12], "D": (1, 6)},
    time="T",
)


def kernel(**arrays):
    return naive_chunk_hgrn(**arrays, chunk_size=arrays["x"].shape[1], output_final_state=True)


def reference(**arrays):
    return naive_recurrent_hgrn(**arrays, output_final_state=True)
