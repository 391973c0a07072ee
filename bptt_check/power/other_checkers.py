"""What other libraries' gradient checks say of the same mutants, used the way they usually are.

Each check is asked with its own defaults: of `torch.autograd.gradcheck` eps 1e-6, atol 1e-5, rtol
1e-3; of `jax.test_util.check_grads` one random direction; a plain central difference with eps 1e-5
and rtol 1e-3. The loss of perturbed inputs is remembered while a mutant's forward pass is the
original's, which is most of the time that they need.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..cases.case import Case, Spec
from ..cases.model import Sizes
from ..cases.result import Differentiator
from ..cases.targets import Target
from ..cases.types import Array
from ..mutation import Mutant
from .detection import case_of, subject_of

TYPICAL = Sizes(T=4, B=2, D=3, H=4, O=3)
ON_CASES = 10
SETUPS = ("zero state", "random state", f"our first {ON_CASES} cases")
"""One fixed instance as people write it, with the initial state of zeros or random; our cases."""


class Instance:
    """A case on which checks are asked about many mutants of one subject."""

    def __init__(self, case: Case, unedited: Differentiator) -> None:
        self.case, self._unedited = case, unedited
        self._known: dict[bytes, float] = {}

    def losses(self, subject: Differentiator) -> Callable[[Mapping[str, Array]], float]:
        """The loss of a subject as a function of all inputs."""
        probes = (self.case, *(self._moved(factor) for factor in (0.75, 1.25)))
        own = any(loss_of(subject, c) != loss_of(self._unedited, c) for c in probes)

        def loss(inputs: Mapping[str, Array]) -> float:
            if own:
                return loss_of(subject, self.case.with_inputs(inputs))
            key = b"".join(np.ascontiguousarray(a).tobytes() for a in inputs.values())
            if key not in self._known:
                self._known[key] = loss_of(self._unedited, self.case.with_inputs(inputs))
            return self._known[key]

        return loss

    def _moved(self, factor: float) -> Case:
        return self.case.with_inputs({n: factor * a for n, a in self.case.inputs.items()})

    def grads(self, subject: Differentiator) -> dict[str, Array]:
        """The gradients of a subject, every one of them a new array."""
        returned: Any = subject(self.case)
        grads = returned[1] if isinstance(returned, tuple) else returned.grads
        return {n: np.array(grads[n], dtype=np.float64) for n in self.case.inputs}


def loss_of(subject: Differentiator, case: Case) -> float:
    """The loss that a subject returns."""
    returned: Any = subject(case)
    return float(returned[0] if isinstance(returned, tuple) else returned.loss)


def accepts(check: str, subject: Differentiator, instance: Instance) -> bool:
    """Whether a check takes a subject for right on an instance; what raises is not."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return CHECKS[check](subject, instance)
        except Exception:
            return False


def _gradcheck(subject: Differentiator, instance: Instance, fast: bool) -> bool:
    import torch

    names, loss = list(instance.case.inputs), instance.losses(subject)

    class Loss(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *values: Any) -> Any:
            return torch.tensor(loss(_named(names, values)), dtype=torch.float64)

        @staticmethod
        def backward(ctx: Any, *outputs_bar: Any) -> Any:
            found = instance.grads(subject)
            return tuple(outputs_bar[0] * torch.tensor(found[n]) for n in names)

    inputs = [torch.tensor(a, requires_grad=True) for a in instance.case.inputs.values()]
    return torch.autograd.gradcheck(
        Loss.apply, inputs, fast_mode=fast, raise_exception=False, check_undefined_grad=False
    )


def _check_grads(subject: Differentiator, instance: Instance) -> bool:
    import jax
    import jax.numpy as jnp
    from jax.test_util import check_grads

    names, loss = list(instance.case.inputs), instance.losses(subject)

    def value(*values: Any) -> Any:
        return jnp.asarray(loss(_named(names, values)))

    def backward(_: Any, bar: Any) -> Any:
        found = instance.grads(subject)
        return tuple(bar * jnp.asarray(found[n]) for n in names)

    made: Any = jax.custom_vjp(value)
    made.defvjp(lambda *values: (value(*values), None), backward)
    with jax.enable_x64(True), jax.default_device(jax.devices("cpu")[0]):
        arrays = tuple(jnp.asarray(a) for a in instance.case.inputs.values())
        try:
            check_grads(made, arrays, order=1, modes=["rev"])
        except AssertionError:
            return False
    return True


