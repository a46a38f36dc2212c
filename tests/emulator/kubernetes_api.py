"""The Kubernetes API over the objects of `workloads*.json`: discovery, lists, single objects, what kubectl needs."""

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.emulator.dispatch import Json, Ledger, Reply, Seen
from tests.emulator.errors import ApiError
from tests.emulator.evidence import Evidence, Record
from tests.emulator.faults import Faults
from tests.emulator.paging import PageTokens
from tests.emulator.rest import OtherPaths

_STRIKES = {
    "rate-limit": (429, "TooManyRequests"),
    "quota": (429, "TooManyRequests"),
    "unavailable": (503, "ServiceUnavailable"),
    "internal": (500, "InternalError"),
    "deadline": (504, "Timeout"),
    "unauthenticated": (401, "Unauthorized"),
    "token-expired": (401, "Unauthorized"),
    "permission-denied": (403, "Forbidden"),
}


@dataclass(frozen=True)
class Resource:
    """One kind of object, and where the API has it."""

    kind: str
    plural: str
    version: str  # v1, or group/version
    namespaced: bool = True
    short: tuple[str, ...] = ()

    @property
    def group(self) -> str:
        return self.version.partition("/")[0] if "/" in self.version else ""


RESOURCES = (
    Resource("Pod", "pods", "v1", short=("po",)),
    Resource("Service", "services", "v1", short=("svc",)),
    Resource("Event", "events", "v1", short=("ev",)),
    Resource("ConfigMap", "configmaps", "v1", short=("cm",)),
    Resource("Node", "nodes", "v1", namespaced=False, short=("no",)),
    Resource("Namespace", "namespaces", "v1", namespaced=False, short=("ns",)),
    Resource("Deployment", "deployments", "apps/v1", short=("deploy",)),
    Resource("StatefulSet", "statefulsets", "apps/v1", short=("sts",)),
    Resource("DaemonSet", "daemonsets", "apps/v1", short=("ds",)),
    Resource("ReplicaSet", "replicasets", "apps/v1", short=("rs",)),
    Resource("Job", "jobs", "batch/v1"),
    Resource("CronJob", "cronjobs", "batch/v1", short=("cj",)),
    Resource("HorizontalPodAutoscaler", "horizontalpodautoscalers", "autoscaling/v2", short=("hpa",)),
    Resource("PodDisruptionBudget", "poddisruptionbudgets", "policy/v1", short=("pdb",)),
    Resource("NetworkPolicy", "networkpolicies", "networking.k8s.io/v1", short=("netpol",)),
)


