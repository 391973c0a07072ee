"""Edits that put into a formula what it lacks: a factor, a term, a sum, a slope, a transpose."""

from __future__ import annotations

import ast
import functools
import itertools
from collections.abc import Iterator

from ..mutant import Edit
from ..sites import Site
from .shapes import Shape, Surroundings, beside, is_atom, product_shape

TERMS = (ast.Add, ast.Sub)
PRODUCTS = (ast.Mult, ast.Div, ast.MatMult)
NAMES = (ast.Name, ast.Attribute, ast.Subscript)
ENTRYWISE = ("tanh", "sigm", "squash", "activ", "logistic", "relu", "exp")
"""Parts of the names of functions that work entry by entry."""


def slots(site: Site) -> Iterator[tuple[ast.expr, bool]]:
    """The expressions of a node that can get a factor, a term or a sum, each of them once in the
    whole statement; and whether what takes its place needs parentheses.
    """
    node = site.node
    if isinstance(node, ast.Assign | ast.AugAssign | ast.Return | ast.AnnAssign):
        if node.value is not None:
            yield node.value, False
    elif isinstance(node, ast.BinOp) and isinstance(node.op, (*TERMS, ast.MatMult)):
        tight = isinstance(node.op, ast.MatMult)
        yield node.left, tight
        yield node.right, tight
    elif isinstance(node, ast.Call):
        yield from ((a, False) for a in node.args if not isinstance(a, ast.Starred))
        if isinstance(node.func, ast.Attribute):
            yield node.func.value, True
    elif isinstance(node, ast.Attribute) and node.attr == "T":
        yield node.value, True
    elif isinstance(node, ast.Tuple | ast.List) and isinstance(node.ctx, ast.Load):
        yield from ((e, False) for e in node.elts if not isinstance(e, ast.Starred))
    elif isinstance(node, ast.Dict):
        yield from ((value, False) for value in node.values)


def plain_slots(site: Site) -> Iterator[tuple[ast.expr, bool]]:
    """The same without transposed matrices: what is put together before it is transposed is so for
    another reason, and weights get no terms.
    """
    if isinstance(site.node, ast.Attribute):
        return
    yield from (
        one for one in slots(site) if not (isinstance(one[0], ast.Attribute) and one[0].attr == "T")
    )


def may_be_array(site: Site, node: ast.expr, around: Surroundings) -> bool:
    """Whether an expression may be an array, as far as is known; no module and no function is."""
    plain = (
        ast.Tuple, ast.List, ast.Constant, ast.Slice, ast.GeneratorExp, ast.Dict, ast.Lambda,
        ast.ListComp, ast.DictComp, ast.JoinedStr,
    )  # fmt: skip
    shape = around.of(node)
    if isinstance(node, ast.Name) and node.id not in site.bound and shape is None:
        return False
    return not isinstance(node, plain) and not isinstance(shape, str)


def add_factor(site: Site, around: Surroundings) -> Iterator[Edit]:
    """A factor that stands elsewhere in the function: `dh` becomes `dh * (1 - h * h)`."""
    for node, tight in slots(site):
        if not may_be_array(site, node, around):
            continue
        for text in around.fitting(around.of(node)):
            yield _joined(site, node, "*", beside(text), tight)


def add_slope(site: Site, around: Surroundings) -> Iterator[Edit]:
    """The derivative of an activation as a factor, in the activated value; that of a ReLU where
    the text has one.
    """
    relu = any(word in site.text.text for word in ("relu", "maximum", "> 0"))
    for node, tight in plain_slots(site):
        shape = around.of(node)
        if not may_be_array(site, node, around) or shape == ():
            continue
        for text in around.alike(shape):
            if is_atom(text):
                for slope in (f"(1 - {text} ** 2)", f"{text} * (1 - {text})", f"(1 - {text})"):
                    yield _joined(site, node, "*", slope, tight)
                if relu:
                    yield _joined(site, node, "*", f"({text} > 0)", tight)


def add_scale(site: Site, around: Surroundings) -> Iterator[Edit]:
    """A division by a number of things, or a multiplication with it; twice, and half."""
    for node, tight in slots(site):
        if not may_be_array(site, node, around):
            continue
        counts = [t for t in around.integers() if is_atom(t) and t not in (*site.loops, "_")]
        for text in (*counts, "2", *_sizes(around)):
            yield _joined(site, node, "/", beside(text), tight)
            yield _joined(site, node, "*", beside(text), tight)


