"""`function_rnn.StackedRNN` as a subject."""

from function_rnn import StackedRNN

import bptt_check as bc
from bptt_check.subjects.torch import from_function


def outputs(case):
    """Outputs and last states."""
    p = case.params
    weights = [p[f"{name}_l{layer}"] for layer in (0, 1) for name in ("W_xh", "W_hh", "b_h")]
    return StackedRNN.apply(case.x, case.h0, *weights)


subject = bc.Convention().adapt(
    from_function(outputs), models=["rnn-tanh+2layers", "rnn-tanh+2layers+linear"]
)
