"""What a run says of the smallest errors that it would have found."""

from __future__ import annotations

from support import made
from support.shared_errors import floor, with_floors

from bptt_check.report import sentences
from bptt_check.report.systematic.floor_sentences import floor_lines, what_is_needed
from bptt_check.runs.effort.quick import Quick


def test_a_pass_has_both_floors_of_each_dtype() -> None:
    """Of the median gradient; where it is not known of all, of how many."""
    assert floor_lines(with_floors().run) == [
        "  smallest error that would show (median gradient): 9 % of one entry; if all cases share "
        "it 0.2 % in bfloat16, 0.02 % in float16 (1 of 3 gradients)"
    ]
    assert "if all cases share it" in sentences.message(with_floors().run)


def test_small_ones_are_no_shares_of_a_hundred() -> None:
    """A ten-billionth per cent is read by nobody."""
    run = made.report(systematic_floors=(floor(dtype="float64", floor=2.5e-12),)).run

    assert floor_lines(run)[0].endswith(
        "3.0e-12 of one entry; if all cases share it 2.5e-12 in float64"
    )


def test_without_floors_nothing_is_said() -> None:
    """Of few cases, of a record without them, or where no entry has one."""
    rows = (made.row(floor_any=made.NAN),)

    assert floor_lines(made.report().run) == []
    assert floor_lines(with_floors(rows=rows).run) == []


def test_models_of_a_family_count_where_no_model_has_enough_cases() -> None:
    """With enough cases of a model by itself they do not."""
    together = (floor(parameter="W_hh", models=4, floor=0.001),)
    alone = (*together, floor(floor=0.003))

    assert "it 0.1 % in bfloat16" in floor_lines(with_floors(systematic_floors=together).run)[0]
    assert "it 0.3 % in bfloat16" in floor_lines(with_floors(systematic_floors=alone).run)[0]


def test_what_is_not_claimed_says_why() -> None:
    """Too few cases, of all gradients or of others, or a declared accuracy."""
    assert what_is_needed(made.report().run).startswith("Nothing is claimed of them here: that")
    assert "of the other gradients: that takes" in what_is_needed(with_floors().run)
    assert "a quick run" in what_is_needed(made.report(quick=Quick(())).run)
    assert "declared accuracy" in what_is_needed(made.report(accuracy=1e-3).run)
