"""What an array is, apart from what anybody calls it."""

from __future__ import annotations

from bptt_check.conventions.names import Name


def test_a_name_is_read_as_the_contract_writes_it() -> None:
    """Base, layer, direction and gate, there and back."""
    assert Name.of("W_xh_l12_reverse") == Name("W_xh", 12, "_reverse")
    assert Name.of("b_y") == Name("b_y")
    assert str(Name("W_hh", 0, "", "f")) == "W_hh_l0_f"
