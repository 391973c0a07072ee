"""mlstm-kernels: the parallel mLSTM in PyTorch with its own backward pass, against its steps."""

from mlstm_kernels.torch.parallel.native.fwbw import mlstm_parallel__native_custbw
from mlstm_kernels.torch.recurrent.native_sequence import mlstm_recurrent_sequence__native_fw

import bptt_check as bc

PACKAGE = "mlstm-kernels"
INPUTS = bc.Inputs(
    q="B N T K",
    k="B N T K",
    v="B N T V",
    i="B N T",
    f=bc.between(-2, 6, "B N T"),
    sizes={"B": (1, 2), "N": (1, 2), "T": (1, 40), "K": [4, 8], "V": [4, 8]},
    time="T",
)


def kernel(**arrays):
    return mlstm_parallel__native_custbw(**arrays)


def reference(**arrays):
    return mlstm_recurrent_sequence__native_fw(**arrays)
