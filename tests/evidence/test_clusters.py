"""Cluster descriptions, and which pool a node is of."""

from typing import Any

from triage.evidence.clusters import parse_clusters

GROUPS = "https://www.googleapis.com/compute/v1/projects/shop/zones/us-east1-b/instanceGroupManagers"


def described(**more: Any) -> dict[str, Any]:
    return {
        "name": "prod",
        "location": "us-east1",
        "selfLink": "https://container.googleapis.com/v1/projects/shop/locations/us-east1/clusters/prod",
        "currentMasterVersion": "1.33.2-gke.1240000",
        "privateClusterConfig": {"enablePrivateNodes": True},
        "nodePools": [
            {
                "name": "main",
                "version": "1.33.2-gke.1240000",
                "config": {
                    "machineType": "e2-standard-8",
                    "imageType": "COS_CONTAINERD",
                    "spot": True,
                    "kubeletConfig": {"podPidsLimit": "4096"},
                },
                "management": {"autoRepair": True},
                "instanceGroupUrls": [f"{GROUPS}/gke-prod-main-d2beeabd-grp"] * 2,
            },
            {"name": "main-2", "config": {}, "instanceGroupUrls": [f"{GROUPS}/gke-prod-main-2-0badcafe-grp"]},
        ],
        **more,
    }


def test_a_description_becomes_a_cluster_and_its_pools() -> None:
    (found,), gaps = parse_clusters([described()])
    assert not gaps
    cluster = found.cluster
    assert (cluster.name, cluster.project, cluster.location) == ("prod", "shop", "us-east1")
    assert cluster.private_nodes is True
    assert cluster.autopilot is False
    main, other = found.node_pools.to_dict("records")
    assert (main["machine_type"], main["pod_pids_limit"], main["spot"]) == ("e2-standard-8", 4096.0, True)
    assert main["group_prefixes"] == ("gke-prod-main-d2beeabd-",)
    assert (main["auto_repair"], other["auto_repair"]) == (True, False)


def test_several_files_and_lists_name_several_clusters() -> None:
    found, _ = parse_clusters(
        [[described(), described(name="test")], {"clusters": [described(name="dev"), described()]}]
    )
    assert sorted(one.cluster.name for one in found) == ["dev", "prod", "test"]


def test_what_is_no_cluster_is_counted() -> None:
    found, gaps = parse_clusters([["text", {"name": 7}, {"name": "prod"}]])
    assert not found
    assert "3 records" in gaps[0].reason


def test_a_group_that_one_zone_has_tells_its_nodes_zone() -> None:
    def group(zone: str, name: str) -> str:
        return f"https://www.googleapis.com/compute/v1/projects/shop/zones/{zone}/instanceGroupManagers/{name}-grp"

    urls = [group("us-east1-b", "gke-prod-a-01"), group("us-east1-c", "gke-prod-a-02")]
    urls += [group("us-east1-b", "gke-prod-a-03"), group("us-east1-d", "gke-prod-a-03"), "no address", 7]
    (found,), _ = parse_clusters([described(nodePools=[{"name": "a", "instanceGroupUrls": urls}])])
    assert found.node_pools["group_zones"][0] == (("gke-prod-a-01-", "us-east1-b"), ("gke-prod-a-02-", "us-east1-c"))
