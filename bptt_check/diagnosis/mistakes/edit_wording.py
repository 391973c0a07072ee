"""The words of a single edit: what was done to which quantity."""

from __future__ import annotations

import ast
import re

from ...errors import one_line
from ...mutation.mutant import Edit
from ...mutation.sites import Site

SYMBOLS = {
    "h_prev": "h_{t-1}", "c_prev": "c_{t-1}", "a_hn": "the recurrent product a_hn",
    "tanh_c": "tanh(c_t)", "later": "what h_t gets from step t+1",
    "later_c": "what c_t gets from step t+1", "above": "the error from above",
    "i": "the input gate i", "f": "the forget gate f", "g": "the candidate g",
    "o": "the output gate o", "r": "the reset gate r", "z": "the update gate z",
    "n": "the candidate n", "s": "r * h_{t-1}", "y": "the logits",
    "final": "what the last states receive", "later, later_c": "what the last states receive",
}  # fmt: skip
"""Names of the textbook to what they stand for."""

FORMS: dict[str, str] = {
    "flip sign": "the sign of `{old}` is wrong in {target}",
    "drop term": "the term `{old}` is missing in {target}",
    "drop factor": "the factor `{old}` is missing in {target}",
    "transpose": "`{new}` is used in place of `{old}` in {target}",
    "swap operands": "the operands of `{old}` are exchanged in {target}",
    "swap name": "{new} is used in place of {old} in {target}",
    "swap gates": "{old} and {new} are exchanged in {target}",
    "assign for add": "{target} is assigned where it should be added",
    "delete statement": "{target} is never computed",
}
"""Operator to phrase; any other is `{new}` in place of `{old}`."""
ANY = "`{new}` stands for `{old}` in {target}"


def phrase_of(operator: str, site: Site, edit: Edit) -> str:
    """What an edit does, as the end of "exactly what you get when ..."."""
    old, new = _changed(operator, site, edit)
    return FORMS.get(operator, ANY).format(old=old, new=new, target=quantity_of(site))


def _changed(operator: str, site: Site, edit: Edit) -> tuple[str, str]:
    """What the words of an operator are about: what was there, what is there now."""
    old, new = one_line(site.text.text[edit.start : edit.end]), one_line(edit.text)
    if operator == "swap name":
        return symbol_of(old), symbol_of(new)
    if operator == "swap gates":
        return symbol_of(old.split(", ")[0]), symbol_of(new.split(", ")[0])
    if operator in ("drop term", "drop factor") and isinstance(site.node, ast.BinOp):
        left, right = site.node.left, site.node.right
        return one_line(site.text_of(right if new == site.operand(left) else left)), new
    return old, new


def quantity_of(site: Site) -> str:
    """What the statement computes: `the gradient of W_hh`, `the gradient of the forget gate f`."""
    text = site.text_of(site.statement)
    if text.startswith("return"):
        return "what is handed on"
    if text.startswith("for "):
        return "the loop over time"
    return variable_in_words(text.partition("=")[0].rstrip(" +-*/").strip())


def variable_in_words(name: str) -> str:
    """A variable of the textbook, or what stands left of an assignment, in words."""
    of_bars = re.fullmatch(r'bars\["(\w+)"\](\[t\])?', name)
    plain = of_bars.group(1) if of_bars else re.sub(r"\[[\w.]+\]$", "", name)
    if of_bars is None and not plain.endswith("_bar"):
        return (
            symbol_of(plain) if ", " not in plain or plain in SYMBOLS else "what step t remembers"
        )
    return f"the gradient of {symbol_of(plain.removesuffix('_bar'))}"


def symbol_of(name: str) -> str:
    """A name of the textbook as it is read."""
    return variable_in_words(name) if name.endswith("_bar") else SYMBOLS.get(name, name)
