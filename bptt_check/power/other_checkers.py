"""What other libraries' gradient checks say of the same mutants, used the way they usually are.

They are asked about what the harness caught, on the target that caught it.

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
from .detection import case_of, mutant_subject
from .records import CheckerResult

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
        own = any(_loss_of(subject, c) != _loss_of(self._unedited, c) for c in probes)

        def loss(inputs: Mapping[str, Array]) -> float:
            if own:
                return _loss_of(subject, self.case.with_inputs(inputs))
            key = b"".join(np.ascontiguousarray(a).tobytes() for a in inputs.values())
            if key not in self._known:
                self._known[key] = _loss_of(self._unedited, self.case.with_inputs(inputs))
            return self._known[key]

        return loss

    def _moved(self, factor: float) -> Case:
        return self.case.with_inputs({n: factor * a for n, a in self.case.inputs.items()})

    def grads(self, subject: Differentiator) -> dict[str, Array]:
        """The gradients of a subject, every one of them a new array."""
        returned: Any = subject(self.case)
        grads = returned[1] if isinstance(returned, tuple) else returned.grads
        return {n: np.array(grads[n], dtype=np.float64) for n in self.case.inputs}


def _loss_of(subject: Differentiator, case: Case) -> float:
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
            grads = instance.grads(subject)
            return tuple(outputs_bar[0] * torch.tensor(grads[n]) for n in names)

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
        grads = instance.grads(subject)
        return tuple(bar * jnp.asarray(grads[n]) for n in names)

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
    loss, grads = instance.losses(subject), instance.grads(subject)
    inputs = {n: a.copy() for n, a in instance.case.inputs.items()}
    return all(
        np.allclose(grads[name], _slopes(loss, inputs, name), rtol=1e-3, atol=1e-8)
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


def typical_case(target: Target, random_state: bool) -> Case:
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


def checker_name(setup: str, check: str) -> str:
    """The key of a check in a set-up, in the records of a study."""
    return f"{setup}: {check}"


def checker_names() -> list[str]:
    """The keys of every check in every set-up."""
    return [checker_name(setup, check) for setup in SETUPS for check in CHECKS]


def instances_of(target: Target, unedited: Differentiator) -> dict[str, list[Instance]]:
    """The instances of a target by set-up."""
    zero, random = (Instance(typical_case(target, state), unedited) for state in (False, True))
    ours = [Instance(case_of(target, n + 1), unedited) for n in range(ON_CASES)]
    return dict(zip(SETUPS, ([zero], [random], ours), strict=True))


def compare_checkers(
    target: Target, mutants: Sequence[Mutant], unedited: Differentiator
) -> tuple[dict[str, tuple[int, int]], dict[str, dict[str, CheckerResult]]]:
    """What every check says in every set-up.

    Returns:
        By `checker_name`, how many instances of the unedited code a check rejected, and of how
        many; by mutant, what each check says of it.
    """
    rejected_right: dict[str, tuple[int, int]] = {}
    results: dict[str, dict[str, CheckerResult]] = {m.name: {} for m in mutants}
    for setup, instances in instances_of(target, unedited).items():
        for check in CHECKS:
            usable = [i for i in instances if accepts(check, unedited, i)]
            name = checker_name(setup, check)
            rejected_right[name] = (len(instances) - len(usable), len(instances))
            for mutant in mutants:
                results[mutant.name][name] = _result(check, mutant, usable)
    return rejected_right, results


def _result(check: str, mutant: Mutant, usable: Sequence[Instance]) -> CheckerResult:
    """What a check says of a mutant on the instances whose right code it accepts; the others tell
    nothing.
    """
    if not usable:
        return CheckerResult.FALSE_ALARM
    try:
        subject = mutant_subject(mutant)
    except Exception:
        return CheckerResult.CAUGHT
    rejected = any(not accepts(check, subject, instance) for instance in usable)
    return CheckerResult.CAUGHT if rejected else CheckerResult.PASSED


def same_of_all(result: CheckerResult) -> dict[str, CheckerResult]:
    """One result for every check in every set-up."""
    return dict.fromkeys(checker_names(), result)
