"""Fired alerts from Cloud Monitoring, notifications, Alertmanager and Prometheus."""

import base64
import json
from typing import Any

import pandas as pd
import pytest

from triage.evidence.alerts import alerts_of, parse_alerts
from triage.evidence.lookback import lookback_of

OPENED = 1_772_337_600  # 2026-03-01T04:00:00Z


def fired(**more: Any) -> dict[str, Any]:
    """As alerts.list returns it."""
    return {
        "name": "projects/shop/alerts/0.abc",
        "state": "CLOSED",
        "openTime": "2026-03-01T04:00:00Z",
        "closeTime": "2026-03-01T04:20:00Z",
        "policy": {"name": "projects/shop/alertPolicies/1", "displayName": "cart: burn rate 14.4x over 1h (5m)"},
        "resource": {"type": "k8s_node", "labels": {"node_name": "node-1", "cluster_name": "prod"}},
        "metric": {"type": "x", "labels": {"service_name": "cart"}},
        **more,
    }


def notified(state: str, **more: Any) -> dict[str, Any]:
    """As a notification channel delivers it, schema 1.2."""
    incident = {
        "incident_id": "0.abc",
        "state": state,
        "started_at": OPENED,
        "ended_at": OPENED + 1200 if state == "closed" else None,
        "policy_name": "Checkout SLO",
        "condition_name": "Burn rate",
        "severity": "Critical",
        "url": "https://console.cloud.google.com/monitoring/alerting/alerts/0.abc?project=shop",
        "resource": {"type": "k8s_node", "labels": {"node_name": "node-1"}},
        "condition": {
            "displayName": "Burn rate",
            "conditionThreshold": {
                "filter": 'select_slo_burn_rate("projects/1/services/checkout/serviceLevelObjectives/x", "3600s")'
            },
        },
        **more,
    }
    return {"version": "1.2", "incident": incident}


def rung(**more: Any) -> dict[str, Any]:
    """As Alertmanager's API returns it."""
    return {
        "labels": {"alertname": "CartDown", "namespace": "shop", "service": "cart", "severity": "page"},
        "annotations": {},
        "startsAt": "2026-03-01T04:00:00.5Z",
        "endsAt": "2026-03-01T04:33:00Z",
        "updatedAt": "2026-03-01T04:30:00Z",
        "fingerprint": "0123abcd",
        "status": {"state": "active"},
        "generatorURL": "http://prometheus/graph",
        **more,
    }


def only(*documents: Any) -> dict[str, Any]:
    table, gaps = parse_alerts(documents)
    assert not gaps
    assert len(table) == 1
    return dict(table.iloc[0])


def opened(row: dict[str, Any]) -> str:
    return str(row["opened"].isoformat())


def test_alerts_of_the_api() -> None:
    row = only({"alerts": [fired()]})
    assert (row["id"], row["service"], row["node"], row["source"]) == (
        "projects/shop/alerts/0.abc",
        "cart",
        "node-1",
        "monitoring",
    )
    assert opened(row) == "2026-03-01T04:00:00+00:00"
    assert row["closed"] == row["opened"] + pd.Timedelta("20min")
    assert row["lookback_s"] == 3600


def test_pages_of_the_api_and_an_empty_last_one() -> None:
    assert only([{"alerts": [fired()], "nextPageToken": "t"}, {"alerts": [fired()]}, {"totalSize": 1}, {}])


def test_opening_and_closing_notifications_are_one_alert() -> None:
    for documents in ([notified("open"), notified("closed")], [notified("closed"), notified("open")]):
        row = only(documents)
        assert row["id"] == "0.abc"
        assert row["closed"] == row["opened"] + pd.Timedelta("20min")
        assert (row["policy"], row["service"], row["lookback_s"]) == ("Checkout SLO", "checkout", 3600)


def test_an_open_notification_is_open_though_it_says_zero() -> None:
    assert only(notified("open", ended_at=0))["closed"] is pd.NaT


def test_the_console_link_is_kept_and_no_other_scheme() -> None:
    assert only(notified("open"))["url"].startswith("https://")
    assert only(notified("open", url="javascript:alert(1)"))["url"] is None


@pytest.mark.parametrize("wrap", ["push", "pull", "list"])
def test_pub_sub_messages_are_unwrapped(wrap: str) -> None:
    data = base64.b64encode(json.dumps(notified("closed")).encode()).decode()
    message = {"ackId": "a", "message": {"data": data, "messageId": "1"}}
    document = {"push": {**message, "subscription": "s"}, "pull": {"receivedMessages": [message]}, "list": [message]}
    assert only(document[wrap])["id"] == "0.abc"


def test_test_notifications_are_no_alerts() -> None:
    table, gaps = parse_alerts([{"version": "test", "incident": {"incident_id": "12345", "started_at": OPENED}}])
    assert table.empty
    assert not gaps


def test_what_api_and_notification_both_remember_is_one_alert() -> None:
    row = only({"alerts": [fired()]}, notified("open"))
    assert row["id"] == "projects/shop/alerts/0.abc"
    assert row["url"]


def test_alertmanagers_api_and_its_end_that_lies_ahead() -> None:
    row = only([rung()])
    assert row["id"] == "0123abcd@2026-03-01T04:00:00.5Z"
    assert row["closed"] is pd.NaT
    assert (row["policy"], row["namespace"], row["service"], row["severity"]) == ("CartDown", "shop", "cart", "page")


