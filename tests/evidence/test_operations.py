"""GKE operations from every shape in which they are exported."""

from typing import Any

import pytest

from triage.evidence.operations import operations_of, parse_operations, parse_target
from triage.model.place import Cluster

LINK = "https://container.googleapis.com/v1/projects/98765/zones/us-east1-b/clusters/prod/nodePools/main"


def repair(name: str = "operation-1", **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "operationType": "AUTO_REPAIR_NODES",
        "status": "DONE",
        "zone": "us-east1-b",
        "startTime": "2026-03-01T04:00:00.103625653Z",
        "endTime": "2026-03-01T04:06:00Z",
        "targetLink": LINK,
        **more,
    }


@pytest.mark.parametrize(
    "document",
    [[repair()], {"operations": [repair()]}, [{"operations": [repair()]}, {"operations": [repair()]}], [[repair()]]],
    ids=["gcloud", "rest", "pages", "nested"],
)
def test_every_shape_gives_the_same_table(document: Any) -> None:
    table, gaps = parse_operations([document])
    assert len(table) == 1
    assert not gaps
    row = table.iloc[0]
    assert (row["type"], row["cluster"], row["location"], row["node_pool"]) == (
        "AUTO_REPAIR_NODES",
        "prod",
        "us-east1-b",
        "main",
    )
    assert row["node"] is None
    assert row["start"].nanosecond == 653


def test_the_state_that_knows_its_end_wins() -> None:
    running = repair(status="RUNNING")
    del running["endTime"]
    for order in ([running, repair()], [repair(), running]):
        table, _ = parse_operations([order])
        assert table["status"].tolist() == ["DONE"]
        assert table["end"].notna().all()


def test_numbers_of_the_proto_are_names() -> None:
    table, _ = parse_operations([[repair(operationType=10, status=2)]])
    assert (table["type"].iloc[0], table["status"].iloc[0]) == ("AUTO_REPAIR_NODES", "RUNNING")


def test_a_type_of_tomorrow_stays_as_it_is() -> None:
    table, _ = parse_operations([[repair(operationType="TELEPORT_NODES")]])
    assert table["type"].iloc[0] == "TELEPORT_NODES"


@pytest.mark.parametrize(
    "failure",
    [
        {"error": {"code": 8, "message": "out of IPs"}},
        {"statusMessage": "out of IPs"},
        {"nodepoolConditions": [{"message": "out of IPs"}]},
    ],
)
def test_done_with_an_error_has_failed(failure: dict[str, Any]) -> None:
    table, _ = parse_operations([[repair(**failure)]])
    assert table["error"].iloc[0] == "out of IPs"


@pytest.mark.parametrize(
    ("link", "pool", "node"),
    [
        (LINK, "main", None),
        (LINK + "/node/gke-prod-main-d2beeabd-79lr", "main", "gke-prod-main-d2beeabd-79lr"),
        (LINK.replace("/v1/", "/v1beta1/").replace("/zones/", "/locations/"), "main", None),
        ("https://container.googleapis.com/v1/projects/98765/locations/us-east1/clusters/prod", None, None),
    ],
)
def test_target_links(link: str, pool: str | None, node: str | None) -> None:
    target = parse_target(link)
    assert (target.cluster, target.node_pool, target.node) == ("prod", pool, node)


@pytest.mark.parametrize("link", [None, 7, "", "https://example.com/clusters/prod", LINK + "/../../other"])
def test_links_to_something_else_name_nothing(link: Any) -> None:
    assert parse_target(link).cluster is None


def test_other_clusters_are_left_out_and_counted() -> None:
    elsewhere = repair("operation-2", targetLink=LINK.replace("clusters/prod/", "clusters/test/"))
    namesake = repair("operation-3", targetLink=LINK.replace("us-east1-b", "europe-west1-b"))
    table, _ = parse_operations([[repair(), elsewhere, namesake]])
    ours, others = operations_of(table, Cluster(name="prod", location="us-east1-b"))
    assert ours["name"].tolist() == ["operation-1"]
    assert others == 2


def test_locations_that_did_not_answer_are_a_gap() -> None:
    _, gaps = parse_operations([{"operations": [], "missingZones": ["us-east1-b"]}])
    assert "us-east1-b" in gaps[0].reason


def test_what_is_no_operation_is_counted() -> None:
    table, gaps = parse_operations([[repair(), "text", None, {"name": "x"}, 7]])
    assert len(table) == 1
    assert "4 records" in gaps[0].reason


def test_times_that_are_none_are_absent() -> None:
    table, _ = parse_operations([[repair(startTime="yesterday", endTime=None)]])
    assert table[["start", "end"]].isna().all(axis=None)
