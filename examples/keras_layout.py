"""A function on Keras weights that adds up into buffers, as a subject."""

from styles.keras_layout import gru, gru_wrong_gate

import bptt_check as bc

options = {"arguments": "x h0 targets params grads", "models": ["gru+mean"]}
subject = bc.conventions.keras.adapt(gru, **options)
broken = bc.conventions.keras.adapt(gru_wrong_gate, **options)
