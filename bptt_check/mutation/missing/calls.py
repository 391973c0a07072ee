"""Edits of calls: left out, put around something, given a keyword."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..arithmetic import FUNCTIONS, name_of_call
from ..mutant import Edit
from ..sites import Site
from .formulas import NAMES, called, entrywise_functions, is_entrywise, may_be_array, slots
from .shapes import Surroundings


def without_call(site: Site, _: Surroundings) -> Iterator[Edit]:
    """The argument of a call, or the object of a method, in its place; a keyword left out."""
    node = site.node
    if not isinstance(node, ast.Call):
        return
    if len(node.args) == 1:
        yield site.replace(node, site.operand(node.args[0]))
    if isinstance(node.func, ast.Attribute):
        yield site.replace(node, site.operand(node.func.value))
    for n, keyword in enumerate(node.keywords):
        before = [*node.args, *(k.value for k in node.keywords[:n])]
        if before:
            start, end = site.text.span(before[-1])[1], site.text.span(keyword.value)[1]
            yield Edit(start, end, "")


def other_function(site: Site, _: Surroundings) -> Iterator[Edit]:
    """Another function in the place of one: of the operators of `mutation` what they start from,
    and of those that work entry by entry the others that the module calls.
    """
    node = site.node
    if not isinstance(node, ast.Call):
        return
    name = name_of_call(node)
    if isinstance(node.func, ast.Attribute):
        end = site.text.span(node.func)[1]
        for other in (a for a, b in FUNCTIONS.items() if b == name):
            yield Edit(end - len(name), end, other)
    if len(node.args) == 1 and is_entrywise(name):
        own = site.text_of(node.func)
        others = (f for f in entrywise_functions(site.text.text) if f != own)
        yield from (site.replace(node.func, other) for other in others)


def add_call(site: Site, around: Surroundings) -> Iterator[Edit]:
    """A function of one argument that is called elsewhere in the function."""
    called: dict[str, None] = {}
    for text in around.shapes:
        tree = ast.parse(text, mode="eval").body
        if isinstance(tree, ast.Call) and len(tree.args) == 1 and not tree.keywords:
            called.setdefault(ast.unparse(tree.func))
    if not called:
        return
    node = site.node
    if isinstance(node, NAMES) and isinstance(node.ctx, ast.Load):
        targets = [node] if may_be_array(site, node, around) and around.of(node) is not None else []
    else:
        targets = [
            n for n, _ in slots(site) if not isinstance(n, NAMES) and may_be_array(site, n, around)
        ]
    for target in targets:
        yield from (site.replace(target, f"{f}({site.text_of(target)})") for f in called)


def keep_axes(site: Site, _: Surroundings) -> Iterator[Edit]:
    """A sum that keeps its axes."""
    node = site.node
    if not isinstance(node, ast.Call) or called(node) not in ("sum", "mean", "max", "min"):
        return
    torch = "torch" in site.text.text
    last = [*node.args, *(k.value for k in node.keywords)]
    if last and not any(k.arg in ("keepdims", "keepdim") for k in node.keywords):
        end = site.text.span(last[-1])[1]
        yield Edit(end, end, f", {'keepdim' if torch else 'keepdims'}=True")


def add_copy(site: Site, around: Surroundings) -> Iterator[Edit]:
    """A copy in place of the thing itself; tensors call it a clone."""
    method = "clone" if "torch" in site.text.text else "copy"
    for node, _ in slots(site):
        if isinstance(node, NAMES) and may_be_array(site, node, around):
            yield site.replace(node, f"{site.text_of(node)}.{method}()")
