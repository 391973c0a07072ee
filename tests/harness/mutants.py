"""Deliberately wrong BPTTs, each with the verdict that it must get, and right ones that look odd.

One row is one mistake: what it is, the model that shows it, the verdict, the gradients that are
wrong because of it (exactly these), and what the message must say. `KINDS` are the classes in which
public hand-written code goes wrong; the rest is what a caller can do to the contract.
"""

from __future__ import annotations

import copy
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from support.implementations import FAULTS, Array, Numpy

import bptt_check as bc
from bptt_check.cases.result import Differentiator

Grads = dict[str, Array]
Answer = tuple[Any, Any]
Make = Callable[[], Differentiator]
"""Makes a fresh subject: some remember what they were called with."""

QUICK = ("torch",)
RNN = "W_xh_l0 W_hh_l0 b_h_l0 x h0"
LSTM = RNN + " c0"
GRU = "W_xh_l0 W_hh_l0 b_xh_l0 b_hh_l0 x h0"
HEAD = " W_hy b_y"
RETURNED = "return value"

KINDS: dict[str, str] = {
    "carry lost": "the recurrent path is dropped, or one of the paths through the gates",
    "index": "a state, an input or a delta of another step",
    "boundary": "the first or the last step is left out or taken from the wrong array",
    "activation": "a derivative at the wrong value, of another function, or forgotten",
    "wrong variable": "another gate's delta, candidate for state, a wrong sign",
    "factor": "a constant factor on everything",
    "transpose": "W for its transpose, which shapes cannot show",
    "accumulation": "assigned for added, added twice, never added",
    "aliasing": "a stored value that changes before it is read",
    "loss placement": "the error enters at the wrong steps or layers",
    "truncation": "the gradient flows back fewer steps than it should",
    "partial": "parameters right, inputs or initial states wrong",
    "clipped": "the gradient is clipped or flushed before it is returned",
    "hidden": "wrong only where few cases look",
    "small": "wrong by so little that a tolerance would let it pass",
    "arithmetic": "the formula is right, the digits are lost",
    "overflow": "right until numbers grow",
    "other forward": "the loss is another one",
    "contract": "what comes back is no gradient, or something was changed on the way",
    "error": "nothing comes back",
    "declined": "nothing is checked",
}


@dataclass(frozen=True, eq=False)
class Mutant:
    """One wrong BPTT.

    Args:
        kind: one of `KINDS`.
        what: the mistake, in a few words.
        subject: makes a fresh one.
        models: names, separated by blanks.
        verdict: what the run must get.
        wrong: for a wrong or imprecise gradient exactly the gradients whose rows must say so, for
            the other verdicts what the failure must name; separated by blanks.
        says: fragments that the message must hold.
        oracles: None for all.
        timeout: as in `verify`.
        weakness: why the harness does not do this yet; empty if it does.
    """

    kind: str
    what: str
    subject: Make
    models: str
    verdict: str
    wrong: str
    says: tuple[str, ...] = ()
    oracles: tuple[str, ...] | None = QUICK
    timeout: float | None = None
    weakness: str = ""

    @property
    def name(self) -> str:
        """Unique in the table."""
        return f"{self.kind}: {self.what} ({self.models})"

    @property
    def names(self) -> set[str]:
        """What `wrong` lists."""
        return {self.wrong} if self.wrong == RETURNED else set(self.wrong.split())


@dataclass(frozen=True, eq=False)
class Sibling:
    """A right BPTT that looks odd: what the mutants of a kind would be if they were right."""

    kind: str
    what: str
    subject: Make
    models: str = "rnn-tanh"
    oracles: tuple[str, ...] | None = QUICK
    timeout: float | None = None
    weakness: str = ""

    @property
    def name(self) -> str:
        """Unique in the table."""
        return f"{self.kind}: {self.what} ({self.models})"


def faulty(kind: str, fault: str, models: str, wrong: str, *says: str, **more: Any) -> Mutant:
    """A row for one of `implementations.FAULTS`."""
    return Mutant(kind, FAULTS[fault], has(fault), models, "fail", wrong, says, **more)


def fails(
    kind: str, what: str, subject: Make, models: str, wrong: str, *says: str, **more: Any
) -> Mutant:
    """A row with the verdict `fail`."""
    return Mutant(kind, what, subject, models, "fail", wrong, says, **more)


