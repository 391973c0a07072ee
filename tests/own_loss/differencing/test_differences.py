"""Large arrays: which entries are measured one by one, and what the sums over the others see."""

from __future__ import annotations

from support.functions import LARGE, layer

import bptt_check as bc


def test_large_array_is_sampled_and_the_report_says_which_entries() -> None:
    """Small arrays come whole; all other entries are measured in sum; it never needs many more."""
    report = bc.verify_function(layer, LARGE, max_calls=1500)
    coverage = report.coverage["W"]

    assert report.passed
    assert report.calls <= 1.2 * 1500
    assert coverage.measured is not None
    assert 0 < len(coverage.measured) < coverage.entries == 3000
    assert (coverage.directions, report.coverage["b"].measured) == (8, None)
    assert f"sampled: W, {len(coverage.measured)} of 3000 entries one by one" in report.message


def test_an_error_that_was_not_sampled_is_seen_in_the_sums() -> None:
    """One wrong entry among three thousand, which the same seed does not draw."""
    report = bc.verify_function(lambda a: layer(a, wrong=True), LARGE, max_calls=1500)
    single, summed = [r for r in report.rows if r.parameter == "W"]

    right = bc.verify_function(layer, LARGE, max_calls=1500)
    assert 3 * 60 + 7 not in (right.coverage["W"].measured or ())
    assert (single.verdict, summed.verdict) == ("fail", "fail")
    assert "wrong: W (1 of 3000), W (8 of 8 directions)" in report.message
    assert "worst entry W[3, 7]" in report.message


def test_the_same_seed_samples_the_same_entries() -> None:
    """And another seed others."""
    one, same, other = (
        bc.verify_function(layer, LARGE, max_calls=1500, seed=seed).coverage["W"].measured
        for seed in (0, 0, 1)
    )

    assert one == same != other
