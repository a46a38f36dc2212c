"""Evidence lines as the report shows them: verbatim, bounded, with the telling part marked and a link."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from triage.correlate.episodes import Draft, Scene
from triage.correlate.plain import plain
from triage.correlate.seen import NOWHERE
from triage.correlate.windows import lookback
from triage.model.incident import Line
from triage.model.links import log_entry_url
from triage.units import format_duration

LONGEST = 2000
MOST = 12
"""Lines shown for one cause."""
_NAMED = ("namespace", "pod", "container", "workload", "kind")


def make_line(row: Any, project: str | None) -> Line:
    """One occurrence (a row of `Seen.rows`) as a line."""
    message = (row.message or "")[:LONGEST]
    start, end = max(0, int(row.mark_start)), min(int(row.mark_end), len(message))
    timestamp = row.timestamp.to_pydatetime(warn=False)
    return Line(
        timestamp=timestamp,
        node=row.node,
        stream=row.stream or "other",
        message=message,
        insert_id=row.insert_id,
        console_url=log_entry_url(row.insert_id, timestamp, project, row.log_name),
        signal=row.signal,
        workload=row.workload,
        mark=(start, end) if end > start else None,
    )


def cause_lines(
    scene: Scene, drafts: Sequence[Draft], signals: Sequence[str], episodes: Sequence[int], project: str | None
) -> tuple[Line, ...]:
    """The lines that best show a cause: from each episode the first that names the mechanism, then other wordings.

    `signals` are the cause and what else is counted as its evidence, the most telling first.
    """
    rounds = [_best(_evidence(scene, drafts, i, signals)) for i in episodes]
    chosen: dict[Any, Any] = {}  # an entry that names no node is evidence of many episodes, and shown once
    depth = 0
    while len(chosen) < MOST and any(depth < len(rows) for rows in rounds):
        chosen |= {rows[depth].Index: rows[depth] for rows in rounds if depth < len(rows)}
        depth += 1
    ordered = sorted(list(chosen.values())[:MOST], key=lambda row: (row.at, row.where, row.order))
    return tuple(make_line(row, project) for row in ordered)


def episode_lines(
    scene: Scene, draft: Draft, index: int, drafts: Sequence[Draft], project: str | None
) -> tuple[Line, ...]:
    """Up to six lines of one episode: the first of each signal, in order of time."""
    low, _ = lookback(scene, drafts, index, 3600 * 10**9)
    end = draft.end if draft.end is not None else scene.end
    chosen = []
    of_a_pod = scene.seen.rows["pod"].notna().to_numpy()
    for signal in scene.seen.on(draft.node):
        found = scene.seen.positions(signal, draft.node, low, end)
        if len(found):
            # Of lines in one instant the node's own goes first: whether a pod's is known to be here is luck.
            first = found[scene.seen.at[found] == scene.seen.at[found[0]]]
            chosen.append(first[of_a_pod[first].argsort(kind="stable")[0]])
    rows = sorted(scene.seen.rows.iloc[chosen].itertuples(), key=lambda row: (row.at, row.signal))
    return tuple(make_line(row, project) for row in rows[:6])


def episode_summary(scene: Scene, drafts: Sequence[Draft], index: int, cause: str | None) -> str:
    """What an episode's cause showed on that node, in the signal's own line; nothing where it cannot be filled in."""
    signal = scene.graph.signal(cause) if cause else None
    rows = _evidence(scene, drafts, index, [cause]) if cause else scene.seen.rows.iloc[:0]
    if signal is None or rows.empty:
        return ""
    first = rows.iloc[0]
    lasted = (int(rows["at"].iloc[-1]) - int(first["at"])) / 1e9
    names = {"node": drafts[index].node, "count": f"{len(rows):,}", "duration": format_duration(lasted)}
    names |= {
        key: plain(str(value), 100) for key, value in {**first[list(_NAMED)], **first["extracted"]}.items() if value
    }
    template = signal.summary.replace("{count}× in {duration}", "once") if len(rows) == 1 else signal.summary
    try:
        return f"{template.format_map(names)}."
    except (KeyError, ValueError, IndexError, AttributeError):
        return ""


def _evidence(scene: Scene, drafts: Sequence[Draft], index: int, signals: Sequence[str]) -> pd.DataFrame:
    parts = []
    for signal in signals:
        low, high = lookback(scene, drafts, index, scene.graph.reach(signal))
        found = scene.seen.within(signal, drafts[index].node, low, high)
        if found.empty:
            found = scene.seen.within(signal, NOWHERE, low, high)
        parts.append(found)
    return pd.concat(parts) if parts else scene.seen.rows.iloc[:0]


def _best(rows: pd.DataFrame) -> list[Any]:
    """Up to four rows: mechanism first, lines that name a workload first, each wording once."""
    if rows.empty:
        return []
    ranked = rows.assign(plain=~rows["mechanism"].astype(bool), nameless=rows["workload"].isna())
    ranked = ranked.sort_values(["plain", "nameless", "at", "signal", "order"], kind="stable")
    ranked = ranked.drop_duplicates(["signal", "alternative"])
    return list(ranked.head(4).itertuples())
