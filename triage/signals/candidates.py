"""Which wordings an entry could match at all: one pass of an automaton over its text finds every literal at once.

However many signals there are, an entry is read once; filters are put only to entries that hold a word of theirs.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import re2

from triage.lql.prefilter import necessary, regex_of
from triage.model.filter import And, Call, Filter, Value

_NEVER = "\x00"
"""What no JSON text holds as it is."""
_MAX_MEMORY = 256 << 20
"""For the automaton; RE2 falls back to slower ways beyond it, never to wrong ones."""


class Candidates:
    """The literals of many filters, ready to be sought in entries' JSON text."""

    def __init__(self, filters: Sequence[Filter], streams: Sequence[Filter]) -> None:
        """`streams` holds for each filter the condition of the streams where it is sought."""
        self.count = len(filters)
        conditions = [
            necessary(found).literals or _log_names(stream) for found, stream in zip(filters, streams, strict=True)
        ]
        self.unsaid = np.array([index for index, literals in enumerate(conditions) if literals is None], dtype=np.int64)
        """Filters of which no literal is known: every entry may match them."""
        owners: dict[str, list[int]] = {}
        for index, literals in enumerate(conditions):
            for literal in literals or ():
                owners.setdefault(literal, []).append(index)
        self._owners = [np.array(found, dtype=np.int64) for found in owners.values()]
        self._owners.append(np.arange(self.count, dtype=np.int64))
        options = re2.Options()
        options.log_errors = False
        options.max_mem = _MAX_MEMORY
        self._set = re2.Set.SearchSet(options)
        for literal in owners:
            self._set.Add(f"(?i){re2.escape(literal)}")
        # Letters that comparisons would fold to ASCII may hide any literal: such entries are candidates for all.
        self._set.Add(regex_of([_NEVER]))
        self._set.Compile()
        self._known: dict[tuple[int, ...], np.ndarray] = {}

    def of(self, text: str) -> np.ndarray:
        """The filters that could match an entry, as sorted indexes; those of `unsaid` are left out."""
        found = self._set.Match(text)
        if not found:
            return _NONE
        key = tuple(sorted(found))
        known = self._known.get(key)
        if known is None:
            known = np.unique(np.concatenate([self._owners[index] for index in key]))
            if len(self._known) < 100_000:
                self._known[key] = known
        return known

    def table(self, texts: Iterable[str]) -> tuple[np.ndarray, np.ndarray]:
        """Pairs of (position of the text, filter) that could match."""
        positions: list[int] = []
        parts: list[np.ndarray] = []
        for position, text in enumerate(texts):
            found = self.of(text)
            if len(found):
                positions.append(position)
                parts.append(found)
        if not parts:
            return _NONE, _NONE
        return np.repeat(np.array(positions), [len(part) for part in parts]), np.concatenate(parts)


def _log_names(stream: Filter) -> frozenset[str] | None:
    """Of a stream that is told by its logs' ids: the end of each id, which stands in its entries however encoded."""
    found: set[str] = set()
    condition = necessary(stream)
    for head in condition.head:
        terms = head.root.terms if isinstance(head.root, And) else (head.root,)
        ids = [str(term.args[0].text) for term in terms if isinstance(term, Call) and isinstance(term.args[0], Value)]
        if not ids:
            return None
        found.add(ids[0].rpartition("/")[2].lower())
    return frozenset(found) if found and condition.literals is None and all(name.isascii() for name in found) else None


_NONE = np.empty(0, dtype=np.int64)
