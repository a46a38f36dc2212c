"""Page tokens: opaque, bound to the request they came from, and to this server."""

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from typing import Any

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


def page_size(request: Mapping[str, Any], *, default: int, most: int, strict: bool) -> int:
    """The size to use: `default` where none is given; above `most` refused where `strict`, else coerced.

    Raises ApiError (INVALID_ARGUMENT) for a negative size.
    """
    size = int(request.get("pageSize") or 0)
    if size < 0:
        raise invalid(f"page_size must not be negative, but is {size}")
    if size > most and strict:
        raise invalid(f"page_size must not exceed {most}, but is {size}")
    return min(size or default, most)
