"""One LSTM case, every entry: all oracles beside `torch.autograd.gradcheck`, slow and fast.

The forward pass that `gradcheck` calls is that of the reference, and computes no gradients.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
from bptt_reference import loss_and_grads, outputs

import bptt_check as bc

from ..child import call
from ..effort import Effort
from ..rows import ENTRIES, Measured

ORACLES = ("torch", "jax", "complex_step", "certified")
"""Those that make no finite differences."""


def measure(effort: Effort) -> Iterator[Measured]:
    """The times of all oracles, and how many times as fast as `gradcheck` they are."""
    for entries in effort.entries:
        rounds = call(f"{__name__}:rounds_of", size=ENTRIES[entries], rounds=2 + effort.rounds)
        for mode in ("slow", "fast"):
            for which in ("without", "with"):
                yield Measured(
                    f"gradcheck/{entries}/{mode}/{which}",
                    [1e3 * one[which] for one in rounds],
                    [one[mode] / one[which] for one in rounds],
                )


def rounds_of(size: tuple[int, int, int, int, int], rounds: int) -> list[dict[str, float]]:
    """Seconds of the oracles with and without finite differences, and of `gradcheck`, in turns."""
    spec = bc.Spec(bc.Model("lstm"), bc.Sizes(*size))
    oracles = _oracles()
    _one_round(spec, oracles)  # what is imported or compiled once
    return [_one_round(spec, oracles) for _ in range(rounds)]


def _oracles() -> dict[str, Callable[[bc.Case], Any]]:
    from bptt_check.oracles import load_oracle

    return {n: load_oracle(n, every_entry=True) for n in (*ORACLES, "finite_difference")}


def _one_round(spec: bc.Spec, oracles: dict[str, Callable[[bc.Case], Any]]) -> dict[str, float]:
    """A case made anew each time, so that nothing is known of it."""
    case = spec.build()  # the same for all oracles, as in a run
    spent = {name: _seconds(oracle, case) for name, oracle in oracles.items()}
    without = sum(spent[name] for name in ORACLES)
    slow, fast = (_seconds(_gradcheck, spec.build(), mode) for mode in (False, True))
    with_differences = without + spent["finite_difference"]
    return {"without": without, "with": with_differences, "slow": slow, "fast": fast}


def _seconds(function: Callable[..., Any], *arguments: Any) -> float:
    begin = time.process_time()
    function(*arguments)
    return time.process_time() - begin


def _gradcheck(case: bc.Case, fast: bool) -> None:
    """As it is used for a function whose backward pass is written by hand; it must agree."""
    import torch

    names = list(case.inputs)

    class Loss(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *values: Any) -> Any:
            arrays = dict(zip(names, (v.detach().numpy() for v in values), strict=True))
            return torch.tensor(loss_of(_moved(case, arrays)), dtype=torch.float64)

        @staticmethod
        def backward(ctx: Any, *outputs_bar: Any) -> Any:
            _, grads = loss_and_grads(case)
            return tuple(outputs_bar[0] * torch.from_numpy(grads[n]) for n in names)

    inputs = [torch.tensor(a, requires_grad=True) for a in case.inputs.values()]
    if not torch.autograd.gradcheck(Loss.apply, inputs, fast_mode=fast, check_undefined_grad=False):
        raise SystemExit("gradcheck rejects the reference: no comparison of speed is valid.")


def _moved(case: bc.Case, arrays: dict[str, Any]) -> Any:
    """The case with other inputs, not validated again."""
    given = {"model": case.model, "targets": case.targets, "truncation": None, "lengths": None}
    params = {name: arrays.pop(name) for name in case.params}
    return SimpleNamespace(**given, params=params, **arrays)


def loss_of(case: Any) -> float:
    """The summed cross-entropy of the reference's outputs."""
    y = outputs(case)["y"]
    y = y - y.max(axis=-1, keepdims=True)
    target = np.take_along_axis(y, case.targets[..., None], axis=-1)[..., 0]
    return float((np.log(np.exp(y).sum(axis=-1)) - target).sum())
