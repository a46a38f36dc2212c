"""From a directory to tables: which cluster, which window, which node, what is left out."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.sources_files.making import NODE, WANTED, directory, entry, lines, read, reasons, vm_entry
from triage.errors import InputError

LINK = "https://container.googleapis.com/v1/projects/9/zones/us-east1-b/clusters/{}/nodePools/main"


def labelled(
    number: int, cluster: str, node: str = NODE, location: str = "us-east1-b", project: str = "shop"
) -> dict[str, Any]:
    labels = {"project_id": project, "location": location, "cluster_name": cluster, "node_name": node}
    return entry(number, resource={"type": "k8s_node", "labels": labels})


def repair(cluster: str, **more: Any) -> dict[str, Any]:
    return {
        "name": f"operation-{cluster}",
        "operationType": "AUTO_REPAIR_NODES",
        "status": "DONE",
        "startTime": "2026-03-01T04:10:00Z",
        "endTime": "2026-03-01T04:30:00Z",
        "targetLink": LINK.format(cluster),
        **more,
    }


# which cluster


def test_the_only_cluster_needs_no_name(tmp_path: Path) -> None:
    evidence = read(directory(tmp_path, {"entries.json": [entry(1)]}))
    assert (evidence.cluster.name, evidence.cluster.project, evidence.cluster.location) == (
        "prod",
        "shop",
        "us-east1-b",
    )


def test_an_unknown_cluster_is_an_error_that_lists_those_found(tmp_path: Path) -> None:
    path = directory(tmp_path, {"entries.json": [labelled(1, "production"), labelled(2, "staging")]})
    with pytest.raises(InputError, match="production, staging") as error:
        read(path, cluster="prodution")
    assert error.value.remedy == "did you mean production?"


def test_several_clusters_ask_for_a_name(tmp_path: Path) -> None:
    path = directory(tmp_path, {"entries.json": [labelled(1, "prod"), labelled(2, "test")]})
    with pytest.raises(InputError, match="several clusters: prod, test"):
        read(path)


def test_a_name_that_two_clusters_bear_asks_for_a_location(tmp_path: Path) -> None:
    path = directory(tmp_path, {"entries.json": [labelled(1, "prod"), labelled(2, "prod", location="europe-west1")]})
    with pytest.raises(InputError, match=r"prod in europe-west1 \(shop\), prod in us-east1-b \(shop\)"):
        read(path, cluster="prod")
    chosen = read(path, cluster="prod", location="europe-west1")
    assert (chosen.tally.kept, chosen.tally.other_cluster) == (1, 1)
    with pytest.raises(InputError, match="in asia-east1"):
        read(path, cluster="prod", location="asia-east1")


def test_a_collection_of_one_of_two_clusters_of_a_name_means_that_one(tmp_path: Path) -> None:
    manifest = {"cluster": {"name": "prod", "location": "us-east1-b", "project": "shop"}}
    entries = [
        labelled(1, "prod"),
        labelled(2, "prod", location="europe-west1"),
        labelled(3, "prod", project="shop-eu"),
    ]
    path = directory(tmp_path, {"entries.json": entries, "manifest.json": manifest})
    for asked in ({}, {"cluster": "prod"}):
        chosen = read(path, **asked)
        assert (chosen.cluster.location, chosen.cluster.project) == ("us-east1-b", "shop")
        assert (chosen.tally.kept, chosen.tally.other_cluster) == (1, 2)
    assert read(path, location="europe-west1").cluster.location == "europe-west1"


def test_a_name_in_two_projects_asks_for_the_project(tmp_path: Path) -> None:
    path = directory(tmp_path, {"entries.json": [labelled(1, "prod"), labelled(2, "prod", project="shop-eu")]})
    with pytest.raises(InputError, match="several clusters are called prod"):
        read(path)
    assert read(path, project="shop-eu").tally.kept == 1


def test_operations_of_the_whole_project_do_not_make_several_clusters(tmp_path: Path) -> None:
    path = directory(tmp_path, {"entries.json": [entry(1)], "operations.json": [repair("prod"), repair("test")]})
    evidence = read(path)
    assert evidence.operations["name"].tolist() == ["operation-prod"]


def test_a_description_says_which_cluster_is_meant(tmp_path: Path) -> None:
    described = {"name": "prod", "location": "us-east1-b", "currentMasterVersion": "1.33.2", "nodePools": []}
    path = directory(tmp_path, {"entries.json": [labelled(1, "prod"), labelled(2, "test")], "cluster.json": described})
    evidence = read(path)
    assert (evidence.cluster.name, evidence.cluster.version) == ("prod", "1.33.2")


def test_operations_alone_are_evidence(tmp_path: Path) -> None:
    evidence = read(directory(tmp_path, {"operations.json": [repair("prod")]}))
    assert evidence.entries.empty
    assert evidence.window.end == datetime(2026, 3, 1, 4, 30, tzinfo=UTC)
    assert "no log entries were given" in reasons(evidence)[0]
    assert evidence.present == {"operations"}


@pytest.mark.parametrize(
    "files", [{}, {"notes.txt": "x"}, {"alerts.json": []}, {"entries.json": []}, {"operations.json": []}]
)
def test_nothing_to_read(tmp_path: Path, files: dict[str, Any]) -> None:
    with pytest.raises(InputError) as error:
        read(directory(tmp_path, files))
    assert error.value.remedy


def test_a_quiet_collection_is_no_error(tmp_path: Path) -> None:
    manifest = {"cluster": {"name": "prod"}, "window": {"start": "2026-03-01T00:00:00Z", "end": "2026-03-02T00:00:00Z"}}
    evidence = read(directory(tmp_path, {"entries.json": [], "manifest.json": manifest}))
    assert evidence.window.end == datetime(2026, 3, 2, tzinfo=UTC)
    assert evidence.entries.empty


# which entries


def test_vms_of_other_clusters_are_left_out_and_ours_kept(tmp_path: Path) -> None:
    entries = [
        labelled(1, "prod"),
        labelled(2, "prod-eu", node="gke-prod-eu-main-0badcafe-x4k2"),
        vm_entry(3, NODE),  # a node that is known by name
        vm_entry(4, "gke-prod-main-d2beeabd-zzzz"),  # of a known instance group
        vm_entry(5, "gke-prod-late-77777777-abcd"),  # by its name's start
        vm_entry(6, "gke-prod-eu-late-66666666-abcd"),  # the longer name wins
        vm_entry(7, "gke-other-main-55555555-abcd"),
        vm_entry(8, "bastion"),
        vm_entry(9, None),  # says nothing, and there are two clusters
    ]
    evidence = read(directory(tmp_path, {"entries.json": entries}), cluster="prod")
    assert evidence.entries["insert_id"].tolist() == ["i1", "i3", "i4", "i5"]
    assert evidence.tally.other_cluster == 5


def test_instances_are_learnt_from_entries_that_name_both(tmp_path: Path) -> None:
    kubelet = entry(2, resource={"type": "gce_instance", "labels": {"instance_id": "13", "project_id": "shop"}})
    evidence = read(
        directory(
            tmp_path, {"entries.json": [labelled(1, "prod"), labelled(9, "test", node="n"), kubelet, vm_entry(3, NODE)]}
        ),
        cluster="prod",
    )
    assert evidence.entries.set_index("insert_id").loc["i2", "node"] == NODE


def test_long_cluster_names_are_shortened_in_vm_names(tmp_path: Path) -> None:
    entries = [
        labelled(1, "a-very-long-cluster-name", node="x"),
        labelled(2, "b", node="y"),
        vm_entry(3, "gke-a-very-long-clus-main-0badcafe-x4k2"),
    ]
    assert read(directory(tmp_path, {"entries.json": entries}), cluster="a-very-long-cluster-name").tally.kept == 2


def test_duplicates_are_dropped_whatever_the_order_and_file(tmp_path: Path) -> None:
    entries = [entry(number) for number in range(20)]
    path = directory(tmp_path, {"entries-1.json": entries, "entries-2.ndjson": lines(entries[::-1][:10])})
    evidence = read(path)
    assert (evidence.tally.kept, evidence.tally.duplicates) == (20, 10)
    assert evidence.entries["timestamp"].is_monotonic_increasing


def test_the_same_insert_id_at_another_time_or_in_another_log_is_another_entry(tmp_path: Path) -> None:
    entries = [
        entry(1),
        entry(1, timestamp="2026-03-01T05:00:00Z"),
        entry(1, logName="projects/shop/logs/node-journal"),
    ]
    assert read(directory(tmp_path, {"entries.json": entries})).tally.kept == 3


def test_unwanted_entries_are_only_counted(tmp_path: Path) -> None:
    entries = [entry(number, message="all is well") for number in range(7)] + [entry(8)]
    evidence = read(directory(tmp_path, {"entries.json": entries}))
    assert (evidence.tally.read, evidence.tally.kept) == (8, 1)
    coverage = evidence.coverage
    assert coverage["count"].tolist() == [5, 3]
    assert coverage["node"].tolist() == [NODE] * 2
    assert coverage["bin"].dt.minute.tolist() == [0, 5]
    assert coverage["last"].dt.minute.tolist() == [4, 8]


def test_head_conditions_keep_whole_logs(tmp_path: Path) -> None:
    entries = [
        entry(1, message="quiet"),
        entry(2, message="quiet", logName="projects/shop/logs/cloudaudit.googleapis.com%2Fsystem_event"),
        entry(3, message="quiet", severity="ERROR"),
    ]
    path = directory(tmp_path, {"entries.json": entries})
    kept = read(path, 'log_id("cloudaudit.googleapis.com/system_event")').entries["insert_id"].tolist()
    assert kept == ["i2"]
    assert read(path, "severity>=WARNING").entries["insert_id"].tolist() == ["i3"]
    assert read(path, 'resource.type=("k8s_node" OR "gce_instance")').tally.kept == 3


def test_global_words_are_found_outside_the_payload(tmp_path: Path) -> None:
    evidence = read(
        directory(tmp_path, {"entries.json": [entry(1, message="x", trace="projects/shop/traces/needle"), entry(2)]}),
        '"needle"',
    )
    assert evidence.entries["insert_id"].tolist() == ["i1"]


def test_an_entry_comes_back_whole(tmp_path: Path) -> None:
    whole = entry(
        1,
        severity="WARNING",
        labels={"k8s-pod/app": "cart", "quote": '"'},
        operation={"id": "o", "first": True},
        httpRequest={"status": 503, "latency": "1.5s"},
        sourceLocation={"file": "a.go", "line": "7"},
        trace="t",
        spanId="s",
        traceSampled=True,
        split={"uid": "u", "index": 1},
    )
    evidence = read(directory(tmp_path, {"entries.json": [whole]}))
    assert json.loads(evidence.entries["entry"].iloc[0]) == whole


# which window


def test_both_bounds_are_inside(tmp_path: Path) -> None:
    path = directory(tmp_path, {"entries.json": [entry(number) for number in range(10)]})
    evidence = read(path, since=timedelta(minutes=4))
    assert evidence.entries["insert_id"].tolist() == ["i5", "i6", "i7", "i8", "i9"]
    assert evidence.tally.outside_window == 5
    until = datetime(2026, 3, 1, 4, 6, tzinfo=UTC)
    evidence = read(path, since=datetime(2026, 3, 1, 4, 3, tzinfo=UTC), until=until)
    assert evidence.entries["insert_id"].tolist() == ["i3", "i4", "i5", "i6"]
    assert evidence.tally.outside_window == 6
    assert evidence.coverage["count"].sum() == 10


def test_the_window_ends_with_the_latest_evidence_of_the_cluster(tmp_path: Path) -> None:
    other = labelled(500, "test", node="gke-test-a-00000000-aaaa")
    path = directory(
        tmp_path,
        {
            "entries.json": [entry(1), other],
            "operations.json": [repair("prod"), repair("test", endTime="2026-03-01T09:00:00Z")],
        },
    )
    assert read(path, cluster="prod").window.end == datetime(2026, 3, 1, 4, 30, tzinfo=UTC)


def test_the_manifest_ends_the_window(tmp_path: Path) -> None:
    manifest = {"cluster": "prod", "window": {"end": "2026-03-01T06:00:00Z"}}
    evidence = read(directory(tmp_path, {"entries.json": [entry(1)], "manifest.json": manifest}))
    assert evidence.window.end == datetime(2026, 3, 1, 6, tzinfo=UTC)


@pytest.mark.parametrize("stamp", ["2262-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2199-01-01T00:00:00Z"])
def test_a_mad_clock_does_not_move_the_window(tmp_path: Path, stamp: str) -> None:
    mad = entry(3, timestamp=stamp)
    evidence = read(directory(tmp_path, {"entries.json": [entry(1), mad]}))
    assert evidence.window.end.year == 2026


def test_a_few_strays_long_after_everything_do_not_move_the_window(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    entries = [entry(number, timestamp="2019-06-08T17:00:00Z") for number in range(1200)]
    entries.append(entry(1201, timestamp=now.isoformat()))
    evidence = read(directory(tmp_path, {"entries.json": entries}))
    assert evidence.window.end == datetime(2019, 6, 8, 17, tzinfo=UTC)
    assert "a clock was wrong" in reasons(evidence)[0]


def test_an_entry_without_its_own_time_has_that_of_its_arrival(tmp_path: Path) -> None:
    late = entry(1)
    del late["timestamp"]
    evidence = read(directory(tmp_path, {"entries.json": [late, entry(2, timestamp="soon")]}))
    assert evidence.entries["timestamp"].dt.second.tolist() == [1, 1]


def test_offsets_and_nanoseconds_are_kept(tmp_path: Path) -> None:
    evidence = read(directory(tmp_path, {"entries.json": [entry(1, timestamp="2026-03-01T06:00:00.123456789+02:00")]}))
    assert evidence.entries["timestamp"].iloc[0].value == pd.Timestamp("2026-03-01T04:00:00.123456789Z").value


def test_a_window_that_runs_backwards(tmp_path: Path) -> None:
    path = directory(tmp_path, {"entries.json": [entry(1)]})
    with pytest.raises(InputError, match="the evidence ends at 2026-03-01T04:01:00Z"):
        read(path, since=datetime(2026, 4, 1, tzinfo=UTC))
    with pytest.raises(InputError):
        read(path, since=timedelta(days=2_000_000))


# which node, which text


def event(number: int, kind: str, body: dict[str, Any]) -> dict[str, Any]:
    labels = {"project_id": "shop", "location": "us-east1-b", "cluster_name": "prod"}
    payload = {"kind": "Event", "reason": "Unhealthy", "message": WANTED, **body}
    return entry(
        number, logName="projects/shop/logs/events", resource={"type": kind, "labels": labels}, jsonPayload=payload
    )


@pytest.mark.parametrize(
    ("made", "node"),
    [
        (entry(1), NODE),
        (
            event(
                1,
                "k8s_pod",
                {
                    "source": {"component": "kubelet", "host": "node-7"},
                    "involvedObject": {"kind": "Pod", "name": "p", "namespace": "n"},
                },
            ),
            "node-7",
        ),
        (event(1, "gke_cluster", {"involvedObject": {"kind": "Node", "name": "node-8"}}), "node-8"),
        (event(1, "k8s_pod", {"source": {"component": "default-scheduler"}}), None),
        (vm_entry(1, NODE), NODE),
    ],
)
def test_nodes(tmp_path: Path, made: dict[str, Any], node: str | None) -> None:
    evidence = read(directory(tmp_path, {"entries.json": [made]}), f'"{WANTED}"', cluster="prod")
    assert evidence.entries["node"].tolist() == [node]


def audit(kind: str, labels: dict[str, str], target: str, method: str = WANTED) -> dict[str, Any]:
    found = entry(
        1,
        logName="projects/shop/logs/cloudaudit.googleapis.com%2Factivity",
        resource={"type": kind, "labels": labels},
        protoPayload={"methodName": method, "resourceName": target, "status": {}},
    )
    del found["jsonPayload"]
    return found


def test_audit_entries_name_nodes_in_their_resource(tmp_path: Path) -> None:
    labels = {"cluster_name": "prod", "location": "us-east1-b", "project_id": "shop"}
    entries = [
        audit("k8s_cluster", labels, f"core/v1/nodes/{NODE}/status") | {"insertId": "kubernetes"},
        audit("gce_instance", {"instance_id": "5", "zone": "z"}, f"projects/9/zones/z/instances/{NODE}")
        | {"insertId": "vm"},
        audit("gke_nodepool", labels, "projects/9/zones/z/clusters/prod/nodePools/main") | {"insertId": "pool"},
        entry(2),
    ]
    evidence = read(directory(tmp_path, {"entries.json": entries}), f'"{WANTED}"')
    found = evidence.entries.set_index("insert_id")
    assert found.loc[["kubernetes", "vm"], "node"].tolist() == [NODE, NODE]
    assert found.loc["pool", "node"] is None
    assert found.loc["vm", "message"] == f"{WANTED} projects/9/zones/z/instances/{NODE}"


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ({"jsonPayload": {"MESSAGE": "m", "message": "n", "x": WANTED}}, "m"),
        ({"jsonPayload": {"message": "n", "msg": "o", "x": WANTED}}, "n"),
        ({"jsonPayload": {"log": "p", "x": WANTED}}, "p"),
        ({"jsonPayload": {"x": WANTED}}, f'{{"x":"{WANTED}"}}'),
        ({"jsonPayload": {"kind": "Event", "reason": "R", "message": WANTED}}, f"R: {WANTED}"),
        ({"jsonPayload": None, "textPayload": WANTED}, WANTED),
        ({"jsonPayload": None, "protoPayload": {"methodName": "m", "status": {"message": WANTED}}}, WANTED),
    ],
)
def test_messages(tmp_path: Path, payload: dict[str, Any], message: str) -> None:
    made = {key: value for key, value in (entry(1) | payload).items() if value is not None}
    assert read(directory(tmp_path, {"entries.json": [made]}), f'"{WANTED}"').entries["message"].tolist() == [message]


def test_console_lines_are_cleaned(tmp_path: Path) -> None:
    evidence = read(directory(tmp_path, {"entries.json": [vm_entry(1, NODE), entry(2)]}))
    assert evidence.entries["message"].iloc[0] == f"[ 1.5] fork: {WANTED}"
    assert evidence.entries["instance_id"].iloc[0] == "11"


def test_container_logs_place_pods(tmp_path: Path) -> None:
    labels = {"project_id": "shop", "location": "us-east1-b", "cluster_name": "prod", "container_name": "c"}
    new = {"type": "k8s_container", "labels": {**labels, "namespace_name": "shop", "pod_name": "cart-7d9f8b6c5-x2k4q"}}
    old = {
        "type": "container",
        "labels": {
            "cluster_name": "prod",
            "project_id": "shop",
            "zone": "us-east1-b",
            "namespace_id": "shop",
            "pod_id": "web-0",
            "instance_id": "12",
        },
    }
    on = {"compute.googleapis.com/resource_name": NODE}
    entries = [entry(n, message="x", resource=new, labels=on) for n in (1, 9)] + [
        entry(2, message="x", resource=old),
        vm_entry(2, NODE),
    ]
    evidence = read(directory(tmp_path, {"entries.json": entries}))
    placed = evidence.placements.set_index("pod")
    assert placed.loc["cart-7d9f8b6c5-x2k4q", "workload"] == "shop/cart"
    assert placed["node"].tolist() == [NODE, NODE]
    assert (placed.loc["cart-7d9f8b6c5-x2k4q", "first"].minute, placed.loc["cart-7d9f8b6c5-x2k4q", "last"].minute) == (
        1,
        9,
    )


def test_selected_entries_prove_no_silence(tmp_path: Path) -> None:
    manifest = {"cluster": "prod", "entries": "selected", "window": {"end": "2026-03-01T06:00:00Z"}}
    evidence = read(directory(tmp_path, {"entries.json": [entry(1)], "manifest.json": manifest}))
    assert evidence.coverage.empty
    counted = {
        "metric": {"type": "logging.googleapis.com/log_entry_count", "labels": {"log": "kubelet"}},
        "resource": {"type": "k8s_node", "labels": {"cluster_name": "prod", "node_name": NODE}},
        "points": [{"interval": {"endTime": "2026-03-01T04:01:00Z"}, "value": {"int64Value": "9"}}],
    }
    evidence = read(directory(tmp_path, {"metrics.json": {"timeSeries": [counted]}}))
    assert evidence.coverage["count"].tolist() == [9]


def test_the_collections_own_words_replace_ours(tmp_path: Path) -> None:
    manifest = {"cluster": "prod", "gaps": [{"source": "metrics", "reason": "permission denied", "remedy": "r"}]}
    evidence = read(directory(tmp_path, {"entries.json": [entry(1)], "manifest.json": manifest}))
    assert reasons(evidence, "metrics") == ["permission denied"]
    refused = {"cluster": "prod", "gaps": [{"source": "entries", "reason": "permission denied", "remedy": "r"}]}
    evidence = read(
        directory(tmp_path / "refused", {"operations.json": [repair("prod")], "manifest.json": refused}),
        until=datetime(2026, 3, 2, tzinfo=UTC),
    )
    assert reasons(evidence) == ["permission denied"]


def test_a_window_that_misses_all_entries_is_a_gap(tmp_path: Path) -> None:
    path = directory(tmp_path, {"entries.json": [entry(1), entry(2)]})
    missed = read(path, until=datetime(2020, 1, 1, tzinfo=UTC))
    assert "none of the 2 entries lies in the window 2019-12-31T00:00:00Z to 2020-01-01T00:00:00Z" in reasons(missed)[0]
    assert "from 2026-03-01T04:01:00Z to 2026-03-01T04:02:00Z" in reasons(missed)[0]
    assert reasons(read(path, until=datetime(2026, 3, 1, 4, 1, tzinfo=UTC))) == []


def test_a_project_that_the_evidence_does_not_name_is_refused(tmp_path: Path) -> None:
    path = directory(tmp_path, {"entries.json": [entry(1)], "operations.json": [repair("prod")]})
    with pytest.raises(InputError, match=r"of other in the evidence; found prod in us-east1-b \(shop\)$"):
        read(path, cluster="prod", project="other")
    assert read(path, cluster="prod", project="shop").tally.kept == 1


def test_entries_that_name_no_log_are_a_gap(tmp_path: Path) -> None:
    nameless = [{key: value for key, value in entry(number).items() if key != "logName"} for number in range(3)]
    evidence = read(directory(tmp_path / "most", {"entries.json": lines([*nameless, entry(9)])}))
    assert "3 of 4 entries have no logName" in next(gap for gap in evidence.gaps if gap.source == "entries").reason
    evidence = read(directory(tmp_path / "few", {"entries.json": lines([nameless[0], entry(8), entry(9)])}))
    assert not [gap for gap in evidence.gaps if gap.source == "entries"]
