"""GKE: operations, and the clusters' descriptions."""

from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from google.api_core.client_options import ClientOptions
from google.cloud.container_v1 import ClusterManagerClient
from google.cloud.container_v1.services.cluster_manager.transports import ClusterManagerGrpcTransport

from triage.sources.live.access import Access
from triage.sources.live.protos import rest_shape
from triage.sources.live.wire import Wire

ANSWER_S = 30.0
"""GKE answers in seconds; what has not come by then will not come, and is not asked for again."""


@dataclass
class ContainerReader:
    """Reads operations and clusters of one project, over all locations."""

    access: Access
    patience_s: float = 60

    def operations(self) -> tuple[list[dict[str, Any]], list[str]]:
        """Operations as REST writes them, and the locations that did not answer. Raises SourceError."""
        answer = self._list("reading GKE operations", "operations")
        return answer.get("operations", []), answer.get("missingZones", [])

    def clusters(self) -> tuple[list[dict[str, Any]], list[str]]:
        """Descriptions of all clusters, as `gcloud container clusters describe` prints them, and the locations that did
        not answer. Raises SourceError.
        """
        answer = self._list("reading clusters", "clusters")
        return answer.get("clusters", []), answer.get("missingZones", [])

    def _list(self, doing: str, what: str) -> dict[str, Any]:
        parent = f"projects/{self.access.project}/locations/-"

        def over_grpc(client: ClusterManagerClient) -> dict[str, Any]:
            call = client.list_operations if what == "operations" else client.list_clusters
            return rest_shape(call(parent=parent, retry=None, timeout=ANSWER_S))

        over_rest = partial(self._wire.get, f"/v1/{parent}/{what}", {})
        return self._wire.ask(doing, lambda: self._client, over_grpc, over_rest)

    @cached_property
    def _wire(self) -> Wire:
        return Wire(self.access, "container", self.patience_s, answer_s=ANSWER_S, silences=1)

    @cached_property
    def _client(self) -> ClusterManagerClient:
        endpoint = self._wire.endpoint
        if endpoint.secure:
            options = ClientOptions(api_endpoint=endpoint.host, quota_project_id=self.access.quota_project)
            return ClusterManagerClient(credentials=self.access.credentials, client_options=options)
        return ClusterManagerClient(transport=ClusterManagerGrpcTransport(channel=self._wire.channel))
