"""A further call in words: which it was, and what its answer suggests."""

from __future__ import annotations

from collections.abc import Sequence

from ...cases.follow_up import FollowUpKind
from ...cases.probes import cotangents_of
from ..cause import WrongFollowUp

_WHEN = {
    FollowUpKind.THIRD_CALL: "in the third call",
    FollowUpKind.OTHER_VALUES: "for other values of the same shapes",
    FollowUpKind.OTHER_TARGETS: "for other {targets} alone",
    FollowUpKind.UNUSED_OUTPUT: "where the loss does not depend on {output}",
    FollowUpKind.SUBSET: "when only the {wanted} asked for",
    FollowUpKind.AFTER_OTHERS: "when asked again after {others}",
    FollowUpKind.AT_THE_END: "when asked again after {others}",
}
"""Kind of a further call to when it is made."""


def when(cause: WrongFollowUp) -> str:
    """`in the third call`, `when only the gradients of x, W_hh_l0 are asked for`, ..."""
    case, names = cause.case, cause.call.names
    return _WHEN[cause.call.kind].format(
        targets="cotangents" if cotangents_of(case) else "targets",
        output=" and ".join(_output(n) for n in names),
        wanted=_gradients(names),
        others=f"{cause.after} other case{'' if cause.after == 1 else 's'}",
    )


def _output(cotangent: str) -> str:
    """The output that a cotangent belongs to: `y`, `h_n`, ..."""
    return "y" if cotangent == "targets" else cotangent.removeprefix("cotangent_")


def _gradients(names: Sequence[str]) -> str:
    if len(names) == 1:
        return f"gradient of {names[0]} is"
    return f"gradients of {', '.join(names)} are"


def kept(cause: WrongFollowUp) -> str:
    """That wrong gradients are those of the first call; empty if they are not."""
    if not cause.unchanged:
        return ""
    what = "by shape" if cause.call.kind is FollowUpKind.OTHER_VALUES else "from call to call"
    return f"the very same came for the case itself: {', '.join(cause.unchanged)}; kept {what}?"


_ADVICE = {
    FollowUpKind.SUBSET: (
        "what nobody asks for may be left out where it ends, and must still flow on to what lies "
        "before it"
    ),
    FollowUpKind.AT_THE_END: "asked alone it is right, so only a whole run shows this again",
}


def suggestion(cause: WrongFollowUp) -> str:
    """What to think of, where the kind of call says that; else empty."""
    return _ADVICE.get(cause.call.kind, "")
