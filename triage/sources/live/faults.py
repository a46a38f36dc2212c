"""Foreign errors, mapped to ours in one place; what is worth another try, and what is not."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from shlex import quote
from typing import TypeVar

import google.api_core.exceptions as gexc
import google.auth.exceptions
import requests
from google.api_core.retry import Retry, if_exception_type

from triage.errors import DeniedError, SourceError
from triage.sources.live.access import SIGN_IN, Access

T = TypeVar("T")

PERMISSIONS = {
    "logging": ("logging.logEntries.list", "roles/logging.viewer"),
    "container": ("container.operations.list", "roles/container.viewer"),
    "monitoring": ("monitoring.timeSeries.list", "roles/monitoring.viewer"),
}
"""API → the permission that reading needs, and the least role that carries it."""

_PERMISSION = re.compile(r"\b(?:logging|container|monitoring)\.(?!googleapis)[A-Za-z]+\.[a-z]+\b")
_CALL = re.compile(r"^(?:GET|POST) \S+: ")
"""How google.api_core begins the message of an error over REST: the address, which helps nobody at night."""

# ResourceExhausted is 429: the Logging API's quota is a minute's, so the waits must add up to more than one.
TRANSIENT = (
    gexc.ResourceExhausted,
    gexc.TooManyRequests,
    gexc.ServiceUnavailable,
    gexc.InternalServerError,
    gexc.BadGateway,
    gexc.GatewayTimeout,
    gexc.DeadlineExceeded,
    gexc.Aborted,
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
)


FIRST_PATIENCE_S = 5.0
"""How long gRPC may be out of reach before REST is tried: a proxy that stops HTTP/2 stops it for good."""


def retrying(call: Callable[[], T], *, patience_s: float) -> T:
    """Call until it succeeds, waiting longer each time, for at most `patience_s` seconds of what is transient."""
    retry = Retry(
        predicate=if_exception_type(*TRANSIENT), initial=0.5, maximum=20.0, multiplier=1.8, timeout=patience_s
    )
    result: T = retry(call)()
    return result


@contextmanager
def google_faults(doing: str, api: str, access: Access) -> Iterator[None]:
    """Map what the Google libraries raise to SourceError or DeniedError, with a remedy."""
    try:
        yield
    except gexc.RetryError as error:
        cause = error.cause if isinstance(error.cause, Exception) else error
        raise _ours(doing, api, access, cause) from error
    except (gexc.GoogleAPICallError, google.auth.exceptions.GoogleAuthError, requests.RequestException) as error:
        raise _ours(doing, api, access, error) from error


def _ours(doing: str, api: str, access: Access, error: Exception) -> SourceError:
    permission, role = PERMISSIONS[api]
    denied, what, remedy = False, "failed", "run it again"
    match error:
        case gexc.Forbidden() if "SERVICE_DISABLED" in str(error) or "has not been used in project" in str(error):
            denied, what = True, f"the {api} API is not enabled in project {access.project}"
            remedy = f"gcloud services enable {api}.googleapis.com {quote(f'--project={access.project}')}"
        case gexc.Forbidden():
            named = _PERMISSION.search(str(error))
            denied, what = True, f"permission {named[0] if named else permission} is missing"
            member = quote(f"--member={_member(access)}")
            remedy = f"gcloud projects add-iam-policy-binding {quote(access.project)} --role={role} {member}"
        case google.auth.exceptions.TransportError():  # no way to the token server: nothing was refused
            what, remedy = "cannot be reached", "check the network, then run it again"
        case gexc.Unauthorized() | google.auth.exceptions.GoogleAuthError():
            denied, what, remedy = True, "the credentials were refused", SIGN_IN
        case gexc.NotFound():
            what, remedy = "not found", "check --project, --location and --resource"
        case gexc.TooManyRequests():
            what, remedy = "the quota is used up", "wait a minute and run it again"
        case gexc.DeadlineExceeded() | gexc.GatewayTimeout() | requests.Timeout():
            what, remedy = "no answer in time", "run it again, or narrow --since"
        case gexc.ServiceUnavailable() | requests.ConnectionError():
            what, remedy = "cannot be reached", "check the network, then run it again"
        case gexc.BadRequest():
            what, remedy = "the API refused the request", ""
    kind = DeniedError if denied else SourceError
    return kind(f"{doing}: {what} ({_first_line(error)})", remedy=remedy)


def _member(access: Access) -> str:
    if not access.account:
        return "user:YOU@EXAMPLE.COM"
    kind = "serviceAccount" if access.account.endswith("gserviceaccount.com") else "user"
    return f"{kind}:{access.account}"


def _first_line(error: Exception) -> str:
    text = getattr(error, "message", None) or str(error) or type(error).__name__
    return _CALL.sub("", " ".join(str(text).split()))[:300]
