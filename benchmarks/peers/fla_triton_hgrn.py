"""fla-core: HGRN, step by step, in Triton, against its steps."""

from fla.ops.hgrn import fused_recurrent_hgrn
from fla.ops.hgrn.naive import naive_recurrent_hgrn

import bptt_check as bc

PACKAGE = "fla-core"
INPUTS = bc.Inputs(
    x="B T D",
    g=bc.between(-5, 0, "B T D"),
    initial_state="B D",
    sizes={"B": (1, 3), "T": (1, 40), "D": (1, 40)},
    time="T",
)


def kernel(**arrays):
    return fused_recurrent_hgrn(**arrays, output_final_state=True)


def reference(**arrays):
    return naive_recurrent_hgrn(**arrays, output_final_state=True)
