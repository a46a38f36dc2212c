"""The first screen: what, who, how sure, since when, what now, and what was not seen."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from triage.model.incident import Confidence, Episode, Incident, Missing
from triage.model.place import Gap
from triage.model.signal import Role, Step
from triage.render import words
from triage.render.charts.lanes import PLANNED

_LEVELS = {
    Confidence.INSUFFICIENT: 0,
    Confidence.POSSIBLE: 1,
    Confidence.LIKELY: 2,
    Confidence.CONFIRMED: 3,
}
_MOST_ACTIONS = 3
_SHORT_TITLE, _SHORT_SUMMARY, _SHORT_REASON = 90, 130, 80
"""Letters that fit into the lines that a phone shows of each before one asks for more."""


@dataclass(frozen=True)
class Fact:
    """One figure of the first screen; `moments` are shown in local time on demand."""

    label: str
    value: str
    note: str
    href: str = ""
    moment: str = ""
    """RFC 3339, where the value is a time."""
    name: bool = False
    """The value is a name, set in the type of names."""
    note_time: str = ""
    """The time that the note ends with, where it does."""
    note_moment: str = ""
    """That time as RFC 3339."""


@dataclass(frozen=True)
class FirstScreen:
    """What the reader sees before scrolling."""

    title: str
    summary: str
    confidence: str
    level: int
    """0 for insufficient to 3 for confirmed."""
    tone: str
    """`fault`, `planned`, `unknown` or `quiet`: what colours the verdict."""
    reason: str
    facts: tuple[Fact, ...]
    actions: tuple[Step, ...]
    more_actions: tuple[Step, ...]
    missing: tuple[Missing, ...]
    unseen: tuple[Gap, ...]
    against: int
    folds: bool
    """Whether title, summary or reason are too long to be shown whole on a phone's first screen."""


def first_screen(incident: Incident) -> FirstScreen:
    """The verdict and what goes with it."""
    verdict = incident.verdict
    return FirstScreen(
        title=verdict.title,
        summary=verdict.summary if verdict.summary.strip(". ") != verdict.title.strip(". ") else "",
        confidence=verdict.confidence.value,
        level=_LEVELS[verdict.confidence],
        tone=_tone(incident),
        reason=verdict.reason,
        facts=tuple(_facts(incident)),
        actions=verdict.actions[:_MOST_ACTIONS],
        more_actions=verdict.actions[_MOST_ACTIONS:],
        missing=verdict.missing,
        unseen=incident.gaps,
        against=len(verdict.against),
        folds=(
            len(verdict.title) > _SHORT_TITLE
            or len(verdict.summary) > _SHORT_SUMMARY
            or len(verdict.reason) > _SHORT_REASON
        ),
    )


def _tone(incident: Incident) -> str:
    if not incident.episodes:
        return "quiet"
    if incident.verdict.cause is None:
        return "unknown"
    return "planned" if all(e.kind in PLANNED for e in incident.episodes) else "fault"


def unplanned(episodes: Sequence[Episode]) -> list[Episode]:
    """Episodes that no planned work explains."""
    return [episode for episode in episodes if episode.kind not in PLANNED]


def _facts(incident: Incident) -> list[Fact]:
    if not incident.episodes:
        return _quiet_facts(incident)
    return [_suspect(incident), _since(incident), _repairs(incident), _alerts(incident)]


def _quiet_facts(incident: Incident) -> list[Fact]:
    nodes = incident.timeline.healthy_nodes + len(incident.timeline.lanes)
    facts = [
        Fact("Episodes", "none", "no node went NotReady, none was repaired"),
        _watched(incident, nodes),
        Fact("Log entries read", f"{incident.provenance.entries_read:,}", _kept(incident), "#coverage"),
    ]
    opened = len(incident.alerts)
    note = "opened with no node failure to tie them to" if opened else "none opened"
    return [*facts, Fact("Alerts", f"{opened:,}", note, "#alerts" if opened else "")]


def _watched(incident: Incident, nodes: int) -> Fact:
    """How many nodes none of which went bad, and on how many of them a cause's signal was seen all the same."""
    if not nodes:
        return Fact("Nodes watched", "unknown", "not told by the evidence")
    causes = [one for one in incident.occurrences if one.role is Role.CAUSE]
    showing = {node for one in causes for node in one.nodes}
    if not showing:
        return Fact("Nodes watched", f"{nodes:,}", "none of them went bad")
    return Fact("Nodes watched", f"{nodes:,}", f"none went bad; {len(showing):,} show a possible cause", "#signals")


