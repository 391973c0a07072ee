"""The mistakes that have a name."""

from __future__ import annotations

import pytest

from bptt_check.diagnosis.mistakes.mistake import KINDS
from bptt_check.diagnosis.mistakes.named import named_mistakes


@pytest.mark.parametrize("kind", KINDS)
def test_every_class_has_mistakes(kind: str) -> None:
    """Each class of mistakes has some, and no mistake has a class of its own."""
    assert any(m.kind == kind for m in named_mistakes())
    assert {m.kind for m in named_mistakes()} <= set(KINDS)