class KubernetesError(Exception):
    """A refusal in the form of Kubernetes: a Status object."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason

    def to_json(self) -> Json:
        return {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": str(self),
            "reason": self.reason,
            "code": self.status,
        }


class KubernetesApi(OtherPaths):
    """Serves `/kubernetes/…`, counted as `kubernetes.list`, `kubernetes.get` and `kubernetes.discover`."""

    prefix = "/kubernetes"

    def __init__(self, evidence: Evidence, faults: Faults, ledger: Ledger) -> None:
        self._objects = evidence.objects
        self._cluster: Record = evidence.clusters[0] if evidence.clusters else {}
        self._faults = faults
        self._ledger = ledger
        self._tokens = PageTokens()

    def answer(self, verb: str, target: str, body: bytes) -> Reply:
        """One request; a refusal is a document too."""
        parts = urlsplit(target.removeprefix(self.prefix))
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        path = [part for part in parts.path.split("/") if part]
        method = "kubernetes." + _action(path)
        status, outcome = 200, "OK"
        try:
            self._obstruct(method, parts.path)
            document = self._answer(verb, path, query, body)
        except KubernetesError as error:
            status, outcome, document = error.status, error.reason, error.to_json()
        self._ledger.add(Seen(method, "rest", time.time(), False, {"path": parts.path, **query}, outcome))
        return Reply(document, self._faults.strike(method, ("break", "malformed")), status)

    def _obstruct(self, method: str, path: str) -> None:
        delay = self._faults.strike(method, ("latency",))
        if delay:
            time.sleep(1.0 if delay.seconds is None else delay.seconds)
        struck = self._faults.strike(method, _STRIKES)
        if struck:
            status, reason = _STRIKES[struck.kind]
            text = {
                401: "Unauthorized",
                403: f'{path.strip("/")} is forbidden: User "anonymous" cannot list resource at the cluster scope',
            }
            raise KubernetesError(
                status, reason, text.get(status, "the server is currently unable to handle the request")
            )

    def _answer(self, verb: str, path: list[str], query: dict[str, str], body: bytes) -> Json:
        if path[-1:] == ["selfsubjectaccessreviews"] and verb == "POST":
            allowed = not self._faults.standing("permission-denied", "kubernetes.list")
            return {**json.loads(body or b"{}"), "status": {"allowed": allowed}}
        if verb != "GET":
            raise KubernetesError(405, "MethodNotAllowed", "the server does not allow this method on the resource")
        if _action(path) == "discover":
            return self._discover(path)
        version = path[1] if path[0] == "api" else "/".join(path[1:3])
        rest = path[2:] if path[0] == "api" else path[3:]
        namespace = None
        if len(rest) > 2 and rest[0] == "namespaces":
            namespace, rest = rest[1], rest[2:]
        resource = next((r for r in RESOURCES if (r.version, r.plural) == (version, rest[0])), None)
        if resource is None or len(rest) > 2:
            raise KubernetesError(404, "NotFound", "the server could not find the requested resource")
        found = [o for o in self._objects if o.get("kind") == resource.kind and _in_namespace(o, namespace)]
        if len(rest) == 2:
            return _named(found, resource, rest[1])
        return self._page(resource, found, query)

    def _page(self, resource: Resource, found: list[Record], query: dict[str, str]) -> Json:
        if query.get("watch") in ("1", "true"):
            raise KubernetesError(400, "BadRequest", "evidence does not change: there is nothing to watch")
        for key, labels in (("labelSelector", True), ("fieldSelector", False)):
            found = [o for o in found if _selected(o, query.get(key, ""), labels=labels)]
        bound = {"resource": resource.plural, **{k: v for k, v in query.items() if k.endswith("Selector")}}
        try:
            start = self._tokens.redeem(query.get("continue", ""), bound)
        except ApiError:
            text = "The provided continue parameter is too old to display a consistent list result."
            raise KubernetesError(410, "Expired", text) from None
        limit = int(query.get("limit") or 0) or len(found)
        metadata: Json = {"resourceVersion": "1"}
        if start + limit < len(found):
            metadata["continue"] = self._tokens.issue(bound, start + limit)
            metadata["remainingItemCount"] = len(found) - start - limit
        items = found[start : start + limit]
        return {"kind": f"{resource.kind}List", "apiVersion": resource.version, "metadata": metadata, "items": items}

    def _discover(self, path: list[str]) -> Json:
        groups = sorted({r.version for r in RESOURCES if r.group})
        match path:
            case ["version"]:
                version = str(self._cluster.get("currentMasterVersion", "1.30.0"))
                major, minor = [*version.split("."), "0"][:2]
                return {"major": major, "minor": minor, "gitVersion": f"v{version}"}
            case ["api"]:
                return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}
            case ["apis"]:
                return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(version) for version in groups]}
            case ["api", "v1"]:
                return _resource_list("v1")
            case ["apis", group, version] if f"{group}/{version}" in groups:
                return _resource_list(f"{group}/{version}")
        raise KubernetesError(404, "NotFound", "the server could not find the requested resource")

    def kubeconfig(self, url: str, project: str) -> str:
        """A kubeconfig (JSON, which is YAML too) with the context that `gcloud … get-credentials` would write."""
        location = self._cluster.get("location") or self._cluster.get("zone", "-")
        name = f"gke_{project}_{location}_{self._cluster.get('name', 'cluster')}"
        return json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": name, "cluster": {"server": url}}],
                "users": [{"name": name, "user": {}}],
                "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
                "current-context": name,
            },
            indent=2,
        )


def _action(path: list[str]) -> str:
    core = path[:1] == ["api"]
    if path[:1] not in (["api"], ["apis"]) or len(path) <= (2 if core else 3):
        return "discover"
    rest = path[2:] if core else path[3:]
    if len(rest) > 2 and rest[0] == "namespaces":
        rest = rest[2:]
    return "list" if len(rest) == 1 else "get"


def _in_namespace(record: Record, namespace: str | None) -> bool:
    return namespace is None or record.get("metadata", {}).get("namespace") == namespace


def _named(found: Iterable[Record], resource: Resource, name: str) -> Json:
    for record in found:
        if record.get("metadata", {}).get("name") == name:
            return record
    dotted = f"{resource.plural}.{resource.group}".rstrip(".")
    raise KubernetesError(404, "NotFound", f'{dotted} "{name}" not found')


def _selected(record: Record, selector: str, *, labels: bool) -> bool:
    """Equality terms (`=`, `==`, `!=`) over labels, or over dotted fields; raises for the set-based kind."""
    for term in filter(None, selector.split(",")):
        unequal = "!=" in term
        key, _, value = term.partition("!=" if unequal else "=")
        value = value.lstrip("=")
        if " " in term.strip() or not _:
            raise KubernetesError(400, "BadRequest", f"unable to parse requirement: {term!r}")
        held = record.get("metadata", {}).get("labels", {}).get(key) if labels else _at(record, key)
        if (held == value) == unequal:
            return False
    return True


def _at(record: Record, dotted: str) -> Any:
    value: Any = record
    for part in dotted.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _group(version: str) -> Json:
    name, _, short = version.partition("/")
    spelt = {"groupVersion": version, "version": short}
    return {"name": name, "versions": [spelt], "preferredVersion": spelt}


def _resource_list(version: str) -> Json:
    resources = [
        {
            "name": r.plural,
            "singularName": r.kind.lower(),
            "namespaced": r.namespaced,
            "kind": r.kind,
            "verbs": ["get", "list"],
            "shortNames": list(r.short),
        }
        for r in RESOURCES
        if r.version == version
    ]
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": resources}