def breaks(what: str, subject: Make, wrong: str, *says: str, **more: Any) -> Mutant:
    """A row with the verdict `contract`."""
    return Mutant("contract", what, subject, "rnn-tanh", "contract", wrong, says, **more)


def loses(what: str, subject: Make, models: str, wrong: str, *says: str, **more: Any) -> Mutant:
    """A row with the verdict `imprecise`."""
    return Mutant("arithmetic", what, subject, models, "imprecise", wrong, says, **more)


def stops(what: str, subject: Make, *says: str, **more: Any) -> Mutant:
    """A row with the verdict `error`."""
    return Mutant("error", what, subject, "rnn-tanh", "error", "", says, **more)


# --- Ways to be wrong ---------------------------------------------------------------------------

faultless = Numpy()
"""Not `support.right`: it computes in whichever dtype its arrays have, and offers its states."""


def has(fault: str) -> Make:
    """The hand-written BPTT with one fault of `implementations.FAULTS`."""
    return always(Numpy(frozenset({fault})))


def always(function: Callable[[bc.Case], Any]) -> Make:
    """A subject without memory: the same function every time."""
    return lambda: function


def after(change: Callable[[bc.Case, Grads], Any]) -> Make:
    """The right gradients, then `change(case, grads)`: it returns others, or changes them."""

    def subject(case: bc.Case) -> Answer:
        loss, grads = faultless(case)
        instead = change(case, grads)
        return loss, grads if instead is None else instead

    return always(subject)


def scaled(factor: Callable[[bc.Case], float]) -> Make:
    """Every gradient times a factor of the case."""
    return after(lambda case, grads: {n: factor(case) * g for n, g in grads.items()})


def only(condition: Callable[[bc.Case], bool], fault: str) -> Make:
    """Faulty where the condition holds, right elsewhere."""
    wrong = Numpy(frozenset({fault}))
    return always(lambda case: (wrong if condition(case) else faultless)(case))


def put(name: str, value: float | None, at: Any = ...) -> Make:
    """One gradient, or an entry of it, set to a value; left out for None."""

    def change(case: bc.Case, grads: Grads) -> None:
        if value is None:
            del grads[name]
        else:
            grads[name].reshape(-1)[at] = value

    return after(change)


def clipped(norm: float) -> Make:
    """All gradients together scaled to at most this norm, as optimisers like it."""

    def change(case: bc.Case, grads: Grads) -> Grads:
        total = sum(float((g**2).sum()) for g in grads.values()) ** 0.5
        return {n: g * min(1.0, norm / total) if total else g for n, g in grads.items()}

    return after(change)


def flushed(limit: float) -> Make:
    """Entries below a limit are zero."""
    return after(lambda case, grads: {n: g * (np.abs(g) >= limit) for n, g in grads.items()})


def saturated(case: bc.Case) -> bool:
    """Whether a pre-activation of step 0 exceeds 15."""
    p = case.params
    a = case.x[0] @ p["W_xh_l0"].T + case.h0[0] @ p["W_hh_l0"].T + p["b_h_l0"]
    return bool(np.abs(a).max() > 15.0)


def one_entry(relative: float) -> Make:
    """The first entry of W_xh off by so much of itself."""

    def change(case: bc.Case, grads: Grads) -> None:
        grads["W_xh_l0"][0, 0] *= 1.0 + relative

    return after(change)


def swapped_states(case: bc.Case, grads: Grads) -> Grads:
    """h0's gradient under the name of c0 and the other way round."""
    return grads | {"h0": grads["c0"], "c0": grads["h0"]}


def in_precision(dtype: str, spared: str = "") -> Make:
    """Everything computed in another precision and converted back; not in a regime that is spared,
    where it would overflow.
    """

    def subject(case: bc.Case) -> Answer:
        if case.spec is not None and case.spec.regime == spared:
            return faultless(case)
        loss, grads = faultless(_as(case, dtype))
        return loss, {n: g.astype(case.dtype) for n, g in grads.items()}

    return always(subject)


