"""Objects that become subjects, and what is refused."""

from __future__ import annotations

import importlib.util
import re

import pytest

if importlib.util.find_spec("torch") is None or importlib.util.find_spec("jax") is None:
    pytest.skip("torch and jax are not installed", allow_module_level=True)

import jax
import torch

import bptt_check as bc
from bptt_check.errors import SpecError
from bptt_check.subjects.kernels.jax_kernel import JaxKernel
from bptt_check.subjects.kernels.kernel import kernel_subject
from bptt_check.subjects.kernels.torch_kernel import TorchKernel
from bptt_check.subjects.kernels.vjp import NumPyKernel


def of_torch(x):
    return torch.sin(x)


def of_jax(x):
    return jax.numpy.sin(x)


def forward(x):
    return x, None


VJP = bc.Vjp(forward, lambda residuals, bars: {"x": bars})


@pytest.mark.parametrize(
    ("kernel", "kind", "name"),
    [
        (of_torch, TorchKernel, "of_torch"),
        (torch.nn.Tanh(), TorchKernel, "Tanh"),
        (of_jax, JaxKernel, "of_jax"),
        (VJP, NumPyKernel, "forward"),
        (bc.Vjp(forward, VJP.backward, name="mine"), NumPyKernel, "mine"),
    ],
)
def test_a_kernel_becomes_a_subject_of_its_framework(kernel, kind, name):
    subject = kernel_subject(kernel)

    assert type(subject) is kind
    assert subject.name == name


@pytest.mark.parametrize(
    ("kernel", "device", "words"),
    [
        (3, "cpu", "the kernel must be a function or a bc.Vjp, got 3"),
        ((forward, forward), "cpu", "the kernel must be a function or a bc.Vjp, got (<function"),
        (
            forward,
            "cpu",
            "forward uses neither torch nor JAX, as far as it says: of a NumPy",
        ),
        (VJP, "cuda", "device='cuda' is for torch and JAX: a bc.Vjp runs on the CPU."),
    ],
)
def test_what_is_no_kernel_is_refused(kernel, device, words):
    with pytest.raises(SpecError, match=re.escape(words)):
        kernel_subject(kernel, device)