def _kept(incident: Incident) -> str:
    return f"{incident.provenance.entries_kept:,} of them may matter to a signal"


def _suspect(incident: Incident) -> Fact:
    verdict = incident.verdict
    suspects = incident.causes[0].workloads if incident.causes else ()
    named = next((s for s in suspects if s.name == verdict.workload), None)
    if verdict.workload:
        direct = "lines of its own" if named and named.complains else "direct evidence"
        basis = f"by {direct if named.basis == 'direct' else named.basis}" if named else ""
        seen = f", {words.count(named.episodes, 'episode')}" if named and named.episodes else ""
        return Fact("Suspect", verdict.workload, basis + seen, "#suspects", name=True)
    tied = [s.name for s in suspects if s.tied]
    if tied:
        note = "the evidence can't tell them apart"
        return Fact("Suspects", words.listed(tied, 3), note, "#suspects", name=True)
    if incident.episodes and not unplanned(incident.episodes):
        return Fact("Suspect", "none", "planned work needs no culprit")
    return Fact("Suspect", "none named", "no evidence points to one", "#suspects" if suspects else "")


def _since(incident: Incident) -> Fact:
    cause = incident.verdict.cause
    episodes = [e for e in incident.episodes if cause is None or e.cause == cause] or list(incident.episodes)
    first, last = min(e.start for e in episodes), max(e.start for e in episodes)
    still_open = sum(e.end is None for e in episodes)
    since = Fact("Since", words.day_and_clock(first)[:-3] + " UTC", "", "#episodes", moment=_moment(first))
    if still_open:
        return replace(since, note=f"{words.count(still_open, 'episode')} still open")
    ends = [episode.end for episode in episodes if episode.end]
    if len(episodes) == 1:
        return replace(since, note=f"{words.length((ends[0] - first).total_seconds())} long")
    at = words.clock_after(last, first)[:-3]
    return replace(since, note=f"last onset {at}", note_time=at, note_moment=_moment(last))


def _moment(time: datetime) -> str:
    return time.isoformat(timespec="seconds").replace("+00:00", "Z")


def _repairs(incident: Incident) -> Fact:
    verdict, episodes = incident.verdict, incident.episodes
    repairs = [e for e in episodes if e.repair is not None or e.operation is not None]
    faults = unplanned(episodes)
    if verdict.cause is None:
        value = f"0 of {len(faults):,}"
        return Fact("Episodes explained", value, words.count(len(repairs), "repair") + " by GKE", "#episodes")
    if not faults:
        return Fact("Episodes", f"{len(episodes):,}", "all of them planned work", "#episodes")
    mended = [e for e in faults if e in repairs]
    explained = sum(e.cause == verdict.cause for e in (mended or faults))
    planned = len(episodes) - len(faults)
    value = f"{explained:,} of {len(mended or faults):,}"
    if len(mended) in (0, len(faults)):
        note = _unexplained(incident, faults) or ("every episode led to one" if mended else "none led to a repair")
    else:
        note = words.of(sum(e.cause == verdict.cause for e in faults), len(faults), "episode")
    note += f"; {planned:,} more planned" if planned else ""
    return Fact("Repairs explained" if mended else "Episodes explained", value, note, "#episodes")


def _unexplained(incident: Incident, faults: Sequence[Episode]) -> str:
    """What became of the episodes that the verdict's cause does not explain."""
    others = sum(e.cause is not None and e.cause != incident.verdict.cause for e in faults)
    without = sum(e.cause is None for e in faults)
    parts = [f"{others:,} of another cause"] if others else []
    return words.listed([*parts, *([f"{without:,} without a cause"] if without else [])])


def _alerts(incident: Incident) -> Fact:
    alignment = incident.alignment
    label = "Alerts explained" if incident.verdict.cause and unplanned(incident.episodes) else "Alerts in episodes"
    if not alignment.alerts:
        unseen = any(gap.source == "alerts" for gap in incident.gaps)
        value, note = ("unknown", "no alerts in the evidence") if unseen else ("none", "no alert opened")
        return Fact(label, value, note, "#coverage")
    note = "inside an episode"
    if alignment.expected is not None:
        note = f"{words.expected(alignment.expected)} expected by chance"
        note += f", {words.p_value(alignment.p_value)}" if alignment.p_value is not None else ""
    return Fact(label, f"{alignment.aligned:,} of {alignment.alerts:,}", note, "#alerts")
