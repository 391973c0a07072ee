"""Hand-written backpropagation through time in NumPy, to be read beside reference/README.md."""

from .bptt import loss_and_grads, outputs
from .check import supports
from .update import clip_by_global_norm, clip_by_value, sgd_update

__all__ = [
    "clip_by_global_norm",
    "clip_by_value",
    "loss_and_grads",
    "outputs",
    "sgd_update",
    "supports",
]
