"""mlstm-kernels: the chunkwise mLSTM from given states to the last ones, against its steps."""

from mlstm_kernels.torch.chunkwise.native.fwbw import mlstm_chunkwise__native_custbw
from mlstm_kernels.torch.recurrent.native_sequence import mlstm_recurrent_sequence__native_fw

import bptt_check as bc

PACKAGE = "mlstm-kernels"
INPUTS = bc.Inputs(
    q="B N T K",
    k="B N T K",
    v="B N T V",
    i="B N T",
    f=bc.between(-2, 6, "B N T"),
    c_initial="B N K V",
    n_initial="B N K",
    m_initial=bc.normal("B N 1", constant=True),
    sizes={"B": (1, 2), "N": (1, 2), "T": [8, 16, 24, 40], "K": [4, 8], "V": [4, 8]},
    time="T",
)


def kernel(**arrays):
    h, (C, n, _) = mlstm_chunkwise__native_custbw(**arrays, chunk_size=8, return_last_states=True)
    return h, C, n


def reference(**arrays):
    h, (C, n, _) = mlstm_recurrent_sequence__native_fw(**arrays, return_last_states=True)
    return h, C, n