def add_term(site: Site, around: Surroundings) -> Iterator[Edit]:
    """A summand that stands elsewhere in the function."""
    for node, _ in plain_slots(site):
        shape = around.of(node)
        if not may_be_array(site, node, around) or shape is None:
            continue
        for text in around.fitting(shape):
            for sign in "+-":
                yield site.replace(node, _sum(site, node, sign, text))
    node = site.node
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        for factor in (node.left, node.right):
            for text in around.alike(around.of(factor)):
                for sign in "+-":
                    yield site.replace(factor, _sum(site, factor, sign, text))


def add_product_term(site: Site, around: Surroundings) -> Iterator[Edit]:
    """A summand that is a product of two things of the function, also of two matrices."""
    node = site.node
    if not isinstance(node, ast.Assign | ast.AugAssign | ast.Return) or node.value is None:
        return
    parts = _parts(node.value)
    for value in parts:
        shape = around.of(value)
        if shape is None and len(parts) == 1 and not isinstance(node, ast.Return):
            shape = around.of(node.targets[0] if isinstance(node, ast.Assign) else node.target)
        if isinstance(shape, str) or not shape:
            continue
        for text in products(around, shape):
            yield site.replace(value, f"({site.text_of(value)} + {text})")


def add_two_factors(site: Site, around: Surroundings) -> Iterator[Edit]:
    """A factor that is the sum of two things of the function, a cotangent from above and one from
    the step after; or their product.
    """
    node = site.node
    if not isinstance(node, ast.Assign | ast.AugAssign | ast.Return) or node.value is None:
        return
    for value in _parts(node.value):
        shape = around.of(value)
        if not isinstance(shape, str) and shape:
            atoms = [text for text in around.alike(shape) if is_atom(text)]
            for one, other in itertools.combinations(atoms, 2):
                yield site.replace(value, f"{site.operand(value)} * ({one} + {other})")
                yield site.replace(value, f"{site.operand(value)} * {one} * {other}")


def add_activated_factor(site: Site, around: Surroundings) -> Iterator[Edit]:
    """A factor that is a name under a function which the module calls elsewhere: `o` becomes
    `o * np.tanh(c)`.
    """
    node = site.node
    if not isinstance(node, ast.Assign | ast.AugAssign | ast.Return) or node.value is None:
        return
    for value in _parts(node.value):
        for text in around.alike(around.of(value)):
            if is_atom(text) and may_be_array(site, value, around):
                for function in entrywise_functions(site.text.text):
                    yield _joined(site, value, "*", f"{function}({text})", False)


@functools.lru_cache(maxsize=16)
def entrywise_functions(text: str) -> tuple[str, ...]:
    """The functions of one argument that a module calls, of those that work entry by entry."""
    called = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Call) and len(n.args) == 1]
    names = dict.fromkeys(ast.unparse(n.func) for n in called if not n.keywords)
    return tuple(n for n in names if is_entrywise(n))


def is_entrywise(name: str) -> bool:
    """Whether a function works entry by entry, as far as its name tells."""
    return any(part in name.lower() for part in ENTRYWISE)


def products(around: Surroundings, shape: Shape) -> Iterator[str]:
    """Products of two names that have a shape: entry by entry, and of matrices and vectors."""
    names = [(t, s) for t, s in around.arrays() if is_atom(t) and len(s) > 0]
    same = [t for t, s in names if s == shape]
    yield from (f"{a} * {b}" for a, b in itertools.combinations_with_replacement(same, 2))
    turned = [((t, s), (f"{t}.T", s[::-1])) if len(s) == 2 else ((t, s),) for t, s in names]
    for lefts, rights in itertools.product(turned, repeat=2):
        for (left, one), (right, other) in itertools.product(lefts, rights):
            if product_shape(one, other) == shape:
                yield f"{left} @ {right}"


