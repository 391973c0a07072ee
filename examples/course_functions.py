"""A forward function with a cache and its backward function, as a subject."""

from styles.course_functions import rnn_backward, rnn_backward_shifted, rnn_forward

import bptt_check as bc

options = {
    "arguments": "x h0 Wx Wh b",
    "returns": "x h0 Wx Wh b",
    "models": ["rnn-tanh", "rnn-tanh+linear", "rnn-tanh+mse+last+mean"],
}
subject = bc.conventions.cs231n.adapt(rnn_forward, backward=rnn_backward, **options)
broken = bc.conventions.cs231n.adapt(rnn_forward, backward=rnn_backward_shifted, **options)
