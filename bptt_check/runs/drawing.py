"""Specs drawn by hypothesis: those of a run, those that failed before, the smallest that fails."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Generator

import hypothesis
from hypothesis import HealthCheck, Phase, strategies as st
from hypothesis.database import DirectoryBasedExampleDatabase, ExampleDatabase
from hypothesis.internal.conjecture.providers import HypothesisProvider

from ..cases.case import Spec
from ..errors import SpecError


def draw_specs(
    strategy: st.SearchStrategy[Spec], count: int, seed: int, memory: str = ""
) -> list[Spec]:
    """`count` specs: what failed before under the name `memory`, then what the seed draws."""
    drawn: dict[Spec, None] = dict.fromkeys(_remembered(memory))
    _explore(strategy, 2 * count, seed, (Phase.generate,), drawn.setdefault)
    return list(drawn)[:count]


def remember(memory: str, spec: Spec, failing: bool) -> None:
    """Keep a failing spec in the example database for the next run; drop one that passes again."""
    database = _database()
    if database is None or not memory:
        return
    change = database.save if failing else database.delete
    change(memory.encode(), str(spec).encode())


def _remembered(memory: str) -> list[Spec]:
    """Specs that failed in earlier runs; a line that this version cannot read is left alone."""
    database = _database()
    lines = sorted(database.fetch(memory.encode())) if database and memory else []
    remembered: list[Spec] = []
    for line in lines:
        with contextlib.suppress(SpecError, UnicodeDecodeError):
            remembered.append(Spec.parse(line.decode()))
    return remembered


class _StillFails(Exception):
    pass


def smallest(
    strategy: st.SearchStrategy[Spec],
    count: int,
    seed: int,
    fails: Callable[[Spec], bool],
    most: int = 300,
) -> Spec | None:
    """The smallest spec that hypothesis finds for which `fails`, starting from what `draw_specs`
    drew.

    At most `most` specs that were not drawn before are tried. None if nothing fails.
    """
    known: dict[Spec, bool] = {}
    failing: list[Spec] = []

    def test(spec: Spec) -> None:
        if spec not in known:
            known[spec] = len(known) < most + 2 * count and fails(spec)
        if known[spec]:
            failing.append(spec)
            raise _StillFails

    phases = (Phase.generate, Phase.shrink)
    with contextlib.suppress(_StillFails):
        _explore(strategy, 2 * count, seed, phases, test)
    return failing[-1] if failing else None


def _explore(
    strategy: st.SearchStrategy[Spec],
    count: int,
    seed: int,
    phases: tuple[Phase, ...],
    visit: Callable[[Spec], None],
) -> None:
    """Run hypothesis over the strategy, deterministically."""

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=count,
        phases=phases,
        database=None,  # a seed fixes what is drawn; failures are kept by `remember`
        deadline=None,
        suppress_health_check=[HealthCheck(check) for check in HealthCheck],
        report_multiple_bugs=False,
        print_blob=False,
        verbosity=hypothesis.Verbosity.quiet,
    )
    @hypothesis.given(strategy)
    def bptt_check_spec(spec: Spec) -> None:
        visit(spec)

    with _only_the_seed():
        bptt_check_spec()


@contextlib.contextmanager
def _only_the_seed() -> Generator[None]:
    """In the body what is drawn depends on the seed alone.

    Hypothesis also draws numbers that stand in the source of whatever modules are imported, so the
    same seed would draw other specs in another test order. There is no setting for that.
    """
    name = "_maybe_draw_constant"
    before = vars(HypothesisProvider).get(name)
    if before is None:  # an older hypothesis, which does not do so
        yield
        return
    setattr(HypothesisProvider, name, lambda *_, **__: None)
    try:
        yield
    finally:
        setattr(HypothesisProvider, name, before)


def _database() -> ExampleDatabase | None:
    """Failures are remembered between runs, but not in CI, where a run must depend on nothing."""
    if os.environ.get("CI"):
        return None
    return DirectoryBasedExampleDatabase(".hypothesis/bptt_check")
