"""Cases by design: number i is the same everywhere, and the first hundred have every pair."""

from __future__ import annotations

import functools
import itertools
import operator
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from support.distribution import (
    cut_of,
    equal_share,
    in_place,
    kinds_of_blocks,
    numbered,
    pairs_in,
    possible_pairs,
    share,
)
from support.drawn import design_of
from support.levels import words_of

from bptt_check.cases.case import Spec
from bptt_check.cases.design.design import Design
from bptt_check.cases.design.picks import Picks
from bptt_check.cases.design.recipe import SIZES, recipe_of, steps_of, work_of
from bptt_check.cases.model import Model
from bptt_check.cases.targets import default_targets, parse_targets

STRUCTURES = (
    "rnn-tanh",
    "lstm",
    "lstm+truncated+mse",
    "lstm+linear+truncated+lengths",
    "gru+2layers+mse+bidirectional",
    "rnn-relu+bce+last+lengths",
)
"""With and without head, truncation, lengths, layers, directions, one and two states."""
RUNS = [(name, seed) for name in STRUCTURES for seed in (0, 1)]
TRUNCATED = [run for run in RUNS if "truncated" in run[0]]
Asked = list[tuple[str, list[int]]]
SMALL = "T=1..12 B=1..3 D=1..3 H=1..3 O=1..3"


@functools.cache
def hundred(name: str, seed: int) -> tuple[Spec, ...]:
    """The cases of a run."""
    return tuple(design_of(name, seed).specs(100))


# --- case number i ------------------------------------------------------------------------------

FIRST = {
    "rnn-tanh": (
        "rnn-tanh T=7 B=7 D=32 H=7 O=63 inputs=alike layout=expanded seed=40227",
        "rnn-tanh T=1 B=63 D=63 H=63 O=16 regime=exploding inputs=zero initial_state=zero "
        "layout=offset seed=26462",
        "rnn-tanh T=64 B=16 D=9 H=1 O=2 seed=7221",
    ),
    "lstm+truncated+mse": (
        "lstm+mse T=2 B=129 D=63 H=16 O=16 k1=1 k2=1 regime=tiny inputs=large "
        "initial_state=zero_c seed=45739",
        "lstm+mse T=2 B=127 D=31 H=7 O=64 k1=2 k2=1 regime=saturated inputs=negative_zero "
        "seed=4157",
        "lstm+mse T=2 B=17 D=31 H=63 O=31 k1=1 k2=1 initial_state=zero layout=offset seed=32160",
    ),
}
"""The first three specs at seed 0, as they must be on every machine."""


@pytest.mark.parametrize("name", FIRST)
def test_first_specs_are_those_written_here(name: str) -> None:
    """What a line in a report says can be drawn again; a change of the design changes them all."""
    assert tuple(map(str, hundred(name, 0)[:3])) == FIRST[name]


PRINTED = """
import importlib, sys
sys.path.insert(0, {folder!r})
importlib.import_module("full_of_numbers")
from bptt_check.cases.design.design import Design
from bptt_check.cases.targets import parse_targets
for name, numbers in {asked!r}:
    design = Design(parse_targets(name)[0], seed={seed})
    for number in numbers:
        print(design.spec(number))
"""
NUMBERS = [100, 0, 150, 7, 99, 1]
"""Of cases in and after a design, in no order."""


def printed_elsewhere(folder: Path, asked: Asked, hash_seed: int, seed: str = "1") -> list[str]:
    """The specs that another process draws, which has imported other code.

    Args:
        folder: for that code.
        asked: names of targets, and numbers of cases.
        hash_seed: PYTHONHASHSEED.
        seed: of the design, an expression in `name`.
    """
    literals = ", ".join(map(str, range(2, 400)))
    (folder / "full_of_numbers.py").write_text(f"NUMBERS = [{literals}]\n", encoding="utf-8")
    path = os.pathsep.join(sys.path)
    return subprocess.run(
        [sys.executable, "-c", PRINTED.format(folder=str(folder), asked=asked, seed=seed)],
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed), "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()


def test_case_is_the_same_in_another_process(tmp_path: Path) -> None:
    """Whatever PYTHONHASHSEED is, whatever is imported, whichever case is asked for first."""
    asked = [(name, NUMBERS) for name in ("lstm+linear+truncated+lengths", "rnn-tanh")]
    here = [str(design_of(name, 1).spec(n)) for name, numbers in asked for n in numbers]

    assert printed_elsewhere(tmp_path, asked, 0) == here
    assert printed_elsewhere(tmp_path, asked, 4711) == here


