"""A function of one sequence of integers with column vectors, as a subject."""

from styles.char_rnn import loss_and_grads, loss_and_grads_activated_twice

import bptt_check as bc

options = {
    "arguments": "inputs targets hprev Wxh Whh Why bh by",
    "returns": "Wxh Whh Why bh by _",
    "models": ["rnn-tanh"],
}
subject = bc.conventions.min_char_rnn.adapt(loss_and_grads, **options)
broken = bc.conventions.min_char_rnn.adapt(loss_and_grads_activated_twice, **options)
