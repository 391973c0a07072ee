"""What each operator makes of a statement."""

from __future__ import annotations

import pytest

from bptt_check.mutation import SWAP_NAME
from bptt_check.mutation.operators import edits
from bptt_check.mutation.sites import sites
from bptt_check.mutation.source import Source


def edited(statement: str, operator: str, before: str = "", **peers: tuple[str, ...]) -> set[str]:
    """What one operator makes of one statement, which stands in a loop over t."""
    lead = "".join(f"    {line}\n" for line in before.split("; ") if line)
    head = f"def f(a, b, h, grads, T):\n{lead}    for t in range(T):\n"
    source = Source("m", "m.py", f"{head}        {statement}\n")
    texts: set[str] = set()
    for site in sites(source):
        if site.text_of(site.statement) == statement:
            made = [edit for name, edit in edits(site, peers) if name == operator]
            texts |= {edit.apply(source.text)[len(head) :].strip() for edit in made}
    return texts


@pytest.mark.parametrize(
    ("operator", "statement", "expected"),
    [
        ("flip sign", "y = -a", {"y = a"}),
        ("flip sign", "y = (a + b) * h", {"y = (-(a + b)) * h"}),
        ("flip sign", "np.dot(a, b, out=h)", {"np.dot(-a, b, out=h)"}),
        ("flip sign", "grads['W'] = f(a)", {"grads['W'] = -f(a)"}),
        ("swap operator", "y = a + b", {"y = a - b"}),
        ("swap operator", "y = a * (b)", {"y = a / (b)"}),
        ("swap operator", "a += b", {"a -= b"}),
        ("swap operator", "np.add(a, b)", {"np.subtract(a, b)"}),
        ("drop term", "y = 1.0 - a", {"y = 1.0", "y = a", "y = (-a)"}),
        ("drop term", "np.subtract(a, b)", {"np.subtract(0.0, b)", "np.subtract(a, 0.0)"}),
        ("drop factor", "y = a * b", {"y = a", "y = b"}),
        ("drop factor", "y = a / b", {"y = a"}),
        ("drop factor", "np.multiply(a, b)", {"np.multiply(1.0, b)", "np.multiply(a, 1.0)"}),
        ("transpose", "y = a @ b.T", {"y = a.T @ b.T", "y = a @ b"}),
        ("transpose", "np.dot(a, b)", {"np.dot(a.T, b)", "np.dot(a, b.T)"}),
        ("swap operands", "y = a - b", {"y = (b - a)"}),
        ("swap operands", "np.divide(a, b, out=h)", {"np.divide(b, a, out=h)"}),
        ("constant", "y = 2.0 * a", {"y = 1.0 * a", "y = 3.0 * a"}),
        ("constant", "y = a[0]", {"y = a[1]"}),
        ("constant", "f(a, backward=True)", {"f(a, backward=False)"}),
        ("extreme", "y = max(a, b)", {"y = min(a, b)"}),
        ("extreme", "np.minimum(a, b)", {"np.maximum(a, b)"}),
        ("function", "y = a.sum(axis=0)", {"y = a.mean(axis=0)"}),
        ("condition", "y = a if b < 0 else h", {"y = a if b <= 0 else h", "y = (a)", "y = (h)"}),
        ("condition", "y = not a", {"y = a"}),
        ("condition", "y = a and b", {"y = a or b"}),
        ("shift time", "y = h[t]", {"y = h[t - 1]", "y = h[t + 1]"}),
        ("shift time", "y = h[a]", set()),
        ("shift time", "h[t, :2] = a", {"h[t - 1, :2] = a", "h[t + 1, :2] = a"}),
        ("shift slice", "y = h[:-1]", {"y = h[1:]"}),
        ("shift slice", "y = h[1:]", {"y = h[:-1]"}),
        ("shift slice", "y = h[a:]", {"y = h[a + 1:]", "y = h[a - 1:]", "y = h[:]"}),
        ("drop index", "y = h[:-1]", {"y = h"}),
        ("range", "reversed(range(T))", {"range(T)", "reversed(range(1, T))",
                                         "reversed(range(T - 1))"}),
        ("range", "range(1, b)", {"range(1 + 1, b)", "range(1 - 1, b)", "range(1, b + 1)",
                                  "range(1, b - 1)"}),
        ("range", "y = min(a, b)", {"y = (a)", "y = (b)"}),
        ("assign for add", "a += b", {"a = b"}),
        ("assign for add", "a *= b", {"a = b"}),
        ("delete statement", "a += b", {"pass"}),
        ("delete statement", "f(a)", {"pass"}),
        ("delete statement", "a = b", {"pass"}),
        ("delete statement", "fresh = b", set()),
        ("swap gates", "i, f, g = h", {"f, i, g = h", "g, f, i = h", "i, g, f = h"}),
        ("swap gates", "y = f([a, b])", {"y = f([b, a])"}),
    ],
)  # fmt: skip
def test_operator_makes_exactly_these_edits(operator, statement, expected):
    """Each operator, on a statement that it applies to or must leave alone."""
    assert edited(statement, operator) == expected


def test_names_are_swapped_with_alike_ones_that_have_a_value():
    """A peer takes a name's place if it is bound before, and is a cotangent where that is one."""
    peers = {"a": ("b", "c", "late", "T", "a_bar")}

    texts = edited("y = a; late = 1".partition(";")[0], SWAP_NAME, "c = 1; a_bar = 2", **peers)

    assert texts == {"y = b", "y = c"}
