"""A kernel as a subject, whatever it is written in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...cases.result import Differentiator, name_of
from ...errors import SpecError, quoted
from ..remote import RemoteSubject
from .framework import framework_of
from .vjp import NumPyKernel, Vjp


def kernel_subject(
    kernel: Callable[..., Any] | Vjp | RemoteSubject,
    device: str = "cpu",
    address: str = "",
    like: str = "numpy",
) -> Differentiator:
    """The subject of a kernel: a `Vjp`, or a function of tensors or JAX arrays by name.

    One that does not say which of them it takes is given those of the framework `like`.

    Raises:
        SpecError: it is neither, or the device is not that of a framework.
    """
    if isinstance(kernel, RemoteSubject):
        return kernel
    if isinstance(kernel, Vjp):
        if device != "cpu":
            raise SpecError(f"device={device!r} is for torch and JAX: a bc.Vjp runs on the CPU.")
        return NumPyKernel(kernel, kernel.name or name_of(kernel.forward), address)
    if not callable(kernel):
        raise SpecError(f"the kernel must be a function or a bc.Vjp, got {quoted(kernel)}.")
    own = framework_of(kernel)
    framework = like if own == "numpy" else own
    if framework == "torch":
        from .torch_kernel import TorchKernel

        return TorchKernel(kernel, name_of(kernel), device, address)
    if framework == "jax":
        from .jax_kernel import JaxKernel

        return JaxKernel(kernel, name_of(kernel), device, address)
    raise SpecError(
        f"{name_of(kernel)} uses neither torch nor JAX, as far as it says: of a NumPy kernel give "
        "bc.Vjp(forward, backward), else say what it takes, such as x: torch.Tensor."
    )
