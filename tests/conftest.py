"""Which backends the suite runs with.

`BPTT_CHECK_BACKENDS` names the frameworks that must be there (comma separated; empty: none). One
that is named and missing ends the run; one that is not named and missing skips its tests, and
says so.

`BPTT_CHECK_TESTS` is `all`, `most` or `some` (see `support/costs.py`); without it most are run, or
whatever the command line names with `::`.
"""

from __future__ import annotations

import importlib.util
import os

import pytest
from support.costs import SELECTIONS, known_costs, left_out

from bptt_check import oracles

FRAMEWORKS = ("torch", "jax", "flint", "flax", "keras")
SELECTION = os.environ.get("BPTT_CHECK_TESTS", "most")
NAMED = [n for n in os.environ.get("BPTT_CHECK_BACKENDS", "").split(",") if n]


def installed(framework: str) -> bool:
    """Whether a framework can be imported."""
    return importlib.util.find_spec(framework) is not None


def pytest_configure() -> None:
    unknown = sorted(set(NAMED) - set(FRAMEWORKS))
    if unknown:
        raise pytest.UsageError(f"BPTT_CHECK_BACKENDS: unknown {unknown}; valid: {FRAMEWORKS}")
    missing = [name for name in NAMED if not installed(name)]
    if missing:
        raise pytest.UsageError(f"BPTT_CHECK_BACKENDS names {missing}, not installed here")
    if SELECTION not in SELECTIONS:
        raise pytest.UsageError(f"BPTT_CHECK_TESTS: unknown {SELECTION!r}; valid: {[*SELECTIONS]}")


def names_tests(config: pytest.Config) -> bool:
    """Whether the command line names single tests, which are run whatever they cost."""
    return any("::" in argument for argument in config.args)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if names_tests(config):
        return
    left = left_out(items, known_costs(), SELECTIONS[SELECTION])
    if left:
        config.hook.pytest_deselected(items=left)
        gone = set(left)
        items[:] = [item for item in items if item not in gone]


def pytest_report_header(config: pytest.Config) -> list[str]:
    states = {n: "ok" if installed(n) else "not installed" for n in FRAMEWORKS}
    backends = "backends: numpy ok, " + ", ".join(f"{n} {state}" for n, state in states.items())
    selected = "those named" if names_tests(config) else SELECTION
    return [backends, f"tests: {selected} (all, most or some: tests/support/costs.py)"]


@pytest.fixture(scope="session")
def sharp_oracles() -> list[str]:
    """Oracles exact to rounding that are installed; together they decide every model."""
    return [n for n in ("torch", "jax", "complex_step") if oracles.available(n)]


@pytest.fixture(autouse=True)
def _no_example_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs depend on nothing that an earlier run has left."""
    monkeypatch.setenv("CI", "true")
