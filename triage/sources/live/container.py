"""GKE: operations, and the cluster's description."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import google.api_core.exceptions as gexc
import grpc
from google.api_core.client_options import ClientOptions
from google.cloud.container_v1 import ClusterManagerClient
from google.cloud.container_v1.services.cluster_manager.transports import (
    ClusterManagerGrpcTransport,
    ClusterManagerRestTransport,
)

from triage.sources.live.access import Access
from triage.sources.live.faults import FIRST_PATIENCE_S, google_faults, retrying
from triage.sources.live.protos import rest_shape


@dataclass
class ContainerReader:
    """Reads operations and clusters of one project, over all locations."""

    access: Access
    patience_s: float = 60

    @property
    def _parent(self) -> str:
        return f"projects/{self.access.project}/locations/-"

    def operations(self) -> tuple[list[dict[str, Any]], list[str]]:
        """Operations as REST writes them, and the locations that did not answer. Raises SourceError."""
        answer = self._ask("reading GKE operations", "list_operations")
        return answer.get("operations", []), answer.get("missingZones", [])

    def clusters(self) -> list[dict[str, Any]]:
        """Descriptions of all clusters, as `gcloud container clusters describe` prints them. Raises SourceError."""
        found: list[dict[str, Any]] = self._ask("reading clusters", "list_clusters").get("clusters", [])
        return found

    def _ask(self, doing: str, method: str) -> dict[str, Any]:
        with google_faults(doing, "container", self.access):
            endpoint = self.access.endpoints.container
            if not endpoint.grpc_first:
                return self._call(self._rest, method, self.patience_s)
            try:
                return self._call(self._grpc, method, FIRST_PATIENCE_S if endpoint.rest_allowed else self.patience_s)
            except (gexc.ServiceUnavailable, gexc.MethodNotImplemented, gexc.RetryError):
                if not endpoint.rest_allowed:
                    raise
                return self._call(self._rest, method, self.patience_s)

    def _call(self, client: ClusterManagerClient, method: str, patience_s: float) -> dict[str, Any]:
        call = getattr(client, method)
        return rest_shape(retrying(lambda: call(parent=self._parent, retry=None, timeout=30), patience_s=patience_s))

    @cached_property
    def _grpc(self) -> ClusterManagerClient:
        endpoint = self.access.endpoints.container
        if endpoint.secure:
            options = ClientOptions(api_endpoint=endpoint.host, quota_project_id=self.access.quota_project)
            return ClusterManagerClient(credentials=self.access.credentials, client_options=options)
        return ClusterManagerClient(transport=ClusterManagerGrpcTransport(channel=grpc.insecure_channel(endpoint.host)))

    @cached_property
    def _rest(self) -> ClusterManagerClient:
        endpoint = self.access.endpoints.container
        return ClusterManagerClient(
            transport=ClusterManagerRestTransport(
                host=endpoint.host,
                url_scheme="https" if endpoint.secure else "http",
                credentials=self.access.for_endpoint(endpoint),
                quota_project_id=self.access.quota_project,
            )
        )
