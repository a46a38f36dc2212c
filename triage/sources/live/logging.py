"""Cloud Logging: whole pages of log entries, over gRPC or REST."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from google.api_core.client_options import ClientOptions
from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2Client
from google.cloud.logging_v2.services.logging_service_v2.transports import LoggingServiceV2GrpcTransport

from triage.sources.live.access import Access
from triage.sources.live.faults import RefusedError
from triage.sources.live.protos import rest_shape
from triage.sources.live.wire import ANSWER_S, Wire

PAGE_SIZE = 1000

Entry = dict[str, Any]


@dataclass
class LogReader:
    """Reads log entries of some resources: a project, or log views as multi-tenant set-ups need."""

    access: Access
    resources: Sequence[str]
    """`projects/P`, or views `projects/P/locations/L/buckets/B/views/V`."""
    patience_s: float = 180
    requests: int = 0

    def pages(self, text: str) -> Iterator[list[Entry]]:
        """Pages of the entries that the filter matches, oldest first.

        A page token that has expired starts anew at the last entry seen, so an entry may come twice.
        Raises SourceError or DeniedError.
        """
        asked, token, newest, restarted_at = text, "", "", None
        while True:
            try:
                page = self._page(asked, token)
            except RefusedError:
                if not token or restarted_at == newest:
                    raise
                asked, token, restarted_at = f'({text})\ntimestamp>="{newest}"' if newest else text, "", newest
                continue
            entries, token = page.get("entries", []), page.get("nextPageToken", "")
            if entries:
                yield entries
                newest = entries[-1].get("timestamp", newest)
            if not token:
                return

    def _page(self, text: str, token: str) -> dict[str, Any]:
        fields = {"filter": text, "order_by": "timestamp asc", "page_size": PAGE_SIZE, "page_token": token}

        def over_grpc(client: LoggingServiceV2Client) -> dict[str, Any]:
            self.requests += 1
            request = {"resource_names": list(self.resources), **fields}
            pager = client.list_log_entries(request=request, retry=None, timeout=ANSWER_S)
            # Plain messages: the wrapper around each entry would cost more than all the rest.
            response = type(first := next(iter(pager.pages))).pb(first)
            entries = [rest_shape(entry) for entry in response.entries]
            return {"entries": entries, "nextPageToken": response.next_page_token}

        def over_rest() -> dict[str, Any]:
            self.requests += 1
            body: dict[str, Any] = {"resourceNames": list(self.resources), "filter": text, "orderBy": "timestamp asc"}
            body |= {"pageSize": PAGE_SIZE} | ({"pageToken": token} if token else {})
            return self._wire.post("/v2/entries:list", body)

        return self._wire.ask("reading logs", lambda: self._client, over_grpc, over_rest, begun=bool(token))

    @cached_property
    def _wire(self) -> Wire:
        return Wire(self.access, "logging", self.patience_s)

    @cached_property
    def _client(self) -> LoggingServiceV2Client:
        endpoint = self._wire.endpoint
        if endpoint.secure:
            options = ClientOptions(api_endpoint=endpoint.host, quota_project_id=self.access.quota_project)
            return LoggingServiceV2Client(credentials=self.access.credentials, client_options=options)
        return LoggingServiceV2Client(transport=LoggingServiceV2GrpcTransport(channel=self._wire.channel))
