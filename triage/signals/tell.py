"""Telling entries apart: which stream each belongs to, and which wordings of which signals it matches.

The filters run in DuckDB, one query for all streams' conditions and one for each way of holding text, so that each
entry is parsed once however many signals look at it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import pandas as pd

from triage.lql.duckdb import compile_many, prepare
from triage.lql.parse import parse
from triage.lql.tree import Filter
from triage.model.signal import Pack, Signal, Stream
from triage.signals.streams import CLEARS, cleared_in, first_texts, searched, text_paths, widen

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


def tell_apart(entries: pd.Series, pack: Pack, *, clears: bool = True) -> Told:
    """Match every entry (whole LogEntry as JSON text) with every wording of the pack, each entry by itself."""
    wordings = wordings_of(pack, clears=clears)
    with duckdb.connect(":memory:") as connection:
        prepare(connection)
        table = pd.DataFrame({"row": np.arange(len(entries)), "entry": entries.astype("str").to_numpy()})
        connection.register("given", table)
        connection.execute("CREATE TABLE kept AS SELECT row, entry::JSON AS entry FROM given")
        streams = _streams(connection, pack, len(entries))
        hits = [_search(connection, texts, wordings, streams) for texts in _ways(pack.streams)]
    found = pd.concat([hit for hit in hits if len(hit)], ignore_index=True) if any(len(hit) for hit in hits) else hits[0]
    return Told(streams, found.sort_values(["row", "wording"], ignore_index=True), wordings)


def _ways(streams: Sequence[Stream]) -> list[Texts]:
    """The different ways of holding text, in order."""
    return list(dict.fromkeys(text_paths(stream) for stream in streams))


def _streams(connection: duckdb.DuckDBPyConnection, pack: Pack, count: int) -> np.ndarray:
    """Each entry's stream: the first whose condition holds."""
    conditions = {str(index): parse(stream.where) for index, stream in enumerate(pack.streams)}
    sql = compile_many(conditions, relation="kept")
    first = " ".join(f'WHEN "{index}" THEN {index}' for index in range(len(pack.streams)))
    connection.execute(f"CREATE TABLE told AS SELECT row, entry, CASE {first} ELSE -1 END AS stream FROM ({sql})")  # noqa: S608
    rows = connection.execute("SELECT row, stream FROM told").fetchnumpy()
    found = np.full(count, NO_STREAM, dtype=object)
    known = rows["stream"] >= 0
    names = np.array([stream.id for stream in pack.streams], dtype=object)
    found[rows["row"][known]] = names[rows["stream"][known]]
    return found


def _search(
    connection: duckdb.DuckDBPyConnection,
    texts: Texts,
    wordings: Sequence[Wording],
    streams: np.ndarray,
) -> pd.DataFrame:
    """The matches among entries of the streams that hold their text in these fields."""
    filters: dict[str, Filter] = {}
    allowed: dict[str, frozenset[str]] = {}
    for index, wording in enumerate(wordings):
        here = frozenset(stream.id for stream in wording.streams if text_paths(stream) == texts)
        if here.intersection(streams):
            root = wording.written.root
            filters[str(index)] = Filter(None if root is None else widen(root, wording.firsts, texts))
            allowed[str(index)] = here
    here = frozenset().union(*allowed.values()) if allowed else frozenset()
    chosen = np.flatnonzero(np.isin(streams.astype(str), list(here))) if here else np.empty(0, dtype=np.int64)
    if not len(chosen):
        return pd.DataFrame({"row": np.empty(0, dtype=np.int64), "wording": np.empty(0, dtype=np.int64)})
    connection.register("chosen", pd.DataFrame({"row": chosen}))
    sql = compile_many(filters, relation="(SELECT row, entry FROM told SEMI JOIN chosen USING (row))")
    shown = ", ".join(f'"{name}"' for name in filters)
    result = connection.execute(f"SELECT row, {shown} FROM ({sql})").fetchnumpy()  # noqa: S608 - names are numbers
    return _hits(result, allowed, streams)


def _hits(result: Mapping[str, np.ndarray], allowed: Mapping[str, frozenset[str]], streams: np.ndarray) -> pd.DataFrame:
    rows, numbers = [], []
    for name, here in allowed.items():
        found = result["row"][np.asarray(result[name], dtype=bool)]
        found = found[[streams[row] in here for row in found]] if len(found) else found
        rows.append(found)
        numbers.append(np.full(len(found), int(name), dtype=np.int64))
    return pd.DataFrame({"row": np.concatenate(rows).astype(np.int64), "wording": np.concatenate(numbers)})