def test_cases_that_hang_on_the_hash_of_a_name_would_be_seen(tmp_path: Path) -> None:
    """The sibling: Python seeds it anew for every process."""
    asked, seed = [("rnn-tanh", [0])], "abs(hash(name)) % 2**32"

    assert printed_elsewhere(tmp_path, asked, 0, seed) != printed_elsewhere(
        tmp_path, asked, 4711, seed
    )


@pytest.mark.parametrize("name", ["lstm+linear+truncated+lengths", "rnn-tanh"])
def test_case_is_the_same_in_any_order(name: str) -> None:
    """Also when some cases are never asked for."""
    design = design_of(name, 3)
    first = numbered(range(120), design.spec)

    assert numbered(reversed(range(120)), design_of(name, 3).spec) == first
    assert numbered(NUMBERS[:1], design_of(name, 3).spec) == {100: first[100]}


def test_cases_of_one_stream_would_not_be_the_same_in_any_order() -> None:
    """The sibling: each takes the next numbers of a stream."""

    def stream() -> Callable[[int], Spec]:
        picks, design = Picks("a stream"), design_of("rnn-tanh")
        return lambda number: design.covering.random_recipe(picks).spec(Model("rnn"), number)

    assert numbered(range(9), stream()) == numbered(range(9), stream())
    assert numbered(reversed(range(9)), stream()) != numbered(range(9), stream())


@pytest.mark.parametrize("name", ["rnn-tanh", "lstm+truncated+mse"])
def test_specs_are_the_numbered_ones(name: str) -> None:
    """From wherever one starts."""
    design = design_of(name, 2)

    assert list(design.specs(5, start=97)) == [design.spec(n) for n in range(97, 102)]


@pytest.mark.parametrize("name", STRUCTURES)
def test_fewer_specs_are_the_first_ones(name: str) -> None:
    """In whatever order the numbers are asked for, also by a design that was asked nothing yet."""
    first = list(Design(parse_targets(name)[0]).specs(8))

    assert first == [*hundred(name, 0)[:8]]
    assert first != [*hundred(name, 0)[1:9]]


def test_specs_are_all_different() -> None:
    """Also where only their numbers can be."""
    tiny = "T=2 B=1 D=1 H=1 O=2 regimes=tiny inputs=random initial_state=random layouts=contiguous"
    specs = list(design_of("gru", 0, tiny).specs(30))

    assert len(set(specs)) == 30
    assert len({replace(spec, seed=0) for spec in specs}) == 1
    assert all(len(set(hundred(*run))) == 100 for run in RUNS)


def test_another_seed_has_other_cases() -> None:
    """Not only other numbers."""
    one, other = hundred("lstm", 0), hundred("lstm", 1)

    assert len({s.sizes for s in one} & {s.sizes for s in other}) < 20


# --- what is covered ----------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "seed"), RUNS)
def test_every_possible_pair_of_levels_occurs_within_a_hundred_cases(name: str, seed: int) -> None:
    """Levels are read off the specs by other code than the design's."""
    design = design_of(name, seed)

    assert pairs_in(design, hundred(name, seed)) == possible_pairs(design)
    assert design.covered_after <= 100


@pytest.mark.parametrize("name", STRUCTURES)
def test_pairs_would_be_missing_without_a_design(name: str) -> None:
    """The siblings: a hundred cases after the design, as many of the first as half of them."""
    design = design_of(name)
    possible = possible_pairs(design)

    for specs in (design.specs(100, start=200), hundred(name, 0)[:50]):
        missing = possible - pairs_in(design, specs)
        assert len(missing) > 0.02 * len(possible)


@pytest.mark.parametrize(("name", "seed"), RUNS)
def test_sizes_are_equal_in_few_cases(name: str, seed: int) -> None:
    """Each two of them in at most 35 of 100, and in some."""
    for one, other in itertools.combinations(SIZES, 2):
        if design_of(name, seed).space.head or other != "O":
            assert 0.03 <= equal_share(hundred(name, seed), one, other) <= 0.35, (one, other)


@pytest.mark.parametrize(("within", "one", "other"), [("O=D", "D", "O"), ("H=2 B=1..3", "B", "H")])
def test_sizes_of_a_narrow_space_are_equal_more_often(within: str, one: str, other: str) -> None:
    """The siblings: what is said to be equal always is; of few small numbers many are."""
    assert equal_share(list(design_of("gru", 0, within).specs(100)), one, other) > 0.35


