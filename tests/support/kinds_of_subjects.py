"""Wrong subjects of every kind that people have, as a file to be run and imported.

Each has twice the right gradient of `b_y`; `of_every_kind()` makes those that no module has by a
name. `python FILE` prints their messages as JSON.
"""

from __future__ import annotations

import functools
import json
import sys
from dataclasses import dataclass
from typing import Any

import bptt_reference
import numpy as np
import torch

import bptt_check as bc
from bptt_check.runs.session import Overrides, overrides
from bptt_check.subjects.torch import from_function, from_module

FACTOR = 2.0
LINE = "rnn-tanh T=2 B=1 D=1 H=1 O=2 seed=3"
Answer = tuple[float, dict[str, Any]]


def doubled(grads: dict[str, Any], factor: float = FACTOR) -> dict[str, Any]:
    return {**grads, "b_y": factor * np.asarray(grads["b_y"])}


def function(case: bc.Case) -> Answer:
    loss, grads = bptt_reference.loss_and_grads(case)
    return loss, doubled(grads)


class Stateful:
    def __init__(self, factor: float) -> None:
        self.factor = factor

    def __call__(self, case: bc.Case) -> Answer:
        loss, grads = bptt_reference.loss_and_grads(case)
        return loss, doubled(grads, self.factor)

    def method(self, case: bc.Case) -> Answer:
        return self(case)

    @staticmethod
    def static(case: bc.Case) -> Answer:
        return function(case)


@dataclass(frozen=True)
class Fields:
    factor: float
    unused: tuple[int, ...] = ()

    def __call__(self, case: bc.Case) -> Answer:
        return Stateful(self.factor)(case)


def twice_in_backward(case: Any) -> Any:
    """A loss of tensors in whose backward pass b_y counts twice."""
    h = case.h0[0]
    loss = 0.0
    p = case.params
    b_y = 2.0 * p["b_y"] - p["b_y"].detach()
    for t in range(case.sizes.T):
        h = torch.tanh(case.x[t] @ p["W_xh_l0"].T + h @ p["W_hh_l0"].T + p["b_h_l0"])
        loss = loss + torch.nn.functional.cross_entropy(
            h @ p["W_hy"].T + b_y, case.targets[t], reduction="sum"
        )
    return loss


class WrongRNN(torch.nn.RNN):
    """A module whose backward pass doubles a gradient."""

    def forward(self, x: Any, state: Any = None) -> Any:
        y, last = super().forward(x, state)
        return 2.0 * y - y.detach(), last


def own_names(view: Any) -> Answer:
    loss, grads = function(view.case)
    return loss, {**{n: g for n, g in grads.items() if n != "b_y"}, "by": grads["b_y"]}


names = bc.Convention(names={"b_y": "by"})
lambda_of_the_module = lambda case: function(case)  # noqa: E731
torch_function = from_function(twice_in_backward, name="my kernel")
adapted = names.adapt(own_names)


@names.adapt(models=["rnn-tanh"])
def decorated(view: Any) -> Answer:
    return own_names(view)


def of_every_kind() -> dict[str, Any]:
    factor, seen = 2.0, {}

    def closure(case: bc.Case) -> Answer:
        seen[str(case.spec)] = case.x
        loss, grads = bptt_reference.loss_and_grads(case)
        return loss, doubled(grads, factor)

    def by_default(case: bc.Case, factor: float = factor) -> Answer:
        return closure(case)

    class Local:
        def __call__(self, case: bc.Case) -> Answer:
            return closure(case)

    def of_tensors(case: Any) -> Any:
        return twice_in_backward(case)

    def of_view(view: Any) -> Answer:
        return own_names(view)

    return {
        "function": function,
        "lambda of a module": lambda_of_the_module,
        "static method": Stateful.static,
        "from_function of a module": torch_function,
        "adapted in a module": adapted,
        "decorated": decorated,
        "closure": closure,
        "default": by_default,
        "lambda": lambda case: doubled_twice(case, closure),
        "one of two lambdas": [lambda case: 0, lambda case: closure(case)][1],
        "local class": Local(),
        "object": Stateful(2.0),
        "bound method": Stateful(factor).method,
        "dataclass": Fields(2.0),
        "partial": functools.partial(by_default, factor=2.0),
        "from_function": from_function(of_tensors, name="mine"),
        "from_function of a lambda": from_function(lambda case: twice_in_backward(case)),
        "from_module": from_module(WrongRNN, cell="rnn", packed=False),
        "adapted": names.adapt(of_view, models=["rnn-tanh"]),
        "adapted lambda": bc.Convention(names={"b_y": "by"}).adapt(lambda view: own_names(view)),
    }


def doubled_twice(case: bc.Case, once: Any) -> Answer:
    loss, grads = once(case)
    return loss, doubled(grads)


def square(arrays: dict[str, Any]) -> tuple[float, dict[str, Any]]:
    p, q = arrays["p"], arrays["q"]
    return float((p * p * q).sum()), {"p": 3.0 * p * q}


def functions_of_arrays() -> dict[str, str]:
    power = 2.0

    def local(arrays: dict[str, Any]) -> tuple[float, dict[str, Any]]:
        return square(arrays)[0] * power, {"p": arrays["p"]}

    few = {"p": np.array([1.0, 2.0]), "q": np.array([3.0, 1.5])}
    many = {"p": np.linspace(1.0, 2.0, 300), "q": np.ones(300, "float32").astype(float)}
    reports = {
        "wrt": bc.verify_function(square, few, wrt=["p"]),
        "wrt of a local": bc.verify_function(local, few, wrt=["p"], seed=5),
        "many numbers": bc.verify_function(square, many, wrt=["p"], max_calls=40),
    }
    return {kind: report.message for kind, report in reports.items()}


def messages() -> dict[str, str]:
    """The message of every kind of subject, of given arrays, and of functions of arrays."""
    case = bc.Spec.parse(LINE).build()
    large = bc.Spec.parse("rnn-tanh T=2 B=2 D=9 H=12 O=2").build().with_inputs({})
    reports = {kind: bc.check(subject, case) for kind, subject in of_every_kind().items()}
    reports["few given numbers"] = bc.check(Stateful(2.0), case.with_inputs({}))
    reports["few numbers, an address"] = bc.check(function, case.with_inputs({}))
    reports["many given numbers"] = bc.check(function, large)
    return {kind: r.message for kind, r in reports.items()} | functions_of_arrays()


if __name__ == "__main__":
    overrides.set(Overrides(oracles=("complex_step",)))
    json.dump(messages(), sys.stdout)
