"""Cells of your own: register one, and every oracle has its gradient. See docs/own-cells.md."""

from __future__ import annotations

from .equations.cells import CELLS, affine, gates, register

__all__ = ["CELLS", "affine", "gates", "register"]
