"""Further calls that cases make while others of a target are looked at."""

from __future__ import annotations

from collections.abc import Collection

from ...cases.any_case import AnyCase
from ...cases.follow_up import FollowUpCall, FollowUpKind, every_call

STRUCTURAL = (FollowUpKind.FREED_MEMORY, FollowUpKind.OTHER_VALUES, FollowUpKind.LINEARITY)
"""Further calls that may break the contract; without them a case could fail in another way."""


def calls_of_kinds(case: AnyCase, kinds: Collection[FollowUpKind]) -> list[FollowUpCall]:
    """The further calls of some kinds."""
    return [call for call in every_call(case) if call.kind in kinds]
