"""Products, lists and their ends the other way round."""

from __future__ import annotations

from support.repairs import edited

from bptt_check.mutation.missing import orders


def test_a_matrix_product_is_turned_around() -> None:
    """In both orders, with all transposes; as a call too."""
    assert "d = h.T @ a" in edited("def f():\n    d = a.T @ h\n", orders.other_product)
    assert "d = np.dot(h.T, a)" in edited("def f():\n    d = np.dot(a, h)\n", orders.other_product)
    assert edited("def f():\n    d = a * h\n", orders.other_product) == set()


def test_a_factor_moves_into_a_matrix_product_and_out_of_it() -> None:
    """A reset before the product for one after it."""
    assert "d = ((r * h) @ W)" in edited("def f():\n    d = r * (h @ W)\n", orders.regroup)
    assert "d = (r * (h @ W))" in edited("def f():\n    d = (r * h) @ W\n", orders.regroup)
    assert "d = (r * (W @ h))" in edited("def f():\n    d = W @ (r * h)\n", orders.regroup)
    assert edited("def f():\n    d = r * (h + W)\n", orders.regroup) == set()
    assert edited("def f():\n    d = (r + h) @ W\n", orders.regroup) == set()


def test_a_list_grows_at_its_other_end() -> None:
    """Or is read from there; an array is not."""
    shapes = {"xs": "list", "a": (2, 3)}

    assert edited("def f():\n    xs.append(a)\n", orders.other_end) == {"xs.insert(0, a)"}
    assert edited("def f():\n    xs.insert(0, a)\n", orders.other_end) == {"xs.append(a)"}
    assert edited("def f():\n    d = np.stack(xs)\n", orders.other_end, shapes) == {
        "d = np.stack(xs[::-1])"
    }
    assert edited("def f():\n    d = np.stack(a)\n", orders.other_end, shapes) == set()


def test_an_index_counts_from_the_other_end() -> None:
    """`[1]` for the last but one; what counts from there does already."""
    assert edited("def f():\n    d = xs[1][0]\n", orders.other_end) == {"d = xs[-1][0]"}
    assert edited("def f():\n    d = xs[-1][n]\n", orders.other_end) == set()
