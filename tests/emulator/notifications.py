"""Saved incident notifications as the alerts that alerts.list would have told of: the same incidents, another door."""

from collections.abc import Iterable

from tests.emulator.evidence import Record
from tests.emulator.series import SECOND, format_ns


def alerts_of(notifications: Iterable[Record]) -> list[Record]:
    """One alert per incident, however often it was notified; the latest word on its end counts."""
    incidents: dict[str, Record] = {}
    for notification in notifications:
        incident = notification["incident"]
        if not isinstance(incident, dict) or not isinstance(incident.get("started_at"), int):
            continue
        known = incidents.setdefault(str(incident.get("incident_id")), incident)
        if incident.get("ended_at") and not known.get("ended_at"):
            incidents[str(incident.get("incident_id"))] = incident
    return [_alert(incident) for incident in incidents.values()]


def _alert(incident: Record) -> Record:
    """Fields as schema 1.2 of the notifications spells them; the policy's name stands before its condition's."""
    ended = incident.get("ended_at")
    condition = incident.get("condition")
    name = condition.get("name", "") if isinstance(condition, dict) else ""
    alert: Record = {
        "name": f"projects/{incident.get('scoping_project_id', '-')}/alerts/{incident.get('incident_id')}",
        "state": "CLOSED" if ended else "OPEN",
        "openTime": format_ns(incident["started_at"] * SECOND),
        "policy": {
            "name": str(name).partition("/conditions/")[0],
            "displayName": str(incident.get("policy_name", "")),
            "severity": str(incident.get("severity") or "SEVERITY_UNSPECIFIED").upper().replace(" ", "_"),
            "userLabels": incident.get("policy_user_labels") or {},
        },
        "resource": incident.get("resource") or {},
        "metric": {"type": (incident.get("metric") or {}).get("type", "")},
    }
    labels = (incident.get("metric") or {}).get("labels")
    if labels:
        alert["metric"]["labels"] = labels
    if ended:
        alert["closeTime"] = format_ns(ended * SECOND)
    return alert
