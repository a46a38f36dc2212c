"""Google Kubernetes Engine: container v1, as far as reading goes."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from google.cloud.container_v1.types import cluster_service as types

from tests.emulator.dispatch import Call, Json, Method
from tests.emulator.errors import ApiError, invalid, not_found
from tests.emulator.evidence import Record
from tests.emulator.project import Project

Handler = Callable[[Json, Call], Json]

_SERVICE = "google.container.v1.ClusterManager"
_PLACE = re.compile(r"projects/(?P<project>[^/]+)/(?:locations|zones)/(?P<location>[^/]+)")
_LINK_PLACE = re.compile(r"/(?:locations|zones|regions)/([^/]+)/")


class ContainerService:
    """Serves clusters and operations."""

    def __init__(self, clusters: Sequence[Record], operations: Sequence[Record], project: Project) -> None:
        self._clusters = clusters
        self._operations = operations
        self._project = project

    def list_operations(self, request: Json, call: Call) -> Json:
        """All operations of a location (`-`: of all). Neither paged nor filtered, as in the real service."""
        return self._list("operations", self._operations, request, call)

    def get_operation(self, request: Json, call: Call) -> Json:
        location, name = self._named(request, "operations", "operationId")
        return _found(self._operations, location, name, f"{location}/operations/{name}")

    def list_clusters(self, request: Json, call: Call) -> Json:
        return self._list("clusters", self._clusters, request, call)

    def get_cluster(self, request: Json, call: Call) -> Json:
        location, name = self._named(request, "clusters", "clusterId")
        return _found(self._clusters, location, name, request.get("name") or f"{location}/clusters/{name}")

    def list_node_pools(self, request: Json, call: Call) -> Json:
        parent = dict(request)
        if "parent" in parent:
            parent["name"] = parent.pop("parent")
        return {"nodePools": self.get_cluster(parent, call).get("nodePools", [])}

    def get_node_pool(self, request: Json, call: Call) -> Json:
        cluster, _, pool = request.get("name", "").partition("/nodePools/")
        if not cluster:
            cluster = "projects/{projectId}/zones/{zone}/clusters/{clusterId}".format(**request)
            pool = request["nodePoolId"]
        for found in self.get_cluster({"name": cluster}, call).get("nodePools", []):
            if found.get("name") == pool:
                return dict(found)
        raise not_found(f"{cluster}/nodePools/{pool}")

    def get_server_config(self, request: Json, call: Call) -> Json:
        """The versions in use: all that the evidence can tell."""
        self._location(request, "name")
        versions = sorted({str(c["currentMasterVersion"]) for c in self._clusters if c.get("currentMasterVersion")})
        return {"defaultClusterVersion": versions[-1] if versions else "", "validMasterVersions": versions[::-1]}

    def _list(self, key: str, records: Sequence[Record], request: Json, call: Call) -> Json:
        location = self._location(request, "parent")
        missing = call.strike("missing-zones")
        zones = missing.zones if missing else ()
        found = [r for r in records if location in ("-", *_places(r)) and not set(zones) & set(_places(r))]
        body: Json = {key: found} if found else {}
        return {**body, "missingZones": list(zones)} if zones else body

    def _location(self, request: Json, key: str) -> str:
        name = request.get(key) or "projects/{}/locations/{}".format(request.get("projectId"), request.get("zone"))
        match = _PLACE.match(name)
        if not match or "None" in match.groups():
            raise invalid(f"{key}: {name!r} is not projects/*/locations/*")
        if not self._project.knows(match["project"]):
            raise ApiError(
                "PERMISSION_DENIED",
                f'Required "container.clusters.list" permission(s) for "projects/{match["project"]}".',
            )
        return match["location"]

    def _named(self, request: Json, collection: str, legacy: str) -> tuple[str, str]:
        location = self._location(request, "name")
        name = request.get("name", "").partition(f"/{collection}/")[2] or request.get(legacy, "")
        if not name:
            raise invalid(f"name: expected projects/*/locations/*/{collection}/*")
        return location, name

    def methods(self) -> list[Method]:
        """The methods to serve, over REST and gRPC; the zonal paths are the older spelling."""
        place = "/v1/{parent=projects/*/locations/*}"
        named = "/v1/{name=projects/*/locations/*"
        zone = "/v1/projects/{projectId}/zones/{zone}"

        def method(handler: Handler, needs: str, paths: tuple[str, ...], request: Any, response: Any) -> Method:
            rpc = request.pb().DESCRIPTOR.name.removesuffix("Request")
            rest = tuple(("GET", path) for path in paths)
            return Method("container", rpc, handler, needs, rest, _SERVICE, request.pb(), response.pb())

        cluster = zone + "/clusters/{clusterId}"
        return [
            method(self.list_operations, "container.operations.list",
                   (f"{place}/operations", f"{zone}/operations"),
                   types.ListOperationsRequest, types.ListOperationsResponse),
            method(self.get_operation, "container.operations.get",
                   (f"{named}/operations/*}}", zone + "/operations/{operationId}"),
                   types.GetOperationRequest, types.Operation),
            method(self.list_clusters, "container.clusters.list",
                   (f"{place}/clusters", f"{zone}/clusters"), types.ListClustersRequest, types.ListClustersResponse),
            method(self.get_cluster, "container.clusters.get",
                   (f"{named}/clusters/*}}", cluster), types.GetClusterRequest, types.Cluster),
            method(self.list_node_pools, "container.clusters.get",
                   ("/v1/{parent=projects/*/locations/*/clusters/*}/nodePools", cluster + "/nodePools"),
                   types.ListNodePoolsRequest, types.ListNodePoolsResponse),
            method(self.get_node_pool, "container.clusters.get",
                   (f"{named}/clusters/*/nodePools/*}}", cluster + "/nodePools/{nodePoolId}"),
                   types.GetNodePoolRequest, types.NodePool),
            method(self.get_server_config, "container.clusters.list",
                   (f"{named}}}/serverConfig", f"{zone}/serverconfig"),
                   types.GetServerConfigRequest, types.ServerConfig),
        ]  # fmt: skip


def _places(record: Record) -> list[str]:
    """Where a cluster or operation is, by whichever of its fields tells."""
    told = [record.get("location"), record.get("zone"), *_LINK_PLACE.findall(str(record.get("selfLink", "")))]
    return [str(place) for place in told if place]


def _found(records: Sequence[Record], location: str, name: str, path: str) -> Json:
    for record in records:
        if record.get("name") == name and (location == "-" or location in _places(record)):
            return dict(record)
    raise not_found(path)
