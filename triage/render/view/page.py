"""The whole page: every section in the order in which it is read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from triage.model.incident import Finding, Incident, Recurrence, Rival
from triage.model.place import Gap
from triage.render import words
from triage.render.charts.lanes import PLANNED
from triage.render.charts.shapes import NARROW, WIDE, Chart
from triage.render.charts.sheets import Sheet, sheets
from triage.render.charts.timeline import timeline, whole, worst
from triage.render.redact import Replaced
from triage.render.view import tables
from triage.render.view.alerts import AlertRow, AlignmentView, alert_rows, alignment_view, usual_reason
from triage.render.view.budget import budget_sentence
from triage.render.view.chain import Step, causes, chain
from triage.render.view.coverage import (
    Coverage,
    Query,
    coverage,
    explorer_link,
    queries,
    read_whole,
    redaction_sentence,
)
from triage.render.view.first import FirstScreen, first_screen
from triage.render.view.support import support_block
from triage.render.view.trends import TrendCard, trend_cards

_MANY_LANES = 16


@dataclass(frozen=True)
class Figure:
    """One picture in its two geometries; the style sheet shows the one that fits."""

    caption: str
    wide: Chart
    narrow: Chart
    sheets: tuple[Sheet, ...]
    """The parts of the wide one that paper shows in its place, where it is too tall for a page."""

    @property
    def folds(self) -> bool:
        """Whether the narrow one has more lanes than a phone shows before one asks for all."""
        return self.nodes > _MANY_LANES

    @property
    def nodes(self) -> int:
        """How many nodes have a lane of their own."""
        return sum(lane.kind == "node" for lane in self.narrow.lanes)


@dataclass(frozen=True)
class Page:
    """Exactly what a report shows."""

    name: str
    place: str
    facts_of_cluster: tuple[str, ...]
    window: str
    window_length: str
    generated: str
    version: str
    command: str
    source: str
    first: FirstScreen
    figures: tuple[Figure, ...]
    shown_roles: tuple[str, ...]
    shown_marks: frozenset[str]
    """Which kinds of marks the pictures hold, for the legend."""
    chain: tuple[Step, ...]
    causes: tuple[Step, ...]
    against: tuple[str, ...]
    rivals: tuple[Rival, ...]
    ruled_out: tuple[Rival, ...]
    would_change: tuple[str, ...]
    prevention: tuple[str, ...]
    gates: tuple[tables.Level, ...]
    episodes: tables.Bounded[tables.EpisodeRow]
    episodes_share: tuple[str, ...]
    """Sentences on what all episodes have in common."""
    episodes_of_one_cause: bool
    """Whether those say the cause, so that the rows need not."""
    alerts: tables.Bounded[AlertRow]
    usual_reason: str
    """Why alerts are in no episode, where the rows don't say."""
    alignment: AlignmentView | None
    budget: str
    """What the episodes cost in error budget."""
    trends: tuple[TrendCard, ...]
    more_trends: int
    suspects: tables.Bounded[tables.SuspectRow]
    recurrence: tables.Bounded[Recurrence]
    changes: tables.Bounded[tables.ChangeRow]
    findings: tables.Bounded[Finding]
    occurrences: tables.Bounded[tables.OccurrenceRow]
    coverage: Coverage
    gaps: tuple[Gap, ...]
    queries: tuple[Query, ...]
    read_whole: str
    explorer_link: str | None
    """Where to paste a filter that is too long for a link."""
    support: str
    redaction: str


def page(incident: Incident, replaced: Sequence[Replaced] = (), *, redacted: bool) -> Page:
    """Everything that the page of this incident shows; `replaced` is what redaction took out."""
    cluster, window, verdict = incident.cluster, incident.window, incident.verdict
    cards, more_trends = trend_cards(incident)
    return Page(
        name=cluster.name,
        place=" / ".join(part for part in (cluster.project, cluster.location) if part),
        facts_of_cluster=tuple(_cluster_facts(incident)),
        window=words.span(window.start, window.end),
        window_length=words.length((window.end - window.start).total_seconds()),
        generated=words.full_time(incident.provenance.generated),
        version=incident.provenance.version,
        command=incident.provenance.command,
        source=incident.provenance.source,
        first=first_screen(incident),
        figures=tuple(_figures(incident)),
        shown_roles=_roles(incident),
        shown_marks=frozenset(_marks(incident)),
        chain=chain(incident),
        causes=causes(incident),
        against=verdict.against,
        rivals=verdict.rivals[:20],
        ruled_out=verdict.ruled_out[:60],
        would_change=verdict.would_change,
        prevention=verdict.prevention,
        gates=tables.levels(verdict.gates),
        episodes=tables.episode_rows(incident),
        episodes_share=tables.shared_by_episodes(incident),
        episodes_of_one_cause=tables.one_cause(incident.episodes),
        alerts=alert_rows(incident),
        usual_reason=usual_reason(incident),
        alignment=alignment_view(incident),
        budget=budget_sentence(incident),
        trends=cards,
        more_trends=more_trends,
        suspects=tables.suspect_rows(incident),
        recurrence=tables.recurrence_rows(incident),
        changes=tables.change_rows(incident),
        findings=tables.bounded(incident.findings, tables.MOST_ROWS),
        occurrences=tables.occurrence_rows(incident),
        coverage=coverage(incident),
        gaps=incident.gaps,
        queries=queries(incident),
        read_whole=read_whole(incident),
        explorer_link=explorer_link(incident),
        support=support_block(incident),
        redaction=redaction_sentence(tuple(replaced), redacted=redacted),
    )


def _cluster_facts(incident: Incident) -> list[str]:
    cluster = incident.cluster
    facts = [f"Kubernetes {cluster.version}"] if cluster.version else []
    facts += ["Autopilot"] if cluster.autopilot else []
    facts += ["private nodes"] if cluster.private_nodes else []
    named = [lane for lane in incident.timeline.lanes if words.node_name(lane.node) == lane.node]
    nodes = len(named) + incident.timeline.healthy_nodes
    return facts + ([words.count(nodes, "node")] if nodes else [])


def _roles(incident: Incident) -> tuple[str, ...]:
    lanes = [mark for lane in incident.timeline.lanes for mark in lane.marks]
    seen = {mark.role.value for mark in (*lanes, *incident.timeline.healthy_marks)}
    return tuple(role for role in ("cause", "symptom", "consequence", "context") if role in seen)


def _marks(incident: Incident) -> Iterator[str]:
    for episode in incident.episodes:
        yield "planned" if episode.kind in PLANNED else "episode"
        yield from ["not-ready"] if episode.not_ready else []
        yield from ["repair"] if episode.repair else []
    for alert in incident.alerts:
        yield "slow" if alert.slow_burn else "untied" if alert.episode is None else "tied"


def _figures(incident: Incident) -> list[Figure]:
    """The window as a whole, and the worst hours of it where it is long enough to need a closer look."""
    if not (incident.timeline.lanes or incident.timeline.healthy_nodes or incident.alerts or incident.timeline.series):
        return []
    overall, closest = whole(incident), worst(incident)
    wide = timeline(incident, overall, WIDE, "w", carries=True)
    drawn = [Figure("The whole window", wide, timeline(incident, overall, NARROW, "n"), sheets(wide))]
    if closest:
        wide = timeline(incident, closest, WIDE, "dw", only_active=True)
        narrow = timeline(incident, closest, NARROW, "dn", only_active=True)
        caption = f"A closer look at the busiest {words.length((closest[1] - closest[0]) / 1000)}"
        drawn.append(Figure(caption, wide, narrow, sheets(wide)))
    return drawn
