"""flashrnn: the LSTM in PyTorch with its own backward pass, against its forward pass alone."""

from flashrnn.flashrnn.vanilla_fwbw.fw import forward_sequence, lstm_pointwise_fw
from flashrnn.flashrnn.vanilla_fwbw.fwbw import lstm_pt_fwbw

import bptt_check as bc

PACKAGE = "flashrnn"
INPUTS = bc.Inputs(
    states_initial="2 B N D",
    Wx="B T 4 N D",
    R=bc.normal("4 N D D", scale=0.4),
    b="4 N D",
    sizes={"B": (1, 3), "T": (1, 30), "N": (1, 2), "D": (1, 6)},
    time="T",
)


def kernel(**arrays):
    return lstm_pt_fwbw(**arrays)


def reference(**arrays):
    return forward_sequence(**arrays, forward_pointwise=lstm_pointwise_fw)
