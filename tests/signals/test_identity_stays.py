"""How long a pod was where, and which of its stays a line is about."""

import pandas as pd
import pytest

from tests.signals.building import at
from triage.evidence.evidence import Evidence
from triage.evidence.tables import ENTRIES, PLACEMENTS, PODS, frame
from triage.model.place import Cluster, Window
from triage.signals import identify

OLD, NEW = "0aaaaaaa-0000-4000-8000-000000000001", "0bbbbbbb-0000-4000-8000-000000000002"


def told(*placements: dict[str, object], logs: tuple[tuple[str, float], ...] = (), pods: tuple[dict, ...] = ()):
    """Identities of placements (pod, node, first and last in minutes), pods' own lines without a node, and pods."""
    common = {"namespace": "shop", "source": "container-log"}
    stays = [{**common, **p, "first": at(60 * p["first"]), "last": at(60 * p["last"])} for p in placements]
    rows = [
        {"timestamp": at(60 * minute), "log_id": "stdout", "resource_type": "k8s_container", "entry": "{}",
         "message": "", "namespace": "shop", "pod": pod}
        for pod, minute in logs
    ]  # fmt: skip
    window = Window(start=at(0), end=at(36000))
    evidence = Evidence(
        cluster=Cluster(name="shop"),
        window=window,
        entries=frame(ENTRIES, rows),
        placements=frame(PLACEMENTS, stays),
        pods=frame(PODS, pods),
    )
    return identify(evidence)


def stay(node: str, first: float, last: float, *, pod: str = "db-0", uid: str | None = None, **more):
    return {"pod": pod, "node": node, "first": first, "last": last, "uid": uid, "workload": "shop/db", **more}


def last_of(identities, node: str) -> float:
    rows = identities.placements
    return (rows.loc[rows["node"] == node, "last"].iloc[0] - at(0)) / pd.Timedelta(minutes=1)


def test_a_pod_stays_on_its_node_while_its_own_log_goes_on():
    identities = told(stay("n1", 5, 20), logs=(("db-0", 90), ("other-0", 200)))
    assert last_of(identities, "n1") == 90


def test_but_not_beyond_the_next_pod_of_its_name():
    identities = told(stay("n1", 5, 20), stay("n2", 60, 70), logs=(("db-0", 40), ("db-0", 90)))
    assert (last_of(identities, "n1"), last_of(identities, "n2")) == (40, 90)


@pytest.mark.parametrize("uid", [OLD, None])
def test_what_is_said_of_a_dead_pod_is_of_its_node_and_not_of_where_it_came_back(uid):
    """`Node is not ready` (node lifecycle controller) names the pod; its successor starts minutes later elsewhere."""
    identities = told(stay("dead", 5, 20), stay("new", 45, 70, uid=NEW))
    assert identities.node_of("shop", "db-0", uid, at(60 * 40)) == "dead"
    assert identities.node_of("shop", "db-0", NEW, at(60 * 46)) == "new"
    assert identities.node_of("shop", "db-0", None, at(60 * 50)) == "new"


def test_a_line_seconds_before_the_first_sign_of_a_pod_is_of_that_stay():
    identities = told(stay("old", 5, 20), stay("new", 45, 70))
    assert identities.node_of("shop", "db-0", None, at(60 * 45 - 10)) == "new"


def test_a_template_hash_that_looks_like_a_word_is_known_by_a_sibling():
    """A ReplicaSet's hash without a digit (one in twenty): what `kubectl` says of one pod holds for the dead one."""
    pod = {"namespace": "shop", "pod": "store-cqmbpmqmj-jb2km", "node": "n1", "workload": "shop/store",
           "kind": "Deployment", "uid": NEW}  # fmt: skip
    identities = told(pods=(pod,))
    assert identities.controller("shop", "store-cqmbpmqmj-tszbf").within("shop") == "shop/store"
    assert identities.controller("shop", "store-cqmbpmqmj-tszbf").kind == "Deployment"
    assert identities.controller("other", "store-cqmbpmqmj-tszbf").kind is None
