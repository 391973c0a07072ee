"""Cases by design: number i is the same everywhere, and the first hundred have every pair."""

from __future__ import annotations

import functools
import itertools
import os
import random
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from support.drawn import design_of
from support.levels import words_of

from bptt_check.cases.case import Spec
from bptt_check.cases.design.recipe import SIZES, recipe_of, steps_of, work_of
from bptt_check.cases.targets import default_targets

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
SMALL = "T=1..12 B=1..3 D=1..3 H=1..3 O=1..3"


@functools.cache
def hundred(name: str, seed: int) -> tuple[Spec, ...]:
    """The cases of a run."""
    return tuple(design_of(name, seed).specs(100))


# --- case number i ------------------------------------------------------------------------------

FIRST = {
    "rnn-tanh": (
        "rnn-tanh T=2 B=2 D=7 H=1 O=2 seed=10285",
        "rnn-tanh T=64 B=64 D=2 H=1 O=2 regime=vanishing inputs=subnormal initial_state=zero "
        "layout=fortran seed=32726",
        "rnn-tanh T=7 B=7 D=63 H=7 O=63 regime=exploding inputs=zero seed=57057",
    ),
    "lstm+truncated+mse": (
        "lstm+mse T=3 B=15 D=1 H=1 O=3 k1=5 k2=1 seed=50456",
        "lstm+mse T=32 B=128 D=64 H=6 O=8 k1=16 k2=1 regime=tiny initial_state=zero_h seed=55232",
        "lstm+mse T=3 B=33 D=129 H=15 O=3 k1=1 k2=2 regime=sparse inputs=negative_zero "
        "initial_state=zero seed=34972",
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
    design = Design(parse_targets(name)[0], seed=1)
    for number in numbers:
        print(design.spec(number))
"""


def test_case_is_the_same_in_another_process_and_in_any_order(tmp_path: Path) -> None:
    """Whatever PYTHONHASHSEED is, whatever is imported, whichever case is asked for first."""
    numbers = [0, 1, 7, 99, 100, 150]
    random.Random(3).shuffle(numbers)
    asked = [(name, numbers) for name in ("lstm+linear+truncated+lengths", "rnn-tanh")]
    literals = ", ".join(map(str, range(2, 400)))
    (tmp_path / "full_of_numbers.py").write_text(f"NUMBERS = [{literals}]\n", encoding="utf-8")
    script = PRINTED.format(folder=str(tmp_path), asked=asked)
    printed = [
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()
        for seed in ("0", "4711")
    ]
    here = [str(design_of(name, 1).spec(n)) for name, ns in asked for n in ns]

    assert printed == [here, here]


@pytest.mark.parametrize("name", ["rnn-tanh", "lstm+truncated+mse"])
def test_specs_are_the_numbered_ones(name: str) -> None:
    """From wherever one starts."""
    design = design_of(name, 2)

    assert list(design.specs(5, start=97)) == [design.spec(n) for n in range(97, 102)]


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
    covering, head = design.covering, design.space.head
    named = [(f.name, level) for f in covering.factors for level in f.levels]
    wanted = {frozenset((named[a], named[b])) for a, b in covering.witnesses}
    seen: set[frozenset[tuple[str, str]]] = set()
    for spec in hundred(name, seed):
        words = words_of(recipe_of(spec), head)
        own = [(f.name, words[f.name]) for f in covering.factors]
        seen |= {frozenset(pair) for pair in itertools.combinations(own, 2)}

    assert wanted - seen == set()
    assert seen - wanted == set()
    assert design.covered_after <= 100


@pytest.mark.parametrize(("name", "seed"), RUNS)
def test_sizes_are_equal_in_few_cases(name: str, seed: int) -> None:
    """Each two of them in at most 35 of 100, and in some."""
    for one, other in itertools.combinations(SIZES, 2):
        if design_of(name, seed).space.head or other != "O":
            pairs = [(getattr(s.sizes, one), getattr(s.sizes, other)) for s in hundred(name, seed)]
            assert 3 <= sum(a == b for a, b in pairs) <= 35, (one, other)


@pytest.mark.parametrize(("name", "seed"), TRUNCATED)
def test_all_kinds_of_windows_occur_often(name: str, seed: int) -> None:
    """Equal blocks as in most training, a short last one, single steps; mostly something is cut."""
    cuts = [(s.truncation.k1, s.truncation.k2, s.sizes.T) for s in hundred(name, seed)]  # type: ignore[union-attr]
    kinds = Counter(
        "single" if k1 == 1 else "equal" if T % k1 == 0 else "short" for k1, _, T in cuts if k1 < T
    )

    assert min(kinds[kind] for kind in ("single", "equal", "short")) >= 8
    assert sum(k2 >= T for _, k2, T in cuts) < 40
    assert sum(k1 == k2 for k1, k2, _ in cuts) <= 35
    for holds in (lambda k1, k2: k2 < k1, lambda k1, k2: k1 < k2, lambda k1, k2: k1 == k2):
        assert sum(holds(k1, k2) for k1, k2, T in cuts if 1 < k1 < T and k2 < T) >= 3


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
    runs = [[spec.sizes for spec in hundred(name, 0)] for name in STRUCTURES]
    alike = [t for t in default_targets() if str(t.model) in ("rnn-tanh+2layers", "gru+2layers")]
    runs += [[spec.sizes for spec in design_of(t.name).specs(100)] for t in alike]

    assert len(runs) == len(STRUCTURES) + 2
    for one, other in itertools.combinations(runs, 2):
        assert sum(a == b for a, b in zip(one, other, strict=True)) <= 2
        assert len({*one} & {*other}) <= 35


def test_targets_of_a_seed_begin_elsewhere() -> None:
    """A run of ten cases for each of many targets has many kinds of cases."""
    alike = [t.name for t in default_targets() if t.name.endswith("+2layers+mse+mean")]
    first = [recipe_of(design_of(name).spec(0)) for name in alike]

    assert len(alike) >= 6
    assert len({words_of(recipe)["T"] for recipe in first}) >= 3
    assert len({recipe._replace(T=1, B=1, D=1, H=1, O=1) for recipe in first}) >= len(alike) - 1


@pytest.mark.parametrize(("name", "seed"), RUNS)
def test_no_case_is_too_dear(name: str, seed: int) -> None:
    """After the design, too; together they cost what a few hundred small cases did."""
    design = design_of(name, seed)
    layers = design.target.model.layers * design.space.directions
    recipes = [recipe_of(spec) for spec in (*hundred(name, seed), *design.specs(50, start=100))]

    assert all(steps_of(r.T, r.cut) * layers <= 400 for r in recipes)
    work = [work_of(design.space.directions, r) for r in recipes]
    scale = (2 * design.target.model.layers - 1) * design.space.directions
    assert max(work) <= 100_000 * scale
    assert sum(work[:100]) <= 8_000_000 * scale


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
    from bptt_check.cases.design.design import Design
    from bptt_check.cases.targets import parse_targets

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
