"""Alerts, each with the episode that it opened in, and how many more than chance opened in one."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from triage.model.incident import Alert, Incident
from triage.render import words
from triage.render.charts.names import short_names, shortened
from triage.render.links import safe_link
from triage.render.view.tables import Bounded, Time, time_of

MOST_ALERTS = 300
_LETTERS = 30
"""How much of a node's name stands beside an alert."""


@dataclass(frozen=True)
class AlertRow:
    """One alert."""

    number: int
    id: str
    policy: str
    service: str
    severity: str
    opened: Time | None
    lasted: str
    lasted_s: float
    episode: int | None
    node: str
    """The node of that episode, without what all nodes' names begin with."""
    since: str
    """How long after that episode's start it opened."""
    slow_burn: bool
    reason: str
    """Why it is in no episode."""
    link: str | None


@dataclass(frozen=True)
class AlignmentView:
    """Alerts inside episodes, observed beside expected, as two bars."""

    alerts: int
    aligned: int
    expected: str
    method: str
    observed_width: float
    expected_width: float | None
    services: tuple[tuple[str, int, int], ...]
    sentence: str
    slow: int


def alert_rows(incident: Incident) -> Bounded[AlertRow]:
    """The alerts in the order of the report; a reason that `usual_reason` gives for all is left out."""
    names = short_names([episode.node for episode in incident.episodes], incident.cluster.name)
    rows = [_alert(incident, number, alert, names) for number, alert in enumerate(incident.alerts[:MOST_ALERTS], 1)]
    usual = usual_reason(incident)
    rows = [replace(row, reason="") if row.reason == usual else row for row in rows]
    return Bounded(tuple(rows), max(0, len(incident.alerts) - MOST_ALERTS))


def usual_reason(incident: Incident) -> str:
    """Why most alerts that are in no episode are in none; empty where hardly two share a reason."""
    reasons = Counter(alert.reason for alert in incident.alerts if alert.episode is None and alert.reason)
    reason, times = next(iter(reasons.most_common(1)), ("", 0))
    return reason if times > 1 else ""


def _alert(incident: Incident, number: int, alert: Alert, names: Mapping[str, str]) -> AlertRow:
    lasted = (alert.closed - alert.opened).total_seconds() if alert.closed else None
    inside = alert.episode is not None and 0 <= alert.episode < len(incident.episodes)
    episode = incident.episodes[alert.episode] if inside and alert.episode is not None else None
    return AlertRow(
        number=number, id=alert.id, policy=alert.policy or "", service=alert.service or "",
        severity=alert.severity or "", opened=time_of(alert.opened),
        lasted=words.length(lasted) if lasted is not None else "still open",
        lasted_s=lasted if lasted is not None else 1e12,
        episode=alert.episode + 1 if episode and alert.episode is not None else None,
        node=shortened(names[episode.node], _LETTERS) if episode else "",
        since=words.length((alert.opened - episode.start).total_seconds()) if episode else "",
        slow_burn=alert.slow_burn, reason="" if episode else alert.reason, link=safe_link(alert.url),
    )  # fmt: skip


def alignment_view(incident: Incident) -> AlignmentView | None:
    """Observed against expected; None where there is nothing to align."""
    found = incident.alignment
    if not found.alerts or not incident.episodes:
        return None
    sentence = (
        f"{words.of(found.aligned, found.alerts, 'alert')} opened inside an episode or within five minutes of its end"
    )
    if found.expected is not None:
        sentence += f"; by chance, {words.expected(found.expected)} would have"
    if found.p_value is not None:
        sentence += f" ({words.p_value(found.p_value)})"
    scale = 100.0 / found.alerts
    return AlignmentView(
        alerts=found.alerts, aligned=found.aligned,
        expected="–" if found.expected is None else words.expected(found.expected),
        method=found.method, observed_width=round(found.aligned * scale, 2),
        expected_width=round(min(100.0, found.expected * scale), 2) if found.expected is not None else None,
        services=tuple((s.service, s.aligned, s.alerts) for s in found.services[:20]),
        sentence=sentence[0].upper() + sentence[1:] + ".",
        slow=sum(alert.slow_burn for alert in incident.alerts),
    )  # fmt: skip
