"""PyTorch rounds at random as code in few digits does: as much, and nothing that is exact."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402
from support.plain_torch import RECURRENCES, drawn  # noqa: E402

from bptt_check.cases.precision import PRECISIONS  # noqa: E402
from bptt_check.cases.recurrences.outputs import named_outputs  # noqa: E402
from bptt_check.equations.arithmetics.rounding import GridRounding, deviation  # noqa: E402
from bptt_check.equations.arithmetics.rounding_model import RoundingModel  # noqa: E402
from bptt_check.recurrences.torch_code import TorchCode, Way  # noqa: E402

SAMPLES = 16
FLOAT32, BFLOAT16 = RoundingModel("float32"), RoundingModel("bfloat16")
UNIT = 2.0**-24


@dataclass(frozen=True)
class OneUnit(RoundingModel):
    """Functions are right to one unit, as those of PyTorch are; the model allows for four."""

    def arithmetic(self, samples: int = SAMPLES) -> GridRounding:
        facts = PRECISIONS[self.dtype]
        return GridRounding(self.unit, samples, sums_in_turn=facts.name == facts.stored)


def scattered(function, arrays, rounding=FLOAT32, bars=None, way=Way.AT_ONCE) -> dict[str, Any]:
    """Deviation of every output and gradient."""
    code = TorchCode(function)
    if bars is None:
        bars = {n: np.ones(o.shape) for n, o in code.outputs(arrays).items()}
    code._known.way = way
    found = code.rounded(arrays, bars, [*arrays], rounding, SAMPLES)
    assert code._known.way is way
    return {n: deviation(a) for n, a in {**found.outputs, **found.grads}.items()}


def root_mean_square(values) -> float:
    return math.sqrt(np.mean(np.square(values)))


# --- as much as code in few digits --------------------------------------------------------------


def evaluated(function, arrays, bars, dtype) -> dict[str, Any]:
    """Outputs and gradients by PyTorch in a dtype."""
    leaves = {n: torch.tensor(a, dtype=dtype).requires_grad_() for n, a in arrays.items()}
    outputs = named_outputs(function(**{n: leaf.clone() for n, leaf in leaves.items()}))
    seeds = [torch.tensor(bars[n]).to(outputs[n].dtype) for n in outputs]
    grads = torch.autograd.grad([*outputs.values()], [*leaves.values()], seeds)
    both = {**outputs, **dict(zip(leaves, grads, strict=True))}
    return {n: t.detach().double().numpy() for n, t in both.items()}


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("name", RECURRENCES)
def test_errors_of_code_are_as_large_as_the_scatter(name, dtype):
    """Root mean squares over the scatter, of three draws.

    They come out below 1: neighbours are up to twice as dense as at the next power of two, where
    the model has them, and PyTorch sums n terms, eight here or fewer, in a wider format, which
    costs sqrt(n) times less than in turn; in bfloat16 the model does so, too. Above it only by
    chance: three, as these are as few as 60 correlated numbers.
    """
    function, shapes = RECURRENCES[name]
    errors: dict[str, list[float]] = {}
    for seed in range(3):
        arrays = drawn(seed, **{n: a.shape for n, a in shapes.items()})
        code = TorchCode(function)
        bars = drawn(seed + 9, **{n: o.shape for n, o in code.outputs(arrays).items()})
        exact = code.gradients(arrays, bars, [*arrays])
        got = evaluated(function, arrays, bars, getattr(torch, dtype))
        found = code.rounded(arrays, bars, [*arrays], OneUnit(dtype), SAMPLES)
        for n, want in {**exact.outputs, **exact.grads}.items():
            scatter = root_mean_square(deviation({**found.outputs, **found.grads}[n]))
            errors.setdefault(n, []).append(root_mean_square(got[n] - want) / scatter)

    least = 1 / (2 * math.sqrt(8)) if dtype == "float32" else 1 / 3
    for n, ratios in errors.items():
        assert least < root_mean_square(ratios) < 3, (n, ratios)


def test_a_formula_that_is_wrong_is_no_scatter():
    """The sibling of the test above: a thousandth is thousands of units."""
    function, arrays = RECURRENCES["delta rule"]
    scatter = scattered(function, arrays)
    output = TorchCode(function).outputs(arrays)["output[0]"]

    assert root_mean_square(0.001 * output) > 100 * root_mean_square(scatter["output[0]"])


@pytest.mark.parametrize("name", RECURRENCES)
def test_all_at_once_is_as_one_after_the_other(name):
    """Of a few samples the deviation is off by 1 / sqrt(2 n), of whole arrays by less: a half."""
    function, arrays = RECURRENCES[name]
    first = Way.OWN_TENSORS if name == "own tensor" else Way.AT_ONCE

    at_once = scattered(function, arrays, way=first)
    one_by_one = scattered(function, arrays, way=Way.ONE_BY_ONE)

    for n, scatter in at_once.items():
        ratio = root_mean_square(one_by_one[n]) / root_mean_square(scatter)
        assert 1 / 1.5 < ratio < 1.5, n


# --- what each operation costs ------------------------------------------------------------------


def _lower(x):
    return torch.tril(x @ x.mT / 9.0, -1) + torch.eye(x.shape[-2])


OPERATIONS: dict[str, Callable[..., Any]] = {
    "triangle": lambda x: torch.linalg.solve_triangular(_lower(x), x, upper=False),
    "triangle from the right": lambda x: torch.linalg.solve_triangular(
        _lower(x), x.mT, upper=False, left=False
    ),
    "inverse": lambda x: torch.linalg.inv(_lower(x)),
    "solution": lambda x: torch.linalg.solve(_lower(x), x),
    "solution for a vector": lambda x: torch.linalg.solve(_lower(x), x[:, :, 0]),
    "logcumsumexp": lambda x: torch.logcumsumexp(x, 1),
    "logsumexp": lambda x: torch.logsumexp(x, -1),
    "softplus": lambda x: F.softplus(x),
    "silu": lambda x: F.silu(x),
    "gelu": lambda x: F.gelu(x),
    "softmax": lambda x: torch.softmax(x, -1),
    "log_softmax": lambda x: torch.log_softmax(x, -1),
    "rms_norm": lambda x: F.rms_norm(x, x.shape[-1:]),
    "rms_norm by hand": lambda x: x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6),
    "layer_norm": lambda x: F.layer_norm(x, x.shape[-1:]),
    "group_norm": lambda x: F.group_norm(x, 2),
    "normalize": lambda x: F.normalize(x, dim=-1),
    "cumprod": lambda x: torch.cumprod(torch.sigmoid(x), 1),
    "prod": lambda x: torch.prod(1.0 + x / 8, -1),
    "attention": lambda x: F.scaled_dot_product_attention(x, x, x, is_causal=True),
    "linear": lambda x: F.linear(x, x[0, :3], x[0, :3, 0]),
    "convolution": lambda x: F.conv1d(x, x[:2, :, :3].mT[:, :6].mT[:, :6]),
    "complex": lambda x: (torch.complex(x, x.flip(1)) * torch.exp(torch.complex(x, x) / 8)).real,
    "complex product": lambda x: (torch.complex(x, x) @ torch.complex(x, x.flip(1)).mT).imag,
    "scatter_add": lambda x: torch.zeros(3, 2, 4, dtype=x.dtype).scatter_add(
        1, torch.tensor([0, 1, 1, 1, 0, 1])[:, None].expand(x.shape), x * 1.1
    ),
    "repeated index": lambda x: x[:, [0, 0, 1, 0]] ** 2,
    "lerp": lambda x: torch.lerp(x, x.flip(0), torch.sigmoid(x)),
    "addcmul": lambda x: torch.addcmul(x, x, x.flip(0)),
    "mean": lambda x: x.mean(1),
    "variance": lambda x: x.var(-1),
    "einsum": lambda x: torch.einsum("btk,bsk->bts", x, x),
}  # fmt: skip
OPERAND = drawn(5, x=(3, 6, 4))


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_scatters_in_both_ways_alike(name):
    """In each way to have samples; its gradient, too; and it is right in float32.

    Within three of each other: samples are few, and some results have few numbers.
    """
    function = OPERATIONS[name]
    code = TorchCode(function)
    bars = drawn(7, **{n: o.shape for n, o in code.outputs(OPERAND).items()})

    found = code.rounded(OPERAND, bars, ["x"], FLOAT32, SAMPLES)
    at_once = {n: deviation(a) for n, a in {**found.outputs, **found.grads}.items()}
    one_by_one = scattered(function, OPERAND, bars=bars, way=Way.ONE_BY_ONE)
    exact = code.gradients(OPERAND, bars, ["x"])

    with torch.random.fork_rng():
        got = evaluated(function, OPERAND, bars, torch.float32)
    for n, want in {**exact.outputs, **exact.grads}.items():
        size = root_mean_square(at_once[n])
        assert np.isfinite(at_once[n]).all()
        assert 1 / 3 < root_mean_square(one_by_one[n]) / size < 3, n
        assert root_mean_square(got[n] - want) < 3 * size, n
        # a hundred operations of which each costs a few units of what is no larger than a hundred
        assert size < 1e4 * UNIT * max(1.0, np.abs(want).max()), n


def test_samples_of_a_convolution_are_one_after_the_other():
    """`vmap` folds them into the channels."""
    code = TorchCode(OPERATIONS["convolution"])
    bars = {n: np.ones(o.shape) for n, o in code.outputs(OPERAND).items()}

    code.rounded(OPERAND, bars, ["x"], FLOAT32, SAMPLES)

    assert code._known.way is Way.ONE_BY_ONE


# --- what is exact ------------------------------------------------------------------------------

INDEX = [2, 0, 1]
EXACT: dict[str, Callable[..., Any]] = {
    "views": lambda x: x.reshape(12, 6).T.unflatten(0, (2, 3)).mT[0].unsqueeze(0).squeeze(0),
    "chunk": lambda x: torch.stack(x.chunk(2, -1)).permute(1, 0, 2, 3),
    "clone": lambda x: x.clone().contiguous(),
    "where": lambda x: torch.where(x > 0, x, -x),
    "max": lambda x: (x.max(1).values, x.amax(0), torch.maximum(x, x.flip(0)), x.cummax(1).values),
    "abs, clamp, relu": lambda x: (x.abs(), x.clamp(-1, 1), F.relu(x), F.hardtanh(x), -x),
    "index": lambda x: (x[:, INDEX], x[1], x[..., 1:3], x[:, torch.tensor(INDEX)]),
    "index_put": lambda x: torch.zeros(3, 6, 4).index_put((torch.tensor(INDEX),), x),
    "masked_fill": lambda x: x.masked_fill(x > 0.5, 0.0),
    "cat": lambda x: torch.cat([x, x.flip(0)]),
    "flip, roll": lambda x: x.flip(0, 1).roll(2, 1),
    "gather": lambda x: x.gather(1, torch.tensor([[[1, 0, 2, 5]]]).expand(3, 1, 4)),
    "pad": lambda x: F.pad(x, (1, 1)),
    "triangle": lambda x: x.tril(1),
    "sort": lambda x: x.sort(1).values,
    "repeat": lambda x: x[:, :1].expand(3, 6, 4).contiguous(),
    "to float32": lambda x: x.float().bfloat16(),
}  # fmt: skip


@pytest.mark.parametrize("way", Way)
@pytest.mark.parametrize("name", EXACT)
def test_what_is_exact_does_not_scatter(name, way):
    """Powers of two go back, so that sums of few of them are exact as well: they may be rounded."""
    found = scattered(EXACT[name], OPERAND, way=way)

    outputs = {n: a for n, a in found.items() if n != "x"}
    assert all(not a.any() for a in outputs.values())


@pytest.mark.parametrize("name", EXACT)
def test_what_is_exact_has_the_gradients_of_autograd(name):
    code = TorchCode(EXACT[name])
    outputs = code.outputs(OPERAND)
    bars = drawn(7, **{n: o.shape for n, o in outputs.items()})

    found = code.gradients(OPERAND, bars, ["x"])

    leaf = torch.tensor(OPERAND["x"], requires_grad=True)
    with torch.random.fork_rng():
        torch.set_default_dtype(torch.float64)
        try:
            named = named_outputs(EXACT[name](leaf))
        finally:
            torch.set_default_dtype(torch.float32)
    seeds = [torch.tensor(bars[n]).to(o.dtype) for n, o in named.items()]
    (grad,) = torch.autograd.grad([*named.values()], [leaf], seeds)
    assert (found.grads["x"] == grad.numpy()).all()


# --- gathered gradients -------------------------------------------------------------------------


@pytest.mark.parametrize("way", [Way.AT_ONCE, Way.ONE_BY_ONE])
@pytest.mark.parametrize(
    "function",
    [
        lambda x: torch.stack([x[t] * 3.0 for t in range(len(x))]),
        lambda x: torch.cat([x[t : t + 2] * 3.0 for t in range(0, len(x), 2)]),
        lambda x: torch.stack([part * 3.0 for part in x.unbind(0)]),
        lambda x: torch.stack([x.select(0, t) * 3.0 for t in range(len(x))]),
        lambda x: x[torch.arange(len(x))] * 3.0,
    ],
)
def test_a_gradient_that_is_gathered_rounds_once(function, way):
    """Not once a step: of 200 steps that would be 14 times as much."""
    x = drawn(x=(200, 3))

    scatter = scattered(function, x, way=way)["x"]

    # one rounding of a number that is 3: uniform within a unit, or five quarters, of it
    assert root_mean_square(scatter) < 3.0 * 1.25 * UNIT


@pytest.mark.parametrize("way", [Way.AT_ONCE, Way.ONE_BY_ONE])
def test_a_gradient_to_which_every_step_adds_rounds_every_time(way):
    """The sibling of the test above: 200 additions in turn, of sums of up to 600."""
    scatter = scattered(
        lambda w: torch.stack([w * 3.0 for _ in range(200)]), drawn(w=(9,)), way=way
    )

    in_turn = UNIT * math.sqrt(sum((3.0 * t) ** 2 for t in range(1, 201)) / 3.0)
    assert in_turn / 3 < root_mean_square(scatter["w"]) < in_turn * 3


def test_what_is_not_finite_stays_what_it_is():
    """Masks are infinite; none of it becomes NaN, nor is the rest left as it is."""
    mask = torch.tensor([0.0, -math.inf, 0.0, -math.inf])
    found = TorchCode(lambda x: x * 1.1 + mask).rounded(OPERAND, {}, ["x"], FLOAT32, SAMPLES)

    out = found.outputs["output"]
    assert (out[..., 1::2] == -math.inf).all()
    assert deviation(out[..., ::2]).all()


def test_sums_by_index_of_numbers_that_do_not_meet_are_exact():
    def put(x, into):
        index = torch.tensor(into)[:, None].expand(6, 4)
        return torch.zeros(6, 4).scatter_add(0, index, x[0])

    apart = scattered(lambda x: put(x, [3, 1, 2, 0, 5, 4]), OPERAND)["output"]
    meeting = scattered(lambda x: put(x * 1.0, [3, 1, 1, 1, 5, 1]), OPERAND)["output"]

    assert not apart.any()
    assert meeting[1].all()
