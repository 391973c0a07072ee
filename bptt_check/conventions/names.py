"""What an array is, apart from what anybody calls it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ..cases.model import LAYOUTS, Sizes, families, parameter_shapes
from ..errors import SpecError, UnknownName

_CONTRACT = re.compile(r"(?P<base>.+)_l(?P<layer>\d+)(?P<suffix>_reverse)?")


@dataclass(frozen=True)
class Name:
    """An array by what it is: base name (`W_xh`, `b_y`, `x`), layer, direction and gate."""

    base: str
    layer: int | None = None
    suffix: str = ""
    gate: str = ""

    @classmethod
    def of(cls, contract: str) -> Name:
        """The name that the contract writes as `W_xh_l0_reverse`."""
        match = _CONTRACT.fullmatch(contract)
        if match is None:
            return cls(contract)
        return cls(match["base"], int(match["layer"]), match["suffix"] or "")

    def __str__(self) -> str:
        """As the contract writes it; with a gate, the gate last."""
        place = "" if self.layer is None else f"_l{self.layer}{self.suffix}"
        return self.base + place + (f"_{self.gate}" if self.gate else "")

    @property
    def recurrent(self) -> bool:
        """Whether it belongs to a cell, and so has rows of gates."""
        return self.layer is not None

    @property
    def is_bias(self) -> bool:
        """Whether it is a bias vector, of a cell or of the head."""
        return self.base.startswith("b_") or self.base == "b"

    @property
    def is_matrix(self) -> bool:
        """Whether it is a weight matrix."""
        return self.base.startswith("W")


def subject_name(name: Name, names: Mapping[str, str], cell: str) -> str:
    """What the subject calls an array: by `cell.base`, else `base`, else as the contract does."""
    template = names.get(f"{cell}.{name.base}", names.get(name.base))
    if template is None:
        return str(name)
    return template.format(k=name.layer, suffix=name.suffix, gate=name.gate)


WHOLE = ("W", "b")
"""What stands for two matrices in one, and for two biases in one."""
DATA = ("x", "h", "targets", "lengths")


def _check_base(text: str) -> None:
    """Raise `UnknownName` for what is the name of no array of any cell."""
    cell, dot, base = text.rpartition(".")
    if dot and cell not in LAYOUTS:
        raise UnknownName("cell in names:", cell, LAYOUTS)
    one = Sizes(1, 1, 1, 1, 1)
    models = families().values()
    arrays = [n for m in models for n in parameter_shapes(m, one)]
    states = {s for m in models for s in m.layout.states}
    known = {Name.of(n).base for n in arrays} | {*WHOLE, *DATA}
    known |= {f"{s}0" for s in states} | {f"cotangent_{s}_n" for s in states}
    if base not in known:
        raise UnknownName("array in names:", base, known)


def check_templates(names: Mapping[str, str]) -> None:
    """Raise `SpecError` for an array that no cell has, and for a template with a field that does
    not exist.
    """
    for base, template in names.items():
        _check_base(base)
        try:
            template.format(k=0, suffix="", gate="")
        except (KeyError, IndexError, ValueError, AttributeError) as error:
            raise SpecError(
                f"names[{base!r}] = {template!r} cannot be read ({error}); "
                "it may hold {k}, {suffix} and {gate}."
            ) from error