@pytest.mark.parametrize(("name", "seed"), TRUNCATED)
def test_all_kinds_of_windows_occur_often(name: str, seed: int) -> None:
    """Equal blocks as in most training, a short last one, single steps; mostly something is cut."""
    specs = hundred(name, seed)
    kinds = kinds_of_blocks(specs)

    assert min(kinds[kind] for kind in ("single", "equal", "short")) >= 8
    assert share(specs, lambda s: cut_of(s)[1] >= s.sizes.T) < 0.4
    assert share(specs, lambda s: cut_of(s)[0] == cut_of(s)[1]) <= 0.35
    cuts = [(k1, k2) for k1, k2, T in map(cut_of, specs) if 1 < k1 < T and k2 < T]
    for holds in (operator.lt, operator.eq, operator.gt):
        assert sum(holds(k1, k2) for k1, k2 in cuts) >= 3


def test_windows_of_one_kind_are_counted_as_such() -> None:
    """The siblings: single steps alone; windows that are longer than all the steps."""
    single = list(design_of("gru+truncated", 0, "truncation=k1=1").specs(60))
    uncut = list(design_of("gru+truncated", 0, "truncation=k1<T,k2>=T").specs(60))

    assert set(kinds_of_blocks(single)) == {"single"}
    assert set(kinds_of_blocks(uncut)) == {"single", "equal", "short"}
    assert share(uncut, lambda s: cut_of(s)[1] >= s.sizes.T) == 1


@pytest.mark.parametrize(("name", "seed"), RUNS)
def test_sequences_of_all_lengths_occur(name: str, seed: int) -> None:
    """One step, two, three, and beyond what fits a tile, a warp or a block; few are long."""
    steps = [spec.sizes.T for spec in hundred(name, seed)]

    assert min(steps.count(T) for T in (1, 2, 3)) >= 5
    assert sum(T > 16 for T in steps) >= 20
    assert sum(T > 64 for T in steps) >= 5
    assert max(steps) >= 100


@pytest.mark.parametrize(("name", "seed"), RUNS)
def test_every_kind_of_numbers_occurs(name: str, seed: int) -> None:
    """Of regimes, inputs, initial states and memory layouts, some of each."""
    for field in ("regime", "inputs", "initial_state", "layout"):
        values = dict(design_of(name, seed).space.values)[field]
        count = Counter(getattr(spec, field) for spec in hundred(name, seed))
        assert set(count) == set(values)
        assert min(count.values()) >= 8


def test_targets_of_a_seed_have_different_sizes() -> None:
    """So that what one leaves out the others need not."""
    runs = [hundred(name, 0) for name in STRUCTURES]
    alike = [t for t in default_targets() if str(t.model) in ("rnn-tanh+2layers", "gru+2layers")]
    runs += [hundred(t.name, 0) for t in alike]

    assert len(runs) == len(STRUCTURES) + 2
    for one, other in itertools.combinations(runs, 2):
        assert in_place(one, other) <= 2
        assert len({s.sizes for s in one} & {s.sizes for s in other}) <= 35


def test_targets_that_differ_in_their_name_alone_have_different_sizes() -> None:
    """And the sibling: under one name they have the same."""
    target = parse_targets("gru")[0]
    one, same, other = (
        list(Design(replace(target, name=name)).specs(100)) for name in ("gru", "gru", "mine")
    )

    assert in_place(one, same) == 100
    assert in_place(one, other) <= 10


def test_targets_of_a_seed_begin_elsewhere() -> None:
    """A run of ten cases for each of many targets has many kinds of cases."""
    alike = [t.name for t in default_targets() if t.name.endswith("+2layers+mse+mean")]
    first = [recipe_of(design_of(name).spec(0)) for name in alike]

    assert len(alike) >= 6
    assert len({words_of(recipe)["T"] for recipe in first}) >= 3
    assert len({recipe._replace(T=1, B=1, D=1, H=1, O=1) for recipe in first}) >= len(alike) - 1


