"""From a request to its answer, whichever wire it came over: count it, let faults strike, call the handler."""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from google.protobuf.message import Message

from tests.emulator.errors import HELP, ApiError, error_info
from tests.emulator.faults import Fault, Faults
from tests.emulator.project import Project

Json = dict[str, Any]

TITLES = {
    "logging": "Cloud Logging API",
    "container": "Kubernetes Engine API",
    "monitoring": "Cloud Monitoring API",
    "cloudresourcemanager": "Cloud Resource Manager API",
    "serviceusage": "Service Usage API",
}


@dataclass(frozen=True)
class Method:
    """One method of one API: how to call it over both wires, and the permission it needs.

    `rest` holds verbs and path templates as in google.api.http (`{name=projects/*/logs/*}`); `service` is the gRPC
    service, empty where there is none. `encode` makes the gRPC response where plain JSON conversion would not do.
    """

    api: str
    rpc: str
    handler: "Callable[[Json, Call], Json]"
    permission: str = ""
    rest: tuple[tuple[str, str], ...] = ()
    service: str = ""
    request: type[Message] | None = None
    response: type[Message] | None = None
    encode: Callable[[Json], Message] | None = None

    @property
    def name(self) -> str:
        return f"{self.api}.{self.rpc}"


@dataclass(frozen=True)
class Call:
    """One request under way, as a handler sees it."""

    method: str
    faults: Faults

    def strike(self, *kinds: str) -> Fault | None:
        return self.faults.strike(self.method, kinds)


@dataclass(frozen=True)
class Reply:
    """An answer, and what befalls it on the wire (`break` or `malformed`)."""

    body: Json
    wire: Fault | None = None
    status: int = 200


@dataclass(frozen=True)
class Seen:
    """One request that came in. `authorized` tells whether it brought credentials."""

    method: str
    transport: str
    at: float
    authorized: bool
    request: Json
    outcome: str


@dataclass
class Ledger:
    """All requests since the start, and how many of each method."""

    seen: list[Seen] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = Lock()

    def add(self, seen: Seen) -> None:
        with self._lock:
            self.seen.append(seen)

    def counts(self) -> Counter[str]:
        """Requests per method, refused ones included."""
        with self._lock:
            return Counter(seen.method for seen in self.seen)

    def outcomes(self) -> Counter[tuple[str, str]]:
        """Requests per method and outcome (`OK` or the canonical code)."""
        with self._lock:
            return Counter((seen.method, seen.outcome) for seen in self.seen)

    def clear(self) -> None:
        with self._lock:
            self.seen.clear()


class Dispatcher:
    """Calls methods for one project, with faults in the way."""

    def __init__(self, methods: Iterable[Method], faults: Faults, ledger: Ledger, project: Project) -> None:
        self.methods = tuple(methods)
        self.faults = faults
        self.ledger = ledger
        self._project = project

    def call(self, method: Method, request: Json, *, transport: str, authorized: bool) -> Reply:
        """Answer one request. Raises ApiError for every refusal."""
        outcome = "OK"
        try:
            self._obstruct(method, request)
            body = method.handler(request, Call(method.name, self.faults))
        except ApiError as error:
            outcome = error.code
            raise
        finally:
            self.ledger.add(Seen(method.name, transport, time.time(), authorized, request, outcome))
        return Reply(body, self.faults.strike(method.name, ("break", "malformed")))

    def _obstruct(self, method: Method, request: Json) -> None:
        """Wait or refuse, in the order in which the real front end checks: identity, API, permission, quota, health."""
        delay = self.faults.strike(method.name, ("latency",))
        if delay:
            time.sleep(1.0 if delay.seconds is None else delay.seconds)
        struck = self.faults.strike(method.name, ("unauthenticated", "token-expired"))
        if struck:
            raise unauthenticated(struck.kind)
        if self.faults.strike(method.name, ("service-disabled",)):
            raise service_disabled(method.api, self._project)
        if method.permission and self.faults.strike(method.name, ("permission-denied",), method.permission):
            raise permission_denied(method, request)
        if self.faults.strike(method.name, ("rate-limit", "quota")):
            raise rate_limited(method.api, self._project.number)
        for kind, code, message in _HEALTH:
            if self.faults.strike(method.name, (kind,)):
                raise ApiError(code, message)


_HEALTH = (
    ("unavailable", "UNAVAILABLE", "The service is currently unavailable."),
    ("internal", "INTERNAL", "Internal error encountered."),
    ("deadline", "DEADLINE_EXCEEDED", "Deadline expired before operation could complete."),
)


def unauthenticated(kind: str) -> ApiError:
    reason = "ACCESS_TOKEN_EXPIRED" if kind == "token-expired" else "CREDENTIALS_MISSING"
    return ApiError(
        "UNAUTHENTICATED",
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid "
        "authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.",
        [error_info(reason, {})],
    )


def service_disabled(api: str, project: Project) -> ApiError:
    number = project.number
    service = f"{api}.googleapis.com"
    url = f"https://console.developers.google.com/apis/api/{service}/overview?project={number}"
    return ApiError(
        "PERMISSION_DENIED",
        f"{TITLES.get(api, api)} has not been used in project {number} before or it is disabled. Enable it by visiting "
        f"{url} then retry. If you enabled this API recently, wait a few minutes for the action to propagate to our "
        "systems and retry.",
        [
            error_info(
                "SERVICE_DISABLED", {"consumer": f"projects/{number}", "service": service, "project": project.id}
            ),
            {"@type": HELP, "links": [{"description": "Google developers console API activation", "url": url}]},
        ],
    )


def permission_denied(method: Method, request: Json) -> ApiError:
    """Each API words a missing permission in its own way."""
    name = request.get("parent") or request.get("name") or request.get("resource") or "projects/-"
    texts = {
        "logging": "Permission denied for all log views"
        if method.rpc == "ListLogEntries"
        else f"Permission '{method.permission}' denied on resource (or it may not exist).",
        "container": f'Required "{method.permission}" permission(s) for "{name}".',
        "monitoring": f"Permission {method.permission} denied (or the resource may not exist).",
    }
    text = texts.get(method.api, "The caller does not have permission")
    metadata = {"permission": method.permission, "resource": str(name), "service": f"{method.api}.googleapis.com"}
    return ApiError("PERMISSION_DENIED", text, [error_info("IAM_PERMISSION_DENIED", metadata)])


def rate_limited(api: str, number: str) -> ApiError:
    service = f"{api}.googleapis.com"
    metric = "Read requests" if api == "logging" else f"{TITLES.get(api, api)} requests"
    limit = f"{metric} per minute"
    metadata = {
        "service": service,
        "consumer": f"projects/{number}",
        "quota_metric": f"{service}/read_requests",
        "quota_limit": "ReadRequestsPerMinutePerProject",
    }
    return ApiError(
        "RESOURCE_EXHAUSTED",
        f"Quota exceeded for quota metric '{metric}' and limit '{limit}' of service '{service}' for consumer "
        f"'project_number:{number}'.",
        [error_info("RATE_LIMIT_EXCEEDED", metadata)],
    )