def test_alertmanagers_webhook_closes_what_is_resolved() -> None:
    def hook(status: str, ends: str) -> dict[str, Any]:
        alert = {**rung(status=status, endsAt=ends), "updatedAt": None}
        return {"version": "4", "receiver": "r", "status": status, "alerts": [alert], "groupKey": "g"}

    row = only(hook("firing", "0001-01-01T00:00:00Z"), hook("resolved", "2026-03-01T04:10:00Z"))
    assert row["closed"].isoformat() == "2026-03-01T04:10:00+00:00"


def test_one_label_set_that_fires_twice_is_two_alerts() -> None:
    table, _ = parse_alerts([[rung(), rung(startsAt="2026-03-01T09:00:00Z")]])
    assert len(table) == 2


def test_groups_of_alertmanager() -> None:
    assert only([{"labels": {}, "receiver": {"name": "r"}, "alerts": [rung()]}])["policy"] == "CartDown"


def matrix(*series: tuple[dict[str, str], list[int]]) -> dict[str, Any]:
    result = [
        {"metric": {"__name__": "ALERTS", "alertname": "Down", "alertstate": "firing", **labels}, "values": values}
        for labels, minutes in series
        for values in [[[OPENED + 60 * minute, "1"] for minute in minutes]]
    ]
    return {"status": "success", "data": {"resultType": "matrix", "result": result}}


def test_prometheus_history_splits_at_gaps_of_over_two_steps() -> None:
    table, _ = parse_alerts(
        [matrix(({"service": "cart"}, [0, 1, 2, 4, 5, 8, 9]), ({"service": "web"}, list(range(20))))]
    )
    cart = table[table["service"] == "cart"]
    assert cart["id"].tolist() == [
        "alertname=Down,service=cart@2026-03-01T04:00:00Z",
        "alertname=Down,service=cart@2026-03-01T04:08:00Z",
    ]
    assert cart["closed"].dt.minute.tolist() == [5, 9]
    assert table.loc[table["service"] == "web", "closed"].isna().all()


def test_pending_alerts_have_not_fired() -> None:
    table, gaps = parse_alerts([matrix(({"alertstate": "pending"}, [0, 1]))])
    assert table.empty
    assert not gaps


def test_scraped_instances_are_nodes_only_where_named_like_one() -> None:
    table, _ = parse_alerts(
        [matrix(({"instance": "gke-prod-main-d2beeabd-79lr:9100"}, [0]), ({"instance": "10.0.0.7:80"}, [0]))]
    )
    assert set(table["node"]) == {"gke-prod-main-d2beeabd-79lr", None}


def test_a_pod_label_tells_the_workload() -> None:
    row = only([rung(labels={"alertname": "A", "namespace": "shop", "pod": "cart-7d9f8b6c5-x2k4q"})])
    assert row["workload"] == "shop/cart"


def test_what_is_no_alert_is_counted() -> None:
    table, gaps = parse_alerts([["text", 7, {"labels": {}}, fired(openTime="soon"), {"message": {"data": "!!!"}}]])
    assert table.empty
    assert "5 records" in gaps[0].reason


@pytest.mark.parametrize(
    ("texts", "seconds"),
    [
        (['select_slo_burn_rate("projects/p/services/s/serviceLevelObjectives/o", "3600s")'], 3600),
        (["select_slo_burn_rate(projects/p/services/s/serviceLevelObjectives/o, 360m)"], 21600),
        (["cart: error budget burn 14.4x (1h/5m)"], 3600),
        (["cart: error budget burn 1x (3d/6h)"], 259200),
        (["ErrorBudgetBurn6h"], 21600),
        (["Error budget burn, 30d objective, 6 hours and 30 minutes"], 21600),
        (["Error budget burn 14.4x"], 3600),
        (["Burn rate 6x of the 30-day budget"], 21600),
        (["SlowBurn of the error budget"], 21600),
        (["Fast burn"], 3600),
        (["window 3d"], 259200),
        (["Backup older than 26 hours"], None),
        (["Certificate expires in 21 days", None, ""], None),
        (["p95 latency of 2 s"], None),
    ],
)
def test_lookback(texts: list[str | None], seconds: float | None) -> None:
    assert lookback_of(texts) == seconds


def test_alerts_of_other_clusters_are_left_out() -> None:
    def google(name: str, cluster: str | None) -> dict[str, Any]:
        labels = {"cluster_name": cluster} if cluster else {}
        resource = {"type": "k8s_container", "labels": labels}
        return {"name": f"projects/p/alerts/{name}", "openTime": "2026-03-01T04:00:00Z", "resource": resource}

    def prometheus(name: str, **labels: str) -> dict[str, Any]:
        return {"labels": {"alertname": name, **labels}, "startsAt": "2026-03-01T04:00:00Z", "fingerprint": name}

    listed = [google("ours", "prod"), google("theirs", "staging"), google("nobody's", None)]
    found, _ = parse_alerts([{"alerts": listed}])
    assert [name.rpartition("/")[2] for name in alerts_of(found, "prod")["id"]] == ["nobody's", "ours"]
    found, _ = parse_alerts([[prometheus("a", cluster="eu-1"), prometheus("b", cluster="eu-2"), prometheus("c")]])
    assert len(alerts_of(found, "prod")) == 3
    assert alerts_of(found, "eu-1")["policy"].tolist() == ["a", "c"]
