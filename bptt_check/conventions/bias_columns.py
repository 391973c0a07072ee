"""Biases that are columns of matrices: which may be, and in which matrix each of them is."""

from __future__ import annotations

from collections.abc import Mapping

from ..cases.model import Model
from .options import Options


def _own_biases(options: Options, model: Model) -> tuple[str, ...]:
    """Base names of the biases of a cell, before they lie anywhere else."""
    biases = model.layout.biases
    return ("b_xh", "b_hh") if options.biases == "two" else biases


def bias_columns(options: Options, model: Model) -> list[tuple[str, str, bool]]:
    """The matrices that hold a bias, which one, and whether it is their first column."""
    place = options.bias_column
    held = _holders(options, model)
    chosen = place if isinstance(place, Mapping) else dict.fromkeys(held, place) if place else {}
    if not model.bias:
        return []
    return [(base, held[base], at == "first") for base, at in chosen.items() if base in held]


def _holders(options: Options, model: Model) -> dict[str, str]:
    """The matrices of which a bias may be a column, and that bias."""
    biases, named = _own_biases(options, model), options.bias_column
    if len(biases) == 2:
        cell = {} if options.joined else {"W_xh": biases[0], "W_hh": biases[1]}
    elif len(biases) != 1:
        cell = {}
    elif options.joined:
        cell = {"W": biases[0]}
    else:
        recurrent = isinstance(named, Mapping) and "W_hh" in named
        cell = {"W_hh" if recurrent else "W_xh": biases[0]}
    return cell | {"W_hy": "b_y"}


def why_no_column(options: Options, model: Model) -> str:
    """Why a bias cannot be a column; empty if it can."""
    if not options.bias_column or not model.bias:
        return ""
    held, named = _holders(options, model), options.bias_column
    missing = [base for base in (named if isinstance(named, Mapping) else ()) if base not in held]
    if model.loss == "linear":
        missing = [base for base in missing if base != "W_hy"]
    if missing:
        return f"bias_column names {missing[0]!r}, and a bias may be in {' and '.join(held)}"
    if [*held] == ["W_hy"]:
        biases = " and ".join(_own_biases(options, model))
        return f"bias_column has one bias to a matrix, and this cell has {biases}"
    return ""
