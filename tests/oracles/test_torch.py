"""The torch oracle: autograd in float64, with every process-wide setting left as it was."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Iterator

import numpy as np
import pytest

from bptt_check import oracles
from bptt_check.cases.case import Case, Spec
from bptt_check.cases.generate import REGIMES
from bptt_check.cases.model import families
from bptt_check.equations.conditioning import conditioning

torch = pytest.importorskip("torch")

oracle_module = importlib.import_module("bptt_check.oracles.torch")
oracle = oracles.load_oracle("torch")
CASE = Spec.parse("lstm+2layers T=3 B=2 D=2 H=3 O=2").build()


@pytest.fixture(autouse=True)
def settings_restored() -> Iterator[None]:
    """Whatever a test sets is undone."""
    before = torch.get_default_dtype(), torch.get_num_threads()
    yield
    torch.set_default_dtype(before[0])
    torch.set_num_threads(before[1])


def units(case: Case, one: str, other: str) -> float:
    """The largest distance of two oracles in typical rounding errors of this case."""
    a, b = (oracles.load_oracle(name, every_entry=True)(case) for name in (one, other))
    conditioned = conditioning(case, "float64")
    tiniest = np.finfo(float).tiny
    gaps = [
        np.abs(a.grads[n] - b.grads[n]) / (2 * conditioned.error(n) + tiniest) for n in case.inputs
    ]
    return max(float(g.max()) for g in gaps)


@pytest.mark.parametrize("regime", REGIMES)
@pytest.mark.parametrize("family", [f for f in families() if f != "rnn-relu"])
@pytest.mark.parametrize("rest", ["", "+2layers+mse+last", "+linear lengths"])
def test_gradients_agree_with_complex_step(family, regime, rest):
    """Autograd and complex step differ by rounding only, in every regime."""
    case = Spec.parse(f"{family}{rest} T=5 B=2 D=3 H=3 O=2 regime={regime} seed=2").build()

    assert units(case, "torch", "complex_step") < 12


def test_the_comparison_sees_a_wrong_digit():
    """The unit of the comparison above is that small: the tenth digit of the largest entry."""
    conditioned = conditioning(CASE, "float64")
    for name, array in oracle(CASE).grads.items():
        index = np.unravel_index(np.abs(array).argmax(), array.shape)
        assert abs(array[index]) * 1e-10 > 12 * conditioned.error(name)[index]


def test_relu_gradients_agree_with_finite_differences():
    """Where complex step does not apply."""
    case = Spec.parse("rnn-relu+2layers T=5 B=2").build()
    got, other = oracle(case), oracles.load_oracle("finite_difference", every_entry=True)(case)

    for name, array in got.grads.items():
        assert np.all(np.abs(array - other.grads[name]) <= other.bounds[name] + 1e-14), name


@pytest.mark.parametrize("text", ["lstm+last T=3 k1=1 k2=1", "rnn-tanh+nobias T=1 regime=sparse"])
def test_what_does_not_reach_the_loss_has_a_zero_gradient(text):
    """Unused inputs get zeros of their shape, not None."""
    case = Spec.parse(text).build()

    for name, array in oracle(case).grads.items():
        assert array.shape == case.inputs[name].shape
        assert array.dtype == np.float64
        assert np.all(np.isfinite(array))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("enabled", [True, False])
def test_settings_stay_as_they_were(dtype, threads, enabled):
    """Default dtype, number of threads and grad mode survive, and change no bit of the result."""
    want = oracle(CASE)
    torch.set_default_dtype(dtype)
    torch.set_num_threads(threads)
    with torch.set_grad_enabled(enabled):
        got = oracle(CASE)
        assert torch.is_grad_enabled() == enabled

    assert torch.get_default_dtype() == dtype
    assert torch.get_num_threads() == threads
    assert got.loss == want.loss
    assert all(np.array_equal(a, want.grads[n]) for n, a in got.grads.items())


def test_settings_survive_an_error():
    """Also when the forward pass raises."""
    torch.set_num_threads(3)
    broken = Spec.parse("lstm T=2").build()
    object.__setattr__(broken, "h0", broken.h0[:, :1, :2])

    with pytest.raises(RuntimeError):
        oracle(broken)
    assert torch.get_num_threads() == 3


def test_it_does_not_touch_the_random_state():
    """Nothing is drawn."""
    before = torch.get_rng_state()
    oracle(CASE)

    assert torch.equal(before, torch.get_rng_state())


def test_it_works_in_another_thread():
    """Grad mode is a setting of a thread; the oracle sets its own."""
    losses: list[float] = []
    thread = threading.Thread(target=lambda: losses.append(oracle(CASE).loss))
    thread.start()
    thread.join()

    assert losses == [oracle(CASE).loss]


def test_another_default_device_does_not_matter():
    """The oracle computes on the CPU, whatever device the user works on."""
    with torch.device("meta"):
        assert oracle(CASE).loss > 0


def test_inference_mode_does_not_matter():
    """The oracle has gradients even where the user has switched them off for good."""
    with torch.inference_mode():
        assert oracle(CASE).loss > 0


DRAWN = [
    *("lstm T=5 B=2 D=3 H=4 O=2", "lstm T=3 B=1 D=1 H=2 O=5 lengths", "lstm T=9 B=2 k1=3 k2=4"),
    *("lstm T=7 B=3 D=4 H=1 O=3 regime=saturated", "gru+2layers T=4", "lstm T=8 k1=2 k2=2"),
]


def test_many_cases_get_what_each_gets_alone():
    """In their order, whatever graph they shared: up to rounding."""
    cases = [Spec.parse(line).build() for line in DRAWN]

    for case, together in zip(cases, oracle.many(cases), strict=True):
        alone = oracle(case)
        conditioned = conditioning(case, "float64")
        assert abs(together.loss - alone.loss) <= 4 * conditioned.loss_error()
        for name, gradient in alone.grads.items():
            gap = np.abs(together.grads[name] - gradient)
            assert np.all(gap <= 4 * conditioned.error(name)), (case.spec, name)


def test_many_cases_share_graphs(monkeypatch: pytest.MonkeyPatch):
    """Fewer passes than windows; as many where nothing may be shared."""
    cases = [Spec.parse(line).build() for line in DRAWN]
    passes: list[int] = []
    whole = oracle_module._losses_and_gradients
    monkeypatch.setattr(
        oracle_module,
        "_losses_and_gradients",
        lambda problem: passes.append(1) or whole(problem),
    )

    list(oracle.many(cases))
    assert len(passes) < 6

    passes.clear()
    monkeypatch.setattr(oracle_module, "OVERHEAD", 0.0)
    list(oracle.many(cases))
    assert len(passes) > 6


def test_a_case_that_fails_costs_no_other_its_result(monkeypatch: pytest.MonkeyPatch):
    """Its exception is in its place; the others are asked one by one."""
    cases = [Spec.parse(line).build() for line in DRAWN[:2]]
    whole = oracle_module._losses_and_gradients

    def failing(problem):
        if problem.weights.shape != (5, 2):
            raise RuntimeError("no memory")
        return whole(problem)

    monkeypatch.setattr(oracle_module, "_losses_and_gradients", failing)
    first, second = oracle.many(cases)

    assert set(first.grads) == set(cases[0].inputs)
    assert str(second) == "no memory"
