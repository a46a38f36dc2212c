"""Episodes, alerts and the other lists, each bounded, each saying what it leaves out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from triage.model.incident import Change, Episode, Gate, Incident, Kind, OccurrenceSummary, Recurrence, Suspect
from triage.render import words
from triage.render.charts.lanes import PLANNED
from triage.render.links import safe_link
from triage.render.view.chain import Quote, quote, title_of

MOST_EPISODES = 250
MOST_ROWS = 100
_MANY = 60
"""More episodes than that show fewer lines each."""

Row = TypeVar("Row")


@dataclass(frozen=True)
class Bounded(Generic[Row]):
    """The first rows of a list, and how many more there are in the JSON report."""

    rows: tuple[Row, ...]
    left_out: int


def bounded(rows: Sequence[Row], most: int) -> Bounded[Row]:
    """At most `most` of these rows."""
    return Bounded(tuple(rows[:most]), max(0, len(rows) - most))


@dataclass(frozen=True)
class Time:
    """A time as shown, with what a script needs to show it in the reader's own zone and to sort by it."""

    text: str
    moment: str
    ms: int


def time_of(moment: datetime | None, after: datetime | None = None) -> Time | None:
    """A time for a table; None stays None. On the day of `after`, which stands before it, the day is not said again."""
    if moment is None:
        return None
    text = words.day_and_clock(moment) if after is None else words.clock_after(moment, after)
    return Time(text, moment.isoformat(timespec="seconds").replace("+00:00", "Z"), round(moment.timestamp() * 1000))


@dataclass(frozen=True)
class EpisodeRow:
    """One episode."""

    number: int
    node: str
    place: str
    """Pool and zone, as far as the episodes don't share them."""
    start: Time | None
    not_ready: Time | None
    end: Time | None
    lasted: str
    lasted_s: float
    ended_by: str
    """Empty while it is open."""
    planned: bool
    node_inferred: bool
    operation: str
    seen_by: str
    repair_reason: str
    cause: str
    workload: str
    signals: tuple[str, ...]
    alerts: int
    notes: tuple[str, ...]
    quotes: tuple[Quote, ...]
    others_with_it: int

    @property
    def more(self) -> bool:
        """Whether there is more to say than the row holds."""
        return bool(self.signals or self.notes or self.quotes or self.operation or self.others_with_it)


@dataclass(frozen=True)
class OccurrenceRow:
    """One signal over the whole window."""

    id: str
    title: str
    role: str
    count: int
    nodes: tuple[str, ...]
    more_nodes: int
    first: Time | None
    last: Time | None
    episodes: int


@dataclass(frozen=True)
class SuspectRow:
    """One workload under one cause."""

    cause: str
    suspect: Suspect
    score: str
    q_value: str


@dataclass(frozen=True)
class Level:
    """The rules that one level of confidence asks for."""

    name: str
    met: str
    """How many of them this evidence meets, in words."""
    gates: tuple[Gate, ...]


@dataclass(frozen=True)
class ChangeRow:
    """One change before the first episode."""

    time: Time | None
    change: Change
    link: str | None


def episode_rows(incident: Incident) -> Bounded[EpisodeRow]:
    """The episodes in the order of the report."""
    groups: dict[int, int] = {}
    for episode in incident.episodes:
        groups[episode.group] = groups.get(episode.group, 0) + 1
    rows = [_episode(incident, i, e, groups[e.group] - 1) for i, e in enumerate(incident.episodes[:MOST_EPISODES], 1)]
    return Bounded(tuple(rows), max(0, len(incident.episodes) - MOST_EPISODES))


def _episode(incident: Incident, number: int, episode: Episode, others: int) -> EpisodeRow:
    lasted = (episode.end - episode.start).total_seconds() if episode.end else None
    repair = episode.repair
    return EpisodeRow(
        number=number,
        node=words.node_name(episode.node),
        place=", ".join(name for name in (_places(episode)[part] for part in _differing(incident.episodes)) if name),
        start=time_of(episode.start), not_ready=time_of(episode.not_ready, episode.start),
        end=time_of(episode.end, episode.start),
        lasted=words.length(lasted) if lasted is not None else "still open",
        lasted_s=lasted if lasted is not None else 1e12,
        ended_by=ended_by(episode), planned=episode.kind in PLANNED,
        node_inferred=episode.node_inferred and not _all_inferred(incident.episodes),
        operation=episode.operation or "",
        seen_by=words.listed([s.replace("-", " ") for s in repair.seen_by]) if repair else "",
        repair_reason=repair.reason or "" if repair else "",
        cause=title_of(incident, episode.cause) if episode.cause else title_of(incident, episode.planned or ""),
        workload=episode.workload or "", signals=tuple(title_of(incident, s) for s in episode.signals),
        alerts=len(episode.alerts), notes=episode.notes,
        quotes=tuple(quote(line, 500) for line in episode.evidence[: 6 if len(incident.episodes) <= _MANY else 2]),
        others_with_it=others if episode.group else 0,
    )  # fmt: skip