def add_sum(site: Site, around: Surroundings) -> Iterator[Edit]:
    """A sum over an axis; no operand of a matrix product has one."""
    if isinstance(site.node, ast.BinOp) and isinstance(site.node.op, ast.MatMult):
        return
    for node, _ in plain_slots(site):
        shape = around.of(node)
        if not may_be_array(site, node, around) or shape == () or isinstance(node, ast.Call):
            continue
        for axis in ("axis=0", "axis=0, keepdims=True", "axis=1", "axis=1, keepdims=True", ""):
            yield site.replace(node, f"{site.operand(node)}.sum({axis})")


def add_transpose(site: Site, around: Surroundings) -> Iterator[Edit]:
    """A whole matrix transposed."""
    for node, _ in slots(site):
        shape = around.of(node)
        if may_be_array(site, node, around) and (shape is None or len(shape) == 2):
            yield site.replace(node, f"{site.operand(node)}.T")


def other_slope(site: Site, _: Surroundings) -> Iterator[Edit]:
    """The derivative of tanh for that of the sigmoid, and the other way round; a power more."""
    node = site.node
    if not isinstance(node, ast.BinOp):
        return
    if isinstance(node.op, ast.Sub) and _is_one(node.left):
        base = _root(node.right)
        text = site.operand(base)
        yield site.replace(node, f"{text} * (1 - {text})")
        yield site.replace(node, f"(1 - {text} ** 2)")
        yield site.replace(node, f"(1 - {text})")
        yield site.replace(node, f"({text} > 0)")
    elif isinstance(node.op, ast.Mult) and isinstance(node.right, ast.BinOp):
        inner = node.right
        if isinstance(inner.op, ast.Sub) and ast.dump(inner.right) == ast.dump(node.left):
            text = site.operand(node.left)
            yield site.replace(node, f"(1 - {text} ** 2)")
    elif isinstance(node.op, ast.Pow):
        yield site.replace(node, site.operand(node.left))


def complement(site: Site, _: Surroundings) -> Iterator[Edit]:
    """What is left of one: `z` as a factor becomes `1 - z`, `h ** 2` becomes `1 - h ** 2`."""
    node = site.node
    if not isinstance(node, ast.BinOp):
        return
    if isinstance(node.op, ast.Pow):
        yield site.replace(node, f"(1 - {site.text_of(node)})")
    elif isinstance(node.op, ast.Mult):
        for factor in (node.left, node.right):
            if not isinstance(factor, ast.Constant):
                yield site.replace(factor, f"(1 - {site.operand(factor)})")


def add_power(site: Site, around: Surroundings) -> Iterator[Edit]:
    """A square where the thing itself stands."""
    node = site.node
    if isinstance(node, NAMES) and isinstance(node.ctx, ast.Load):
        shape = around.of(node)
        if shape is not None and not isinstance(shape, str):
            yield site.replace(node, f"{site.operand(node)} ** 2")


def _joined(site: Site, node: ast.expr, sign: str, text: str, tight: bool) -> Edit:
    """A factor behind a node."""
    is_product = isinstance(node, ast.BinOp) and isinstance(node.op, PRODUCTS)
    first = site.text_of(node) if is_product else site.operand(node)
    whole = f"{first} {sign} {text}"
    return site.replace(node, f"({whole})" if tight else whole)


def _sum(site: Site, node: ast.expr, sign: str, text: str) -> str:
    tree = ast.parse(text, mode="eval").body
    loose = isinstance(tree, ast.BinOp) and isinstance(tree.op, TERMS)
    return f"({site.text_of(node)} {sign} {f'({text})' if loose else text})"


def _parts(value: ast.expr) -> list[ast.expr]:
    """A value, or the elements of a tuple of values."""
    return value.elts if isinstance(value, ast.Tuple | ast.List) else [value]


def _sizes(around: Surroundings) -> Iterator[str]:
    """The lengths of the axes of arrays that have a plain name, one text a length."""
    seen: set[int] = set()
    for text, shape in around.arrays():
        for axis, length in enumerate(shape):
            if text.isidentifier() and length not in seen:
                seen.add(length)
                yield f"{text}.shape[{axis}]"


def called(node: ast.Call) -> str:
    """The name of the method, or of the function of a module, that is called."""
    return node.func.attr if isinstance(node.func, ast.Attribute) else ""


def _is_one(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == 1


def _root(node: ast.expr) -> ast.expr:
    """`h` of `h * h` and of `h ** 2`; else the node."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        return node.left
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return node.left if ast.dump(node.left) == ast.dump(node.right) else node
    return node
