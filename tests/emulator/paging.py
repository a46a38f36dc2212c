"""Pages: their sizes, their tokens (opaque, bound to their request and to this server), and what befalls them."""

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.emulator.dispatch import Call, Json
from tests.emulator.errors import invalid


class PageTokens:
    """Issues tokens and takes them back. A token of another request, or another server, is refused."""

    def __init__(self) -> None:
        self._salt = secrets.token_hex(8)

    def issue(self, request: Mapping[str, Any], offset: int) -> str:
        text = f"{offset}.{self._digest(request)}"
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    def redeem(self, token: str, request: Mapping[str, Any]) -> int:
        """The offset to go on from; 0 for an empty token.

        Raises ApiError (INVALID_ARGUMENT) where the token is malformed or the other parameters have changed.
        """
        if not token:
            return 0
        try:
            text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
            offset, _, digest = text.partition(".")
            position = int(offset)
        except ValueError:
            raise invalid("page_token is not valid") from None
        if digest != self._digest(request):
            raise invalid("page_token doesn't match arguments from the request")
        return position

    def _digest(self, request: Mapping[str, Any]) -> str:
        """Everything but the page's size and the token itself: gcloud asks for a smaller last page."""
        bound = {key: value for key, value in request.items() if key not in ("pageSize", "pageToken")}
        return hashlib.sha256((self._salt + json.dumps(bound, sort_keys=True)).encode()).hexdigest()[:24]


@dataclass(frozen=True)
class Sizes:
    """A method's page sizes. Above `most` a request is refused where `strict`, else it gets `most`."""

    default: int = 50
    most: int = 1000
    strict: bool = False

    def of(self, request: Mapping[str, Any]) -> int:
        """The size to use. Raises ApiError (INVALID_ARGUMENT) for one that is refused."""
        size = int(request.get("pageSize") or 0)
        if size < 0:
            raise invalid(f"page_size must not be negative, but is {size}")
        if size > self.most and self.strict:
            raise invalid(f"page_size must not exceed {self.most}, but is {size}")
        return min(size or self.default, self.most)


def page(
    key: str, records: Sequence[Any], request: Json, call: Call, tokens: PageTokens, sizes: Sizes = Sizes()
) -> Json:
    """One page of `records` under `key`, with `nextPageToken` where there is more; an empty list is left out.

    Raises ApiError (INVALID_ARGUMENT) for sizes and tokens that are refused.
    """
    size = sizes.of(request)
    start = tokens.redeem(request.get("pageToken", ""), request)
    if request.get("pageToken") and call.strike("page-token-expired"):
        raise invalid("page_token has expired")
    short = call.strike("short-page")
    if short:
        # With no records this is "not finished scanning": the next page goes on from the same place.
        size = min(size, short.entries or 0)
    shown = list(records[start : start + size])
    repeat = call.strike("duplicates") if start else None
    if repeat:
        again = 5 if repeat.entries is None else repeat.entries
        shown = [*records[max(0, start - again) : start], *shown]
    if call.strike("reorder"):
        shown.reverse()
    body: Json = {key: shown} if shown else {}
    if start + size < len(records):
        body["nextPageToken"] = tokens.issue(request, start + size)
    return body
