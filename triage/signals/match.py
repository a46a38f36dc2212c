"""Which entries match which signals, each entry judged by itself: a grep for failures."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from triage.model.filter import Filter
from triage.model.signal import Pack, Role
from triage.signals.streams import CLEARS
from triage.signals.tell import Teller
from triage.signals.text import excerpt, mark, telling, valid


class Matched(NamedTuple):
    """One entry and all signals that it matches."""

    insert_id: str | None
    timestamp: str
    """RFC 3339 in UTC, to the nanosecond."""
    node: str | None
    stream: str
    signals: tuple[str, ...]
    message: str
    """At most 2,000 characters, control characters escaped."""
    mark: tuple[int, int]
    """The telling part of the message."""

    def record(self) -> Mapping[str, Any]:
        """The line of `triage signals match --format json`."""
        return {name: value for name, value in self._asdict().items() if name != "mark"}


def wanted_filters(pack: Pack) -> list[Filter]:
    """The filters that together find every entry that a signal may match (without what is kept for other reasons)."""
    no_failures = {f"{signal.id}/" for signal in pack.signals if signal.id in _moments(pack)}
    return [
        found
        for key, found in pack.wanted.items()
        if not key.startswith("keep/")
        and not key.endswith(f"/{CLEARS}")
        and not any(key.startswith(prefix) for prefix in no_failures)
    ]


def match(entries: pd.DataFrame, pack: Pack) -> Iterator[Matched]:
    """The matching entries in their order, without `unless` and without ways back to healthy.

    What only tells a harmless moment (a node's birth) is no failure and left out. `entries` has the columns ENTRIES of
    `triage.evidence.tables`; signals stand in the pack's order.
    """
    told = Teller(pack, clears=False).tell(entries["entry"])
    moments = _moments(pack)
    failures = [number for number, wording in enumerate(told.wordings) if wording.signal.id not in moments]
    hits = told.hits[told.hits["wording"].isin(failures)]
    if hits.empty:
        return
    probes = [telling(wording.written, wording.firsts) for wording in told.wordings]
    groups = hits.groupby("row", sort=True)["wording"].agg(list)
    chosen = entries.iloc[groups.index.to_numpy()]
    streams = told.streams[groups.index.to_numpy()]
    for row, stream, numbers in zip(chosen.itertuples(index=False), streams, groups, strict=True):
        message = valid(row.message or "")
        spans = [mark(message, probes[number]) for number in numbers]
        shown, span = excerpt(message, max(spans, key=lambda span: span[1] - span[0]))
        signals = tuple(dict.fromkeys(told.wordings[number].signal.id for number in numbers))
        yield Matched(row.insert_id, _time(row.timestamp), row.node, str(stream), signals, shown, span)


def _moments(pack: Pack) -> frozenset[str]:
    """The signals that are there for the `unless` of others alone."""
    asked = {moment.signal for signal in pack.signals for moment in signal.unless}
    return frozenset(signal.id for signal in pack.signals if signal.role is Role.CONTEXT and signal.id in asked)


def _time(moment: pd.Timestamp) -> str:
    seconds, ns = divmod(int(moment.value), 1_000_000_000)
    whole = np.datetime64(seconds, "s").item().isoformat()
    fraction = f".{ns:09d}".rstrip("0") if ns else ""
    return f"{whole}{fraction}Z"
