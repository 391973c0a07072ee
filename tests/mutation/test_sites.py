"""What is known of the places of a source that can be edited."""

from __future__ import annotations

from bptt_check.mutation.sites import cited


def test_equations_are_read_from_comments():
    """One, several, and none."""
    assert cited("# (6.2), (6.3): two, (8) is none") == ("6.2", "6.3")
    assert cited("f(x) = (2.5 + 1)") == ()
