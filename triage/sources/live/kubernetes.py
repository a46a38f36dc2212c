"""The cluster's API server: workloads, as `kubectl get … -A -o json` would print them."""

import json
from collections.abc import Mapping
from pathlib import Path
from shlex import quote
from typing import Any

from triage.errors import InputError, SourceError
from triage.sources.live.clusters import location_of

# kubernetes takes half a second to import; only a live run needs it.
KINDS = (
    ("apps/v1", "deployments"),
    ("apps/v1", "statefulsets"),
    ("apps/v1", "daemonsets"),
    ("apps/v1", "replicasets"),
    ("batch/v1", "jobs"),
    ("v1", "pods"),
    ("autoscaling/v2", "horizontalpodautoscalers"),
    ("policy/v1", "poddisruptionbudgets"),
    ("v1", "nodes"),
    ("v1", "services"),
)
PAGE = 500


def read_workloads(
    cluster: Mapping[str, Any], project: str, *, kubeconfig: Path | None = None, timeout_s: float = 30
) -> list[dict[str, Any]]:
    """All objects of `KINDS`, through the kubeconfig context whose endpoint is the cluster's.

    Takes the cluster's description, and its project for the remedies. Raises SourceError where no context fits or the
    API server does not answer, InputError where `kubeconfig` cannot be read or holds another cluster only.
    """
    from kubernetes.client.exceptions import ApiException  # noqa: PLC0415
    from kubernetes.config.config_exception import ConfigException  # noqa: PLC0415
    from urllib3.exceptions import HTTPError  # noqa: PLC0415

    remedy = by_hand(cluster, project)
    try:
        client = _client(cluster, kubeconfig, credentials(cluster, project))
        return [item for version, plural in KINDS for item in _list(client, version, plural, timeout_s)]
    except ConfigException as error:
        raise SourceError(
            f"reading workloads: the kubeconfig cannot be used ({_short(error)})", remedy=remedy
        ) from error
    except ApiException as error:
        raise SourceError(
            f"reading workloads: the API server answers {error.status} {error.reason}", remedy=remedy
        ) from error
    except (HTTPError, OSError, ValueError) as error:
        raise SourceError(
            f"reading workloads: the API server cannot be reached ({_short(error)})", remedy=remedy
        ) from error


def credentials(cluster: Mapping[str, Any], project: str) -> str:
    """The command that makes a kubeconfig context of the cluster."""
    name, location = quote(str(cluster.get("name", "CLUSTER"))), quote(location_of(cluster) or "LOCATION")
    return f"gcloud container clusters get-credentials {name} --location={location} --project={quote(project)}"


def by_hand(cluster: Mapping[str, Any], project: str) -> str:
    """The commands that supply workloads from a place that reaches the API server."""
    kinds = ",".join(plural for _, plural in KINDS)
    return f"{credentials(cluster, project)} && kubectl get {kinds} -A -o json > workloads.json"


def _client(cluster: Mapping[str, Any], kubeconfig: Path | None, remedy: str) -> Any:
    from kubernetes import config  # noqa: PLC0415

    path = str(kubeconfig) if kubeconfig else None
    if kubeconfig and not kubeconfig.is_file():
        raise InputError(f"{kubeconfig}: no such kubeconfig file")
    wanted = endpoints_of(cluster)
    try:
        contexts = _contexts(path)
    except (OSError, ValueError) as error:
        if kubeconfig:
            raise InputError(f"{kubeconfig}: no kubeconfig that can be read ({_short(error)})") from error
        raise SourceError(
            f"reading workloads: the kubeconfig cannot be read ({_short(error)})",
            remedy=f"{remedy}   # then run it again",
        ) from error
    # Only the context that fits is ever loaded: its user may name a program, which is run then.
    for name, server in contexts.items():
        if _host(server) in wanted:
            return config.new_client_from_config(config_file=path, context=name, persist_config=False)
    if kubeconfig:
        raise InputError(
            f"{kubeconfig}: no context is of cluster {cluster.get('name')}, at {' or '.join(sorted(wanted)) or '?'}",
            remedy=f"KUBECONFIG={quote(str(kubeconfig))} {remedy}",
        )
    raise SourceError(
        f"reading workloads: no kubeconfig context is of cluster {cluster.get('name')}",
        remedy=f"{remedy}   # then run it again",
    )


def _contexts(path: str | None) -> dict[str, str]:
    """The server of each context; no kubeconfig at all has none. Raises OSError or ValueError for a broken one."""
    from kubernetes.config import kube_config  # noqa: PLC0415
    from kubernetes.config.config_exception import ConfigException  # noqa: PLC0415
    from yaml import YAMLError  # noqa: PLC0415

    try:
        merged = kube_config.KubeConfigMerger(path or kube_config.KUBE_CONFIG_DEFAULT_LOCATION).config
        if merged is None:
            return {}
        servers = {each["name"]: str(each["cluster"].safe_get("server") or "") for each in merged.value["clusters"]}
        return {each["name"]: servers.get(each["context"].safe_get("cluster"), "") for each in merged.value["contexts"]}
    except (ConfigException, YAMLError, AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error


def endpoints_of(cluster: Mapping[str, Any]) -> frozenset[str]:
    """Every host under which the cluster's API server may be known."""
    private = cluster.get("privateClusterConfig") or {}
    plane = cluster.get("controlPlaneEndpointsConfig") or {}
    addresses = plane.get("ipEndpointsConfig") or {}
    candidates = (
        cluster.get("endpoint"),
        private.get("publicEndpoint"),
        private.get("privateEndpoint"),
        addresses.get("publicEndpoint"),
        addresses.get("privateEndpoint"),
        (plane.get("dnsEndpointConfig") or {}).get("endpoint"),
    )
    return frozenset(_host(str(c)) for c in candidates if c)


def _host(url: str) -> str:
    return url.split("://", 1)[-1].split("/", 1)[0].removesuffix(":443").lower()


def _list(client: Any, version: str, plural: str, timeout_s: float) -> list[dict[str, Any]]:
    from kubernetes.client.exceptions import ApiException  # noqa: PLC0415

    root = f"/api/{version}" if version == "v1" else f"/apis/{version}"
    items: list[dict[str, Any]] = []
    token = ""
    while True:
        query = [("limit", str(PAGE))] + ([("continue", token)] if token else [])
        request = client.param_serialize(
            "GET",
            f"{root}/{plural}",
            query_params=query,
            header_params={"Accept": "application/json"},
            auth_settings=["BearerToken"],
        )
        response = client.call_api(*request, _request_timeout=timeout_s)
        body = response.read()
        if response.status == 404:  # an API group that this version of Kubernetes does not have
            return items
        if response.status >= 400:
            raise ApiException(status=response.status, reason=response.reason)
        page = json.loads(body)
        kind = str(page.get("kind", "")).removesuffix("List")
        shared = {"apiVersion": page.get("apiVersion", version), "kind": kind}
        items.extend(shared | item for item in page.get("items") or [])
        token = (page.get("metadata") or {}).get("continue", "")
        if not token:
            return items


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
