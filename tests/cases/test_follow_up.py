"""Further calls: which there are, on which cases, and when a run makes them."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from bptt_check.cases.case import Spec
from bptt_check.cases.follow_up import (
    NO_ANSWERS,
    OF_FRAMEWORKS,
    FollowUpCall,
    FollowUpKind,
    calls_for,
    calls_in_turn,
    every_call,
    follow_up_case,
    subset_of,
)

LINES = (
    "lstm T=3 B=2 D=2 H=2 O=3",
    "gru+bce+last T=3 lengths",
    "rnn-relu+mse+2layers T=2 initial_state=zero",
    "lstm+linear T=3 B=2 layout=strided",
    "rnn-tanh T=4 D=3 regime=one_hot dtype=float32",
    "rnn-tanh+bce+last T=3 B=3 D=3 O=1 regime=sentiment",
)


@pytest.mark.parametrize("line", LINES)
def test_other_values_change_every_input_that_is_not_zero_and_no_target(line):
    """Shapes, targets, lengths, dtype and layout stay."""
    case = Spec.parse(line).build()
    other = follow_up_case(case, FollowUpCall(FollowUpKind.OTHER_VALUES))

    assert np.array_equal(other.targets, case.targets)
    assert (other.dtype, other.layout, other.spec) == (case.dtype, case.layout, None)
    for name, array in case.inputs.items():
        assert other.inputs[name].shape == array.shape
        assert np.array_equal(other.inputs[name], array) == (not array.any())


@pytest.mark.parametrize("line", ["rnn-tanh T=4 D=3 regime=one_hot", LINES[-1]])
def test_one_hot_inputs_stay_one_hot(line):
    """Code that takes words has others to take."""
    other = follow_up_case(Spec.parse(line).build(), FollowUpCall(FollowUpKind.OTHER_VALUES))

    assert np.all((other.x == 0) | (other.x == 1))
    assert np.all(other.x.sum(-1) == 1)


@pytest.mark.parametrize("line", LINES)
def test_other_targets_change_nothing_else(line):
    """And are targets of the same model: labels, probabilities, cotangents."""
    case = Spec.parse(line).build()
    other = follow_up_case(case, FollowUpCall(FollowUpKind.OTHER_TARGETS))

    assert not np.array_equal(other.targets, case.targets)
    for name, array in case.inputs.items():
        assert np.array_equal(other.inputs[name], array)
    if case.model.loss == "linear":
        assert not np.array_equal(other.cotangent_h_n, case.cotangent_h_n)


def test_a_single_label_has_no_other():
    """Nothing is asked where nothing would change."""
    case = Spec.parse("lstm T=2 O=1").build()

    assert follow_up_case(case, FollowUpCall(FollowUpKind.OTHER_TARGETS)) is None


def test_an_unused_output_has_a_cotangent_of_zeros():
    """Each of the three of a linear lstm; another loss has none."""
    case = Spec.parse("lstm+linear T=2").build()
    calls = [c for c in every_call(case) if c.kind is FollowUpKind.UNUSED_OUTPUT]

    assert [c.names for c in calls] == [("targets",), ("cotangent_h_n",), ("cotangent_c_n",)]
    for call in calls:
        assert not getattr(follow_up_case(case, call), call.names[0]).any()
    unused = FollowUpKind.UNUSED_OUTPUT
    assert unused not in {c.kind for c in every_call(Spec.parse("lstm T=2").build())}


def test_every_input_is_wanted_alone_and_left_out_alone():
    """And the parameters alone, as in training."""
    case = Spec.parse("lstm T=2 seed=3").build()
    wanted = {c.names for c in every_call(case) if c.kind is FollowUpKind.SUBSET}

    for name in case.inputs:
        assert (name,) in wanted
        assert tuple(n for n in case.inputs if n != name) in wanted
    assert tuple(case.params) in wanted
    assert tuple(case.inputs) not in wanted
    subset = follow_up_case(case, FollowUpCall(FollowUpKind.SUBSET, ("x",)))
    assert (subset.wanted, subset.spec) == (("x",), case.spec)


def test_a_case_says_which_subset_is_wanted():
    """The same for simpler inputs; over the seeds every kind, every input in and out of one."""
    cases = [Spec.parse(f"lstm T=4 B=2 D=1 H=1 O=3 seed={n}").build() for n in range(200)]
    subsets = [subset_of(case) for case in cases]
    sizes = Counter(map(len, subsets))

    assert subsets == [subset_of(case.with_inputs({"x": 0 * case.x})) for case in cases]
    assert set(sizes) >= {1, 2, 3, 4, 5, 7}
    for name in cases[0].inputs:
        assert 40 < sum(name in subset for subset in subsets) < 160


def test_what_a_case_is_asked_in_a_run_depends_on_its_number_alone():
    """Every kind among the first eight; few on one case; rounds do not repeat each other."""
    case = Spec.parse("lstm+linear T=2").build()
    turns = [{c.kind for c in calls_in_turn(n, case)} for n in range(64)]
    every = {c.kind for c in every_call(case)} - {FollowUpKind.AFTER_OTHERS}

    assert set().union(*turns[:8]) == every
    assert max(map(len, turns)) == 2
    assert turns[:8] != turns[8:16]
    assert sum(FollowUpKind.SUBSET in turn for turn in turns) == 32
    for kind in every:
        assert {n % 8 for n, turn in enumerate(turns) if kind in turn} == set(range(8))


def test_long_cases_are_asked_no_other_values():
    """An oracle of their own takes longest there; other calls come all the same."""
    case = Spec.parse("lstm+linear T=40").build()
    turns = [calls_in_turn(n, case) for n in range(8)]

    assert all(turns)
    assert {c.kind for c in every_call(case)} - {c.kind for turn in turns for c in turn} == {
        FollowUpKind.OTHER_VALUES,
        FollowUpKind.OTHER_TARGETS,
        FollowUpKind.AFTER_OTHERS,
    }


def test_outputs_are_unused_in_turn():
    """Within the first 24 cases each of the three of a linear lstm was."""
    case = Spec.parse("lstm+linear T=2").build()
    calls = [call for n in range(24) for call in calls_in_turn(n, case)]
    unused = [call.names for call in calls if call.kind is FollowUpKind.UNUSED_OUTPUT]

    assert unused == [("targets",), ("cotangent_h_n",), ("cotangent_c_n",)]


def test_only_a_framework_is_told_which_gradients_are_wanted():
    """A subject in NumPy gives all of them, whatever is asked."""
    case = Spec.parse("lstm+linear T=2").build()
    every = every_call(case)

    assert {c.kind for c in calls_for(every, 0)} == {c.kind for c in every} - set(OF_FRAMEWORKS)
    assert calls_for(every, 1000) == list(every)
    few = [c.names for c in calls_for(every, 2) if c.kind is FollowUpKind.SUBSET]
    assert few == [tuple(case.params), subset_of(case)]


def test_kinds_without_an_answer_of_their_own_are_no_case():
    """They change how the second call is made, or are judged beside the first."""
    assert {kind.value for kind in NO_ANSWERS} == {"linearity", "freed_memory"}
