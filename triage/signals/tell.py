"""Telling entries apart: which stream each belongs to, and which wordings of which signals it matches.

An automaton over the raw text says which wordings an entry could match at all. What is left runs in DuckDB: one query
for the streams' conditions, one for each way of holding text, so that each entry is parsed once however many signals
look at it, and only filters that have a chance are compiled.
"""

from dataclasses import dataclass
from functools import cached_property

import duckdb
import numpy as np
import pandas as pd

from triage.lql.duckdb import compile_many, prepare
from triage.lql.parse import parse
from triage.lql.tree import Filter
from triage.model.signal import Pack, Signal, Stream
from triage.signals.candidates import Candidates
from triage.signals.streams import CLEARS, cleared_in, first_texts, searched, text_paths, widen
from triage.signals.text import valid_json

NO_STREAM = "other"
"""What an entry of no stream is called."""
Texts = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Wording:
    """One alternative (or a signal's `clears`) as it is looked for; `rank` is its place in the signal's file."""

    signal: Signal
    name: str
    rank: int
    written: Filter
    firsts: frozenset[tuple[str, ...]]
    streams: tuple[Stream, ...]


@dataclass(frozen=True)
class Told:
    """What became of the entries."""

    streams: np.ndarray
    """The stream's id of each entry (object array)."""
    hits: pd.DataFrame
    """`row` (position of the entry), `wording` (position in `wordings`): every match, sorted by both."""
    wordings: tuple[Wording, ...]


def wordings_of(pack: Pack, *, clears: bool = True) -> tuple[Wording, ...]:
    """Everything that the pack looks for, in order; ways back to healthy last in each signal."""
    found: list[Wording] = []
    for signal in pack.signals:
        for rank, alternative in enumerate(signal.detect):
            firsts = first_texts(alternative.stream, pack.streams)
            streams = searched(alternative, pack.streams)
            found.append(Wording(signal, alternative.name, rank, parse(alternative.filter), firsts, streams))
        if clears and signal.clears is not None:
            streams = cleared_in(signal, pack.streams)
            firsts = first_texts((stream.id for stream in streams), pack.streams)
            found.append(Wording(signal, CLEARS, len(signal.detect), parse(signal.clears), firsts, streams))
    return tuple(found)


class Teller:
    """The pack's wordings, ready to be put to entries."""

    def __init__(self, pack: Pack, *, clears: bool = True) -> None:
        self.streams = pack.streams
        self.wordings = wordings_of(pack, clears=clears)
        self._conditions = {str(index): parse(stream.where) for index, stream in enumerate(pack.streams)}
        self._candidates = Candidates([wording.written for wording in self.wordings])
        ways = [text_paths(stream) for stream in pack.streams]
        self._ways = list(dict.fromkeys(ways))
        self._way_of = np.array([*(self._ways.index(way) for way in ways), -1])
        """For each stream, and for none, how it holds its text."""
        self._sought = np.array(
            [[*(stream in wording.streams for stream in pack.streams), False] for wording in self.wordings], dtype=bool
        ).reshape(len(self.wordings), len(pack.streams) + 1)
        """Whether a wording (row) is looked for in a stream (column)."""

    def tell(self, entries: pd.Series) -> Told:
        """Match every entry (whole LogEntry as JSON text) with every wording, each entry by itself."""
        texts = [valid_json(text) for text in entries]
        rows, wordings = self._candidates.table(texts)
        unsaid = self._candidates.unsaid
        chosen = np.arange(len(texts)) if len(unsaid) else np.unique(rows)
        streams = np.full(len(texts), len(self.streams), dtype=np.int64)
        hits: list[tuple[np.ndarray, np.ndarray]] = []
        if len(chosen):
            with duckdb.connect(":memory:") as connection:
                prepare(connection)
                connection.register("given", pd.DataFrame({"row": chosen, "entry": [texts[row] for row in chosen]}))
                streams[chosen] = self._told_streams(connection)
                rows, wordings = self._possible(rows, wordings, streams, chosen)
                way = self._way_of[streams[rows]]
                for index, fields in enumerate(self._ways):
                    here = way == index
                    hits.append(self._judge(connection, fields, rows[here], wordings[here]))
        return Told(self._names[streams], _sorted(hits), self.wordings)

    @cached_property
    def _names(self) -> np.ndarray:
        return np.array([*(stream.id for stream in self.streams), NO_STREAM], dtype=object)

    def _told_streams(self, connection: duckdb.DuckDBPyConnection) -> np.ndarray:
        """The number of each given entry's stream, the first whose condition holds; fills the table `told`."""
        sql = compile_many(self._conditions, relation="(SELECT row, TRY_CAST(entry AS JSON) AS entry FROM given)")
        first = " ".join(f'WHEN "{index}" THEN {index}' for index in range(len(self.streams)))
        number = f"CASE {first} ELSE {len(self.streams)} END"
        connection.execute(f"CREATE TABLE told AS SELECT row, entry, {number} AS stream FROM ({sql})")  # noqa: S608
        found = connection.execute("SELECT stream FROM told ORDER BY row").fetchnumpy()
        return np.asarray(found["stream"], dtype=np.int64)

    def _possible(
        self, rows: np.ndarray, wordings: np.ndarray, streams: np.ndarray, chosen: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The candidates in streams where their wording is looked for, with those that no literal rules out."""
        fits = self._sought[wordings, streams[rows]]
        more_rows, more_wordings = [rows[fits]], [wordings[fits]]
        for wording in self._candidates.unsaid:
            also = chosen[self._sought[wording, streams[chosen]]]
            more_rows.append(also)
            more_wordings.append(np.full(len(also), wording, dtype=np.int64))
        # An entry with letters that fold to ASCII is a candidate for everything already.
        pairs = np.unique(np.stack([np.concatenate(more_rows), np.concatenate(more_wordings)]), axis=1)
        return pairs[0], pairs[1]

    def _judge(
        self, connection: duckdb.DuckDBPyConnection, fields: Texts, rows: np.ndarray, wordings: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Those of the pairs that match: the filters run over all their rows, the text sought in `fields`."""
        if not len(rows):
            return rows, wordings
        filters: dict[str, Filter] = {}
        for number in np.unique(wordings):
            wording = self.wordings[number]
            root = wording.written.root
            filters[str(number)] = Filter(None if root is None else widen(root, wording.firsts, fields))
        chosen = np.unique(rows)
        connection.register("chosen", pd.DataFrame({"row": chosen}))
        sql = compile_many(filters, relation="(SELECT row, entry FROM told SEMI JOIN chosen USING (row))")
        shown = ", ".join(f'"{name}"' for name in filters)
        found = connection.execute(f"SELECT {shown} FROM ({sql}) ORDER BY row").fetchnumpy()  # noqa: S608 - numbers
        matched = np.zeros(len(rows), dtype=bool)
        position = np.searchsorted(chosen, rows)
        for name in filters:
            of_wording = wordings == int(name)
            matched[of_wording] = np.asarray(found[name], dtype=bool)[position[of_wording]]
        return rows[matched], wordings[matched]


def _sorted(hits: list[tuple[np.ndarray, np.ndarray]]) -> pd.DataFrame:
    none = np.empty(0, dtype=np.int64)
    rows = np.concatenate([none, *(found for found, _ in hits)])
    wordings = np.concatenate([none, *(found for _, found in hits)])
    order = np.lexsort((wordings, rows))
    return pd.DataFrame({"row": rows[order], "wording": wordings[order]})
