"""Detection: from entries and metrics to occurrences, each with the pod it speaks of and its telling words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from triage.evidence.evidence import Evidence
from triage.evidence.occurrences import OCCURRENCES
from triage.evidence.tables import frame
from triage.model.signal import Alternative, Pack
from triage.signals.crossings import crossings
from triage.signals.entry_fields import fields_of
from triage.signals.extract import extract
from triage.signals.identity import Identities, Who
from triage.signals.streams import CLEARS
from triage.signals.tell import Teller, Told, Wording
from triage.signals.text import excerpt, mark, telling, valid

_NOBODY = Who()
_EVENT = {
    "kind": "$.jsonPayload.involvedObject.kind",
    "name": "$.jsonPayload.involvedObject.name",
    "namespace": "$.jsonPayload.involvedObject.namespace",
    "uid": "$.jsonPayload.involvedObject.uid",
    "path": "$.jsonPayload.involvedObject.fieldPath",
}


def detect(evidence: Evidence, pack: Pack, identities: Identities) -> pd.DataFrame:
    """Every occurrence of the pack's signals, sorted by time: columns OCCURRENCES.

    One row per entry and signal, named by the first alternative that matches; an autoscaler's decision about several
    nodes has one row for each. Metrics add one row per crossing (stream `metric`). Rows within a signal's `unless` are
    left out; rows with `clears` tell the way back to healthy.
    """
    rows = list(_of_entries(evidence.entries, pack, identities)) if len(evidence.entries) else []
    if len(evidence.metrics):
        rows.extend(crossings(evidence.metrics, pack, identities))
    found = frame(OCCURRENCES, rows)
    kept = found[~_harmless(found, pack)]
    return kept.sort_values(["timestamp", "signal", "node"], ignore_index=True, kind="stable")


def first_hits(told: Told) -> pd.DataFrame:
    """Of each entry's matches the first alternative of each signal: `row`, `wording`."""
    signals = np.array([wording.signal.id for wording in told.wordings], dtype=object)
    hits = told.hits.assign(signal=signals[told.hits["wording"]] if len(told.hits) else None)
    return hits.drop_duplicates(["row", "signal"], keep="first")[["row", "wording"]]


@dataclass(frozen=True)
class _Sight:
    """What is worked out once for each wording: its alternative, and what marks its telling words."""

    wording: Wording

    @cached_property
    def alternative(self) -> Alternative | None:
        """None for the way back to healthy."""
        return None if self.wording.name == CLEARS else self.wording.signal.detect[self.wording.rank]

    @cached_property
    def probes(self) -> tuple[tuple[str, bool], ...]:
        """Literals and patterns of the filter."""
        return telling(self.wording.written, self.wording.firsts)

    def read(self, message: str) -> tuple[dict[str, str], tuple[int, int]]:
        """What the alternative extracts, and the span of its telling words."""
        found, span = extract(message, self.alternative.extract if self.alternative else ())
        marked = mark(message, self.probes)
        return found, marked if marked != (0, 0) else span


def _of_entries(entries: pd.DataFrame, pack: Pack, identities: Identities) -> Iterator[dict[str, Any]]:
    told = Teller(pack).tell(entries["entry"])
    hits = first_hits(told)
    if hits.empty:
        return
    sights = [_Sight(wording) for wording in told.wordings]
    positions = hits["row"].to_numpy()
    chosen = entries.iloc[positions]
    streams = told.streams[positions]
    events = _events(chosen, streams)
    nodes = _removed_nodes(chosen, streams)
    for position, (row, number) in enumerate(
        zip(chosen.itertuples(index=False), hits["wording"].to_list(), strict=True)
    ):
        stream = str(streams[position])
        occurrence = _occurrence(row, stream, sights[number], events.get(position), identities)
        for node in nodes.get(position) or [occurrence["node"]]:
            yield occurrence | {"node": node}


