"""Searches for a repair made by hand, without running anything."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bptt_check.runs.repairs.records import (
    LineEdit,
    Repair,
    Searched,
    SourceExcerpt,
    TracedValue,
    Verified,
)

EDIT = LineEdit("a.py", 3, "dW += da @ h[t]", "dW += da @ h[t - 1]", "shift index")
VERIFIED = Verified(100, ("torch", "jax"), ("lstm",), ("float64",), 1)
DIFF = "--- a.py\n+++ a.py\n@@ -3 +3 @@\n-    dW += da @ h[t]\n+    dW += da @ h[t - 1]\n"
TRACE = (
    TracedValue("a.py", 2, "da", "a_t_bar", 3, 3),
    TracedValue("a.py", 3, "dW", "W_hh_bar", 1, 3),
    TracedValue("a.py", 90, "x", "x_t", 3, 3),
    TracedValue("b.py", 2, "y", "y", 3, 3),
)
EXCERPT = SourceExcerpt("a.py", 1, "def f():\n    da = g()\n    dW += da @ h[t]", (3,))


def repair(**changes: Any) -> Repair:
    """Of one line."""
    return replace(Repair(DIFF, (EDIT,), VERIFIED, tried=412, files={"a.py": "text"}), **changes)


def search(**changes: Any) -> Searched:
    """That found it."""
    found = Searched(repair(), 412, ("a.py:3", "a.py:2"), 2.5, TRACE, (EXCERPT,))
    return replace(found, **changes)
