"""Plain code of a user in PyTorch: evaluated in float64, differentiated by autograd, rounded."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import numpy as np
import torch

from ..cases.recurrences.outputs import named_outputs
from ..cases.recurrences.reference_code import Evaluation
from ..cases.types import Array
from ..equations.arithmetics.rounding import GridRounding
from ..equations.arithmetics.rounding_model import RoundingModel
from ..equations.namespaces.torch import threads
from ..errors import SpecError
from .torch_modes import NewTensorsMode, WideMode, is_float
from .torch_rounding import RoundingMode


@dataclass(frozen=True, eq=False)
class TorchCode:
    """See `ReferenceCode`.

    Args:
        function: of tensors by name; what it computes in float32 it computes in float64 here, as it
            is the definition.
    """

    function: Callable[..., Any]
    framework: str = field(default="torch", init=False)

    @functools.cached_property
    def _known(self) -> _Known:
        """What was found out about it so far."""
        return _Known()

    def outputs(self, arrays: Mapping[str, Any]) -> dict[str, Array]:
        """See `ReferenceCode`."""
        with self._prepared(), torch.no_grad():
            before = torch.get_rng_state()
            found = self._evaluated(arrays)
            if not torch.equal(torch.get_rng_state(), before):
                _check_repeats(found, self._evaluated(arrays))
            return found

    def _evaluated(self, arrays: Mapping[str, Any]) -> dict[str, Array]:
        named = named_outputs(self.function(**{n: _tensor(a) for n, a in arrays.items()}))
        return _outputs(named)

    def gradients(
        self, arrays: Mapping[str, Any], cotangents: Mapping[str, Array], wrt: Sequence[str]
    ) -> Evaluation:
        """See `ReferenceCode`."""
        with self._prepared(), torch.enable_grad():
            given = {n: _tensor(a) for n, a in arrays.items()}
            leaves = {n: given[n].requires_grad_() for n in wrt}
            named = named_outputs(self.function(**given | _copies(leaves)))
            seeds = {n: _tensor(c) for n, c in cotangents.items()}
            grads = _pulled_back(named, seeds, leaves)
        return Evaluation(_outputs(named), grads)

    def rounded(
        self,
        arrays: Mapping[str, Any],
        cotangents: Mapping[str, Array],
        wrt: Sequence[str],
        rounding: RoundingModel,
        samples: int,
    ) -> Evaluation:
        """See `ReferenceCode`.

        All samples at once, by `vmap`; code that this does not take is run for each of them: its
        branches depend on numbers, or it has an `autograd.Function`.
        """
        while self._known.way is not Way.ONE_BY_ONE:
            arithmetic = rounding.arithmetic(samples)
            try:
                return self._at_once(arrays, cotangents, wrt, arithmetic, samples)
            except Exception:  # whatever it is: if it is the code's own, it comes once more
                self._known.way = Way(self._known.way + 1)
        arithmetic = rounding.arithmetic(samples)
        pool, start = arithmetic.position
        found: list[Evaluation] = []
        for n in range(samples):
            arithmetic.position = pool[n : n + 1], start
            found.append(self._one_sample(arrays, cotangents, wrt, arithmetic))
        return Evaluation(
            {n: np.stack([f.outputs[n] for f in found]) for n in found[0].outputs},
            {n: np.stack([f.grads[n] for f in found]) for n in found[0].grads},
        )

    def _at_once(
        self,
        arrays: Mapping[str, Any],
        cotangents: Mapping[str, Array],
        wrt: Sequence[str],
        arithmetic: GridRounding,
        samples: int,
    ) -> Evaluation:
        """Both passes of all samples."""
        given = {n: _tensor(a) for n, a in arrays.items()}
        moving = {n: t for n, t in given.items() if is_float(t)}
        fixed = {n: t for n, t in given.items() if n not in moving}

        def function(
            tensors: dict[str, torch.Tensor], yes: torch.Tensor
        ) -> dict[str, torch.Tensor]:
            own = self._known.way is Way.OWN_TENSORS
            with NewTensorsMode(yes) if own else nullcontext():
                named = named_outputs(self.function(**fixed, **tensors))
            return {n: torch.as_tensor(v) for n, v in named.items()}

        with self._prepared(), torch.enable_grad():
            spread = {n: _repeated(t, samples) for n, t in moving.items()}
            leaves = {n: spread[n].requires_grad_() for n in wrt}
            seeds = {n: _repeated(_tensor(c), samples) for n, c in cotangents.items()}
            with RoundingMode(arithmetic, samples):
                same = torch.func.vmap(function, randomness="same")
                named = same(spread | _copies(leaves), torch.ones(samples, dtype=torch.bool))
                grads = _pulled_back(named, seeds, leaves)
        return Evaluation(_outputs(named), grads)

    def _one_sample(
        self,
        arrays: Mapping[str, Any],
        cotangents: Mapping[str, Array],
        wrt: Sequence[str],
        arithmetic: GridRounding,
    ) -> Evaluation:
        """Both passes of one sample."""
        with self._prepared(), torch.enable_grad():
            given = {n: _tensor(a) for n, a in arrays.items()}
            leaves = {n: given[n].requires_grad_() for n in wrt}
            seeds = {n: _tensor(c) for n, c in cotangents.items()}
            with RoundingMode(arithmetic, 1):
                named = named_outputs(self.function(**given | _copies(leaves)))
                grads = _pulled_back(named, seeds, leaves)
        return Evaluation(_outputs(named), grads)

    @contextlib.contextmanager
    def _prepared(self) -> Generator[None]:
        """One thread, float64, and nothing that the code changes for the whole process."""
        dtype, generator = torch.get_default_dtype(), torch.get_rng_state()
        wide = WideMode()
        try:
            with threads(1), np.errstate(all="ignore"):
                torch.set_default_dtype(torch.float64)
                with nullcontext() if self._known.is_narrow is False else wide:
                    yield
            self._known.is_narrow = bool(self._known.is_narrow) or wide.found
        finally:
            torch.set_default_dtype(dtype)
            torch.set_rng_state(generator)


class Way(IntEnum):
    """How samples of code are had: all at once; the same where it writes into tensors that it makes
    itself; one after the other.
    """

    AT_ONCE, OWN_TENSORS, ONE_BY_ONE = range(3)


@dataclass
class _Known:
    """What is found out about code when it is run.

    Args:
        is_narrow: whether it computes in less than float64 somewhere; None as long as it never ran.
        way: in which samples of it can be had.
    """

    is_narrow: bool | None = None
    way: Way = Way.AT_ONCE


def _check_repeats(first: Mapping[str, Array], second: Mapping[str, Array]) -> None:
    """Code that asked for random numbers must give the same nevertheless.

    Raises:
        SpecError: it does not.
    """
    for name, array in first.items():
        if name not in second or not np.array_equal(array, second[name], equal_nan=True):
            raise SpecError(
                f"two evaluations of the reference differ in {name}: it draws random numbers. "
                "Leave dropout and the like out of it, or make what is drawn an input."
            )


def _copies(leaves: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """What code may write to."""
    return {n: leaf.clone() for n, leaf in leaves.items()}


def _pulled_back(
    outputs: Mapping[str, torch.Tensor],
    cotangents: Mapping[str, torch.Tensor],
    leaves: Mapping[str, torch.Tensor],
) -> dict[str, Array]:
    """The vector-Jacobian product; zeros where nothing flows."""
    names = [n for n in cotangents if outputs[n].requires_grad]
    if not names:
        return {n: np.zeros(leaf.shape) for n, leaf in leaves.items()}
    seeds = [cotangents[n].to(outputs[n].dtype) for n in names]
    found = torch.autograd.grad(
        [outputs[n] for n in names], [*leaves.values()], seeds, allow_unused=True
    )
    pairs = zip(leaves.items(), found, strict=True)
    return {n: np.zeros(leaf.shape) if g is None else _array(g) for (n, leaf), g in pairs}


def _tensor(value: Any) -> Any:
    """A tensor of the same numbers that shares no memory; what is no array stays as it is."""
    return torch.tensor(value) if isinstance(value, np.ndarray) else value


def _repeated(tensor: torch.Tensor, samples: int) -> torch.Tensor:
    return tensor.detach().expand(samples, *tensor.shape).clone()


def _array(value: Any) -> Array:
    if isinstance(value, torch.Tensor):
        value = value.detach().resolve_conj().resolve_neg().numpy()
    return np.asarray(value, dtype=np.float64)


def _outputs(named: Mapping[str, Any]) -> dict[str, Array]:
    """Outputs in float64.

    Raises:
        SpecError: one is complex.
    """
    for name, value in named.items():
        if value.is_complex() if isinstance(value, torch.Tensor) else np.iscomplexobj(value):
            raise SpecError(
                f"{name} of the reference is complex: return its real and its imaginary part."
            )
    return {n: _array(v) for n, v in named.items()}