def _places(episode: Episode) -> tuple[str, str]:
    return episode.node_pool or "", episode.zone or ""


def _differing(episodes: Sequence[Episode]) -> list[int]:
    """Which parts of the place the episodes don't share."""
    return [part for part in (0, 1) if len({_places(episode)[part] for episode in episodes}) > 1]


def shared_by_episodes(incident: Incident) -> tuple[str, ...]:
    """What all of several episodes have in common, so that no row need say it: place, cause and suspect."""
    episodes = incident.episodes
    if len(episodes) < 2:
        return ()
    differing = _differing(episodes)
    place = ", ".join(name for part, name in enumerate(_places(episodes[0])) if name and part not in differing)
    shared = [f"All in {place}."] if place else []
    if _all_inferred(episodes):
        shared.append("No operation names its node: each is inferred from when nodes turned NotReady.")
    if one_cause(episodes):
        cause = episodes[0].cause or episodes[0].planned
        text = (
            f"All from one cause: {title_of(incident, cause)}" if cause else "No cause is established for any of them"
        )
        shared.append(text + (f", suspect {episodes[0].workload}." if episodes[0].workload else "."))
    return tuple(shared)


def _all_inferred(episodes: Sequence[Episode]) -> bool:
    return len(episodes) > 1 and all(one.node_inferred for one in episodes)


def one_cause(episodes: Sequence[Episode]) -> bool:
    """Whether several episodes share cause and suspect, or have none."""
    return len(episodes) > 1 and len({(one.cause, one.planned, one.workload) for one in episodes}) == 1


def ended_by(episode: Episode) -> str:
    """What ended an episode, in a word or two; empty while it is open."""
    if episode.end is None:
        return ""
    return "no repair" if episode.kind is Kind.UNREPAIRED else episode.kind.value


def occurrence_rows(incident: Incident) -> Bounded[OccurrenceRow]:
    """All signals that were seen, whether they explain anything or not."""
    rows = [
        OccurrenceRow(
            id=one.signal, title=one.title or title_of(incident, one.signal), role=one.role.value if one.role else "",
            count=one.count, nodes=one.nodes[:12], more_nodes=max(0, len(one.nodes) - 12),
            first=time_of(one.first), last=time_of(one.last, one.first), episodes=one.episodes,
        )
        for one in sorted(incident.occurrences, key=_telling)
    ]  # fmt: skip
    return bounded(rows, MOST_ROWS)


def _telling(one: OccurrenceSummary) -> tuple[int, int, str]:
    """Signals that many episodes share come first."""
    return -one.episodes, -one.count, one.signal


def suspect_rows(incident: Incident) -> Bounded[SuspectRow]:
    """Suspects of every cause, in rank order."""
    rows = [
        SuspectRow(
            title_of(incident, cause.signal), suspect, words.number(suspect.score), words.chance(suspect.q_value)
        )
        for cause in incident.causes
        for suspect in cause.workloads
    ]
    return bounded(rows, 40)


def levels(gates: Sequence[Gate]) -> tuple[Level, ...]:
    """The rules of confidence by level, in their order."""
    groups: dict[str, list[Gate]] = {}
    for gate in gates:
        groups.setdefault(gate.level.value, []).append(gate)
    return tuple(
        Level(name, f"{sum(gate.met for gate in group)} of {len(group)} met", tuple(group))
        for name, group in groups.items()
    )


def change_rows(incident: Incident) -> Bounded[ChangeRow]:
    """Changes before the first episode."""
    rows = [ChangeRow(time_of(change.timestamp), change, safe_link(change.console_url)) for change in incident.changes]
    return bounded(rows, 60)


def recurrence_rows(incident: Incident) -> Bounded[Recurrence]:
    """What the episodes have in common."""
    return bounded(incident.recurrence, 40)
