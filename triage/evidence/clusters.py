"""Cluster descriptions, as `gcloud container clusters describe --format=json` prints them, and the pools of nodes."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from triage.evidence.fields import first_text, flag, items, mapping, number, objects
from triage.evidence.tables import NODE_POOLS, frame
from triage.model.place import Cluster, Gap

_SELF_LINK = re.compile(r"projects/([^/]+)/(?:zones|locations|regions)/([^/]+)/clusters/([^/]+)")
_GROUP = re.compile(r"/zones/(?P<zone>[a-z0-9-]+)/instanceGroup(?:Manager)?s/(?P<prefix>[^/]+-)grp$")


@dataclass(frozen=True)
class Description:
    """One described cluster and its node pools (`NODE_POOLS`)."""

    cluster: Cluster
    node_pools: pd.DataFrame
    logging_off: bool = False
    """The cluster sends no logs at all."""


def parse_clusters(documents: Iterable[Any]) -> tuple[list[Description], tuple[Gap, ...]]:
    """Every described cluster, each once. Takes one description, an array of them, or `{"clusters": [...]}`."""
    found: dict[tuple[str, str | None, str | None], Description] = {}
    broken = 0
    for record in _records(documents):
        description = _description(record)
        if description is None:
            broken += 1
            continue
        cluster = description.cluster
        found.setdefault((cluster.name, cluster.location, cluster.project), description)
    gaps: tuple[Gap, ...] = ()
    if broken:
        gaps = (
            Gap(
                source="cluster",
                reason=f"{broken} records in the cluster description are no clusters and were skipped",
                remedy="gcloud container clusters describe CLUSTER --format=json",
            ),
        )
    return list(found.values()), gaps


def _records(documents: Iterable[Any]) -> Iterator[Any]:
    for document in documents:
        for record in document if isinstance(document, list) else [document]:
            if isinstance(record, dict) and isinstance(record.get("clusters"), list):
                yield from record["clusters"]
            else:
                yield record


def _description(record: Any) -> Description | None:
    record = mapping(record)
    name = first_text(record, "name")
    telling = ("nodePools", "currentMasterVersion", "selfLink", "endpoint", "location", "zone", "masterAuth")
    if not name or not any(key in record for key in telling):
        return None
    link = _SELF_LINK.search(first_text(record, "selfLink") or "")
    private = mapping(record.get("privateClusterConfig")).get("enablePrivateNodes")
    cluster = Cluster(
        name=name.rpartition("/")[2],
        project=link[1] if link else None,
        location=first_text(record, "location", "zone") or (link[2] if link else None),
        version=first_text(record, "currentMasterVersion"),
        autopilot=flag(mapping(record.get("autopilot")).get("enabled")) or False,
        private_nodes=flag(private) or False,
    )
    pools = [_pool(pool) for pool in objects(record.get("nodePools")) if first_text(pool, "name")]
    logging_off = first_text(record, "loggingService") == "none"
    return Description(cluster, frame(NODE_POOLS, pools), logging_off)


def _group_zones(urls: Iterable[Any]) -> tuple[tuple[str, str], ...]:
    """Prefix and zone of each instance group; none of those whose name several zones share."""
    zones: dict[str, set[str]] = {}
    for url in urls:
        if isinstance(url, str) and (named := _GROUP.search(url)):
            zones.setdefault(named["prefix"], set()).add(named["zone"])
    return tuple((prefix, next(iter(found))) for prefix, found in sorted(zones.items()) if len(found) == 1)


def _pool(pool: Mapping[str, Any]) -> dict[str, Any]:
    config = mapping(pool.get("config"))
    return {
        "node_pool": first_text(pool, "name"),
        "machine_type": first_text(config, "machineType"),
        "image": first_text(config, "imageType"),
        "version": first_text(pool, "version"),
        # proto3 JSON leaves `false` out, so a pool that is described without the field has it off
        "auto_repair": flag(mapping(pool.get("management")).get("autoRepair")) or False,
        "pod_pids_limit": number(mapping(config.get("kubeletConfig")).get("podPidsLimit")),
        "spot": bool(flag(config.get("spot")) or flag(config.get("preemptible"))),
        "group_zones": _group_zones(items(pool.get("instanceGroupUrls"))),
        # a regional pool has one group a zone, often of the same name
        "group_prefixes": tuple(
            dict.fromkeys(
                url.rpartition("/")[2].removesuffix("grp")
                for url in items(pool.get("instanceGroupUrls"))
                if isinstance(url, str) and url.endswith("-grp")
            )
        ),
    }