def _as(case: bc.Case, dtype: str) -> bc.Case:
    """The arrays of a case in a dtype, which may be one that cases do not have."""
    converted = copy.copy(case)
    values = {n: _to(a, dtype) for n, a in vars(case).items() if isinstance(a, np.ndarray)}
    params = {n: _to(a, dtype) for n, a in case.params.items()}
    for name, value in {**values, "params": params}.items():
        object.__setattr__(converted, name, value)
    return converted


def _to(array: Array, dtype: str) -> Array:
    return array.astype(dtype) if array.dtype.kind == "f" else array


def seven_digits(case: bc.Case, grads: Grads) -> Grads:
    """Gradients as a program prints them."""
    return {
        n: np.array([float(f"{v:.6e}") for v in g.flat]).reshape(g.shape) for n, g in grads.items()
    }


def difference_quotients(case: bc.Case, grads: Grads) -> None:
    """The bias's gradient by one-sided differences of the loss, as in many a gradient check."""
    bias = case.params["b_h_l0"]
    for unit, row in enumerate(1e-7 * np.eye(len(bias))):
        moved, start = (faultless(case.with_inputs({"b_h_l0": b}))[0] for b in (bias + row, bias))
        grads["b_h_l0"][unit] = (moved - start) / 1e-7


def normalised(case: bc.Case, grads: Grads) -> Grads:
    """x is divided by its norm and multiplied by it again: 0/0 for an input of zeros."""
    norm = np.linalg.norm(case.x, axis=-1, keepdims=True)
    return grads | {"x": grads["x"] / norm * norm}


def other_forward(
    before: Callable[[bc.Case], Mapping[str, Array]],
    back: Callable[[Grads], Mapping[str, Array]] = dict,
    subject: Numpy = faultless,
) -> Make:
    """The loss of other inputs, `before(case)`, and the chain rule back through that, `back`."""

    def other(case: bc.Case) -> Answer:
        loss, grads = subject(case.with_inputs(before(case)))
        return loss, grads | dict(back(grads))

    return always(other)


def reordered(to_ours: Callable[[Array], Array], back: Callable[[Array], Array]) -> Make:
    """Rows of the cell's arrays read in another way, and gradients returned in that way."""
    cell = ("W_xh_l0", "W_hh_l0", "b_h_l0", "b_xh_l0", "b_hh_l0")
    return other_forward(
        lambda case: {n: to_ours(a) for n, a in case.params.items() if n in cell},
        lambda grads: {n: back(g) for n, g in grads.items() if n in cell},
    )


def f_and_g(array: Array) -> Array:
    """i f g o as i g f o and back."""
    i, f, g, o = np.split(array, 4)
    return np.concatenate([i, g, f, o])


def minus_z(array: Array) -> Array:
    """`sigmoid(-a) = 1 - sigmoid(a)`: rows of the update gate for `h = z*n + (1-z)*h_prev`."""
    r, z, n = np.split(array, 3)
    return np.concatenate([r, -z, n])


def forget_bias(case: bc.Case) -> Grads:
    """1 added to the forget gate's bias inside the cell, as some frameworks do."""
    return {"b_h_l0": case.params["b_h_l0"] + np.repeat([0.0, 1.0, 0.0, 0.0], case.sizes.H)}


def no_h0(case: bc.Case) -> Grads:
    """The initial state is ignored."""
    return {"h0": np.zeros_like(case.h0)}


def first_three(x: Array) -> Array:
    """Zeros from step 3 on."""
    return np.where(np.arange(len(x))[:, None, None] < 3, x, 0.0)


def half_the_square(case: bc.Case) -> Answer:
    """The loss that textbooks write with 1/2, and its gradient."""
    loss, grads = faultless(case)
    return loss / 2.0, {n: g / 2.0 for n, g in grads.items()}


def mean_printed(case: bc.Case) -> Answer:
    """The mean is returned, the sum is differentiated."""
    loss, grads = faultless(case)
    return loss / (case.sizes.T * case.sizes.B), grads


def loss_in_float32(case: bc.Case) -> Answer:
    """The loss is summed in float32, the gradient is right."""
    loss, grads = faultless(case)
    return np.float32(loss), grads


