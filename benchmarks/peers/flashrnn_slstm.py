"""flashrnn: the sLSTM in PyTorch with its own backward pass, against its forward pass alone."""

from flashrnn.flashrnn.vanilla_fwbw.fw import forward_sequence, slstm_pointwise_fw
from flashrnn.flashrnn.vanilla_fwbw.fwbw import slstm_pt_fwbw

import bptt_check as bc

PACKAGE = "flashrnn"
INPUTS = bc.Inputs(
    Wx="B T 4 N D",
    R=bc.normal("4 N D D", scale=0.4),
    b="4 N D",
    sizes={"B": (1, 3), "T": (1, 30), "N": (1, 2), "D": (1, 6)},
    time="T",
)


def kernel(Wx, R, b):
    return slstm_pt_fwbw(Wx.new_zeros(4, len(Wx), *Wx.shape[3:]), Wx, R, b)[0][:, 0]


def reference(Wx, R, b):
    zeros = Wx.new_zeros(4, len(Wx), *Wx.shape[3:])
    return forward_sequence(zeros, Wx, R, b, forward_pointwise=slstm_pointwise_fw)[0][:, 0]
