"""One API over two transports: gRPC first where that is wanted, REST where gRPC does not get through."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Protocol, TypeVar

import google.api_core.exceptions as gexc
import grpc

from triage.sources.live.access import Access, Endpoint
from triage.sources.live.contact import CONNECT_S, SILENCE_S
from triage.sources.live.faults import FIRST_PATIENCE_S, google_faults, retrying

MAX_MESSAGE_BYTES = 256 * 1024 * 1024
"""A page holds up to 1,000 entries of up to 256 KiB each; gRPC's own bound of 4 MiB would break it off."""
ANSWER_S = 60.0
"""How long the answer to one request may take."""

Client = TypeVar("Client", bound="HasTransport")


class HasTransport(Protocol):
    """What every client of the Google libraries has."""

    @property
    def transport(self) -> Any:
        """The transport, which knows its channel."""


@dataclass
class Wire:
    """The way to one API (`logging`, `container` or `monitoring`)."""

    access: Access
    api: str
    patience_s: float
    """How long passing faults are borne."""
    answer_s: float = ANSWER_S
    """How long the answer to one request may take over REST; a gRPC call says so itself."""
    silences: int = 3
    """How many times in a row no answer at all may come before the request is given up."""
    _connected: bool = False

    @property
    def endpoint(self) -> Endpoint:
        """Where the API answers."""
        return self.access.endpoints.of_api(self.api)

    @cached_property
    def channel(self) -> grpc.Channel:
        """A plaintext channel, for http endpoints."""
        options = [("grpc.max_receive_message_length", MAX_MESSAGE_BYTES)]
        return grpc.insecure_channel(self.endpoint.host, options=options)

    def ask(
        self,
        doing: str,
        client: Callable[[], Client],
        over_grpc: Callable[[Client], dict[str, Any]],
        over_rest: Callable[[], dict[str, Any]],
        *,
        begun: bool = False,
    ) -> dict[str, Any]:
        """The answer to one request, asked again while what fails is passing.

        Proxies that pass HTTP but not HTTP/2 are common, so REST takes over where gRPC is out of reach, and for good.
        Not in the middle (`begun`): a page token belongs to the transport's own rendering of the request.
        Raises SourceError or DeniedError, which say what was being done (`doing`).
        """
        with google_faults(doing, self.api, self.access):
            return self._ask(client, over_grpc, over_rest, begun=begun)

    def ask_rest(self, doing: str, over_rest: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """The same of what only REST has."""
        with google_faults(doing, self.api, self.access):
            return self._retrying(over_rest, self.patience_s)

    def _ask(
        self,
        client: Callable[[], Client],
        over_grpc: Callable[[Client], dict[str, Any]],
        over_rest: Callable[[], dict[str, Any]],
        *,
        begun: bool,
    ) -> dict[str, Any]:
        contact = self.access.contact
        may_change = self.endpoint.rest_allowed and not begun
        grpc_first = self.endpoint.grpc_first and not contact.rest_alone(self.api)
        if not grpc_first or (may_change and contact.lost):
            return self._retrying(over_rest, self.patience_s)
        patience_s = FIRST_PATIENCE_S if may_change else self.patience_s
        try:
            return self._retrying(partial(self._call, client, over_grpc), patience_s)
        except (gexc.ServiceUnavailable, gexc.MethodNotImplemented, gexc.RetryError):
            if not may_change:
                raise
        answer = self._retrying(over_rest, self.patience_s)
        contact.over_rest.add(self.api)
        return answer

    def _retrying(self, call: Callable[[], dict[str, Any]], patience_s: float) -> dict[str, Any]:
        return retrying(call, self.access.contact, patience_s=patience_s, silences=self.silences)

    def _call(self, client: Callable[[], Client], over_grpc: Callable[[Client], dict[str, Any]]) -> dict[str, Any]:
        """Call over gRPC, but find out first whether there is a connection: a call by itself waits for minutes."""
        made = client()
        if not self._connected:
            ready = grpc.channel_ready_future(made.transport.grpc_channel)
            try:
                ready.result(timeout=CONNECT_S)
            except grpc.FutureTimeoutError:
                ready.cancel()
                raise gexc.ServiceUnavailable(f"{self.endpoint.host}: no connection within {CONNECT_S:.0f} s") from None
            self._connected = True
            self.access.contact.over_grpc.add(self.api)
            self.access.contact.heard()
        return over_grpc(made)

    def get(self, path: str, query: Mapping[str, str | int]) -> dict[str, Any]:
        """One GET over REST; raises what the Google libraries and requests raise."""
        return self._rest("GET", path, params=dict(query))

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """One POST over REST; raises what the Google libraries and requests raise."""
        return self._rest("POST", path, json=dict(body))

    def _rest(self, verb: str, path: str, **content: Any) -> dict[str, Any]:
        session = self.access.http(self.endpoint)
        # Some walls take every connection and say nothing: the first answer is not waited for as long.
        wait = (CONNECT_S, self.answer_s if self.access.contact.made else min(self.answer_s, SILENCE_S))
        answer = session.request(verb, f"{self.endpoint.url}{path}", timeout=wait, **content)
        self.access.contact.heard()
        if not answer.ok:
            raise gexc.from_http_response(answer)
        page: dict[str, Any] = answer.json()
        return page