def upper_layer(case: bc.Case) -> bc.Result:
    """Layer 1 has no recurrent connection; outputs are offered, so that this can be told."""
    zeros = np.zeros_like(case.params["W_hh_l1"])
    loss, grads, outputs = faultless.with_outputs(case.with_inputs({"W_hh_l1": zeros}))
    return bc.Result(loss, grads | {"W_hh_l1": zeros}, outputs=outputs)


class Remembering:
    """A subject that keeps arrays from call to call, by model and sizes."""

    def __init__(self) -> None:
        self.kept: dict[Any, Grads] = {}

    def __call__(self, case: bc.Case) -> Answer:
        loss, grads = faultless(case)
        key = (case.model, case.sizes)
        return loss, self.answer(grads, self.kept.setdefault(key, {}))

    def answer(self, grads: Grads, kept: Grads) -> Grads:
        """What is returned for the right gradients, given what was kept."""
        raise NotImplementedError


class Accumulating(Remembering):
    """Gradients that nobody sets back to zero between two calls."""

    def answer(self, grads: Grads, kept: Grads) -> Grads:
        kept |= {n: g + kept.get(n, 0.0) for n, g in grads.items()}
        return dict(kept)


class Reusing(Remembering):
    """One set of gradient buffers, handed out again and again."""

    def answer(self, grads: Grads, kept: Grads) -> Grads:
        for name, gradient in grads.items():
            kept.setdefault(name, gradient)[...] = gradient
        return dict(kept)


class Copying(Reusing):
    """The same buffers, but what is handed out is a copy."""

    def answer(self, grads: Grads, kept: Grads) -> Grads:
        return {n: g.copy() for n, g in super().answer(grads, kept).items()}


class Clearing(Remembering):
    """What the last call returned is set to zero before the next answer is made."""

    def answer(self, grads: Grads, kept: Grads) -> Grads:
        for gradient in kept.values():
            gradient[...] = 0.0
        kept |= grads
        return grads


class Stale(Remembering):
    """The gradients of the first case of these sizes: a cache whose key is the shape."""

    def answer(self, grads: Grads, kept: Grads) -> Grads:
        for name, gradient in grads.items():
            kept.setdefault(name, gradient)
        return {n: g.copy() for n, g in kept.items()}


class Dropping:
    """Dropout that draws a new mask at every call."""

    def __init__(self) -> None:
        self.random = np.random.default_rng(0)

    def __call__(self, case: bc.Case) -> Answer:
        mask = self.random.integers(0, 2, case.x.shape)
        loss, grads = faultless(case.with_inputs({"x": case.x * mask}))
        return loss, grads | {"x": grads["x"] * mask}


def written(name: str, restored: bool = False) -> Make:
    """Right, but one array of the case is changed on the way, and perhaps changed back."""

    def subject(case: bc.Case) -> Answer:
        array = case.targets if name == "targets" else case.inputs[name]
        before = array.copy()
        answer = faultless(case)
        array[...] = before if restored else 1 - array
        return answer

    return always(subject)


def raising(error: Exception, condition: Callable[[bc.Case], bool] = lambda case: True) -> Make:
    """Raises where the condition holds."""

    def subject(case: bc.Case) -> Answer:
        if condition(case):
            raise error
        return faultless(case)

    return always(subject)


def exiting(case: bc.Case) -> Answer:
    """Ends the process."""
    sys.exit("my own check failed")


def endless(case: bc.Case) -> Answer:
    """Recursion without an end."""
    return endless(case)


def sleeping(seconds: float) -> Make:
    """Needs a while."""

    def subject(case: bc.Case) -> Answer:
        time.sleep(seconds)
        return faultless(case)

    return always(subject)


class Unable:
    """Supports no model."""

    def supports(self, model: bc.Model) -> bool:
        """No."""
        return False

    def __call__(self, case: bc.Case) -> Answer:
        raise AssertionError("must not be called")


# --- The table ----------------------------------------------------------------------------------

OWN = "your backward is right for your forward, but your forward is another model"
NOT_OWN = "your backward is not the derivative of your own loss either"
TWO_ANSWERS = "two calls on the same case gave two answers"

