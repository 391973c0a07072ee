"""The array that a user's NumPy code gets in place of NumPy's, and which records what it does.

It looks like an array of float64: the samples are hidden. It aliases like one, too: a slice is a
view, into which one can write, and which sees what is written into the whole.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from ...cases.types import Array
from ...errors import SpecError, why
from .entry_index import EntryIndex
from .operands import INTO_PLAIN, constant_of, not_known, parsed_index, refuse_repeats, spelled
from .operators import Operators
from .trace import Pull, Recorded, Trace

_WHOLE = EntryIndex((), basic=True)


class _Storage:
    """What an array shares with its views: how often it was written into."""

    __slots__ = ("spoiled", "writes")

    def __init__(self) -> None:
        self.writes = 0
        self.spoiled = False
        """Whether it was written into through another shape of it, which is not followed."""


class TracedArray(Operators):
    """An array [...] whose value lies in a trace as [samples, ...].

    Comparisons and `bool` go by the first sample: code takes the same branch in all of them, as
    which side of a threshold rounding takes is no scatter.
    """

    __slots__ = (
        *("_base", "_entries", "_key", "_node", "_owned", "_place", "_seen", "_storage"),
        "trace",
    )
    __hash__ = None  # type: ignore[assignment]
    _key: Any  # of a view, as is `_place`
    _place: EntryIndex | None

    def __init__(
        self,
        trace: Trace,
        entries: Array,
        node: Recorded,
        owned: bool = False,
    ) -> None:
        self.trace, self._entries, self._node, self._owned = trace, entries, node, owned
        self._base: TracedArray | None = None
        self._storage: _Storage | None = None

    # what it is

    @property
    def entries(self) -> Array:
        """Its values now, [samples, ...]; from here on nobody may write into that array."""
        if self._storage is not None:
            self._refresh()
        self._owned = False
        return self._entries

    @property
    def node(self) -> Recorded:
        """What its values now came from."""
        if self._storage is not None:
            self._refresh()
        return self._node

    def read(self) -> tuple[Array, Recorded]:
        """Its entries and where they came from."""
        if self._storage is not None and self._storage.writes != self._seen:
            self._refresh()
        self._owned = False
        return self._entries, self._node

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape that the user sees."""
        return self._entries.shape[1:]

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self._entries.ndim - 1

    @property
    def size(self) -> int:
        """The number of entries."""
        return math.prod(self.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """float64, and complex128 for complex step."""
        return self.trace.dtype

    @property
    def first(self) -> Array:
        """The values of the first sample, their real parts."""
        if self._storage is not None:
            self._refresh()
        return self.trace.numbers.plain(self._entries[0])

    def _view(
        self, entries: Array, node: Recorded, key: Any, place: EntryIndex | None
    ) -> TracedArray:
        """An array that shares its memory; `place` is None if it has another shape."""
        if self._storage is None:
            self._storage = _Storage()
            self._seen = 0
        view = TracedArray(self.trace, entries, node)
        view._base, view._key, view._place = self, key, place
        view._storage, view._seen = self._storage, self._seen
        return view

    def _refresh(self) -> None:
        """See what was written into an array of which this is a view."""
        storage = self._storage
        if storage is None or storage.writes == self._seen:
            return
        if storage.spoiled or self._base is None or self._place is None:
            raise SpecError(
                "the reference reads an array that was written into after a view of it of another"
                " shape was taken (reshape, transpose). Copy the view, or take it anew."
            )
        self._entries, self._node = self._base.part(self._place)
        self._seen = storage.writes

    # parts, and writing into them

    def part(self, place: EntryIndex) -> tuple[Array, Recorded]:
        """The entries at a place, which later writes do not change."""
        if self._storage is not None and self._storage.writes != self._seen:
            self._refresh()
        entries = self._entries[place.key] if place.basic else place.of(self._entries)
        if self._owned and place.basic:
            entries = entries.copy()
        return entries, self.trace.part(self._node, entries.shape[1:], place)

    def __getitem__(self, key: Any) -> TracedArray:
        place = parsed_index(key)
        entries, node = self.part(place)
        if place.basic:
            return self._view(entries, node, key, place)
        return TracedArray(self.trace, entries, node)

    def __setitem__(self, key: Any, new: Any) -> None:
        traced = isinstance(new, TracedArray)
        if traced and new._base is self and new._key is key:
            new._refresh()  # `h[t] += x` has written already when it assigns
            return
        place = parsed_index(key)
        if place.repeats:
            refuse_repeats(place, self.shape)
        if traced:
            self._write(place, new.entries, new.node)
        else:
            self._write(place, constant_of(self.trace, new), None)

    def _write(self, place: EntryIndex, entries: Array | float, node: Recorded | None) -> None:
        base = self._base
        if base is None:
            self._write_own(place, entries, node)
        elif self._place is None:  # it has the memory of another shape, which is not followed
            self._refresh()
            assert self._storage is not None
            self._storage.spoiled = True
            self._storage.writes += 1
            self._base = self._storage = None
            self._write_own(place, entries, node)
        else:
            self._refresh()
            if place is not _WHOLE:
                self._write_own(place, entries, node)
                self._owned = False
                entries, node = self._entries, self._node
            base._write(self._place, entries, node)
            self._refresh()

    def _write_own(self, place: EntryIndex, new: Any, node: Recorded | None) -> None:
        """Write, in place if nobody else has the array of the entries."""
        is_root = self._storage is not None and self._base is None
        if is_root:
            self._refresh()
        own = self._entries
        samples = 1 if isinstance(new, float) else len(new)
        if not self._owned or len(own) < samples:
            own = np.empty((max(len(own), samples), *own.shape[1:]), own.dtype)
            own[...] = self._entries
        place.put(own, new)
        self._node = self.trace.written(self._node, place, node)
        self._entries, self._owned = own, True
        if is_root and self._storage is not None:
            self._storage.writes += 1
            self._seen = self._storage.writes

    def assign(self, result: TracedArray) -> TracedArray:
        """This array, after all of it was replaced in place (`h += x`)."""
        if result.shape != self.shape:
            raise SpecError(
                f"a result of shape {result.shape} does not fit into an array of shape"
                f" {self.shape}, in place."
            )
        if self._base is not None:
            self._write(_WHOLE, result.entries, result.node)
            return self
        if self._storage is not None:
            self._refresh()
            self._storage.writes += 1
            self._seen = self._storage.writes
        self._entries, self._node, self._owned = result.entries, result.node, False
        return self

    def derived(self, value: Array, pull: Pull, view: bool = False) -> TracedArray:
        """An array computed from this one alone; `view`: NumPy would share the memory."""
        own = self.node
        node = self.trace.derived(value.shape[1:], ((own, pull),) if own.active else ())
        if view:
            return self._view(value, node, None, None)
        return TracedArray(self.trace, value, node)

    # protocols

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        out = options.pop("out", None)
        name = ufunc if method == "__call__" else (ufunc, method)
        result = self._called(name, inputs, options)
        if out is None:
            return result
        if not isinstance(out[0], TracedArray):
            raise SpecError(INTO_PLAIN)
        return out[0].assign(result)

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        return self._called(function, args, options)

    def _called(self, name: Any, args: Any, options: Any) -> Any:
        ours = self.trace.functions.get(name)
        if ours is None:
            raise SpecError(not_known(name))
        try:
            return ours(*args, **options)
        except TypeError as error:
            try:
                inspect.signature(ours).bind(*args, **options)
            except TypeError as mismatch:
                raise SpecError(
                    f"{spelled(name)}: {why(mismatch)}. It is not differentiated here in this form."
                ) from error
            raise

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of unsized object")
        return self.shape[0]

    def __iter__(self) -> Iterator[TracedArray]:
        return (self[i] for i in range(len(self)))

    def __bool__(self) -> bool:
        return bool(self.first)

    def __array__(self, *_: Any, **__: Any) -> Array:
        if self._node.active or len(self._entries) > 1:
            raise TypeError(INTO_PLAIN)
        return self.first.copy()

    def __float__(self) -> float:
        if self._node.active or len(self._entries) > 1:
            raise TypeError(
                "float() of a value that depends on an input loses its gradient. Leave it an array."
            )
        return float(self.first)

    def __int__(self) -> int:
        return int(self.__float__())

    def __repr__(self) -> str:
        return f"TracedArray(shape={self.shape})"