def _occurrence(
    row: Any, stream: str, sight: _Sight, event: Mapping[str, str | None] | None, identities: Identities
) -> dict[str, Any]:
    message = valid(row.message or "")
    extracted, span = sight.read(message)
    shown, (start, end) = excerpt(message, span)
    who = _own(row, stream, event, extracted, identities) or identities.in_message(message, extracted) or _NOBODY
    node = row.node or extracted.get("node")
    if node is None and who.namespace and who.pod:
        node = identities.node_of(who.namespace, who.pod, who.uid, row.timestamp)
    alternative = sight.alternative
    return who._asdict() | {
        "signal": sight.wording.signal.id,
        "alternative": sight.wording.name,
        "variant": alternative.variant if alternative else None,
        "mechanism": alternative.mechanism if alternative else False,
        "timestamp": row.timestamp,
        "node": node,
        "stream": stream,
        "extracted": extracted,
        "insert_id": row.insert_id,
        "log_name": row.log_name,
        "message": shown,
        "mark_start": start,
        "mark_end": end,
        "clears": alternative is None,
    }


def _own(
    row: Any, stream: str, event: Mapping[str, str | None] | None, extracted: Mapping[str, str], identities: Identities
) -> Who | None:
    """The pod whose log an entry is, or that an event speaks of."""
    if stream == "container" and row.namespace and row.pod:
        return identities.named(row.namespace, row.pod, row.container, None, "own-log")
    if event and event["kind"] == "Pod" and event["namespace"] and event["name"]:
        container = (event["path"] or "").partition("{")[2].removesuffix("}") or extracted.get("container")
        return identities.named(event["namespace"], event["name"], container, event["uid"], "pod-name")
    return None


def _events(chosen: pd.DataFrame, streams: np.ndarray) -> dict[int, dict[str, str | None]]:
    """The objects that events speak of, by position among the chosen entries."""
    positions = np.flatnonzero(streams == "events")
    if not len(positions):
        return {}
    return dict(zip(positions.tolist(), fields_of(chosen.iloc[positions], _EVENT), strict=True))


def _removed_nodes(chosen: pd.DataFrame, streams: np.ndarray) -> dict[int, Sequence[str]]:
    """The nodes that an autoscaler's decision removes, by position among the chosen entries."""
    positions = np.flatnonzero(streams == "autoscaler")
    paths = {"nodes": "$.jsonPayload.decision.scaleDown.nodesToBeRemoved[*].node.name"}
    if not len(positions):
        return {}
    found: dict[int, Sequence[str]] = {}
    for position, told in zip(positions.tolist(), fields_of(chosen.iloc[positions], paths), strict=True):
        found[position] = [name for name in told["nodes"] or () if name]
    return found


def _harmless(found: pd.DataFrame, pack: Pack) -> np.ndarray:
    """Which rows lie within a known harmless moment: near another signal on the same node."""
    harmless = np.zeros(len(found), dtype=bool)
    if found.empty:
        return harmless
    present = set(found["signal"])
    times = found["timestamp"].astype("int64").to_numpy()
    signals, nodes, clears = (found[name].to_numpy() for name in ("signal", "node", "clears"))
    for signal in pack.signals:
        for moment in signal.unless if signal.id in present else ():
            within = int(moment.within.total_seconds() * 1e9)
            for node in {n for n in nodes[signals == signal.id] if n is not None}:
                own = np.flatnonzero((signals == signal.id) & (nodes == node) & ~clears)
                there = np.sort(times[(signals == moment.signal) & (nodes == node) & ~clears])
                if len(there):
                    harmless[own] |= _near(times[own], there, within)
    return harmless


def _near(times: np.ndarray, others: np.ndarray, within: int) -> np.ndarray:
    """Which times have one of the (sorted) others at most `within` away."""
    after = np.searchsorted(others, times - within, side="left")
    near = after < len(others)
    near[near] = others[after[near]] <= times[near] + within
    return np.asarray(near)
