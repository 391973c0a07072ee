"""What an array is, apart from what anybody calls it."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ..cases.model import HEAD, LAYOUTS, Sizes, families, parameter_shapes
from ..errors import SpecError, UnknownName
from .gates import is_gate, same_gate

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
        """Whether it belongs to a cell: it has rows of gates, or is a further array of it."""
        return self.layer is not None

    @property
    def is_head(self) -> bool:
        """Whether it belongs to the readout."""
        return self.base in HEAD

    @property
    def is_bias(self) -> bool:
        """Whether it is a bias vector, of a cell or of the head."""
        return self.base.startswith("b_") or self.base == "b"

    @property
    def is_matrix(self) -> bool:
        """Whether it is a weight matrix."""
        return self.base.startswith("W")


@functools.lru_cache(maxsize=1024)
def with_gate(name: Name, gate: str) -> Name:
    """The array of one gate; of all gates together for ""."""
    return replace(name, gate=gate)


@functools.lru_cache(maxsize=1024)
def with_base(name: Name, base: str) -> Name:
    """The array of another base name in the same place."""
    return replace(name, base=base)


def subject_name(name: Name, names: Mapping[str, str], cell: str) -> str:
    """What the subject calls an array: by `cell.base_gate`, `base_gate`, `cell.base`, else `base`,
    else as the contract does.
    """
    template = _of_gate(name, names, cell) if name.gate else None
    if template is None:
        template = names.get(f"{cell}.{name.base}", names.get(name.base))
    if template is None:
        return str(name)
    return template.format(k=name.layer, suffix=name.suffix, gate=name.gate)


def _of_gate(name: Name, names: Mapping[str, str], cell: str) -> str | None:
    """What the array of one gate is called, by a name given for that gate alone."""
    for start in (f"{cell}.{name.base}_", f"{name.base}_"):
        for key, template in names.items():
            gate = key.removeprefix(start)
            if gate != key and same_gate(gate, name.gate):
                return template
    return None


WHOLE = ("W", "b")
"""What stands for two matrices in one, and for two biases in one."""
DATA = ("x", "h", "targets", "lengths")


def known_bases() -> set[str]:
    """Base names of the arrays of every cell, of the head, the data, and of two arrays in one."""
    one = Sizes(1, 1, 1, 1, 1)
    models = families().values()
    arrays = [n for m in models for n in parameter_shapes(m, one)]
    states = {s for m in models for s in m.layout.states}
    known = {Name.of(n).base for n in arrays} | {*WHOLE, *DATA}
    return known | {f"{s}0" for s in states} | {f"cotangent_{s}_n" for s in states}


def check_parameters(option: str, given: Iterable[str], kinds: str = "Wb") -> None:
    """Raise `UnknownName` for what is the base name of no matrix (`"W"` in `kinds`) and of no bias
    (`"b"`).
    """
    known = {base for base in known_bases() if base[0] in kinds}
    for base in given:
        if base not in known:
            raise UnknownName(f"array in {option}:", base, known)


def _check_base(text: str, per_gate: bool) -> None:
    """Raise `SpecError` for what is the name of no array of any cell."""
    cell, dot, base = text.rpartition(".")
    if dot and cell not in LAYOUTS:
        raise UnknownName("cell in names:", cell, LAYOUTS)
    known = known_bases()
    if base in known:
        return
    whole, _, gate = base.rpartition("_")
    if whole not in known or not is_gate(gate) or (whole in WHOLE and not per_gate):
        raise UnknownName("array in names:", base, known)
    if not per_gate:
        raise SpecError(
            f"names[{text!r}] is the array of one gate: say per_gate=True, or name {whole!r}."
        )


def check_templates(names: Mapping[str, str], per_gate: bool = False) -> None:
    """Raise `SpecError` for an array that no cell has, and for a template with a field that does
    not exist.
    """
    for base, template in names.items():
        _check_base(base, per_gate)
        try:
            template.format(k=0, suffix="", gate="")
        except (KeyError, IndexError, ValueError, AttributeError) as error:
            raise SpecError(
                f"names[{base!r}] = {template!r} cannot be read ({error}); "
                "it may hold {k}, {suffix} and {gate}."
            ) from error
