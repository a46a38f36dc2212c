"""Telling entries apart: which stream each belongs to, and which wordings of which signals it matches.

An automaton over the raw text says which wordings an entry could match at all; most of these are decided on the
parsed entry at once. What is left open runs in DuckDB, where only filters that have a chance are compiled. So the cost
hangs on the entries that speak of trouble, not on the number of signals.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from triage.lql.document import parsed
from triage.lql.parse import parse
from triage.model.filter import Filter, Or
from triage.model.signal import Pack, Signal, Stream
from triage.signals.candidates import Candidates
from triage.signals.quick import Judge, quick
from triage.signals.streams import CLEARS, Texts, cleared_in, first_texts, searched, text_paths, widen
from triage.signals.text import valid_json

NO_STREAM = "other"
"""What an entry of no stream is called."""


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
        self._conditions = [parse(stream.where) for stream in pack.streams]
        self._stream_judges = [quick(condition) for condition in self._conditions]
        self._texts = [text_paths(stream) for stream in pack.streams]
        number = {stream.id: index for index, stream in enumerate(pack.streams)}
        self._sought = [frozenset(number[stream.id] for stream in wording.streams) for wording in self.wordings]
        """For each wording the numbers of the streams where it is looked for."""
        joined = {
            sought: _joined([self._conditions[index] for index in sorted(sought)]) for sought in set(self._sought)
        }
        self._candidates = Candidates([w.written for w in self.wordings], [joined[sought] for sought in self._sought])
        self._judges: dict[tuple[int, Texts], Judge] = {}

    def tell(self, entries: Iterable[str]) -> Told:
        """Match every entry (whole LogEntry as JSON text) with every wording, each entry by itself.

        An entry that is no JSON object matches nothing.
        """
        told = _Telling()
        unsaid = self._candidates.unsaid
        count = 0
        for row, text in enumerate(map(valid_json, entries)):
            count += 1
            candidates = self._candidates.of(text)
            if len(unsaid):
                candidates = np.union1d(candidates, unsaid)
            if len(candidates):
                self._tell_one(row, text, candidates.tolist(), told)
        self._ask_engine(told)
        streams = np.full(count, NO_STREAM, dtype=object)
        for row, stream in told.streams.items():
            streams[row] = self.streams[stream].id
        return Told(streams, told.hits(), self.wordings)

    def _tell_one(self, row: int, text: str, candidates: list[int], told: "_Telling") -> None:
        """Decide what can be decided at once; note what the engine is to judge."""
        try:
            entry = parsed(text)
        except (ValueError, RecursionError):
            return
        if not isinstance(entry, dict):
            return
        stream = self._stream_of(entry)
        if stream is None:
            told.unplaced[row] = (text, candidates)
        elif stream < len(self.streams):
            told.streams[row] = stream
            for number in candidates:
                if stream in self._sought[number]:
                    verdict = self._judge(number, self._texts[stream])(entry)
                    if verdict:
                        told.matched.append((row, number))
                    elif verdict is None:
                        told.open[row] = (text, [*told.open.get(row, ("", []))[1], number])

    def _stream_of(self, entry: Mapping[str, Any]) -> int | None:
        """The number of the first stream whose condition holds, one more for none; None where the engine must say."""
        for index, judge in enumerate(self._stream_judges):
            verdict = judge(entry)
            if verdict:
                return index
            if verdict is None:
                return None
        return len(self.streams)

    def _judge(self, number: int, texts: Texts) -> Judge:
        judge = self._judges.get((number, texts))
        if judge is None:
            judge = self._judges[number, texts] = quick(self._widened(number, texts))
        return judge

    def _widened(self, number: int, texts: Texts) -> Filter:
        wording = self.wordings[number]
        root = wording.written.root
        return Filter(None if root is None else widen(root, wording.firsts, texts))

    def _ask_engine(self, told: "_Telling") -> None:
        """Have DuckDB judge what was left open: streams first, then wordings by the way in which streams hold text."""
        if not told.unplaced and not told.open:
            return
        from triage.lql.duckdb import prepare  # noqa: PLC0415 - most runs leave nothing open

        with duckdb.connect(":memory:") as connection:
            prepare(connection)
            if told.unplaced:
                self._place(connection, told)
            ways: dict[Texts, dict[int, list[int]]] = {}
            for row, (_, numbers) in told.open.items():
                ways.setdefault(self._texts[told.streams[row]], {})[row] = numbers
            for texts, rows in ways.items():
                entries = {row: told.open[row][0] for row in rows}
                wanted = sorted({number for numbers in rows.values() for number in numbers})
                filters = {str(number): self._widened(number, texts) for number in wanted}
                for row, verdicts in _judged(connection, entries, filters).items():
                    told.matched += [(row, number) for number in rows[row] if verdicts[str(number)]]

    def _place(self, connection: duckdb.DuckDBPyConnection, told: "_Telling") -> None:
        entries = {row: text for row, (text, _) in told.unplaced.items()}
        filters = {str(index): condition for index, condition in enumerate(self._conditions)}
        for row, verdicts in _judged(connection, entries, filters).items():
            stream = next((index for index in range(len(self.streams)) if verdicts[str(index)]), None)
            if stream is not None:
                text, candidates = told.unplaced[row]
                told.streams[row] = stream
                sought = [number for number in candidates if stream in self._sought[number]]
                if sought:
                    told.open[row] = (text, sought)


@dataclass
class _Telling:
    """What is known so far: by row."""

    streams: dict[int, int] = field(default_factory=dict)
    matched: list[tuple[int, int]] = field(default_factory=list)
    unplaced: dict[int, tuple[str, list[int]]] = field(default_factory=dict)
    """Entries whose stream the engine must say, with their candidates."""
    open: dict[int, tuple[str, list[int]]] = field(default_factory=dict)
    """Entries of known stream, with the wordings that the engine must judge."""

    def hits(self) -> pd.DataFrame:
        found = np.array(sorted(self.matched), dtype=np.int64).reshape(-1, 2)
        return pd.DataFrame({"row": found[:, 0], "wording": found[:, 1]})


def _judged(
    connection: duckdb.DuckDBPyConnection, entries: Mapping[int, str], filters: Mapping[str, Filter]
) -> dict[int, dict[str, bool]]:
    """What the engine says: for each row the verdict of each filter."""
    from triage.lql.duckdb import compile_many  # noqa: PLC0415 - most runs leave nothing open

    given = pd.DataFrame({"row": list(entries), "entry": list(entries.values())})
    connection.register("given", given)
    sql = compile_many(filters, relation="(SELECT row, TRY_CAST(entry AS JSON) AS entry FROM given)")
    shown = ", ".join(f'"{name}"' for name in filters)
    found = connection.execute(f"SELECT row, {shown} FROM ({sql})").fetchall()  # noqa: S608 - names are numbers
    return {row: dict(zip(filters, verdicts, strict=True)) for row, *verdicts in found}


def _joined(conditions: Sequence[Filter]) -> Filter:
    roots = [condition.root for condition in conditions if condition.root is not None]
    return Filter(Or(tuple(roots)) if len(roots) > 1 else roots[0] if roots else None)