# fmt: off
MUTANTS: tuple[Mutant, ...] = (
    faulty("carry lost", "carry_dh", "rnn-tanh", RNN, "T=2", "chunked truncation with k = 1"),
    faulty("carry lost", "carry_dc", "lstm", LSTM, "T=2"),
    faulty("carry lost", "c_from_h", "lstm", LSTM, "T=1"),
    faulty("carry lost", "o_path", "lstm", LSTM, "the gradient of h0"),
    faulty("carry lost", "r_path", "gru", GRU, "the gradient of h0"),
    faulty("carry lost", "r_path", "gru-reset-before", RNN, "the gradient of h0"),
    faulty("carry lost", "direct", "gru", GRU, "the gradient of h0"),
    faulty("carry lost", "no_final", "rnn-tanh+linear", RNN, "T=1"),
    faulty("carry lost", "no_final_c", "lstm+linear", LSTM, "T=1"),
    faulty("carry lost", "layer_cut", "rnn-tanh+2layers", RNN, "W_xh_l0"),

    faulty("index", "h_t", "rnn-tanh", "W_hh_l0", "the gradient of W_hh_l0 is wrong",
           oracles=None),
    faulty("index", "h_t", "lstm", "W_hh_l0", "the gradient of W_hh_l0 is wrong"),
    faulty("index", "wrap_around", "rnn-tanh", "W_hh_l0", "the gradient of W_hh_l0 is wrong"),
    faulty("index", "x_shifted", "rnn-tanh", "W_xh_l0", "the gradient of W_xh_l0 is wrong", "T=2"),
    faulty("index", "mixed_batch", "rnn-tanh", RNN, "T=1 B=2", "the gradient of h0 is wrong"),

    faulty("boundary", "skip_first", "rnn-tanh", RNN, "T=1"),
    faulty("boundary", "skip_last", "rnn-tanh", RNN, "T=1"),
    faulty("boundary", "zero_h0", "rnn-tanh", "W_hh_l0", "the gradient of W_hh_l0 is wrong"),

    faulty("activation", "slope_twice", "rnn-tanh", RNN, "T=1"),
    faulty("activation", "tanh_c_twice", "lstm", LSTM, "T=1"),
    faulty("activation", "no_slope", "rnn-sigmoid", RNN, "T=1"),
    faulty("activation", "no_slope", "rnn-relu", RNN, "T=1",
           oracles=("torch", "finite_difference")),
    faulty("activation", "f_slope", "lstm", LSTM, "gate f"),
    faulty("activation", "tanh_slope", "lstm", LSTM, "gate o"),
    faulty("activation", "mse_half", "rnn-tanh+mse", RNN + HEAD, "every gradient is 1/2 times"),

    faulty("wrong variable", "f_sign", "lstm", LSTM, "gate f"),
    faulty("wrong variable", "z_sign", "gru", GRU, "gate z"),
    faulty("wrong variable", "i_for_g", "lstm", LSTM, "gate i"),
    faulty("wrong variable", "dc_prev", "lstm", LSTM, "the gradient of c0"),
    faulty("wrong variable", "swapped", "lstm", LSTM, "T=1"),
    faulty("wrong variable", "direct_1_z", "gru", GRU, "the gradient of h0"),
    faulty("wrong variable", "b_hn", "gru", "b_hh_l0", "the gradient of b_hh_l0", "gate n"),
    faulty("wrong variable", "W_hn", "gru", "W_hh_l0", "the gradient of W_hh_l0", "gate n"),
    faulty("wrong variable", "W_hn", "gru-reset-before", "W_hh_l0", "gate n"),

    fails("factor", "2", scaled(lambda case: 2.0), "rnn-tanh", RNN + HEAD,
          "every gradient is 2 times the right one"),
    fails("factor", "1/2", scaled(lambda case: 0.5), "rnn-tanh", RNN + HEAD,
          "every gradient is 1/2 times the right one"),
    fails("factor", "-1", scaled(lambda case: -1.0), "rnn-tanh", RNN + HEAD,
          "every gradient is -1 times the right one", oracles=None),
    fails("factor", "learning rate", scaled(lambda case: 0.01), "rnn-tanh", RNN + HEAD),
    fails("factor", "1/B", scaled(lambda case: 1.0 / case.sizes.B), "rnn-tanh", RNN + HEAD,
          "every gradient is 1/B times the right one", "T=1 B=2"),
    fails("factor", "1/T", scaled(lambda case: 1.0 / case.sizes.T), "rnn-tanh", RNN + HEAD,
          "every gradient is 1/T times the right one", "T=2 B=1"),
    faulty("factor", "mean_O", "rnn-tanh+mse+mean", RNN + HEAD,
           "every gradient is O times the right one", "O=2"),

    faulty("transpose", "transpose", "rnn-tanh", RNN, "H=2"),

    faulty("accumulation", "assign_cell", "rnn-tanh", "W_xh_l0 W_hh_l0 b_h_l0",
           "the gradient of every parameter of the cell is assigned"),
    faulty("accumulation", "bias_twice", "rnn-tanh", "b_h_l0", "the gradient of b_h_l0 is wrong"),
    faulty("accumulation", "bias_l1", "rnn-tanh+2layers", "b_h_l1", "the gradient of b_h_l1"),
    faulty("accumulation", "assign_W_hh", "rnn-tanh", "W_hh_l0", "T=2", "gradient of W_hh_l0"),
    faulty("accumulation", "assign_W_hy", "rnn-tanh", "W_hy", "T=2", "gradient of W_hy"),
    faulty("accumulation", "assign_b_y", "rnn-tanh", "b_y", "T=2", "gradient of b_y"),
    faulty("accumulation", "doubling", "rnn-tanh", "W_xh_l0", "T=2", "the gradient of W_xh_l0"),

    faulty("aliasing", "aliased", "rnn-tanh", "W_hh_l0", "the gradient of W_hh_l0 is wrong"),

    faulty("loss placement", "last_step_only", "rnn-tanh", RNN, "T=2"),
    faulty("loss placement", "every_step", "rnn-tanh+last", RNN, "T=2"),

    faulty("truncation", "three_steps", "rnn-tanh", RNN, "T=4", "first wrong at step 0"),

    faulty("partial", "x_o_path", "lstm", "x", "the gradient of x is wrong"),
    fails("partial", "h0 is zeros", put("h0", 0.0), "rnn-tanh", "h0", "the gradient of h0"),
    fails("partial", "h0 and c0 swapped", after(swapped_states), "lstm", "h0 c0",
          "the gradient of h0, c0 is wrong"),
    fails("partial", "h0 of two layers swapped",
          after(lambda case, grads: grads | {"h0": grads["h0"][::-1]}), "rnn-tanh+2layers", "h0",
          "the gradient of h0 is wrong"),

    fails("clipped", "norm 1", clipped(1.0), "lstm", LSTM + HEAD, "clipped to norm 1 over"),
    fails("clipped", "norm 1000", clipped(1000.0), "rnn-identity+mse", RNN + HEAD,
          "clipped to norm 1000 over"),
    faulty("clipped", "clip_dh", "rnn-tanh", RNN, "T=1"),
    fails("clipped", "zero below 1e-3", flushed(1e-3), "rnn-tanh", RNN + HEAD, "T=1"),

    fails("hidden", "T = 1", only(lambda case: case.sizes.T == 1, "no_slope"), "rnn-tanh", RNN,
          "T=1 "),
    fails("hidden", "T > 12", only(lambda case: case.sizes.T > 12, "skip_first"), "rnn-tanh", RNN,
          "T=13 "),
    fails("hidden", "B > 1", only(lambda case: case.sizes.B > 1, "no_slope"), "rnn-tanh", RNN,
          "B=2"),
    fails("hidden", "pre-activations beyond 15", only(saturated, "no_slope"), "rnn-tanh", RNN,
          "inputs=large"),
    fails("hidden", "h0 not zero", only(lambda case: bool(case.h0.any()), "h_t"), "rnn-tanh",
          "W_hh_l0", "the gradient of W_hh_l0 is wrong"),
    fails("hidden", "a zero in x", only(lambda case: not case.x.all(), "x_shifted"), "rnn-tanh",
          "W_xh_l0", "regime=sparse"),

    fails("small", "one entry by 1e-9", one_entry(1e-9), "rnn-tanh", "W_xh_l0", "W_xh_l0[0, 0]",
          "relative 1e-09", oracles=None),
    fails("small", "one entry by 1e-12", one_entry(1e-12), "rnn-tanh", "W_xh_l0",
          "W_xh_l0[0, 0]"),
    fails("small", "everything by 1e-7", scaled(lambda case: 1.0 + 1e-7), "rnn-tanh", RNN + HEAD,
          "relative 1e-07"),
    fails("small", "difference quotients", after(difference_quotients), "rnn-tanh", "b_h_l0",
          "the gradient of b_h_l0 is wrong", oracles=("torch", "complex_step")),

    loses("float32 inside", in_precision("float32"), "lstm", LSTM + HEAD, "float32 inside",
          oracles=None),
    loses("seven digits printed", after(seven_digits), "gru", GRU + HEAD),
    loses("float16 inside", in_precision("float16", "exploding"), "lstm", LSTM + HEAD,
          "float16 inside"),
    loses("loss in float32", always(loss_in_float32), "rnn-tanh", "loss"),

    Mutant("overflow", FAULTS["no_shift"], has("no_shift"), "rnn-identity", "contract", "loss",
           ("the loss is inf",)),
    Mutant("overflow", FAULTS["no_shift"], has("no_shift"), "lstm", "contract", "loss",
           ("the loss is",)),
    Mutant("overflow", FAULTS["naive_bce"], has("naive_bce"), "rnn-relu+bce", "contract", "loss",
           ("the loss is",)),
    Mutant("overflow", FAULTS["naive_bce"], has("naive_bce"), "lstm+bce", "contract", "loss",
           ("the loss is",)),
    Mutant("overflow", "0/0 for inputs of zeros", after(normalised), "rnn-tanh", "contract", "x",
           ("the gradient of x is nan", "inputs=negative_zero")),

    fails("other forward", "forget bias of 1", other_forward(forget_bias), "lstm", "loss", OWN),
    fails("other forward", "z for 1-z", reordered(minus_z, minus_z), "gru", "loss", OWN,
          "first differs at step 0"),
    fails("other forward", "gates in the order i g f o", reordered(f_and_g, f_and_g), "lstm",
          "loss", OWN),
    fails("other forward", "h0 ignored",
          other_forward(no_h0, lambda grads: {"h0": 0.0 * grads["h0"]}), "rnn-tanh", "loss", OWN,
          "first differs at step 0"),
    fails("other forward", "x is zero from step 3",
          other_forward(lambda case: {"x": first_three(case.x)},
                        lambda grads: {"x": first_three(grads["x"])}),
          "rnn-tanh", "loss", OWN, "first differs at step 3", "T=4"),
    fails("other forward", "layer 1 without recurrence", always(upper_layer), "rnn-tanh+2layers",
          "loss", OWN, "first differs at step 0, in h_l1"),
    fails("other forward", "half the square", always(half_the_square), "rnn-tanh+mse", "loss",
          "your loss and your gradient are 1/2 times the right one"),
    fails("other forward", "mean printed, sum differentiated", always(mean_printed), "rnn-tanh",
          "loss", "your loss is 1/(T*B) times the right one"),
    fails("other forward", "forget bias of 1, and a sign",
          other_forward(forget_bias, subject=Numpy(frozenset({"f_sign"}))), "lstm", "loss",
          NOT_OWN, "first differs at step 0"),

    breaks("W_hh_l0 missing", put("W_hh_l0", None), "W_hh_l0",
           "the gradient of W_hh_l0 is missing, shape (1, 1)"),
    breaks("an extra key", after(lambda case, grads: grads | {"W_out": grads["W_hy"]}), "W_out",
           "there is no input 'W_out'"),
    breaks("a flat matrix", after(lambda case, grads: grads | {"x": grads["x"].ravel()}), "x",
           "the gradient of x has shape (1,), not (1, 1, 1)"),
    breaks("NaN in one entry", put("W_xh_l0", np.nan, -1), "W_xh_l0",
           "the gradient of W_xh_l0 is nan at [0, 0]"),
    breaks("infinity in one entry", put("h0", np.inf, -1), "h0", "the gradient of h0 is inf"),
    breaks("float32 arrays",
           after(lambda case, grads: {n: g.astype("float32") for n, g in grads.items()}),
           "W_xh_l0", "has dtype float32, not float64"),
    breaks("complex arrays", after(lambda case, grads: {n: g + 0j for n, g in grads.items()}),
           "W_xh_l0", "has dtype complex128, not float64"),
    breaks("None for a gradient", after(lambda case, grads: grads | {"b_y": None}), "b_y",
           "the gradient of b_y has dtype object"),
    breaks("one number for all gradients", after(lambda case, grads: 1.0), RETURNED,
           "the gradients must be a dict, got float"),
    breaks("None", always(lambda case: None), RETURNED, "got NoneType"),
    breaks("loss of each sequence", always(lambda case: (np.ones(case.sizes.B + 1), {})), "loss",
           "the loss must be one number, got shape (2,)"),
    breaks("loss is NaN", always(lambda case: (np.nan, faultless(case)[1])), "loss",
           "the loss is nan"),
    breaks("writes into x", written("x"), "x", "x was written to"),
    breaks("updates W_hh_l0", written("W_hh_l0"), "W_hh_l0", "W_hh_l0 was written to"),
    breaks("h is a view of h0", written("h0"), "h0", "h0 was written to"),
    breaks("writes into targets", written("targets"), "targets", "targets was written to"),
    breaks("gradients never set to zero", Accumulating, RETURNED, TWO_ANSWERS),
    breaks("dropout by a new mask", Dropping, RETURNED, TWO_ANSWERS + ", in loss"),
    breaks("answer cleared by the next call", Clearing, RETURNED,
           "a later call changed the arrays that the first had returned"),
    breaks("buffers handed out twice", Reusing, RETURNED, "a later call changed the arrays"),

    stops("raises", raising(ValueError("3 is not 4")), "raised ValueError: 3 is not 4"),
    stops("raises at T = 1", raising(IndexError("empty"), lambda case: case.sizes.T == 1),
          "raised IndexError: empty", "T=1 "),
    stops("exits", always(exiting), "raised SystemExit: my own check failed"),
    stops("recursion without an end", always(endless), "raised RecursionError"),
    stops("too slow", sleeping(0.5), "took longer than the limit of 0.02 s", timeout=0.02),

    Mutant("declined", "Unsupported", raising(bc.Unsupported("not today")), "rnn-tanh lstm",
           "inconclusive", ""),
    Mutant("declined", "supports() says no", Unable, "lstm", "inconclusive", ""),
)

