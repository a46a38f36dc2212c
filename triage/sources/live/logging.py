"""Cloud Logging: whole pages of log entries, over gRPC or REST."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import google.api_core.exceptions as gexc
import grpc
from google.api_core.client_options import ClientOptions
from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2Client
from google.cloud.logging_v2.services.logging_service_v2.transports import LoggingServiceV2GrpcTransport

from triage.sources.live.access import Access
from triage.sources.live.faults import google_faults, retrying
from triage.sources.live.protos import rest_shape

PAGE_SIZE = 1000
MAX_PAGE_BYTES = 256 * 1024 * 1024
"""A page holds up to 1,000 entries of up to 256 KiB each; gRPC's own bound of 4 MiB would break it off."""

Entry = dict[str, Any]


@dataclass
class LogReader:
    """Reads log entries of some resources: a project, or log views as multi-tenant set-ups need."""

    access: Access
    resources: Sequence[str]
    """`projects/P`, or views `projects/P/locations/L/buckets/B/views/V`."""
    patience_s: float = 180
    requests: int = 0
    _over_grpc: bool = field(init=False)

    def __post_init__(self) -> None:
        self._over_grpc = self.access.endpoints.logging.grpc_first

    def pages(self, text: str) -> Iterator[list[Entry]]:
        """Pages of the entries that the filter matches, oldest first.

        A page token that has expired starts anew at the last entry seen, so an entry may come twice.
        Raises SourceError or DeniedError.
        """
        asked, token, newest, restarted_at = text, "", "", None
        with google_faults("reading logs", "logging", self.access):
            while True:
                try:
                    entries, token = retrying(partial(self._page, asked, token), patience_s=self.patience_s)
                except gexc.BadRequest:
                    if not token or restarted_at == newest:
                        raise
                    asked, token, restarted_at = f'({text})\ntimestamp>="{newest}"' if newest else text, "", newest
                    continue
                if entries:
                    yield entries
                    newest = entries[-1].get("timestamp", newest)
                if not token:
                    return

    def _page(self, text: str, token: str) -> tuple[list[Entry], str]:
        self.requests += 1
        if not self._over_grpc:
            return self._rest_page(text, token)
        try:
            return self._grpc_page(text, token)
        except (gexc.ServiceUnavailable, gexc.MethodNotImplemented):
            # Proxies that pass HTTP but not HTTP/2 are common; only the first page may change its mind,
            # since a page token belongs to the transport's own rendering of the request.
            if token or not self.access.endpoints.logging.rest_allowed:
                raise
            entries = self._rest_page(text, token)
            self._over_grpc = False
            return entries

    def _grpc_page(self, text: str, token: str) -> tuple[list[Entry], str]:
        request = {
            "resource_names": list(self.resources),
            "filter": text,
            "order_by": "timestamp asc",
            "page_size": PAGE_SIZE,
            "page_token": token,
        }
        pager = self._grpc.list_log_entries(request=request, retry=None, timeout=60)
        response = type(first := next(iter(pager.pages))).pb(first)
        return [rest_shape(entry) for entry in response.entries], response.next_page_token

    def _rest_page(self, text: str, token: str) -> tuple[list[Entry], str]:
        endpoint = self.access.endpoints.logging
        body = {
            "resourceNames": list(self.resources),
            "filter": text,
            "orderBy": "timestamp asc",
            "pageSize": PAGE_SIZE,
        }
        answer = self.access.http(endpoint).post(
            f"{endpoint.url}/v2/entries:list", json=body | ({"pageToken": token} if token else {}), timeout=60
        )
        if not answer.ok:
            raise gexc.from_http_response(answer)
        page = answer.json()
        return page.get("entries", []), page.get("nextPageToken", "")

    @cached_property
    def _grpc(self) -> LoggingServiceV2Client:
        endpoint = self.access.endpoints.logging
        options = [("grpc.max_receive_message_length", MAX_PAGE_BYTES)]
        if endpoint.secure:
            return LoggingServiceV2Client(
                credentials=self.access.credentials,
                client_options=ClientOptions(api_endpoint=endpoint.host, quota_project_id=self.access.quota_project),
            )
        channel = grpc.insecure_channel(endpoint.host, options=options)
        return LoggingServiceV2Client(transport=LoggingServiceV2GrpcTransport(channel=channel))