def _central_difference(subject: Differentiator, instance: Instance) -> bool:
    loss, found = instance.losses(subject), instance.grads(subject)
    inputs = {n: a.copy() for n, a in instance.case.inputs.items()}
    return all(
        np.allclose(found[name], _slopes(loss, inputs, name), rtol=1e-3, atol=1e-8)
        for name in inputs
    )


def _slopes(
    loss: Callable[[Mapping[str, Array]], float], inputs: dict[str, Array], name: str
) -> Array:
    """Central differences in every entry of one input."""
    step, array = 1e-5, inputs[name]
    slopes = np.empty(array.shape)
    for index in np.ndindex(array.shape):
        value = array[index]
        array[index] = value + step
        above = loss(inputs)
        array[index] = value - step
        slopes[index] = (above - loss(inputs)) / (2.0 * step)
        array[index] = value
    return slopes


def _named(names: list[str], values: Any) -> dict[str, Array]:
    arrays = (v.detach().numpy() if hasattr(v, "detach") else np.asarray(v) for v in values)
    return dict(zip(names, arrays, strict=True))


CHECKS: dict[str, Callable[[Differentiator, Instance], bool]] = {
    "gradcheck": lambda subject, instance: _gradcheck(subject, instance, fast=False),
    "gradcheck fast": lambda subject, instance: _gradcheck(subject, instance, fast=True),
    "check_grads": _check_grads,
    "central difference": _central_difference,
}
"""Name of a check to whether it accepts a subject on an instance."""


def typical(target: Target, random_state: bool) -> Case:
    """One small instance as people write it: weights as PyTorch draws them, normal input."""
    spec = replace(Spec(target.model, TYPICAL, lengths=target.lengths), seed=0)
    case = target.fit(spec).build()
    random = np.random.default_rng(0)
    bound = case.sizes.H**-0.5
    inputs = {n: random.uniform(-bound, bound, a.shape) for n, a in case.params.items()}
    inputs["x"] = random.normal(size=case.x.shape)
    for name in ("h0", "c0"):
        if name in case.inputs:
            state = case.inputs[name]
            inputs[name] = random.normal(size=state.shape) if random_state else np.zeros_like(state)
    return case.with_inputs(inputs)


NOT_ASKED = "not asked"


def names() -> list[str]:
    """`set-up: check` for every pair."""
    return [f"{setup}: {check}" for setup in SETUPS for check in CHECKS]


def instances(target: Target, unedited: Differentiator) -> dict[str, list[Instance]]:
    """The instances of a target by set-up."""
    zero, random = (Instance(typical(target, state), unedited) for state in (False, True))
    ours = [Instance(case_of(target, n + 1), unedited) for n in range(ON_CASES)]
    return dict(zip(SETUPS, ([zero], [random], ours), strict=True))


def compete(
    target: Target, mutants: Sequence[Mutant], unedited: Differentiator
) -> tuple[dict[str, tuple[int, int]], dict[str, dict[str, str]]]:
    """What every check says in every set-up.

    Returns:
        How many instances of the unedited code a check rejected, and of how many; by mutant, what
        it says of it: `caught` on an instance whose right code it accepts, or `passed`.
    """
    right: dict[str, tuple[int, int]] = {}
    found: dict[str, dict[str, str]] = {m.name: {} for m in mutants}
    for setup, given in instances(target, unedited).items():
        for check in CHECKS:
            usable = [i for i in given if accepts(check, unedited, i)]
            name = f"{setup}: {check}"
            right[name] = (len(given) - len(usable), len(given))
            for mutant in mutants:
                found[mutant.name][name] = _said(check, mutant, usable)
    return right, found


def _said(check: str, mutant: Mutant, usable: Sequence[Instance]) -> str:
    """Instances on which a check rejects the right code too tell nothing."""
    if not usable:
        return "false alarm"
    try:
        subject = subject_of(mutant)
    except Exception:
        return "caught"
    rejected = any(not accepts(check, subject, instance) for instance in usable)
    return "caught" if rejected else "passed"


def none_asked() -> dict[str, str]:
    """What is said of a mutant that only a truncation shows: no check knows what that is."""
    return dict.fromkeys(names(), NOT_ASKED)