@pytest.mark.parametrize(("name", "seed"), RUNS)
def test_no_case_is_too_dear(name: str, seed: int) -> None:
    """After the design, too; wide ones have a step or two, and together they cost little."""
    design = design_of(name, seed)
    layers = design.target.model.layers * design.space.directions
    recipes = [recipe_of(spec) for spec in (*hundred(name, seed), *design.specs(50, start=100))]

    steps = [steps_of(r.T, r.cut) for r in recipes]
    work = [work_of(design.space.directions, r) // layers for r in recipes]

    assert max(steps) * layers <= 400
    assert max(w for w, n in zip(work, steps, strict=True) if n > 2) <= 30_000
    assert 60_000 < max(work) <= 90_000
    assert sum(steps[:100]) * layers <= 11_000
    # with windows the forward pass over all steps counts besides
    assert sum(work[:100]) <= (5_500_000 if design.space.truncated else 4_000_000)


def test_cases_after_the_design_are_any() -> None:
    """Of all kinds, in no order."""
    later = list(design_of("lstm").specs(200, start=200))

    assert len({spec.sizes for spec in later}) > 190
    assert len({spec.regime for spec in later}) == 6
    assert {spec.sizes.T for spec in later} >= {1, 2, 3}
    assert max(spec.sizes.T for spec in later) > 99


def test_dtypes_are_drawn_with_everything() -> None:
    """Where several are asked for."""
    specs = list(design_of("gru", 0, SMALL, ("float64", "float32", "bfloat16")).specs(60))

    assert min(Counter(spec.dtype for spec in specs).values()) >= 12
    assert {(s.dtype, s.regime) for s in specs} == set(
        itertools.product(("float64", "float32", "bfloat16"), {s.regime for s in specs})
    )


@pytest.mark.parametrize("within", ["T=500 H=512", "T=400..1000 B=1..300", "D=1000"])
def test_sizes_beyond_the_usual_are_drawn_where_they_are_asked_for(within: str) -> None:
    """Whoever asks for them gets them, and only them."""
    design = design_of("lstm", 0, within)
    specs = list(design.specs(20))

    assert all(design.contains(spec) for spec in specs)
    assert max(max(vars(spec.sizes).values()) for spec in specs) >= 500


@pytest.mark.parametrize(
    ("name", "sizes"), [("truncated_100_10", (110, 2, 2, 2, 2)), ("sentiment_toy", (3, 3, 3, 3, 1))]
)
def test_what_a_preset_fixes_is_fixed(name: str, sizes: tuple[int, ...]) -> None:
    """The rest varies."""
    target = parse_targets(name)[0]
    specs = list(Design(target).specs(12))

    assert {tuple(vars(spec.sizes).values()) for spec in specs} == {sizes}
    assert {spec.truncation for spec in specs} == {target.truncation}
    assert len(set(specs)) == 12
    assert len({spec.layout for spec in specs}) >= 3


# --- which specs belong to it -------------------------------------------------------------------


@pytest.mark.parametrize(("name", "seed"), RUNS)
def test_drawn_specs_are_contained(name: str, seed: int) -> None:
    """Each of them keeps to the limits; so does a smaller one, and one in between."""
    design = design_of(name, seed)

    for spec in (*hundred(name, seed), *design.specs(20, start=300)):
        assert design.contains(spec)
    size = replace(hundred(name, seed)[0].sizes, T=13, D=11)
    assert design.contains(replace(hundred(name, seed)[0], sizes=size, seed=1))


@pytest.mark.parametrize(
    ("line", "within", "name"),
    [
        ("gru T=3", "", "lstm"),
        ("lstm+mse T=3", "", "lstm"),
        ("lstm T=3 lengths", "", "lstm"),
        ("lstm T=3 k1=1 k2=2", "", "lstm"),
        ("lstm T=3", "", "lstm+truncated"),
        ("lstm T=3 dtype=float32", "", "lstm"),
        ("lstm T=3", "T=4..9", "lstm"),
        ("lstm T=3 H=5", "H=4,8", "lstm"),
        ("lstm T=3 D=2 O=3", "O=D", "lstm"),
        ("lstm T=3 regime=tiny", "regimes=normal", "lstm"),
        ("lstm T=3 initial_state=zero", "initial_state=random", "lstm"),
        ("lstm T=3 k1=1 k2=2", "truncation=k1=k2", "lstm+truncated"),
    ],
)
def test_spec_beyond_the_limits_is_not_contained(line: str, within: str, name: str) -> None:
    """Of another model, or left out."""
    assert not design_of(name, 0, within).contains(Spec.parse(line))


@pytest.mark.parametrize(
    ("line", "within", "name"),
    [
        ("lstm T=3", "T=1..9", "lstm"),
        ("lstm T=3 H=8", "H=4,8", "lstm"),
        ("lstm T=3 D=3 O=3", "O=D", "lstm"),
        ("lstm T=3 k1=2 k2=2", "truncation=k1=k2", "lstm+truncated"),
        ("lstm+3layers T=3", "layers=1..3", "lstm"),
        ("lstm T=3 lengths=one", "lengths=one", "lstm+lengths"),
    ],
)
def test_spec_within_the_limits_is_contained(line: str, within: str, name: str) -> None:
    """The siblings."""
    assert design_of(name, 0, within).contains(Spec.parse(line))
