"""What people get wrong on the way back through steps, layers and the loss."""

from __future__ import annotations

from collections.abc import Iterator

from .mistake import Mistake, Replacement

Row = tuple[str, str, tuple[Replacement, ...]]
"""Class, phrase, what is replaced."""

_H = ("above[t] + later", "above[t]")
_C = ("c_t_bar = later_c", "c_t_bar = 0 * later_c")
_START = "= final"
_NO_FINAL_C = (_START, "= (final[0], 0 * final[1])")
_LOOP = "reversed(range(T))"
_CARRIED = "later = h_prev_bar"
LAYER: tuple[Row, ...] = (
    ("carry lost", "the gradient that h_t gets from step t+1 is dropped", (_H,)),
    ("carry lost", "the gradient that c_t gets from step t+1 is dropped", (_C,)),
    ("carry lost", "the gradients that h_t and c_t get from step t+1 are dropped", (_H, _C)),
    ("loss placement", "what the loss asks of the final states is ignored",
     ((_START, "= (0 * final[0], 0 * final[1])"),)),
    ("loss placement", "what the loss asks of the final cell state is ignored",
     (_NO_FINAL_C,)),
    ("loss placement", "what the loss asks of the final hidden state is ignored",
     ((_START, "= (0 * final[0], final[1])"),)),
    ("boundary", "the loop back leaves out the first step", ((_LOOP, "reversed(range(1, T))"),)),
    ("boundary", "the loop back leaves out the last step", ((_LOOP, "reversed(range(T - 1))"),)),
    ("boundary", "a padded step drops the gradient instead of handing it on",
     ((" + (1 - on[t]) * h_t_bar", ""),)),
    ("boundary", "padded steps are treated like any other",
     (("on[t] * h_t_bar, on[t] * c_t_bar", "h_t_bar, c_t_bar"),)),
    ("loss placement", "the steps are walked forward, not backward", ((_LOOP, "range(T)"),)),
    ("batch", "the gradient of h_{t-1} is handed to the next sequence of the batch",
     ((_CARRIED, "later = np.roll(h_prev_bar, 1, axis=0)"),)),
    ("batch", "the gradient of h_{t-1} is handed to the sequence before it in the batch",
     ((_CARRIED, "later = np.roll(h_prev_bar, -1, axis=0)"),)),
    ("batch", "the gradient of h_{t-1} is that of the first sequence for the whole batch",
     ((_CARRIED, "later = 0 * h_prev_bar + h_prev_bar[0]"),)),
    ("batch", "the gradient of h_{t-1} is averaged over the batch",
     ((_CARRIED, "later = 0 * h_prev_bar + h_prev_bar.mean(axis=0)"),)),
)  # fmt: skip
"""In the walk over the steps of a layer."""

_END = "return above"
_WEIGHT = "given.weights[t][:, None]"
LOSS: tuple[Row, ...] = (
    ("loss placement", "the error enters at the last step only",
     ((_END, "return above * (np.arange(T) == T - 1)[:, None, None]"),)),
    ("loss placement", "the error of the last step enters at every step",
     ((_END, "return 0 * above + above[-1]"),)),
    ("loss placement", "the error of the first step does not enter",
     ((_END, "return above * (np.arange(T) > 0)[:, None, None]"),)),
    ("loss placement", "the error of the last step does not enter",
     ((_END, "return above * (np.arange(T) < T - 1)[:, None, None]"),)),
    ("loss placement", "the error of step t enters at step t-1",
     ((_END, "return np.concatenate([above[1:], 0 * above[:1]])"),)),
    ("loss placement", "the error of step t enters at step t+1",
     ((_END, "return np.concatenate([0 * above[:1], above[:-1]])"),)),
    ("loss placement", "the mean over the outputs is not divided by their number in the gradient",
     ((_WEIGHT, f"{_WEIGHT} * given.targets.shape[-1]"),)),
    ("loss placement", "padded steps count in the gradient of the loss",
     ((_WEIGHT, "given.weights.max()"),)),
    ("wrong variable", "the factor 2 of the squared error is missing",
     (("weight * 2 * (y - target)", "weight * (y - target)"),)),
    ("activation", "the gradient of the logits is multiplied by the slope of the sigmoid again",
     (("(sigmoid(y) - target)", "(sigmoid(y) - target) * sigmoid(y) * (1 - sigmoid(y))"),)),
    ("activation", "the gradient of the logits is multiplied by the slope of the softmax again",
     (("(softmax(y) - target)", "(softmax(y) - target) * softmax(y) * (1 - softmax(y))"),)),
)  # fmt: skip
"""In the gradient of the loss."""

STACK: tuple[Row, ...] = (
    ("carry lost", "a lower layer gets nothing from the layer above",
     (("above = x_bar", "above = x_bar if directions is layers[0] else 0 * x_bar"),)),
    ("index", "the reverse direction takes the error in the order of time",
     (("d.ordered(share)", "share"),)),
    ("index", "the reverse direction hands its gradient on in its own order",
     (("d.ordered(d_bar)", "d_bar"),)),
    ("partial", "only the last direction reaches the layer below",
     (("x_bar = x_bar + d", "x_bar = d"),)),
)  # fmt: skip
"""In the walk over the layers."""

STOPS = range(1, 9)
"""Steps after which a loop back may stop."""


def mistakes_in_time() -> Iterator[Mistake]:
    """All of them, the most telling first."""
    for kind, phrase, r in LAYER:
        yield Mistake(kind, phrase, "layer_backward", r, cell_state=_NO_FINAL_C in r)
    yield from _early_ends()
    yield from (Mistake(kind, phrase, "loss_backward", r) for kind, phrase, r in LOSS)
    yield from (Mistake(kind, phrase, "backpropagate", r) for kind, phrase, r in STACK)
    yield from _initial_states()


def _early_ends() -> Iterator[Mistake]:
    """Loops that stop early."""
    for k in STOPS:
        phrase = f"the loop back stops after {k} step{'s' if k > 1 else ''}"
        loop = (_LOOP, f"reversed(range(max(T - {k}, 0), T))")
        yield Mistake("boundary", phrase, "layer_backward", (loop,))


def _initial_states() -> Iterator[Mistake]:
    """Gradients of initial states that are lost, or put in the wrong place."""
    for name, bar in (("h0", "h_bar"), ("c0", "c_bar")):
        place = f"{name}_bar[d.row] ="
        for phrase, wrong in (
            (f"the gradient of {name} is never written", f"{place} 0 * {bar}"),
            (
                f"the gradients of {name} are stored in the wrong order of the layers",
                f"{name}_bar[-1 - d.row] = {bar}",
            ),
            (f"the gradient of {name} is added up over the batch", f"{place} {bar}.sum(axis=0)"),
        ):
            yield Mistake("partial", phrase, "backpropagate", ((f"{place} {bar}", wrong),))
