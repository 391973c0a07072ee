"""Fresh cases are none of the run, small and others in turn, of all models in turn."""

from __future__ import annotations

from bptt_check.cases.design.within import Within
from bptt_check.cases.targets import parse_targets
from bptt_check.runs.systematic.fresh import (
    FRESH_CASES,
    MOST_CASES,
    SMALL_SHARE,
    fresh_specs,
    has_small_steps,
    numbers_of_step,
)
from bptt_check.runs.systematic.model_group import ModelGroup, family_groups
from bptt_check.runs.target_cases import Plan

TARGETS = tuple(t for name in ("lstm", "lstm+2layers", "gru") for t in parse_targets(name))


def test_fresh_cases_are_not_those_of_the_run() -> None:
    """They are as many as said, of the dtype, and each time the same."""
    plan = Plan(TARGETS[:1], 100, ("float32", "bfloat16"), seed=3)
    group = ModelGroup("lstm", TARGETS[:1])
    drawn = list(fresh_specs(group, plan, "bfloat16"))

    assert drawn == list(fresh_specs(group, plan, "bfloat16"))
    assert len({spec for spec, _ in drawn}) == len(drawn) == MOST_CASES
    assert not {spec for spec, _ in drawn} & set(plan.specs(TARGETS[0]))
    assert {spec.dtype for spec, _ in drawn} == {"bfloat16"}
    assert sum(small for _, small in drawn) == round(SMALL_SHARE * MOST_CASES)
    assert abs(sum(small for _, small in drawn[:FRESH_CASES]) - SMALL_SHARE * FRESH_CASES) <= 1
    assert all(has_small_steps(s.model, s.sizes) is small for s, small in drawn if small)


def test_fresh_cases_keep_to_the_limits_of_the_run() -> None:
    """Where no case has small steps there are others, and as many."""
    plan = Plan(TARGETS[:1], 100, within=Within(T=(12, 16), H=64))
    drawn = list(fresh_specs(ModelGroup("lstm", TARGETS[:1]), plan, "float16"))

    assert len(drawn) == MOST_CASES
    assert not any(small for _, small in drawn)
    assert all(s.sizes.T in range(12, 17) and s.sizes.H == 64 for s, _ in drawn)


def test_models_of_a_group_take_turns() -> None:
    """Each has its share of the fresh cases; a family of one model is no group."""
    (family,) = family_groups(TARGETS)
    drawn = [spec.model for spec, _ in fresh_specs(family, Plan(TARGETS), "bfloat16")]

    assert (family.name, family.names) == ("lstm", ("lstm", "lstm+2layers"))
    assert min(sum(m.layers == layers for m in drawn) for layers in (1, 2)) > MOST_CASES / 4


def test_numbers_of_a_step() -> None:
    """Gates times the products of all layers, for each sequence."""
    spec = next(Plan(TARGETS[:1]).specs(TARGETS[0]))
    B, D, H = spec.sizes.B, spec.sizes.D, spec.sizes.H

    assert numbers_of_step(spec.model, spec.sizes) == B * 4 * H * (H + D)
