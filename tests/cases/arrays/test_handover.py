"""What code of a framework is handed of a case in the contract's own arrays."""

from __future__ import annotations

from dataclasses import replace

from bptt_check.cases.arrays.handover import handover_of, output_shapes
from bptt_check.cases.case import Spec


def test_it_is_the_case_under_its_own_names():
    """Inputs and constants are apart; nothing is rearranged."""
    case = Spec.parse("lstm+linear+2layers T=3 B=2 D=4 H=5 lengths").build()
    handed = handover_of(replace(case, wanted=("x",)))

    assert list(handed.inputs) == list(case.inputs)
    assert set(handed.constants) == {"targets", "lengths", "cotangent_h_n", "cotangent_c_n"}
    assert handed.wanted == ("x",)
    assert handed.names.states == ("h0", "c0")
    assert not handed.names.own
    assert not handed.places


def test_the_shapes_of_outputs():
    """Of the top layer all directions, of final states all layers."""
    case = Spec.parse("lstm+2layers+bidirectional T=3 B=2 D=4 H=5").build()

    assert output_shapes(case) == {"y": (3, 2, 10), "h": (4, 2, 5), "c": (4, 2, 5)}
    assert handover_of(case).names.shape_of("y") == (3, 2, 10)
