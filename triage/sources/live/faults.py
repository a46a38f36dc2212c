"""Foreign errors, mapped to ours in one place; what is worth another try, and what is not."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from shlex import quote
from typing import TypeVar

import google.api_core.exceptions as gexc
import google.auth.exceptions
import requests
from google.api_core.retry import Retry

from triage.errors import DeniedError, SourceError
from triage.sources.live.access import SIGN_IN, Access
from triage.sources.live.contact import Contact

T = TypeVar("T")

PERMISSIONS = {
    "logging": ("logging.logEntries.list", "roles/logging.viewer"),
    "container": ("container.operations.list", "roles/container.viewer"),
    "monitoring": ("monitoring.timeSeries.list", "roles/monitoring.viewer"),
}
"""API → the permission that reading needs, and the least role that carries it."""

OTHER_ROLES = {
    "logging.views.access": "roles/logging.viewAccessor",
    "serviceusage.services.use": "roles/serviceusage.serviceUsageConsumer",
}
"""The least role of permissions that only some calls need: log views, and a project that pays for quota."""

_PERMISSION = re.compile(r"\b(?:logging|container|monitoring)\.(?!googleapis)[A-Za-z]+\.[a-z]+\b")
_CALL = re.compile(r"^(?:GET|POST) \S+: ")
"""How google.api_core begins the message of an error over REST: the address, which helps nobody at night."""

_ADVICE = re.compile(r" or it is disabled\. Enable it by visiting .*")
"""How the message of an API that is off goes on; the remedy says it shorter."""
_HOST = re.compile(r"\bhost='(?P<host>[^']+)'")
_REASON = re.compile(
    r"(?:\[Errno -?\d+\] )(?P<errno>[^'\")\]]+)"
    r"|(?P<plain>timed out|certificate verify failed[^('\"]*|Unable to connect to proxy|Remote end closed connection)"
)
"""The part of a connection error of urllib3 that a person understands, out of three errors one within the other."""

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
    google.auth.exceptions.TransportError,
)
UNHEARD = (
    gexc.ServiceUnavailable,
    gexc.DeadlineExceeded,
    requests.ConnectionError,
    requests.Timeout,
    google.auth.exceptions.TransportError,
)
"""What may mean that there is no server at all, unless it came as the answer of one."""


SILENT = (gexc.DeadlineExceeded, gexc.GatewayTimeout, requests.exceptions.ReadTimeout)
AT_ONCE_S = 5.0
"""A deadline that is said to be exceeded sooner was somebody else's: that is an answer, and a passing fault."""
GARBLED = 3
"""So many answers in a row that cannot be read are no accident: a login page of some proxy, say."""


class RefusedError(SourceError):
    """The API takes the request for a wrong one; an expired page token is refused like that."""


FIRST_PATIENCE_S = 5.0
"""How long gRPC may be out of reach before REST is tried: a proxy that stops HTTP/2 stops it for good."""


def retrying(call: Callable[[], T], contact: Contact, *, patience_s: float, silences: int) -> T:
    """Call until it succeeds, waiting longer each time, for at most `patience_s` seconds of what is transient.

    Silence, which takes longer than any other fault, ends it when it comes for the `silences`-th time. Where no server
    at all has answered since the run began, that ends sooner: see `Contact.lost`.
    """

    began = 0.0
    silent: list[Exception] = []
    garbled: list[Exception] = []

    def attempt() -> T:
        nonlocal began
        began = time.monotonic()
        return call()

    def worth_another_try(error: Exception) -> bool:
        if isinstance(error, SILENT) and time.monotonic() - began > AT_ONCE_S:
            silent.append(error)
            if len(silent) >= silences:
                return False
        answered = isinstance(getattr(error, "response", None), requests.Response)
        if isinstance(error, UNHEARD) and not answered:
            return not contact.lost
        contact.heard()
        if _garbled(error):
            garbled.append(error)
            return len(garbled) < GARBLED
        return isinstance(error, TRANSIENT)

    longest = 20.0 if contact.made else 4.0
    retry = Retry(predicate=worth_another_try, initial=0.5, maximum=longest, multiplier=1.8, timeout=patience_s)
    result: T = retry(attempt)()
    contact.heard()
    return result


def _garbled(error: Exception) -> bool:
    """Whether an answer came that is none: neither JSON nor a protocol buffer."""
    unreadable = isinstance(error, gexc.InternalServerError) and "deserializing response" in str(error)
    return unreadable or isinstance(error, requests.exceptions.JSONDecodeError)


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
    what, remedy = "failed", "run it again"
    match error:
        case gexc.Forbidden():
            what, remedy = _forbidden(api, access, str(error))
            return DeniedError(f"{doing}: {what} ({_first_line(error)})", remedy=remedy)
        case google.auth.exceptions.TransportError():  # no way to the token server: nothing was refused
            what, remedy = "cannot be reached", "check the network, then run it again"
        case gexc.Unauthorized() | google.auth.exceptions.GoogleAuthError():
            return DeniedError(f"{doing}: the credentials were refused ({_first_line(error)})", remedy=SIGN_IN)
        case gexc.BadRequest():
            return RefusedError(f"{doing}: the API refused the request ({_first_line(error)})")
        case gexc.NotFound():
            what, remedy = "not found", "check --project, --location and --resource"
        case gexc.TooManyRequests():
            what, remedy = "the quota is used up", "wait a minute and run it again"
        case gexc.ServiceUnavailable() | requests.ConnectionError():
            what, remedy = "cannot be reached", "check the network, then run it again"
        case gexc.DeadlineExceeded() | gexc.GatewayTimeout() | requests.Timeout():
            what = "no answer in time"
            remedy = "run it again" if api == "container" else "run it again, or narrow --since"
        case _ if _garbled(error):
            what, remedy = "the answer cannot be read", "check HTTPS_PROXY and the endpoint, then run it again"
    return SourceError(f"{doing}: {what} ({_first_line(error)})", remedy=remedy)


def _forbidden(api: str, access: Access, text: str) -> tuple[str, str]:
    """What is missing, and the command that mends it."""
    project = quote(access.project)
    if "SERVICE_DISABLED" in text or "has not been used in project" in text:
        off = f"the {api} API is not enabled in project {access.project}"
        return off, f"gcloud services enable {api}.googleapis.com --project={project}"
    permission, role = PERMISSIONS[api]
    named = _PERMISSION.search(text)
    permission = named[0] if named else permission
    if "serviceusage.services.use" in text:
        permission, project = "serviceusage.services.use", quote(access.quota_project or access.project)
    role = OTHER_ROLES.get(permission, role)
    grant = f"gcloud projects add-iam-policy-binding {project} --role={role} {quote(f'--member={_member(access)}')}"
    return f"permission {permission} is missing", grant


def _member(access: Access) -> str:
    if not access.account:
        return "user:YOU@EXAMPLE.COM"
    kind = "serviceAccount" if access.account.endswith("gserviceaccount.com") else "user"
    return f"{kind}:{access.account}"


def _first_line(error: Exception) -> str:
    text = " ".join(str(getattr(error, "message", None) or str(error) or type(error).__name__).split())
    if isinstance(error, (requests.ConnectionError, requests.Timeout, google.auth.exceptions.TransportError)):
        host, reason = _HOST.search(text), _REASON.search(text)
        if host and reason:
            return f"{host['host']}: {(reason['errno'] or reason['plain']).strip()}"
    return _ADVICE.sub("", _CALL.sub("", text))[:300]
