"""The names that somebody's own code has for the arrays of a case, in the place of the contract's.

Sentences are written in the contract's names, which are words that nothing else is called. Whoever
declared other names reads those.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class OwnNames:
    """What stands for what: `{"W_hh_l0": "Wh", "W_hh_l0[3, 1]": "Wh[1, 3]"}`.

    An entry has another place where an array has another layout, so an entry that is not among
    these keeps the contract's name, and its place with it.
    """

    words: Mapping[str, str] = field(default_factory=dict[str, str])

    def of(self, name: str) -> str:
        """What an array is called; as in the contract where nothing else was declared."""
        return self.words.get(name, name)

    def told(self, text: str) -> str:
        """A text in these names."""
        if not self.words:
            return text
        longest_first = sorted(self.words, key=len, reverse=True)
        names = "|".join(map(re.escape, longest_first))
        return re.sub(rf"(?<![\w.'])({names})(?![\w\['])", lambda m: self.words[m[1]], text)