SIBLINGS: tuple[Sibling, ...] = (
    Sibling("factor", "times 1", scaled(lambda case: 1.0)),
    Sibling("clipped", "norm 1e300", clipped(1e300), "lstm"),
    Sibling("hidden", "fault where nothing is", only(lambda case: case.sizes.T > 999, "no_slope")),
    Sibling("small", "one entry by a rounding", one_entry(2.0**-53), "lstm"),
    Sibling("arithmetic", "more precision inside", in_precision("longdouble"), "lstm"),
    Sibling("activation", FAULTS["relu_at_0"], has("relu_at_0"), "rnn-relu"),
    Sibling("partial", "x and h0 not offered",
            after(lambda case, grads: {n: grads[n] for n in case.params})),
    Sibling("other forward", "outputs offered",
            always(lambda case: bc.Result(*faultless.with_outputs(case))), "rnn-tanh+2layers"),
    Sibling("aliasing", "transposed views",
            after(lambda case, grads: {n: np.asfortranarray(g)[...] for n, g in grads.items()})),
    Sibling("contract", "nested lists",
            after(lambda case, grads: {n: g.tolist() for n, g in grads.items()})),
    Sibling("contract", "tensors",
            after(lambda case, grads: {n: torch.from_numpy(g) for n, g in grads.items()})),
    Sibling("contract", "another order of keys",
            after(lambda case, grads: dict(reversed(grads.items()))), "lstm"),
    Sibling("contract", "loss of shape (1, 1)",
            always(lambda case: (np.full((1, 1), faultless(case)[0]), faultless(case)[1]))),
    Sibling("contract", "writes and restores", written("x", restored=True)),
    Sibling("contract", "copies of its buffers", Copying),
    Sibling("error", "fast enough", sleeping(0.0), timeout=60.0),
    Sibling("declined", "declines two directions",
            raising(bc.Unsupported("one way only"), lambda case: case.model.bidirectional)),
)
# fmt: on
