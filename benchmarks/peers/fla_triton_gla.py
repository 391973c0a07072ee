"""fla-core: gated linear attention, step by step, in Triton, against its steps."""

from fla.ops.gla import fused_recurrent_gla
from fla.ops.gla.naive import naive_recurrent_gla

import bptt_check as bc

PACKAGE = "fla-core"
INPUTS = bc.Inputs(
    q="B T H K",
    k="B T H K",
    v="B T H V",
    gk=bc.between(-5, 0, "B T H K"),
    initial_state="B H K V",
    sizes={"B": (1, 2), "H": (1, 2), "T": (1, 70), "K": [8, 16], "V": [8, 16]},
    time="T",
)


def kernel(**arrays):
    return fused_recurrent_gla(**arrays, output_final_state=True)


def reference(**arrays):
    return naive_recurrent_gla(**arrays, output_final_state=True)
