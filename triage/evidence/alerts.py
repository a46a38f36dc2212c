"""Fired alerts from every place that remembers them, as one table.

Cloud Monitoring's alerts.list and incident notifications, Alertmanager's API and webhooks, and the ALERTS series of
Prometheus each have a reader here or in `prometheus_alerts`; `parse_alerts` tells them apart by their shape.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pandas as pd

from triage.evidence.alert_labels import place_of, service_of
from triage.evidence.fields import first_text, mapping, text, time_ns
from triage.evidence.lookback import LABELS, lookback_of, window_label
from triage.evidence.prometheus_alerts import firing_alerts, is_matrix
from triage.evidence.tables import ALERTS, frame
from triage.model.place import Gap

_SLO = re.compile(r"services/([^/\s\"']+)/serviceLevelObjectives/")
_DEEPEST = 8
Row = dict[str, Any]


def parse_alerts(documents: Iterable[Any]) -> tuple[pd.DataFrame, tuple[Gap, ...]]:
    """Every alert in the documents as `ALERTS`, each once, by time of opening.

    An alert that was notified several times, or that two places remember, is one row: opened at the earliest time,
    closed at the latest. Gaps count the records that are no alerts.
    """
    rows: dict[str, Row] = {}
    broken = 0
    for document in documents:
        for row in _alerts(document, _DEEPEST):
            if row is None or row["opened"] is None or not row["id"]:
                broken += 1
            else:
                rows[row["id"]] = _merged(rows[row["id"]], row) if row["id"] in rows else row
    gaps: tuple[Gap, ...] = ()
    if broken:
        reason = f"{broken} records in the alerts are no alerts, or do not say when they opened, and were skipped"
        gaps = (Gap(source="alerts", reason=reason, remedy="export the alerts again"),)
    ordered = sorted(_one_incident(rows).values(), key=lambda row: (row["opened"], row["id"]))
    return frame(ALERTS, ordered), gaps


def alerts_of(alerts: pd.DataFrame, cluster: str) -> pd.DataFrame:
    """The alerts (`ALERTS`) without those that name another cluster: Cloud Monitoring lists a whole metrics scope.

    What Prometheus calls `cluster` may be a name of its own, so there another one counts only beside alerts that name
    ours.
    """
    named, ours = alerts["cluster"].notna(), alerts["cluster"] == cluster
    by_google = alerts["source"].isin(("monitoring", "notification"))
    known = by_google | (ours & ~by_google).any()
    return alerts[~named | ours | ~known].reset_index(drop=True)


def _alerts(document: Any, depth: int) -> Iterator[Row | None]:
    """The rows in a document of any of the shapes; None for each record that is none of them."""
    if isinstance(document, list):
        for inner in document if depth else ():
            yield from _alerts(inner, depth - 1)
        return
    if not isinstance(document, dict):
        yield None
        return
    listed = document.get("alerts", mapping(document.get("data")).get("alerts"))
    message = mapping(document.get("message"))
    if is_matrix(document):
        yield from firing_alerts(document)
    elif isinstance(listed, list):
        common = mapping(document.get("commonAnnotations"))
        yield from (_alert({"annotations": common, **mapping(alert)}) for alert in listed)
    elif isinstance(document.get("incident"), dict):
        yield from _notification(document)
    elif "data" in message:
        yield from _pub_sub(message["data"], depth)
    elif isinstance(document.get("receivedMessages"), list):
        yield from _alerts(document["receivedMessages"], depth - 1)
    elif set(document) - {"totalSize", "nextPageToken"}:  # an empty page holds nothing else
        yield _alert(document)


def _alert(alert: Any) -> Row | None:
    alert = mapping(alert)
    if "openTime" in alert or ("policy" in alert and "state" in alert):
        return _monitoring(alert)
    if "labels" in alert and ("startsAt" in alert or "activeAt" in alert):
        return _alertmanager(alert)
    return None


def _monitoring(alert: Mapping[str, Any]) -> Row:
    policy, resource, metric = (mapping(alert.get(key)) for key in ("policy", "resource", "metric"))
    labels = {
        **mapping(policy.get("userLabels")),
        **mapping(mapping(alert.get("metadata")).get("systemLabels")),
        **mapping(mapping(alert.get("metadata")).get("userLabels")),
        **mapping(mapping(alert.get("log")).get("extractedLabels")),
        **mapping(metric.get("labels")),
        **mapping(resource.get("labels")),
    }
    told = [first_text(policy, "displayName"), *_windows(labels)]
    return {
        "id": first_text(alert, "name"),
        "policy": first_text(policy, "displayName", "name"),
        "service": service_of(labels),
        "opened": time_ns(alert.get("openTime")),
        "closed": time_ns(alert.get("closeTime")),
        "severity": _severity(first_text(policy, "severity")),
        **place_of(labels, resource_type=first_text(resource, "type")),
        "cluster": first_text(mapping(resource.get("labels")), "cluster_name"),
        "lookback_s": lookback_of(told),
        "url": None,
        "source": "monitoring",
    }


def _notification(document: Mapping[str, Any]) -> Iterator[Row | None]:
    incident = document["incident"]
    if document.get("version") == "test":
        return
    resource, metric, condition = (mapping(incident.get(key)) for key in ("resource", "metric", "condition"))
    metadata = mapping(incident.get("metadata"))
    labels = {
        **mapping(incident.get("policy_user_labels")),
        **mapping(metadata.get("system_labels")),
        **mapping(metadata.get("user_labels")),
        **mapping(metric.get("labels")),
        **mapping(resource.get("labels")),
    }
    kind = first_text(resource, "type")
    if kind == "gce_instance":
        labels.setdefault("instance_name", incident.get("resource_display_name"))
    queries = list(_condition_texts(condition))
    told = [first_text(incident, "policy_name"), first_text(incident, "condition_name"), *queries, *_windows(labels)]
    slo = next((match[1] for query in queries if (match := _SLO.search(query))), None)
    closed = time_ns(incident.get("ended_at"))
    yield {
        "id": first_text(incident, "incident_id"),
        "policy": first_text(incident, "policy_name", "condition_name"),
        "service": service_of(labels) or slo,
        "opened": time_ns(incident.get("started_at")),
        "closed": closed if (first_text(incident, "state") or "closed").lower() == "closed" else None,
        "severity": _severity(first_text(incident, "severity")),
        **place_of(labels, resource_type=kind),
        "cluster": first_text(mapping(resource.get("labels")), "cluster_name"),
        "lookback_s": lookback_of(told),
        "url": _link(incident.get("url")),
        "source": "notification",
    }


def _condition_texts(condition: Mapping[str, Any]) -> Iterator[str]:
    """Names, filters and queries of a condition, whichever its kind."""
    for key, value in condition.items():
        if key == "displayName" and isinstance(value, str):
            yield value
        for field in ("filter", "query", "denominatorFilter"):
            found = text(mapping(value).get(field), 20_000)
            if found:
                yield found


def _pub_sub(data: Any, depth: int) -> Iterator[Row | None]:
    try:
        document = json.loads(base64.b64decode(data, validate=True)) if isinstance(data, str) else None
    except (ValueError, binascii.Error, RecursionError):
        document = None
    if depth and document is not None:
        yield from _alerts(document, depth - 1)
    else:
        yield None


def _alertmanager(alert: Mapping[str, Any]) -> Row:
    labels, annotations = mapping(alert.get("labels")), mapping(alert.get("annotations"))
    started = alert.get("startsAt", alert.get("activeAt"))
    opened, ended = time_ns(started), time_ns(alert.get("endsAt"))
    status = alert.get("status")
    # The API writes when a firing alert would lapse, a moment in the future, as its end; webhooks say `resolved`.
    asked = time_ns(alert.get("updatedAt"))
    resolved = (
        status == "resolved" if isinstance(status, str) else asked is not None and ended is not None and ended <= asked
    )
    fingerprint = first_text(alert, "fingerprint") or _sorted_labels(labels)
    told = [first_text(labels, "alertname"), *(text(v) for v in annotations.values()), *_windows(labels)]
    return {
        "id": f"{fingerprint}@{started}",
        "policy": first_text(labels, "alertname"),
        "service": service_of(labels),
        "opened": opened,
        "closed": ended if resolved else None,
        "severity": first_text(labels, "severity", "priority"),
        **place_of(labels),
        "lookback_s": lookback_of(told),
        "url": _link(alert.get("generatorURL")),
        "source": "alertmanager",
    }


def _sorted_labels(labels: Mapping[str, Any]) -> str:
    """A label set as one text, the same whatever the order."""
    return ",".join(f"{key}={text(value, 300) or ''}" for key, value in sorted(labels.items())[:64])


def _windows(labels: Mapping[str, Any]) -> list[str]:
    return [window_label(value) for key in LABELS if (value := text(labels.get(key), 50))]


def _severity(value: str | None) -> str | None:
    return None if value in (None, "SEVERITY_UNSPECIFIED", "No severity") else value


def _link(value: Any) -> str | None:
    found = text(value)
    return found if found and found.startswith(("https://", "http://")) else None


def _merged(one: Row, other: Row) -> Row:
    merged = {key: value if value is not None else other[key] for key, value in one.items()}
    merged["opened"] = min(one["opened"], other["opened"])
    merged["closed"] = max(filter(None, (one["closed"], other["closed"])), default=None)
    return merged


def _one_incident(rows: dict[str, Row]) -> dict[str, Row]:
    """Alerts that both the API and a notification remember, joined: the API's name ends in the incident's id."""
    by_incident = {row["id"].rpartition("/")[2]: row for row in rows.values() if row["source"] == "monitoring"}
    joined: dict[str, Row] = {}
    for key, row in rows.items():
        same = by_incident.get(key) if row["source"] == "notification" else None
        if same is not None:
            joined[same["id"]] = _merged(joined.get(same["id"], same), row)
        else:
            joined.setdefault(key, row)
    return joined
